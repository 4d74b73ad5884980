//! Which header an item stands in: where CANN's programs look for it.

use std::collections::HashSet;

use ascend_rl_sys::Lib;

use crate::model::{Abi, Function, Item, Ty, Type};

/// The folder of the operators' headers, one a family.
pub(super) const OPERATORS: &str = "aclnnop/";

const BASE: &str = "acl/acl_base.h";
const RUNTIME: &str = "acl/acl_rt.h";
const OPERATION: &str = "acl/acl_op.h";
const COMPILER: &str = "acl/acl_op_compiler.h";
const ALLOCATOR: &str = "acl/acl_rt_allocator.h";
const DUMP: &str = "acl/acl_dump.h";
const REPORTS: &str = "profiling/aprof_pub.h";
const PROFILING: &str = "acl/acl_prof.h";
const CHANNELS: &str = "acl/acl_tdt.h";
const QUEUES: &str = "acl/acl_tdt_queue.h";
const META: &str = "aclnn/acl_meta.h";
const HCCL_TYPES: &str = "hccl/hccl_types.h";
const HCCL: &str = "hccl/hccl.h";

/// The headers that are there whatever the lists have: path, what it includes, what it is about.
pub(super) const FIXED: &[(&str, &[&str], &str)] = &[
    (BASE, &[], "Types, constants and error numbers of the device runtime."),
    (RUNTIME, &[BASE], "The device runtime: libascendcl.so, libacl_rt.so."),
    (OPERATION, &[RUNTIME], "Single operators by name, and their attributes: libascendcl.so."),
    (COMPILER, &[OPERATION], "The compiler of single operators: libacl_op_compiler.so."),
    ("acl/acl.h", &[RUNTIME, OPERATION], "The device runtime."),
    (ALLOCATOR, &[RUNTIME], "Allocators of the program's own: libascendcl.so, libacl_rt.so."),
    (DUMP, &[RUNTIME], "Dumps of operators: libascend_dump.so."),
    (PROFILING, &[RUNTIME], "Profiling: libmsprofiler.so."),
    (REPORTS, &[RUNTIME], "What libraries report to the profiler, an inner header of a toolkit's: libprofapi.so."),
    (CHANNELS, &[BASE], "Tensor channels: libacl_tdt_channel.so."),
    (QUEUES, &[BASE], "Queues: libacl_tdt_queue.so."),
    (META, &[BASE], "Descriptors of the operator library: libnnopbase.so."),
    ("aclnn/aclnn_base.h", &[META], "What every operator's header needs."),
    (HCCL_TYPES, &[], "Types, constants and error numbers of the collectives."),
    (HCCL, &[HCCL_TYPES, "acl/acl.h"], "The collectives: libhccl.so, libhcomm.so."),
    ("hccl/hccl_comm.h", &[HCCL], "Communicators, by the name that their header has from CANN 8.5 on."),
];

/// The header of a function.
pub(super) fn of_function(item: &Item<Function>) -> String {
    match item.what.origin.map(|origin| origin.lib) {
        Some(Lib::NnOpBase) => META.into(),
        Some(Lib::OpApi) => format!("{OPERATORS}{}.h", family(&item.name)),
        Some(Lib::Hccl) => HCCL.into(),
        Some(Lib::MsProfiler) if item.name.starts_with("Msprof") => REPORTS.into(),
        Some(Lib::MsProfiler) => PROFILING.into(),
        Some(Lib::TdtChannel) => CHANNELS.into(),
        Some(Lib::TdtQueue) => QUEUES.into(),
        Some(Lib::AscendCl) => of_runtime(&item.name).into(),
        // The runtime, and what stands beside it.
        _ => RUNTIME.into(),
    }
}

/// The header of a function of the runtime's library.
fn of_runtime(name: &str) -> &'static str {
    let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| name.starts_with(beginning));
    match name {
        _ if begins(&[
            "aclopCompile",
            "aclSetCompileopt",
            "aclGetCompileopt",
            "aclGenGraph",
            "aclCreateGraphDump",
            "aclDestroyGraphDump",
        ]) =>
        {
            COMPILER
        }
        _ if name.starts_with("aclrtAllocator") => ALLOCATOR,
        _ if name.starts_with("acldump") || name.ends_with("DumpArgs") => DUMP,
        _ if name.starts_with("aclop") => OPERATION,
        _ if begins(&["aclCreateTensorDesc", "aclDestroyTensorDesc", "aclGetTensorDesc", "aclSetTensor"])
            || name.contains("DataBuffer") =>
        {
            BASE
        }
        _ => RUNTIME,
    }
}

