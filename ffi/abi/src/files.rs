//! The files that are written from the lists, and whether they are in step.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::{coverage, headers, ours};

/// How to write them anew.
pub const COMMAND: &str = "cargo run -p ascend-rl-abi";

/// The root of the workspace that this was built in.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Each file with its text, by its path in the workspace.
pub fn wanted(root: &Path) -> Result<BTreeMap<PathBuf, String>, String> {
    let abi = ours()?;
    let headers = headers::headers(&abi)?.into_iter().map(|(path, text)| (Path::new("ffi/include").join(path), text));
    let coverage = (PathBuf::from("ffi/COVERAGE.md"), coverage::table(&abi, root)?);
    Ok(headers.chain([coverage]).collect())
}

/// What is out of step, a line a file: another text, no file, or a header that no list has.
pub fn out_of_step(root: &Path) -> Result<Vec<String>, String> {
    let wanted = wanted(root)?;
    let mut found = Vec::new();
    for (path, text) in &wanted {
        match std::fs::read_to_string(root.join(path)) {
            Ok(there) if there == *text => {}
            Ok(_) => found.push(format!("{} has another text", path.display())),
            Err(_) => found.push(format!("{} is not there", path.display())),
        }
    }
    found.extend(surplus(root, &wanted).iter().map(|path| format!("{} is there for no reason", path.display())));
    Ok(found)
}

/// Writes all of them and removes headers that no list has any more. The result is what changed.
pub fn write(root: &Path) -> Result<Vec<PathBuf>, String> {
    let wanted = wanted(root)?;
    let mut changed = Vec::new();
    for (path, text) in &wanted {
        let file = root.join(path);
        if std::fs::read_to_string(&file).is_ok_and(|there| there == *text) {
            continue;
        }
        let folder = file.parent().unwrap_or(root);
        let done = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&file, text));
        done.map_err(|e| format!("{}: {e}", file.display()))?;
        changed.push(path.clone());
    }
    for path in surplus(root, &wanted) {
        std::fs::remove_file(root.join(&path)).map_err(|e| format!("{}: {e}", path.display()))?;
        changed.push(path);
    }
    Ok(changed)
}

fn surplus(root: &Path, wanted: &BTreeMap<PathBuf, String>) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![PathBuf::from("ffi/include")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root.join(&folder)).into_iter().flatten().flatten() {
            let path = folder.join(entry.file_name());
            match entry.path().is_dir() {
                true => folders.push(path),
                false if !wanted.contains_key(&path) => found.push(path),
                false => {}
            }
        }
    }
    found
}
