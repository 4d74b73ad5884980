//! Random numbers as a task. Sources: runtime, 12_execution_control (aclrtRandomNumAsync), 25-04_Structs, `random_num_task.cc`, and the
//! sample `example/2_advanced_features/built_in_task/1_random_num_task`.

use super::*;

/// A parameter of so many bytes.
fn value<const N: usize>(bytes: [u8; N]) -> aclrtRandomParaInfo {
    let mut all = [0; 8];
    all[..N].copy_from_slice(&bytes);
    aclrtRandomParaInfo { isAddr: 0, valueOrAddr: all, size: N as u8, rsv: [0; 6] }
}

fn at(address: *mut c_void) -> aclrtRandomParaInfo {
    aclrtRandomParaInfo { isAddr: 1, ..value((address as u64).to_ne_bytes()) }
}

/// What is drawn, with two parameters (dropout has one).
fn info(
    what: aclrtRandomNumFuncType,
    dtype: aclDataType,
    params: [aclrtRandomParaInfo; 2],
    number: u64,
    [counter, result]: [*mut c_void; 2],
) -> aclrtRandomNumTaskInfo {
    let [mean, stddev] = params;
    let parameters = aclrtRandomNumFuncParaInfo_paramInfo { normalDisInfo: aclrtNormalDisInfo { mean, stddev } };
    aclrtRandomNumTaskInfo {
        dataType: dtype,
        randomNumFuncParaInfo: aclrtRandomNumFuncParaInfo { funcType: what, paramInfo: parameters },
        randomParaAddr: null_mut(),
        randomResultAddr: result,
        randomCounterAddr: counter,
        randomSeed: value(7u64.to_ne_bytes()),
        randomNum: value(number.to_ne_bytes()),
        rsv: [0; 8],
    }
}

fn draw(info: &aclrtRandomNumTaskInfo) {
    ok!(acl?.aclrtRandomNumAsync(info, null_mut(), null_mut()));
    ok!(acl.aclrtSynchronizeStream(null_mut()));
}

const UNIFORM: aclrtRandomNumFuncType = ACL_RT_RANDOM_NUM_FUNC_TYPE_UNIFORM_DIS;
const NORMAL: aclrtRandomNumFuncType = ACL_RT_RANDOM_NUM_FUNC_TYPE_NORMAL_DIS;
const TRUNCATED: aclrtRandomNumFuncType = ACL_RT_RANDOM_NUM_FUNC_TYPE_TRUNCATED_NORMAL_DIS;
const MASK: aclrtRandomNumFuncType = ACL_RT_RANDOM_NUM_FUNC_TYPE_DROPOUT_BITMASK;
/// Enough that means are within six standard errors of what they should be.
const N: usize = 40_000;

fn f32s(a: f32, b: f32) -> [aclrtRandomParaInfo; 2] {
    [value(a.to_ne_bytes()), value(b.to_ne_bytes())]
}

