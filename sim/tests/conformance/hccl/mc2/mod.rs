//! Operators that compute and communicate in one. Source of each rule: CANN's documentation of the operator, "mc2" in the
//! repository of transformer operators, and for what it leaves open the kernels beside it.

mod batch;
mod experts;
mod grouped;
mod products;
mod refusals;
mod second_group;

use std::cell::Cell;

use half::{bf16, f16};

use super::*;

/// Atlas A3: most of these operators take other numbers of ranks there, and some are there only.
const A3: (&str, &str) = ("CANN_SIM_SOC", "Ascend910_9391");

/// Plans and runs an operator on the rank's stream: the code and the text where it is refused.
macro_rules! op {
    ($r:expr, $name:ident($($arg:expr),* $(,)?)) => {{
        let op = $crate::api().ops.$name.expect("the simulator has every row");
        let (mut bytes, mut executor) = (0, null_mut());
        recent();
        // SAFETY: handles are checked, names are C strings, and the two out-parameters are live variables.
        let planned = unsafe { (op.plan)($($arg),*, &mut bytes, &mut executor) };
        if planned != 0 {
            Err((planned, recent()))
        } else {
            let workspace = workspace(bytes as usize);
            // SAFETY: checked, too.
            match unsafe { (op.run)(workspace, bytes, executor, $r.stream) } {
                0 => Ok(()),
                code => Err((code, recent())),
            }
        }
    }};
}
use op;

thread_local! {
    static LAID_OUT: Cell<(*mut c_void, usize)> = const { Cell::new((null_mut(), 0)) };
}

/// Memory for the workspaces of operators in a graph, in whose capture none is to be had: they follow one another in it.
fn lay_out_workspace(bytes: usize) {
    LAID_OUT.set((upload(&vec![0u8; bytes]), bytes));
}

fn workspace(bytes: usize) -> *mut c_void {
    match LAID_OUT.get() {
        _ if bytes == 0 => null_mut(),
        (laid_out, room) if room >= bytes => laid_out,
        _ => upload(&vec![0u8; bytes]),
    }
}

/// An element of a tensor.
trait Element: Copy + Default {
    const DTYPE: aclDataType;
}
macro_rules! elements {
    ($($T:ty: $dtype:ident),*) => { $( impl Element for $T { const DTYPE: aclDataType = $dtype; } )* };
}

/// A 16-bit float, in which the products compute.
trait Half: Element + PartialEq + std::fmt::Debug {
    /// Rounded to the nearest, ties to even.
    fn of(x: f32) -> Self;
    fn wide(self) -> f32;
}
macro_rules! halves {
    ($($T:ty)*) => { $( impl Half for $T {
        fn of(x: f32) -> $T { <$T>::from_f32(x) }
        fn wide(self) -> f32 { self.to_f32() }
    } )* };
}
halves!(bf16 f16);

fn halves<T: Half>(seed: usize, n: usize) -> Vec<T> {
    fractions(seed as u64, n).into_iter().map(T::of).collect()
}

/// `a @ b` of `[m, k]` and `[k, n]`, with a row that is added, rounded once.
fn product<T: Half>(a: &[T], b: &[T], k: usize, n: usize, bias: Option<&[T]>) -> Vec<T> {
    let m = a.len() / k;
    let mut out = Vec::with_capacity(m * n);
    for row in 0..m {
        let mut sums: Vec<f32> = (0..n).map(|col| bias.map_or(0.0, |bias| bias[col].wide())).collect();
        for term in 0..k {
            let x = a[row * k + term].wide();
            (0..n).for_each(|col| sums[col] += x * b[term * n + col].wide());
        }
        out.extend(sums.into_iter().map(T::of));
    }
    out
}

/// `[cols, rows]` of `[rows, cols]`.
fn turned<T: Copy>(x: &[T], cols: usize) -> Vec<T> {
    (0..cols).flat_map(|col| x.iter().copied().skip(col).step_by(cols)).collect()
}

