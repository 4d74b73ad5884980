//! Running extremes along one dim, and where they are: `aclnnCummax`, `aclnnCummin`. Of equals the last counts, and what is no number
//! stays the extreme once it is met, as in PyTorch.

use ascend_rl_sys::types::*;

use super::length;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::element::{Lane, is_ordered};
use crate::ops::split::split;
use crate::ops::view::{BLOCK, Buffer, View};
use crate::reject::Outcome;

macro_rules! running {
    ($($(#[$doc:meta])* $body:ident, $name:literal, $least:literal;)*) => { $(
        $(#[$doc])*
        pub(crate) fn $body(
            self_: *const aclTensor, dim: i64, values_out: *mut aclTensor, indices_out: *mut aclTensor,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let input = call.input("self", self_)?;
            let (values, places) = (call.output("valuesOut", values_out)?, call.output("indicesOut", indices_out)?);
            check_dtype($name, "self", &input, ALL)?;
            check_same_dtype($name, "valuesOut", &values, "self", input.dtype)?;
            check_dtype($name, "indicesOut", &places, &[ACL_INT64, ACL_INT32])?;
            for (param, out) in [("valuesOut", &values), ("indicesOut", &places)] {
                check_shape($name, param, out, &input.dims)?;
                check_writable($name, param, out)?;
            }
            let dim = check_dim($name, "dim", dim, &input)?;
            let (n, float) = (length(&input, dim), is_float(input.dtype));
            let [from, values, places] = [input, values, places].map(|t| View::lines(&t, dim));
            call.finish(ws, executor, move || {
                split(from.rows(n), n, |rows| {
                    for row in rows {
                        if float {
                            extremes::<f32, $least>(&from, &values, &places, row * n, n)
                        } else {
                            extremes::<i64, $least>(&from, &values, &places, row * n, n)
                        }
                    }
                })
            })
        }
    )* };
}
running! {
    /// The largest so far, and its index.
    aclnnCummaxGetWorkspaceSize, "aclnnCummax", false;
    /// The smallest so far, and its index.
    aclnnCumminGetWorkspaceSize, "aclnnCummin", true;
}

fn extremes<T: Lane + PartialOrd, const LEAST: bool>(from: &View, values: &View, places: &View, start: usize, n: usize) {
    let (mut buffer, mut best) = (Buffer::<T>::new(), (T::default(), 0i64));
    for done in (0..n).step_by(BLOCK) {
        let len = BLOCK.min(n - done);
        let mut found = Vec::with_capacity(len);
        for (i, &x) in from.load(start + done, len, &mut buffer).iter().enumerate() {
            let beats = if LEAST { x <= best.0 } else { x >= best.0 };
            // Only a NaN differs from itself.
            let (is_nan, stays_nan) = (!is_ordered(x), done + i > 0 && !is_ordered(best.0));
            if done + i == 0 || is_nan || beats && !stays_nan {
                best = (x, (done + i) as i64);
            }
            found.push(best);
        }
        let (tops, indices): (Vec<T>, Vec<i64>) = found.into_iter().unzip();
        values.store(start + done, &tops);
        places.store(start + done, &indices);
    }
}

#[cfg(test)]
mod tests {
    use ascend_rl_sys::codes::*;

    use super::*;
    use crate::ops::testing::*;

    #[test]
    fn extremes_so_far() {
        for dtype in [ACL_FLOAT, ACL_BF16, ACL_INT64, ACL_INT32, ACL_UINT8] {
            for n in [1i64, 9, 2100] {
                // Few values, so that there are many equals.
                let x = Array::strided(dtype, &[n, 2], &[3, 1], 1, 3 * n + 1, noise(n as u64).map(|v| ((v + 1.0) * 8.0).round()));
                for least in [false, true] {
                    let (values, places) = (Array::out(dtype, &[n, 2]), Array::out(ACL_INT64, &[n, 2]));
                    let (s, v, p) = (x.handle(), values.handle(), places.handle());
                    run(|w, e| match least {
                        true => aclnnCumminGetWorkspaceSize(s, 0, v, p, w, e),
                        false => aclnnCummaxGetWorkspaceSize(s, -2, v, p, w, e),
                    })
                    .unwrap();
                    let (source, sign) = (x.values(), if least { -1.0 } else { 1.0 });
                    for at in 0..2 * n as usize {
                        let line = (0..=at / 2).map(|i| sign * source[2 * i + at % 2]);
                        let (top, found) =
                            line.enumerate().fold((f64::MIN, 0), |best, (i, v)| if v >= best.0 { (v, i) } else { best });
                        assert_eq!((values.values()[at], places.values()[at]), (sign * top, found as f64));
                    }
                    if n > 100 {
                        break;
                    }
                }
            }
        }
        let x = Array::new(ACL_FLOAT, &[4], [1.0, f64::NAN, 5.0, 0.0]);
        let (values, places) = (Array::out(ACL_FLOAT, &[4]), Array::out(ACL_INT32, &[4]));
        run(|w, e| aclnnCummaxGetWorkspaceSize(x.handle(), 0, values.handle(), places.handle(), w, e)).unwrap();
        assert_close(&values.values(), &[1.0, f64::NAN, f64::NAN, f64::NAN], 0.0, 0.0);
        assert_eq!(places.values(), [0.0, 1.0, 1.0, 1.0]);
        let wrong = run(|w, e| aclnnCummaxGetWorkspaceSize(x.handle(), 0, values.handle(), values.handle(), w, e));
        assert_eq!(refusal(wrong, "aclnnCummax", "indicesOut is ACL_FLOAT"), ACLNN_ERR_PARAM_INVALID);
    }
}
