//! Tensors and their views, read back through `ops::copy` and judged by host indexing.

mod common;

use ascend_rl::{DType, Device, ErrorKind, Result, Stream, Tensor, View, ViewMut, ops};
use common::{assert_close, noise, stream, upload, values};
use half::bf16;
use proptest::prelude::*;

/// A view as a list: its shape, and where in the storage its elements are, in order.
#[derive(Clone, Debug)]
struct Model {
    shape: Vec<usize>,
    at: Vec<usize>,
}

impl Model {
    fn new(shape: &[usize]) -> Model {
        Model { shape: shape.to_vec(), at: (0..shape.iter().product()).collect() }
    }

    /// The model whose element at each index of `shape` is this one's at `from(index)`.
    fn picked(&self, shape: Vec<usize>, from: impl Fn(&[usize]) -> Vec<usize>) -> Model {
        let mut at = Vec::new();
        for flat in 0..shape.iter().product() {
            let (mut index, mut rest) = (vec![0; shape.len()], flat);
            for d in (0..shape.len()).rev() {
                (index[d], rest) = (rest % shape[d], rest / shape[d]);
            }
            let own = from(&index).iter().zip(&self.shape).fold(0, |place, (i, dim)| place * dim + i);
            at.push(self.at[own]);
        }
        Model { shape, at }
    }

    fn transpose(&self, a: usize, b: usize) -> Model {
        let swapped = |x: &[usize]| {
            let mut x = x.to_vec();
            x.swap(a, b);
            x
        };
        self.picked(swapped(&self.shape), swapped)
    }

    fn narrow(&self, dim: usize, start: usize, len: usize) -> Model {
        let mut shape = self.shape.clone();
        shape[dim] = len;
        self.picked(shape, |index| {
            let mut index = index.to_vec();
            index[dim] += start;
            index
        })
    }

    fn reshape(&self, shape: &[usize]) -> Model {
        Model { shape: shape.to_vec(), at: self.at.clone() }
    }
}

/// What may be done to a view. Numbers are taken modulo what fits.
#[derive(Clone, Copy, Debug)]
enum Change {
    Narrow(usize, usize, usize),
    Transpose(usize, usize),
    T,
    Unsqueeze(usize),
    /// Two neighbouring dims become one.
    Merge(usize),
    /// A dim becomes two, the first of 2.
    Halve(usize),
}

/// What both kinds of views can do.
trait Geometry: Sized {
    fn narrow(self, dim: usize, start: usize, len: usize) -> Result<Self>;
    fn transpose(self, a: usize, b: usize) -> Result<Self>;
    fn t(self) -> Self;
    fn unsqueeze(self, dim: usize) -> Result<Self>;
    fn reshape(self, shape: &[usize]) -> Result<Self>;
    fn is_contiguous(&self) -> bool;
    fn shape(&self) -> &[usize];
}

macro_rules! geometry {
    ($($view:ident),*) => { $( impl Geometry for $view<'_> {
        fn narrow(self, dim: usize, start: usize, len: usize) -> Result<Self> {
            $view::narrow(self, dim, start, len)
        }
        fn transpose(self, a: usize, b: usize) -> Result<Self> {
            $view::transpose(self, a, b)
        }
        fn t(self) -> Self {
            $view::t(self)
        }
        fn unsqueeze(self, dim: usize) -> Result<Self> {
            $view::unsqueeze(self, dim)
        }
        fn reshape(self, shape: &[usize]) -> Result<Self> {
            $view::reshape(self, shape)
        }
        fn is_contiguous(&self) -> bool {
            $view::is_contiguous(self)
        }
        fn shape(&self) -> &[usize] {
            $view::shape(self)
        }
    } )* };
}
geometry!(View, ViewMut);

