//! `aclnnUpsampleNearest2d`: an image of another size, each pixel from the nearest of the image.

use ascend_rl_sys::types::*;

use super::numbers;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::rows::Row;
use crate::ops::split::split;
use crate::ops::view::View;
use crate::reject::{Outcome, check};

const TAKES: &[aclDataType] = &[ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_UINT8];

/// `out[.., v, h] = self[.., v * scale, h * scale]`, rounded down; the scale is the ratio of the sizes, in f32. Any format but NHWC
/// is read as NCHW.
pub(crate) fn aclnnUpsampleNearest2dGetWorkspaceSize(
    self_: *const aclTensor,
    output_size: *const aclIntArray,
    out: *mut aclTensor,
    ws: *mut u64,
    executor: *mut *mut aclOpExecutor,
) -> Outcome {
    const NAME: &str = "aclnnUpsampleNearest2d";
    let mut call = Call::new(NAME);
    let (x, y) = (call.input("self", self_)?, call.output("out", out)?);
    check_dtype(NAME, "self", &x, TAKES)?;
    check_same_dtype(NAME, "out", &y, "self", x.dtype)?;
    let rank = x.rank();
    check!(rank == 4, ACLNN_ERR_PARAM_INVALID, "{NAME}: self is {rank}-D; 4-D is needed");
    check!(y.rank() == 4, ACLNN_ERR_PARAM_INVALID, "{NAME}: out is {}-D; 4-D is needed", y.rank());
    let formats = [("self", self_), ("out", out.cast_const())]
        .map(|(param, handle)| crate::nn::resolve_described(handle, NAME, param).map(|d| d.format == ACL_FORMAT_NHWC));
    let [last, also] = formats;
    let last = last?;
    check!(also? == last, ACLNN_ERR_PARAM_INVALID, "{NAME}: one of self and out is NHWC and the other is not");
    let order = if last { [0, 3, 1, 2] } else { [0, 1, 2, 3] };
    let size = numbers(&call, "outputSize", output_size, &[2], 1)?;
    let mut dims = x.dims.to_vec();
    (dims[order[2]], dims[order[3]]) = (size[0], size[1]);
    check_shape(NAME, "out", &y, &dims)?;
    check_writable(NAME, "out", &y)?;
    check!(x.numel() > 0, ACLNN_ERR_PARAM_INVALID, "{NAME}: self has shape {:?}; it must not be empty", x.dims);
    let nearest = |d: usize, n: usize| -> Vec<usize> {
        let places = x.dims[order[d]];
        let scale = places as f32 / n as f32;
        (0..n).map(|i| ((i as f32 * scale) as usize).min(places - 1)).collect()
    };
    let (rows, columns) = (nearest(2, size[0]), nearest(3, size[1]));
    let (height, width) = (x.dims[order[2]], x.dims[order[3]]);
    let (from, to) = (View::ordered(&x, order.into_iter()), View::ordered(&y, order.into_iter()));
    call.finish(ws, executor, move || {
        let (high, wide) = (rows.len(), columns.len());
        split(to.rows(wide), wide, |range| {
            let (mut row, mut result) = (Row::new(width), Row::new(wide));
            for at in range {
                let source = at / high * height + rows[at % high];
                let (row, room) = (row.load(&from, source * width, width), result.room(wide));
                for (to, &column) in room.iter_mut().zip(&columns) {
                    *to = row[column];
                }
                to.store(at * wide, room);
            }
        })
    })
}
