//! The table of coverage: each C function, since which release, and who answers for it here.

use std::fmt::Write;
use std::path::Path;

use ascend_rl_sys::{Lib, PROBED, REFUSED};

use crate::model::{Abi, Function, Item};

/// The text of `ffi/COVERAGE.md`, for the library in `root`.
pub fn table(abi: &Abi, root: &Path) -> Result<String, String> {
    let library = words(&root.join("src"))?;
    let simulator = words(&root.join("sim/src"))?;
    let conformance = words(&root.join("sim/tests"))?;
    let mut out = String::from(ABOUT);
    let mut libs: Vec<Lib> = Vec::new();
    for lib in abi.functions.iter().filter_map(|function| Some(function.what.origin?.lib)) {
        if !libs.contains(&lib) {
            libs.push(lib);
        }
    }
    for lib in libs {
        let title = lib.file_names().iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let of_lib = |function: &&Item<Function>| function.what.origin.is_some_and(|origin| origin.lib == lib);
        let rows: Vec<_> = abi.functions.iter().filter(of_lib).filter(|function| phase_one_of(abi, function).is_none()).collect();
        let add = |out: &mut String, text: std::fmt::Arguments<'_>| out.write_fmt(text).expect("a String takes all");
        add(&mut out, format_args!("\n## {title}: {} functions\n\n", rows.len()));
        out += "| function | since | safe face | simulated | conformance test | what it does |\n|---|---|---|---|---|---|\n";
        for row in rows {
            let origin = row.what.origin.ok_or("a function of no list")?;
            let operator = row.name.trim_end_matches("GetWorkspaceSize");
            let mark = |yes: bool| if yes { "yes" } else { "" };
            let need = if origin.required { ", required" } else { "" };
            add(
                &mut out,
                format_args!(
                    "| `{operator}` | {}{need} | {} | {} | {} | {} |\n",
                    origin.since,
                    mark(library.contains(operator)),
                    mark(simulator.contains(&row.name)),
                    mark(conformance.contains(operator)),
                    summary(&row.doc)
                ),
            );
        }
    }
    out += REFUSES;
    for source in ["8.1", "later", "torch_npu"] {
        let names: Vec<_> = REFUSED.iter().filter(|refused| refused.source == source).map(|refused| refused.name).collect();
        let (count, names) = (names.len(), quoted(&names));
        out.write_fmt(format_args!("\n### {source}: {count} operators\n\n{names}\n")).expect("a String takes all");
    }
    out += NOT_EXPORTED;
    out += &quoted(PROBED);
    out.push('\n');
    Ok(out)
}

/// Names as code, in words of one paragraph.
fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

const REFUSES: &str = "
## Exported, refuses

Operators of CANN that are not simulated. The shared libraries export both phases by name; either answers 200006 (unsupported), and
`aclGetRecentErrMsg` names the operator. The library does not call them, and no header here declares them. Where the names are from: the
headers of CANN 8.1.RC1; *later*, the open repositories of operators (a header, or the operator's document where the header is generated);
*torch_npu*, what torch_npu 2.9.1 looks up and no header has yet.
";

const NOT_EXPORTED: &str = "
### Not exported

torch_npu looks whether these are there, and takes another way where they are not, which runs on the simulator:

";

const ABOUT: &str = "<!-- Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. -->
# Coverage

Each C function of CANN that `ascend-rl` binds. An operator's two phases (`aclnnX` and `aclnnXGetWorkspaceSize`) are one row.

- *since*: the first CANN release whose public headers have it. Without a required one the library does not load; any other is an
  error that names it, when it is called.
- *safe face*: the library calls it. Without one it is there for programs that bring their own face: C, C++, Python, `Cann::api`.
- *simulated*: `cann-sim` has a body for it, which may refuse what a card of the imitated kind refuses.
- *conformance test*: the simulator's tests of CANN's rules call it by name. Operators are tested beside their bodies.
";

/// For phase two of an operator: its phase one, whose row stands for both.
fn phase_one_of<'a>(abi: &'a Abi, function: &Item<Function>) -> Option<&'a Item<Function>> {
    abi.function(&format!("{}GetWorkspaceSize", function.name))
}

/// The first sentence, on one line.
fn summary(doc: &str) -> String {
    let line = doc.replace('\n', " ").replace('|', "\\|").replace("[`", "`").replace("`]", "`");
    match line.split_once(". ") {
        Some((first, _)) => format!("{first}."),
        None => line,
    }
}

/// All words of the Rust files of a folder, comments left out.
fn words(folder: &Path) -> Result<std::collections::HashSet<String>, String> {
    let mut found = std::collections::HashSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let in_folder = |e: std::io::Error| format!("{}: {e}", folder.display());
        for entry in std::fs::read_dir(&folder).map_err(in_folder)? {
            let path = entry.map_err(in_folder)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
                for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
                    found.extend(line.split(|c: char| !(c.is_alphanumeric() || c == '_')).map(str::to_owned));
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_are_one_sentence_of_one_line() {
        assert_eq!(summary("A device,\ncounted. Size 0 is refused."), "A device, counted.");
        assert_eq!(summary("`a | b` of [`X`]."), "`a \\| b` of `X`.");
    }
}
