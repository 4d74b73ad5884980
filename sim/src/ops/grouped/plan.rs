//! What all versions of the grouped product are: lists of matrices, and where the groups end.

use ascend_rl_sys::types::*;

use crate::gemm::{Matrix, Product};
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::ops::dtypes::*;
use crate::ops::rows::all;
use crate::ops::view::View;
use crate::ops::weight::{Plain, Weight};
use crate::reject::{Outcome, check, fail, reject};

/// Most tensors of a list, and most groups of one weight.
pub(super) const MAX_LIST: usize = 128;
pub(super) const MAX_GROUPS: usize = 1024;

/// Which dim the groups split.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum GroupType {
    /// None: each product has operands of its own.
    None,
    /// Rows of `x`: tokens.
    Rows,
    /// What is summed over: tokens, in the gradient of weights.
    Terms,
}

impl GroupType {
    pub(super) fn read(operator: &str, group_type: i64) -> Outcome<GroupType> {
        match group_type {
            -1 => Ok(GroupType::None),
            0 => Ok(GroupType::Rows),
            2 => Ok(GroupType::Terms),
            other => reject!(ACLNN_ERR_PARAM_INVALID, "{operator}: groupType is {other}; -1, 0 and 2 are taken"),
        }
    }
}

/// Where groups end.
pub(super) enum GroupList {
    Missing,
    Host(Vec<i64>),
    /// Read when the operation runs; as counts, or as ends.
    Device {
        list: View,
        counts: bool,
    },
}

impl GroupList {
    pub(super) fn host(call: &Call, list: *const aclIntArray) -> Outcome<GroupList> {
        Ok(call.int_array("groupListOptional", list)?.map_or(GroupList::Missing, GroupList::Host))
    }

    pub(super) fn device(call: &mut Call, name: &str, list: *const aclTensor, list_type: i64) -> Outcome<GroupList> {
        let counts = match list_type {
            0 | 1 => list_type == 1,
            2 => reject!(ACL_ERROR_FEATURE_UNSUPPORTED, "{name}: groupListType is 2 (pairs); the simulator takes 0 and 1"),
            _ => reject!(ACLNN_ERR_PARAM_INVALID, "{name}: groupListType is {list_type}; 0 (ends) and 1 (counts) are taken"),
        };
        let Some(list) = call.optional_input("groupListOptional", list)? else { return Ok(GroupList::Missing) };
        check_dtype(name, "groupListOptional", &list, &[ACL_INT64])?;
        check!(list.rank() == 1, ACLNN_ERR_PARAM_INVALID, "{name}: groupListOptional is {}-D; 1-D is needed", list.rank());
        Ok(GroupList::Device { list: View::new(&list), counts })
    }

    pub(super) fn len(&self) -> Option<usize> {
        match self {
            GroupList::Missing => None,
            GroupList::Host(ends) => Some(ends.len()),
            GroupList::Device { list, .. } => Some(list.numel()),
        }
    }

    /// The ends, of `total` rows. Ends that go back or beyond fail the operation, as they do on a device: when it runs.
    pub(super) fn ends(&self, operator: &str, total: usize) -> Vec<usize> {
        let mut ends = match self {
            GroupList::Missing => Vec::new(),
            GroupList::Host(ends) => ends.clone(),
            GroupList::Device { list, .. } => all::<i64>(list),
        };
        if let GroupList::Device { counts: true, .. } = self {
            let mut sum = 0;
            ends.iter_mut().for_each(|count| {
                sum += *count;
                *count = sum;
            });
        }
        let mut before = 0;
        for (group, &end) in ends.iter().enumerate() {
            if end < before || end as usize > total {
                fail!("{operator}: group {group} of groupListOptional ends at {end}, after {before} and of {total} rows")
            }
            before = end;
        }
        ends.into_iter().map(|end| end as usize).collect()
    }
}

/// A planned grouped product.
pub(super) struct Grouped {
    name: &'static str,
    x: Vec<Tensor>,
    /// Dims, strides and dtype; where the elements are, `stored` says.
    weight: Vec<Tensor>,
    stored: Vec<Weight>,
    bias: Vec<Tensor>,
    y: Vec<Tensor>,
    groups: GroupList,
    group_type: GroupType,
    count: usize,
}

