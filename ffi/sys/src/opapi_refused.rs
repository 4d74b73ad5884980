//! Operators of CANN that are exported and refuse by name: those that no other list has.
//!
//! A program that names one of them on a path that it never takes is linked and runs; one that takes the path is told what is
//! missing. No signature is known here, so they are in no table and in no header. An operator that gets a row in another list
//! leaves this one: the shared object cannot export a name twice, and does not build.

/// The operators that refuse, by where their names are from. Calls `$emit! { "source": names; .. }`.
///
/// - `8.1`: the headers of CANN 8.1.RC1, `aclnnop/*.h`.
/// - `later`: the open repositories of operators (ops-math, ops-nn, ops-transformer, ops-cv), a header, or the operator's
///   document where the header is generated when the package is built.
/// - `torch_npu`: no header that can be had yet; torch_npu 2.9.1 looks both phases up by name.
#[macro_export]
macro_rules! opapi_refused_names {
    ($emit:ident) => { $emit! {
        "8.1":
            aclnnAdaptiveAvgPool2d aclnnAdaptiveAvgPool2dBackward aclnnAdaptiveAvgPool3d aclnnAdaptiveAvgPool3dBackward
            aclnnAdaptiveMaxPool2d aclnnAddLayerNorm aclnnAddLayerNormGrad aclnnAddLora aclnnAddRelu
            aclnnAdvanceStep aclnnAffineGrid aclnnApplyFusedEmaAdam aclnnAscendAntiQuant aclnnAscendQuant aclnnAvgPool3d
            aclnnAvgPool3dBackward aclnnBackgroundReplace aclnnBatchMatmulQuant aclnnBatchNormElemt aclnnBatchNormElemtBackward
            aclnnBatchNormGatherStatsWithCounts aclnnBatchNormReduceBackward aclnnBatchNormStats aclnnBernoulli
            aclnnBernoulliTensor aclnnBidirectionLSTM aclnnBidirectionLSTMV2 aclnnBinaryCrossEntropyWithLogitsTargetBackward
            aclnnBlendImagesCustom aclnnChamferDistanceBackward aclnnChannelShuffle aclnnCircularPad2d
            aclnnCircularPad2dBackward aclnnCircularPad3d aclnnCircularPad3dBackward aclnnConvDepthwise2d
            aclnnConvTbc aclnnConvTbcBackward aclnnConvertWeightToINT4Pack aclnnCtcLoss aclnnCtcLossBackward aclnnDeepNorm
            aclnnDeepNormGrad aclnnDequantBias aclnnDequantRopeQuantKvcache aclnnDequantSwigluQuant aclnnDiag aclnnDiagFlat
            aclnnDigamma aclnnDropoutBackward aclnnEinsum aclnnEmbeddingBag aclnnEmbeddingRenorm aclnnFFN aclnnFFNV2 aclnnFFNV3
            aclnnFakeQuantPerChannelAffineCachemask aclnnFakeQuantPerTensorAffineCachemask aclnnFatreluMul aclnnFlatQuant
            aclnnFlatten aclnnForeachRoundOffNumber aclnnGcd aclnnGeGlu aclnnGeGluBackward aclnnGeGluV3Backward aclnnGeluMul
            aclnnGemm aclnnGemmaRmsNorm aclnnGer aclnnGlobalAveragePool aclnnGlobalMaxPool aclnnGridSampler2D
            aclnnGridSampler2DBackward aclnnGridSampler3D aclnnGridSampler3DBackward aclnnGroupNormSilu aclnnGroupNormSiluV2
            aclnnGroupNormSwish aclnnGroupNormSwishGrad aclnnGroupQuant aclnnGroupedBiasAddGrad aclnnGroupedBiasAddGradV2
            aclnnGroupedMatMulAllReduce aclnnGroupedMatmulFinalizeRoutingWeightNz aclnnIm2colBackward aclnnIncreFlashAttention
            aclnnIncreFlashAttentionV2 aclnnIncreFlashAttentionV3 aclnnIndexCopy aclnnInplaceAcos aclnnInplaceAcosh
            aclnnInplaceAddRelu aclnnInplaceAsin aclnnInplaceAsinh aclnnInplaceAtan
            aclnnInplaceAtanh aclnnInplaceBaddbmm aclnnInplaceBernoulli aclnnInplaceBernoulliTensor aclnnInplaceCelu
            aclnnInplaceCosh aclnnInplaceErfc aclnnInplaceErfinv aclnnInplaceFillDiagonal aclnnInplaceFrac
            aclnnInplaceMatmulAllReduceAddRmsNorm aclnnInplacePut aclnnInplaceQuantMatmulAllReduceAddRmsNorm
            aclnnInplaceQuantScatter aclnnInplaceRReluWithNoise aclnnInplaceRelu aclnnInplaceRenorm aclnnInplaceRoundDecimals
            aclnnInplaceSelu aclnnInplaceSinc aclnnInplaceSinh aclnnInplaceTan aclnnInplaceTril
            aclnnInplaceWeightQuantMatmulAllReduceAddRmsNorm aclnnInplaceXLogYScalarOther aclnnInplaceXLogYTensor
            aclnnInstanceNorm aclnnInverse aclnnIou aclnnIsInScalarTensor aclnnIsInTensorScalar aclnnLayerNormWithImplMode
            aclnnLgamma aclnnLinalgQr aclnnLogdet aclnnMaskedSoftmaxWithRelPosBias aclnnMatmulAllReduceAddRmsNorm
            aclnnMatmulAllReduceV2 aclnnMatmulCompressDequant aclnnMaxN aclnnMaxPool2dWithIndices
            aclnnMaxPool2dWithIndicesBackward aclnnMaxPool3dWithArgmax aclnnMaxPool3dWithArgmaxBackward
            aclnnMaxUnpool3d aclnnMaxUnpool3dBackward aclnnMaxV2 aclnnMinN aclnnMlaProlog
            aclnnMoeInitRoutingQuant aclnnMoeInitRoutingQuantV2 aclnnMrgbaCustom aclnnMseLossOut
            aclnnMultiScaleDeformableAttentionGrad aclnnMultiScaleDeformableAttnFunction aclnnMultilabelMarginLoss
            aclnnNLLLoss2d aclnnNLLLoss2dBackward aclnnNonMaxSuppression aclnnNormalFloatFloat
            aclnnNormalFloatTensor aclnnNormalTensorFloat aclnnNormalTensorTensor aclnnPdist aclnnPdistForward
            aclnnPrecisionCompare aclnnPreluBackward aclnnPromptFlashAttention aclnnPromptFlashAttentionV2 aclnnQr
            aclnnQuantGroupedMatmulDequant aclnnQuantMatmul aclnnQuantMatmulAllReduce aclnnQuantMatmulAllReduceAddRmsNorm
            aclnnQuantMatmulAllReduceV2 aclnnQuantMatmulAllReduceV3 aclnnQuantMatmulDequant aclnnQuantMatmulV2 aclnnQuantize
            aclnnRReluWithNoise aclnnReal aclnnReduceLogSum aclnnRenorm aclnnRepeatInterleaveTensor aclnnResize
            aclnnRingAttentionUpdate aclnnRoiAlign aclnnRoiAlignV2 aclnnRoiAlignV2Backward aclnnRoundDecimals aclnnScale
            aclnnScaledMaskedSoftmaxBackward aclnnSelu aclnnSeluBackward aclnnShrink aclnnSignBitsPack aclnnSignBitsUnpack
            aclnnSilentCheck aclnnSilentCheckV2 aclnnSinkhorn aclnnSlogdet aclnnSoftMarginLoss aclnnSoftMarginLossBackward
            aclnnStridedSliceAssignV2 aclnnSwiGluQuant aclnnSwinAttentionScoreQuant aclnnSwinTransformerLnQkvQuant aclnnSwish
            aclnnSwishBackward aclnnTransConvolutionWeight aclnnUniqueDim aclnnUpsampleBicubic2d aclnnUpsampleBicubic2dBackward
            aclnnUpsampleBilinear2d aclnnUpsampleBilinear2dBackward aclnnUpsampleBilinear2dBackwardV2 aclnnUpsampleLinear1d
            aclnnUpsampleLinear1dBackward aclnnUpsampleNearest1d aclnnUpsampleNearest1dBackward aclnnUpsampleNearest1dV2
            aclnnUpsampleNearest2dBackward aclnnUpsampleNearest3d aclnnUpsampleNearest3dBackward aclnnUpsampleTrilinear3d
            aclnnUpsampleTrilinear3dBackward aclnnWeightQuantBatchMatmul aclnnWeightQuantMatmulAllReduce
            aclnnWeightQuantMatmulAllReduceAddRmsNorm;
        "later":
            aclnnAdaLayerNorm aclnnAdaLayerNormBackward aclnnAdaLayerNormQuant aclnnAdaLayerNormV2
            aclnnAdaptiveMaxPool2dBackward aclnnAddLayerNormQuant aclnnAddLayerNormQuantV2 aclnnAddN aclnnAddRmsNormCast
            aclnnAddRmsNormDynamicMxQuant aclnnAddRmsNormDynamicQuantV2 aclnnAddmmWeightNz aclnnAdvanceStepV2
            aclnnAmpUpdateScale aclnnAngleV2 aclnnAntiMxQuant aclnnApplyAdam aclnnApplyAdamW aclnnBatchNormReduce
            aclnnBitwiseAndTensorOut aclnnCIoU aclnnCdist aclnnCdistBackward aclnnClippedSwiglu aclnnCoalesceSparse
            aclnnConfusionTranspose aclnnDeformableConv2d aclnnDeformableConv2dBackward aclnnDequantSwigluQuantV2
            aclnnDistributeBarrier aclnnDistributeBarrierV2 aclnnDropoutGenMaskV2Tensor aclnnDropoutV3 aclnnDropoutV3Grad
            aclnnDualLevelQuantMatmulWeightNz aclnnDynamicBlockMxQuant aclnnDynamicBlockQuant aclnnDynamicBlockQuantV2
            aclnnDynamicDualLevelMxQuant aclnnDynamicMxQuant aclnnDynamicMxQuantV2 aclnnDynamicMxQuantWithDualAxis
            aclnnElasticReceivableInfoCollect aclnnElasticReceivableTest aclnnExpSegsum aclnnExpSegsumBackward
            aclnnFastBatchNormBackward aclnnFastGelu aclnnFastGeluBackward aclnnFastLayerNorm aclnnFlatQuantV2 aclnnFlatQuantV3
            aclnnForeachNonFiniteCheckAndUnscale aclnnFusedAdamw aclnnFusedCrossEntropyLossWithMaxSum
            aclnnFusedLinearCrossEntropyLossGrad aclnnFusedLinearOnlineMaxSum aclnnFusedMatmul aclnnFusedQuantMatmul
            aclnnFusedQuantMatmulWeightNz aclnnFusedSgd aclnnGRU aclnnGRUBackward aclnnGatherV3 aclnnGeluQuant
            aclnnGroupNormSiluQuant aclnnGroupedDynamicBlockQuant aclnnGroupedDynamicMxQuant aclnnGroupedDynamicMxQuantV2
            aclnnGroupedMatmulFinalizeRouting aclnnGroupedMatmulFinalizeRoutingV2 aclnnGroupedMatmulFinalizeRoutingV3
            aclnnGroupedMatmulFinalizeRoutingWeightNzV2 aclnnGroupedMatmulSwigluQuantWeightNZ aclnnGroupedQuantMax
            aclnnHansDecode aclnnHansEncode aclnnHeaviside aclnnIndexAddV2 aclnnInplaceAddRmsNorm aclnnInplaceAddV3
            aclnnInplaceBitwiseAndTensorOut aclnnInplaceNormalTensor aclnnInplaceQuantScatterV2 aclnnInplaceRandomTensor
            aclnnInplaceRandomWithoutFromTo aclnnInplaceRandomWithoutFromToTensor aclnnInplaceScatterReduce
            aclnnInplaceUniformTensor aclnnInterleaveRope aclnnKlDivTargetBackward aclnnLSTM aclnnLayerNormQuant aclnnLeftShift
            aclnnLeftShifts aclnnLstmBackward aclnnMaskedScale aclnnMatmulCompress aclnnMatmulEmuSplitWeight
            aclnnMlaPrologV2 aclnnMlaPrologV2WeightNz aclnnMlaPrologV3 aclnnMlaPrologV3WeightNz aclnnModulate
            aclnnModulateBackward aclnnMoeDistributeBufferReset aclnnMoeDistributeCombineAddRmsNorm
            aclnnMoeDistributeCombineAddRmsNormV2 aclnnMoeUpdateExpert aclnnMultinomialTensor aclnnNsaCompress
            aclnnNsaCompressAttention aclnnNsaCompressAttentionInfer aclnnNsaCompressGrad aclnnNsaCompressWithCache
            aclnnNsaSelectedAttention aclnnNsaSelectedAttentionGrad aclnnNsaSelectedAttentionInfer
            aclnnQuantBatchMatmulInplaceAdd aclnnQuantConvolution aclnnQuantConvolutionWeightNz
            aclnnQuantMatmulActivationQuantWeightNz aclnnQuantMatmulAllReduceV4 aclnnQuantMatmulReduceSumWeightNz aclnnQuantMax
            aclnnQuantizedBatchNorm aclnnRepeatInterleaveGrad aclnnRightShift aclnnRmsNormDynamicMxQuant aclnnRmsNormGradQuant
            aclnnRmsNormQuant aclnnRmsNormQuantV3 aclnnRoiPoolingGradWithArgMax aclnnRoiPoolingWithArgMax aclnnRotateQuant
            aclnnScatterList aclnnScatterReduce aclnnSimThreadExponential aclnnSparse4to2QuantMatmulWeightNz aclnnSquare
            aclnnStridedSlice aclnnSwiGluQuantV2 aclnnSwigluGroupGrad aclnnSwigluMxQuant aclnnSyncBatchNormGatherStats
            aclnnTfScatterAdd aclnnThnnFusedLstmCell aclnnThnnFusedLstmCellBackward aclnnThreeInterpolateBackward
            aclnnTopKTopPSample aclnnTopKTopPSampleV2 aclnnTransposeBatchMatMul aclnnTransposeBatchMatMulWeightNz
            aclnnTransposeQuantBatchMatMul aclnnTransposeQuantBatchMatMulWeightNz aclnnWeightQuantPreprocess aclnnXlog1py;
        "torch_npu":
            aclnnAllGatherMatmulV2 aclnnAlltoAllMatmul aclnnAlltoAllQuantMatmul aclnnAlltoAllvQuantGroupedMatMul
            aclnnAttentionPioneer aclnnAttentionToFFN aclnnAttentionWorkerCombine aclnnBlockSparseAttention
            aclnnBlockSparseAttentionGrad aclnnDenseLightningIndexerGradKLLoss aclnnDenseLightningIndexerSoftmaxLse
            aclnnFFNToAttention aclnnFfnWorkerBatching aclnnFlashAttentionScoreGradV4 aclnnFlashAttentionScoreV4
            aclnnFusedCausalConv1d aclnnFusedFloydAttention aclnnFusedFloydAttentionGrad aclnnFusedInferAttentionScoreV5
            aclnnGatherPaKvCache aclnnGroupedMatmulSwigluQuantV2 aclnnGroupedMatmulSwigluQuantWeightNzV2
            aclnnInplaceAttentionWorkerScheduler aclnnInplaceFfnWorkerScheduler aclnnKvQuantSparseFlashAttention
            aclnnKvQuantSparseFlashAttentionPioneer aclnnKvRmsNormRopeCache aclnnKvRmsNormRopeCacheV2 aclnnLessScalar
            aclnnLightningIndexer aclnnLightningIndexerGrad aclnnMatmulAlltoAll aclnnMatmulReduceScatterV2 aclnnMhcPost
            aclnnMhcPre aclnnMhcSinkhorn aclnnMoeDistributeCombineSetup aclnnMoeDistributeCombineTeardown
            aclnnMoeDistributeDispatchSetup aclnnMoeDistributeDispatchTeardown aclnnMoeReRouting aclnnObfuscationCalculateV2
            aclnnObfuscationSetupV2 aclnnQkvRmsNormRopeCache aclnnQuantAllReduce aclnnQuantFlashAttentionScore
            aclnnQuantFlashAttentionScoreGrad aclnnQuantGroupedMatMulAlltoAllv aclnnQuantGroupedMatmulDequantWeightNZ
            aclnnQuantGroupedMatmulInplaceAdd aclnnQuantLightningIndexer aclnnQuantMatmulAlltoAll aclnnQuantReduceScatter
            aclnnROIAlign aclnnROIAlignBackward aclnnRecurrentGatedDeltaRule aclnnScatterPaCache aclnnSparseFlashAttention
            aclnnSparseFlashAttentionGrad aclnnSparseLightningIndexerGradKLLoss;
    } };
}

