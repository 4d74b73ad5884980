//! Kernels in Ascend C, compiled as a program's build script compiles its own: loaded, launched, checked.

use cann_sim::kernels::{Finding, take_launches};

use super::*;
use crate::{download, new_stream};

/// The container of `twin.cpp`.
fn image() -> &'static [u8] {
    static IMAGE: OnceLock<Vec<u8>> = OnceLock::new();
    IMAGE.get_or_init(|| {
        let out = std::env::temp_dir().join(format!("cann-sim-conformance-{}", std::process::id()));
        std::fs::create_dir_all(&out).unwrap();
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/kernel/twin.cpp");
        let kernel = ascendc_twin::build::Kernel::new(source).instruction_sets([Isa::Base]).out_dir(&out);
        kernel.try_build().unwrap_or_else(|why| panic!("{why}"));
        let image = std::fs::read(out.join("twin-twin/image.bin")).unwrap();
        std::fs::remove_dir_all(out).unwrap();
        image
    })
}

/// The same container with one variant.
fn variant(checked: bool) -> Vec<u8> {
    let all = container::read(image()).unwrap();
    container::write(&all.into_iter().filter(|variant| variant.checked == checked).collect::<Vec<_>>())
}

fn triple(device: i32, checked: bool, blocks: u32, n: usize, mistake: u64) -> (Vec<f32>, Vec<Finding>) {
    let (binary, stream) = (Binary::load(&variant(checked)), new_stream());
    take_launches(device as u32);
    let x: Vec<f32> = (0..n).map(|i| i as f32).collect();
    let (from, to) = (upload(&x), upload(&vec![0_f32; n]));
    launch(binary.kernel("triple"), blocks, stream, &[from as u64, to as u64, n as u64 | mistake << 32]);
    crate::call!(acl.aclrtSynchronizeStream(stream));
    let y = download::<f32>(to, n);
    ok!(acl.aclrtDestroyStream(stream));
    (y, take_launches(device as u32).pop().map_or(vec![], |launch| launch.findings))
}

/// Right with checks and without, whatever the number of blocks; nothing is found.
#[test]
fn a_kernel_with_queues() {
    let lease = Place::new();
    for (blocks, n) in [(1, 5000), (2, 1), (20, 50_000), (48, 100_001)] {
        let want: Vec<f32> = (0..n).map(|i| 3.0 * i as f32).collect();
        for checked in [false, true] {
            let (y, found) = triple(lease.0, checked, blocks, n, 0);
            assert!(found.is_empty(), "{}", found[0]);
            assert!(y == want, "{blocks} blocks, {n} elements, checked {checked}");
        }
    }
}

/// Each mistake is found, with the line of the call.
#[test]
fn mistakes_of_a_kernel_with_queues() {
    let lease = Place::new();
    for (mistake, rule, call, words) in [
        (1, "order", "Add", "which Muls at"),
        (2, "not written", "Add", "from byte"),
        (3, "bounds", "DataCopyPad", "of the allocation"),
    ] {
        let (_, found) = triple(lease.0, true, 2, 5000, mistake);
        assert!(!found.is_empty(), "mistake {mistake}");
        let text = found[0].to_string();
        assert_eq!((found[0].rule.as_str(), found[0].call.as_str()), (rule, call), "{text}");
        assert!(text.contains(words) && found[0].file.ends_with("twin.cpp") && found[0].line > 0, "{text}");
    }
}

#[test]
fn a_kernel_whose_blocks_meet() {
    let lease = Place::new();
    for checked in [false, true] {
        let (binary, stream) = (Binary::load(&variant(checked)), new_stream());
        let run = |kernel: &str, last: u64| {
            take_launches(lease.0 as u32);
            let (x, y) = (upload(&[0_i32; 320]), upload(&[0_i32; 320]));
            let mut value = aclrtLaunchKernelAttrValue { rsv: [0; 4] };
            value.schemMode = 1;
            let together = aclrtLaunchKernelAttr { id: ACL_RT_LAUNCH_KERNEL_ATTR_SCHEM_MODE, value };
            let args = [x as u64, y as u64, last];
            assert_eq!(launch_code(binary.kernel(kernel), 40, stream, &args, &mut [together]), 0);
            crate::call!(acl.aclrtSynchronizeStream(stream));
            (download::<i32>(y, 320), take_launches(lease.0 as u32).pop().map_or(vec![], |launch| launch.findings))
        };
        let workspace = upload(&[0_i32; 320]) as u64;
        for (kernel, last) in [("turn", 0), ("turn_by_memory", workspace)] {
            let (y, found) = run(kernel, last);
            assert!(found.is_empty(), "{}", found[0]);
            assert_eq!(y, (0..320).map(|i| 100 + (i / 8 + 1) % 40).collect::<Vec<i32>>());
        }
        if checked {
            let (_, found) = run("turn", 1);
            assert!(found.iter().any(|found| found.rule == "order" && found.message.contains("no SyncAll")), "{found:?}");
        }
    }
}

/// Flags in memory, whichever block comes first: nothing is found where a barrier is between the data and the flag.
#[test]
fn a_kernel_whose_blocks_poll() {
    let lease = Place::new();
    for checked in [false, true] {
        let (binary, stream) = (Binary::load(&variant(checked)), new_stream());
        let run = |blocks: u32, backwards: u64, mistake: u64| {
            take_launches(lease.0 as u32);
            let (sums, flags) = (upload(&[0_i32; 320]), upload(&[0_i32; 320]));
            let mut value = aclrtLaunchKernelAttrValue { rsv: [0; 4] };
            value.schemMode = 1;
            let together = aclrtLaunchKernelAttr { id: ACL_RT_LAUNCH_KERNEL_ATTR_SCHEM_MODE, value };
            let args = [sums as u64, flags as u64, backwards, mistake];
            assert_eq!(launch_code(binary.kernel("relay"), blocks, stream, &args, &mut [together]), 0);
            crate::call!(acl.aclrtSynchronizeStream(stream));
            (download::<i32>(sums, 320), take_launches(lease.0 as u32).pop().map_or(vec![], |launch| launch.findings))
        };
        for (blocks, backwards) in [(1, 0), (2, 0), (2, 1), (40, 0), (40, 1)] {
            let (sums, found) = run(blocks, backwards, 0);
            assert!(found.is_empty(), "{blocks} blocks, backwards {backwards}: {}", found[0]);
            let want = (0..320).map(|i| if i < 8 * blocks as i32 { i / 8 + 1 } else { 0 });
            assert_eq!(sums, want.collect::<Vec<i32>>(), "{blocks} blocks, backwards {backwards}");
            if checked && blocks > 1 {
                let (_, found) = run(blocks, backwards, 1);
                assert!(!found.is_empty() && found.iter().all(|found| found.rule == "order"), "{found:?}");
            }
        }
    }
}
