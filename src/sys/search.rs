//! Where a CANN toolkit may be, and the words for "it is not there".

use ascend_rl_sys::{FLOOR, Lib};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The variable that forces the choice of device.
pub(crate) const DEVICE_VARIABLE: &str = "ASCEND_RL_DEVICE";

/// What `set_env.sh` of a toolkit sets: the installation's root. The older name first.
const HOME_VARIABLES: [&str; 2] = ["ASCEND_TOOLKIT_HOME", "ASCEND_HOME_PATH"];

/// Where the vendor's installers put a toolkit: up to 8.3, and from 8.5 on.
const STANDARD_ROOTS: [&str; 2] = ["/usr/local/Ascend/ascend-toolkit/latest", "/usr/local/Ascend/cann"];

/// One place to look, with the words that name it in an error.
#[derive(Debug, PartialEq)]
pub(crate) struct Place {
    /// The folder, or `None` for the dynamic loader's own search.
    pub dir: Option<PathBuf>,
    /// "ASCEND_HOME_PATH=/opt/cann (/opt/cann/lib64)", or "ASCEND_HOME_PATH (not set)".
    pub label: String,
    /// Whether there is anything to look at.
    pub usable: bool,
}

/// All places, in the order to look. `variable` reads the environment.
pub(crate) fn places(variable: impl Fn(&str) -> Option<OsString>) -> Vec<Place> {
    let mut places = Vec::new();
    for name in HOME_VARIABLES {
        places.push(match variable(name).filter(|value| !value.is_empty()) {
            Some(root) => {
                let dir = Path::new(&root).join("lib64");
                let label = format!("{name}={} ({})", Path::new(&root).display(), dir.display());
                Place { dir: Some(dir), label, usable: true }
            }
            None => Place { dir: None, label: format!("{name} (not set)"), usable: false },
        });
    }
    for root in STANDARD_ROOTS {
        let dir = Path::new(root).join("lib64");
        places.push(Place { label: dir.display().to_string(), dir: Some(dir), usable: true });
    }
    let path = match variable("LD_LIBRARY_PATH") {
        Some(value) => format!("LD_LIBRARY_PATH={}", value.to_string_lossy()),
        None => "LD_LIBRARY_PATH not set".to_owned(),
    };
    places.push(Place { dir: None, label: format!("the dynamic loader's path ({path})"), usable: true });
    places
}

/// The sentence for a search that found nothing.
pub(crate) fn not_found(places: &[Place]) -> String {
    let places: Vec<_> = places.iter().map(|place| place.label.as_str()).collect();
    format!(
        "no CANN toolkit found: looked for {} in {}; CANN {}.{} or later is needed",
        Lib::AscendCl.file_names().join(" or "),
        places.join(", "),
        FLOOR.0,
        FLOOR.1
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dirs(environment: &[(&str, &str)]) -> Vec<String> {
        places(|name| environment.iter().find(|(n, _)| *n == name).map(|(_, v)| v.into()))
            .into_iter()
            .filter(|place| place.usable)
            .map(|place| place.dir.map_or("loader".to_owned(), |dir| dir.display().to_string()))
            .collect()
    }

    #[test]
    fn variables_come_before_standard_folders_and_the_loader() {
        let standard = ["/usr/local/Ascend/ascend-toolkit/latest/lib64", "/usr/local/Ascend/cann/lib64", "loader"];
        assert_eq!(dirs(&[]), standard);
        assert_eq!(dirs(&[("ASCEND_TOOLKIT_HOME", "")]), standard, "an empty variable is an unset one");
        let both = dirs(&[("ASCEND_HOME_PATH", "/b"), ("ASCEND_TOOLKIT_HOME", "/a")]);
        assert_eq!(both, [["/a/lib64", "/b/lib64"].as_slice(), &standard].concat());
    }

    #[test]
    fn the_sentence_names_variables_folders_libraries_and_version() {
        let text = not_found(&places(|name| (name == "ASCEND_HOME_PATH").then(|| "/opt/cann".into())));
        for part in [
            "libascendcl.so or libacl_rt.so",
            "ASCEND_TOOLKIT_HOME (not set)",
            "ASCEND_HOME_PATH=/opt/cann (/opt/cann/lib64)",
            "/usr/local/Ascend/cann/lib64",
            "LD_LIBRARY_PATH not set",
            "CANN 8.3",
        ] {
            assert!(text.contains(part), "{part} is not in: {text}");
        }
    }
}
