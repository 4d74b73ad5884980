//! Types of ATB's C face (`ffi/atb_shim.h`), which is our own: ATB's interface is C++.

use std::ffi::{c_char, c_int, c_void};

/// `atb::Status`: 0 or one of [`crate::codes`]' `ATB_*`.
pub type atbStatus = i32;
/// An ATB context: where operations are enqueued, and their memory for tiling.
pub type AtbContext = *mut c_void;
/// An ATB operation.
pub type AtbOperation = *mut c_void;

/// The most dims of an ATB tensor.
pub const ATB_MAX_DIM: usize = 8;

/// The bytes of `atb::Tensor`: row-major, 1 to 8 dims; 0 dims is an optional tensor that is left out.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AtbTensor {
    /// An `aclDataType`.
    pub dtype: c_int,
    /// An `aclFormat`.
    pub format: c_int,
    /// The shape, in its first `dim_num`.
    pub dims: [i64; ATB_MAX_DIM],
    /// The number of dims.
    pub dim_num: u64,
    /// Where the elements are on the device.
    pub device_data: *mut c_void,
    /// Where they are on the host, for lengths that Setup reads.
    pub host_data: *mut c_void,
    /// Bytes.
    pub data_size: u64,
}

impl AtbTensor {
    /// The optional tensor that is left out.
    pub const NONE: AtbTensor = AtbTensor {
        dtype: -1,
        format: -1,
        dims: [0; ATB_MAX_DIM],
        dim_num: 0,
        device_data: std::ptr::null_mut(),
        host_data: std::ptr::null_mut(),
        data_size: 0,
    };
}

/// `atb::infer::RmsNormParam`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AtbRmsNormParam {
    /// 1 norm (x, gamma → y), 2 pre-norm (x, residual, gamma → y, x + residual), 3 post-norm (the same → y).
    pub layer_type: i32,
    /// Above 0.
    pub epsilon: f32,
}

/// `atb::infer::RopeParam`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AtbRopeParam {
    /// 2 halves, 4 two rotations, the head's size interleaved.
    pub rotary_coeff: i32,
    /// 0 for inference.
    pub cos_format: i32,
}

/// `atb::infer::LinearParam`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AtbLinearParam {
    /// Whether the input is given transposed.
    pub transpose_a: u8,
    /// Whether the weight is `[N, K]`.
    pub transpose_b: u8,
    /// Whether a bias is the third input.
    pub has_bias: u8,
    /// Whether the third input, f32, is added to and is the output.
    pub accumulate: u8,
}

/// `atb::infer::PagedAttentionParam`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AtbPagedAttentionParam {
    /// Query heads.
    pub head_num: i32,
    /// Key heads; 0 is as many.
    pub kv_head_num: i32,
    /// What scores are multiplied with.
    pub qk_scale: f32,
    /// 0 none.
    pub mask_type: i32,
}

/// `atb::infer::ReshapeAndCacheParam`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AtbReshapeAndCacheParam {
    /// 0 keys and values, 1 keys only.
    pub kv_cache_cfg: i32,
}

/// `atb::infer::SelfAttentionParam`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AtbSelfAttentionParam {
    /// Query heads.
    pub head_num: i32,
    /// Key heads; 0 is as many.
    pub kv_head_num: i32,
    /// What queries are multiplied with.
    pub q_scale: f32,
    /// What scores are multiplied with.
    pub qk_scale: f32,
    /// 3 packed sequences.
    pub calc_type: i32,
    /// 0 none, 1 a mask, 3 a compressed mask of 128 x 128.
    pub mask_type: i32,
    /// Whether the mask is upper triangular.
    pub is_triu_mask: u32,
}

/// `atb::infer::GroupTopkParam`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AtbGroupTopkParam {
    /// Groups of experts.
    pub group_num: i32,
    /// Groups that are kept.
    pub k: i32,
    /// 0: a group counts as its largest expert; 1: as the sum of its `n` largest.
    pub group_multi_flag: u16,
    /// See `group_multi_flag`.
    pub n: u16,
}

/// What ATB's collectives share.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AtbCommParam {
    /// This rank.
    pub rank: i32,
    /// The number of ranks.
    pub rank_size: i32,
    /// The rank that makes the communicator, where ATB does.
    pub rank_root: i32,
    /// The caller's communicator.
    pub comm: crate::types::HcclComm,
}

/// `atb::infer::AllReduceParam`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AtbAllReduceParam {
    /// The communicator.
    pub on: AtbCommParam,
    /// "sum", "prod", "max" or "min".
    pub reduce: *const c_char,
}

/// `atb::infer::AllToAllVParam`: `rank_size` numbers of elements each.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AtbAllToAllVParam {
    /// The communicator.
    pub on: AtbCommParam,
    /// To each rank.
    pub send_counts: *const i64,
    /// From where.
    pub send_displs: *const i64,
    /// From each rank.
    pub recv_counts: *const i64,
    /// To where.
    pub recv_displs: *const i64,
}

/// `atb::infer::LinearParallelParam`: a linear, an all-reduce over the ranks, then a residual.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AtbLinearParallelParam {
    /// The communicator.
    pub on: AtbCommParam,
    /// Whether the weight is `[N, K]`.
    pub trans_weight: u8,
    /// Whether a residual is the third input.
    pub has_residual: u8,
}

/// `atb::Node`: inputs, outputs and inner tensors of the graph are numbered in that order.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AtbNode {
    /// The graph owns it once it is created.
    pub operation: AtbOperation,
    /// The numbers of its inputs.
    pub in_ids: *const u32,
    /// How many.
    pub in_num: u64,
    /// The numbers of its outputs.
    pub out_ids: *const u32,
    /// How many.
    pub out_num: u64,
}

/// `atb::GraphParam`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct AtbGraphParam {
    /// Letters, digits and underscores, at most 128.
    pub name: *const c_char,
    /// Inputs.
    pub in_num: u32,
    /// Outputs.
    pub out_num: u32,
    /// Tensors that live inside only.
    pub internal_num: u32,
    /// In the order of their run.
    pub nodes: *const AtbNode,
    /// How many.
    pub node_num: u64,
}

const _: () = {
    assert!(size_of::<AtbTensor>() == 104 && std::mem::offset_of!(AtbTensor, device_data) == 80);
    assert!(size_of::<AtbCommParam>() == 24 && size_of::<AtbAllReduceParam>() == 32);
    assert!(size_of::<AtbLinearParallelParam>() == 32 && size_of::<AtbNode>() == 40 && size_of::<AtbGraphParam>() == 40);
};
