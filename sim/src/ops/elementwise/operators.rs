//! The operators. To add one, add a row under the signature it has: its body, its name, the dtypes it takes, and what it
//! computes of `a`, `b`, `c` (inputs) and `s` (scalar), in f32 and in i64 (where there is no second, integers are computed in f32).

use ascend_rl_sys::types::*;

use super::engine::lanes;
use super::prepare::{CONDITION, Factor, Row, prepare};
use super::signatures::{operators, row};
use crate::math::{exp, log};
use crate::ops::call::Call;
use crate::ops::dtypes::{ALL, NUMBERS, SIGNED, check_dtype};
use crate::reject::Outcome;

/// What CANN's exponential takes besides floats: it casts these to f32.
const EXP: &[aclDataType] = &[ACL_FLOAT, ACL_BF16, ACL_FLOAT16, ACL_INT64, ACL_BOOL];

operators! { out = self, alpha other:
    aclnnAddGetWorkspaceSize, "aclnnAdd", ALL: |a, b, _c, s| a + s * b, a.wrapping_add(s.wrapping_mul(b));
    aclnnSubGetWorkspaceSize, "aclnnSub", NUMBERS: |a, b, _c, s| a - s * b, a.wrapping_sub(s.wrapping_mul(b));
}
operators! { self = self, alpha other:
    aclnnInplaceAddGetWorkspaceSize, "aclnnInplaceAdd", ALL: |a, b, _c, s| a + s * b, a.wrapping_add(s.wrapping_mul(b));
}
operators! { out = self, other:
    aclnnMulGetWorkspaceSize, "aclnnMul", ALL: |a, b, _c, _s| a * b, a.wrapping_mul(b);
    aclnnDivGetWorkspaceSize, "aclnnDiv", ALL: |a, b, _c, _s| a / b;
}
operators! { bool = self, other:
    aclnnLtTensorGetWorkspaceSize, "aclnnLtTensor", ALL: |a, b, _c, _s| (a < b) as u8 as f32, (a < b) as i64;
    aclnnLeTensorGetWorkspaceSize, "aclnnLeTensor", ALL: |a, b, _c, _s| (a <= b) as u8 as f32, (a <= b) as i64;
}
operators! { out = self, scalar:
    aclnnMulsGetWorkspaceSize, "aclnnMuls", ALL: |a, _b, _c, s| a * s, a.wrapping_mul(s);
}
operators! { self = self, scalar:
    aclnnInplaceMulsGetWorkspaceSize, "aclnnInplaceMuls", ALL: |a, _b, _c, s| a * s, a.wrapping_mul(s);
}
operators! { bool = self, scalar:
    aclnnGtScalarGetWorkspaceSize, "aclnnGtScalar", ALL: |a, _b, _c, s| (a > s) as u8 as f32, (a > s) as i64;
}
operators! { out = self:
    aclnnExpGetWorkspaceSize, "aclnnExp", EXP: |a, _b, _c, _s| exp(a);
    aclnnLogGetWorkspaceSize, "aclnnLog", ALL: |a, _b, _c, _s| log(a);
    aclnnNegGetWorkspaceSize, "aclnnNeg", SIGNED: |a, _b, _c, _s| -a, a.wrapping_neg();
}
operators! { out = self, other, condition:
    aclnnSWhereGetWorkspaceSize, "aclnnSWhere", ALL: |a, b, c, _s| if c != 0.0 { a } else { b }, if c != 0 { a } else { b };
}
