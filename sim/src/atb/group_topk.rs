//! `GroupTopkParam`: of the scores of experts, those of the best groups stay.

use std::cmp::Ordering;

use ascend_rl_sys::types::*;

use super::Operation;
use super::steps::{Step, plan};
use super::tensors::{Desc, Given, HALVES, check_dtype, check_is};
use crate::ops::call::Call;
use crate::ops::split::split;
use crate::ops::view::{BLOCK, Buffer, View};
use crate::reject::{Outcome, check};

/// Most experts; the second input is their numbers, which the kernel sorts with.
const MOST: usize = 1024;

pub(super) struct GroupTopk {
    groups: usize,
    kept: usize,
    /// How many of a group's best add up to its score.
    best: usize,
}

impl GroupTopk {
    pub(super) fn new(param: AtbGroupTopkParam) -> Outcome<GroupTopk> {
        let (groups, kept) = (param.group_num, param.k);
        check!(groups >= 1, ATB_INVALID_PARAM, "groupNum is {groups}, a positive number is needed");
        check!((1..=groups).contains(&kept), ATB_INVALID_PARAM, "k is {kept}, 1 to groupNum ({groups}) is taken");
        check!(
            param.group_multi_flag <= 1,
            ATB_INVALID_PARAM,
            "groupMultiFlag is {}; 0 (the largest) and 1 (the sum of the n largest) are taken",
            param.group_multi_flag
        );
        check!(
            param.group_multi_flag == 0 || param.n >= 1,
            ATB_INVALID_PARAM,
            "n is 0, a group's score needs at least one expert"
        );
        let best = if param.group_multi_flag == 0 { 1 } else { param.n as usize };
        Ok(GroupTopk { groups: groups as usize, kept: kept as usize, best })
    }
}

impl Operation for GroupTopk {
    fn io(&self) -> (usize, usize) {
        (2, 1)
    }

    fn infer(&self, inputs: &[Desc]) -> Outcome<Vec<Desc>> {
        let x = &inputs[0];
        check_dtype("token", x, HALVES)?;
        check!(x.dims.len() == 2, ATB_INVALID_TENSOR_DIM_NUM, "token is {:?}, [tokens, experts] is needed", x.dims);
        let experts = x.dims[1];
        check!(
            experts <= MOST && experts.is_multiple_of(self.groups),
            ATB_INVALID_PARAM,
            "{experts} experts in {} groups; a multiple of at most {MOST} is taken",
            self.groups
        );
        let most = experts / self.groups;
        check!(self.best <= most, ATB_INVALID_PARAM, "n is {}, a group has {most} experts", self.best);
        check_is("idxArr", &inputs[1], ACL_INT32, &[MOST])?;
        Ok(vec![x.clone()])
    }

    fn plan(&self, inputs: &[Given], outputs: &[Given], _workspace: usize) -> Outcome<Vec<Step>> {
        const NAME: &str = "GroupTopkOperation";
        let (x, out) = (inputs[0].handle()?, outputs[0].handle()?);
        let indices = inputs[1].handle()?;
        let (experts, groups, kept, best) = (inputs[0].desc.dims[1], self.groups, self.kept, self.best);
        Ok(vec![plan(NAME, |ws, executor| {
            let mut call = Call::new(NAME);
            let (x, _) = (call.input("token", x.raw())?, call.input("idxArr", indices.raw())?);
            let out = call.output("output", out.raw())?;
            let (x, out) = (View::new(&x), View::new(&out));
            call.finish(ws, executor, move || {
                split(x.rows(experts), experts, |rows| {
                    let (mut row_buffer, mut scores) = (Buffer::<f32>::new(), Vec::new());
                    let mut result = [0f32; BLOCK];
                    for row in rows {
                        let values = x.load(row * experts, experts, &mut row_buffer);
                        let result = &mut result[..experts];
                        keep_best_groups(values, groups, kept, best, &mut scores, result);
                        out.store(row * experts, result);
                    }
                })
            })
        })?])
    }
}

/// Copies the experts of the `kept` best groups and writes 0 for the others; of equal groups the first is the better.
fn keep_best_groups(values: &[f32], groups: usize, kept: usize, best: usize, scores: &mut Vec<(f32, usize)>, out: &mut [f32]) {
    let size = values.len() / groups;
    scores.clear();
    for (group, members) in values.chunks_exact(size).enumerate() {
        let mut sorted = members.to_vec();
        sorted.sort_by(|a, b| b.total_cmp(a));
        scores.push((sorted[..best].iter().sum(), group));
    }
    scores.sort_by(|a, b| match b.0.total_cmp(&a.0) {
        Ordering::Equal => a.1.cmp(&b.1),
        order => order,
    });
    out.fill(0.0);
    for &(_, group) in &scores[..kept] {
        let range = group * size..(group + 1) * size;
        out[range.clone()].copy_from_slice(&values[range]);
    }
}
