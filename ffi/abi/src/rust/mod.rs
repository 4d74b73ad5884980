//! Reads declarations from Rust source: ours, and what bindgen makes of C headers.

mod macros;
mod types;
mod values;

pub(crate) use types::{parameters, ty};

use syn::{Attribute, Expr, ExprLit, Fields, ForeignItem, Item as Source, Lit, Meta, ReturnType};

use crate::model::{Abi, Field, Function, Item, Ty, Type};

/// Reads one file. What declares nothing of C (functions of Rust, `impl` blocks, `use`) is passed over; a declaration that cannot
/// be understood is an error, so that nothing goes missing in silence.
pub fn read(source: &str) -> Result<Abi, String> {
    let mut abi = Abi::default();
    let file = syn::parse_file(source).map_err(|e| format!("not Rust: {e}"))?;
    for item in &file.items {
        add(&mut abi, item)?;
    }
    Ok(abi)
}

fn add(abi: &mut Abi, item: &Source) -> Result<(), String> {
    match item {
        Source::Type(alias) if alias.generics.params.is_empty() => {
            let ty = ty(abi, &alias.ty).map_err(|e| format!("type {}: {e}", alias.ident))?;
            define(abi, alias.ident.to_string(), &alias.attrs, Type::Alias(ty));
        }
        Source::Struct(item) if has_layout(&item.attrs) => {
            let name = item.ident.to_string();
            let what = match &item.fields {
                // A newtype is an enum; its values follow as constants.
                Fields::Unnamed(_) => Type::Enum(Vec::new()),
                fields => match members(abi, &name, fields)? {
                    fields if fields.iter().all(|field| nothing(&field.ty)) => Type::Opaque,
                    fields => Type::Struct(fields),
                },
            };
            define(abi, name, &item.attrs, what);
        }
        Source::Union(item) if has_layout(&item.attrs) => {
            let name = item.ident.to_string();
            let fields = members(abi, &name, &Fields::Named(item.fields.clone()))?;
            define(abi, name, &item.attrs, Type::Union(fields));
        }
        Source::Const(item) if item.ident != "_" => {
            // Texts and structs have constants too, which C has no use for.
            if let Some(value) = values::evaluate(abi, &item.expr) {
                let name = item.ident.to_string();
                if let Ok(Ty::Named(of)) = ty(abi, &item.ty)
                    && let Some(Item { what: Type::Enum(values), .. }) = abi.types.iter_mut().find(|item| item.name == of)
                {
                    values.push(name.clone());
                }
                abi.values.push(Item { name, doc: doc(&item.attrs), what: value });
            }
        }
        Source::ForeignMod(block) => {
            for item in &block.items {
                if let ForeignItem::Fn(function) = item {
                    let name = function.sig.ident.to_string();
                    let what = signature(abi, &function.sig).map_err(|e| format!("{name}: {e}"))?;
                    abi.functions.push(Item { name, doc: doc(&function.attrs), what });
                }
            }
        }
        Source::Mod(module) => {
            for item in module.content.iter().flat_map(|(_, items)| items) {
                add(abi, item)?;
            }
        }
        Source::Macro(call) => macros::add(abi, &call.mac)?,
        _ => {}
    }
    Ok(())
}

/// A function's type.
pub(crate) fn signature(abi: &Abi, sig: &syn::Signature) -> Result<Function, String> {
    let mut params = Vec::new();
    for input in &sig.inputs {
        let syn::FnArg::Typed(arg) = input else { return Err("has a receiver".into()) };
        let syn::Pat::Ident(name) = &*arg.pat else { return Err("has an argument without a name".into()) };
        params.push((name.ident.to_string(), ty(abi, &arg.ty)?));
    }
    Ok(Function { params, result: result(abi, &sig.output)?, origin: None })
}

pub(crate) fn result(abi: &Abi, output: &ReturnType) -> Result<Ty, String> {
    match output {
        ReturnType::Default => Ok(Ty::Void),
        ReturnType::Type(_, of) => ty(abi, of),
    }
}

fn define(abi: &mut Abi, name: String, attrs: &[Attribute], what: Type) {
    abi.types.push(Item { name, doc: doc(attrs), what });
}

fn members(abi: &Abi, of: &str, fields: &Fields) -> Result<Vec<Field>, String> {
    let read = |field: &syn::Field| {
        let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
        let ty = match ty(abi, &field.ty) {
            Ok(ty) => ty,
            // What makes an opaque type neither `Send` nor `Sync`.
            Err(_) if name.starts_with('_') => Ty::Array(Box::new(Ty::Char), 0),
            Err(why) => return Err(format!("{of}.{name}: {why}")),
        };
        Ok(Field { name, ty, doc: doc(&field.attrs) })
    };
    fields.iter().map(read).collect()
}

fn nothing(ty: &Ty) -> bool {
    matches!(ty, Ty::Array(_, 0))
}

fn has_layout(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| {
        let Meta::List(list) = &attr.meta else { return false };
        let words = list.tokens.to_string();
        list.path.is_ident("repr") && (words.contains("C") || words.contains("transparent"))
    })
}

/// The text of doc comments, a line a line.
pub(crate) fn doc(attrs: &[Attribute]) -> String {
    let line = |attr: &Attribute| match &attr.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    };
    attrs.iter().filter_map(line).collect::<Vec<_>>().join("\n")
}
