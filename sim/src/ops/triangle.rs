//! The triangles of the last two dims: `aclnnTriu`, `aclnnInplaceTriu`, `aclnnTril`.

use ascend_rl_sys::types::*;

use super::call::Call;
use super::copy::{move_range, repeat};
use super::dtypes::*;
use super::element::with_bits;
use super::split::split;
use super::view::View;
use crate::nn::tensor::Tensor;
use crate::reject::{Outcome, check};

/// Which triangle stays; the rest becomes 0.
#[derive(Clone, Copy, PartialEq)]
enum Kept {
    /// Where `j >= i + diagonal`.
    Upper,
    /// Where `j <= i + diagonal`.
    Lower,
}

macro_rules! triangles {
    ($($(#[$doc:meta])* $body:ident, $name:literal, $kept:ident;)*) => { $(
        $(#[$doc])*
        pub(crate) fn $body(
            self_: *const aclTensor,
            diagonal: i64,
            out: *mut aclTensor,
            ws: *mut u64,
            executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let input = ("self", call.input("self", self_)?);
            let output = ("out", call.output("out", out)?);
            triangle(call, $name, Kept::$kept, diagonal, input, output, (ws, executor))
        }
    )* };
}
triangles! {
    /// `out[.., i, j] = self[.., i, j]` where `j >= i + diagonal`, else 0.
    aclnnTriuGetWorkspaceSize, "aclnnTriu", Upper;
    /// `out[.., i, j] = self[.., i, j]` where `j <= i + diagonal`, else 0.
    aclnnTrilGetWorkspaceSize, "aclnnTril", Lower;
}

/// `selfRef[.., i, j] = 0` where `j < i + diagonal`.
pub(crate) fn aclnnInplaceTriuGetWorkspaceSize(
    self_ref: *mut aclTensor,
    diagonal: i64,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnInplaceTriu";
    let mut call = Call::new(NAME);
    let own = ("selfRef", call.output("selfRef", self_ref)?);
    triangle(call, NAME, Kept::Upper, diagonal, own, own, (ws, executor))
}

fn triangle(
    call: Call,
    name: &'static str,
    kept: Kept,
    diagonal: i64,
    (param, input): (&'static str, Tensor),
    (out_param, output): (&'static str, Tensor),
    (ws, executor): (*mut u64, *mut *mut aclOpExecutor),
) -> Outcome {
    check_dtype(name, param, &input, ALL)?;
    check_same_dtype(name, out_param, &output, param, input.dtype)?;
    let rank = input.rank();
    check!(rank >= 2, ACLNN_ERR_PARAM_INVALID, "{name}: {param} is {rank}-D, at least 2-D is needed");
    check_shape(name, out_param, &output, &input.dims)?;
    check_writable(name, out_param, &output)?;
    let (height, width) = (input.dims[rank - 2], input.dims[rank - 1]);
    let (from, to) = (View::new(&input), View::new(&output));
    call.finish(ws, executor, move || {
        split(to.rows(width), width, |rows| {
            for row in rows {
                // Where the row meets the diagonal; the diagonal's own element belongs to both triangles.
                let meets = ((row % height) as i64).saturating_add(diagonal).saturating_add((kept == Kept::Lower) as i64);
                let (start, end) = (row * width, (row + 1) * width);
                let cut = start + meets.clamp(0, width as i64) as usize;
                let (moved, zeros) = if kept == Kept::Upper { (cut..end, start..cut) } else { (start..cut, cut..end) };
                with_bits!(to.dtype.size(), B => {
                    repeat::<B>(&to, zeros.start, zeros.end, 0);
                    move_range::<B>(&from, moved.start, &to, moved.start, moved.len());
                });
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    #[test]
    fn triangles_keep_their_side_of_the_diagonal() {
        for diagonal in [-9, -1, 0, 1, 3, i64::MAX, i64::MIN] {
            let make = || Array::strided(ACL_BF16, &[2, 3, 5], &[15, 1, 3], 0, 30, (1..31).map(f64::from));
            let (x, out) = (make(), Array::out(ACL_BF16, &[2, 3, 5]));
            // How far an element is to the right of the diagonal.
            let past = |i: usize| (i % 5) as i128 - (i / 5 % 3) as i128 - diagonal as i128;
            let kept = |keeps: fn(i128) -> bool| -> Vec<f64> {
                make().values().iter().enumerate().map(|(i, &v)| if keeps(past(i)) { v } else { 0.0 }).collect()
            };
            run(|w, e| aclnnTriuGetWorkspaceSize(x.handle(), diagonal, out.handle(), w, e)).unwrap();
            assert_eq!(out.values(), kept(|past| past >= 0), "diagonal {diagonal}");
            run(|w, e| aclnnTrilGetWorkspaceSize(x.handle(), diagonal, out.handle(), w, e)).unwrap();
            assert_eq!(out.values(), kept(|past| past <= 0), "diagonal {diagonal}");
            run(|w, e| aclnnInplaceTriuGetWorkspaceSize(x.handle(), diagonal, w, e)).unwrap();
            assert_eq!(x.values(), kept(|past| past >= 0), "diagonal {diagonal}");
        }
        let line = Array::out(ACL_FLOAT, &[2]);
        let wrong = run(|w, e| aclnnTriuGetWorkspaceSize(line.handle(), 0, line.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnTriu", "self is 1-D"), ACLNN_ERR_PARAM_INVALID);
        let wrong = run(|w, e| aclnnInplaceTriuGetWorkspaceSize(line.handle(), 0, w, e));
        assert_eq!(refusal(wrong, "aclnnInplaceTriu", "selfRef is 1-D"), ACLNN_ERR_PARAM_INVALID);
    }
}
