//! The form of a dump: eight bytes with the length of a header, the header, and the data one behind another.
//!
//! The header is a message of Protocol Buffers, `DumpData` of the runtime's `src/dfx/adump/proto/dump_task.proto`; the order is that of
//! `exception/dump_file.cpp`. A few lines write it: a field is its number and kind, then a number, or a length and bytes.

use ascend_rl_sys::types::*;

/// What a part is to its operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Input,
    Output,
    Workspace,
}

/// A tensor with its data.
pub(crate) struct Entry {
    pub part: Part,
    pub dtype: aclDataType,
    pub format: aclFormat,
    pub shape: Vec<u64>,
    pub data: Vec<u8>,
}

/// What a file says.
pub(crate) struct Contents<'a> {
    /// The operator's name.
    pub name: &'a str,
    /// Microseconds since 1970.
    pub time: u64,
    /// What the program wants to be noted; may be empty.
    pub note: &'a str,
    pub entries: Vec<Entry>,
}

impl Contents<'_> {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let parts = || [Part::Output, Part::Input, Part::Workspace].into_iter().flat_map(|part| self.of(part));
        let mut header = Vec::new();
        text(&mut header, 1, "2.0");
        number(&mut header, 2, self.time);
        for entry in parts() {
            let (field, message) = entry.message();
            bytes(&mut header, field, &message);
        }
        text(&mut header, 6, self.name);
        text(&mut header, 9, self.note);
        let mut all = (header.len() as u64).to_le_bytes().to_vec();
        all.append(&mut header);
        for part in [Part::Input, Part::Output, Part::Workspace] {
            self.of(part).for_each(|entry| all.extend_from_slice(&entry.data));
        }
        all
    }

    fn of(&self, part: Part) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.part == part)
    }
}

impl Entry {
    /// Its field in the header, and what stands there.
    fn message(&self) -> (u32, Vec<u8>) {
        let mut message = Vec::new();
        let size = self.data.len() as u64;
        if self.part == Part::Workspace {
            number(&mut message, 3, size);
            return (8, message);
        }
        number(&mut message, 1, proto_dtype(self.dtype));
        number(&mut message, 2, u64::try_from(self.format.0).unwrap_or(2));
        let (mut dims, mut shape) = (Vec::new(), Vec::new());
        self.shape.iter().for_each(|dim| varint(&mut dims, *dim));
        bytes(&mut shape, 1, &dims);
        bytes(&mut message, 3, &shape);
        match self.part {
            Part::Input => number(&mut message, 5, size),
            _ => number(&mut message, 6, size),
        }
        (if self.part == Part::Input { 4 } else { 3 }, message)
    }
}

/// `OutputDataType` of the message.
fn proto_dtype(dtype: aclDataType) -> u64 {
    match dtype {
        ACL_FLOAT => 1,
        ACL_FLOAT16 => 2,
        ACL_INT8 => 3,
        ACL_UINT8 => 4,
        ACL_INT16 => 5,
        ACL_UINT16 => 6,
        ACL_INT32 => 7,
        ACL_INT64 => 8,
        ACL_UINT32 => 9,
        ACL_UINT64 => 10,
        ACL_BOOL => 11,
        ACL_DOUBLE => 12,
        ACL_STRING => 13,
        ACL_COMPLEX64 => 16,
        ACL_COMPLEX128 => 17,
        ACL_BF16 => 27,
        ACL_INT4 => 28,
        ACL_UINT1 => 29,
        ACL_COMPLEX32 => 32,
        _ => 0,
    }
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Left out where it is 0, the default.
fn number(out: &mut Vec<u8>, field: u32, value: u64) {
    if value != 0 {
        varint(out, u64::from(field << 3));
        varint(out, value);
    }
}

fn bytes(out: &mut Vec<u8>, field: u32, value: &[u8]) {
    varint(out, u64::from(field << 3 | 2));
    varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

/// Left out where it is empty, the default.
fn text(out: &mut Vec<u8>, field: u32, value: &str) {
    if !value.is_empty() {
        bytes(out, field, value.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against bytes that were written by hand after the format's own description.
    #[test]
    fn a_file_byte_by_byte() {
        let entry =
            |part, data: &[u8]| Entry { part, dtype: ACL_FLOAT16, format: ACL_FORMAT_ND, shape: vec![1, 300], data: data.into() };
        let contents =
            Contents { name: "Add", time: 5, note: "", entries: vec![entry(Part::Output, &[9]), entry(Part::Input, &[7, 8])] };
        // 1: "2.0"; 2: 5
        let mut header = vec![0x0a, 3, b'2', b'.', b'0', 0x10, 5];
        // 3: { 1: 2, 2: 2, 3: { 1: [1, 300] }, 6: 1 }
        header.extend([0x1a, 13, 0x08, 2, 0x10, 2, 0x1a, 5, 0x0a, 3, 1, 0xac, 0x02, 0x30, 1]);
        // 4: the same with 5: 2; 6: "Add"
        header.extend([0x22, 13, 0x08, 2, 0x10, 2, 0x1a, 5, 0x0a, 3, 1, 0xac, 0x02, 0x28, 2]);
        header.extend([0x32, 3, b'A', b'd', b'd']);
        let mut wanted = vec![header.len() as u8, 0, 0, 0, 0, 0, 0, 0];
        wanted.extend(header);
        wanted.extend([7, 8, 9]);
        assert_eq!(contents.bytes(), wanted);
    }
}
