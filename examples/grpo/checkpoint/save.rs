//! Writes a checkpoint that Hugging Face transformers loads.
//!
//! Everything goes into a hidden folder beside the target, is flushed to the disk, and only then takes the target's
//! name. Whatever fails, the target is either the old checkpoint or the new one, whole.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use half::bf16;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::json;

use super::{INDEX_FILE, ModelConfig, SINGLE_FILE, parameter_shapes};

/// Weights above this go into several files.
const MAX_SHARD_BYTES: usize = 4 << 30;

/// The dtype that weights are stored in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredDtype {
    /// Four bytes an element: exact.
    F32,
    /// Two bytes an element, rounded to the nearest.
    Bf16,
}

/// A parameter on its way to a file: name, shape, values in row-major order.
pub type NamedTensor = (String, Vec<usize>, Vec<f32>);

/// Saves to the folder `dir`, replacing a checkpoint that stands there. `tensors` yields every parameter of
/// [`parameter_shapes`] once, in any order, and may fail (it reads from a device); `files` are more files to write,
/// by name: those of the tokenizer.
pub fn save(
    dir: &Path,
    config: &ModelConfig,
    tensors: impl IntoIterator<Item = Result<NamedTensor>>,
    dtype: StoredDtype,
    files: &[(String, Vec<u8>)],
) -> Result<()> {
    save_in_shards(dir, config, tensors, dtype, files, MAX_SHARD_BYTES)
}

fn save_in_shards(
    dir: &Path,
    config: &ModelConfig,
    tensors: impl IntoIterator<Item = Result<NamedTensor>>,
    dtype: StoredDtype,
    files: &[(String, Vec<u8>)],
    max_shard_bytes: usize,
) -> Result<()> {
    let write = || {
        let staged = Staged::new(dir, files)?;
        let mut weights = Weights::new(staged.path(), config, dtype, max_shard_bytes);
        for tensor in tensors {
            weights.push(tensor?)?;
        }
        weights.finish()?;
        let torch_dtype = if dtype == StoredDtype::F32 { "float32" } else { "bfloat16" };
        write_json(&staged.path().join("config.json"), &config.to_json(torch_dtype))?;
        write_json(&staged.path().join("generation_config.json"), &config.generation_json())?;
        for (name, content) in files {
            write_file(&staged.path().join(name), content)?;
        }
        staged.publish(dir)
    };
    write().with_context(|| format!("cannot save a checkpoint to {}", dir.display()))
}

/// Only a checkpoint is ever replaced: a folder with anything else in it is not ours to delete.
fn check_replaceable(dir: &Path, files: &[(String, Vec<u8>)]) -> Result<()> {
    if !dir.exists() {
        return Ok(());
    }
    if !dir.is_dir() {
        bail!("it is a file, choose another name");
    }
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let ours = name.ends_with(".safetensors")
            || [INDEX_FILE, "config.json", "generation_config.json"].contains(&name.as_str())
            || files.iter().any(|(file, _)| *file == name);
        if !ours {
            bail!("the folder holds {name}, which does not belong to a checkpoint; choose another name");
        }
    }
    Ok(())
}

/// A folder beside the target, deleted again unless it is published.
struct Staged {
    path: PathBuf,
}

