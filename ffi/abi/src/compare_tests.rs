//! Each kind of mistake that a list can have is found, and what may differ is not taken for one.

use super::*;
use crate::{ours, rust};

const HEADER: &str = r#"
    #[repr(transparent)] pub struct aclrtKind(pub ::std::os::raw::c_uint);
    pub const ACL_KIND_A: aclrtKind = aclrtKind(0);
    pub const ACL_KIND_B: aclrtKind = aclrtKind(1);
    pub type aclError = ::std::os::raw::c_int;
    #[repr(C)] pub struct aclTensor { _unused: [u8; 0] }
    #[repr(C)] pub struct aclPairDef { pub kind: aclrtKind, pub bytes: u64, pub name: [::std::os::raw::c_char; 8usize] }
    pub type aclPair = aclPairDef;
    #[repr(C)] pub union aclEither { pub flag: u16, pub rest: [u8; 8usize] }
    pub const ACL_LIMIT: u32 = 7;
    pub type aclrtCallback = ::std::option::Option<unsafe extern "C" fn(data: *mut ::std::os::raw::c_void)>;
    unsafe extern "C" {
        pub fn aclrtDo(pair: *const aclPair, kind: aclrtKind, n: u64) -> aclError;
        pub fn aclrtTell(callback: aclrtCallback, tensor: *mut aclTensor) -> aclError;
    }
"#;

const OURS: &str = r#"
    c_enum! { aclrtKind: c_int { ACL_KIND_A = 0; ACL_KIND_B = 1; } }
    pub type aclError = c_int;
    opaque! { aclTensor; }
    #[repr(C)] pub struct aclPair { pub kind: aclrtKind, pub bytes: u64, pub name: [u8; 8] }
    #[repr(C)] pub union aclEither { pub flag: u16, pub rest: [u8; 8] }
    pub const ACL_LIMIT: u32 = 7;
    pub type aclrtCallback = Option<unsafe extern "C" fn(data: *mut c_void)>;
    unsafe extern "C" {
        fn aclrtDo(pair: *const aclPair, kind: aclrtKind, n: u64) -> aclError;
        fn aclrtTell(callback: aclrtCallback, tensor: *mut aclTensor) -> aclError;
    }
"#;

/// What is found after one text of ours is changed.
fn found(from: &str, to: &str) -> Report {
    assert!(from.is_empty() || OURS.contains(from), "{from}");
    let ours = rust::read(&OURS.replacen(from, to, 1)).unwrap();
    compare(&ours, &rust::read(HEADER).unwrap(), (Release(8, 1), Release(8, 1)))
}

#[test]
fn what_agrees_agrees() {
    let report = found("", "");
    assert!(report.differences.is_empty() && report.apart.is_empty() && report.absent.is_empty(), "{report:?}");
    assert_eq!(report.compared, [2, 6, 3]);
}

#[test]
fn each_mistake_is_found_and_named() {
    for (from, to, name) in [
        ("n: u64", "n: u32", "aclrtDo"),
        ("n: u64", "n: i64", "aclrtDo"),
        (", n: u64", "", "aclrtDo"),
        ("pair: *const aclPair", "pair: aclPair", "aclrtDo"),
        ("pair: *const aclPair", "pair: *const c_void", "aclrtDo"),
        ("u64) -> aclError", "u64) -> *const c_char", "aclrtDo"),
        ("kind: aclrtKind, n", "n: u64, kind", "aclrtDo"),
        ("tensor: *mut aclTensor", "tensor: *mut *mut aclTensor", "aclrtTell"),
        ("fn(data: *mut c_void)", "fn(data: u64)", "aclrtCallback"),
        ("ACL_KIND_B = 1", "ACL_KIND_B = 2", "ACL_KIND_B"),
        ("ACL_LIMIT: u32 = 7", "ACL_LIMIT: u32 = 0x8", "ACL_LIMIT"),
        ("bytes: u64", "bytes: u32", "aclPair"),
        ("name: [u8; 8]", "name: [u8; 16]", "aclPair"),
        ("kind: aclrtKind, pub bytes: u64", "bytes: u64, pub kind: aclrtKind", "aclPair.bytes"),
        ("pub bytes: u64", "pub size: u64", "aclPair.size"),
        ("flag: u16", "flag: u32", "aclEither.flag"),
        ("rest: [u8; 8]", "rest: [u8; 12]", "aclEither"),
        ("type aclError = c_int", "type aclError = i64", "aclError"),
        ("aclrtTell", "aclrtTold", "aclrtTold"),
    ] {
        let report = found(from, to);
        let names: Vec<_> = report.differences.iter().map(|difference| difference.name.as_str()).collect();
        assert!(names.contains(&name), "{from} as {to}: {:?}", report.differences);
    }
    let text = found("n: u64", "n: u32").differences[0].to_string();
    assert_eq!(
        text,
        "aclrtDo: ours is `aclError aclrtDo(const aclPair *pair, aclrtKind kind, uint32_t n)`, \
         theirs is `aclError aclrtDo(const aclPair *pair, aclrtKind kind, uint64_t n)`"
    );
}

