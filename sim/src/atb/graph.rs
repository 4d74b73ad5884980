//! `GraphParam`: operations that run one after another, with tensors of their own in between.

use std::ffi::CStr;
use std::sync::Arc;

use ascend_rl_sys::types::*;

use super::Operation;
use super::calls::{Made, adopt, look};
use super::steps::Step;
use super::tensors::{Desc, Given};
use crate::reject::{Outcome, check, reject};

/// Most nodes, most tensors of a kind, and most letters of a name.
const MOST_NODES: u64 = 1024;
const MOST_TENSORS: u32 = 256;
const MOST_LETTERS: usize = 128;
/// Inner tensors begin at multiples of this.
const ALIGNMENT: usize = 512;

struct Node {
    operation: Arc<Made>,
    inputs: Vec<usize>,
    outputs: Vec<usize>,
}

/// Tensors are numbered: inputs, outputs, inner ones.
pub(super) struct Graph {
    inputs: usize,
    outputs: usize,
    inner: usize,
    nodes: Vec<Node>,
}

impl Graph {
    /// Takes the operations of the nodes over, once all is found well.
    pub(super) fn new(param: AtbGraphParam) -> Outcome<Graph> {
        check_name(&param)?;
        for (what, count) in [("inputs", param.in_num), ("outputs", param.out_num), ("inner tensors", param.internal_num)] {
            check!(count <= MOST_TENSORS, ATB_INVALID_GRAPH, "the graph has {count} {what}, at most {MOST_TENSORS} are taken");
        }
        check!(param.node_num <= MOST_NODES, ATB_INVALID_GRAPH, "the graph has {} nodes, at most {MOST_NODES}", param.node_num);
        check!(!param.nodes.is_null(), ATB_INVALID_PARAM, "nodes is null");
        let [inputs, outputs, inner] = [param.in_num, param.out_num, param.internal_num].map(|n| n as usize);
        let mut valued = vec![false; inputs + outputs + inner];
        valued[..inputs].fill(true);
        let (mut nodes, mut handles) = (Vec::new(), Vec::new());
        for i in 0..param.node_num as usize {
            // SAFETY: not null, and C's contract is an array of that many nodes.
            let node = unsafe { param.nodes.add(i).read_unaligned() };
            check!(
                !handles.contains(&(node.operation as usize)),
                ATB_INVALID_GRAPH,
                "node {i} has the operation of another node"
            );
            handles.push(node.operation as usize);
            nodes.push(read_node(i, &node, &mut valued)?);
        }
        if let Some(tensor) = (inputs..valued.len()).find(|&t| !valued[t]) {
            reject!(ATB_INVALID_GRAPH, "no node writes tensor {tensor}")
        }
        handles.into_iter().for_each(|handle| drop(adopt(handle as AtbOperation)));
        Ok(Graph { inputs, outputs, inner, nodes })
    }

    /// What all tensors look like, in order.
    fn descs(&self, inputs: &[Desc]) -> Outcome<Vec<Desc>> {
        let mut descs: Vec<Option<Desc>> = vec![None; self.inputs + self.outputs + self.inner];
        for (slot, input) in descs.iter_mut().zip(inputs) {
            *slot = Some(input.clone());
        }
        for node in &self.nodes {
            let outputs = node.operation.body.infer(&pick(&descs, &node.inputs))?;
            for (&number, desc) in node.outputs.iter().zip(outputs) {
                descs[number] = Some(desc);
            }
        }
        Ok(descs.into_iter().flatten().collect())
    }

    /// Where inner tensors begin in the workspace, and where the scratch of the nodes begins.
    fn offsets(&self, descs: &[Desc]) -> (Vec<usize>, usize) {
        let mut next = 0;
        let place = |desc: &Desc| {
            let at = next;
            next += desc.bytes().next_multiple_of(ALIGNMENT);
            at
        };
        let offsets = descs[self.inputs + self.outputs..].iter().map(place).collect();
        (offsets, next)
    }
}