/// An operator that refuses by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Phase two's name; phase one's has `GetWorkspaceSize` behind it.
    pub name: &'static str,
    /// Where the name is from, as [`opapi_refused_names!`] says.
    pub source: &'static str,
}

macro_rules! refused_list {
    ($( $source:literal: $($name:ident)*; )*) => {
        /// Every operator that refuses by name.
        pub const REFUSED: &[Refused] = &[ $($( Refused { name: stringify!($name), source: $source }, )*)* ];
    };
}
opapi_refused_names!(refused_list);

/// Operators that are neither simulated nor exported: torch_npu looks whether they are there, and takes another way where they
/// are not, which runs here (an older version of the operator, several others, or PyTorch on the host). To refuse them would
/// break what works.
pub const PROBED: &[&str] = &[
    "aclnnAdaptiveMaxPool3d",
    "aclnnAdaptiveMaxPool3dBackward",
    "aclnnAddRmsNormQuantV2",
    "aclnnAddV3",
    "aclnnAddbmm",
    "aclnnAddmv",
    "aclnnAddr",
    "aclnnBatchMatMulWeightNz",
    "aclnnBucketize",
    "aclnnChunkCat",
    "aclnnComplex",
    "aclnnDynamicQuantV3",
    "aclnnDynamicQuantV4",
    "aclnnForeachRoundOffNumberV2",
    "aclnnHardswishBackwardV2",
    "aclnnIndexFill",
    "aclnnInplaceAddbmm",
    "aclnnInplaceAddr",
    "aclnnInplaceIndexFill",
    "aclnnLinalgCholesky",
    "aclnnLogSpace",
    "aclnnLogit",
    "aclnnLogitGrad",
    "aclnnMaxUnpool2d",
    "aclnnMaxUnpool2dBackward",
    "aclnnMoeDistributeCombineV4",
    "aclnnMoeDistributeDispatchV4",
    "aclnnNanMedian",
    "aclnnNanMedianDim",
    "aclnnPolar",
    "aclnnRopeWithSinCosCacheV2",
    "aclnnRotaryPositionEmbeddingV2",
    "aclnnScaledMaskedSoftmax",
    "aclnnSvd",
    "aclnnTransQuantParamV3",
    "aclnnTransformBiasRescaleQkv",
    "aclnnUnfoldGrad",
    "aclnnUpsampleBicubic2dAA",
    "aclnnUpsampleBicubic2dAAGrad",
    "aclnnUpsampleBilinear2dAA",
    "aclnnUpsampleBilinear2dAABackward",
    "aclnnUpsampleNearest2dV2",
    "aclnnUpsampleNearestExact1d",
    "aclnnUpsampleNearestExact1dBackward",
    "aclnnUpsampleNearestExact2d",
    "aclnnUpsampleNearestExact2dBackward",
    "aclnnUpsampleNearestExact3d",
    "aclnnUpsampleNearestExact3dBackward",
    "aclnnWeightQuantBatchMatmulNz",
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_name_is_in_one_list() {
        let mut seen: HashSet<&str> = crate::symbols().map(|symbol| symbol.name).collect();
        for name in REFUSED.iter().map(|refused| refused.name).chain(PROBED.iter().copied()) {
            assert!(seen.insert(name), "{name} is listed twice");
            let rest = name.strip_prefix("aclnn").unwrap();
            assert!(rest.starts_with(|c: char| c.is_ascii_uppercase()), "{name}");
            assert!(!name.ends_with("GetWorkspaceSize"), "{name}: both phases are meant");
        }
    }
}
