//! What may differ from a toolkit's headers, and why. Everything else that differs is a mistake.
//!
//! `const` of what a pointer points to is not listed by name: it has no effect on a call, CANN's own headers change it from one
//! release to the next, and [`crate::compare()`] reports each such place apart.

use crate::model::Release;

/// How a name may differ, and why.
#[derive(Clone, Copy, Debug)]
pub enum Apart {
    /// A struct that grew: each release has a prefix of the next. Members that both have must agree in place and type.
    Versioned(&'static str),
    /// A function that the libraries have from a release on and no public header of these releases declares.
    Undeclared(Release, &'static str),
    /// A constant that no public header has.
    NoHeader(&'static str),
}

/// The names that may differ; one that ends in `*` stands for all that begin so.
pub const APART: &[(&str, Apart)] = &[
    (
        "HcclCommConfig",
        Apart::Versioned(
            "grew from 300 bytes (8.1) to 2248 (9.x); ours spells out the members that the header calls `reserved`, and a \
             caller states the size that it fills",
        ),
    ),
    ("aclrtMallocAttrValue", Apart::Versioned("a union with room for later members: `vaFlag` is newer than 8.1")),
    ("aclrtBinaryLoadOptionValue", Apart::Versioned("a union with room for later members: `cpuKernelMode` is newer than 8.1")),
    (
        "aclrtLaunchKernelAttrValue",
        Apart::Versioned("a union with room for later members: all but `schemMode` and `localMemorySize` are newer than 8.1"),
    ),
    ("aclnnRmsNorm", GENERATED),
    ("aclnnRmsNormGrad", GENERATED),
    ("aclnnSwiGlu", GENERATED),
    ("aclnnSwiGluGrad", GENERATED),
    ("aclnnCrossEntropyLoss", GENERATED),
    ("aclnnCrossEntropyLossGrad", GENERATED),
    ("aclnnScatterPaKvCache", GENERATED),
    ("aclnnAttentionUpdate", GENERATED),
    ("aclnnForeach*", GENERATED),
    ("aclnnGroupedMatmulAdd", GENERATED),
    ("aclnnGroupedMatmulAddV2", GENERATED),
    ("aclnnIsInf", GENERATED),
    ("aclnnMoeComputeExpertTokens", GENERATED),
    ("aclnnMoeFinalizeRouting", GENERATED),
    ("aclnnMoeGatingTopK", GENERATED),
    ("aclnnMoeGatingTopKSoftmax", GENERATED),
    ("aclnnMoeGatingTopKSoftmaxV2", GENERATED),
    ("aclnnMoeInitRouting", GENERATED),
    ("aclnnMoeTokenUnpermuteWithRoutingMapGrad", GENERATED),
    ("aclnnRotaryPositionEmbeddingGrad", GENERATED),
    ("aclnnFlashAttentionScoreV3", NEWER),
    ("aclnnFlashAttentionScoreGradV3", NEWER),
    ("aclnnFlashAttentionVarLenScoreV5", NEWER),
    ("aclnnFlashAttentionUnpaddingScoreGradV5", NEWER),
    ("HcclCommRegister", NOT_INSTALLED),
    ("HcclCommDeregister", NOT_INSTALLED),
    ("HcclCommExchangeMem", NOT_INSTALLED),
    ("Msprof*", INNER),
    ("rtDevBinaryRegister", INNER),
    ("rtFunctionRegister", INNER),
    ("rtKernelLaunch", INNER),
    ("ACLNN_ERR_*", Apart::NoHeader("stated in the documentation of the operators")),
    ("ATB_*", Apart::NoHeader("of ATB, whose headers are C++ in a package of their own")),
    ("KEEP_DTYPE", Apart::NoHeader("the documentation's name for a value of `cubeMathType`")),
    (
        "HCCL_COMM_CONFIG_NOT_SET",
        Apart::NoHeader("one name for what each member's own constant says, `HCCL_COMM_QOS_CONFIG_NOT_SET` and so on"),
    ),
    ("HCCL_NO_SUB_COMM", Apart::NoHeader("a value of an argument, stated in its documentation")),
];

const NOT_INSTALLED: Apart = Apart::Undeclared(Release(9, 0), "exported, declared in a header of hcomm that is not installed");

const INNER: Apart =
    Apart::Undeclared(Release(8, 1), "declared among a toolkit's inner headers (`pkg_inc`), not its public ones");

/// In the open repositories. An installed toolkit has the header, and then the row is compared.
const GENERATED: Apart = Apart::Undeclared(Release(8, 5), "its header is generated when the package of operators is built");

/// A toolkit that is new enough has the header, and then the row is compared.
const NEWER: Apart = Apart::Undeclared(Release(9, 0), "in headers of the open repository that are newer than the first 9.x");

/// The entry for a name. Both phases of an operator share one.
pub(crate) fn apart(name: &str) -> Option<Apart> {
    let name = name.trim_end_matches("GetWorkspaceSize");
    let listed = |listed: &str| listed.strip_suffix('*').map_or(listed == name, |begin| name.starts_with(begin));
    APART.iter().find(|(entry, _)| listed(entry)).map(|(_, apart)| *apart)
}
