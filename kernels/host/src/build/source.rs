//! What a kernel's source says: its kernels, their types, parameters, and the files that it includes.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::abi::kernel_type;

/// A kernel as declared.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Declared {
    pub name: String,
    /// One of [`kernel_type`].
    pub kind: u32,
    pub schedule_mode: u32,
    pub params: Vec<Param>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Param {
    pub name: String,
    pub size: Option<u32>,
}

/// The kernels of a text, in its order.
pub(super) fn kernels(text: &str) -> Result<Vec<Declared>, String> {
    let text = without_comments(text);
    let mut found = Vec::new();
    for (at, _) in text.match_indices("__global__") {
        let rest = &text[at..];
        let Some(open) = parameters_open(rest) else { continue };
        let head = &rest[..open];
        let Some(name) = head.split_whitespace().last().map(str::to_owned) else { continue };
        let close = matching(rest, open, b'(', b')').ok_or_else(|| format!("the parameters of `{name}` do not end"))?;
        // A declaration without a body is no kernel of this source.
        let after = rest[close + 1..].trim_start();
        if !after.starts_with('{') {
            continue;
        }
        let body_at = rest.len() - after.len();
        let end = matching(rest, body_at, b'{', b'}').ok_or_else(|| format!("the body of `{name}` does not end"))?;
        let kind = kind_of(&text[line_start(&text, at)..at + open], &rest[body_at..end]).ok_or_else(|| {
            format!("`{name}` does not say which cores it runs on: KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY) or the like")
        })?;
        let schedule_mode = u32::from(argument(head, "__schedmode__").is_some_and(|mode| mode.trim() == "1"));
        found.push(Declared { name, kind, schedule_mode, params: params(&rest[open + 1..close]) });
    }
    Ok(found)
}

/// Where the parameter list opens: the parenthesis behind the name, not those of `__mix__(1, 2)`.
fn parameters_open(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let open = at + text[at..].find(['(', ';', '{'])?;
        if text.as_bytes()[open] != b'(' {
            return None;
        }
        let word = text[..open].trim_end().rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
        if !word.starts_with("__") && word != "extern" {
            return Some(open);
        }
        at = matching(text, open, b'(', b')')? + 1;
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind([';', '}', '{']).map_or(0, |before| before + 1)
}

/// The type that the body or a qualifier names.
fn kind_of(head: &str, body: &str) -> Option<u32> {
    if let Some(name) = argument(body, "KERNEL_TASK_TYPE_DEFAULT") {
        return match name.trim() {
            "KERNEL_TYPE_AIV_ONLY" => Some(kernel_type::AIV_ONLY),
            "KERNEL_TYPE_AIC_ONLY" => Some(kernel_type::AIC_ONLY),
            "KERNEL_TYPE_MIX_AIV_1_0" => Some(kernel_type::MIX_AIV_1_0),
            "KERNEL_TYPE_MIX_AIC_1_0" => Some(kernel_type::MIX_AIC_1_0),
            "KERNEL_TYPE_MIX_AIC_1_1" => Some(kernel_type::MIX_AIC_1_1),
            "KERNEL_TYPE_MIX_AIC_1_2" => Some(kernel_type::MIX_AIC_1_2),
            _ => None,
        };
    }
    if let Some(cores) = argument(head, "__mix__") {
        return match cores.replace(char::is_whitespace, "").as_str() {
            "0,1" => Some(kernel_type::MIX_AIV_1_0),
            "1,0" => Some(kernel_type::MIX_AIC_1_0),
            "1,1" => Some(kernel_type::MIX_AIC_1_1),
            "1,2" => Some(kernel_type::MIX_AIC_1_2),
            _ => None,
        };
    }
    if head.contains("__vector__") {
        return Some(kernel_type::AIV_ONLY);
    }
    head.contains("__cube__").then_some(kernel_type::AIC_ONLY)
}

/// What stands in the parentheses behind a name.
fn argument<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let at = text.find(name)? + name.len();
    let open = at + text[at..].find('(')?;
    let close = matching(text, open, b'(', b')')?;
    Some(&text[open + 1..close])
}

