//! Rust's spelling of C's types.

use syn::{GenericArgument, PathArguments, Type};

use super::values::evaluate;
use crate::model::{Abi, Function, Ty};

/// A type as C knows it. Arrays may be as long as a constant that is known.
pub(crate) fn ty(known: &Abi, source: &Type) -> Result<Ty, String> {
    match source {
        Type::Ptr(pointer) => {
            Ok(Ty::Pointer { constant: pointer.const_token.is_some(), to: Box::new(ty(known, &pointer.elem)?) })
        }
        Type::Array(array) => {
            let count = evaluate(known, &array.len).and_then(|count| count.try_into().ok());
            let count = count.ok_or("the length of an array is no number that is known here")?;
            Ok(Ty::Array(Box::new(ty(known, &array.elem)?), count))
        }
        Type::BareFn(function) => {
            let mut params = Vec::new();
            for (at, input) in function.inputs.iter().enumerate() {
                let name = input.name.as_ref().map_or(format!("arg{at}"), |(name, _)| name.to_string());
                params.push((name, ty(known, &input.ty)?));
            }
            Ok(Ty::Callback(Box::new(Function { params, result: super::result(known, &function.output)?, origin: None })))
        }
        Type::Path(path) => {
            let last = path.path.segments.last().ok_or("a type without a name")?;
            match &last.arguments {
                PathArguments::None => Ok(named(&last.ident.to_string())),
                // A callback that may be null.
                PathArguments::AngleBracketed(args) if last.ident == "Option" => match args.args.first() {
                    Some(GenericArgument::Type(inner)) => ty(known, inner),
                    _ => Err("an Option of no type".into()),
                },
                // An array without a length at the end of a struct, as bindgen has it.
                PathArguments::AngleBracketed(args) if last.ident == "__IncompleteArrayField" => match args.args.first() {
                    Some(GenericArgument::Type(inner)) => Ok(Ty::Array(Box::new(ty(known, inner)?), 0)),
                    _ => Err("an array of no type".into()),
                },
                _ => Err(format!("{} is no type of C", last.ident)),
            }
        }
        Type::Paren(inner) => ty(known, &inner.elem),
        Type::Group(inner) => ty(known, &inner.elem),
        Type::Tuple(nothing) if nothing.elems.is_empty() => Ok(Ty::Void),
        _ => Err("no type of C".into()),
    }
}

/// A function from its arguments and result: "(a: i32, b: *mut c_void) -> i32".
pub(crate) fn parameters(signature: &str) -> Result<Function, String> {
    let source = format!("fn f{signature}");
    let parsed: syn::Signature = syn::parse_str(&source).map_err(|e| format!("{source}: {e}"))?;
    super::signature(&Abi::default(), &parsed)
}

fn named(name: &str) -> Ty {
    let int = |bytes, signed| Ty::Int { bytes, signed, size: false };
    match name {
        "c_void" => Ty::Void,
        "bool" => Ty::Bool,
        "c_char" => Ty::Char,
        "c_schar" | "i8" => int(1, true),
        "c_uchar" | "u8" => int(1, false),
        "c_short" | "i16" => int(2, true),
        "c_ushort" | "u16" => int(2, false),
        "c_int" | "i32" => int(4, true),
        "c_uint" | "u32" => int(4, false),
        // LP64: `long` and `long long` alike.
        "c_long" | "c_longlong" | "i64" => int(8, true),
        "c_ulong" | "c_ulonglong" | "u64" => int(8, false),
        "isize" => Ty::Int { bytes: 8, signed: true, size: true },
        "usize" => Ty::Int { bytes: 8, signed: false, size: true },
        "f32" | "c_float" => Ty::Float(4),
        "f64" | "c_double" => Ty::Float(8),
        _ => Ty::Named(name.to_owned()),
    }
}
