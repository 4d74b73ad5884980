//! The arithmetic by itself, bit for bit against loops over single elements.

use ascend_rl_sys::types::*;
use half::{bf16, f16};

use super::reduce::{Fold, reduce};
use crate::parallel::Share;

/// Reduces `inputs` to a vector of its own for each.
fn fold<T: Copy + Default>(inputs: &[Vec<T>], dtype: HcclDataType, op: HcclReduceOp) -> Vec<Vec<T>> {
    let count = inputs[0].len();
    let mut outputs = vec![vec![T::default(); count]; inputs.len()];
    let src = inputs.iter().map(|input| input.as_ptr() as usize).collect();
    let dst = outputs.iter_mut().map(|output| output.as_mut_ptr() as usize).collect();
    reduce(&[Fold { src, dst, count }], dtype, op, Share::ALL);
    outputs
}

fn random(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        // Some 12 powers of two, both signs: sums in another order have other bits.
        ((state >> 40) as f32 / (1 << 23) as f32 - 1.0) * 2f32.powi((state >> 33) as i32 % 12 - 6)
    }
}

#[test]
fn floats_are_reduced_in_f32_in_the_order_of_the_ranks_and_rounded_once() {
    type Pair = (HcclReduceOp, fn(f32, f32) -> f32);
    let ops: [Pair; 4] = [
        (HCCL_REDUCE_SUM, |a, b| a + b),
        (HCCL_REDUCE_PROD, |a, b| a * b),
        (HCCL_REDUCE_MAX, f32::max),
        (HCCL_REDUCE_MIN, f32::min),
    ];
    for ranks in [1, 2, 3, 5] {
        for count in [1, 7, 2047, 2048, 2049, 10_001] {
            let mut next = random(ranks * 1000 + count as u64);
            let wide: Vec<Vec<f32>> = (0..ranks).map(|_| (0..count).map(|_| next()).collect()).collect();
            let (brain, half): (Vec<Vec<bf16>>, Vec<Vec<f16>>) = wide
                .iter()
                .map(|x| (x.iter().map(|v| bf16::from_f32(*v)).collect(), x.iter().map(|v| f16::from_f32(*v)).collect()))
                .unzip();
            for (op, apply) in ops {
                let naive = |at: &dyn Fn(usize) -> f32| (1..ranks as usize).fold(at(0), |sum, rank| apply(sum, at(rank)));
                let (a, b, c) = (
                    fold(&wide, HCCL_DATA_TYPE_FP32, op),
                    fold(&brain, HCCL_DATA_TYPE_BFP16, op),
                    fold(&half, HCCL_DATA_TYPE_FP16, op),
                );
                for rank in 0..ranks as usize {
                    for i in 0..count {
                        assert_eq!(a[rank][i].to_bits(), naive(&|r| wide[r][i]).to_bits());
                        assert_eq!(b[rank][i].to_bits(), bf16::from_f32(naive(&|r| brain[r][i].to_f32())).to_bits());
                        assert_eq!(c[rank][i].to_bits(), f16::from_f32(naive(&|r| half[r][i].to_f32())).to_bits());
                    }
                }
            }
        }
    }
}

#[test]
fn nan_wins_and_integers_wrap() {
    for op in [HCCL_REDUCE_SUM, HCCL_REDUCE_PROD, HCCL_REDUCE_MAX, HCCL_REDUCE_MIN] {
        for ranks in [[f32::NAN, 1.0, 2.0], [1.0, f32::NAN, 2.0], [1.0, 2.0, f32::NAN]] {
            let inputs: Vec<Vec<f32>> = ranks.iter().map(|x| vec![*x; 3]).collect();
            assert!(fold(&inputs, HCCL_DATA_TYPE_FP32, op).iter().flatten().all(|x| x.is_nan()));
        }
    }
    assert_eq!(fold(&[vec![100i8], vec![100]], HCCL_DATA_TYPE_INT8, HCCL_REDUCE_SUM)[1], [-56]);
    assert_eq!(fold(&[vec![i64::MAX], vec![2]], HCCL_DATA_TYPE_INT64, HCCL_REDUCE_SUM)[0], [i64::MIN + 1]);
    assert_eq!(fold(&[vec![1i32 << 20], vec![1 << 20]], HCCL_DATA_TYPE_INT32, HCCL_REDUCE_PROD)[0], [0]);
    assert_eq!(fold(&[vec![-3i16], vec![2]], HCCL_DATA_TYPE_INT16, HCCL_REDUCE_MIN)[0], [-3]);
}
