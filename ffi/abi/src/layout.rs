//! Where C puts the members of a struct, on 64-bit Linux.

use crate::model::{Abi, Field, Ty, Type};

/// Size and alignment in bytes; `None` for what has none (`void`, an opaque struct, an unknown name).
pub(crate) fn size_align(abi: &Abi, ty: &Ty) -> Option<(u64, u64)> {
    match abi.resolved(ty) {
        Ty::Void => None,
        Ty::Bool | Ty::Char => Some((1, 1)),
        Ty::Int { bytes, .. } | Ty::Float(bytes) => Some((*bytes, *bytes)),
        Ty::Pointer { .. } | Ty::Callback(_) => Some((8, 8)),
        Ty::Array(of, count) => size_align(abi, of).map(|(size, align)| (size * count, align)),
        Ty::Named(name) => match &abi.type_named(name)?.what {
            Type::Alias(_) | Type::Opaque => None,
            Type::Enum(_) => Some((4, 4)),
            Type::Struct(fields) => {
                let (_, end, align) = place(abi, fields)?;
                Some((end.next_multiple_of(align), align))
            }
            Type::Union(fields) => {
                let members: Option<Vec<_>> = fields.iter().map(|field| size_align(abi, &field.ty)).collect();
                let (size, align) = members?.into_iter().fold((0, 1), |(s, a), (size, align)| (size.max(s), align.max(a)));
                Some((size.next_multiple_of(align), align))
            }
        },
    }
}

/// The offset of each member.
pub(crate) fn offsets(abi: &Abi, fields: &[Field]) -> Option<Vec<u64>> {
    Some(place(abi, fields)?.0)
}

/// Offsets, the end of the last member, and the largest alignment.
fn place(abi: &Abi, fields: &[Field]) -> Option<(Vec<u64>, u64, u64)> {
    let (mut offsets, mut end, mut largest) = (Vec::new(), 0u64, 1);
    for field in fields {
        let (size, align) = size_align(abi, &field.ty)?;
        let offset = end.next_multiple_of(align);
        offsets.push(offset);
        (end, largest) = (offset + size, largest.max(align));
    }
    Some((offsets, end, largest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_padded_as_c_does() {
        let abi = crate::rust::read(
            "#[repr(C)] pub struct Inner { pub a: u8, pub b: u16 }
             #[repr(C)] pub union Either { pub small: u8, pub wide: [u32; 3] }
             #[repr(C)] pub struct Outer { pub a: Inner, pub b: *mut u8, pub c: [u8; 5], pub d: Either, pub e: u8 }
             #[repr(C)] pub struct Hidden { _opaque: [u8; 0] }",
        )
        .unwrap();
        let size = |name: &str| size_align(&abi, &Ty::Named(name.into()));
        assert_eq!((size("Inner"), size("Either"), size("Outer")), (Some((4, 2)), Some((12, 4)), Some((40, 8))));
        assert_eq!((size("Hidden"), size("Unknown")), (None, None));
        let Type::Struct(fields) = &abi.type_named("Outer").unwrap().what else { panic!() };
        assert_eq!(offsets(&abi, fields).unwrap(), [0, 8, 16, 24, 36]);
    }
}
