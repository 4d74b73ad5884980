//! What a user would do wrong.

use ascend_rl::{DType, Error, ErrorKind, Tensor, atb};

use super::common::{stream, upload};
use super::{empty, random};

#[track_caller]
fn refused(result: Result<(), Error>, kind: ErrorKind, words: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(words), "{error}");
}

#[test]
fn shapes_and_dtypes() {
    let s = stream();
    let context = atb::Context::new(&s).unwrap();
    let (x, gamma) = (random(&s, 1, &[4, 32]), random(&s, 2, &[32]));
    let mut y = empty(&s, &[4, 32]);
    let mut norm = context.rms_norm(1e-6).unwrap();
    let short = random(&s, 3, &[31]);
    refused(norm.run(x.view(), short.view(), y.view_mut()), ErrorKind::Argument, "gamma is [31], 32 elements are needed");
    let mut small = empty(&s, &[3, 32]);
    refused(norm.run(x.view(), gamma.view(), small.view_mut()), ErrorKind::Argument, "outTensors[0]");
    let single = upload(&s, &[4, 32], DType::F32, &[1.0; 128]);
    refused(norm.run(single.view(), gamma.view(), y.view_mut()), ErrorKind::Argument, "ACL_FLOAT");
    refused(norm.run(x.view().t(), gamma.view(), y.view_mut()), ErrorKind::Shape, "a view with gaps");
    // After all that it still works.
    norm.run(x.view(), gamma.view(), y.view_mut()).unwrap();
    s.synchronize().unwrap();

    let weight = random(&s, 4, &[8, 31]);
    let mut z = empty(&s, &[4, 8]);
    refused(
        context.linear(true).unwrap().run(x.view(), weight.view(), z.view_mut()),
        ErrorKind::Argument,
        "x [4, 32] has 32 terms a row",
    );
    let fits = random(&s, 5, &[8, 32]);
    let mut biased = context.linear_with_bias(true).unwrap();
    refused(biased.run(x.view(), fits.view(), z.view_mut()), ErrorKind::Argument, "there are 2 inputs, the operation has 3");
}

#[test]
fn parameters() {
    let s = stream();
    let context = atb::Context::new(&s).unwrap();
    refused(context.rms_norm(0.0).map(drop), ErrorKind::Argument, "epsilon is 0");
    refused(context.paged_attention(5, 2, 1.0).map(drop), ErrorKind::Argument, "headNum is 5 and kvHeadNum 2");
    refused(context.paged_attention(0, 1, 1.0).map(drop), ErrorKind::Argument, "heads is 0");
    refused(context.group_topk(4, 5, None).map(drop), ErrorKind::Argument, "k is 5");
    let mut plain = context.self_attention(1, 1, 1.0, false).unwrap();
    let (x, mut y) = (random(&s, 1, &[4, 1, 16]), empty(&s, &[4, 1, 16]));
    refused(
        plain.run(x.view(), x.view(), x.view(), &[5], y.view_mut()),
        ErrorKind::Argument,
        "seqLen adds up to 5, there are 4 tokens",
    );
    refused(plain.run(x.view(), x.view(), x.view(), &[5, -1], y.view_mut()), ErrorKind::Argument, "seqLen[1] is -1");
    refused(plain.run_causal(x.view(), x.view(), x.view(), x.view(), &[4], y.view_mut()), ErrorKind::Argument, "not causal");
}

#[test]
fn another_stream_and_a_length_beyond_the_table() {
    let s = stream();
    let other = s.device().stream().unwrap();
    let context = atb::Context::new(&s).unwrap();
    let (x, gamma) = (random(&other, 1, &[4, 32]), random(&s, 2, &[32]));
    let mut y = empty(&s, &[4, 32]);
    let mut norm = context.rms_norm(1e-6).unwrap();
    refused(norm.run(x.view(), gamma.view(), y.view_mut()), ErrorKind::WrongStream, "RmsNorm: x lives on");

    let (cache, query) = (random(&s, 3, &[2, 16, 1, 16]), random(&s, 4, &[1, 1, 16]));
    let table = Tensor::from_slice(&s, &[1, 1], &[1]).unwrap();
    let mut out = empty(&s, &[1, 1, 16]);
    let mut op = context.paged_attention(1, 1, 1.0).unwrap();
    let ran = op.run(query.view(), cache.view(), cache.view(), table.view(), &[17], out.view_mut());
    refused(ran, ErrorKind::Argument, "contextLens[0] is 17, the block table has room for 16");
}
