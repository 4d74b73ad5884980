//! Our side: the lists of symbols, and the types and constants in the source of `ascend-rl-sys`.

use std::path::{Path, PathBuf};

use ascend_rl_sys::{SOURCE, symbols};

use crate::model::{Abi, Item, Origin, Release};
use crate::rust;

/// All that `ascend-rl-sys` declares.
pub fn ours() -> Result<Abi, String> {
    let mut abi = Abi::default();
    let root = Path::new(SOURCE);
    module(&mut abi, &root.join("lib.rs"), root)?;
    for symbol in symbols() {
        let in_row = |why| format!("the row of {}: {why}", symbol.name);
        let mut what = rust::parameters(symbol.signature).map_err(in_row)?;
        let since = Release::parse(symbol.since).ok_or_else(|| in_row(format!("{:?} is no release", symbol.since)))?;
        what.origin = Some(Origin { lib: symbol.lib, since, required: symbol.required });
        abi.functions.push(Item { name: symbol.name.into(), doc: symbol.doc.trim().replace("\n ", "\n"), what });
    }
    Ok(abi)
}

/// A file and the modules that it names. `folder` is where its modules' files are.
fn module(abi: &mut Abi, file: &Path, folder: &Path) -> Result<(), String> {
    let in_file = |why: String| format!("{}: {why}", file.display());
    let text = std::fs::read_to_string(file).map_err(|e| in_file(e.to_string()))?;
    let mut found = rust::read(&text).map_err(in_file)?;
    abi.types.append(&mut found.types);
    abi.values.append(&mut found.values);
    for item in syn::parse_file(&text).map_err(|e| in_file(e.to_string()))?.items {
        // How lists become tables is Rust's, nothing of it is C's.
        if let syn::Item::Mod(syn::ItemMod { content: None, ident, attrs, .. }) = item
            && ident != "table"
        {
            let (file, folder) = place(file, folder, &ident.to_string(), &attrs);
            module(abi, &file, &folder)?;
        }
    }
    Ok(())
}

/// The file of a module that `file` names, and the folder of its own modules.
fn place(file: &Path, folder: &Path, name: &str, attrs: &[syn::Attribute]) -> (PathBuf, PathBuf) {
    let given = attrs.iter().find_map(|attr| match &attr.meta {
        syn::Meta::NameValue(meta) if meta.path.is_ident("path") => match &meta.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    match given {
        Some(path) => {
            let file = file.with_file_name(path);
            let inner = file.parent().unwrap_or(folder).to_owned();
            (file, inner)
        }
        None => {
            let flat = folder.join(format!("{name}.rs"));
            let inner = folder.join(name);
            if flat.exists() { (flat, inner) } else { (inner.join("mod.rs"), inner) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ty, Type};

    #[test]
    fn every_row_and_every_kind_of_type_is_read() {
        let abi = ours().unwrap();
        assert_eq!(abi.functions.len(), symbols().count());
        let copy = &abi.function("aclrtMemcpy").unwrap();
        assert_eq!(copy.doc, "Copies, blocking. Does not wait for the streams.");
        let (name, to) = &copy.what.params[0];
        assert_eq!((name.as_str(), to), ("dst", &Ty::Pointer { constant: false, to: Box::new(Ty::Void) }));
        let plan = &abi.function("aclnnMmGetWorkspaceSize").unwrap().what;
        assert_eq!((plan.params.len(), plan.params[5].0.as_str()), (6, "executor"));

        let kind = |name: &str| &abi.type_named(name).unwrap_or_else(|| panic!("{name}")).what;
        assert!(matches!(kind("aclTensor"), Type::Opaque));
        assert!(matches!(kind("aclrtStream"), Type::Alias(Ty::Pointer { .. })));
        assert!(matches!(kind("HcclConfigValue"), Type::Union(_)), "from a file with a path of its own");
        assert!(matches!(kind("aclDataType"), Type::Enum(names) if names.contains(&"ACL_BF16".to_owned())));
        assert_eq!(crate::layout::size_align(&abi, &Ty::Named("HcclCommConfig".into())), Some((2248, 8)));
        let values = ["ACL_BF16", "ACL_DT_UNDEFINED", "ACL_EVENT_TIME_LINE", "ACL_ERROR_RT_PARAM_INVALID"].map(|v| abi.value(v));
        assert_eq!(values, [Some(27), Some(-1), Some(8), Some(107000)]);
    }
}