/// The operator's header without its ending: `aclnnInplaceSiluGetWorkspaceSize` is in `aclnn_silu`.
fn family(function: &str) -> String {
    let name = function.trim_start_matches("aclnn").trim_end_matches("GetWorkspaceSize").trim_start_matches("Inplace");
    if let Some((_, header)) = ELSEWHERE.iter().find(|(operators, _)| operators.contains(&name)) {
        return format!("aclnn_{header}");
    }
    let mut snake = String::from("aclnn");
    for letter in name.chars() {
        if letter.is_uppercase() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

/// Operators that CANN declares beside another, or under a name that its letters do not tell.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (&["Adds"], "add"),
    (&["AlltoAllAllGatherBatchMatMul"], "all_to_all_all_gather_batch_matmul"),
    (&["ArgMax"], "argmax"),
    (&["ArgMin"], "argmin"),
    (&["AvgPool2d"], "avgpool2d"),
    (&["AvgPool2dBackward"], "avgpool2d_backward"),
    (&["BatchMatMul"], "batch_matmul"),
    (&["BatchMatMulReduceScatterAlltoAll"], "batch_matmul_reduce_scatter_all_to_all"),
    (&["CalculateMatmulWeightSize", "CalculateMatmulWeightSizeV2"], "trans_matmul_weight"),
    (&["ClampMax", "ClampMaxTensor", "ClampMin", "ClampMinTensor", "ClampTensor"], "clamp"),
    (&["CumsumV2"], "cumsum"),
    (&["DivMod", "DivMods", "Divs"], "div"),
    (&["DropoutGenMaskV2"], "dropout_gen_mask"),
    (
        &[
            "FlashAttentionScoreV2",
            "FlashAttentionVarLenScore",
            "FlashAttentionVarLenScoreV2",
            "FlashAttentionVarLenScoreV3",
            "FlashAttentionVarLenScoreV4",
        ],
        "flash_attention_score",
    ),
    (
        &[
            "FlashAttentionScoreGradV2",
            "FlashAttentionUnpaddingScoreGrad",
            "FlashAttentionUnpaddingScoreGradV2",
            "FlashAttentionUnpaddingScoreGradV3",
            "FlashAttentionUnpaddingScoreGradV4",
        ],
        "flash_attention_score_grad",
    ),
    (&["FloorDivides"], "floor_divide"),
    (&["GeGluV3"], "geglu"),
    (&["IsClose"], "isclose"),
    (&["IsFinite"], "isfinite"),
    (&["IsNegInf"], "isneginf"),
    (&["IsPosInf"], "isposinf"),
    (&["Lerp"], "lerp_tensor"),
    (&["Lerps"], "lerp_scalar"),
    (&["LogAddExp"], "logaddexp"),
    (&["LogAddExp2"], "logaddexp2"),
    (&["LogSigmoid", "LogSigmoidForward"], "logsigmoid"),
    (&["LogSigmoidBackward"], "logsigmoid_backward"),
    (&["LogSoftmax"], "logsoftmax"),
    (&["LogSoftmaxBackward"], "logsoftmax_backward"),
    (&["LogSumExp"], "logsumexp"),
    (&["MatmulWeightNz"], "matmul"),
    (&["MaxPool2dWithMask"], "max_pool2d_with_indices"),
    (&["MaxPool2dWithMaskBackward"], "max_pool2d_with_indices_backward"),
    (&["MeanV2"], "mean"),
    (&["MedianDim"], "median"),
    (&["Muls"], "mul"),
    (&["NLLLoss"], "nll_loss"),
    (&["NLLLossBackward"], "nll_loss_backward"),
    (&["NpuFormatCastCalculateSizeAndFormat"], "npu_format_cast"),
    (&["One"], "ones"),
    (&["PowScalarTensor", "PowTensorScalar"], "pow"),
    (&["ProdDim"], "prod"),
    (&["RemainderScalarTensor", "RemainderTensorScalar", "RemainderTensorTensor"], "remainder"),
    (&["RepeatInterleaveInt", "RepeatInterleaveIntWithDim"], "repeat_interleave"),
    (&["Rsubs"], "rsub"),
    (&["ScatterValue"], "scatter"),
    (&["SearchSorted", "SearchSorteds"], "searchsorted"),
    (&["Subs"], "sub"),
    (&["UpsampleNearest2d"], "upsample_nearest_2d"),
    (&["VarCorrection"], "var"),
];

/// ATB's C face has a header that needs no other, `ffi/atb_shim.h`, since its source is compiled beside CANN's own headers.
pub(super) fn elsewhere(name: &str) -> bool {
    ["Atb", "atb", "ATB_", "ascend_atb_"].iter().any(|begin| name.starts_with(begin))
}

/// The header of a constant that belongs to no enum.
pub(super) fn of_name(name: &str) -> &'static str {
    match name {
        _ if name.starts_with("Hccl") || name.starts_with("HCCL") || name.starts_with("COMM_") => HCCL_TYPES,
        _ if name.starts_with("aclnn") || name.starts_with("ACLNN") => META,
        _ => BASE,
    }
}

