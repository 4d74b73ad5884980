//! The macros that `ascend-rl-sys` declares C types with: `c_enum!`, `opaque!` and `codes!`.

use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, Expr, Ident, Token, braced};

use super::{doc, values};
use crate::model::{Abi, Item, Type};

pub(super) fn add(abi: &mut Abi, call: &syn::Macro) -> Result<(), String> {
    let Some(name) = call.path.get_ident() else { return Ok(()) };
    let outcome = match name.to_string().as_str() {
        "c_enum" => Parser::parse2(Enum::parse, call.tokens.clone()).map(|found| {
            let names = found.values.iter().map(|value| value.name.to_string()).collect();
            abi.types.push(Item { name: found.name.to_string(), doc: doc(&found.attrs), what: Type::Enum(names) });
            constants(abi, &found.values)
        }),
        "opaque" => Parser::parse2(names, call.tokens.clone()).map(|found| {
            abi.types.extend(found.iter().map(|(attrs, name)| Item {
                name: name.to_string(),
                doc: doc(attrs),
                what: Type::Opaque,
            }));
            Ok(())
        }),
        "codes" => Parser::parse2(settings, call.tokens.clone()).map(|found| constants(abi, &found)),
        // A list of symbols, or what declares nothing.
        _ => return Ok(()),
    };
    outcome.map_err(|e| format!("{name}!: {e}"))?
}

fn constants(abi: &mut Abi, found: &[Setting]) -> Result<(), String> {
    for setting in found {
        let Some(value) = values::evaluate(abi, &setting.value) else { return Err(format!("{} is no number", setting.name)) };
        abi.values.push(Item { name: setting.name.to_string(), doc: doc(&setting.attrs), what: value });
    }
    Ok(())
}

/// `NAME = number;` with its docs.
struct Setting {
    attrs: Vec<Attribute>,
    name: Ident,
    value: Expr,
}

struct Enum {
    attrs: Vec<Attribute>,
    name: Ident,
    values: Vec<Setting>,
}

impl Parse for Enum {
    fn parse(input: ParseStream) -> syn::Result<Enum> {
        let (attrs, name) = (Attribute::parse_outer(input)?, input.parse()?);
        input.parse::<Token![:]>()?;
        input.parse::<syn::Type>()?;
        let body;
        braced!(body in input);
        Ok(Enum { attrs, name, values: settings(&body)? })
    }
}

fn settings(input: ParseStream) -> syn::Result<Vec<Setting>> {
    let mut found = Vec::new();
    while !input.is_empty() {
        let (attrs, name) = (Attribute::parse_outer(input)?, input.parse()?);
        input.parse::<Token![=]>()?;
        found.push(Setting { attrs, name, value: input.parse()? });
        input.parse::<Token![;]>()?;
    }
    Ok(found)
}

fn names(input: ParseStream) -> syn::Result<Vec<(Vec<Attribute>, Ident)>> {
    let mut found = Vec::new();
    while !input.is_empty() {
        found.push((Attribute::parse_outer(input)?, input.parse()?));
        input.parse::<Token![;]>()?;
    }
    Ok(found)
}