/// A second communicator beside the rank's own, of these ranks in this order; its name and the rank in it.
fn part(r: &Rank, id: u64, ranks: &[u32]) -> (std::ffi::CString, HcclComm, usize) {
    let (mut comm, mut sub, mut config) = (r.comm, null_mut(), config(60));
    let place = ranks.iter().position(|rank| *rank == r.rank as u32).unwrap();
    let mut list = ranks.to_vec();
    hccl_ok!(HcclCreateSubCommConfig(&mut comm, list.len() as u32, list.as_mut_ptr(), id, place as u32, &mut config, &mut sub));
    let mut name = [0; COMM_NAME_MAX_LENGTH];
    hccl_ok!(HcclGetCommName(sub, name.as_mut_ptr().cast()));
    (CStr::from_bytes_until_nul(&name).unwrap().to_owned(), sub, place)
}
elements!(bf16: ACL_BF16, f16: ACL_FLOAT16, f32: ACL_FLOAT, i32: ACL_INT32, i64: ACL_INT64, i8: ACL_INT8, bool: ACL_BOOL);

/// A tensor of the rank's device, contiguous unless said.
struct Tensor {
    data: *mut c_void,
    handle: *mut aclTensor,
    len: usize,
}

impl Tensor {
    fn new<T: Element>(dims: &[usize], values: &[T]) -> Tensor {
        assert_eq!(values.len(), dims.iter().product::<usize>());
        if values.is_empty() {
            return Tensor::empty::<T>(dims);
        }
        Tensor::of::<T>(dims, None, upload(values), values.len())
    }

    /// The transposed view of a matrix that is given as `[dims[1], dims[0]]`.
    fn transposed<T: Element>(dims: [usize; 2], values: &[T]) -> Tensor {
        Tensor::of::<T>(&dims, Some(&[1, dims[0] as i64]), upload(values), values.len())
    }

    /// Each matrix of a stack as the transposed view of `[dims[2], dims[1]]`.
    fn stack_of_transposed<T: Element>(dims: [usize; 3], values: &[T]) -> Tensor {
        let strides = [(dims[1] * dims[2]) as i64, 1, dims[1] as i64];
        Tensor::of::<T>(&dims, Some(&strides), upload(values), values.len())
    }

    /// One without elements, which is a tensor all the same.
    fn empty<T: Element>(dims: &[usize]) -> Tensor {
        Tensor::of::<T>(dims, None, null_mut(), 0)
    }

    /// An output, full of what no operator writes.
    fn out<T: Element>(dims: &[usize]) -> Tensor {
        let n = dims.iter().product::<usize>();
        if n == 0 {
            return Tensor::empty::<T>(dims);
        }
        let data = upload(&vec![0x5au8; n * size_of::<T>()]);
        Tensor::of::<T>(dims, None, data, n)
    }

    fn of<T: Element>(dims: &[usize], strides: Option<&[i64]>, data: *mut c_void, len: usize) -> Tensor {
        let dims: Vec<i64> = dims.iter().map(|dim| *dim as i64).collect();
        let (strides, rank, storage) = (strides.map_or(std::ptr::null(), <[i64]>::as_ptr), dims.len() as u64, [len as i64]);
        let made = call!(nn.aclCreateTensor(dims.as_ptr(), rank, T::DTYPE, strides, 0, ACL_FORMAT_ND, storage.as_ptr(), 1, data));
        assert!(!made.is_null(), "{}", recent());
        Tensor { data, handle: made, len }
    }

    fn read<T: Element>(&self) -> Vec<T> {
        if self.len == 0 { Vec::new() } else { download(self.data, self.len) }
    }
}

impl Drop for Tensor {
    fn drop(&mut self) {
        ok!(nn.aclDestroyTensor(self.handle));
    }
}

const NONE: *mut aclTensor = null_mut();

/// Numbers that look random, the same for the same seed.
fn noise(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state >> 16
    }
}

/// Between -1 and 1, of few digits: sums of products stay in reach of an exact comparison.
fn fractions(seed: u64, n: usize) -> Vec<f32> {
    let mut next = noise(seed);
    (0..n).map(|_| (next() % 33) as f32 / 16.0 - 1.0).collect()
}

fn c_string(text: &str) -> std::ffi::CString {
    std::ffi::CString::new(text).unwrap()
}

/// The operator was refused, with this code and these words.
#[track_caller]
fn assert_refused(outcome: Result<(), (i32, String)>, code: i32, words: &[&str]) {
    let (given, text) = outcome.expect_err("it is to be refused");
    assert!(given == code && words.iter().all(|word| text.contains(word)), "{given}: {text:?}, not {code} with {words:?}");
}
