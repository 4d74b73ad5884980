//! [`Graph`]: operations that run as one, with tensors in between that live in the workspace.

use std::ffi::CString;

use ascend_rl_sys::types::*;

use super::call::{Input, Operation, make, out};
use super::{
    AllGather, AllReduce, AllToAll, Context, GroupTopk, Linear, LinearParallel, PreNorm, ReshapeAndCache, RmsNorm, Rope,
};
use crate::error::{Error, ErrorKind, Result};
use crate::tensor::{DType, View, ViewMut};

/// A tensor of a graph in the making.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TensorId(u32);

/// An operation as a part of a graph: any without lengths on the host.
pub struct Part<'c>(Operation<'c>);

macro_rules! parts {
    ($($Operation:ident),*) => { $(
        impl<'c> From<$Operation<'c>> for Part<'c> {
            fn from(operation: $Operation<'c>) -> Part<'c> {
                Part(operation.0)
            }
        }
    )* };
}
parts!(RmsNorm, PreNorm, Rope, Linear, GroupTopk, ReshapeAndCache, AllReduce, AllGather, AllToAll, LinearParallel);

/// Puts a graph together: inputs and outputs first, then the operations in the order of their run.
///
/// ```
/// # use ascend_rl::{Cann, DType, Device, Result, Tensor, atb};
/// # fn main() -> Result<()> {
/// # let device = Device::open(&Cann::sim()?, 0)?;
/// # let s = device.stream()?;
/// let context = atb::Context::new(&s)?;
/// let mut graph = context.graph("norm_linear", 3, 1);
/// let ([x, gamma, weight], [y]) = (graph.inputs(), graph.outputs());
/// let normed = graph.inner();
/// graph.node(context.rms_norm(1e-6)?, &[x, gamma], &[normed]);
/// graph.node(context.linear(true)?, &[normed, weight], &[y]);
/// let mut graph = graph.build()?;
/// # let one = |shape: &[usize]| Tensor::from_slice(&s, shape, &vec![half::bf16::ONE; shape.iter().product()]);
/// # let (x, gamma, weight) = (one(&[2, 32])?, one(&[32])?, one(&[4, 32])?);
/// # let mut y = Tensor::empty(&s, &[2, 4], DType::BF16)?;
/// graph.run(&[x.view(), gamma.view(), weight.view()], &mut [y.view_mut()])?;
/// # assert_eq!(y.to_vec::<half::bf16>(&s)?[0], half::bf16::from_f32(32.0));
/// # Ok(()) }
/// ```
pub struct GraphBuilder<'c> {
    context: &'c Context<'c>,
    name: String,
    inputs: u32,
    outputs: u32,
    inner: u32,
    nodes: Vec<(Operation<'c>, Vec<u32>, Vec<u32>)>,
}

impl<'c> Context<'c> {
    /// Begins a graph with that many inputs and outputs. The name has letters, digits and underscores.
    ///
    /// ATB: GraphParam.
    pub fn graph(&'c self, name: &str, inputs: u32, outputs: u32) -> GraphBuilder<'c> {
        GraphBuilder { context: self, name: name.to_owned(), inputs, outputs, inner: 0, nodes: Vec::new() }
    }
}

impl<'c> GraphBuilder<'c> {
    /// The inputs, as many as are asked for; those that the graph does not have are found by [`GraphBuilder::build`].
    pub fn inputs<const N: usize>(&self) -> [TensorId; N] {
        std::array::from_fn(|i| TensorId(i as u32))
    }

    /// The outputs, in the same way.
    pub fn outputs<const N: usize>(&self) -> [TensorId; N] {
        std::array::from_fn(|i| TensorId(self.inputs + i as u32))
    }

    /// A tensor that lives inside only; its shape follows from the operation that writes it.
    pub fn inner(&mut self) -> TensorId {
        self.inner += 1;
        TensorId(self.inputs + self.outputs + self.inner - 1)
    }

    /// Adds an operation, which the graph owns from now on.
    pub fn node(&mut self, operation: impl Into<Part<'c>>, inputs: &[TensorId], outputs: &[TensorId]) {
        let numbers = |ids: &[TensorId]| ids.iter().map(|id| id.0).collect();
        self.nodes.push((operation.into().0, numbers(inputs), numbers(outputs)));
    }

    /// Makes the graph.
    ///
    /// Errors: `Argument` for a name with other letters, a node that reads what no node before it writes, a wrong number of
    /// tensors, or an output that nothing writes.
    pub fn build(self) -> Result<Graph<'c>> {
        let name = CString::new(self.name.as_str())
            .map_err(|_| Error::new(ErrorKind::Argument, format!("the graph's name {:?} holds a NUL", self.name)))?;
        // ATB takes the operations over where it makes the graph, and only there: until then they are ours.
        let nodes: Vec<AtbNode> = self
            .nodes
            .iter()
            .map(|(operation, ins, outs)| AtbNode {
                operation: operation.raw(),
                in_ids: ins.as_ptr(),
                in_num: ins.len() as u64,
                out_ids: outs.as_ptr(),
                out_num: outs.len() as u64,
            })
            .collect();
        let param = AtbGraphParam {
            name: name.as_ptr(),
            in_num: self.inputs,
            out_num: self.outputs,
            internal_num: self.inner,
            nodes: nodes.as_ptr(),
            node_num: nodes.len() as u64,
        };
        let operation = make!(self.context, "Graph", ascend_atb_graph, param)?;
        self.nodes.into_iter().for_each(|(operation, ..)| operation.given_away());
        Ok(Graph { operation, inputs: self.inputs as usize, outputs: self.outputs as usize })
    }
}

/// Operations that run as one.
pub struct Graph<'c> {
    operation: Operation<'c>,
    inputs: usize,
    outputs: usize,
}

impl Graph<'_> {
    /// Shape and dtype of the outputs for these inputs.
    ///
    /// Errors: `Argument` from ATB. ATB: Operation::InferShape.
    pub fn infer(&self, inputs: &[View<'_>]) -> Result<Vec<(Vec<usize>, DType)>> {
        self.count("inputs", inputs.len(), self.inputs)?;
        let inputs: Vec<_> = inputs.iter().map(|view| Input::Device("an input", *view)).collect();
        self.operation.infer(&inputs, self.outputs)
    }

    /// Enqueues all of it.
    ///
    /// Errors: `Argument` for a wrong number of tensors or from ATB; `WrongStream`; `Shape` for a view with gaps.
    pub fn run(&mut self, inputs: &[View<'_>], outputs: &mut [ViewMut<'_>]) -> Result<()> {
        self.count("inputs", inputs.len(), self.inputs)?;
        self.count("outputs", outputs.len(), self.outputs)?;
        let inputs: Vec<_> = inputs.iter().map(|view| Input::Device("an input", *view)).collect();
        let outputs: Vec<_> = outputs.iter().map(|view| ("an output", out(view))).collect();
        self.operation.run(&inputs, &outputs)
    }

    fn count(&self, what: &str, given: usize, needed: usize) -> Result<()> {
        if given == needed {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Argument, format!("the graph has {needed} {what}, {given} are given")))
    }
}
