//! C's spelling of a declaration.

use crate::model::{Function, Ty};

/// `name` declared with a type; without a name, the type alone.
pub(crate) fn declare(ty: &Ty, name: &str) -> String {
    spell(ty, false, name)
}

/// A function's prototype.
pub(crate) fn prototype(name: &str, function: &Function) -> String {
    spell(&function.result, false, &format!("{name}({})", parameters(function)))
}

fn parameters(function: &Function) -> String {
    if function.params.is_empty() {
        return "void".into();
    }
    function.params.iter().map(|(name, ty)| declare(ty, &argument(name))).collect::<Vec<_>>().join(", ")
}

/// C reads declarations from the name outwards; so does this. `constant` is about the type itself.
fn spell(ty: &Ty, constant: bool, inner: &str) -> String {
    let base = match ty {
        Ty::Pointer { constant: target, to } => {
            let own = if constant { "const " } else { "" };
            return spell(to, *target, &format!("*{own}{inner}"));
        }
        // What follows a struct is bytes.
        Ty::Array(of, 0) => return spell(of, constant, &format!("{inner}[0]")),
        // Bytes of text: Rust takes them unsigned because `char` has a sign on some machines and none on others.
        Ty::Array(of, count) if **of == (Ty::Int { bytes: 1, signed: false, size: false }) => {
            return spell(&Ty::Char, constant, &format!("{inner}[{count}]"));
        }
        Ty::Array(of, count) => return spell(of, constant, &format!("{inner}[{count}]")),
        Ty::Callback(function) => {
            return spell(&function.result, false, &format!("(*{inner})({})", parameters(function)));
        }
        Ty::Void => "void".into(),
        Ty::Bool => "bool".into(),
        Ty::Char => "char".into(),
        Ty::Int { size: true, signed: false, .. } => "size_t".into(),
        Ty::Int { size: true, signed: true, .. } => "ptrdiff_t".into(),
        Ty::Int { bytes, signed, .. } => format!("{}int{}_t", if *signed { "" } else { "u" }, bytes * 8),
        Ty::Float(4) => "float".into(),
        Ty::Float(_) => "double".into(),
        Ty::Named(name) => name.clone(),
    };
    let (qualifier, space) = (if constant { "const " } else { "" }, if inner.is_empty() { "" } else { " " });
    format!("{qualifier}{base}{space}{inner}")
}

/// An argument's name as CANN's headers write it: `view_dims_num` is `viewDimsNum`.
pub(crate) fn argument(name: &str) -> String {
    let mut camel = String::new();
    for word in name.trim_start_matches("r#").split('_') {
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if !camel.is_empty() => camel.extend(first.to_uppercase().chain(letters)),
            _ => camel.push_str(word),
        }
    }
    // Words that an argument of C++ cannot be called.
    let taken = ["new", "delete", "class", "this", "default", "operator", "template", "private", "public", "register", "union"];
    if taken.contains(&camel.as_str()) { camel + "_" } else { camel }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_read_as_c_writes_them() {
        let spelled = |signature: &str| prototype("f", &crate::rust::parameters(signature).unwrap());
        assert_eq!(spelled("() -> i32"), "int32_t f(void)");
        assert_eq!(
            spelled("(view_dims: *const i64, out: *mut *mut aclTensor, list: *const *const aclTensor) -> *const c_char"),
            "const char *f(const int64_t *viewDims, aclTensor **out, const aclTensor *const *list)"
        );
        assert_eq!(
            spelled("(self_: f64, new: usize, cb: Option<unsafe extern \"C\" fn(data: *mut c_void)>, flags: u8)"),
            "void f(double self, size_t new_, void (*cb)(void *data), uint8_t flags)"
        );
        let text = Ty::Array(Box::new(Ty::Int { bytes: 1, signed: false, size: false }), 128);
        assert_eq!(declare(&text, "name"), "char name[128]");
    }
}