impl Staged {
    fn new(dir: &Path, files: &[(String, Vec<u8>)]) -> Result<Self> {
        let path = sibling(dir, "saving")?;
        check_replaceable(dir, files)?;
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
        }
        remove(&path)?;
        fs::create_dir(&path).with_context(|| path.display().to_string())?;
        Ok(Self { path })
    }

    fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the folder the target's name, and puts the old one back where that fails.
    fn publish(self, dir: &Path) -> Result<()> {
        let old = sibling(dir, "old")?;
        let parent = old.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        sync_dir(&self.path)?;
        remove(&old)?;
        let replaced = dir.exists();
        if replaced {
            fs::rename(dir, &old)?;
        }
        if let Err(error) = fs::rename(&self.path, dir) {
            if replaced {
                fs::rename(&old, dir).with_context(|| format!("the old checkpoint is now {}", old.display()))?;
            }
            return Err(error.into());
        }
        sync_dir(parent)?;
        remove(&old)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // After publishing there is nothing here; after a failure this is best effort, the failure itself is reported.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// `.NAME.SUFFIX-PID` beside `dir`: on the same file system, so that renaming is atomic.
fn sibling(dir: &Path, suffix: &str) -> Result<PathBuf> {
    match dir.file_name() {
        Some(name) => {
            let name = format!(".{}.{suffix}-{}", name.to_string_lossy(), std::process::id());
            Ok(dir.with_file_name(name))
        }
        None => bail!("the path has no name at its end"),
    }
}

fn remove(path: &Path) -> Result<()> {
    if path.exists() {
        fs::remove_dir_all(path).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Makes renames and new names in a folder last. Only Unix can open a folder; elsewhere there is nothing to do.
fn sync_dir(path: &Path) -> Result<()> {
    if cfg!(unix) {
        File::open(path).and_then(|dir| dir.sync_all()).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn write_json(path: &Path, value: &serde_json::Value) -> Result<()> {
    write_file(path, format!("{value:#}\n").as_bytes())
}

fn write_file(path: &Path, content: &[u8]) -> Result<()> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().with_context(|| path.display().to_string())
}

/// Gathers tensors into files of bounded size; no more than one file's worth is in memory.
struct Weights<'a> {
    dir: &'a Path,
    dtype: StoredDtype,
    max_shard_bytes: usize,
    /// What is still to come.
    missing: BTreeMap<String, Vec<usize>>,
    shard: Vec<(String, Vec<usize>, Vec<u8>)>,
    shard_bytes: usize,
    /// The tensors of each file that has been written, as `part-N` until their number is known.
    written: Vec<Vec<String>>,
    total_bytes: usize,
}

impl<'a> Weights<'a> {
    fn new(dir: &'a Path, config: &ModelConfig, dtype: StoredDtype, max_shard_bytes: usize) -> Self {
        let missing = parameter_shapes(config).into_iter().collect();
        let (shard, written) = (Vec::new(), Vec::new());
        Self { dir, dtype, max_shard_bytes, missing, shard, shard_bytes: 0, written, total_bytes: 0 }
    }

    fn push(&mut self, (name, shape, values): NamedTensor) -> Result<()> {
        match self.missing.remove(&name) {
            None => bail!("{name} is no parameter of this model, or comes twice"),
            Some(expected) if expected != shape => bail!("{name} has shape {shape:?}, the model needs {expected:?}"),
            Some(_) if shape.iter().product::<usize>() != values.len() => {
                bail!("{name} has {} values, its shape is {shape:?}", values.len())
            }
            Some(_) => {}
        }
        let bytes = narrow(&values, self.dtype);
        if !self.shard.is_empty() && self.shard_bytes + bytes.len() > self.max_shard_bytes {
            self.flush()?;
        }
        self.shard_bytes += bytes.len();
        self.total_bytes += bytes.len();
        self.shard.push((name, shape, bytes));
        Ok(())
    }

    /// Writes what is gathered to the next part.
    fn flush(&mut self) -> Result<()> {
        let path = self.part(self.written.len());
        let dtype = if self.dtype == StoredDtype::F32 { Dtype::F32 } else { Dtype::BF16 };
        let mut views = Vec::with_capacity(self.shard.len());
        for (name, shape, bytes) in &self.shard {
            views.push((name, TensorView::new(dtype, shape.clone(), bytes).map_err(|error| anyhow!("{name}: {error}"))?));
        }
        // Transformers refuses a file that does not say which framework wrote it.
        let metadata = HashMap::from([("format".to_string(), "pt".to_string())]);
        safetensors::serialize_to_file(views, Some(metadata), &path)
            .map_err(|error| anyhow!("{error}"))
            .and_then(|()| Ok(File::open(&path)?.sync_all()?))
            .with_context(|| path.display().to_string())?;
        self.written.push(self.shard.drain(..).map(|(name, ..)| name).collect());
        self.shard_bytes = 0;
        Ok(())
    }

    fn part(&self, number: usize) -> PathBuf {
        self.dir.join(format!("part-{number}"))
    }

    /// Writes the last part, names the parts, and writes the index where there are several.
    fn finish(mut self) -> Result<()> {
        if let Some(name) = self.missing.keys().next() {
            bail!("{name} was not given, nor {} others", self.missing.len() - 1);
        }
        self.flush()?;
        let count = self.written.len();
        if count == 1 {
            return Ok(fs::rename(self.part(0), self.dir.join(SINGLE_FILE))?);
        }
        let mut weight_map = BTreeMap::new();
        for (number, names) in self.written.iter().enumerate() {
            let file = format!("model-{:05}-of-{count:05}.safetensors", number + 1);
            fs::rename(self.part(number), self.dir.join(&file))?;
            weight_map.extend(names.iter().map(|name| (name.clone(), file.clone())));
        }
        let index = json!({ "metadata": { "total_size": self.total_bytes }, "weight_map": weight_map });
        write_json(&self.dir.join(INDEX_FILE), &index)
    }
}

fn narrow(values: &[f32], dtype: StoredDtype) -> Vec<u8> {
    match dtype {
        StoredDtype::F32 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        StoredDtype::Bf16 => values.iter().flat_map(|&value| bf16::from_f32(value).to_le_bytes()).collect(),
    }
}

#[cfg(test)]
#[path = "save_tests.rs"]
mod tests;
