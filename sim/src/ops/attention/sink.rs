//! Sinks: a score for each head that takes part in every softmax and has no value, so that a query may look at nothing.

use ascend_rl_sys::types::*;

use super::backward::Backward;
use super::checks;
use super::scratch;
use crate::convert::Float;
use crate::math;
use crate::nn::tensor::Tensor;
use crate::ops::call::Call;
use crate::reject::{Outcome, check};

/// One number of each head.
#[derive(Clone, Copy)]
pub(super) struct Sink {
    data: *mut f32,
    stride: usize,
}

// SAFETY: an address and a number, as `Tensor` is.
unsafe impl Send for Sink {}
// SAFETY: as above.
unsafe impl Sync for Sink {}

impl Sink {
    /// The scores; null and an empty tensor are none.
    pub(super) fn read(call: &mut Call, param: &'static str, handle: *const aclTensor, heads: usize) -> Outcome<Option<Sink>> {
        let name = call.name();
        match call.optional_input(param, handle)?.filter(|t| t.numel() > 0) {
            Some(t) => Sink::of(name, param, &t, heads).map(Some),
            None => Ok(None),
        }
    }

    /// The gradient of `sink`: an output where there is one.
    pub(super) fn gradient(
        call: &mut Call,
        handle: *const aclTensor,
        sink: Option<Sink>,
        heads: usize,
    ) -> Outcome<Option<(Sink, Sink)>> {
        const PARAM: &str = "dsink";
        let name = call.name();
        let Some(sink) = sink else {
            let given = call.optional_output(PARAM, handle)?.is_some_and(|t| t.numel() > 0);
            check!(!given, ACLNN_ERR_PARAM_INVALID, "{name}: {PARAM} is given without sinkIn; pass null");
            return Ok(None);
        };
        let t = call.output(PARAM, handle)?;
        let to = Sink::of(name, PARAM, &t, heads)?;
        crate::ops::dtypes::check_writable(name, PARAM, &t)?;
        Ok(Some((sink, to)))
    }

    fn of(name: &str, param: &str, t: &Tensor, heads: usize) -> Outcome<Sink> {
        checks::dtype_is(name, param, t, ACL_FLOAT)?;
        check!(t.dims[..] == [heads], ACLNN_ERR_PARAM_INVALID, "{name}: {param} is {:?}, [{heads}] is needed", t.dims);
        Ok(Sink { data: t.data.cast(), stride: t.strides[0] })
    }

    /// # Safety
    /// The tensor is alive, and has that head.
    #[inline(always)]
    unsafe fn at(&self, head: usize) -> *mut f32 {
        self.data.wrapping_add(head * self.stride)
    }

    /// A row's maximum and sum with the sink, and the factor that brings what was weighed without it there.
    ///
    /// # Safety
    /// The scores are readable, and there is one for that head.
    #[inline(always)]
    pub(super) unsafe fn join(&self, head: usize, max: f32, sum: f32) -> (f32, f32, f32) {
        // SAFETY: the caller's contract.
        let sink = unsafe { self.at(head).read() };
        if sink == f32::NEG_INFINITY {
            return (max, sum, 1.0);
        }
        let top = max.max(sink);
        // A row without keys has no maximum.
        let factor = if max == f32::NEG_INFINITY { 0.0 } else { math::exp(max - top) };
        (top, sum * factor + math::exp(sink - top), factor)
    }
}

impl Backward {
    /// `dsink[h] = -Σ softmax(sink)[row] * (dy·out)[row]` over the rows of head `h`, in their order.
    ///
    /// # Safety
    /// As `Backward::run`.
    pub(super) unsafe fn sinks<T: Float>(&self, sink: &Sink, to: &Sink) {
        let heads = self.kv_heads * self.group;
        let rows: usize = self.seqs.iter().map(|seq| seq.q_len).sum();
        scratch::for_each(heads, rows * heads * self.dim, |head| {
            let mut total = 0f64;
            for seq in &self.seqs {
                for position in 0..seq.q_len {
                    let saved = self.order.index(heads, seq, position, head) * 8;
                    let (dy, out) =
                        (self.dy.at::<T>(seq, seq.q_start + position, head), self.out.at::<T>(seq, seq.q_start + position, head));
                    // SAFETY: the caller's contract: a head has `dim` elements, one after another.
                    unsafe {
                        let (max, sum) = (self.max.add(saved).read(), self.sum.add(saved).read());
                        let weight = math::exp(sink.at(head).read() - max) / sum;
                        let delta: f32 = (0..self.dim).map(|i| dy.add(i).read().widen() * out.add(i).read().widen()).sum();
                        total -= weight as f64 * delta as f64;
                    }
                }
            }
            // SAFETY: the caller's contract; each head is written once.
            unsafe { to.at(head).write(total as f32) }
        })
    }
}
