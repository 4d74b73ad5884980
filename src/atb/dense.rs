//! Norms, rotations, products and the choice of expert groups.

use ascend_rl_sys::types::*;

use super::Context;
use super::call::{Input, Operation, make, out};
use crate::error::Result;
use crate::tensor::{View, ViewMut};

/// `y = x / sqrt(mean(x²) + epsilon) * gamma` over the last dim.
pub struct RmsNorm<'c>(pub(super) Operation<'c>);

/// A residual is added first: `sum = x + residual`, `y = norm(sum) * gamma`.
pub struct PreNorm<'c>(pub(super) Operation<'c>);

/// Rotary position embedding of queries and keys.
pub struct Rope<'c>(pub(super) Operation<'c>);

/// `x @ op(weight)`, with a bias, or added to an f32 sum in place.
pub struct Linear<'c>(pub(super) Operation<'c>);

/// What a linear's third input is.
#[derive(Clone, Copy, PartialEq)]
enum Third {
    None,
    Bias,
    Sum,
}

/// Of the scores of experts, those of the best groups stay; the others become 0.
pub struct GroupTopk<'c>(pub(super) Operation<'c>);

impl Context<'_> {
    /// The norm alone.
    ///
    /// Errors: `Argument` for an epsilon that is not above 0. ATB: RmsNormParam, RMS_NORM_NORM.
    pub fn rms_norm(&self, epsilon: f32) -> Result<RmsNorm<'_>> {
        make!(self, "RmsNorm", ascend_atb_rms_norm, AtbRmsNormParam { layer_type: 1, epsilon }).map(RmsNorm)
    }

    /// The norm of a sum with a residual.
    ///
    /// Errors: as [`Context::rms_norm`]. ATB: RmsNormParam, RMS_NORM_PRENORM.
    pub fn pre_norm(&self, epsilon: f32) -> Result<PreNorm<'_>> {
        make!(self, "PreNorm", ascend_atb_rms_norm, AtbRmsNormParam { layer_type: 2, epsilon }).map(PreNorm)
    }

    /// Rotation of the halves of a head, as Llama and Qwen have it.
    ///
    /// ATB: RopeParam, rotaryCoeff 2.
    pub fn rope(&self) -> Result<Rope<'_>> {
        make!(self, "Rope", ascend_atb_rope, AtbRopeParam { rotary_coeff: 2, cos_format: 0 }).map(Rope)
    }

    /// `x @ weight`, or with `transposed` `x @ weightᵀ`, whose weight is `[out, in]`.
    ///
    /// ATB: LinearParam, hasBias false.
    pub fn linear(&self, transposed: bool) -> Result<Linear<'_>> {
        self.new_linear(false, transposed, Third::None)
    }

    /// The same, and a bias.
    ///
    /// ATB: LinearParam, hasBias true.
    pub fn linear_with_bias(&self, transposed: bool) -> Result<Linear<'_>> {
        self.new_linear(false, transposed, Third::Bias)
    }

    /// `sum += xᵀ @ dy`: the gradient of a weight, halves in, f32 out.
    ///
    /// ATB: LinearParam, transposeA, enAccum (what torch_npu's `_npu_matmul_add_fp32` uses).
    pub fn weight_gradient(&self) -> Result<Linear<'_>> {
        self.new_linear(true, false, Third::Sum)
    }

    fn new_linear(&self, transpose_a: bool, transpose_b: bool, third: Third) -> Result<Linear<'_>> {
        let param = AtbLinearParam {
            transpose_a: u8::from(transpose_a),
            transpose_b: u8::from(transpose_b),
            has_bias: u8::from(third == Third::Bias),
            accumulate: u8::from(third == Third::Sum),
        };
        make!(self, "Linear", ascend_atb_linear, param).map(Linear)
    }

    /// Keeps `k` of `groups` groups of experts, by each group's best, or by the sum of its `best` best.
    ///
    /// Errors: `Argument` unless `1 <= k <= groups`. ATB: GroupTopkParam.
    pub fn group_topk(&self, groups: usize, k: usize, best: Option<u16>) -> Result<GroupTopk<'_>> {
        let number = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
        let param = AtbGroupTopkParam {
            group_num: number(groups),
            k: number(k),
            group_multi_flag: u16::from(best.is_some()),
            n: best.unwrap_or(1),
        };
        make!(self, "GroupTopk", ascend_atb_group_topk, param).map(GroupTopk)
    }
}

