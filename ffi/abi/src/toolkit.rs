//! A toolkit's headers, as bindgen reads them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use ascend_rl_sys::symbols;

use crate::model::{Abi, Release};
use crate::{Report, compare, files::workspace, ours, rust};

/// What set_env.sh of a toolkit sets to its root.
pub const HOME_VARIABLES: [&str; 2] = ["ASCEND_TOOLKIT_HOME", "ASCEND_HOME_PATH"];

/// Types that the headers declare where they are used, without a name: what bindgen calls them, and what we do.
const WITHOUT_NAME: &[(&str, &str)] = &[("aclrtRandomNumFuncParaInfo__bindgen_ty_1", "aclrtRandomNumFuncParaInfo_paramInfo")];

/// Compares `ascend-rl`'s declarations with the headers of the toolkit that the environment names. The second value says which.
pub fn check(variable: impl Fn(&str) -> Option<OsString>) -> Result<(Report, String), String> {
    let root = HOME_VARIABLES.iter().find_map(|name| variable(name).filter(|value| !value.is_empty()));
    let Some(root) = root else {
        let names = HOME_VARIABLES.join(" nor ");
        return Err(format!(
            "neither {names} is set: the feature `bindgen` compares with a toolkit's headers (source its set_env.sh)"
        ));
    };
    let include = Path::new(&root).join("include");
    let mut headers = headers(&include)?;
    // ATB's interface is C++; its C face is our own, and so is the header that the face is compiled with.
    headers.push(workspace().join("ffi/atb_shim.h"));
    let (theirs, between) = read(&include, &headers)?;
    let label = format!("CANN {} in {}, {} headers", label(between), include.display(), headers.len());
    Ok((compare(&ours()?, &theirs, between), label))
}

fn label((first, last): (Release, Release)) -> String {
    match last.1 {
        u32::MAX => format!("{}.x", last.0),
        _ if first == last => first.to_string(),
        _ => format!("{first} to {last}"),
    }
}

/// The headers that declare a function of our lists, relative to `include`.
fn headers(include: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for folder in ["acl", "aclnn", "aclnnop", "aclnnop/level2", "hccl"] {
        let Ok(files) = std::fs::read_dir(include.join(folder)) else { continue };
        let mut files: Vec<_> = files.filter_map(|file| Some(file.ok()?.path())).filter(|file| is_header(file)).collect();
        files.sort();
        for file in files {
            let text = std::fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
            if declares(&String::from_utf8_lossy(&text)) {
                found.push(file);
            }
        }
    }
    match found.is_empty() {
        true => {
            Err(format!("no header in {} declares a function of CANN (looked in acl, aclnn, aclnnop, hccl)", include.display()))
        }
        false => Ok(found),
    }
}

fn is_header(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "h")
}

fn declares(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    symbols().any(|symbol| {
        text.match_indices(symbol.name).any(|(at, name)| {
            let before = text[..at].chars().next_back().is_none_or(|c| !word(c));
            before && text[at + name.len()..].trim_start().starts_with('(')
        })
    })
}

/// Their declarations, and the releases that the headers may be of.
fn read(include: &Path, headers: &[PathBuf]) -> Result<(Abi, (Release, Release)), String> {
    let ours = ours()?;
    // The headers are C++ here and there: `constexpr`, arrays as long as a `const`, enums without their keyword.
    let umbrella: String = headers.iter().map(|header| format!("#include \"{}\"\n", header.display())).collect();
    let mut builder = bindgen::Builder::default()
        .header_contents("all.hpp", &umbrella)
        .clang_args(["-x", "c++", "-std=c++17", "-w"])
        .clang_arg(format!("-I{}", include.display()))
        .clang_arg(format!("-I{}", include.join("aclnnop").display()))
        .default_enum_style(bindgen::EnumVariation::NewType { is_bitfield: false, is_global: true })
        .prepend_enum_name(false)
        .layout_tests(false)
        .formatter(bindgen::Formatter::None)
        .allowlist_var("ACL_M[AI][JN]OR_VERSION");
    for function in &ours.functions {
        builder = builder.allowlist_function(&function.name);
    }
    for item in &ours.types {
        builder = builder.allowlist_type(&item.name);
    }
    for value in &ours.values {
        builder = builder.allowlist_var(&value.name);
    }
    let mut text = builder.generate().map_err(|e| format!("bindgen cannot read the headers: {e}"))?.to_string();
    for (theirs, ours) in WITHOUT_NAME {
        text = text.replace(theirs, ours);
    }
    let theirs = rust::read(&text).map_err(|e| format!("what bindgen made of the headers: {e}"))?;
    let between = release(theirs.value("ACL_MINOR_VERSION"))?;
    Ok((theirs, between))
}

/// The releases that have a version of the ACL interface (1.13 and so on).
fn release(minor: Option<i128>) -> Result<(Release, Release), String> {
    match minor {
        Some(..=12) | None => Err("the headers are older than CANN 8.1, or state no ACL_MINOR_VERSION".into()),
        Some(13) => Ok((Release(8, 1), Release(8, 2))),
        Some(14 | 15) => Ok((Release(8, 2), Release(8, 3))),
        Some(16) => Ok((Release(8, 5), Release(8, 5))),
        // All of 9.x states 1.17; what came within it cannot be told.
        Some(_) => Ok((Release(9, 0), Release(9, u32::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_toolkit_the_variables_are_named() {
        let error = check(|_| None).unwrap_err();
        assert!(error.contains("ASCEND_TOOLKIT_HOME") && error.contains("set_env.sh"), "{error}");
        let error = check(|_| Some("/nonexistent".into())).unwrap_err();
        assert!(error.contains("/nonexistent/include"), "{error}");
    }

    #[test]
    fn a_header_is_taken_for_what_it_declares() {
        assert!(declares("extern aclError aclrtMalloc (void **p);"));
        assert!(!declares("see aclrtMalloc for more") && !declares("int my_aclrtMalloc(void);"));
    }
}