#[test]
fn constness_is_apart_with_a_reason() {
    let report = found("pair: *const aclPair", "pair: *mut aclPair");
    assert!(report.differences.is_empty());
    let [(difference, why)] = &report.apart[..] else { panic!("{report:?}") };
    assert!(difference.name == "aclrtDo" && why.contains("const"));
}

/// The real rows, against what a header of theirs would be read as: the same, but for one argument.
#[test]
fn a_wrong_row_of_the_real_lists_is_found() {
    let ours = ours().unwrap();
    let release = (Release(8, 1), Release(9, 9));
    assert!(compare(&ours, &ours, release).differences.is_empty());
    let mut theirs = ours.clone();
    let malloc = theirs.functions.iter_mut().find(|function| function.name == "aclrtMalloc").unwrap();
    malloc.what.params[1].1 = Ty::Int { bytes: 4, signed: false, size: false };
    let report = compare(&ours, &theirs, release);
    let [difference] = &report.differences[..] else { panic!("{report:?}") };
    assert!(difference.to_string().contains("aclrtMalloc(void **ptr, size_t size"), "{difference}");
}

#[test]
fn releases_decide_what_must_be_there() {
    let mut ours = rust::read(OURS).unwrap();
    let theirs = rust::read(HEADER).unwrap();
    let origin = |since| Some(crate::Origin { lib: ascend_rl_sys::Lib::AscendCl, since, required: false });
    // Newer than the headers, and not there: nothing to say. As old as they: a mistake.
    ours.functions.push(Item { name: "aclrtNew".into(), doc: String::new(), what: ours.functions[0].what.clone() });
    ours.functions[2].what.origin = origin(Release(8, 5));
    assert_eq!(compare(&ours, &theirs, (Release(8, 1), Release(8, 1))).absent, ["aclrtNew"]);
    assert_eq!(compare(&ours, &theirs, (Release(8, 5), Release(8, 5))).differences[0].name, "aclrtNew");
    // There before the release that its row states.
    ours.functions[0].what.origin = origin(Release(9, 0));
    let report = compare(&ours, &theirs, (Release(8, 1), Release(8, 1)));
    assert!(report.differences[0].to_string().contains("since 9.0"), "{report:?}");
}

/// An operator whose header is generated may be in none from 8.5 on; before, the toolkit ships all headers.
#[test]
fn what_no_header_declares_is_apart_in_the_releases_of_its_reason() {
    let row = |name: &str| {
        let mut ours = rust::read(OURS).unwrap();
        ours.functions[0].name = name.into();
        ours.functions[0].what.origin =
            Some(crate::Origin { lib: ascend_rl_sys::Lib::OpApi, since: Release(8, 1), required: false });
        ours
    };
    let theirs = rust::read(HEADER).unwrap();
    let report = compare(&row("aclnnRmsNormGetWorkspaceSize"), &theirs, (Release(9, 0), Release(9, 9)));
    assert!(report.differences.is_empty() && report.apart[0].1.contains("generated"), "{report:?}");
    let report = compare(&row("aclnnRmsNorm"), &theirs, (Release(8, 1), Release(8, 1)));
    assert_eq!(report.differences[0].name, "aclnnRmsNorm");
    let report = compare(&row("aclnnNoSuchOperator"), &theirs, (Release(9, 0), Release(9, 9)));
    assert_eq!(report.differences[0].name, "aclnnNoSuchOperator");
}

/// A struct that grew is compared member by member, as far as both have them.
#[test]
fn versioned_structs_agree_in_what_both_have() {
    let theirs =
        "#[repr(C)] pub struct HcclCommConfig { pub reserved: [u8; 24], pub hcclBufferSize: u32, pub hcclDeterministic: u32 }";
    let ours = ours().unwrap();
    let report = |theirs: &str| {
        let theirs = rust::read(theirs).unwrap();
        let mut report = compare(&ours, &theirs, (Release(8, 1), Release(8, 1)));
        report.differences.retain(|difference| difference.name.starts_with("HcclCommConfig"));
        report.apart.retain(|(difference, _)| difference.name.starts_with("HcclCommConfig"));
        report
    };
    let good = report(theirs);
    let grew = good.apart.iter().any(|(difference, why)| difference.name == "HcclCommConfig" && why.contains("grew"));
    assert!(good.differences.is_empty() && grew, "{good:?}");
    let bad = report(&theirs.replace("hcclBufferSize: u32", "hcclBufferSize: u64"));
    assert_eq!(bad.differences[0].name, "HcclCommConfig.hcclBufferSize");
}