/// Applies changes to a view and to its model. A reshape that needs a copy ends the list.
fn change<V: Geometry>(mut view: V, mut model: Model, changes: &[Change]) -> Option<(V, Model)> {
    for &change in changes {
        let (shape, rank) = (model.shape.clone(), model.shape.len());
        (view, model) = match change {
            Change::Narrow(dim, start, len) if rank > 0 => {
                let dim = dim % rank;
                let start = start % (shape[dim] + 1);
                let len = len % (shape[dim] - start + 1);
                (view.narrow(dim, start, len).unwrap(), model.narrow(dim, start, len))
            }
            Change::Transpose(a, b) if rank > 0 => {
                (view.transpose(a % rank, b % rank).unwrap(), model.transpose(a % rank, b % rank))
            }
            Change::T => (view.t(), if rank < 2 { model } else { model.transpose(rank - 2, rank - 1) }),
            Change::Unsqueeze(dim) if rank < 6 => {
                let mut to = shape;
                to.insert(dim % (rank + 1), 1);
                (view.unsqueeze(dim % (rank + 1)).unwrap(), model.reshape(&to))
            }
            Change::Merge(dim) if rank >= 2 => {
                let (dim, mut to) = (dim % (rank - 1), shape);
                to[dim] *= to.remove(dim + 1);
                reshape(view, &to, &model)?
            }
            Change::Halve(dim) if rank > 0 && rank < 6 && shape[dim % rank] % 2 == 0 => {
                let (dim, mut to) = (dim % rank, shape);
                to[dim] /= 2;
                to.insert(dim, 2);
                reshape(view, &to, &model)?
            }
            _ => (view, model),
        };
        assert_eq!(view.shape(), model.shape);
    }
    Some((view, model))
}

fn reshape<V: Geometry>(view: V, shape: &[usize], model: &Model) -> Option<(V, Model)> {
    let contiguous = view.is_contiguous();
    match view.reshape(shape) {
        Ok(view) => Some((view, model.reshape(shape))),
        Err(error) => {
            assert!(!contiguous && error.kind() == ErrorKind::Shape, "{error}");
            None
        }
    }
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let n = 0..60usize;
    let one = prop_oneof![
        2 => (n.clone(), n.clone(), n.clone()).prop_map(|(d, s, l)| Change::Narrow(d, s, l)),
        2 => (n.clone(), n.clone()).prop_map(|(a, b)| Change::Transpose(a, b)),
        1 => Just(Change::T),
        1 => n.clone().prop_map(Change::Unsqueeze),
        1 => n.clone().prop_map(Change::Merge),
        1 => n.prop_map(Change::Halve),
    ];
    prop::collection::vec(one, 0..6)
}

fn shapes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![1 => Just(1usize), 6 => 1..9usize, 1 => Just(0usize)], 0..5)
}

/// Miri takes a second for each.
const CASES: u32 = if cfg!(miri) { 8 } else { 150 };

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_view_reads_what_host_indexing_reads(shape in shapes(), changes in changes()) {
        let s = stream();
        let host = noise(1, shape.iter().product());
        let tensor = Tensor::from_slice(&s, &shape, &host).unwrap();
        if let Some((view, model)) = change(tensor.view(), Model::new(&shape), &changes) {
            let mut out = Tensor::empty(&s, &model.shape, DType::F32).unwrap();
            ops::copy(&s, view, &mut out).unwrap();
            let want: Vec<f32> = model.at.iter().map(|&at| host[at]).collect();
            prop_assert_eq!(out.to_vec::<f32>(&s).unwrap(), want);
        }
    }

    #[test]
    fn a_view_writes_where_host_indexing_writes(shape in shapes(), changes in changes()) {
        let s = stream();
        let mut host: Vec<i32> = (0..shape.iter().product::<usize>() as i32).collect();
        let mut tensor = Tensor::from_slice(&s, &shape, &host).unwrap();
        if let Some((view, model)) = change(tensor.view_mut(), Model::new(&shape), &changes) {
            let new: Vec<i32> = (0..model.at.len() as i32).map(|i| -1 - i).collect();
            let source = Tensor::from_slice(&s, &model.shape, &new).unwrap();
            ops::copy(&s, &source, view).unwrap();
            model.at.iter().zip(new).for_each(|(&at, new)| host[at] = new);
            prop_assert_eq!(tensor.to_vec::<i32>(&s).unwrap(), host);
        }
    }

    #[test]
    fn the_parts_of_a_split_are_written_apart(shape in shapes(), dim in 0..4usize, at in 0..9usize) {
        let s = stream();
        prop_assume!(!shape.is_empty());
        let dim = dim % shape.len();
        let at = at % (shape[dim] + 1);
        let mut tensor = Tensor::zeros(&s, &shape, DType::I64).unwrap();
        let (mut low, high) = tensor.view_mut().split_at(dim, at).unwrap();
        ops::fill(&s, high, 2.0).unwrap();
        ops::fill(&s, low.reborrow(), 1.0).unwrap();
        prop_assert_eq!(low.as_view().shape()[dim], at);
        let inner: usize = shape[dim + 1..].iter().product();
        let part = |flat: usize| if flat / inner % shape[dim] < at { 1 } else { 2 };
        let want: Vec<i64> = (0..shape.iter().product()).map(part).collect();
        prop_assert_eq!(tensor.to_vec::<i64>(&s).unwrap(), want);
    }
}

