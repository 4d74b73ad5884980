//! Opens a checkpoint and reads its tensors. Everything that can be wrong is found when it is opened, before any
//! tensor is read: a missing file, a file cut short, a tensor that is missing, misshapen or of another dtype.
//!
//! Tensors are read by position rather than mapped: a file that another process cuts short is then an error and not a
//! signal, and no more than one tensor is in memory.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use half::{bf16, f16};
use safetensors::Dtype;
use safetensors::tensor::Metadata;
use serde::Deserialize;

use super::{INDEX_FILE, ModelConfig, SINGLE_FILE, parameter_shapes};

/// A header longer than this is no header (the limit of the safetensors format).
const MAX_HEADER_BYTES: u64 = 100_000_000;

/// A checkpoint folder that has been checked against its `config.json`.
#[derive(Debug)]
pub struct Checkpoint {
    /// What the folder's `config.json` and `generation_config.json` say.
    pub config: ModelConfig,
    dir: PathBuf,
    tensors: HashMap<String, Location>,
}

/// Where a tensor stands.
#[derive(Clone, Debug)]
struct Location {
    file: PathBuf,
    dtype: Dtype,
    shape: Vec<usize>,
    /// From the start of the file, in bytes.
    offset: u64,
}

impl Checkpoint {
    /// Opens a folder and checks all of it but the values.
    pub fn open(dir: &Path) -> Result<Self> {
        if !dir.is_dir() {
            bail!("{}: no such checkpoint folder", dir.display());
        }
        let config = read_config(dir)?;
        let tensors = locate(dir)?;
        let checkpoint = Self { config, dir: dir.to_path_buf(), tensors };
        checkpoint.check()?;
        Ok(checkpoint)
    }

    /// The tensor `name` in row-major order, widened to `f32`. It must have `shape`.
    pub fn read_f32(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let location = self.location(name, shape)?;
        let size = dtype_bytes(name, location)?;
        let mut bytes = vec![0_u8; shape.iter().product::<usize>() * size];
        let read = |bytes: &mut [u8]| {
            let mut file = File::open(&location.file)?;
            file.seek(SeekFrom::Start(location.offset))?;
            file.read_exact(bytes)
        };
        read(&mut bytes).with_context(|| format!("{}: cannot read {name}", location.file.display()))?;
        Ok(widen(location.dtype, &bytes))
    }

    /// Every parameter of `config`, and nothing that the policy would leave out.
    fn check(&self) -> Result<()> {
        let expected: HashMap<String, Vec<usize>> = parameter_shapes(&self.config).into_iter().collect();
        for (name, shape) in parameter_shapes(&self.config) {
            dtype_bytes(&name, self.location(&name, &shape)?)?;
        }
        // A tied output projection may be stored all the same, and old files hold the rotary table.
        let harmless =
            |name: &str| name.ends_with("rotary_emb.inv_freq") || (name == "lm_head.weight" && self.config.tie_word_embeddings);
        let mut surplus: Vec<&String> =
            self.tensors.keys().filter(|name| !expected.contains_key(*name) && !harmless(name)).collect();
        surplus.sort();
        if let Some(&name) = surplus.first() {
            let file = self.tensors[name].file.display();
            bail!("{file}: holds {name}, which a model of this config.json does not have");
        }
        Ok(())
    }

    fn location(&self, name: &str, shape: &[usize]) -> Result<&Location> {
        let Some(location) = self.tensors.get(name) else {
            bail!("{}: has no tensor {name}, which its config.json calls for", self.dir.display());
        };
        if location.shape != shape {
            let (file, found) = (location.file.display(), &location.shape);
            bail!("{file}: {name} has shape {found:?}, config.json calls for {shape:?}");
        }
        Ok(location)
    }
}

fn read_config(dir: &Path) -> Result<ModelConfig> {
    let path = dir.join("config.json");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut config = ModelConfig::from_json(&text).with_context(|| path.display().to_string())?;
    let path = dir.join("generation_config.json");
    if path.exists() {
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        config.merge_generation_config(&text).with_context(|| path.display().to_string())?;
    }
    Ok(config)
}

