//! What the inference operator refuses, and that the text says why.

use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;

use super::infer::{Cache, Case};

fn good() -> Case {
    Case::decode(4, 2, 32, Cache::ByToken(16), &[20, 5])
}

/// The refusal's code; its text names the operator and `what`.
fn refused(case: Case, what: &str) -> i32 {
    let reject = case.call().err().expect("a refusal");
    assert!(reject.text.starts_with("aclnnFusedInferAttentionScoreV2: ") && reject.text.contains(what), "{}", reject.text);
    reject.code
}

#[test]
fn wrong_values_are_161002() {
    let cases = [
        (Case { dtype: ACL_FLOAT, ..good() }, "query has dataType"),
        (Case { kv_lengths: Some(vec![]), ..good() }, "actualSeqLengthsKv is null"),
        (Case { kv_lengths: Some(vec![33, 5]), ..good() }, "actualSeqLengthsKv[0] is 33, there is room for 32"),
        (Case { kv_lengths: Some(vec![20, -1]), ..good() }, "actualSeqLengthsKv[1] is -1"),
        (Case { kv_lengths: Some(vec![20, 5, 5]), ..good() }, "there are 2 sequences"),
        (Case { q_lengths: Some(vec![1, 3]), ..good() }, "actualSeqLengths ends at 3"),
        (Case { q_lengths: Some(vec![2, 1]), ..good() }, "actualSeqLengths[1] is 1"),
        (Case { cache: Cache::ByToken(24), ..good() }, "blockSize is 24"),
        (Case { cache: Cache::ByToken(528), ..good() }, "blockSize is 528"),
        (Case { cache: Cache::ByToken(64), seqs: vec![(2, 9)], ..good() }, "blockSize is 64"),
        (Case { cache: Cache::ByHead(16), layout: "BSND", ..good() }, "key is"),
        (Case { inner_precise: 4, ..good() }, "innerPrecise is 4"),
        (Case { key_heads: 3, ..good() }, "numKeyValueHeads 3"),
        (Case { key_heads: 1, ..good() }, "key is"),
        (Case::decode(4, 2, 40, Cache::ByToken(16), &[5]), "heads of 40"),
        (Case::decode(65, 1, 16, Cache::ByToken(16), &[5]), "65 query heads"),
        (Case { mode: 3, cache: Cache::ByToken(128), seqs: vec![(9, 5)], ..good() }, "9 queries and 5 keys"),
    ];
    for (case, what) in cases {
        assert_eq!(refused(case, what), ACLNN_ERR_PARAM_INVALID, "{what}");
    }
}

#[test]
fn what_is_not_built_is_refused_by_name() {
    let cases = [
        (Case { layout: "SBH", ..good() }, "inputLayout \"SBH\""),
        (Case { mode: 4, ..good() }, "sparseMode 4"),
        (Case { with_mask: Some(true), ..good() }, "attenMask with sparseMode 0"),
        (Case { mode: 3, with_mask: Some(false), ..good() }, "attenMask is null"),
        (Case { with_shift: true, ..good() }, "pseShift"),
        (Case { antiquant_mode: 1, ..good() }, "antiquantMode 1"),
        (Case { pre_tokens: 10, ..good() }, "preTokens 10"),
        (Case { layout: "BSND", q_lengths: Some(vec![1, 0]), ..good() }, "actualSeqLengths has 0 of 1"),
    ];
    for (case, what) in cases {
        assert_eq!(refused(case, what), ACL_ERROR_FEATURE_UNSUPPORTED, "{what}");
    }
}

#[test]
#[should_panic(expected = "blockTable[0][1] is 99, the cache has 5 blocks")]
fn a_block_beyond_the_cache_is_an_error_of_the_run() {
    let _ = Case { table_edit: |table| table[1] = 99.0, ..good() }.call();
}

#[test]
#[should_panic(expected = "blockTable[1][0] is -1")]
fn a_negative_block_is_an_error_of_the_run() {
    let _ = Case { table_edit: |table| table[2] = -1.0, ..good() }.call();
}
