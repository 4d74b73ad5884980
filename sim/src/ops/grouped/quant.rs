//! Grouped products of quantised operands: int8 by int8 (A8W8), and floats by int8 (A16W8). Groups split the rows of one `x`; each
//! is a product of [`crate::ops::quant_matmul`].

use ascend_rl_sys::types::*;

use super::plan::{GroupList, GroupType, MAX_GROUPS, MAX_LIST, check_rank, spans};
use crate::nn::tensor::{Dims, Tensor};
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::quant_matmul::full::{Planned, is_swapped};
use crate::ops::quant_matmul::scale::{CODED, Scale};
use crate::ops::quant_matmul::weight_only::{self, Factors};
use crate::ops::view::View;
use crate::ops::weight::{Plain, Weight};
use crate::reject::{Outcome, check, reject};

/// The longest last dim of an operand.
const LONGEST: usize = 65535;

/// The parameters of quantised forms.
pub(super) struct Quant {
    pub scale: *const aclTensorList,
    pub offset: *const aclTensorList,
    pub antiquant_scale: *const aclTensorList,
    pub antiquant_offset: *const aclTensorList,
    pub per_token: *const aclTensorList,
}

type Listed = (&'static str, *const aclTensorList);

impl Quant {
    pub(super) fn all(&self) -> [Listed; 5] {
        [
            ("scaleOptional", self.scale),
            ("offsetOptional", self.offset),
            ("antiquantScaleOptional", self.antiquant_scale),
            ("antiquantOffsetOptional", self.antiquant_offset),
            ("perTokenScaleOptional", self.per_token),
        ]
    }

    /// Refuses lists that a form has no use for: null and empty ones are taken.
    pub(super) fn none(&self, call: &Call, lists: &[Listed], with: &str) -> Outcome {
        let name = call.name();
        for &(param, list) in lists {
            let is_empty = list.is_null() || crate::nn::resolve_tensor_list(list, name, param)?.is_empty();
            check!(is_empty, ACLNN_ERR_PARAM_INVALID, "{name}: {param} is given with {with}; pass null");
        }
        Ok(())
    }
}

/// What the products of the groups are.
enum Form {
    /// Both operands int8: factors of columns, which an int32 output has none of, and of rows.
    Full { scale: Vec<Tensor>, per_token: Option<Tensor> },
    /// The weight alone.
    WeightOnly { scale: Vec<Tensor>, offset: Vec<Tensor> },
}

/// A planned grouped product.
pub(super) struct Quantised {
    name: &'static str,
    x: Tensor,
    weight: Vec<Weight>,
    bias: Vec<Tensor>,
    y: Tensor,
    groups: GroupList,
    form: Form,
}

impl Quantised {
    /// Whether the weight is int8.
    pub(super) fn is(call: &Call, [_, weight, ..]: [*const aclTensorList; 4]) -> Outcome<bool> {
        if weight.is_null() {
            return Ok(false);
        }
        let weight = crate::nn::resolve_described_list(weight, call.name(), "weight")?;
        Ok(weight.first().is_some_and(|weight| weight.tensor.dtype == ACL_INT8))
    }

    /// Reads and checks the lists `[x, weight, bias, y]`.
    pub(super) fn read(
        call: &mut Call,
        [x, weight, bias, y]: [*const aclTensorList; 4],
        y_param: &'static str,
        quant: &Quant,
        groups: GroupList,
        split_item: i64,
        group_type: GroupType,
    ) -> Outcome<Quantised> {
        let name = call.name();
        let (x, weight) = (call.list("x", x, false)?, call.weights("weight", weight)?);
        let (bias, y) = (call.optional_list("biasOptional", bias)?, call.list(y_param, y, true)?);
        check!(
            group_type != GroupType::Terms,
            ACLNN_ERR_PARAM_INVALID,
            "{name}: groupType is 2 with a weight of int8; 0 is taken"
        );
        check!(
            group_type == GroupType::Rows && x.len() == 1 && y.len() == 1,
            ACL_ERROR_FEATURE_UNSUPPORTED,
            "{name}: x has {} tensors and {y_param} {}, with a weight of int8; the simulator takes one of each and groupType 0",
            x.len(),
            y.len()
        );
        check!(
            (2..=3).contains(&split_item),
            ACLNN_ERR_PARAM_INVALID,
            "{name}: splitItem is {split_item} with one {y_param}; 2 and 3 are taken"
        );
        let (x, y) = (x[0], y[0]);
        let (count, k, n) = check_weights(name, &weight)?;
        match groups.len() {
            None => reject!(ACLNN_ERR_PARAM_NULLPTR, "{name}: groupListOptional is null, which splits x into {count} groups"),
            Some(len) if len != count => {
                reject!(ACLNN_ERR_PARAM_INVALID, "{name}: groupListOptional has {len} groups; weight makes it {count}")
            }
            Some(_) => {}
        }
        check_rank(name, "x", &x, 2)?;
        check!(
            x.is_contiguous(),
            ACLNN_ERR_PARAM_INVALID,
            "{name}: x has strides {:?}; a contiguous tensor is needed",
            x.strides
        );
        let (rows, columns) = (x.dims[0], x.dims[1]);
        check!(columns == k, ACLNN_ERR_PARAM_INVALID, "{name}: x[0] has {columns} columns; weight has {k} rows");
        check_shape(name, y_param, &y, &[rows, n])?;
        check_writable(name, y_param, &y)?;

        let sizes = Sizes { name, weights: weight.len(), count, n };
        let form = match x.dtype {
            ACL_INT8 => full(call, quant, &sizes, (y_param, &y), rows)?,
            ACL_FLOAT16 | ACL_BF16 => weight_only(call, quant, &sizes, (y_param, &y), x.dtype)?,
            given => reject!(
                ACLNN_ERR_PARAM_INVALID,
                "{name}: x is {} with a weight of int8; ACL_INT8, ACL_FLOAT16 and ACL_BF16 are taken",
                self::name(given)
            ),
        };
        if !bias.is_empty() {
            let dtype = match x.dtype {
                ACL_INT8 => ACL_INT32,
                ACL_BF16 => ACL_FLOAT,
                other => other,
            };
            sizes.check("biasOptional", &bias, &[dtype])?;
        }
        Ok(Quantised { name, x, weight, bias, y, groups, form })
    }

    pub(super) fn finish(self, call: Call, ws: *mut u64, executor: *mut *mut aclOpExecutor) -> Outcome {
        call.finish(ws, executor, move || self.run())
    }

    fn run(&self) {
        let plain: Vec<Plain> = self.weight.iter().map(Weight::plain).collect();
        let weight: Vec<Tensor> = plain.iter().map(|plain| plain.tensor).collect();
        let ends = self.groups.ends(self.name, self.x.dims[0]);
        for (group, (start, len)) in spans(&ends).enumerate().filter(|(_, (_, len))| *len > 0) {
            let (x, y) = (rows(&self.x, start, len), rows(&self.y, start, len));
            let weight = of_group(&weight, group);
            let (k, n) = (weight.dims[0], weight.dims[1]);
            let weight = Weight::row_major(weight);
            let bias = (!self.bias.is_empty()).then(|| of_group(&self.bias, group));
            match &self.form {
                Form::Full { scale, per_token } => {
                    let planned = Planned {
                        x1: x,
                        x2: weight,
                        transpose: [false; 2],
                        batch: Dims::new(&[]),
                        m: len,
                        n,
                        scale: (!scale.is_empty()).then(|| Scale::new(&of_group(scale, group))),
                        offset: None,
                        pertoken: per_token.as_ref().map(|t| View::new(&rows(t, start, len))),
                        bias: bias.map(|t| View::new(&t)),
                        out: View::new(&y),
                    };
                    planned.run()
                }
                Form::WeightOnly { scale, offset } => {
                    let [scale, offset] = [scale, offset].map(|list| View::new(&of_group(list, group)));
                    let factors = Factors { dtype: x.dtype, columns: n, group: k, scale, offset: Some(offset) };
                    weight_only::weigh(&x, &weight, &factors, bias.as_ref(), None, &y)
                }
            }
        }
    }
}

/// What vectors of columns must fit.
struct Sizes {
    name: &'static str,
    weights: usize,
    count: usize,
    n: usize,
}

impl Sizes {
    /// One of each group's weight, or rows of one for a weight of all groups.
    fn check(&self, param: &str, list: &[Tensor], dtypes: &[aclDataType]) -> Outcome {
        let &Sizes { name, weights, count, n } = self;
        let len = list.len();
        check!(len == weights, ACLNN_ERR_PARAM_INVALID, "{name}: {param} has {len} tensors; weight has {weights}");
        let dims: &[usize] = if weights == 1 { &[count, n] } else { &[n] };
        list.iter().try_for_each(|t| {
            check_dtype(name, param, t, dtypes)?;
            check_shape(name, param, t, dims)
        })
    }

    /// A list that a form needs.
    fn read(&self, call: &mut Call, (param, list): Listed, dtypes: &[aclDataType]) -> Outcome<Vec<Tensor>> {
        let list = call.optional_list(param, list)?;
        check!(!list.is_empty(), ACLNN_ERR_PARAM_INVALID, "{}: {param} is null or empty; a weight of int8 needs it", self.name);
        self.check(param, &list, dtypes)?;
        Ok(list)
    }
}

/// Groups, rows and columns: one weight of three dims, or one of two for each group.
pub(super) fn check_weights(name: &str, weights: &[Weight]) -> Outcome<(usize, usize, usize)> {
    let len = weights.len();
    check!((1..=MAX_LIST).contains(&len), ACLNN_ERR_PARAM_INVALID, "{name}: weight has {len} tensors; 1..{MAX_LIST} are taken");
    let first = &weights[0].tensor;
    for (i, t) in weights.iter().map(|weight| &weight.tensor).enumerate() {
        check_same_dtype(name, "weight", t, "weight[0]", first.dtype)?;
        check_rank(name, "weight", t, if len == 1 { 3 } else { 2 })?;
        check!(t.dims == first.dims, ACLNN_ERR_PARAM_INVALID, "{name}: weight[{i}] has shape {:?}; all are alike", t.dims);
        check!(
            t.is_contiguous() || is_swapped(t),
            ACLNN_ERR_PARAM_INVALID,
            "{name}: weight[{i}] has strides {:?}; its last two dims may be swapped, no others",
            t.strides
        );
    }
    let rank = first.rank();
    let (k, n) = (first.dims[rank - 2], first.dims[rank - 1]);
    check!(
        k.max(n) <= LONGEST && k.min(n) > 0,
        ACLNN_ERR_PARAM_INVALID,
        "{name}: weight has shape {:?}; matrices of up to {LONGEST} rows and columns are taken, none of 0",
        first.dims
    );
    let count = if len == 1 { first.dims[0] } else { len };
    check!(count <= MAX_GROUPS, ACLNN_ERR_PARAM_INVALID, "{name}: {count} groups; at most {MAX_GROUPS} are taken");
    Ok((count, k, n))
}

/// CANN's table: by the output, the factors of columns, and whether rows have factors.
fn full(call: &mut Call, quant: &Quant, sizes: &Sizes, (y_param, y): (&str, &Tensor), rows: usize) -> Outcome<Form> {
    let name = sizes.name;
    let [scale, offset, antiquant_scale, antiquant_offset, per_token] = quant.all();
    quant.none(call, &[offset, antiquant_scale, antiquant_offset], "int8 by int8")?;
    check_dtype(name, y_param, y, &[ACL_FLOAT16, ACL_BF16, ACL_INT8, ACL_INT32])?;
    if y.dtype == ACL_INT32 {
        quant.none(call, &[scale, per_token], "an output of int32")?;
        return Ok(Form::Full { scale: Vec::new(), per_token: None });
    }
    let scales: &[aclDataType] = match y.dtype {
        ACL_BF16 => &[ACL_BF16],
        ACL_FLOAT16 => &[ACL_FLOAT],
        _ => CODED,
    };
    let scale = sizes.read(call, scale, scales)?;
    if y.dtype == ACL_INT8 {
        quant.none(call, &[per_token], "an output of int8")?;
        return Ok(Form::Full { scale, per_token: None });
    }
    let given = call.optional_list(per_token.0, per_token.1)?;
    check!(given.len() <= 1, ACLNN_ERR_PARAM_INVALID, "{name}: {} has {} tensors; x has 1", per_token.0, given.len());
    for t in &given {
        check_dtype(name, per_token.0, t, &[ACL_FLOAT])?;
        check_shape(name, per_token.0, t, &[rows])?;
    }
    Ok(Form::Full { scale, per_token: given.first().copied() })
}

fn weight_only(
    call: &mut Call,
    quant: &Quant,
    sizes: &Sizes,
    (y_param, y): (&str, &Tensor),
    dtype: aclDataType,
) -> Outcome<Form> {
    let [scale, offset, antiquant_scale, antiquant_offset, per_token] = quant.all();
    quant.none(call, &[scale, offset, per_token], "floats by int8")?;
    check_same_dtype(sizes.name, y_param, y, "x", dtype)?;
    let scale = sizes.read(call, antiquant_scale, &[dtype])?;
    let offset = sizes.read(call, antiquant_offset, &[dtype])?;
    Ok(Form::WeightOnly { scale, offset })
}

/// Rows of a matrix, or elements of a vector.
pub(super) fn rows(t: &Tensor, start: usize, len: usize) -> Tensor {
    let mut dims = t.dims.to_vec();
    dims[0] = len;
    Tensor { dims: Dims::new(&dims), data: t.data.wrapping_add(start * t.strides[0] * t.dtype.size()), ..*t }
}

/// A group's own tensor, or its part of the one of all groups.
pub(super) fn of_group(list: &[Tensor], group: usize) -> Tensor {
    if list.len() > 1 {
        return list[group];
    }
    let t = &list[0];
    Tensor {
        dims: Dims::new(&t.dims[1..]),
        strides: Dims::new(&t.strides[1..]),
        data: t.data.wrapping_add(group * t.strides[0] * t.dtype.size()),
        ..*t
    }
}
