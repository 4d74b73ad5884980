//! The text of a header.

use std::fmt::Write;

use crate::model::{Abi, Function, Item, Ty, Type};
use crate::spell::{argument, declare, prototype};

/// What stands in a header.
pub(super) struct Header<'a> {
    about: String,
    pub includes: Vec<String>,
    pub types: Vec<&'a Item<Type>>,
    pub values: Vec<&'a Item<i128>>,
    pub functions: Vec<&'a Item<Function>>,
}

impl<'a> Header<'a> {
    pub fn new(about: &str, includes: &[&str]) -> Header<'a> {
        let includes = includes.iter().map(|path| (*path).to_owned()).collect();
        Header { about: about.into(), includes, types: Vec::new(), values: Vec::new(), functions: Vec::new() }
    }

    pub fn text(&self, abi: &Abi, path: &str) -> Result<String, String> {
        let mut out = String::from("/* Written by `cargo run -p ascend-rl-abi` from the lists in ffi/sys. Do not edit. */\n");
        let guard = format!("ASCEND_RL_{}", path.to_uppercase().replace(['/', '.'], "_"));
        comment(&mut out, "", &self.about);
        write(&mut out, format_args!("#ifndef {guard}\n#define {guard}\n\n"));
        if self.includes.is_empty() {
            out += "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <string.h>\n";
        }
        for include in &self.includes {
            write(&mut out, format_args!("#include \"{include}\"\n"));
        }
        let mut body = String::new();
        for item in &self.types {
            define(&mut body, abi, item)?;
        }
        self.constants(&mut body);
        for item in &self.functions {
            let since = item.what.origin.map(|origin| format!(" Since CANN {}.", origin.since)).unwrap_or_default();
            body.push('\n');
            comment(&mut body, "", &format!("{}{since}", with_c_names(item)));
            wrapped(&mut body, &prototype(&item.name, &item.what));
        }
        if path == "hccl/hccl_types.h" {
            body += CONFIG_INIT;
        }
        if !body.is_empty() {
            write(
                &mut out,
                format_args!("\n#ifdef __cplusplus\nextern \"C\" {{\n#endif\n{body}\n#ifdef __cplusplus\n}}\n#endif\n"),
            );
        }
        write(&mut out, format_args!("\n#endif\n"));
        Ok(out)
    }

    /// Those that fit an `int` are enumerators, which C takes wherever it takes a constant; the others are macros.
    fn constants(&self, out: &mut String) {
        let small = |value: &&&Item<i128>| i32::try_from(value.what).is_ok();
        for value in self.values.iter().filter(|value| !small(value)) {
            out.push('\n');
            comment(out, "", &value.doc);
            write(out, format_args!("#define {} {:#x}u\n", value.name, value.what));
        }
        if self.values.iter().any(|value| small(&value)) {
            *out += "\nenum {\n";
            for value in self.values.iter().filter(small) {
                comment(out, "    ", &meaning(value));
                write(out, format_args!("    {} = {},\n", value.name, value.what));
            }
            *out += "};\n";
        }
    }
}

/// What the header's users call to make a configuration: inline in CANN's headers too, so that no library exports it.
const CONFIG_INIT: &str = "
/** Makes a configuration, in the layout of CANN 9.x, that leaves everything to the environment. */
static inline void HcclCommConfigInit(HcclCommConfig *config)
{
    memset(config, 0, sizeof(*config));
    config->size = sizeof(*config);
    config->magicWord = HCCL_COMM_CONFIG_MAGIC_WORD;
    config->version = 11;
    config->hcclBufferSize = HCCL_COMM_CONFIG_NOT_SET;
    config->hcclDeterministic = HCCL_COMM_CONFIG_NOT_SET;
    config->hcclRdmaTrafficClass = HCCL_COMM_CONFIG_NOT_SET;
    config->hcclRdmaServiceLevel = HCCL_COMM_CONFIG_NOT_SET;
    config->hcclExecTimeOut = -1;
    config->hcclQos = HCCL_COMM_CONFIG_NOT_SET;
    config->hcclSymWinMaxMemSizePerRank = 16;
    config->hcclChannelSqDepth = HCCL_COMM_CONFIG_NOT_SET;
}
";

fn define(out: &mut String, abi: &Abi, item: &Item<Type>) -> Result<(), String> {
    let name = &item.name;
    out.push('\n');
    comment(out, "", &item.doc);
    match &item.what {
        Type::Alias(to) => write(out, format_args!("typedef {};\n", declare(to, name))),
        Type::Opaque => write(out, format_args!("typedef struct {name} {name};\n")),
        Type::Enum(values) => {
            write(out, format_args!("typedef enum {name} {{\n"));
            for value in values {
                let number =
                    abi.values.iter().find(|known| known.name == *value).ok_or_else(|| format!("{value} has no value"))?;
                comment(out, "    ", &meaning(number));
                write(out, format_args!("    {value} = {},\n", number.what));
            }
            write(out, format_args!("}} {name};\n"));
        }
        Type::Struct(fields) | Type::Union(fields) => {
            let word = if matches!(item.what, Type::Union(_)) { "union" } else { "struct" };
            write(out, format_args!("typedef {word} {name} {{\n"));
            for field in fields {
                comment(out, "    ", &field.doc);
                // A field of no length is what no standard has, and every compiler that CANN's programs use.
                let own = if matches!(field.ty, Ty::Array(_, 0)) { "__extension__ " } else { "" };
                write(out, format_args!("    {own}{};\n", declare(&field.ty, field.name.trim_start_matches("r#"))));
            }
            write(out, format_args!("}} {name};\n"));
        }
    }
    Ok(())
}

/// A function's docs with its arguments as the header names them.
fn with_c_names(item: &Item<Function>) -> String {
    let rename = |doc: String, (name, _): &(String, _)| doc.replace(&format!("`{name}`"), &format!("`{}`", argument(name)));
    item.what.params.iter().fold(item.doc.clone(), rename)
}

/// A prototype, its arguments broken into lines of at most 120 characters.
fn wrapped(out: &mut String, prototype: &str) {
    let mut length = 0;
    for (at, part) in prototype.split_inclusive(", ").enumerate() {
        if at > 0 && length + part.len() > 120 {
            out.truncate(out.trim_end().len());
            *out += "\n    ";
            length = 4;
        }
        *out += part;
        length += part.len();
    }
    *out += ";\n";
}

/// What a constant's docs say besides its name and number, which the header shows anyway.
fn meaning(value: &Item<i128>) -> String {
    value.doc.lines().filter(|line| !line.starts_with(&format!("`{}`", value.name))).collect::<Vec<_>>().join("\n")
}

/// Docs as a comment: links of rustdoc lose their brackets.
fn comment(out: &mut String, indent: &str, doc: &str) {
    let doc = doc.trim().replace("[`crate::codes`]", "the error numbers");
    let doc = doc.replace("[`", "`").replace("`]", "`").replace("*/", "* /");
    let lines: Vec<_> = doc.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines[..] {
        [] => {}
        [line] => write(out, format_args!("{indent}/** {line} */\n")),
        _ => {
            for (at, line) in lines.iter().enumerate() {
                write(out, format_args!("{indent}{} {line}\n", if at == 0 { "/**" } else { " *" }));
            }
            write(out, format_args!("{indent} */\n"));
        }
    }
}

fn write(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes all that is written to it");
}
