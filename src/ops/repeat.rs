//! [`Repeat`]: operators that are checked and planned once, and enqueued many times.

use super::call::Step;
use crate::acl::{Hold, Mode, Stream};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{View, ViewMut};

/// Operators of fixed shapes, planned: [`Repeat::enqueue`] pays for phase two only. Made by [`repeat`].
///
/// What it uses stays with it as with a [`Graph`](crate::acl::Graph): tensors are ordinary ones in between, memory of dropped ones
/// stays, and none of its stream can be rehomed while it lives. Unlike a graph it can be given other tensors, and it needs no
/// support from the device: each operator is enqueued by itself.
pub struct Repeat {
    // Before the hold: nothing is planned for memory that is given back.
    steps: Vec<Step>,
    hold: Hold,
}

/// Plans the operators that `f` calls, instead of enqueueing them.
///
/// Order: enqueues nothing.
/// Errors: `Unsupported` inside a capture, another repeat or a fork, and, from within `f`, for every call that is no operator
/// (copies, fills, collectives, waits); `Device` for an operator that CANN does not repeat; those of `f`.
/// CANN: `aclSetAclOpExecutorRepeatable` (8.1).
/// ```
/// # use ascend_rl::{Cann, DType, Device, Result, Tensor, ops};
/// # fn main() -> Result<()> {
/// # let s = Device::open(&Cann::sim()?, 0)?.stream()?;
/// let one = Tensor::from_slice(&s, &[2], &[1.0_f32, 1.0])?;
/// let mut x = Tensor::zeros(&s, &[2], DType::F32)?;
/// let step = ops::repeat(&s, |s| ops::add_(s, &mut x, &one))?;
/// for _ in 0..3 {
///     step.enqueue(&s)?;
/// }
/// assert_eq!(x.to_vec::<f32>(&s)?, [3.0, 3.0]);
/// # Ok(())
/// # }
/// ```
pub fn repeat(s: &Stream, f: impl FnOnce(&Stream) -> Result<()>) -> Result<Repeat> {
    s.check_recordable("a repeat")?;
    let hold = s.hold();
    let ((), kept) = s.record_in(Mode::Repeat, f)?;
    hold.close();
    let steps = kept.into_iter().filter_map(|step| step.downcast::<Step>().ok()).map(|step| *step).collect();
    Ok(Repeat { steps, hold })
}

impl Repeat {
    /// Enqueues its operators once more.
    ///
    /// Order: enqueues, one operator after the other. Inside a capture they go into the graph.
    /// Errors: `WrongStream` if it was made on another stream; `Unsupported` inside a fork; as any operator.
    pub fn enqueue(&self, s: &Stream) -> Result<()> {
        self.hold.check_stream("the repeat", s)?;
        if s.mode() != Mode::Capture {
            s.check_recordable("a repeat")?;
        }
        self.steps.iter().try_for_each(|step| step.enqueue(s))
    }

    /// The number of operators.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether `f` called none.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Operators that read `from` read `to` from now on. Both are whole tensors of one shape and dtype; views of `from` become
    /// the same views of `to`.
    ///
    /// Order: enqueues nothing; what is queued already is not changed.
    /// Errors: `Argument` if no operator reads `from`; `Shape`, `DType`, `WrongStream`; `MissingSymbol`.
    /// CANN: `aclSetInputTensorAddr` (8.1).
    pub fn rebind_input<'a>(&mut self, s: &Stream, from: impl Into<View<'a>>, to: impl Into<View<'a>>) -> Result<()> {
        let (from, to) = (from.into(), to.into());
        self.rebind(s, false, &from, &to)
    }

    /// The same for operators that write `from`, which then write `to`; an operator in place also reads it there.
    ///
    /// Errors: as [`Repeat::rebind_input`].
    /// CANN: `aclSetOutputTensorAddr` (8.1).
    pub fn rebind_output<'a>(&mut self, s: &Stream, from: impl Into<View<'a>>, to: impl Into<ViewMut<'a>>) -> Result<()> {
        let (from, to) = (from.into(), to.into());
        self.rebind(s, true, &from, &to.as_view())
    }

    fn rebind(&mut self, s: &Stream, is_output: bool, from: &View<'_>, to: &View<'_>) -> Result<()> {
        const OP: &str = "rebind";
        self.hold.check_stream("the repeat", s)?;
        s.check_recordable(OP)?;
        s.check_home("rebind: to", to.storage.home)?;
        super::check::dtype(OP, "to", to.dtype(), &[from.dtype()])?;
        super::check::shape(OP, "to", to.shape(), from.shape())?;
        for (arg, view) in [("from", from), ("to", to)] {
            if view.numel() != view.storage.len || !view.is_contiguous() {
                return Err(Error::new(ErrorKind::Shape, format!("{OP}: {arg} is a part of a tensor; whole tensors are needed")));
            }
        }
        self.hold.extend();
        let (from, to) = (from.storage.address, to.storage.address);
        let found = self.steps.iter_mut().map(|step| step.rebind(is_output, from, to)).sum::<Result<usize>>()?;
        if found > 0 {
            return Ok(());
        }
        let does = if is_output { "writes" } else { "reads" };
        Err(Error::new(ErrorKind::Argument, format!("{OP}: no operator of the repeat {does} the tensor given as from")))
    }
}

impl std::fmt::Debug for Repeat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Repeat({} operators)", self.len())
    }
}