/// Every tensor of a folder: the single file where there is one (as transformers prefers), else what the index lists.
fn locate(dir: &Path) -> Result<HashMap<String, Location>> {
    let (single, index) = (dir.join(SINGLE_FILE), dir.join(INDEX_FILE));
    if single.exists() {
        return read_header(&single);
    }
    if !index.exists() {
        bail!("{}: has neither {SINGLE_FILE} nor {INDEX_FILE}; weights must be in safetensors form", dir.display());
    }
    from_index(dir, &index).with_context(|| index.display().to_string())
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

fn from_index(dir: &Path, path: &Path) -> Result<HashMap<String, Location>> {
    let index: Index = serde_json::from_str(&fs::read_to_string(path)?).map_err(|error| anyhow!("is not an index: {error}"))?;
    let mut shards: BTreeMap<&str, HashMap<String, Location>> = BTreeMap::new();
    let mut tensors = HashMap::new();
    for (name, shard) in &index.weight_map {
        if Path::new(shard).file_name() != Some(shard.as_ref()) {
            bail!("puts {name} into {shard:?}, which is not a plain file name");
        }
        if !dir.join(shard).exists() {
            let count = index.weight_map.values().filter(|file| *file == shard).count();
            bail!("{shard} is missing: {count} tensors are listed to be in it");
        }
        if !shards.contains_key(shard.as_str()) {
            shards.insert(shard, read_header(&dir.join(shard))?);
        }
        match shards[shard.as_str()].get(name) {
            Some(location) => tensors.insert(name.clone(), location.clone()),
            None => bail!("{name} is not in {shard}, where it is listed to be"),
        };
    }
    Ok(tensors)
}

/// The tensors of one file, which must be as long as its header says.
fn read_header(path: &Path) -> Result<HashMap<String, Location>> {
    parse_header(path).with_context(|| path.display().to_string())
}

fn parse_header(path: &Path) -> Result<HashMap<String, Location>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut prefix = [0; 8];
    if length < 8 {
        bail!("is cut short: it has {length} bytes, not even the length of a header");
    }
    file.read_exact(&mut prefix)?;
    let header_bytes = u64::from_le_bytes(prefix);
    if header_bytes > MAX_HEADER_BYTES {
        bail!("is not a safetensors file: it would have a header of {header_bytes} bytes");
    }
    if length < 8 + header_bytes {
        bail!("is cut short: it has {length} bytes, its header alone needs {}", 8 + header_bytes);
    }
    let mut header = vec![0; header_bytes as usize];
    file.read_exact(&mut header)?;
    let metadata: Metadata = serde_json::from_slice(&header).map_err(|error| anyhow!("is not a safetensors file: {error}"))?;
    let start = 8 + header_bytes;
    let mut tensors = HashMap::new();
    for (name, info) in metadata.tensors() {
        // The library has checked that offsets, shape and dtype agree; only the file's length is left.
        let (begin, end) = info.data_offsets;
        let needed = start.saturating_add(end as u64);
        if length < needed {
            bail!("is cut short: it has {length} bytes, {name} ends at {needed}");
        }
        let offset = start + begin as u64;
        tensors.insert(name, Location { file: path.into(), dtype: info.dtype, shape: info.shape.clone(), offset });
    }
    Ok(tensors)
}

/// Bytes an element of a dtype that [`widen`] takes.
fn dtype_bytes(name: &str, location: &Location) -> Result<usize> {
    match location.dtype {
        Dtype::F32 => Ok(4),
        Dtype::BF16 | Dtype::F16 => Ok(2),
        other => bail!("{}: {name} is {other:?}; supported are F32, BF16 and F16", location.file.display()),
    }
}

fn widen(dtype: Dtype, bytes: &[u8]) -> Vec<f32> {
    // The files are little-endian on every machine.
    let halves = || bytes.chunks_exact(2).map(|pair| [pair[0], pair[1]]);
    match dtype {
        Dtype::BF16 => halves().map(|pair| bf16::from_le_bytes(pair).to_f32()).collect(),
        Dtype::F16 => halves().map(|pair| f16::from_le_bytes(pair).to_f32()).collect(),
        _ => bytes.chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect(),
    }
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