/// The place of the bracket that closes the one at `open`.
fn matching(text: &str, open: usize, opening: u8, closing: u8) -> Option<usize> {
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate().skip(open) {
        if byte == opening {
            depth += 1;
        } else if byte == closing {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

fn params(list: &str) -> Vec<Param> {
    let list = list.trim();
    if list.is_empty() || list == "void" {
        return Vec::new();
    }
    list.split(',')
        .map(|param| {
            let param = param.trim();
            let name_at = param.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
            Param { name: param[name_at..].to_owned(), size: size_of(&param[..name_at]) }
        })
        .collect()
}

fn size_of(declared: &str) -> Option<u32> {
    if declared.contains('*') {
        return Some(8);
    }
    let word = declared.split_whitespace().filter(|word| !["const", "__gm__"].contains(word)).collect::<Vec<_>>();
    match word.as_slice() {
        ["GM_ADDR" | "uint64_t" | "int64_t" | "double"] => Some(8),
        ["uint32_t" | "int32_t" | "int" | "float" | "unsigned"] | ["unsigned", "int"] => Some(4),
        ["uint16_t" | "int16_t" | "half" | "bfloat16_t"] => Some(2),
        ["uint8_t" | "int8_t" | "bool"] => Some(1),
        _ => None,
    }
}

/// The same length, so that places stay; text in quotes stays too.
fn without_comments(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at..] {
            [b'/', b'/', ..] => {
                while at < bytes.len() && bytes[at] != b'\n' {
                    out[at] = b' ';
                    at += 1;
                }
            }
            [b'/', b'*', ..] => {
                let end = text[at + 2..].find("*/").map_or(bytes.len(), |length| at + 2 + length + 2);
                out[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
                at = end;
            }
            [b'"', ..] => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += 1 + usize::from(bytes[at] == b'\\');
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The source and the files it includes by quotes, as far as they are found beside the including file or in `folders`.
pub(super) fn files(source: &Path, folders: &[PathBuf]) -> io::Result<Vec<PathBuf>> {
    let mut found = vec![source.to_path_buf()];
    let mut next = 0;
    while next < found.len() {
        let text = String::from_utf8_lossy(&fs::read(&found[next])?).into_owned();
        let beside = found[next].parent().map(Path::to_path_buf).unwrap_or_default();
        for line in text.lines() {
            let Some(rest) = line.trim_start().strip_prefix('#').map(str::trim_start).and_then(|l| l.strip_prefix("include"))
            else {
                continue;
            };
            let Some(name) = rest.trim_start().strip_prefix('"').and_then(|name| name.split('"').next()) else { continue };
            let file = std::iter::once(&beside).chain(folders).map(|folder| folder.join(name)).find(|file| file.is_file());
            if let Some(file) = file.filter(|file| !found.contains(file)) {
                found.push(file);
            }
        }
        next += 1;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        #include "kernel_operator.h"
        // extern "C" __global__ __aicore__ void not_this(GM_ADDR x) {}
        extern "C" __global__ __aicore__ void copy(GM_ADDR x, const __gm__ float* y, uint32_t n, uint8_t flag)
        {
            KERNEL_TASK_TYPE_DEFAULT(KERNEL_TYPE_AIV_ONLY);
            if (n) { x[0] = 1; /* } */ }
        }
        __global__ __mix__(1, 2) __schedmode__(1) __aicore__ void both(Tiling tiling) { }
        __vector__ __global__ __aicore__ void vectors() { }
        extern "C" __global__ __aicore__ void declared_only(GM_ADDR x);
    "#;

    fn param(name: &str, size: Option<u32>) -> Param {
        Param { name: name.to_owned(), size }
    }

    #[test]
    fn kernels_are_found_with_their_types_and_parameters() {
        let found = kernels(TEXT).unwrap();
        assert_eq!(
            found,
            [
                Declared {
                    name: "copy".to_owned(),
                    kind: kernel_type::AIV_ONLY,
                    schedule_mode: 0,
                    params: vec![param("x", Some(8)), param("y", Some(8)), param("n", Some(4)), param("flag", Some(1))],
                },
                Declared {
                    name: "both".to_owned(),
                    kind: kernel_type::MIX_AIC_1_2,
                    schedule_mode: 1,
                    params: vec![param("tiling", None)]
                },
                Declared { name: "vectors".to_owned(), kind: kernel_type::AIV_ONLY, schedule_mode: 0, params: vec![] },
            ]
        );
    }

    #[test]
    fn a_kernel_that_does_not_say_its_type_is_refused() {
        let error = kernels("__global__ __aicore__ void k(GM_ADDR x) {}").unwrap_err();
        assert!(error.contains("`k` does not say which cores it runs on"), "{error}");
    }
}