#[track_caller]
fn refused<T>(result: Result<T>, kind: ErrorKind, text: &str) {
    let error = result.err().expect("a refusal");
    assert_eq!((error.kind(), error.to_string().as_str(), error.call()), (kind, text, None));
}

#[test]
fn values_come_back_in_their_dtype_and_in_no_other() {
    let s = stream();
    let mut x = Tensor::from_slice(&s, &[2, 3], &[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
    assert_eq!((x.shape(), x.dtype(), x.numel(), x.bytes()), (&[2, 3][..], DType::F32, 6, 24));
    x.write(&s, &[0.5f32; 6]).unwrap();
    assert_eq!(x.to_vec::<f32>(&s).unwrap(), [0.5; 6]);
    refused(x.write(&s, &[1i32; 6]), ErrorKind::DType, "write: the tensor is f32, the host values are i32");
    refused(x.write(&s, &[1u64; 6]), ErrorKind::DType, "write: the tensor is f32, the host values are another type");
    refused(x.to_vec::<bf16>(&s), ErrorKind::DType, "to_vec: the tensor is f32, the host values are bf16");
    refused(x.write(&s, &[1.0f32; 5]), ErrorKind::Length, "write: 5 values for [2, 3], which has 6");
    refused(Tensor::from_slice(&s, &[2, 2], &[1i64; 3]), ErrorKind::Length, "write: 3 values for [2, 2], which has 4");
    refused(Tensor::from_slice(&s, &[1], &[1u16]), ErrorKind::DType, "from_slice: the host type is no tensor dtype");
    assert_eq!(x.to_vec::<f32>(&s).unwrap(), [0.5; 6], "refused writes write nothing");
}

#[test]
fn booleans_are_bytes_on_the_host() {
    let s = stream();
    let mut mask = Tensor::zeros(&s, &[3], DType::Bool).unwrap();
    assert_eq!(mask.to_vec::<u8>(&s).unwrap(), [0; 3]);
    mask.write(&s, &[1u8, 0, 1]).unwrap();
    assert_eq!(values(&s, &mask), [1.0, 0.0, 1.0]);
    refused(mask.write(&s, &[1i8; 3]), ErrorKind::DType, "write: the tensor is bool, the host values are i8");
    let bytes = Tensor::from_slice(&s, &[2], &[7u8, 9]).unwrap();
    assert_eq!((bytes.dtype(), bytes.to_vec::<u8>(&s).unwrap()), (DType::U8, vec![7, 9]));
}

#[test]
fn empty_tensors_and_scalars() {
    let s = stream();
    for shape in [&[0][..], &[0, 4], &[3, 0, 2]] {
        let mut x = Tensor::from_slice::<f32>(&s, shape, &[]).unwrap();
        assert_eq!((x.numel(), x.bytes()), (0, 0));
        x.write::<f32>(&s, &[]).unwrap();
        ops::fill(&s, &mut x, 1.0).unwrap();
        assert_eq!(x.to_vec::<f32>(&s).unwrap(), [0f32; 0]);
        refused(x.write(&s, &[1.0f32]), ErrorKind::Length, &format!("write: 1 values for {shape:?}, which has 0"));
    }
    let scalar = Tensor::from_slice(&s, &[], &[3i32]).unwrap();
    assert_eq!((scalar.numel(), scalar.shape().len()), (1, 0));
    let mut copy = Tensor::empty(&s, &[], DType::I32).unwrap();
    ops::copy(&s, &scalar, &mut copy).unwrap();
    assert_eq!(copy.to_vec::<i32>(&s).unwrap(), [3]);
}

#[test]
fn conversion_rounds_once() {
    let s = stream();
    let x = upload(&s, &[40], DType::F32, &noise(5, 40));
    let mut half = Tensor::empty(&s, &[40], DType::BF16).unwrap();
    ops::copy(&s, &x, &mut half).unwrap();
    assert_close(&values(&s, &half), &values(&s, &x), 1.0 / 256.0, 0.0);
}

#[test]
fn shapes_that_are_refused() {
    let s = stream();
    let empty = |shape: &[usize]| Tensor::empty(&s, shape, DType::I64);
    let text = "[1, 1, 1, 1, 1, 1, 1, 1, 1] has 9 dims; CANN's operators take at most 8";
    refused(empty(&[1; 9]), ErrorKind::Shape, text);
    let huge = [1 << 40, 1 << 40];
    refused(empty(&huge), ErrorKind::Shape, &format!("{huge:?} has too many elements"));
    let large = [1usize << 62];
    refused(empty(&large), ErrorKind::Shape, &format!("{large:?} of i64 has too many bytes"));
    assert_eq!(empty(&[1 << 50]).unwrap_err().kind(), ErrorKind::OutOfMemory);

    let x = empty(&[3, 4]).unwrap();
    refused(x.view().narrow(1, 2, 3), ErrorKind::Shape, "narrow: 2..2+3 of dim 1 is outside [3, 4]");
    refused(x.view().narrow(2, 0, 0), ErrorKind::Shape, "narrow: there is no dim 2 in [3, 4]");
    refused(x.view().transpose(0, 2), ErrorKind::Shape, "transpose: there is no dim 2 in [3, 4]");
    refused(x.view().unsqueeze(3), ErrorKind::Shape, "unsqueeze: no dim can be put at 3 of [3, 4]");
    refused(x.view().reshape(&[5]), ErrorKind::Shape, "reshape: [3, 4] has 12 elements, [5] has 5");
    let text = "reshape: [4, 3] with strides [1, 4] to [12] needs a copy";
    refused(x.view().t().reshape(&[12]), ErrorKind::Shape, text);
    let mut x = x.into_shape(&[2, 6]).unwrap();
    assert_eq!(x.shape(), [2, 6]);
    refused(x.view_mut().split_at(1, 7), ErrorKind::Shape, "split_at: 7 is past dim 1 of [2, 6]");
    refused(x.view_mut().split_at(2, 0), ErrorKind::Shape, "narrow: there is no dim 2 in [2, 6]");
    refused(x.into_shape(&[5]), ErrorKind::Shape, "reshape: [2, 6] has 12 elements, [5] has 5");
}

#[test]
fn a_tensor_is_used_on_its_home_stream() {
    let s = stream();
    let other: Stream = Device::stream(s.device()).unwrap();
    let mut x = Tensor::zeros(&s, &[4], DType::F32).unwrap();
    assert_eq!(x.write(&other, &[1.0f32; 4]).unwrap_err().kind(), ErrorKind::WrongStream);
    assert_eq!(x.to_vec::<f32>(&other).unwrap_err().kind(), ErrorKind::WrongStream);
    assert_eq!(x.to_vec::<f32>(&s).unwrap(), [0.0; 4]);
}
