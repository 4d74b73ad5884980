//! C types of random numbers as a task of a stream (`acl_rt.h`).

use std::ffi::{c_int, c_void};

use super::aclDataType;

c_enum! {
    /// What is drawn.
    aclrtRandomNumFuncType: c_int {
        /// Bits, of which a share is 0.
        ACL_RT_RANDOM_NUM_FUNC_TYPE_DROPOUT_BITMASK = 0;
        ACL_RT_RANDOM_NUM_FUNC_TYPE_UNIFORM_DIS = 1;
        ACL_RT_RANDOM_NUM_FUNC_TYPE_NORMAL_DIS = 2;
        /// Within two standard deviations of the mean.
        ACL_RT_RANDOM_NUM_FUNC_TYPE_TRUNCATED_NORMAL_DIS = 3;
    }
}

/// A parameter: a value, or where it is on the device.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct aclrtRandomParaInfo {
    /// 0 for a value, 1 for an address.
    pub isAddr: u8,
    /// The one or the other.
    pub valueOrAddr: [u8; 8],
    /// The bytes of it that count.
    pub size: u8,
    /// Zero.
    pub rsv: [u8; 6],
}

/// Parameters of bits.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct aclrtDropoutBitmaskInfo {
    /// The share that drops.
    pub dropoutRation: aclrtRandomParaInfo,
}

/// Parameters of uniform numbers.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct aclrtUniformDisInfo {
    /// The smallest.
    pub min: aclrtRandomParaInfo,
    /// Above the largest.
    pub max: aclrtRandomParaInfo,
}

/// Parameters of normal numbers.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct aclrtNormalDisInfo {
    /// Their mean.
    pub mean: aclrtRandomParaInfo,
    /// Their standard deviation.
    pub stddev: aclrtRandomParaInfo,
}

/// The parameters of what is drawn.
#[repr(C)]
#[derive(Clone, Copy)]
pub union aclrtRandomNumFuncParaInfo_paramInfo {
    /// Of bits.
    pub dropoutBitmaskInfo: aclrtDropoutBitmaskInfo,
    /// Of uniform numbers.
    pub uniformDisInfo: aclrtUniformDisInfo,
    /// Of normal numbers, truncated or not.
    pub normalDisInfo: aclrtNormalDisInfo,
}

/// What is drawn.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct aclrtRandomNumFuncParaInfo {
    /// From which distribution.
    pub funcType: aclrtRandomNumFuncType,
    /// With which parameters.
    pub paramInfo: aclrtRandomNumFuncParaInfo_paramInfo,
}

/// A task that draws random numbers.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct aclrtRandomNumTaskInfo {
    /// Of the numbers; for bits, of their share.
    pub dataType: aclDataType,
    /// What is drawn.
    pub randomNumFuncParaInfo: aclrtRandomNumFuncParaInfo,
    /// Where the card may keep the parameters, or null.
    pub randomParaAddr: *mut c_void,
    /// Where the numbers go.
    pub randomResultAddr: *mut c_void,
    /// Sixteen bytes of the device: where in the stream of numbers to begin.
    pub randomCounterAddr: *mut c_void,
    /// The seed.
    pub randomSeed: aclrtRandomParaInfo,
    /// How many numbers, or bits.
    pub randomNum: aclrtRandomParaInfo,
    /// Zero.
    pub rsv: [u8; 8],
}

const _: () = {
    assert!(size_of::<aclrtRandomParaInfo>() == 16 && size_of::<aclrtRandomNumFuncParaInfo>() == 36);
    assert!(size_of::<aclrtRandomNumTaskInfo>() == 104);
};
