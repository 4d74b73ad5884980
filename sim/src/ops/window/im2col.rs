//! `aclnnIm2col`: each window of all channels of an image as a column.

use ascend_rl_sys::types::*;

use super::{Axis, numbers};
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::rows::Row;
use crate::ops::split::split;
use crate::ops::view::View;
use crate::reject::{Outcome, check, reject};

/// `out[n, (c, i, j), (v, h)]` is tap `(i, j)` of window `(v, h)` of channel `c`; 0 outside the image.
#[allow(clippy::too_many_arguments)] // CANN's own signature.
pub(crate) fn aclnnIm2colGetWorkspaceSize(
    self_: *const aclTensor,
    kernel_size: *const aclIntArray,
    dilation: *const aclIntArray,
    padding: *const aclIntArray,
    stride: *const aclIntArray,
    out: *const aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnIm2col";
    let mut call = Call::new(NAME);
    let (x, y) = (call.input("self", self_)?, call.output("out", out)?);
    check_dtype(NAME, "self", &x, FLOATS)?;
    check_same_dtype(NAME, "out", &y, "self", x.dtype)?;
    let rank = x.rank();
    check!(matches!(rank, 3 | 4), ACLNN_ERR_PARAM_INVALID, "{NAME}: self is {rank}-D; 3 or 4 dims are taken");
    let taps = numbers(&call, "kernelSize", kernel_size, &[2], 1)?;
    let dilations = numbers(&call, "dilation", dilation, &[2], 1)?;
    let paddings = numbers(&call, "padding", padding, &[2], 0)?;
    let strides = numbers(&call, "stride", stride, &[2], 1)?;
    let mut axes = [Axis { places: 1, windows: 1, taps: 1, stride: 1, dilation: 1, padding: 0 }; 2];
    for d in 0..2 {
        let (places, taps, dilation, padding, stride) = (x.dims[rank - 2 + d], taps[d], dilations[d], paddings[d], strides[d]);
        let Some(rest) = (places + 2 * padding).checked_sub(dilation * (taps - 1) + 1) else {
            reject!(ACLNN_ERR_PARAM_INVALID, "{NAME}: a window is larger than self's {:?} with its padding", x.dims)
        };
        axes[d] = Axis { places, windows: rest / stride + 1, taps, stride, dilation, padding };
    }
    let [height, width] = axes;
    let (places, windows, kernel) = (height.places * width.places, height.windows * width.windows, height.taps * width.taps);
    let dims = [x.dims[0], x.dims[rank - 3] * kernel, windows];
    check_shape(NAME, "out", &y, if rank == 4 { &dims } else { &dims[1..] })?;
    check_writable(NAME, "out", &y)?;
    let (from, to) = (View::new(&x), View::new(&y));
    call.finish(ws, executor, move || {
        split(from.rows(places), kernel * windows, |channels| {
            let (mut image, mut column) = (Row::new(places), Row::new(windows));
            for at in channels {
                let image = image.load(&from, at * places, places);
                for tap in 0..kernel {
                    let room = column.room(windows);
                    room.fill(0.0);
                    for v in height.inside(tap / width.taps) {
                        let row = v * height.stride + tap / width.taps * height.dilation - height.padding;
                        for h in width.inside(tap % width.taps) {
                            let place = h * width.stride + tap % width.taps * width.dilation - width.padding;
                            room[v * width.windows + h] = image[row * width.places + place];
                        }
                    }
                    to.store((at * kernel + tap) * windows, room);
                }
            }
        })
    })
}