/// The tensors of these numbers, which are known: a node reads what an earlier one has written.
fn pick<T: Clone>(all: &[Option<T>], numbers: &[usize]) -> Vec<T> {
    numbers.iter().filter_map(|&number| all[number].clone()).collect()
}

fn check_name(param: &AtbGraphParam) -> Outcome {
    check!(!param.name.is_null(), ATB_INVALID_PARAM, "name is null");
    // SAFETY: not null, and C's contract is a NUL-terminated string that lives for the call.
    let name = unsafe { CStr::from_ptr(param.name) }.to_bytes();
    let plain = name.iter().all(|letter| letter.is_ascii_alphanumeric() || *letter == b'_');
    check!(
        plain && name.len() <= MOST_LETTERS,
        ATB_INVALID_GRAPH,
        "the graph's name has {} letters; letters, digits and underscores are taken, at most {MOST_LETTERS}",
        name.len()
    );
    Ok(())
}

fn read_node(i: usize, node: &AtbNode, valued: &mut [bool]) -> Outcome<Node> {
    let operation = look(node.operation)?;
    let (ins, outs) = operation.body.io();
    check!(
        (node.in_num as usize, node.out_num as usize) == (ins, outs),
        ATB_INVALID_GRAPH,
        "node {i} has {} inputs and {} outputs, its operation {ins} and {outs}",
        node.in_num,
        node.out_num
    );
    check!(
        !node.in_ids.is_null() && (outs == 0 || !node.out_ids.is_null()),
        ATB_INVALID_PARAM,
        "node {i} has no numbers of its tensors"
    );
    // SAFETY: not null, and C's contract is that many numbers.
    let numbers =
        |at: *const u32, count: usize| (0..count).map(|t| unsafe { at.add(t).read_unaligned() } as usize).collect::<Vec<_>>();
    let (inputs, outputs) = (numbers(node.in_ids, ins), numbers(node.out_ids, outs));
    let count = valued.len();
    for &number in inputs.iter().chain(&outputs) {
        check!(number < count, ATB_INVALID_GRAPH, "node {i} names tensor {number}, the graph has {count}");
    }
    if let Some(number) = inputs.iter().find(|&&number| !valued[number]) {
        reject!(ATB_INVALID_GRAPH, "node {i} reads tensor {number}, which no node before it writes")
    }
    outputs.iter().for_each(|&number| valued[number] = true);
    Ok(Node { operation, inputs, outputs })
}

impl Operation for Graph {
    fn io(&self) -> (usize, usize) {
        (self.inputs, self.outputs)
    }

    fn infer(&self, inputs: &[Desc]) -> Outcome<Vec<Desc>> {
        Ok(self.descs(inputs)?[self.inputs..self.inputs + self.outputs].to_vec())
    }

    /// The inner tensors, then the largest scratch of a node: one runs at a time.
    fn workspace(&self, inputs: &[Desc]) -> Outcome<usize> {
        let descs = self.descs(inputs)?;
        let mut most = 0;
        for node in &self.nodes {
            let inputs: Vec<_> = node.inputs.iter().map(|&number| descs[number].clone()).collect();
            most = most.max(node.operation.body.workspace(&inputs)?);
        }
        Ok(self.offsets(&descs).1 + most)
    }

    fn plan(&self, inputs: &[Given], outputs: &[Given], workspace: usize) -> Outcome<Vec<Step>> {
        let given: Vec<_> = inputs.iter().map(|input| input.desc.clone()).collect();
        let descs = self.descs(&given)?;
        let (offsets, scratch) = self.offsets(&descs);
        let inner = descs[self.inputs + self.outputs..].iter().zip(offsets);
        let inner = inner.map(|(desc, offset)| Given::scratch(desc.clone(), workspace + offset));
        let tensors: Vec<_> = inputs.iter().chain(outputs).cloned().chain(inner).collect();
        let mut steps = Vec::new();
        for node in &self.nodes {
            let pick = |numbers: &[usize]| numbers.iter().map(|&number| tensors[number].clone()).collect::<Vec<_>>();
            steps.extend(node.operation.body.plan(&pick(&node.inputs), &pick(&node.outputs), workspace + scratch)?);
        }
        Ok(steps)
    }
}
