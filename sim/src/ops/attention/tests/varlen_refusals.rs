//! What the training operators refuse, and that the text says why.

use ascend_rl_sys::codes::*;
use ascend_rl_sys::types::*;

use super::varlen::{Case, Tensors};
use super::{Text, causal_mask};
use crate::ops::testing::{Array, Ints};

fn good() -> Case {
    Case::new(ACL_FLOAT, &[(3, 3), (2, 4)], 4, 2, 16, 3)
}

/// Both operators refuse the problem after `spoil`, with this code and a text that names `what`.
fn refused(case: Case, spoil: impl Fn(&mut Tensors), what: &str, code: i32) {
    let mut x = case.tensors(false);
    spoil(&mut x);
    for (outcome, name) in
        [(case.forward(&x), "aclnnFlashAttentionVarLenScore"), (case.backward(&x), "aclnnFlashAttentionUnpaddingScoreGrad")]
    {
        let reject = outcome.expect_err(what);
        assert!(reject.text.starts_with(&format!("{name}: ")) && reject.text.contains(what), "{}", reject.text);
        assert_eq!(reject.code, code, "{}", reject.text);
    }
}

fn some(dtype: aclDataType, dims: &[i64]) -> Array {
    Array::new(dtype, dims, std::iter::repeat(0.0))
}

#[test]
fn wrong_values_are_161002() {
    let wrong = |spoil: fn(&mut Tensors), what| refused(good(), spoil, what, ACLNN_ERR_PARAM_INVALID);
    wrong(|x| x.layout = Text::new("BSND"), "inputLayout is \"BSND\"");
    wrong(|x| x.q = some(ACL_INT32, &[5, 4, 16]), "query has dataType");
    wrong(|x| x.q = some(ACL_FLOAT, &[5, 64]), "query is [5, 64]");
    wrong(|x| x.k = some(ACL_BF16, &[7, 2, 16]), "key has dataType");
    wrong(|x| x.k = some(ACL_FLOAT, &[7, 2, 8]), "key is [7, 2, 8]");
    wrong(|x| x.v = some(ACL_FLOAT, &[7, 4, 16]), "value is [7, 4, 16]");
    wrong(|x| x.max = some(ACL_FLOAT, &[5, 4]), "softmaxMax is [5, 4]");
    wrong(|x| x.sum = some(ACL_BF16, &[4, 5, 8]), "softmaxSum has dataType");
    wrong(|x| x.out = some(ACL_FLOAT, &[5, 4, 8]), "attention");
    wrong(|x| x.q_ends = Ints::new(&[3, 6]), "actualSeqQLen ends at 6");
    wrong(|x| x.q_ends = Ints::new(&[6, 5]), "actualSeqQLen[1] is 5");
    wrong(|x| x.kv_ends = Ints::new(&[7]), "of 1");
    wrong(|x| x.kv_ends = Ints::new(&[2, 7]), "3 queries and 2 keys");
    wrong(|x| x.mask = Some(some(ACL_UINT8, &[64, 64])), "attenMask is [64, 64]");
    wrong(|x| x.mask = Some(causal_mask(ACL_FLOAT)), "attenMask has dataType");
    let three = |_: &mut Tensors| {};
    refused(Case::new(ACL_FLOAT, &[(3, 3)], 4, 3, 16, 3), three, "multiple", ACLNN_ERR_PARAM_INVALID);
    refused(Case::new(ACL_FLOAT, &[(3, 3)], 2, 1, 769, 3), three, "769 elements a head", ACLNN_ERR_PARAM_INVALID);
    refused(Case::new(ACL_FLOAT, &[(1, 1)], 257, 1, 8, 3), three, "257 heads", ACLNN_ERR_PARAM_INVALID);
    refused(Case::new(ACL_FLOAT, &[(1, 1); 2049], 1, 1, 8, 3), three, "2049 sequences", ACLNN_ERR_PARAM_INVALID);
}

#[test]
fn what_is_not_built_is_refused_by_name() {
    let unsupported = |case: Case, spoil: fn(&mut Tensors), what| refused(case, spoil, what, ACL_ERROR_FEATURE_UNSUPPORTED);
    unsupported(good(), |x| x.mask = None, "attenMask is null");
    unsupported(Case { mode: 0, ..good() }, |x| x.mask = Some(causal_mask(ACL_BOOL)), "attenMask with sparseMode 0");
    unsupported(Case { mode: 4, ..good() }, |_| {}, "sparseMode 4");
    unsupported(Case { keep_prob: 0.9, ..good() }, |_| {}, "keepProb 0.9");
    unsupported(Case { inner_precise: 2, ..good() }, |_| {}, "innerPrecise 2");
    unsupported(Case { mode: 0, next_tokens: 0, ..good() }, |_| {}, "nextTokens 0");
    unsupported(good(), |x| x.v = some(ACL_FLOAT, &[7, 2, 8]), "value has heads of 8");
    unsupported(good(), |x| x.shift = Some(some(ACL_FLOAT, &[1])), "realShift");
    unsupported(good(), |x| x.drop_mask = Some(some(ACL_UINT8, &[1])), "dropMask");
    unsupported(good(), |x| x.nothing = Some(some(ACL_FLOAT, &[1])), "empty");
    unsupported(
        good(),
        |x| x.q = Array::strided(ACL_FLOAT, &[5, 4, 16], &[128, 32, 2], 0, 640, std::iter::repeat(0.0)),
        "strides",
    );
}

#[test]
fn null_tensors_are_161001() {
    refused(good(), |x| x.no_query = true, "query is null", ACLNN_ERR_PARAM_NULLPTR);
}