/// Mean and standard deviation.
fn moments(values: impl Iterator<Item = f64> + Clone) -> [f64; 2] {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    [mean, (values.map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt()]
}

#[test]
fn distributions() {
    let _lease = Lease::new();
    let (counter, result) = (upload(&[0u64; 2]), upload(&[0f32; N]));
    let to = [counter, result];
    let f32_draw = |what, a, b| {
        draw(&info(what, ACL_FLOAT, f32s(a, b), N as u64, to));
        download::<f32>(result, N)
    };
    // Standard errors of the mean: deviation / 200; of the deviation: at most that.
    let normal = f32_draw(NORMAL, 3.0, 2.0);
    let [mean, deviation] = moments(normal.iter().map(|v| f64::from(*v)));
    assert!((mean - 3.0).abs() < 0.06 && (deviation - 2.0).abs() < 0.06, "{mean} {deviation}");
    assert!(normal.iter().any(|v| (v - 3.0).abs() > 4.0), "one in twenty is beyond two deviations");
    let truncated = f32_draw(TRUNCATED, 3.0, 2.0);
    let [mean, deviation] = moments(truncated.iter().map(|v| f64::from(*v)));
    // 0.8796 of the whole's, by 1 - 4 phi(2) / (2 Phi(2) - 1).
    assert!((mean - 3.0).abs() < 0.06 && (deviation - 1.7593).abs() < 0.06, "{mean} {deviation}");
    assert!(truncated.iter().all(|v| (v - 3.0).abs() <= 4.0));
    let uniform = f32_draw(UNIFORM, -1.0, 3.0);
    let [mean, deviation] = moments(uniform.iter().map(|v| f64::from(*v)));
    assert!((mean - 1.0).abs() < 0.04 && (deviation - 1.1547).abs() < 0.04, "{mean} {deviation}");
    assert!(uniform.iter().all(|v| (-1.0..3.0).contains(v)));
    // The same seed and counter draw the same, others do not; a counter is where the stream begins.
    assert_eq!(f32_draw(UNIFORM, -1.0, 3.0), uniform);
    let begin = [1u64, 0];
    ok!(acl.aclrtMemcpy(counter, 16, begin.as_ptr().cast(), 16, ACL_MEMCPY_HOST_TO_DEVICE));
    assert_eq!(f32_draw(UNIFORM, -1.0, 3.0)[..N - 4], uniform[4..], "four numbers a step");
    let stream = [0u64, 1];
    ok!(acl.aclrtMemcpy(counter, 16, stream.as_ptr().cast(), 16, ACL_MEMCPY_HOST_TO_DEVICE));
    assert_ne!(f32_draw(UNIFORM, -1.0, 3.0), uniform);
}

#[test]
fn dtypes_of_random_numbers() {
    let _lease = Lease::new();
    let (counter, result) = (upload(&[0u64; 2]), upload(&[0u64; N]));
    let to = [counter, result];
    // 1 to 2 in half and in bf16: 0x3c00..0x4000 and 0x3f80..0x4000; rounding may give the upper end.
    for (dtype, low, high) in [(ACL_FLOAT16, 0x3c00u16, 0x4000u16), (ACL_BF16, 0x3f80, 0x4000)] {
        draw(&info(UNIFORM, dtype, [value(low.to_ne_bytes()), value(high.to_ne_bytes())], N as u64, to));
        let drawn = download::<u16>(result, N);
        assert!(drawn.iter().all(|v| (low..=high).contains(v)) && drawn.iter().any(|v| *v != drawn[0]), "{dtype:?}");
        draw(&info(NORMAL, dtype, [value(low.to_ne_bytes()), value(high.to_ne_bytes())], N as u64, to));
        assert_ne!(download::<u16>(result, N), drawn);
    }
    draw(&info(UNIFORM, ACL_INT32, [value((-3i32).to_ne_bytes()), value(4i32.to_ne_bytes())], N as u64, to));
    let drawn = download::<i32>(result, N);
    for v in -3..4 {
        // 1/7 of 40,000 is 5,714, six standard deviations are 420.
        let count = drawn.iter().filter(|d| **d == v).count();
        assert!((5294..6134).contains(&count), "{v}: {count}");
    }
    assert!(drawn.iter().all(|v| (-3..4).contains(v)));
    draw(&info(UNIFORM, ACL_UINT32, [value(3_000_000_000u32.to_ne_bytes()), value(u32::MAX.to_ne_bytes())], N as u64, to));
    assert!(download::<u32>(result, N).iter().all(|v| *v >= 3_000_000_000));
    let wide = [value(i64::MIN.to_ne_bytes()), value(i64::MAX.to_ne_bytes())];
    draw(&info(UNIFORM, ACL_INT64, wide, N as u64, to));
    let negative = download::<i64>(result, N).iter().filter(|v| **v < 0).count();
    assert!((19_400..20_600).contains(&negative), "{negative}");
    draw(&info(UNIFORM, ACL_UINT64, [value(5u64.to_ne_bytes()), value(6u64.to_ne_bytes())], N as u64, to));
    assert_eq!(download::<u64>(result, N), [5; N]);
}

// The share of bits that is 0 is the ratio; bits beyond the number are 0, bytes beyond them stay.
#[test]
fn masks_of_dropout() {
    let _lease = Lease::new();
    let (counter, result) = (upload(&[0u64; 2]), upload(&[0xAAu8; N]));
    let number = 8 * 1000 + 3;
    draw(&info(MASK, ACL_FLOAT, f32s(0.4, 0.0), number, [counter, result]));
    let mask = download::<u8>(result, 1002);
    let kept: u32 = mask[..1001].iter().map(|byte| byte.count_ones()).sum();
    // 0.6 of 8,003 is 4,802, six standard deviations are 263.
    assert!((4539..5065).contains(&kept), "{kept}");
    assert!(mask[1000] < 8 && mask[1001] == 0xAA);
}

// What the host does not know yet: parameters and the seed by their addresses, which are read when the task runs, also in a graph.
#[test]
fn parameters_of_the_device() {
    let _lease = Lease::new();
    let (counter, result) = (upload(&[0u64; 2]), upload(&[0f32; 8]));
    let (low, high, seed) = (upload(&[1f32]), upload(&[1f32]), upload(&[1u64]));
    let mut task = info(UNIFORM, ACL_FLOAT, [at(low), at(high)], 8, [counter, result]);
    task.randomSeed = at(seed);
    let stream = new_stream();
    let mut graph = null_mut();
    ok!(graphs?.aclmdlRICaptureBegin(stream, ACL_MODEL_RI_CAPTURE_MODE_RELAXED));
    ok!(acl?.aclrtRandomNumAsync(&task, stream, null_mut()));
    ok!(graphs?.aclmdlRICaptureEnd(stream, &mut graph));
    ok!(graphs?.aclmdlRIExecute(graph, -1));
    assert_eq!(download::<f32>(result, 8), [1.0; 8]);
    let two = 2f32;
    ok!(acl.aclrtMemcpy(high, 4, (&raw const two).cast(), 4, ACL_MEMCPY_HOST_TO_DEVICE));
    ok!(graphs?.aclmdlRIExecute(graph, -1));
    let drawn = download::<f32>(result, 8);
    assert!(drawn.iter().all(|v| (1.0..2.0).contains(v)) && drawn.iter().any(|v| *v != 1.0), "{drawn:?}");
    let other = 2u64;
    ok!(acl.aclrtMemcpy(seed, 8, (&raw const other).cast(), 8, ACL_MEMCPY_HOST_TO_DEVICE));
    ok!(graphs?.aclmdlRIExecute(graph, -1));
    assert_ne!(download::<f32>(result, 8), drawn);
    ok!(graphs?.aclmdlRIDestroy(graph));
}

#[test]
fn arguments_of_random_numbers() {
    let _lease = Lease::new();
    let (counter, result) = (upload(&[0u64; 2]), upload(&[0f32; 8]));
    let to = [counter, result];
    let good = info(UNIFORM, ACL_FLOAT, f32s(0.0, 1.0), 8, to);
    let null = null_mut();
    refused!(100000, "taskInfo is null", acl?.aclrtRandomNumAsync(std::ptr::null(), null, null));
    refused!(107000, "reserve", acl?.aclrtRandomNumAsync(&good, null, counter));
    let double = aclrtRandomNumTaskInfo { dataType: ACL_DOUBLE, ..good };
    refused!(100000, "ACL_DOUBLE", acl?.aclrtRandomNumAsync(&double, null, null));
    let integers = info(NORMAL, ACL_INT32, f32s(0.0, 1.0), 8, to);
    refused!(107000, "only uniform", acl?.aclrtRandomNumAsync(&integers, null, null));
    let what = info(aclrtRandomNumFuncType(4), ACL_FLOAT, f32s(0.0, 1.0), 8, to);
    refused!(107000, "funcType is 4", acl?.aclrtRandomNumAsync(&what, null, null));
    let wide = info(UNIFORM, ACL_FLOAT, [value(0f64.to_ne_bytes()), value(1f32.to_ne_bytes())], 8, to);
    refused!(107000, "min.size is 8", acl?.aclrtRandomNumAsync(&wide, null, null));
    let mut odd = good;
    odd.randomSeed.isAddr = 2;
    refused!(107000, "randomSeed.isAddr is 2", acl?.aclrtRandomNumAsync(&odd, null, null));
    odd = good;
    odd.randomNum.size = 0;
    refused!(107000, "randomNum.size is 0", acl?.aclrtRandomNumAsync(&odd, null, null));
    odd = good;
    odd.randomNum = at(counter);
    refused!(207000, "takes the number itself", acl?.aclrtRandomNumAsync(&odd, null, null));
    odd = good;
    // The room of the result's allocation: 32 bytes, and 32 more.
    odd.randomNum = value(17u64.to_ne_bytes());
    refused!(107000, "live allocation", acl?.aclrtRandomNumAsync(&odd, null, null));
    let mut host = [0u64; 2];
    odd = aclrtRandomNumTaskInfo { randomCounterAddr: host.as_mut_ptr().cast(), ..good };
    refused!(107000, "randomCounterAddr is", acl?.aclrtRandomNumAsync(&odd, null, null));
    odd = aclrtRandomNumTaskInfo { randomParaAddr: host.as_mut_ptr().cast(), ..good };
    refused!(107000, "randomParaAddr is", acl?.aclrtRandomNumAsync(&odd, null, null));
}