impl Grouped {
    /// Reads and checks the lists `[x, weight, bias, y]`.
    pub(super) fn read(
        call: &mut Call,
        [x, weight, bias, y]: [*const aclTensorList; 4],
        y_param: &'static str,
        groups: GroupList,
        split_item: i64,
        group_type: GroupType,
    ) -> Outcome<Grouped> {
        let name = call.name();
        let (x, stored) = (call.list("x", x, false)?, call.weights("weight", weight)?);
        let weight: Vec<Tensor> = stored.iter().map(|w| w.tensor).collect();
        let (bias, y) = (call.optional_list("biasOptional", bias)?, call.list(y_param, y, true)?);
        for (param, list) in [("x", &x), ("weight", &weight), (y_param, &y)] {
            let len = list.len();
            check!(
                (1..=MAX_LIST).contains(&len),
                ACLNN_ERR_PARAM_INVALID,
                "{name}: {param} has {len} tensors; 1..{MAX_LIST} are taken"
            );
        }
        let dtype = x[0].dtype;
        let lists = [("x", &x), ("weight", &weight), (y_param, &y)];
        for (param, t) in lists.into_iter().flat_map(|(param, list)| list.iter().map(move |t| (param, t))) {
            check!(
                !matches!(t.dtype, ACL_INT8 | ACL_INT4 | ACL_INT32),
                ACL_ERROR_FEATURE_UNSUPPORTED,
                "{name}: {param} is {}; the simulator takes floats, int8 by int8, and floats by int8",
                self::name(t.dtype)
            );
            check_dtype(name, param, t, FLOATS)?;
            check_same_dtype(name, param, t, "x", dtype)?;
        }
        check!((0..=3).contains(&split_item), ACLNN_ERR_PARAM_INVALID, "{name}: splitItem is {split_item}; 0..3 are taken");
        check!(
            !stored.iter().any(Weight::is_nz) || is_half(dtype) && group_type != GroupType::Terms,
            ACLNN_ERR_PARAM_INVALID,
            "{name}: weight is {} in FRACTAL_NZ; it is taken with f16 and bf16 and groupType -1 or 0",
            self::name(dtype)
        );
        let grouped = Grouped { count: 0, name, x, weight, stored, bias, y, groups, group_type };
        let count = grouped.check_groups()?;
        let single = split_item >= 2;
        check!(
            if single { grouped.y.len() == 1 } else { grouped.y.len() == count || group_type == GroupType::Terms },
            ACLNN_ERR_PARAM_INVALID,
            "{name}: {y_param} has {} tensors; splitItem {split_item} makes it {}",
            grouped.y.len(),
            if single { 1 } else { count }
        );
        let grouped = Grouped { count, ..grouped };
        grouped.check_shapes(y_param)?;
        grouped.check_bias()?;
        Ok(grouped)
    }

    /// How many groups there are, which every list must agree with.
    fn check_groups(&self) -> Outcome<usize> {
        let Grouped { name, x, weight, y, .. } = self;
        let stacked = |list: &[Tensor]| (list.len() == 1 && list[0].rank() == 3).then(|| list[0].dims[0]);
        let count = match self.group_type {
            GroupType::None => x.len(),
            GroupType::Rows => stacked(weight).unwrap_or(weight.len()),
            GroupType::Terms => stacked(y).unwrap_or(y.len()),
        };
        check!(count <= MAX_GROUPS, ACLNN_ERR_PARAM_INVALID, "{name}: {count} groups; at most {MAX_GROUPS} are taken");
        match (self.group_type, self.groups.len()) {
            (GroupType::None, Some(_)) => {
                reject!(ACLNN_ERR_PARAM_INVALID, "{name}: groupListOptional is given with nothing to split; pass null")
            }
            (_, None) if x.len() != count => {
                reject!(ACLNN_ERR_PARAM_NULLPTR, "{name}: groupListOptional is null, which splits one x into {count} groups")
            }
            (_, Some(len)) if len != count => {
                reject!(ACLNN_ERR_PARAM_INVALID, "{name}: groupListOptional has {len} groups; weight makes it {count}")
            }
            _ => Ok(count),
        }
    }

    fn check_shapes(&self, y_param: &str) -> Outcome {
        for t in &self.y {
            check_writable(self.name, y_param, t)?;
        }
        match self.group_type {
            GroupType::Terms => self.check_gradient(y_param),
            _ => self.check_forward(y_param),
        }
    }

    /// `x` [k, tokens], `weight` [tokens, n], `y` [groups, k, n].
    fn check_gradient(&self, y_param: &str) -> Outcome {
        let Grouped { name, x, weight, y, count, .. } = self;
        for (param, list) in [("x", x), ("weight", weight), (y_param, y)] {
            let len = list.len();
            let code = "with groupType 2 the simulator takes one";
            check!(len == 1, ACL_ERROR_FEATURE_UNSUPPORTED, "{name}: {param} has {len} tensors; {code}");
        }
        check_rank(name, "x", &x[0], 2)?;
        check_rank(name, "weight", &weight[0], 2)?;
        let n = weight[0].dims[1];
        check_shape(name, "weight", &weight[0], &[x[0].dims[1], n])?;
        check_shape(name, y_param, &y[0], &[*count, x[0].dims[0], n])
    }