impl RmsNorm<'_> {
    /// Enqueues. `x` and `y` `[.., hidden]`, `gamma` `[hidden]`, all of one half-precision dtype.
    ///
    /// Errors: `WrongStream`, `Shape` for a view with gaps, `Argument` from ATB.
    pub fn run(&mut self, x: View<'_>, gamma: View<'_>, y: ViewMut<'_>) -> Result<()> {
        self.0.run(&[Input::Device("x", x), Input::Device("gamma", gamma)], &[("y", out(&y))])
    }
}

impl PreNorm<'_> {
    /// Enqueues. `x`, `residual`, `y` and `sum` `[.., hidden]`, `gamma` `[hidden]`, all of one half-precision dtype.
    ///
    /// Errors: as [`RmsNorm::run`].
    pub fn run(&mut self, x: View<'_>, residual: View<'_>, gamma: View<'_>, y: ViewMut<'_>, sum: ViewMut<'_>) -> Result<()> {
        let inputs = [Input::Device("x", x), Input::Device("residual", residual), Input::Device("gamma", gamma)];
        self.0.run(&inputs, &[("y", out(&y)), ("sum", out(&sum))])
    }
}

impl Rope<'_> {
    /// Enqueues. `q` and `k` `[tokens, heads * dim]`, `cos` and `sin` `[tokens, dim]` (of each token, both halves filled),
    /// all of one half-precision dtype; `seq_lens` `[sequences]` i32; the outputs as `q` and `k`.
    ///
    /// Errors: as [`RmsNorm::run`].
    #[expect(clippy::too_many_arguments, reason = "five inputs and two outputs")]
    pub fn run(
        &mut self,
        q: View<'_>,
        k: View<'_>,
        cos: View<'_>,
        sin: View<'_>,
        seq_lens: View<'_>,
        q_out: ViewMut<'_>,
        k_out: ViewMut<'_>,
    ) -> Result<()> {
        let named = [("q", q), ("k", k), ("cos", cos), ("sin", sin), ("seq_lens", seq_lens)];
        self.0.run(&named.map(|(arg, view)| Input::Device(arg, view)), &[("q_out", out(&q_out)), ("k_out", out(&k_out))])
    }
}

impl Linear<'_> {
    /// Enqueues one made by [`Context::linear`]. `x` `[.., in]`, `y` `[.., out]`.
    ///
    /// Errors: as [`RmsNorm::run`]; `Argument` for one made otherwise, which ATB tells by the number of inputs.
    pub fn run(&mut self, x: View<'_>, weight: View<'_>, y: ViewMut<'_>) -> Result<()> {
        self.0.run(&[Input::Device("x", x), Input::Device("weight", weight)], &[("y", out(&y))])
    }

    /// Enqueues one made by [`Context::linear_with_bias`]; `bias` `[out]`.
    ///
    /// Errors: as [`Linear::run`].
    pub fn run_with_bias(&mut self, x: View<'_>, weight: View<'_>, bias: View<'_>, y: ViewMut<'_>) -> Result<()> {
        let inputs = [Input::Device("x", x), Input::Device("weight", weight), Input::Device("bias", bias)];
        self.0.run(&inputs, &[("y", out(&y))])
    }

    /// Enqueues one made by [`Context::weight_gradient`]: `x` `[tokens, in]`, `dy` `[tokens, out]`, `sum` `[in, out]` f32.
    ///
    /// Errors: as [`Linear::run`].
    pub fn add(&mut self, x: View<'_>, dy: View<'_>, sum: ViewMut<'_>) -> Result<()> {
        let inputs = [Input::Device("x", x), Input::Device("dy", dy), Input::Device("sum", out(&sum))];
        self.0.run(&inputs, &[("sum", out(&sum))])
    }
}

impl GroupTopk<'_> {
    /// Enqueues. `scores` and `kept` `[tokens, experts]` in half precision, experts a multiple of the groups and at most 1024;
    /// `numbers` `[1024]` i32: 0, 1, 2 ...
    ///
    /// Errors: as [`RmsNorm::run`].
    pub fn run(&mut self, scores: View<'_>, numbers: View<'_>, kept: ViewMut<'_>) -> Result<()> {
        self.0.run(&[Input::Device("scores", scores), Input::Device("numbers", numbers)], &[("kept", out(&kept))])
    }
}
