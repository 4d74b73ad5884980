//! A single operator's attributes.

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int};
use std::fmt::Debug;

use ascend_rl_sys::types::*;

use super::not_null;
use crate::registry::{Kind, Registry};
use crate::reject::{Outcome, check, reject};

/// The values, as a refusal tells them.
pub(super) type Attributes = BTreeMap<String, String>;

static ATTRIBUTES: Registry<Attributes> = Registry::new(Kind::OpAttr);

pub(super) fn find(attr: *const aclopAttr) -> Outcome<Attributes> {
    match ATTRIBUTES.get(attr as usize) {
        Some(attributes) => Ok(attributes),
        None => reject!(
            ACL_ERROR_INVALID_PARAM,
            "attr is no live set of attributes: destroyed already (aclopDestroyAttr), or never created"
        ),
    }
}

fn set(attr: *mut aclopAttr, name: *const c_char, value: impl FnOnce() -> Outcome<String>) -> Outcome {
    not_null("attr", attr)?;
    find(attr)?;
    not_null("attrName", name)?;
    let name = text(name);
    let value = value()?;
    ATTRIBUTES.update(attr as usize, |attributes| {
        attributes.insert(name, value);
    });
    Ok(())
}

/// A string that [`not_null`] has seen.
fn text(pointer: *const c_char) -> String {
    // SAFETY: not null as checked, and C's contract is a NUL-terminated string that lives for the call.
    unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned()
}

/// `count` values, as a negative count is none: only the array of lists is looked at otherwise.
fn list<T: Copy + Debug>(count: c_int, values: *const T) -> Outcome<Vec<T>> {
    check!(count <= 0 || !values.is_null(), ACL_ERROR_INVALID_PARAM, "values is null, numValues is {count}");
    // SAFETY: not null as checked, and C's contract is so many values.
    Ok((0..count.max(0) as usize).map(|i| unsafe { values.add(i).read() }).collect())
}

pub(crate) fn aclopCreateAttr() -> Outcome<*mut aclopAttr> {
    Ok(ATTRIBUTES.insert(Attributes::new()) as *mut aclopAttr)
}

pub(crate) fn aclopDestroyAttr(attr: *const aclopAttr) -> Outcome {
    if !attr.is_null() {
        find(attr)?;
        ATTRIBUTES.remove(attr as usize);
    }
    Ok(())
}

pub(crate) fn aclopSetAttrBool(attr: *mut aclopAttr, attr_name: *const c_char, attr_value: u8) -> Outcome {
    set(attr, attr_name, || Ok((attr_value != 0).to_string()))
}

pub(crate) fn aclopSetAttrInt(attr: *mut aclopAttr, attr_name: *const c_char, attr_value: i64) -> Outcome {
    set(attr, attr_name, || Ok(attr_value.to_string()))
}

pub(crate) fn aclopSetAttrFloat(attr: *mut aclopAttr, attr_name: *const c_char, attr_value: f32) -> Outcome {
    set(attr, attr_name, || Ok(attr_value.to_string()))
}

pub(crate) fn aclopSetAttrString(attr: *mut aclopAttr, attr_name: *const c_char, attr_value: *const c_char) -> Outcome {
    set(attr, attr_name, || {
        not_null("attrValue", attr_value)?;
        Ok(format!("{:?}", text(attr_value)))
    })
}

pub(crate) fn aclopSetAttrDataType(attr: *mut aclopAttr, attr_name: *const c_char, attr_value: aclDataType) -> Outcome {
    set(attr, attr_name, || Ok(attr_value.name().map_or_else(|| attr_value.0.to_string(), str::to_owned)))
}

pub(crate) fn aclopSetAttrListBool(
    attr: *mut aclopAttr,
    attr_name: *const c_char,
    num_values: c_int,
    values: *const u8,
) -> Outcome {
    set(attr, attr_name, || Ok(format!("{:?}", list(num_values, values)?.iter().map(|&value| value != 0).collect::<Vec<_>>())))
}

pub(crate) fn aclopSetAttrListInt(
    attr: *mut aclopAttr,
    attr_name: *const c_char,
    num_values: c_int,
    values: *const i64,
) -> Outcome {
    set(attr, attr_name, || Ok(format!("{:?}", list(num_values, values)?)))
}

pub(crate) fn aclopSetAttrListFloat(
    attr: *mut aclopAttr,
    attr_name: *const c_char,
    num_values: c_int,
    values: *const f32,
) -> Outcome {
    set(attr, attr_name, || Ok(format!("{:?}", list(num_values, values)?)))
}

pub(crate) fn aclopSetAttrListListInt(
    attr: *mut aclopAttr,
    attr_name: *const c_char,
    num_lists: c_int,
    num_values: *const c_int,
    values: *const *const i64,
) -> Outcome {
    set(attr, attr_name, || {
        not_null("numValues", num_values)?;
        let lists = list(num_lists, num_values)?.into_iter().zip(list(num_lists, values)?);
        let lists: Vec<_> = lists.map(|(count, values)| list(count, values)).collect::<Outcome<_>>()?;
        Ok(format!("{lists:?}"))
    })
}