    /// `x` [tokens, k], `weight` [groups, k, n] or [k, n] of each, `y` [tokens, n].
    fn check_forward(&self, y_param: &str) -> Outcome {
        let Grouped { name, x, weight, y, count, .. } = self;
        let each = self.group_type == GroupType::None;
        for (param, list) in [("x", x), (y_param, y)] {
            list.iter().try_for_each(|t| check_rank(name, param, t, 2))?;
        }
        let stacked = !each && weight.len() == 1 && *count > 1;
        for t in weight {
            let one = !each && *count == 1 && t.rank() == 3;
            check_rank(name, "weight", t, if stacked || one { 3 } else { 2 })?;
        }
        for (param, len, may_be_one) in [("x", x.len(), !each), ("weight", weight.len(), stacked)] {
            check!(
                len == *count || may_be_one && len == 1,
                ACLNN_ERR_PARAM_INVALID,
                "{name}: {param} has {len} tensors for {count} groups"
            );
        }
        let own = |i: usize| self.weight_dims(if each { i } else { 0 });
        for (i, t) in weight.iter().enumerate().filter(|_| !each) {
            let (given, needed) = (self.weight_dims(i), own(0));
            check!(given == needed, ACLNN_ERR_PARAM_INVALID, "{name}: weight[{i}] has shape {:?}; all are alike", t.dims);
        }
        for (i, t) in x.iter().enumerate() {
            let (k, columns) = (own(i).0, t.dims[1]);
            check!(columns == k, ACLNN_ERR_PARAM_INVALID, "{name}: x[{i}] has {columns} columns; weight has {k} rows");
        }
        let rows: usize = x.iter().map(|t| t.dims[0]).sum();
        for (i, t) in y.iter().enumerate() {
            let rows = match (y.len() == 1, x.len() == *count) {
                (true, _) => rows,
                (false, true) => x[i].dims[0],
                // Known when the operation runs.
                (false, false) => t.dims[0],
            };
            check_shape(name, y_param, t, &[rows, own(i).1])?;
        }
        Ok(())
    }

    fn check_bias(&self) -> Outcome {
        let Grouped { name, bias, count, .. } = self;
        if bias.is_empty() {
            return Ok(());
        }
        check!(
            self.group_type != GroupType::Terms,
            ACLNN_ERR_PARAM_INVALID,
            "{name}: biasOptional is given with groupType 2; pass null"
        );
        // bf16 products take their bias in f32.
        let dtype = if self.x[0].dtype == ACL_FLOAT16 { ACL_FLOAT16 } else { ACL_FLOAT };
        let stacked = bias.len() == 1 && bias[0].rank() == 2;
        check!(
            stacked || bias.len() == *count,
            ACLNN_ERR_PARAM_INVALID,
            "{name}: biasOptional has {} tensors; {count} are needed",
            bias.len()
        );
        for (i, t) in bias.iter().enumerate() {
            check_dtype(name, "biasOptional", t, &[dtype])?;
            let n = self.weight_dims(i).1;
            if stacked {
                check_shape(name, "biasOptional", t, &[*count, n])?
            } else {
                check_shape(name, "biasOptional", t, &[n])?
            }
        }
        Ok(())
    }

    /// Rows and columns of a group's weight.
    fn weight_dims(&self, group: usize) -> (usize, usize) {
        let t = self.weight.get(group).unwrap_or(&self.weight[0]);
        let rank = t.rank();
        (t.dims[rank - 2], t.dims[rank - 1])
    }

    pub(super) fn finish(self, call: Call, ws: *mut u64, executor: *mut *mut aclOpExecutor) -> Outcome {
        call.finish(ws, executor, move || {
            let plain: Vec<Plain> = self.stored.iter().map(Weight::plain).collect();
            let weight: Vec<Tensor> = plain.iter().map(|plain| plain.tensor).collect();
            for product in self.products(&weight) {
                // SAFETY: shapes and dtypes are checked, groups lie inside their tensors, and the memory was promised by C until
                // the stream has passed the operation.
                unsafe { product.run() }
            }
        })
    }

