//! The operators, `libopapi.so` (split by domain from 8.5): `aclnnop/*.h`.

use crate::types::*;
use std::ffi::c_char;

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

        // ---- more: matrix products (aclnnop, 3.1)
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

        // ---- more: norms, activations, rotations (3.2, 3.3)
        /// `aclnnAddRmsNorm`, quantised by given scales.
        ["8.1"] op aclnnAddRmsNormQuant, aclnnAddRmsNormQuantGetWorkspaceSize(x1: *const aclTensor, x2: *const aclTensor, gamma: *const aclTensor, scales1: *const aclTensor, scales2: *const aclTensor, zero_points1: *const aclTensor, zero_points2: *const aclTensor, axis: i64, epsilon: f64, div_mode: bool, y1_out: *const aclTensor, y2_out: *const aclTensor, x_out: *const aclTensor);
        /// `aclnnAddRmsNorm`, quantised by a scale for each row.
        ["8.1"] op aclnnAddRmsNormDynamicQuant, aclnnAddRmsNormDynamicQuantGetWorkspaceSize(x1: *const aclTensor, x2: *const aclTensor, gamma: *const aclTensor, smooth_scale1: *const aclTensor, smooth_scale2: *const aclTensor, epsilon: f64, y1_out: *const aclTensor, y2_out: *const aclTensor, x_out: *const aclTensor, scale1_out: *const aclTensor, scale2_out: *const aclTensor);
        /// `out = self * sigmoid(self)`.
        ["8.1"] op aclnnSilu, aclnnSiluGetWorkspaceSize(self_: *const aclTensor, out: *mut aclTensor);
        /// Gradient of `aclnnSilu`.
        ["8.1"] op aclnnSiluBackward, aclnnSiluBackwardGetWorkspaceSize(grad_output: *const aclTensor, self_: *const aclTensor, grad_input: *mut aclTensor);
        /// `out = self * Φ(self)`.
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

        // ---- more: attention (3.4, 3.5)


        // ---- more: indexing (3.6)


        // ---- more: top-k, sampling, reductions (3.7)


        // ---- more: mixtures of experts (3.8)
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
        /// Experts' rows added up for each token, with residuals and biases; rows column-major.
        ["8.1"] op aclnnMoeFinalizeRouting, aclnnMoeFinalizeRoutingGetWorkspaceSize(expanded_x: *const aclTensor, x1: *const aclTensor, x2: *const aclTensor, bias: *const aclTensor, scales: *const aclTensor, expanded_row_idx: *const aclTensor, expanded_expert_idx: *const aclTensor, out: *const aclTensor);
        /// As `aclnnMoeFinalizeRouting`; `dropPadMode` says how rows lie.
        ["8.1"] op aclnnMoeFinalizeRoutingV2, aclnnMoeFinalizeRoutingV2GetWorkspaceSize(expanded_x: *const aclTensor, expanded_row_idx: *const aclTensor, x1: *const aclTensor, x2: *const aclTensor, bias: *const aclTensor, scales: *const aclTensor, expert_idx: *const aclTensor, drop_pad_mode: i64, out: *const aclTensor);
        /// Gradients of `aclnnMoeFinalizeRoutingV2`.
        ["8.1"] op aclnnMoeFinalizeRoutingV2Grad, aclnnMoeFinalizeRoutingV2GradGetWorkspaceSize(grad_y: *const aclTensor, expanded_row_idx: *const aclTensor, expanded_x: *const aclTensor, scales: *const aclTensor, expert_idx: *const aclTensor, bias: *const aclTensor, drop_pad_mode: i64, active_num: i64, expert_num: i64, expert_capacity: i64, grad_expanded_x_out: *const aclTensor, grad_scales_out: *const aclTensor);
        /// Where each expert's tokens end in a sorted list.
        ["8.1"] op aclnnMoeComputeExpertTokens, aclnnMoeComputeExpertTokensGetWorkspaceSize(sorted_experts: *const aclTensor, num_experts: i64, out: *const aclTensor);

        // ---- more: quantisation, losses, lists of tensors (3.9)
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

        // ---- more: elementwise (3.10)


        // ---- more: creation and shape (3.10)

    } };
}
opapi_symbols!(operator_table);
