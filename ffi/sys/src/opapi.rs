//! The operators, `libopapi.so` (split by domain from 8.5): `aclnnop/*.h`.

use crate::types::*;
use std::ffi::{c_char, c_int};

/// The operators. Calls `$emit! { OpApi, Lib::OpApi; rows }`. A row states phase one's arguments without the trailing
/// `workspaceSize` and `executor`; phase two is the same for all.
#[macro_export]
macro_rules! opapi_symbols {
    ($emit:ident) => { $emit! { OpApi, $crate::Lib::OpApi;
        // ---- matrix products
        /// `out = self @ mat2`, 2-D.
        ["8.1"] op aclnnMm, aclnnMmGetWorkspaceSize(self_: *const aclTensor, mat2: *const aclTensor, out: *mut aclTensor, cube_math_type: i8);
        /// `out = beta*self + alpha*(mat1 @ mat2)`; `self` broadcasts.
        ["8.1"] op aclnnAddmm, aclnnAddmmGetWorkspaceSize(self_: *const aclTensor, mat1: *const aclTensor, mat2: *const aclTensor, beta: *const aclScalar, alpha: *const aclScalar, out: *mut aclTensor, cube_math_type: i8);
        /// `self = beta*self + alpha*(mat1 @ mat2)`.
        ["8.1"] op aclnnInplaceAddmm, aclnnInplaceAddmmGetWorkspaceSize(self_ref: *const aclTensor, mat1: *const aclTensor, mat2: *const aclTensor, beta: *const aclScalar, alpha: *const aclScalar, cube_math_type: i8);
        // ---- norms and activations
        /// `y = x * rsqrt(mean(x²) + eps) * gamma`; `rstd` in f32.
        ["8.1"] op aclnnRmsNorm, aclnnRmsNormGetWorkspaceSize(x: *const aclTensor, gamma: *const aclTensor, epsilon: f64, y_out: *const aclTensor, rstd_out: *const aclTensor);
        /// Gradients of `aclnnRmsNorm`; `dgamma` is always f32.
        ["8.1"] op aclnnRmsNormGrad, aclnnRmsNormGradGetWorkspaceSize(dy: *const aclTensor, x: *const aclTensor, rstd: *const aclTensor, gamma: *const aclTensor, dx_out: *const aclTensor, dgamma_out: *const aclTensor);
        /// `x = x1 + x2` rounded to the dtype, then its norm.
        ["8.1"] op aclnnAddRmsNorm, aclnnAddRmsNormGetWorkspaceSize(x1: *const aclTensor, x2: *const aclTensor, gamma: *const aclTensor, epsilon: f64, y_out: *const aclTensor, rstd_out: *const aclTensor, x_out: *const aclTensor);
        /// `silu(a) * b` of the two halves of `x` along `dim`; `a` is the first.
        ["8.1"] op aclnnSwiGlu, aclnnSwiGluGetWorkspaceSize(x: *const aclTensor, dim: i64, out: *const aclTensor);
        /// Gradient of `aclnnSwiGlu`, laid out as `x`.
        ["8.1"] op aclnnSwiGluGrad, aclnnSwiGluGradGetWorkspaceSize(y_grad: *const aclTensor, x: *const aclTensor, dim: i64, out: *const aclTensor);
        /// Softmax along `dim`.
        ["8.1"] op aclnnSoftmax, aclnnSoftmaxGetWorkspaceSize(self_: *const aclTensor, dim: i64, out: *mut aclTensor);
        /// Log-softmax along `dim`.
        ["8.1"] op aclnnLogSoftmax, aclnnLogSoftmaxGetWorkspaceSize(self_: *const aclTensor, dim: i64, out: *mut aclTensor);
        /// Rotary embedding; mode 0 rotates halves, 1 interleaves.
        ["8.5"] op aclnnRotaryPositionEmbedding, aclnnRotaryPositionEmbeddingGetWorkspaceSize(x: *const aclTensor, cos: *const aclTensor, sin: *const aclTensor, mode: i64, out: *mut aclTensor);
        // ---- attention
        /// Training attention over packed sequences (layout "TND"); `actual_seq_*` are cumulative ends.
        ["8.1"] op aclnnFlashAttentionVarLenScore, aclnnFlashAttentionVarLenScoreGetWorkspaceSize(query: *const aclTensor, key: *const aclTensor, value: *const aclTensor, real_shift: *const aclTensor, drop_mask: *const aclTensor, padding_mask: *const aclTensor, atten_mask: *const aclTensor, prefix: *const aclIntArray, actual_seq_q_len: *const aclIntArray, actual_seq_kv_len: *const aclIntArray, scale_value: f64, keep_prob: f64, pre_tokens: i64, next_tokens: i64, head_num: i64, input_layout: *mut c_char, inner_precise: i64, sparse_mode: i64, softmax_max_out: *const aclTensor, softmax_sum_out: *const aclTensor, softmax_out_out: *const aclTensor, attention_out_out: *const aclTensor);
        /// Gradients of `aclnnFlashAttentionVarLenScore`.
        ["8.1"] op aclnnFlashAttentionUnpaddingScoreGrad, aclnnFlashAttentionUnpaddingScoreGradGetWorkspaceSize(query: *const aclTensor, key_in: *const aclTensor, value: *const aclTensor, dy: *const aclTensor, pse_shift: *const aclTensor, drop_mask: *const aclTensor, padding_mask: *const aclTensor, atten_mask: *const aclTensor, softmax_max: *const aclTensor, softmax_sum: *const aclTensor, softmax_in: *const aclTensor, attention_in: *const aclTensor, prefix: *const aclIntArray, actual_seq_q_len: *const aclIntArray, actual_seq_kv_len: *const aclIntArray, scale_value: f64, keep_prob: f64, pre_tokens: i64, next_tokens: i64, head_num: i64, input_layout: *mut c_char, inner_precise: i64, sparse_mode: i64, dq_out: *const aclTensor, dk_out: *const aclTensor, dv_out: *const aclTensor, dpse_out: *const aclTensor);
        /// Inference attention, also over a paged cache (`block_table`); lengths are host arrays.
        ["8.1"] op aclnnFusedInferAttentionScoreV2, aclnnFusedInferAttentionScoreV2GetWorkspaceSize(query: *const aclTensor, key: *const aclTensorList, value: *const aclTensorList, pse_shift: *const aclTensor, atten_mask: *const aclTensor, actual_seq_lengths: *const aclIntArray, actual_seq_lengths_kv: *const aclIntArray, deq_scale1: *const aclTensor, quant_scale1: *const aclTensor, deq_scale2: *const aclTensor, quant_scale2: *const aclTensor, quant_offset2: *const aclTensor, antiquant_scale: *const aclTensor, antiquant_offset: *const aclTensor, block_table: *const aclTensor, query_padding_size: *const aclTensor, kv_padding_size: *const aclTensor, key_antiquant_scale: *const aclTensor, key_antiquant_offset: *const aclTensor, value_antiquant_scale: *const aclTensor, value_antiquant_offset: *const aclTensor, key_shared_prefix: *const aclTensor, value_shared_prefix: *const aclTensor, actual_shared_prefix_len: *const aclIntArray, num_heads: i64, scale_value: f64, pre_tokens: i64, next_tokens: i64, input_layout: *mut c_char, num_key_value_heads: i64, sparse_mode: i64, inner_precise: i64, block_size: i64, antiquant_mode: i64, softmax_lse_flag: bool, key_antiquant_mode: i64, value_antiquant_mode: i64, attention_out: *const aclTensor, softmax_lse: *const aclTensor);
        // ---- embedding and indexing
        /// `out[i] = weight[indices[i]]`.
        ["8.1"] op aclnnEmbedding, aclnnEmbeddingGetWorkspaceSize(weight: *const aclTensor, indices: *const aclTensor, out: *const aclTensor);
        /// Sums the rows of `grad` by index, in f32. `padding_idx` of -1 as u64: none.
        ["8.1"] op aclnnEmbeddingDenseBackward, aclnnEmbeddingDenseBackwardGetWorkspaceSize(grad: *const aclTensor, indices: *const aclTensor, num_weights: u64, padding_idx: u64, scale_grad_by_freq: bool, out: *const aclTensor);
        /// `out[i][j] = self[i][index[i][j]]` for `dim` 1, and so on.
        ["8.1"] op aclnnGather, aclnnGatherGetWorkspaceSize(self_: *const aclTensor, dim: i64, index: *const aclTensor, out: *mut aclTensor);
        /// `var[indices[i]] = updates[i]`; the last dim of `indices` counts the leading dims it picks.
        ["8.1"] op aclnnScatterNdUpdate, aclnnScatterNdUpdateGetWorkspaceSize(var_ref: *mut aclTensor, indices: *const aclTensor, updates: *const aclTensor);
        /// New keys and values to their slots of a paged cache.
        ["8.5"] op aclnnScatterPaKvCache, aclnnScatterPaKvCacheGetWorkspaceSize(key: *const aclTensor, key_cache_ref: *mut aclTensor, slot_mapping: *const aclTensor, value: *const aclTensor, value_cache_ref: *mut aclTensor, compress_lens: *const aclTensor, compress_seq_offset: *const aclTensor, seq_lens: *const aclTensor, cache_mode: *mut c_char, scatter_mode: *mut c_char, strides: *const aclIntArray, offsets: *const aclIntArray);
        // ---- sorting, scans, reductions
        /// Sort along `dim`; indices in i64.
        ["8.1"] op aclnnSort, aclnnSortGetWorkspaceSize(self_: *const aclTensor, stable: bool, dim: i64, descending: bool, values_out: *mut aclTensor, indices_out: *mut aclTensor);
        /// The index of the largest along `dim`, the first of equals.
        ["8.1"] op aclnnArgMax, aclnnArgMaxGetWorkspaceSize(self_: *const aclTensor, dim: i64, keepdim: bool, out: *mut aclTensor);
        /// Sum over `dims`.
        ["8.1"] op aclnnReduceSum, aclnnReduceSumGetWorkspaceSize(self_: *const aclTensor, dims: *const aclIntArray, keep_dims: bool, dtype: aclDataType, out: *mut aclTensor);
        /// Running sum along `dim`.
        ["8.1"] op aclnnCumsum, aclnnCumsumGetWorkspaceSize(self_: *const aclTensor, dim: i64, dtype: aclDataType, out: *mut aclTensor);
        /// The norm of order `ord` over `dims`.
        ["8.1"] op aclnnLinalgVectorNorm, aclnnLinalgVectorNormGetWorkspaceSize(self_: *const aclTensor, ord: *const aclScalar, dims: *const aclIntArray, keep_dims: bool, dtype: aclDataType, out: *mut aclTensor);
        // ---- loss and optimiser
        /// Cross entropy and the log-probabilities; `reduction` is "none", "mean" or "sum".
        ["8.1"] op aclnnCrossEntropyLoss, aclnnCrossEntropyLossGetWorkspaceSize(input: *const aclTensor, target: *const aclTensor, weight: *const aclTensor, reduction: *mut c_char, ignore_index: i64, label_smoothing: f64, lse_square_scale_for_zloss: f64, return_zloss: bool, loss_out: *const aclTensor, log_prob_out: *const aclTensor, zloss_out: *const aclTensor, lse_for_zloss_out: *const aclTensor);
        /// Gradient of `aclnnCrossEntropyLoss`.
        ["8.1"] op aclnnCrossEntropyLossGrad, aclnnCrossEntropyLossGradGetWorkspaceSize(grad_loss: *const aclTensor, log_prob: *const aclTensor, target: *const aclTensor, weight: *const aclTensor, grad_zloss: *const aclTensor, lse_for_zloss: *const aclTensor, reduction: *mut c_char, ignore_index: i64, label_smoothing: f64, lse_square_scale_for_zloss: f64, out: *const aclTensor);
        /// AdamW in place; `step` counts the steps completed (0 at the first call).
        ["8.1"] op aclnnApplyAdamWV2, aclnnApplyAdamWV2GetWorkspaceSize(var_ref: *mut aclTensor, m_ref: *mut aclTensor, v_ref: *mut aclTensor, max_grad_norm_ref: *mut aclTensor, grad: *const aclTensor, step: *const aclTensor, lr: f32, beta1: f32, beta2: f32, weight_decay: f32, eps: f32, amsgrad: bool, maximize: bool);
        // ---- elementwise
        /// `out = self + alpha*other`.
        ["8.1"] op aclnnAdd, aclnnAddGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, alpha: *const aclScalar, out: *mut aclTensor);
        /// `self += alpha*other`.
        ["8.1"] op aclnnInplaceAdd, aclnnInplaceAddGetWorkspaceSize(self_ref: *const aclTensor, other: *const aclTensor, alpha: *const aclScalar);
        /// `out = self - alpha*other`.
        ["8.1"] op aclnnSub, aclnnSubGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, alpha: *const aclScalar, out: *mut aclTensor);
        /// `out = self * other`.
        ["8.1"] op aclnnMul, aclnnMulGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// `out = self / other`.
        ["8.1"] op aclnnDiv, aclnnDivGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// `out = self * scalar`.
        ["8.1"] op aclnnMuls, aclnnMulsGetWorkspaceSize(self_: *const aclTensor, other: *const aclScalar, out: *mut aclTensor);
        /// `self *= scalar`.
        ["8.1"] op aclnnInplaceMuls, aclnnInplaceMulsGetWorkspaceSize(self_ref: *const aclTensor, other: *const aclScalar);
        /// `out = exp(self)`.
        ["8.1"] op aclnnExp, aclnnExpGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `out = log(self)`.
        ["8.1"] op aclnnLog, aclnnLogGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `out = -self`.
        ["8.1"] op aclnnNeg, aclnnNegGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// Conversion to `dtype`.
        ["8.1"] op aclnnCast, aclnnCastGetWorkspaceSize(self_: *const aclTensor, dtype: aclDataType, out: *mut aclTensor);
        /// Strided copy with conversion and broadcast.
        ["8.1"] op aclnnInplaceCopy, aclnnInplaceCopyGetWorkspaceSize(self_ref: *mut aclTensor, src: *const aclTensor);
        /// Fills with a scalar.
        ["8.1"] op aclnnInplaceFillScalar, aclnnInplaceFillScalarGetWorkspaceSize(self_ref: *mut aclTensor, value: *const aclScalar);
        /// Fills with zero.
        ["8.1"] op aclnnInplaceZero, aclnnInplaceZeroGetWorkspaceSize(self_ref: *mut aclTensor);
        /// `out = condition ? self : other`.
        ["8.1"] op aclnnSWhere, aclnnSWhereGetWorkspaceSize(condition: *const aclTensor, self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// `out = self < other`.
        ["8.1"] op aclnnLtTensor, aclnnLtTensorGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// `out = self <= other`.
        ["8.1"] op aclnnLeTensor, aclnnLeTensorGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// `out = self > scalar`.
        ["8.1"] op aclnnGtScalar, aclnnGtScalarGetWorkspaceSize(self_: *const aclTensor, other: *const aclScalar, out: *mut aclTensor);
        /// The upper triangle from diagonal `diagonal` on.
        ["8.1"] op aclnnTriu, aclnnTriuGetWorkspaceSize(self_: *const aclTensor, diagonal: i64, out: *mut aclTensor);

        // ---- batched, grouped and quantised products
        /// `out = self @ mat2` of 1 to 6 dims; leading dims broadcast.
        ["8.1"] op aclnnMatmul, aclnnMatmulGetWorkspaceSize(self_: *const aclTensor, mat2: *const aclTensor, out: *mut aclTensor, cube_math_type: i8);
        /// `out = self @ mat2`, 3-D; a stack of one repeats.
        ["8.1"] op aclnnBatchMatMul, aclnnBatchMatMulGetWorkspaceSize(self_: *const aclTensor, mat2: *const aclTensor, out: *mut aclTensor, cube_math_type: i8);
        /// `out = beta*self + alpha*(batch1 @ batch2)`, 3-D; `self` broadcasts.
        ["8.1"] op aclnnBaddbmm, aclnnBaddbmmGetWorkspaceSize(self_: *const aclTensor, batch1: *const aclTensor, batch2: *const aclTensor, beta: *const aclScalar, alpha: *const aclScalar, out: *mut aclTensor, cube_math_type: i8);
        /// `aclnnMatmul` of a weight in FRACTAL_NZ.
        ["8.5"] op aclnnMatmulWeightNz, aclnnMatmulWeightNzGetWorkspaceSize(self_: *const aclTensor, mat2: *const aclTensor, out: *mut aclTensor, cube_math_type: i8);
        /// A product for each expert; `groupList` is a host array of cumulative ends.
        ["8.1"] op aclnnGroupedMatmul, aclnnGroupedMatmulGetWorkspaceSize(x: *const aclTensorList, weight: *const aclTensorList, bias: *const aclTensorList, scale: *const aclTensorList, offset: *const aclTensorList, antiquant_scale: *const aclTensorList, antiquant_offset: *const aclTensorList, group_list: *const aclIntArray, split_item: i64, y: *const aclTensorList);
        /// As `aclnnGroupedMatmul`, with the dim that is split.
        ["8.1"] op aclnnGroupedMatmulV2, aclnnGroupedMatmulV2GetWorkspaceSize(x: *const aclTensorList, weight: *const aclTensorList, bias: *const aclTensorList, scale: *const aclTensorList, offset: *const aclTensorList, antiquant_scale: *const aclTensorList, antiquant_offset: *const aclTensorList, group_list: *const aclIntArray, split_item: i64, group_type: i64, y: *const aclTensorList);
        /// As `aclnnGroupedMatmulV2`, with `groupList` on the device.
        ["8.1"] op aclnnGroupedMatmulV3, aclnnGroupedMatmulV3GetWorkspaceSize(x: *const aclTensorList, weight: *const aclTensorList, bias: *const aclTensorList, scale: *const aclTensorList, offset: *const aclTensorList, antiquant_scale: *const aclTensorList, antiquant_offset: *const aclTensorList, group_list: *const aclTensor, split_item: i64, group_type: i64, y: *const aclTensorList);
        /// As `aclnnGroupedMatmulV3`, with counts or ends, and parameters of quantised forms.
        ["8.1"] op aclnnGroupedMatmulV4, aclnnGroupedMatmulV4GetWorkspaceSize(x: *const aclTensorList, weight: *const aclTensorList, bias: *const aclTensorList, scale: *const aclTensorList, offset: *const aclTensorList, antiquant_scale: *const aclTensorList, antiquant_offset: *const aclTensorList, per_token_scale: *const aclTensorList, group_list: *const aclTensor, activation_input: *const aclTensorList, activation_quant_scale: *const aclTensorList, activation_quant_offset: *const aclTensorList, split_item: i64, group_type: i64, group_list_type: i64, act_type: i64, out: *mut aclTensorList, activation_feature_out: *mut aclTensorList, dyn_quant_scale_out: *mut aclTensorList);
        /// As `aclnnGroupedMatmulV4`, with hints for tuning.
        ["8.5"] op aclnnGroupedMatmulV5, aclnnGroupedMatmulV5GetWorkspaceSize(x: *const aclTensorList, weight: *const aclTensorList, bias: *const aclTensorList, scale: *const aclTensorList, offset: *const aclTensorList, antiquant_scale: *const aclTensorList, antiquant_offset: *const aclTensorList, per_token_scale: *const aclTensorList, group_list: *const aclTensor, activation_input: *const aclTensorList, activation_quant_scale: *const aclTensorList, activation_quant_offset: *const aclTensorList, split_item: i64, group_type: i64, group_list_type: i64, act_type: i64, tuning_config: *mut aclIntArray, out: *mut aclTensorList, activation_feature_out: *mut aclTensorList, dyn_quant_scale_out: *mut aclTensorList);
        /// As `aclnnGroupedMatmulV5`, of weights in FRACTAL_NZ.
        ["8.5"] op aclnnGroupedMatmulWeightNz, aclnnGroupedMatmulWeightNzGetWorkspaceSize(x: *const aclTensorList, weight: *const aclTensorList, bias: *const aclTensorList, scale: *const aclTensorList, offset: *const aclTensorList, antiquant_scale: *const aclTensorList, antiquant_offset: *const aclTensorList, per_token_scale: *const aclTensorList, group_list: *const aclTensor, activation_input: *const aclTensorList, activation_quant_scale: *const aclTensorList, activation_quant_offset: *const aclTensorList, split_item: i64, group_type: i64, group_list_type: i64, act_type: i64, tuning_config: *mut aclIntArray, quant_group_size: i64, out: *mut aclTensorList, activation_feature_out: *mut aclTensorList, dyn_quant_scale_out: *mut aclTensorList);
        /// `y += xᵀ @ weight` for each expert's tokens, in f32: gradients of experts' weights.
        ["8.1"] op aclnnGroupedMatmulAdd, aclnnGroupedMatmulAddGetWorkspaceSize(x: *const aclTensor, weight: *const aclTensor, group_list: *const aclTensor, y_ref: *mut aclTensor, transpose_x: bool, transpose_weight: bool, group_type: i64);
        /// As `aclnnGroupedMatmulAdd`, with counts or ends.
        ["8.5"] op aclnnGroupedMatmulAddV2, aclnnGroupedMatmulAddV2GetWorkspaceSize(x: *const aclTensor, weight: *const aclTensor, group_list: *const aclTensor, y_ref: *mut aclTensor, transpose_x: bool, transpose_weight: bool, group_type: i64, group_list_type: i64);
        /// An int8 product for each expert, gated and quantised again.
        ["8.1"] op aclnnGroupedMatmulSwigluQuant, aclnnGroupedMatmulSwigluQuantGetWorkspaceSize(x: *const aclTensor, weight: *const aclTensor, bias: *const aclTensor, offset: *const aclTensor, weight_scale: *const aclTensor, x_scale: *const aclTensor, group_list: *const aclTensor, output: *mut aclTensor, output_scale: *mut aclTensor, output_offset: *mut aclTensor);

        // ---- more norms, activations and rotations, and their gradients
        /// `aclnnAddRmsNorm`, quantised by given scales.
        ["8.1"] op aclnnAddRmsNormQuant, aclnnAddRmsNormQuantGetWorkspaceSize(x1: *const aclTensor, x2: *const aclTensor, gamma: *const aclTensor, scales1: *const aclTensor, scales2: *const aclTensor, zero_points1: *const aclTensor, zero_points2: *const aclTensor, axis: i64, epsilon: f64, div_mode: bool, y1_out: *const aclTensor, y2_out: *const aclTensor, x_out: *const aclTensor);
        /// `aclnnAddRmsNorm`, quantised by a scale for each row.
        ["8.1"] op aclnnAddRmsNormDynamicQuant, aclnnAddRmsNormDynamicQuantGetWorkspaceSize(x1: *const aclTensor, x2: *const aclTensor, gamma: *const aclTensor, smooth_scale1: *const aclTensor, smooth_scale2: *const aclTensor, epsilon: f64, y1_out: *const aclTensor, y2_out: *const aclTensor, x_out: *const aclTensor, scale1_out: *const aclTensor, scale2_out: *const aclTensor);
        /// `out = self * sigmoid(self)`.
        ["8.1"] op aclnnSilu, aclnnSiluGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// Gradient of `aclnnSilu`.
        ["8.1"] op aclnnSiluBackward, aclnnSiluBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, grad_input: *mut aclTensor);
        /// GELU by tanh; by the error function it is `aclnnGeluV2`.
        ["8.1"] op aclnnGelu, aclnnGeluGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// Gradient of `aclnnGelu`.
        ["8.1"] op aclnnGeluBackward, aclnnGeluBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, grad_input: *const aclTensor);
        /// GELU: `approximate` 0 by the error function, 1 by tanh.
        ["8.1"] op aclnnGeluV2, aclnnGeluV2GetWorkspaceSize(x: *const aclTensor, approximate: i64, y: *mut aclTensor);
        /// Gradient of `aclnnGeluV2`; `approximate` is "none" or "tanh" here.
        ["8.1"] op aclnnGeluBackwardV2, aclnnGeluBackwardV2GetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, approximate: *mut c_char, grad_input: *mut aclTensor);
        /// `out = 1 / (1 + exp(-self))`.
        ["8.1"] op aclnnSigmoid, aclnnSigmoidGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// Gradient of `aclnnSigmoid` from its output.
        ["8.1"] op aclnnSigmoidBackward, aclnnSigmoidBackwardGetWorkspaceSize(grad_output: *const aclTensor, output: *const aclTensor, grad_input: *mut aclTensor);
        /// `out = (input - mean) * rstd * weight + bias` over the trailing dims of `normalizedShape`.
        ["8.1"] op aclnnLayerNorm, aclnnLayerNormGetWorkspaceSize(input: *const aclTensor, normalized_shape: *const aclIntArray, weight: *const aclTensor, bias: *const aclTensor, eps: f64, out: *mut aclTensor, mean_out: *mut aclTensor, rstd_out: *mut aclTensor);
        /// Gradients of `aclnnLayerNorm`; `outputMask` says which of the three.
        ["8.1"] op aclnnLayerNormBackward, aclnnLayerNormBackwardGetWorkspaceSize(grad_out: *const aclTensor, input: *const aclTensor, normalized_shape: *const aclIntArray, mean: *const aclTensor, rstd: *const aclTensor, weight: *const aclTensor, bias: *const aclTensor, output_mask: *const aclBoolArray, grad_input_out: *mut aclTensor, grad_weight_out: *mut aclTensor, grad_bias_out: *mut aclTensor);
        /// Gradient of `aclnnSoftmax` from its output.
        ["8.1"] op aclnnSoftmaxBackward, aclnnSoftmaxBackwardGetWorkspaceSize(grad_output: *const aclTensor, output: *const aclTensor, dim: i64, out: *mut aclTensor);
        /// Gradient of `aclnnLogSoftmax` from its output.
        ["8.1"] op aclnnLogSoftmaxBackward, aclnnLogSoftmaxBackwardGetWorkspaceSize(grad_output: *const aclTensor, output: *const aclTensor, dim: i64, out: *mut aclTensor);
        /// Rotary embedding of queries and keys in place, layout BSND.
        ["8.1"] op aclnnApplyRotaryPosEmb, aclnnApplyRotaryPosEmbGetWorkspaceSize(query_ref: *mut aclTensor, key_ref: *mut aclTensor, cos: *const aclTensor, sin: *const aclTensor, layout: i64);
        /// As `aclnnApplyRotaryPosEmb`, with more layouts and modes.
        ["8.5"] op aclnnApplyRotaryPosEmbV2, aclnnApplyRotaryPosEmbV2GetWorkspaceSize(query_ref: *mut aclTensor, key_ref: *mut aclTensor, cos: *const aclTensor, sin: *const aclTensor, layout: i64, rotary_mode: *mut c_char);
        /// Rotary embedding of packed heads by a table of cosines and sines.
        ["8.1"] op aclnnRopeWithSinCosCache, aclnnRopeWithSinCosCacheGetWorkspaceSize(positions: *const aclTensor, query_in: *const aclTensor, key_in: *const aclTensor, cos_sin_cache: *const aclTensor, mrope_section: *const aclIntArray, head_size: i64, is_neox_style: bool, query_out: *mut aclTensor, key_out: *mut aclTensor);
        /// Gradients of `aclnnRotaryPositionEmbedding`; of the tables only where `x` is given.
        ["8.5"] op aclnnRotaryPositionEmbeddingGrad, aclnnRotaryPositionEmbeddingGradGetWorkspaceSize(dy: *const aclTensor, cos: *const aclTensor, sin: *const aclTensor, x: *const aclTensor, mode: i64, dx_out: *const aclTensor, dcos_out: *const aclTensor, dsin_out: *const aclTensor);

        // ---- attention in its other versions and layouts
        /// Training attention over batches of equally long sequences; layout "BSH", "SBH", "BSND" or "BNSD".
        ["8.1"] op aclnnFlashAttentionScore, aclnnFlashAttentionScoreGetWorkspaceSize(query: *const aclTensor, key: *const aclTensor, value: *const aclTensor, real_shift: *const aclTensor, drop_mask: *const aclTensor, padding_mask: *const aclTensor, atten_mask: *const aclTensor, prefix: *const aclIntArray, scale_value: f64, keep_prob: f64, pre_tokens: i64, next_tokens: i64, head_num: i64, input_layout: *mut c_char, inner_precise: i64, sparse_mode: i64, softmax_max_out: *const aclTensor, softmax_sum_out: *const aclTensor, softmax_out_out: *const aclTensor, attention_out_out: *const aclTensor);
        /// As `aclnnFlashAttentionScore`, with the kind of position shift and its origins.
        ["8.1"] op aclnnFlashAttentionScoreV2, aclnnFlashAttentionScoreV2GetWorkspaceSize(query: *const aclTensor, key: *const aclTensor, value: *const aclTensor, real_shift: *const aclTensor, drop_mask: *const aclTensor, padding_mask: *const aclTensor, atten_mask: *const aclTensor, prefix: *const aclIntArray, q_start_idx: *const aclIntArray, kv_start_idx: *const aclIntArray, scale_value: f64, keep_prob: f64, pre_tokens: i64, next_tokens: i64, head_num: i64, input_layout: *mut c_char, inner_precise: i64, sparse_mode: i64, pse_type: i64, softmax_max_out: *const aclTensor, softmax_sum_out: *const aclTensor, softmax_out_out: *const aclTensor, attention_out_out: *const aclTensor);
        /// As `aclnnFlashAttentionVarLenScore`, with the kind of position shift and its origins.
        ["8.1"] op aclnnFlashAttentionVarLenScoreV2, aclnnFlashAttentionVarLenScoreV2GetWorkspaceSize(query: *const aclTensor, key: *const aclTensor, value: *const aclTensor, real_shift: *const aclTensor, drop_mask: *const aclTensor, padding_mask: *const aclTensor, atten_mask: *const aclTensor, prefix: *const aclIntArray, actual_seq_q_len: *const aclIntArray, actual_seq_kv_len: *const aclIntArray, q_start_idx: *const aclIntArray, kv_start_idx: *const aclIntArray, scale_value: f64, keep_prob: f64, pre_tokens: i64, next_tokens: i64, head_num: i64, input_layout: *mut c_char, inner_precise: i64, sparse_mode: i64, pse_type: i64, softmax_max_out: *const aclTensor, softmax_sum_out: *const aclTensor, softmax_out_out: *const aclTensor, attention_out_out: *const aclTensor);
        /// As V2, with rotary parts of query and key apart.
        ["8.5"] op aclnnFlashAttentionVarLenScoreV3, aclnnFlashAttentionVarLenScoreV3GetWorkspaceSize(query: *const aclTensor, query_rope: *const aclTensor, key: *const aclTensor, key_rope: *const aclTensor, value: *const aclTensor, real_shift: *const aclTensor, drop_mask: *const aclTensor, padding_mask: *const aclTensor, atten_mask: *const aclTensor, prefix: *const aclIntArray, actual_seq_q_len: *const aclIntArray, actual_seq_kv_len: *const aclIntArray, q_start_idx: *const aclIntArray, kv_start_idx: *const aclIntArray, scale_value: f64, keep_prob: f64, pre_tokens: i64, next_tokens: i64, head_num: i64, input_layout: *mut c_char, inner_precise: i64, sparse_mode: i64, pse_type: i64, softmax_max_out: *const aclTensor, softmax_sum_out: *const aclTensor, softmax_out_out: *const aclTensor, attention_out_out: *const aclTensor);
        /// As the first version, with the order of the statistics: "" or "same_as_input".
        ["8.5"] op aclnnFlashAttentionVarLenScoreV4, aclnnFlashAttentionVarLenScoreV4GetWorkspaceSize(query: *const aclTensor, key: *const aclTensor, value: *const aclTensor, real_shift: *const aclTensor, drop_mask: *const aclTensor, padding_mask: *const aclTensor, atten_mask: *const aclTensor, prefix: *const aclIntArray, actual_seq_q_len: *const aclIntArray, actual_seq_kv_len: *const aclIntArray, scale_value: f64, keep_prob: f64, pre_tokens: i64, next_tokens: i64, head_num: i64, input_layout: *mut c_char, inner_precise: i64, sparse_mode: i64, softmax_out_layout: *mut c_char, softmax_max_out: *const aclTensor, softmax_sum_out: *const aclTensor, softmax_out_out: *const aclTensor, attention_out_out: *const aclTensor);
        /// Gradients of `aclnnFlashAttentionScore`.
        ["8.1"] op aclnnFlashAttentionScoreGrad, aclnnFlashAttentionScoreGradGetWorkspaceSize(query: *const aclTensor, key_in: *const aclTensor, value: *const aclTensor, dy: *const aclTensor, pse_shift: *const aclTensor, drop_mask: *const aclTensor, padding_mask: *const aclTensor, atten_mask: *const aclTensor, softmax_max: *const aclTensor, softmax_sum: *const aclTensor, softmax_in: *const aclTensor, attention_in: *const aclTensor, prefix: *const aclIntArray, scale_value: f64, keep_prob: f64, pre_tokens: i64, next_tokens: i64, head_num: i64, input_layout: *mut c_char, inner_precise: i64, sparse_mode: i64, dq_out: *const aclTensor, dk_out: *const aclTensor, dv_out: *const aclTensor, dpse_out: *const aclTensor);
        /// Gradients of `aclnnFlashAttentionScoreV2`.
        ["8.1"] op aclnnFlashAttentionScoreGradV2, aclnnFlashAttentionScoreGradV2GetWorkspaceSize(query: *const aclTensor, key_in: *const aclTensor, value: *const aclTensor, dy: *const aclTensor, pse_shift: *const aclTensor, drop_mask: *const aclTensor, padding_mask: *const aclTensor, atten_mask: *const aclTensor, softmax_max: *const aclTensor, softmax_sum: *const aclTensor, softmax_in: *const aclTensor, attention_in: *const aclTensor, prefix: *const aclIntArray, q_start_idx: *const aclIntArray, kv_start_idx: *const aclIntArray, scale_value: f64, keep_prob: f64, pre_tokens: i64, next_tokens: i64, head_num: i64, input_layout: *mut c_char, inner_precise: i64, sparse_mode: i64, pse_type: i64, dq_out: *const aclTensor, dk_out: *const aclTensor, dv_out: *const aclTensor, dpse_out: *const aclTensor);
        /// Gradients of `aclnnFlashAttentionVarLenScoreV2`.
        ["8.1"] op aclnnFlashAttentionUnpaddingScoreGradV2, aclnnFlashAttentionUnpaddingScoreGradV2GetWorkspaceSize(query: *const aclTensor, key_in: *const aclTensor, value: *const aclTensor, dy: *const aclTensor, pse_shift: *const aclTensor, drop_mask: *const aclTensor, padding_mask: *const aclTensor, atten_mask: *const aclTensor, softmax_max: *const aclTensor, softmax_sum: *const aclTensor, softmax_in: *const aclTensor, attention_in: *const aclTensor, prefix: *const aclIntArray, actual_seq_q_len: *const aclIntArray, actual_seq_kv_len: *const aclIntArray, q_start_idx: *const aclIntArray, kv_start_idx: *const aclIntArray, scale_value: f64, keep_prob: f64, pre_tokens: i64, next_tokens: i64, head_num: i64, input_layout: *mut c_char, inner_precise: i64, sparse_mode: i64, pse_type: i64, dq_out: *const aclTensor, dk_out: *const aclTensor, dv_out: *const aclTensor, dpse_out: *const aclTensor);
        /// Gradients of `aclnnFlashAttentionVarLenScoreV3`.
        ["8.5"] op aclnnFlashAttentionUnpaddingScoreGradV3, aclnnFlashAttentionUnpaddingScoreGradV3GetWorkspaceSize(query: *const aclTensor, query_rope: *const aclTensor, key_in: *const aclTensor, key_in_rope: *const aclTensor, value: *const aclTensor, dy: *const aclTensor, pse_shift: *const aclTensor, drop_mask: *const aclTensor, padding_mask: *const aclTensor, atten_mask: *const aclTensor, softmax_max: *const aclTensor, softmax_sum: *const aclTensor, softmax_in: *const aclTensor, attention_in: *const aclTensor, prefix: *const aclIntArray, actual_seq_q_len: *const aclIntArray, actual_seq_kv_len: *const aclIntArray, q_start_idx: *const aclIntArray, kv_start_idx: *const aclIntArray, scale_value: f64, keep_prob: f64, pre_tokens: i64, next_tokens: i64, head_num: i64, input_layout: *mut c_char, inner_precise: i64, sparse_mode: i64, pse_type: i64, dq_out: *const aclTensor, dq_rope_out: *const aclTensor, dk_out: *const aclTensor, dk_rope_out: *const aclTensor, dv_out: *const aclTensor, dpse_out: *const aclTensor);
        /// Gradients of `aclnnFlashAttentionVarLenScoreV4`; the order of the statistics comes last.
        ["8.5"] op aclnnFlashAttentionUnpaddingScoreGradV4, aclnnFlashAttentionUnpaddingScoreGradV4GetWorkspaceSize(query: *const aclTensor, key_in: *const aclTensor, value: *const aclTensor, dy: *const aclTensor, pse_shift: *const aclTensor, drop_mask: *const aclTensor, padding_mask: *const aclTensor, atten_mask: *const aclTensor, softmax_max: *const aclTensor, softmax_sum: *const aclTensor, softmax_in: *const aclTensor, attention_in: *const aclTensor, prefix: *const aclIntArray, actual_seq_q_len: *const aclIntArray, actual_seq_kv_len: *const aclIntArray, scale_value: f64, keep_prob: f64, pre_tokens: i64, next_tokens: i64, head_num: i64, input_layout: *mut c_char, inner_precise: i64, sparse_mode: i64, dq_out: *const aclTensor, dk_out: *const aclTensor, dv_out: *const aclTensor, dpse_out: *const aclTensor, softmax_in_layout: *mut c_char);
        /// As `aclnnFlashAttentionScoreV2`, with a sink for each head.
        ["9.0"] op aclnnFlashAttentionScoreV3, aclnnFlashAttentionScoreV3GetWorkspaceSize(query: *const aclTensor, key: *const aclTensor, value: *const aclTensor, real_shift: *const aclTensor, drop_mask: *const aclTensor, padding_mask: *const aclTensor, atten_mask: *const aclTensor, sink: *const aclTensor, prefix: *const aclIntArray, q_start_idx: *const aclIntArray, kv_start_idx: *const aclIntArray, scale_value: f64, keep_prob: f64, pre_tokens: i64, next_tokens: i64, head_num: i64, input_layout: *mut c_char, inner_precise: i64, sparse_mode: i64, pse_type: i64, softmax_max_out: *const aclTensor, softmax_sum_out: *const aclTensor, softmax_out_out: *const aclTensor, attention_out_out: *const aclTensor);
        /// Gradients of `aclnnFlashAttentionScoreV3`.
        ["9.0"] op aclnnFlashAttentionScoreGradV3, aclnnFlashAttentionScoreGradV3GetWorkspaceSize(query: *const aclTensor, key_in: *const aclTensor, value: *const aclTensor, dy: *const aclTensor, pse_shift: *const aclTensor, drop_mask: *const aclTensor, padding_mask: *const aclTensor, atten_mask: *const aclTensor, softmax_max: *const aclTensor, softmax_sum: *const aclTensor, softmax_in: *const aclTensor, attention_in: *const aclTensor, sink_in: *const aclTensor, prefix: *const aclIntArray, q_start_idx: *const aclIntArray, kv_start_idx: *const aclIntArray, scale_value: f64, keep_prob: f64, pre_tokens: i64, next_tokens: i64, head_num: i64, input_layout: *mut c_char, inner_precise: i64, sparse_mode: i64, pse_type: i64, dq_out: *const aclTensor, dk_out: *const aclTensor, dv_out: *const aclTensor, dpse_out: *const aclTensor, dsink_out: *const aclTensor);
        /// As `aclnnFlashAttentionVarLenScoreV3`, with a sink for each head and the order of the statistics.
        ["9.0"] op aclnnFlashAttentionVarLenScoreV5, aclnnFlashAttentionVarLenScoreV5GetWorkspaceSize(query: *const aclTensor, query_rope: *const aclTensor, key: *const aclTensor, key_rope: *const aclTensor, value: *const aclTensor, real_shift: *const aclTensor, drop_mask: *const aclTensor, padding_mask: *const aclTensor, atten_mask: *const aclTensor, sink: *const aclTensor, prefix: *const aclIntArray, actual_seq_q_len: *const aclIntArray, actual_seq_kv_len: *const aclIntArray, q_start_idx: *const aclIntArray, kv_start_idx: *const aclIntArray, scale_value: f64, keep_prob: f64, pre_tokens: i64, next_tokens: i64, head_num: i64, input_layout: *mut c_char, inner_precise: i64, sparse_mode: i64, pse_type: i64, softmax_out_layout: *mut c_char, softmax_max_out: *const aclTensor, softmax_sum_out: *const aclTensor, softmax_out_out: *const aclTensor, attention_out_out: *const aclTensor);
        /// Gradients of `aclnnFlashAttentionVarLenScoreV5`.
        ["9.0"] op aclnnFlashAttentionUnpaddingScoreGradV5, aclnnFlashAttentionUnpaddingScoreGradV5GetWorkspaceSize(query: *const aclTensor, query_rope: *const aclTensor, key_in: *const aclTensor, key_in_rope: *const aclTensor, value: *const aclTensor, dy: *const aclTensor, pse_shift: *const aclTensor, drop_mask: *const aclTensor, padding_mask: *const aclTensor, atten_mask: *const aclTensor, softmax_max: *const aclTensor, softmax_sum: *const aclTensor, softmax_in: *const aclTensor, attention_in: *const aclTensor, sink_in: *const aclTensor, prefix: *const aclIntArray, actual_seq_q_len: *const aclIntArray, actual_seq_kv_len: *const aclIntArray, q_start_idx: *const aclIntArray, kv_start_idx: *const aclIntArray, scale_value: f64, keep_prob: f64, pre_tokens: i64, next_tokens: i64, head_num: i64, input_layout: *mut c_char, inner_precise: i64, sparse_mode: i64, pse_type: i64, softmax_in_layout: *mut c_char, dq_out: *const aclTensor, dq_rope_out: *const aclTensor, dk_out: *const aclTensor, dk_rope_out: *const aclTensor, dv_out: *const aclTensor, dpse_out: *const aclTensor, dsink_out: *const aclTensor);
        /// Inference attention, the first version of `aclnnFusedInferAttentionScoreV2`: without parts of the cache in common.
        ["8.1"] op aclnnFusedInferAttentionScore, aclnnFusedInferAttentionScoreGetWorkspaceSize(query: *const aclTensor, key: *const aclTensorList, value: *const aclTensorList, pse_shift: *const aclTensor, atten_mask: *const aclTensor, actual_seq_lengths: *const aclIntArray, actual_seq_lengths_kv: *const aclIntArray, deq_scale1: *const aclTensor, quant_scale1: *const aclTensor, deq_scale2: *const aclTensor, quant_scale2: *const aclTensor, quant_offset2: *const aclTensor, antiquant_scale: *const aclTensor, antiquant_offset: *const aclTensor, block_table: *const aclTensor, query_padding_size: *const aclTensor, kv_padding_size: *const aclTensor, num_heads: i64, scale_value: f64, pre_tokens: i64, next_tokens: i64, input_layout: *mut c_char, num_key_value_heads: i64, sparse_mode: i64, inner_precise: i64, block_size: i64, antiquant_mode: i64, softmax_lse_flag: bool, attention_out: *const aclTensor, softmax_lse: *const aclTensor);
        /// As V2, with rotary parts of query and key apart.
        ["8.1"] op aclnnFusedInferAttentionScoreV3, aclnnFusedInferAttentionScoreV3GetWorkspaceSize(query: *const aclTensor, key: *const aclTensorList, value: *const aclTensorList, pse_shift: *const aclTensor, atten_mask: *const aclTensor, actual_seq_lengths: *const aclIntArray, actual_seq_lengths_kv: *const aclIntArray, deq_scale1: *const aclTensor, quant_scale1: *const aclTensor, deq_scale2: *const aclTensor, quant_scale2: *const aclTensor, quant_offset2: *const aclTensor, antiquant_scale: *const aclTensor, antiquant_offset: *const aclTensor, block_table: *const aclTensor, query_padding_size: *const aclTensor, kv_padding_size: *const aclTensor, key_antiquant_scale: *const aclTensor, key_antiquant_offset: *const aclTensor, value_antiquant_scale: *const aclTensor, value_antiquant_offset: *const aclTensor, key_shared_prefix: *const aclTensor, value_shared_prefix: *const aclTensor, actual_shared_prefix_len: *const aclIntArray, query_rope: *const aclTensor, key_rope: *const aclTensor, key_rope_antiquant_scale: *const aclTensor, num_heads: i64, scale_value: f64, pre_tokens: i64, next_tokens: i64, input_layout: *mut c_char, num_key_value_heads: i64, sparse_mode: i64, inner_precise: i64, block_size: i64, antiquant_mode: i64, softmax_lse_flag: bool, key_antiquant_mode: i64, value_antiquant_mode: i64, attention_out: *const aclTensor, softmax_lse: *const aclTensor);
        /// As V3, with a quantised query and learned sinks.
        ["8.5"] op aclnnFusedInferAttentionScoreV4, aclnnFusedInferAttentionScoreV4GetWorkspaceSize(query: *const aclTensor, key: *const aclTensorList, value: *const aclTensorList, pse_shift: *const aclTensor, atten_mask: *const aclTensor, actual_seq_lengths: *const aclIntArray, actual_seq_lengths_kv: *const aclIntArray, deq_scale1: *const aclTensor, quant_scale1: *const aclTensor, deq_scale2: *const aclTensor, quant_scale2: *const aclTensor, quant_offset2: *const aclTensor, antiquant_scale: *const aclTensor, antiquant_offset: *const aclTensor, block_table: *const aclTensor, query_padding_size: *const aclTensor, kv_padding_size: *const aclTensor, key_antiquant_scale: *const aclTensor, key_antiquant_offset: *const aclTensor, value_antiquant_scale: *const aclTensor, value_antiquant_offset: *const aclTensor, key_shared_prefix: *const aclTensor, value_shared_prefix: *const aclTensor, actual_shared_prefix_len: *const aclIntArray, query_rope: *const aclTensor, key_rope: *const aclTensor, key_rope_antiquant_scale: *const aclTensor, dequant_scale_query: *const aclTensor, learnable_sink: *const aclTensor, num_heads: i64, scale_value: f64, pre_tokens: i64, next_tokens: i64, input_layout: *mut c_char, num_key_value_heads: i64, sparse_mode: i64, inner_precise: i64, block_size: i64, antiquant_mode: i64, softmax_lse_flag: bool, key_antiquant_mode: i64, value_antiquant_mode: i64, query_quant_mode: i64, attention_out: *const aclTensor, softmax_lse: *const aclTensor);
        /// Inference attention of one query a sequence; `actual_seq_lengths` are of the keys.
        ["8.1"] op aclnnIncreFlashAttentionV4, aclnnIncreFlashAttentionV4GetWorkspaceSize(query: *const aclTensor, key: *const aclTensorList, value: *const aclTensorList, pse_shift: *const aclTensor, atten_mask: *const aclTensor, actual_seq_lengths: *const aclIntArray, dequant_scale1: *const aclTensor, quant_scale1: *const aclTensor, dequant_scale2: *const aclTensor, quant_scale2: *const aclTensor, quant_offset2: *const aclTensor, antiquant_scale: *const aclTensor, antiquant_offset: *const aclTensor, blocktable: *const aclTensor, kv_padding_size: *const aclTensor, num_heads: i64, scale_value: f64, input_layout: *mut c_char, num_key_value_heads: i64, block_size: i64, inner_precise: i64, attention_out: *const aclTensor);
        /// Inference attention of many queries a sequence, without a paged cache.
        ["8.1"] op aclnnPromptFlashAttentionV3, aclnnPromptFlashAttentionV3GetWorkspaceSize(query: *const aclTensor, key: *const aclTensor, value: *const aclTensor, pse_shift: *const aclTensor, atten_mask: *const aclTensor, actual_seq_lengths: *const aclIntArray, actual_seq_lengths_kv: *const aclIntArray, deq_scale1: *const aclTensor, quant_scale1: *const aclTensor, deq_scale2: *const aclTensor, quant_scale2: *const aclTensor, quant_offset2: *const aclTensor, num_heads: i64, scale_value: f64, pre_tokens: i64, next_tokens: i64, input_layout: *mut c_char, num_key_value_heads: i64, sparse_mode: i64, inner_precise: i64, attention_out: *const aclTensor);
        /// `data[b][..] = updates[b][..]` from `indices[b]` on along `axis`.
        ["8.1"] op aclnnInplaceScatterUpdate, aclnnInplaceScatterUpdateGetWorkspaceSize(data: *mut aclTensor, indices: *const aclTensor, updates: *const aclTensor, axis: i64);
        /// A copy of `data` with the slices at `indices` replaced by `updates`.
        ["8.1"] op aclnnScatterNd, aclnnScatterNdGetWorkspaceSize(data: *const aclTensor, indices: *const aclTensor, updates: *const aclTensor, out: *mut aclTensor);
        /// Logits with -infinity where top-k or top-p (in that order) takes a token out; `p` comes first.
        ["8.5"] op aclnnApplyTopKTopP, aclnnApplyTopKTopPGetWorkspaceSize(logits: *const aclTensor, p: *const aclTensor, k: *const aclTensor, out: *mut aclTensor);
        /// Merges partial results of attention by their log-sum-exps.
        ["8.5"] op aclnnAttentionUpdate, aclnnAttentionUpdateGetWorkspaceSize(lse: *const aclTensorList, local_out: *const aclTensorList, update_type: i64, out: *mut aclTensor, lse_out: *mut aclTensor);


        // ---- more indexing
        /// The slices along `dim` that `index` names.
        ["8.1"] op aclnnIndexSelect, aclnnIndexSelectGetWorkspaceSize(self_: *const aclTensor, dim: i64, index: *const aclTensor, out: *mut aclTensor);
        /// The same; `index` may have any rank, which takes the place of `dim`.
        ["8.1"] op aclnnGatherV2, aclnnGatherV2GetWorkspaceSize(self_: *const aclTensor, dim: i64, index: *const aclTensor, out: *mut aclTensor);
        /// The slices that vectors of indices name.
        ["8.1"] op aclnnGatherNd, aclnnGatherNdGetWorkspaceSize(self_: *const aclTensor, indices: *const aclTensor, negative_index_support: bool, out: *mut aclTensor);
        /// `out = self`, then `out[index[i][j]][j] = src[i][j]` for `dim` 0; `reduce` 0 writes, 1 adds, 2 multiplies.
        ["8.1"] op aclnnScatter, aclnnScatterGetWorkspaceSize(self_: *const aclTensor, dim: i64, index: *const aclTensor, src: *const aclTensor, reduce: i64, out: *mut aclTensor);
        /// `Scatter` that adds.
        ["8.1"] op aclnnScatterAdd, aclnnScatterAddGetWorkspaceSize(self_: *const aclTensor, dim: i64, index: *const aclTensor, src: *const aclTensor, out: *mut aclTensor);
        /// `Scatter` in place.
        ["8.1"] op aclnnInplaceScatter, aclnnInplaceScatterGetWorkspaceSize(self_ref: *mut aclTensor, dim: i64, index: *const aclTensor, src: *const aclTensor, reduce: i64);
        /// The same with one value.
        ["8.1"] op aclnnInplaceScatterValue, aclnnInplaceScatterValueGetWorkspaceSize(self_ref: *mut aclTensor, dim: i64, index: *const aclTensor, value: *const aclScalar, reduce: i64);
        /// `out = self`, then slices of `source` times `alpha` added to those that `index` names.
        ["8.1"] op aclnnIndexAdd, aclnnIndexAddGetWorkspaceSize(self_: *const aclTensor, dim: i64, index: *const aclTensor, source: *const aclTensor, alpha: *const aclScalar, out: *mut aclTensor);
        /// The slices of `source` to those that `index` names.
        ["8.1"] op aclnnInplaceIndexCopy, aclnnInplaceIndexCopyGetWorkspaceSize(self_ref: *mut aclTensor, dim: i64, index: *const aclTensor, source: *const aclTensor);
        /// `self[indices]`, a list of indices, one a dim; an empty one stands for all of a dim.
        ["8.1"] op aclnnIndex, aclnnIndexGetWorkspaceSize(self_: *const aclTensor, indices: *const aclTensorList, out: *mut aclTensor);
        /// `self[indices] = values`, or `+=`.
        ["8.1"] op aclnnIndexPutImpl, aclnnIndexPutImplGetWorkspaceSize(self_ref: *mut aclTensor, indices: *const aclTensorList, values: *const aclTensor, accumulate: bool, unsafe_: bool);
        /// The elements where `mask` is true, one after the other; `out` takes on their number.
        ["8.1"] op aclnnMaskedSelect, aclnnMaskedSelectGetWorkspaceSize(self_: *const aclTensor, mask: *const aclTensor, out: *mut aclTensor);
        /// Where elements are not zero, a row each; `out` takes on their number.
        ["8.1"] op aclnnNonzero, aclnnNonzeroGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// The same, a column each.
        ["8.1"] op aclnnNonzeroV2, aclnnNonzeroV2GetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// Each element `repeats` times.
        ["8.1"] op aclnnRepeatInterleaveInt, aclnnRepeatInterleaveIntGetWorkspaceSize(self_: *const aclTensor, repeats: i64, output_size: i64, out: *mut aclTensor);
        /// Each element its own number of times.
        ["8.1"] op aclnnRepeatInterleave, aclnnRepeatInterleaveGetWorkspaceSize(self_: *const aclTensor, repeats: *const aclTensor, output_size: i64, out: *mut aclTensor);
        /// `on_value` in the place that `self` names along a new `axis`, else `off_value`.
        ["8.1"] op aclnnOneHot, aclnnOneHotGetWorkspaceSize(self_: *const aclTensor, num_classes: c_int, on_value: *const aclTensor, off_value: *const aclTensor, axis: i64, out: *mut aclTensor);


        // ---- top-k, sampling, more reductions
        /// The `k` largest or smallest along `dim`, sorted; indices in i64.
        ["8.1"] op aclnnTopk, aclnnTopkGetWorkspaceSize(self_: *const aclTensor, k: i64, dim: i64, largest: bool, sorted: bool, values_out: *mut aclTensor, indices_out: *mut aclTensor);
        /// Where the elements, sorted along `dim`, came from.
        ["8.1"] op aclnnArgsort, aclnnArgsortGetWorkspaceSize(self_: *const aclTensor, dim: i64, descending: bool, out: *mut aclTensor);
        /// The index of the smallest along `dim`, the first of equals.
        ["8.1"] op aclnnArgMin, aclnnArgMinGetWorkspaceSize(self_: *const aclTensor, dim: i64, keepdim: bool, out: *mut aclTensor);
        /// Samples of rows of probabilities, which need no sum of 1.
        ["8.1"] op aclnnMultinomial, aclnnMultinomialGetWorkspaceSize(self_: *const aclTensor, numsamples: i64, replacement: bool, seed: i64, offset: i64, out: *mut aclTensor);
        /// The largest of all elements.
        ["8.1"] op aclnnMax, aclnnMaxGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// The largest along `dim`, and its index.
        ["8.1"] op aclnnMaxDim, aclnnMaxDimGetWorkspaceSize(self_: *const aclTensor, dim: i64, keepdim: bool, out: *mut aclTensor, indices: *mut aclTensor);
        /// The smallest along `dim`, and its index.
        ["8.1"] op aclnnMinDim, aclnnMinDimGetWorkspaceSize(self_: *const aclTensor, dim: i64, keepdim: bool, out: *mut aclTensor, indices: *mut aclTensor);
        /// The largest over `dim`.
        ["8.1"] op aclnnAmax, aclnnAmaxGetWorkspaceSize(self_: *const aclTensor, dim: *const aclIntArray, keep_dim: bool, out: *mut aclTensor);
        /// The smallest over `dim`.
        ["8.1"] op aclnnAmin, aclnnAminGetWorkspaceSize(self_: *const aclTensor, dim: *const aclIntArray, keep_dim: bool, out: *mut aclTensor);
        /// The larger of two, element by element.
        ["8.1"] op aclnnMaximum, aclnnMaximumGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// The smaller of two, element by element.
        ["8.1"] op aclnnMinimum, aclnnMinimumGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// The sum of a list of tensors, element by element.
        ["8.1"] op aclnnSum, aclnnSumGetWorkspaceSize(tensors: *const aclTensorList, out: *mut aclTensor);
        /// The mean over `dim`.
        ["8.1"] op aclnnMean, aclnnMeanGetWorkspaceSize(self_: *const aclTensor, dim: *const aclIntArray, keep_dim: bool, dtype: aclDataType, out: *mut aclTensor);
        /// The mean over `dim`; whether no dims mean all or none is said.
        ["8.1"] op aclnnMeanV2, aclnnMeanV2GetWorkspaceSize(self_: *const aclTensor, dim: *const aclIntArray, keep_dim: bool, noop_with_empty_axes: bool, out: *mut aclTensor);
        /// The norm of order `p` over `dim`, in the own dtype.
        ["8.1"] op aclnnNorm, aclnnNormGetWorkspaceSize(self_: *const aclTensor, p_scalar: *const aclScalar, dim: *const aclIntArray, keepdim: bool, out: *mut aclTensor);
        /// `ln(sum(exp(self)))` over `dim`.
        ["8.1"] op aclnnLogSumExp, aclnnLogSumExpGetWorkspaceSize(self_: *const aclTensor, dim: *const aclIntArray, keep_dim: bool, out: *mut aclTensor);
        /// Running sum along `dim`, from either end, with or without the last.
        ["8.1"] op aclnnCumsumV2, aclnnCumsumV2GetWorkspaceSize(self_: *const aclTensor, dim: i64, exclusive: bool, reverse: bool, out: *mut aclTensor);
        /// How many elements lie in each of `bins` equal parts of a range.
        ["8.1"] op aclnnHistc, aclnnHistcGetWorkspaceSize(self_: *const aclTensor, bins: i64, min: *const aclScalar, max: *const aclScalar, out: *mut aclTensor);
        /// How many elements are 0, 1, 2 .., or the sum of their weights.
        ["8.1"] op aclnnBincount, aclnnBincountGetWorkspaceSize(self_: *const aclTensor, weights: *const aclTensor, minlength: i64, out: *mut aclTensor);
        /// Fills with uniform numbers of `[from, to)`.
        ["8.1"] op aclnnInplaceUniform, aclnnInplaceUniformGetWorkspaceSize(self_ref: *const aclTensor, from: f64, to: f64, seed: u64, offset: u64);
        /// Fills with normal numbers.
        ["8.1"] op aclnnInplaceNormal, aclnnInplaceNormalGetWorkspaceSize(self_ref: *const aclTensor, mean: f32, std: f32, seed: i64, offset: i64);
        /// Fills with integers of `[from, to)`.
        ["8.1"] op aclnnInplaceRandom, aclnnInplaceRandomGetWorkspaceSize(self_ref: *const aclTensor, from: i64, to: i64, seed: i64, offset: i64);


        // ---- mixtures of experts
        /// Softmax over experts, then the largest `k`.
        ["8.1"] op aclnnMoeGatingTopKSoftmax, aclnnMoeGatingTopKSoftmaxGetWorkspaceSize(x: *const aclTensor, finished: *const aclTensor, k: i64, y_out: *const aclTensor, expert_idx_out: *const aclTensor, row_idx_out: *const aclTensor);
        /// As `aclnnMoeGatingTopKSoftmax`; `renorm` 1 takes the softmax of the largest `k` alone.
        ["8.1"] op aclnnMoeGatingTopKSoftmaxV2, aclnnMoeGatingTopKSoftmaxV2GetWorkspaceSize(x: *const aclTensor, finished: *const aclTensor, k: i64, renorm: i64, output_softmax_result_flag: bool, y_out: *const aclTensor, expert_idx_out: *const aclTensor, softmax_result_out: *const aclTensor);
        /// Routing by groups of experts (softmax or sigmoid, with a bias for the choice).
        ["8.5"] op aclnnMoeGatingTopK, aclnnMoeGatingTopKGetWorkspaceSize(x: *const aclTensor, bias: *const aclTensor, k: i64, k_group: i64, group_count: i64, group_select_mode: i64, renorm: i64, norm_type: i64, out_flag: bool, routed_scaling_factor: f64, eps: f64, y_out: *const aclTensor, expert_idx_out: *const aclTensor, out_out: *const aclTensor);
        /// Tokens in the order of their experts, with rows numbered column-major.
        ["8.1"] op aclnnMoeInitRouting, aclnnMoeInitRoutingGetWorkspaceSize(x: *const aclTensor, row_idx: *const aclTensor, expert_idx: *const aclTensor, active_num: i64, expanded_x_out: *const aclTensor, expanded_row_idx_out: *const aclTensor, expanded_expert_idx_out: *const aclTensor);
        /// Tokens in the order of their experts; dropless, or padded to a capacity.
        ["8.1"] op aclnnMoeInitRoutingV2, aclnnMoeInitRoutingV2GetWorkspaceSize(x: *const aclTensor, expert_idx: *const aclTensor, active_num: i64, expert_capacity: i64, expert_num: i64, drop_pad_mode: i64, expert_tokens_count_or_cumsum_flag: i64, expert_tokens_before_capacity_flag: bool, expanded_x_out: *const aclTensor, expanded_row_idx_out: *const aclTensor, expert_tokens_count_or_cumsum_out: *const aclTensor, expert_tokens_before_capacity_out: *const aclTensor);
        /// Gradient of `aclnnMoeInitRoutingV2`.
        ["8.1"] op aclnnMoeInitRoutingV2Grad, aclnnMoeInitRoutingV2GradGetWorkspaceSize(grad_expanded_x: *const aclTensor, expanded_row_idx: *const aclTensor, top_k: i64, drop_pad_mode: i64, active_num: i64, out: *const aclTensor);
        /// As `aclnnMoeInitRoutingV2` for a range of experts.
        ["8.5"] op aclnnMoeInitRoutingV3, aclnnMoeInitRoutingV3GetWorkspaceSize(x: *const aclTensor, expert_idx: *const aclTensor, scale: *const aclTensor, offset: *const aclTensor, active_num: i64, expert_capacity: i64, expert_num: i64, drop_pad_mode: i64, expert_tokens_num_type: i64, expert_tokens_num_flag: bool, quant_mode: i64, active_expert_range: *const aclIntArray, row_idx_type: i64, expanded_x_out: *const aclTensor, expanded_row_idx_out: *const aclTensor, expert_tokens_count_or_cumsum_out: *const aclTensor, expanded_scale_out: *const aclTensor);
        /// `permuteTokens[sortedIndices[i]] = tokens[i / topK]`.
        ["8.1"] op aclnnMoeTokenPermute, aclnnMoeTokenPermuteGetWorkspaceSize(tokens: *const aclTensor, indices: *const aclTensor, num_out_tokens: i64, padded_mode: bool, permute_tokens_out: *const aclTensor, sorted_indices_out: *const aclTensor);
        /// Gradient of `aclnnMoeTokenPermute`.
        ["8.1"] op aclnnMoeTokenPermuteGrad, aclnnMoeTokenPermuteGradGetWorkspaceSize(permuted_output_grad: *const aclTensor, sorted_indices: *const aclTensor, num_topk: i64, padded_mode: bool, out: *const aclTensor);
        /// `out[t] = Σ probs[t][k] * permutedTokens[sortedIndices[t*K+k]]`.
        ["8.1"] op aclnnMoeTokenUnpermute, aclnnMoeTokenUnpermuteGetWorkspaceSize(permuted_tokens: *const aclTensor, sorted_indices: *const aclTensor, probs: *const aclTensor, padded_mode: bool, restore_shape: *const aclIntArray, out: *const aclTensor);
        /// Gradients of `aclnnMoeTokenUnpermute`.
        ["8.1"] op aclnnMoeTokenUnpermuteGrad, aclnnMoeTokenUnpermuteGradGetWorkspaceSize(permuted_tokens: *const aclTensor, unpermuted_tokens_grad: *const aclTensor, sorted_indices: *const aclTensor, probs: *const aclTensor, padded_mode: bool, restore_shape: *const aclIntArray, permuted_tokens_grad_out: *const aclTensor, probs_grad_out: *const aclTensor);
        /// Tokens in the order of their experts, by a map of which expert takes which token.
        ["8.5"] op aclnnMoeTokenPermuteWithRoutingMap, aclnnMoeTokenPermuteWithRoutingMapGetWorkspaceSize(tokens: *const aclTensor, routing_map: *const aclTensor, probs: *const aclTensor, num_out_tokens: i64, drop_and_pad: bool, permute_tokens_out: *mut aclTensor, permute_probs_out: *mut aclTensor, sorted_indices_out: *mut aclTensor);
        /// Gradients of `aclnnMoeTokenPermuteWithRoutingMap`.
        ["8.5"] op aclnnMoeTokenPermuteWithRoutingMapGrad, aclnnMoeTokenPermuteWithRoutingMapGradGetWorkspaceSize(permuted_token_output_grad: *const aclTensor, permuted_probs_output_grad: *const aclTensor, sorted_indices: *const aclTensor, routing_map: *const aclTensor, num_experts: i64, tokens_num: i64, drop_and_pad: bool, tokens_grad_out: *mut aclTensor, probs_grad_out: *mut aclTensor);
        /// Experts' rows back to their tokens, by the map.
        ["8.5"] op aclnnMoeTokenUnpermuteWithRoutingMap, aclnnMoeTokenUnpermuteWithRoutingMapGetWorkspaceSize(permuted_tokens: *const aclTensor, sorted_indices: *const aclTensor, routing_map: *const aclTensor, probs: *const aclTensor, padded_mode: bool, restore_shape: *const aclIntArray, unpermuted_tokens: *mut aclTensor, out_index: *mut aclTensor, permute_token_id: *mut aclTensor, permute_probs: *mut aclTensor);
        /// Gradients of `aclnnMoeTokenUnpermuteWithRoutingMap`.
        ["8.5"] op aclnnMoeTokenUnpermuteWithRoutingMapGrad, aclnnMoeTokenUnpermuteWithRoutingMapGradGetWorkspaceSize(unpermuted_tokens_grad: *const aclTensor, out_index: *const aclTensor, permute_token_id: *const aclTensor, routing_map: *const aclTensor, permuted_tokens: *const aclTensor, probs: *const aclTensor, drop_and_pad: bool, restore_shape: *const aclIntArray, permuted_tokens_grad_out: *const aclTensor, probs_grad_out: *const aclTensor);
        /// Experts' rows added up for each token, with residuals and biases; rows column-major.
        ["8.1"] op aclnnMoeFinalizeRouting, aclnnMoeFinalizeRoutingGetWorkspaceSize(expanded_x: *const aclTensor, x1: *const aclTensor, x2: *const aclTensor, bias: *const aclTensor, scales: *const aclTensor, expanded_row_idx: *const aclTensor, expanded_expert_idx: *const aclTensor, out: *const aclTensor);
        /// As `aclnnMoeFinalizeRouting`; `dropPadMode` says how rows lie.
        ["8.1"] op aclnnMoeFinalizeRoutingV2, aclnnMoeFinalizeRoutingV2GetWorkspaceSize(expanded_x: *const aclTensor, expanded_row_idx: *const aclTensor, x1: *const aclTensor, x2: *const aclTensor, bias: *const aclTensor, scales: *const aclTensor, expert_idx: *const aclTensor, drop_pad_mode: i64, out: *const aclTensor);
        /// Gradients of `aclnnMoeFinalizeRoutingV2`.
        ["8.1"] op aclnnMoeFinalizeRoutingV2Grad, aclnnMoeFinalizeRoutingV2GradGetWorkspaceSize(grad_y: *const aclTensor, expanded_row_idx: *const aclTensor, expanded_x: *const aclTensor, scales: *const aclTensor, expert_idx: *const aclTensor, bias: *const aclTensor, drop_pad_mode: i64, active_num: i64, expert_num: i64, expert_capacity: i64, grad_expanded_x_out: *const aclTensor, grad_scales_out: *const aclTensor);
        /// Where each expert's tokens end in a sorted list.
        ["8.1"] op aclnnMoeComputeExpertTokens, aclnnMoeComputeExpertTokensGetWorkspaceSize(sorted_experts: *const aclTensor, num_experts: i64, out: *const aclTensor);

        // ---- quantisation, losses, lists of tensors
        /// `-weight[target] * self[target]`; `reduction` 0 none, 1 mean, 2 sum.
        ["8.1"] op aclnnNLLLoss, aclnnNLLLossGetWorkspaceSize(self_: *const aclTensor, target: *const aclTensor, weight: *const aclTensor, reduction: i64, ignore_index: i64, out: *mut aclTensor, total_weight_out: *mut aclTensor);
        /// Gradient of `aclnnNLLLoss`.
        ["8.1"] op aclnnNLLLossBackward, aclnnNLLLossBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, target: *const aclTensor, weight: *const aclTensor, reduction: i64, ignore_index: i64, total_weight: *const aclTensor, out: *mut aclTensor);
        /// int8 with a scale for each row.
        ["8.1"] op aclnnDynamicQuant, aclnnDynamicQuantGetWorkspaceSize(x: *const aclTensor, smooth_scales: *const aclTensor, y_out: *const aclTensor, scale_out: *const aclTensor);
        /// int8 with a scale (and an offset) for each row; smoothing by group.
        ["8.1"] op aclnnDynamicQuantV2, aclnnDynamicQuantV2GetWorkspaceSize(x: *const aclTensor, smooth_scales: *const aclTensor, group_index: *const aclTensor, dst_type: i64, y_out: *const aclTensor, scale_out: *const aclTensor, offset_out: *const aclTensor);
        /// int8 by given scales and offsets along an axis.
        ["8.1"] op aclnnAscendQuantV3, aclnnAscendQuantV3GetWorkspaceSize(x: *const aclTensor, scale: *const aclTensor, offset: *const aclTensor, sqrt_mode: bool, round_mode: *const c_char, dst_type: i32, axis: i32, y: *const aclTensor);
        /// `out = x1 + alpha*x2` of each; `alpha` is on the device.
        ["8.1"] op aclnnForeachAddList, aclnnForeachAddListGetWorkspaceSize(x1: *const aclTensorList, x2: *const aclTensorList, alpha: *const aclTensor, out: *const aclTensorList);
        /// `out = x1 + alpha*x2` of each.
        ["8.1"] op aclnnForeachAddListV2, aclnnForeachAddListV2GetWorkspaceSize(x1: *const aclTensorList, x2: *const aclTensorList, alpha: *const aclScalar, out: *mut aclTensorList);
        /// `out = x + scalar` of each.
        ["8.1"] op aclnnForeachAddScalarV2, aclnnForeachAddScalarV2GetWorkspaceSize(x: *const aclTensorList, scalar: *const aclScalar, out: *mut aclTensorList);
        /// `out = x * scalar` of each; `scalar` is on the device.
        ["8.1"] op aclnnForeachMulScalar, aclnnForeachMulScalarGetWorkspaceSize(x: *const aclTensorList, scalar: *const aclTensor, out: *const aclTensorList);
        /// `out = x * scalar` of each.
        ["8.1"] op aclnnForeachMulScalarV2, aclnnForeachMulScalarV2GetWorkspaceSize(x: *const aclTensorList, scalar: *const aclScalar, out: *mut aclTensorList);
        /// `out = x / scalar` of each.
        ["8.1"] op aclnnForeachDivScalarV2, aclnnForeachDivScalarV2GetWorkspaceSize(x: *const aclTensorList, scalar: *const aclScalar, out: *mut aclTensorList);
        /// `out = x1 + scalar*x2*x3` of each.
        ["8.1"] op aclnnForeachAddcmulScalarV2, aclnnForeachAddcmulScalarV2GetWorkspaceSize(x1: *const aclTensorList, x2: *const aclTensorList, x3: *const aclTensorList, scalar: *const aclScalar, out: *mut aclTensorList);
        /// `out = x1 + scalar*x2/x3` of each; `scalar` is on the device.
        ["8.1"] op aclnnForeachAddcdivScalar, aclnnForeachAddcdivScalarGetWorkspaceSize(x1: *const aclTensorList, x2: *const aclTensorList, x3: *const aclTensorList, scalar: *const aclTensor, out: *const aclTensorList);
        /// `out = x1 + scalar*x2/x3` of each.
        ["8.1"] op aclnnForeachAddcdivScalarV2, aclnnForeachAddcdivScalarV2GetWorkspaceSize(x1: *const aclTensorList, x2: *const aclTensorList, x3: *const aclTensorList, scalar: *const aclScalar, out: *mut aclTensorList);
        /// `out = x1 + weight*(x2 - x1)` of each.
        ["8.1"] op aclnnForeachLerpScalar, aclnnForeachLerpScalarGetWorkspaceSize(x1: *const aclTensorList, x2: *const aclTensorList, weight: *const aclScalar, out: *const aclTensorList);
        /// `out = sqrt(x)` of each.
        ["8.1"] op aclnnForeachSqrt, aclnnForeachSqrtGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// The norm of each, of order `scalar`.
        ["8.1"] op aclnnForeachNorm, aclnnForeachNormGetWorkspaceSize(x: *const aclTensorList, scalar: *const aclScalar, out: *const aclTensorList);
        /// Zeros in each.
        ["8.1"] op aclnnForeachZeroInplace, aclnnForeachZeroInplaceGetWorkspaceSize(x: *const aclTensorList);
        /// A copy of each.
        ["8.1"] op aclnnForeachCopy, aclnnForeachCopyGetWorkspaceSize(x: *const aclTensorList, out: *const aclTensorList);
        /// `out = self + weight*(end - self)`.
        ["8.1"] op aclnnLerps, aclnnLerpsGetWorkspaceSize(self_: *const aclTensor, end: *const aclTensor, weight: *const aclScalar, out: *mut aclTensor);

        // ---- more elementwise
        /// `self -= alpha * other`.
        ["8.1"] op aclnnInplaceSub, aclnnInplaceSubGetWorkspaceSize(self_ref: *const aclTensor, other: *const aclTensor, alpha: *const aclScalar);
        /// `self *= other`.
        ["8.1"] op aclnnInplaceMul, aclnnInplaceMulGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclTensor);
        /// `self /= other`.
        ["8.1"] op aclnnInplaceDiv, aclnnInplaceDivGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclTensor);
        /// `out = self + alpha * scalar`.
        ["8.1"] op aclnnAdds, aclnnAddsGetWorkspaceSize(self_: *const aclTensor, other: *const aclScalar, alpha: *const aclScalar, out: *mut aclTensor);
        /// `self += alpha * scalar`.
        ["8.1"] op aclnnInplaceAdds, aclnnInplaceAddsGetWorkspaceSize(self_ref: *const aclTensor, other: *const aclScalar, alpha: *const aclScalar);
        /// `out = self - alpha * scalar`.
        ["8.1"] op aclnnSubs, aclnnSubsGetWorkspaceSize(self_: *const aclTensor, other: *const aclScalar, alpha: *const aclScalar, out: *mut aclTensor);
        /// `out = self / scalar`.
        ["8.1"] op aclnnDivs, aclnnDivsGetWorkspaceSize(self_: *const aclTensor, other: *const aclScalar, out: *mut aclTensor);
        /// `self /= scalar`.
        ["8.1"] op aclnnInplaceDivs, aclnnInplaceDivsGetWorkspaceSize(self_ref: *mut aclTensor, other: *const aclScalar);
        /// `out = self / other`; `mode` 0 exact, 1 towards zero, 2 down.
        ["8.1"] op aclnnDivMod, aclnnDivModGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, mode: c_int, out: *mut aclTensor);
        /// `out = |self|`.
        ["8.1"] op aclnnAbs, aclnnAbsGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `out = sqrt(self)`.
        ["8.1"] op aclnnSqrt, aclnnSqrtGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `self = sqrt(self)`.
        ["8.1"] op aclnnInplaceSqrt, aclnnInplaceSqrtGetWorkspaceSize(self_: *mut aclTensor);
        /// `out = 1 / sqrt(self)`.
        ["8.1"] op aclnnRsqrt, aclnnRsqrtGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `out = 1 / self`.
        ["8.1"] op aclnnReciprocal, aclnnReciprocalGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `out = self ^ exponent`.
        ["8.1"] op aclnnPowTensorScalar, aclnnPowTensorScalarGetWorkspaceSize(self_: *const aclTensor, exponent: *const aclScalar, out: *const aclTensor);
        /// `self = e^self`.
        ["8.1"] op aclnnInplaceExp, aclnnInplaceExpGetWorkspaceSize(self_ref: *mut aclTensor);
        /// `out = e^self - 1`.
        ["8.1"] op aclnnExpm1, aclnnExpm1GetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `out = sin(self)`.
        ["8.1"] op aclnnSin, aclnnSinGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `out = cos(input)`.
        ["8.1"] op aclnnCos, aclnnCosGetWorkspaceSize(input: *const aclTensor, out: *mut aclTensor);
        /// `out = tanh(self)`.
        ["8.1"] op aclnnTanh, aclnnTanhGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `out = erf(self)`.
        ["8.1"] op aclnnErf, aclnnErfGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// `out = self`, no smaller than one scalar and no larger than the other; either may be null.
        ["8.1"] op aclnnClamp, aclnnClampGetWorkspaceSize(self_: *const aclTensor, clip_value_min: *const aclScalar, clip_value_max: *const aclScalar, out: *mut aclTensor);
        /// `out = max(self, scalar)`.
        ["8.1"] op aclnnClampMin, aclnnClampMinGetWorkspaceSize(self_: *const aclTensor, clip_value_min: *const aclScalar, out: *mut aclTensor);
        /// `out = min(self, scalar)`.
        ["8.1"] op aclnnClampMax, aclnnClampMaxGetWorkspaceSize(self_: *const aclTensor, clip_value_max: *const aclScalar, out: *mut aclTensor);
        /// The same with tensors.
        ["8.1"] op aclnnClampTensor, aclnnClampTensorGetWorkspaceSize(self_: *const aclTensor, clip_value_min: *const aclTensor, clip_value_max: *const aclTensor, out: *mut aclTensor);
        /// `out = max(self, tensor)`.
        ["8.1"] op aclnnClampMinTensor, aclnnClampMinTensorGetWorkspaceSize(self_: *const aclTensor, clip_value_min: *const aclTensor, out: *mut aclTensor);
        /// `out = self == other`.
        ["8.1"] op aclnnEqTensor, aclnnEqTensorGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// `out = self != other`.
        ["8.1"] op aclnnNeTensor, aclnnNeTensorGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// `out = self > other`.
        ["8.1"] op aclnnGtTensor, aclnnGtTensorGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// `out = self >= other`.
        ["8.1"] op aclnnGeTensor, aclnnGeTensorGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// `out = self == scalar`.
        ["8.1"] op aclnnEqScalar, aclnnEqScalarGetWorkspaceSize(self_: *const aclTensor, other: *const aclScalar, out: *mut aclTensor);
        /// `out = self != scalar`.
        ["8.1"] op aclnnNeScalar, aclnnNeScalarGetWorkspaceSize(self_: *const aclTensor, other: *const aclScalar, out: *mut aclTensor);
        /// `out = self < scalar`.
        ["8.1"] op aclnnLtScalar, aclnnLtScalarGetWorkspaceSize(self_: *const aclTensor, other: *const aclScalar, out: *mut aclTensor);
        /// `out = self <= scalar`.
        ["8.1"] op aclnnLeScalar, aclnnLeScalarGetWorkspaceSize(self_: *const aclTensor, other: *const aclScalar, out: *mut aclTensor);
        /// `out = self >= scalar`.
        ["8.1"] op aclnnGeScalar, aclnnGeScalarGetWorkspaceSize(self_: *const aclTensor, other: *const aclScalar, out: *mut aclTensor);
        /// `out = self && other`.
        ["8.1"] op aclnnLogicalAnd, aclnnLogicalAndGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// `out = self || other`.
        ["8.1"] op aclnnLogicalOr, aclnnLogicalOrGetWorkspaceSize(self_: *const aclTensor, other: *const aclTensor, out: *mut aclTensor);
        /// `out = !self`.
        ["8.1"] op aclnnLogicalNot, aclnnLogicalNotGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// Whether a number is finite.
        ["8.1"] op aclnnIsFinite, aclnnIsFiniteGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// Whether a number is infinite.
        ["8.1"] op aclnnIsInf, aclnnIsInfGetWorkspaceSize(x: *const aclTensor, out: *const aclTensor);
        /// `out = self + value * tensor1 * tensor2`.
        ["8.1"] op aclnnAddcmul, aclnnAddcmulGetWorkspaceSize(self_: *const aclTensor, tensor1: *const aclTensor, tensor2: *const aclTensor, value: *const aclScalar, out: *mut aclTensor);
        /// `self += value * tensor1 * tensor2`.
        ["8.1"] op aclnnInplaceAddcmul, aclnnInplaceAddcmulGetWorkspaceSize(self_ref: *const aclTensor, tensor1: *const aclTensor, tensor2: *const aclTensor, value: *const aclScalar);
        /// `out = self + value * tensor1 / tensor2`.
        ["8.1"] op aclnnAddcdiv, aclnnAddcdivGetWorkspaceSize(self_: *const aclTensor, tensor1: *const aclTensor, tensor2: *const aclTensor, value: *const aclScalar, out: *const aclTensor);
        /// `self += value * tensor1 / tensor2`.
        ["8.1"] op aclnnInplaceAddcdiv, aclnnInplaceAddcdivGetWorkspaceSize(self_ref: *const aclTensor, tensor1: *const aclTensor, tensor2: *const aclTensor, value: *const aclScalar);
        /// `self = mask ? value : self`.
        ["8.1"] op aclnnInplaceMaskedFillScalar, aclnnInplaceMaskedFillScalarGetWorkspaceSize(self_ref: *mut aclTensor, mask: *const aclTensor, value: *const aclScalar);
        /// The same with a tensor of one value.
        ["8.1"] op aclnnInplaceMaskedFillTensor, aclnnInplaceMaskedFillTensorGetWorkspaceSize(self_ref: *mut aclTensor, mask: *const aclTensor, value: *const aclTensor);


        // ---- creation and shape
        /// Fills with the one value of a tensor.
        ["8.1"] op aclnnInplaceFillTensor, aclnnInplaceFillTensorGetWorkspaceSize(self_ref: *mut aclTensor, value: *const aclTensor);
        /// Fills with one.
        ["8.1"] op aclnnInplaceOne, aclnnInplaceOneGetWorkspaceSize(self_ref: *const aclTensor);
        /// `out[i] = start + i * step`, up to and without `end`.
        ["8.1"] op aclnnArange, aclnnArangeGetWorkspaceSize(start: *const aclScalar, end: *const aclScalar, step: *const aclScalar, out: *mut aclTensor);
        /// The same up to `end`, which belongs to it.
        ["8.1"] op aclnnRange, aclnnRangeGetWorkspaceSize(start: *const aclScalar, end: *const aclScalar, step: *const aclScalar, out: *mut aclTensor);
        /// The tensors one after the other along `dim`.
        ["8.1"] op aclnnCat, aclnnCatGetWorkspaceSize(tensors: *const aclTensorList, dim: i64, out: *mut aclTensor);
        /// The tensors one after the other along a new `dim`.
        ["8.1"] op aclnnStack, aclnnStackGetWorkspaceSize(tensors: *const aclTensorList, dim: i64, out: *mut aclTensor);
        /// Pieces of `split_sections` along `dim`; the last may be shorter.
        ["8.1"] op aclnnSplitTensor, aclnnSplitTensorGetWorkspaceSize(self_: *const aclTensor, split_sections: u64, dim: i64, out: *mut aclTensorList);
        /// Pieces of the sizes given along `dim`.
        ["8.1"] op aclnnSplitWithSize, aclnnSplitWithSizeGetWorkspaceSize(self_: *const aclTensor, split_size: *const aclIntArray, dim: i64, out: *mut aclTensorList);
        /// Every `step`-th from `start` up to and without `end` along `dim`.
        ["8.1"] op aclnnSlice, aclnnSliceGetWorkspaceSize(self_: *const aclTensor, dim: i64, start: i64, end: i64, step: i64, out: *mut aclTensor);
        /// The same along several axes.
        ["8.1"] op aclnnSliceV2, aclnnSliceV2GetWorkspaceSize(self_: *const aclTensor, starts: *const aclIntArray, ends: *const aclIntArray, axes: *const aclIntArray, steps: *const aclIntArray, out: *mut aclTensor);
        /// The dims in another order.
        ["8.1"] op aclnnPermute, aclnnPermuteGetWorkspaceSize(self_: *const aclTensor, dims: *const aclIntArray, out: *mut aclTensor);
        /// `self` repeated to `size`, which it broadcasts to; -1 keeps a dim.
        ["8.1"] op aclnnExpand, aclnnExpandGetWorkspaceSize(self_: *const aclTensor, size: *const aclIntArray, out: *mut aclTensor);
        /// The whole repeated along each dim.
        ["8.1"] op aclnnRepeat, aclnnRepeatGetWorkspaceSize(self_: *const aclTensor, repeats: *const aclIntArray, out: *mut aclTensor);
        /// Shifted along dims, what leaves at the end comes in at the front; without dims, as one line.
        ["8.1"] op aclnnRoll, aclnnRollGetWorkspaceSize(x: *const aclTensor, shifts: *const aclIntArray, dims: *const aclIntArray, out: *mut aclTensor);
        /// The other way round along dims.
        ["8.1"] op aclnnFlip, aclnnFlipGetWorkspaceSize(self_: *const aclTensor, dims: *const aclIntArray, out: *mut aclTensor);
        /// The lower triangle up to diagonal `diagonal`.
        ["8.1"] op aclnnTril, aclnnTrilGetWorkspaceSize(self_: *const aclTensor, diagonal: i64, out: *mut aclTensor);
        /// The upper triangle, in place.
        ["8.1"] op aclnnInplaceTriu, aclnnInplaceTriuGetWorkspaceSize(self_ref: *mut aclTensor, diagonal: i64);
        /// A border of one value; `pad` has two widths a dim, the last dim first.
        ["8.1"] op aclnnConstantPadNd, aclnnConstantPadNdGetWorkspaceSize(self_: *const aclTensor, pad: *const aclIntArray, value: *const aclScalar, out: *mut aclTensor);
        /// Zeros with probability `p`, the rest divided by `1 - p`, and the mask, a bit an element.
        ["8.1"] op aclnnDropout, aclnnDropoutGetWorkspaceSize(input: *const aclTensor, p: f64, train: bool, seed: i64, offset: i64, out: *mut aclTensor, mask_out: *mut aclTensor);
        /// The mask alone: bits that are 0 with probability `prob`.
        ["8.1"] op aclnnDropoutGenMask, aclnnDropoutGenMaskGetWorkspaceSize(shape: *const aclIntArray, prob: f64, seed: i64, offset: i64, out: *mut aclTensor);
        /// The mask, applied.
        ["8.1"] op aclnnDropoutDoMask, aclnnDropoutDoMaskGetWorkspaceSize(self_: *const aclTensor, mask: *const aclTensor, prob: f64, out: *mut aclTensor);
        /// Whether all over `dim` are not zero.
        ["8.1"] op aclnnAll, aclnnAllGetWorkspaceSize(self_: *const aclTensor, dim: *const aclIntArray, keepdim: bool, out: *mut aclTensor);
        /// Whether one over `dim` is not zero.
        ["8.1"] op aclnnAny, aclnnAnyGetWorkspaceSize(self_: *const aclTensor, dim: *const aclIntArray, keepdim: bool, out: *mut aclTensor);
        /// The variance over `dim`.
        ["8.1"] op aclnnVar, aclnnVarGetWorkspaceSize(self_: *const aclTensor, dim: *const aclIntArray, unbiased: bool, keepdim: bool, out: *mut aclTensor);

        // ---- operators that compute and communicate in one (MC2)
        /// Tokens to the ranks of the experts that they chose; `groupEp` is a communicator's name, and carries nothing else.
        ["8.1"] op aclnnMoeDistributeDispatch, aclnnMoeDistributeDispatchGetWorkspaceSize(x: *const aclTensor, expert_ids: *const aclTensor, scales: *const aclTensor, x_active_mask: *const aclTensor, expert_scales: *const aclTensor, group_ep: *const c_char, ep_world_size: i64, ep_rank_id: i64, moe_expert_num: i64, group_tp: *const c_char, tp_world_size: i64, tp_rank_id: i64, expert_shard_type: i64, shared_expert_num: i64, shared_expert_rank_num: i64, quant_mode: i64, global_bs: i64, expert_token_nums_type: i64, expand_x: *mut aclTensor, dynamic_scales: *mut aclTensor, expand_idx: *mut aclTensor, expert_token_nums: *mut aclTensor, ep_recv_counts: *mut aclTensor, tp_recv_counts: *mut aclTensor, expand_scales: *mut aclTensor);
        /// As `aclnnMoeDistributeDispatch`, with a mask, more shared experts, and where each row comes from.
        ["8.5"] op aclnnMoeDistributeDispatchV2, aclnnMoeDistributeDispatchV2GetWorkspaceSize(x: *const aclTensor, expert_ids: *const aclTensor, scales: *const aclTensor, x_active_mask: *const aclTensor, expert_scales: *const aclTensor, group_ep: *const c_char, ep_world_size: i64, ep_rank_id: i64, moe_expert_num: i64, group_tp: *const c_char, tp_world_size: i64, tp_rank_id: i64, expert_shard_type: i64, shared_expert_num: i64, shared_expert_rank_num: i64, quant_mode: i64, global_bs: i64, expert_token_nums_type: i64, comm_alg: *const c_char, expand_x_out: *mut aclTensor, dynamic_scales_out: *mut aclTensor, assist_info_for_combine_out: *mut aclTensor, expert_token_nums_out: *mut aclTensor, ep_recv_counts_out: *mut aclTensor, tp_recv_counts_out: *mut aclTensor, expand_scales_out: *mut aclTensor);
        /// As `aclnnMoeDistributeDispatchV2`, with experts that are no rank's, and ranks left out.
        ["8.5"] op aclnnMoeDistributeDispatchV3, aclnnMoeDistributeDispatchV3GetWorkspaceSize(x: *const aclTensor, expert_ids: *const aclTensor, scales: *const aclTensor, x_active_mask: *const aclTensor, expert_scales: *const aclTensor, elastic_info: *const aclTensor, group_ep: *const c_char, ep_world_size: i64, ep_rank_id: i64, moe_expert_num: i64, group_tp: *const c_char, tp_world_size: i64, tp_rank_id: i64, expert_shard_type: i64, shared_expert_num: i64, shared_expert_rank_num: i64, quant_mode: i64, global_bs: i64, expert_token_nums_type: i64, comm_alg: *const c_char, zero_expert_num: i64, copy_expert_num: i64, const_expert_num: i64, expand_x_out: *mut aclTensor, dynamic_scales_out: *mut aclTensor, assist_info_for_combine_out: *mut aclTensor, expert_token_nums_out: *mut aclTensor, ep_recv_counts_out: *mut aclTensor, tp_recv_counts_out: *mut aclTensor, expand_scales_out: *mut aclTensor);
        /// What the experts made of the tokens of `aclnnMoeDistributeDispatch` back, weighted and added up.
        ["8.1"] op aclnnMoeDistributeCombine, aclnnMoeDistributeCombineGetWorkspaceSize(expand_x: *const aclTensor, expert_ids: *const aclTensor, expand_idx: *const aclTensor, ep_send_counts: *const aclTensor, expert_scales: *const aclTensor, tp_send_counts: *const aclTensor, x_active_mask: *const aclTensor, activation_scale: *const aclTensor, weight_scale: *const aclTensor, group_list: *const aclTensor, expand_scales: *const aclTensor, group_ep: *const c_char, ep_world_size: i64, ep_rank_id: i64, moe_expert_num: i64, group_tp: *const c_char, tp_world_size: i64, tp_rank_id: i64, expert_shard_type: i64, shared_expert_num: i64, shared_expert_rank_num: i64, global_bs: i64, out_dtype: i64, comm_quant_mode: i64, group_list_type: i64, x: *mut aclTensor);
        /// The same for `aclnnMoeDistributeDispatchV2`, with the caller's own shared expert.
        ["8.5"] op aclnnMoeDistributeCombineV2, aclnnMoeDistributeCombineV2GetWorkspaceSize(expand_x: *const aclTensor, expert_ids: *const aclTensor, assist_info_for_combine: *const aclTensor, ep_send_counts: *const aclTensor, expert_scales: *const aclTensor, tp_send_counts: *const aclTensor, x_active_mask: *const aclTensor, activation_scale: *const aclTensor, weight_scale: *const aclTensor, group_list: *const aclTensor, expand_scales: *const aclTensor, shared_expert_x: *const aclTensor, group_ep: *const c_char, ep_world_size: i64, ep_rank_id: i64, moe_expert_num: i64, group_tp: *const c_char, tp_world_size: i64, tp_rank_id: i64, expert_shard_type: i64, shared_expert_num: i64, shared_expert_rank_num: i64, global_bs: i64, out_dtype: i64, comm_quant_mode: i64, group_list_type: i64, comm_alg: *const c_char, x_out: *mut aclTensor);
        /// The same for `aclnnMoeDistributeDispatchV3`.
        ["8.5"] op aclnnMoeDistributeCombineV3, aclnnMoeDistributeCombineV3GetWorkspaceSize(expand_x: *const aclTensor, expert_ids: *const aclTensor, assist_info_for_combine: *const aclTensor, ep_send_counts: *const aclTensor, expert_scales: *const aclTensor, tp_send_counts: *const aclTensor, x_active_mask: *const aclTensor, activation_scale: *const aclTensor, weight_scale: *const aclTensor, group_list: *const aclTensor, expand_scales: *const aclTensor, shared_expert_x: *const aclTensor, elastic_info: *const aclTensor, ori_x: *const aclTensor, const_expert_alpha1: *const aclTensor, const_expert_alpha2: *const aclTensor, const_expert_v: *const aclTensor, group_ep: *const c_char, ep_world_size: i64, ep_rank_id: i64, moe_expert_num: i64, group_tp: *const c_char, tp_world_size: i64, tp_rank_id: i64, expert_shard_type: i64, shared_expert_num: i64, shared_expert_rank_num: i64, global_bs: i64, out_dtype: i64, comm_quant_mode: i64, group_list_type: i64, comm_alg: *const c_char, zero_expert_num: i64, copy_expert_num: i64, const_expert_num: i64, x_out: *mut aclTensor);
        /// `output = allreduce(x1 @ x2 + bias)`.
        ["8.1"] op aclnnMatmulAllReduce, aclnnMatmulAllReduceGetWorkspaceSize(x1: *const aclTensor, x2: *const aclTensor, bias: *const aclTensor, group: *const c_char, reduce_op: *const c_char, comm_turn: i64, stream_mode: i64, output: *const aclTensor);
        /// `gatherOut = allgather(x1)`, `output = gatherOut @ x2`.
        ["8.1"] op aclnnAllGatherMatmul, aclnnAllGatherMatmulGetWorkspaceSize(x1: *const aclTensor, x2: *const aclTensor, bias: *const aclTensor, group: *const c_char, gather_index: i64, comm_turn: i64, stream_mode: i64, output: *const aclTensor, gather_out: *const aclTensor);
        /// `output = reducescatter(x1 @ x2)`.
        ["8.1"] op aclnnMatmulReduceScatter, aclnnMatmulReduceScatterGetWorkspaceSize(x1: *const aclTensor, x2: *const aclTensor, bias: *const aclTensor, group: *const c_char, reduce_op: *const c_char, comm_turn: i64, stream_mode: i64, output: *const aclTensor);
        /// Tokens to their experts, whose matrices are split over a second communicator.
        ["8.1"] op aclnnAlltoAllAllGatherBatchMatMul, aclnnAlltoAllAllGatherBatchMatMulGetWorkspaceSize(x: *const aclTensor, weight: *const aclTensor, bias: *const aclTensor, group_ep: *const c_char, group_tp: *const c_char, ep_world_size: i64, tp_world_size: i64, x_shard_type: i64, act_type: i64, y1_out: *mut aclTensor, y2_out: *mut aclTensor, y3_out: *mut aclTensor);
        /// The way back of `aclnnAlltoAllAllGatherBatchMatMul`.
        ["8.1"] op aclnnBatchMatMulReduceScatterAlltoAll, aclnnBatchMatMulReduceScatterAlltoAllGetWorkspaceSize(x: *const aclTensor, weight: *const aclTensor, bias: *const aclTensor, group_ep: *const c_char, group_tp: *const c_char, ep_world_size: i64, tp_world_size: i64, y_shard_type: i64, out: *mut aclTensor);
        /// Tokens to the ranks of their experts, and the experts' products.
        ["8.5"] op aclnnAlltoAllvGroupedMatMul, aclnnAlltoAllvGroupedMatMulGetWorkspaceSize(gmm_x: *const aclTensor, gmm_weight: *const aclTensor, send_counts_tensor: *const aclTensor, recv_counts_tensor: *const aclTensor, mm_x: *const aclTensor, mm_weight: *const aclTensor, group: *const c_char, ep_world_size: i64, send_counts: *const aclIntArray, recv_counts: *const aclIntArray, trans_gmm_weight: bool, trans_mm_weight: bool, permute_out_flag: bool, gmm_y: *mut aclTensor, mm_y: *mut aclTensor, permute_out: *mut aclTensor);
        /// The way back of `aclnnAlltoAllvGroupedMatMul`.
        ["8.5"] op aclnnGroupedMatMulAlltoAllv, aclnnGroupedMatMulAlltoAllvGetWorkspaceSize(gmm_x: *const aclTensor, gmm_weight: *const aclTensor, send_counts_tensor: *const aclTensor, recv_counts_tensor: *const aclTensor, mm_x: *const aclTensor, mm_weight: *const aclTensor, group: *const c_char, ep_world_size: i64, send_counts: *const aclIntArray, recv_counts: *const aclIntArray, trans_gmm_weight: bool, trans_mm_weight: bool, y: *mut aclTensor, mm_y: *mut aclTensor);
        // ---- products of quantised operands, and layouts of weights
        /// int8 or int4 by the same, `(x1 @ x2 + bias) * scale + offset`.
        ["8.1"] op aclnnQuantMatmulV3, aclnnQuantMatmulV3GetWorkspaceSize(x1: *const aclTensor, x2: *const aclTensor, scale: *const aclTensor, offset: *const aclTensor, bias: *const aclTensor, transpose_x1: bool, transpose_x2: bool, out: *const aclTensor);
        /// As V3, with a factor for each row.
        ["8.1"] op aclnnQuantMatmulV4, aclnnQuantMatmulV4GetWorkspaceSize(x1: *const aclTensor, x2: *const aclTensor, scale: *const aclTensor, offset: *const aclTensor, pertoken_scale: *const aclTensor, bias: *const aclTensor, transpose_x1: bool, transpose_x2: bool, out: *const aclTensor);
        /// As V4, with parameters of more kinds of quantisation.
        ["8.5"] op aclnnQuantMatmulV5, aclnnQuantMatmulV5GetWorkspaceSize(x1: *const aclTensor, x2: *const aclTensor, x1_scale: *const aclTensor, x2_scale: *const aclTensor, y_scale: *const aclTensor, x1_offset: *const aclTensor, x2_offset: *const aclTensor, y_offset: *const aclTensor, bias: *const aclTensor, transpose_x1: bool, transpose_x2: bool, group_size: i64, out: *mut aclTensor);
        /// As V5, of a weight in FRACTAL_NZ.
        ["8.1"] op aclnnQuantMatmulWeightNz, aclnnQuantMatmulWeightNzGetWorkspaceSize(x1: *const aclTensor, x2: *const aclTensor, x1_scale: *const aclTensor, x2_scale: *const aclTensor, y_scale: *const aclTensor, x1_offset: *const aclTensor, x2_offset: *const aclTensor, y_offset: *const aclTensor, bias: *const aclTensor, transpose_x1: bool, transpose_x2: bool, group_size: i64, out: *mut aclTensor);
        /// Floats by a quantised weight, `x @ ((weight + offset) * scale) + bias`; factors for all, by column or by group of rows.
        ["8.1"] op aclnnWeightQuantBatchMatmulV2, aclnnWeightQuantBatchMatmulV2GetWorkspaceSize(x: *const aclTensor, weight: *const aclTensor, antiquant_scale: *const aclTensor, antiquant_offset: *const aclTensor, quant_scale: *const aclTensor, quant_offset: *const aclTensor, bias: *const aclTensor, antiquant_group_size: c_int, y: *const aclTensor);
        /// As V2, with a wish for precision or speed.
        ["8.1"] op aclnnWeightQuantBatchMatmulV3, aclnnWeightQuantBatchMatmulV3GetWorkspaceSize(x: *const aclTensor, weight: *const aclTensor, antiquant_scale: *const aclTensor, antiquant_offset: *const aclTensor, quant_scale: *const aclTensor, quant_offset: *const aclTensor, bias: *const aclTensor, antiquant_group_size: c_int, inner_precise: c_int, y: *const aclTensor);
        /// The 64-bit codes of factors and offsets, as the cube takes them.
        ["8.1"] op aclnnTransQuantParamV2, aclnnTransQuantParamV2GetWorkspaceSize(scale: *const aclTensor, offset: *const aclTensor, out: *const aclTensor);
        /// A weight to FRACTAL_NZ, in place: its memory must have the room that `aclnnCalculateMatmulWeightSize` says.
        ["8.1"] op aclnnTransMatmulWeight, aclnnTransMatmulWeightGetWorkspaceSize(mm_weight_ref: *mut aclTensor);
        /// A tensor in another format, FRACTAL_NZ or back.
        ["8.5"] op aclnnNpuFormatCast, aclnnNpuFormatCastGetWorkspaceSize(src_tensor: *const aclTensor, dst_tensor: *mut aclTensor);

    } };
}
opapi_symbols!(operator_table);