    /// `weight` is row-major.
    fn products(&self, weight: &[Tensor]) -> Vec<Product> {
        if self.group_type == GroupType::Terms {
            let (x, w) = (Slice::of(&self.x[0], None), Slice::of(&weight[0], None));
            let ends = self.groups.ends(self.name, x.cols);
            return spans(&ends)
                .enumerate()
                .map(|(g, (start, len))| Product {
                    a: x.columns(start, len),
                    b: w.rows(start, len),
                    alpha: 1.0,
                    add: None,
                    out: Slice::of(&self.y[0], Some(g)).0,
                })
                .collect();
        }
        let total = self.x.iter().map(|t| t.dims[0]).sum();
        let ends = if self.x.len() == self.count {
            let mut end = 0;
            let own = self.x.iter().map(|t| {
                end += t.dims[0];
                end
            });
            own.collect()
        } else {
            self.groups.ends(self.name, total)
        };
        spans(&ends).enumerate().map(|(g, span)| self.product(weight, g, span)).collect()
    }

    /// The product of a group that is not split along what is summed over.
    fn product(&self, weight: &[Tensor], group: usize, (start, len): (usize, usize)) -> Product {
        let part = |list: &[Tensor]| {
            if list.len() > 1 || self.count == 1 {
                Slice::of(&list[group], None)
            } else {
                Slice::of(&list[0], None).rows_of(start, len)
            }
        };
        let weight = match weight.get(group).filter(|_| weight.len() > 1 || weight[0].rank() == 2) {
            Some(own) => Slice::of(own, None),
            None => Slice::of(&weight[0], Some(group)),
        };
        let (a, out) = (part(&self.x).0, part(&self.y).0);
        // One group of one tensor takes the rows that its list says.
        let (a, out) = (Slice(a).head(len), Slice(out).sized(self.name, group, len));
        let add = (!self.bias.is_empty()).then(|| {
            let bias =
                if self.bias.len() == 1 && self.bias[0].rank() == 2 { (&self.bias[0], group) } else { (&self.bias[group], 0) };
            (1.0, repeated(bias.0, bias.1, out.rows))
        });
        Product { a, b: weight.0, alpha: 1.0, add, out }
    }
}

pub(super) fn check_rank(name: &str, param: &str, t: &Tensor, rank: usize) -> Outcome {
    let given = t.rank();
    check!(given == rank, ACLNN_ERR_PARAM_INVALID, "{name}: {param} is {given}-D; {rank}-D is needed");
    Ok(())
}

/// Where each group starts, and how long it is.
pub(super) fn spans(ends: &[usize]) -> impl Iterator<Item = (usize, usize)> + '_ {
    ends.iter().enumerate().map(|(g, &end)| {
        let start = if g == 0 { 0 } else { ends[g - 1] };
        (start, end - start)
    })
}

/// A vector as each of `rows` rows.
fn repeated(t: &Tensor, row: usize, rows: usize) -> Matrix {
    let last = t.rank() - 1;
    let offset = if last == 1 { row * t.strides[0] } else { 0 };
    let data = t.data.wrapping_add(offset * t.dtype.size());
    Matrix { dtype: t.dtype, rows, cols: t.dims[last], row_stride: 0, col_stride: t.strides[last], data }
}

/// A matrix, parts of which are products' operands.
#[derive(Clone, Copy)]
pub(super) struct Slice(pub Matrix);

impl std::ops::Deref for Slice {
    type Target = Matrix;
    fn deref(&self) -> &Matrix {
        &self.0
    }
}

impl Slice {
    /// A 2-D tensor, or one matrix of a 3-D one.
    pub(super) fn of(t: &Tensor, group: Option<usize>) -> Slice {
        let lead = t.rank() - 2;
        let offset = group.filter(|_| lead > 0).map_or(0, |g| g * t.strides[0]);
        Slice(Matrix {
            dtype: t.dtype,
            rows: t.dims[lead],
            cols: t.dims[lead + 1],
            row_stride: t.strides[lead],
            col_stride: t.strides[lead + 1],
            data: t.data.wrapping_add(offset * t.dtype.size()),
        })
    }

    fn shifted(&self, elements: usize) -> *mut u8 {
        self.data.wrapping_add(elements * self.dtype.size())
    }

    pub(super) fn rows(&self, start: usize, len: usize) -> Matrix {
        Matrix { rows: len, data: self.shifted(start * self.row_stride), ..self.0 }
    }

    fn rows_of(&self, start: usize, len: usize) -> Slice {
        Slice(self.rows(start, len))
    }

    pub(super) fn columns(&self, start: usize, len: usize) -> Matrix {
        Matrix { cols: len, data: self.shifted(start * self.col_stride), ..self.0 }
    }

    fn head(self, len: usize) -> Matrix {
        Matrix { rows: len.min(self.0.rows), ..self.0 }
    }

    /// An output of `len` rows.
    fn sized(self, operator: &str, group: usize, len: usize) -> Matrix {
        if self.0.rows < len {
            fail!("{operator}: group {group} has {len} rows, its output {}", self.0.rows)
        }
        self.head(len)
    }
}
