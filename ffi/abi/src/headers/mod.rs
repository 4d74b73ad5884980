//! C headers of our own: all that the lists declare, under CANN's file names, valid as C11 and as C++17.

mod emit;
mod place;

use std::collections::BTreeMap;

use crate::model::Abi;
use emit::Header;

/// The headers, by their path below `ffi/include`, in that order. Each item of the interface stands in one of them.
pub fn headers(abi: &Abi) -> Result<BTreeMap<String, String>, String> {
    let mut headers: BTreeMap<String, Header> = BTreeMap::new();
    for (path, includes, about) in place::FIXED {
        headers.insert((*path).into(), Header::new(about, includes));
    }
    for (item, path) in place::types(abi) {
        at(&mut headers, path).types.push(item);
    }
    for item in place::loose_values(abi) {
        at(&mut headers, place::of_name(&item.name)).values.push(item);
    }
    for item in abi.functions.iter().filter(|item| !place::elsewhere(&item.name)) {
        at(&mut headers, &place::of_function(item)).functions.push(item);
    }
    let operators: Vec<_> = headers.keys().filter(|path| path.starts_with(place::OPERATORS)).cloned().collect();
    let mut all = Header::new("All operators.", &[]);
    all.includes.extend(operators);
    headers.insert(format!("{}all.h", place::OPERATORS), all);
    let fixed = [Ok(("securec.h".to_owned(), SECUREC.to_owned()))];
    headers.into_iter().map(|(path, header)| Ok((path.clone(), header.text(abi, &path)?))).chain(fixed).collect()
}

/// The header of libc_sec.so, whose functions no list has: no program of this project calls them.
const SECUREC: &str = include_str!("securec.h");

/// The header of a path. Those that are not there whatever the lists have are operators'.
fn at<'m, 'a>(headers: &'m mut BTreeMap<String, Header<'a>>, path: &str) -> &'m mut Header<'a> {
    headers
        .entry(path.into())
        .or_insert_with(|| Header::new("Operators: what phase one takes, and phase two.", &["aclnn/aclnn_base.h"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_function_and_type_is_declared_once() {
        let abi = crate::ours().unwrap();
        let all: String = headers(&abi).unwrap().into_values().collect();
        let count = |what: &str| all.matches(what).count();
        for function in abi.functions.iter().filter(|item| !place::elsewhere(&item.name)) {
            assert_eq!(count(&format!("{}(", function.name)) - count(&format!("`{}(", function.name)), 1, "{}", function.name);
        }
        for item in abi.types.iter().filter(|item| !place::elsewhere(&item.name)) {
            let ends =
                [" {0};\n", "(*{0})", " *{0};\n", "}} {0};\n"].map(|end| end.replace("{0}", &item.name).replace("}}", "}"));
            assert!(ends.iter().any(|end| all.contains(end)), "{}", item.name);
        }
        for value in abi.values.iter().filter(|item| !place::elsewhere(&item.name)) {
            assert!(count(&format!("{} = ", value.name)) + count(&format!("#define {} ", value.name)) >= 1, "{}", value.name);
        }
    }
}