/// Each type with its header, a type after those that it is made of.
pub(super) fn types(abi: &Abi) -> Vec<(&Item<Type>, &'static str)> {
    let mut runtime = HashSet::new();
    for function in &abi.functions {
        if !matches!(function.what.origin.map(|origin| origin.lib), Some(Lib::NnOpBase | Lib::OpApi)) {
            reach_function(abi, &function.what, &mut runtime);
        }
    }
    let mut ordered = Vec::new();
    let mut seen = HashSet::new();
    for item in abi.types.iter().filter(|item| !elsewhere(&item.name)) {
        after_its_parts(abi, item, &mut seen, &mut ordered);
    }
    let header = |item: &Item<Type>| match &item.what {
        // Descriptors; an opaque struct that the runtime takes is the runtime's.
        Type::Opaque if !runtime.contains(item.name.as_str()) => META,
        _ => of_name(&item.name),
    };
    ordered.into_iter().map(|item| (item, header(item))).collect()
}

fn reach_function<'a>(abi: &'a Abi, function: &'a Function, seen: &mut HashSet<&'a str>) {
    for ty in function.params.iter().map(|(_, ty)| ty).chain([&function.result]) {
        reach(abi, ty, seen);
    }
}

/// The names of types that a type is made of, itself included.
fn reach<'a>(abi: &'a Abi, ty: &'a Ty, seen: &mut HashSet<&'a str>) {
    match ty {
        Ty::Pointer { to, .. } | Ty::Array(to, _) => reach(abi, to, seen),
        Ty::Callback(function) => reach_function(abi, function, seen),
        Ty::Named(name) if seen.insert(name) => {
            for part in abi.type_named(name).iter().flat_map(|item| parts(&item.what)) {
                reach(abi, part, seen);
            }
        }
        _ => {}
    }
}

fn parts(what: &Type) -> Vec<&Ty> {
    match what {
        Type::Alias(to) => vec![to],
        Type::Struct(fields) | Type::Union(fields) => fields.iter().map(|field| &field.ty).collect(),
        Type::Enum(_) | Type::Opaque => Vec::new(),
    }
}

fn after_its_parts<'a>(abi: &'a Abi, item: &'a Item<Type>, seen: &mut HashSet<&'a str>, ordered: &mut Vec<&'a Item<Type>>) {
    if !seen.insert(&item.name) {
        return;
    }
    let mut names = HashSet::new();
    for part in parts(&item.what) {
        reach(abi, part, &mut names);
    }
    // In the order of the source, so that the headers are the same each time.
    for part in abi.types.iter().filter(|part| names.contains(part.name.as_str())) {
        after_its_parts(abi, part, seen, ordered);
    }
    ordered.push(item);
}

/// The constants that belong to no enum.
pub(super) fn loose_values(abi: &Abi) -> impl Iterator<Item = &Item<i128>> {
    let of_enums: HashSet<&str> = abi
        .types
        .iter()
        .flat_map(|item| match &item.what {
            Type::Enum(names) => names.as_slice(),
            _ => &[],
        })
        .map(String::as_str)
        .collect();
    abi.values.iter().filter(move |value| !of_enums.contains(value.name.as_str()) && !elsewhere(&value.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families() {
        for (function, wanted) in [
            ("aclnnMmGetWorkspaceSize", "aclnn_mm"),
            ("aclnnInplaceAddmm", "aclnn_addmm"),
            ("aclnnSWhere", "aclnn_s_where"),
            ("aclnnApplyAdamWV2", "aclnn_apply_adam_w_v2"),
            ("aclnnInplaceMulsGetWorkspaceSize", "aclnn_mul"),
            ("aclnnRepeatInterleaveIntWithDim", "aclnn_repeat_interleave"),
            ("aclnnNLLLossBackward", "aclnn_nll_loss_backward"),
        ] {
            assert_eq!(family(function), wanted);
        }
    }
}
