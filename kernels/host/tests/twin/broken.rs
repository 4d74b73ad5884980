//! For each rule that a checked image judges itself a kernel that breaks it, and what is said of it.

use ascendc_twin::abi::core_kind::{AIC, AIV};

use crate::core::{Memory, load};

/// Kernel, call, rule, and a part of the message.
const BROKEN: &[(&str, &str, &str, &str)] = &[
    (
        "copy_remainder",
        "DataCopy",
        "length",
        "9 elements are 36 bytes, no multiple of 32: the hardware silently drops the last 4",
    ),
    ("copy_unaligned", "DataCopy", "alignment", "dst is at byte 12 of UB, which is no multiple of 32"),
    ("copy_odd_gm", "DataCopy", "alignment", "in GM is no multiple of the element's 4 bytes"),
    ("copy_too_long", "DataCopy", "length", "dst is touched to byte 2080, but the tensor has 2048 bytes"),
    ("copy_out_too_long", "DataCopy", "length", "src is touched to byte 2080, but the tensor has 2048 bytes"),
    ("copy_no_blocks", "DataCopy", "block count", "blockCount is 0: 1 to 4095"),
    ("copy_many_blocks", "DataCopy", "block count", "blockCount is 4096: 1 to 4095"),
    ("copy_no_length", "DataCopy", "length", "blockLen is 0"),
    ("pad_many_blocks", "DataCopyPad", "block count", "blockCount is 5000: 1 to 4095"),
    ("pad_long", "DataCopyPad", "length", "blockLen is 2097152 bytes: 1 to 2097151"),
    ("pad_odd_length", "DataCopyPad", "length", "blockLen is 6 bytes, no multiple of the element's 4"),
    ("pad_wide", "DataCopyPad", "length", "leftPadding of 9 and rightPadding of 0 elements: at most 32 bytes each"),
    ("copy_within", "DataCopy", "overlap", "dst (bytes 32..288 of UB) overlaps src (bytes 0..256) in part"),
    ("atomic_of_another", "DataCopy", "atomics", "for elements of another type"),
    ("add_unaligned", "Add", "alignment", "src0 is at byte 16 of UB, which is no multiple of 32"),
    ("add_too_long", "Add", "length", "src1 is touched to byte 64, but the tensor has 32 bytes"),
    ("add_nothing", "Add", "length", "0 elements"),
    ("add_overlap", "Add", "overlap", "overlaps src0"),
    ("mask_large", "Add", "mask", "mask is 65: 1 to 64 elements of this size"),
    ("mask_zero", "Exp", "mask", "mask is 0: 1 to 64"),
    ("mask_high_bits", "Muls", "mask", "mask bits are 0x1, 0x1: some of the first 64"),
    ("repeat_zero", "Add", "repeat", "repeatTime is 0: 1 to 255"),
    ("repeat_past_the_end", "Add", "length", "dst is touched to byte 4352, but the tensor has 4096 bytes"),
    ("repeat_overlap", "Muls", "overlap", "dst of repeat 0"),
    ("reduce_repeats", "WholeReduceSum", "repeat", "repeatTime is 256: 1 to 255"),
    ("reduce_stride", "WholeReduceSum", "stride", "srcRepStride is 65536: 0 to 65535"),
    ("reduce_pair_unaligned", "WholeReduceMax", "alignment", "which is no multiple of 8"),
    (
        "reduce_into_its_source",
        "WholeReduceSum",
        "overlap",
        "the result of repeat 0 (byte 256 of UB) overwrites what repeat 1 reads",
    ),
    ("reduce_small_scratch", "ReduceMax", "length", "sharedTmpBuffer is touched to byte 160, but the tensor has 32 bytes"),
    ("block_reduce_unaligned", "BlockReduceSum", "alignment", "which is no multiple of 32"),
    (
        "compare_part",
        "Compare",
        "length",
        "100 elements are 400 bytes, no multiple of 256: the last 36 elements are not compared",
    ),
    ("compare_integers", "Compare", "types", "int32_t for CMPMODE::EQ only"),
    ("gather_far", "Gather", "length", "offset 0 is 4096 bytes, but src has 4096"),
    ("gather_between", "Gather", "alignment", "offset 0 is 6 bytes: no multiple of 4"),
    ("brcb_in_place", "Brcb", "overlap", "dst and src share memory"),
    ("brcb_stride", "Brcb", "stride", "dstBlkStride is 0"),
    (
        "select_without_room",
        "Select",
        "buffers",
        "in this mode Select needs 8192 bytes of UB for itself, and buffers take 192512 of 196352",
    ),
    ("pattern", "GatherMask", "mask", "src1Pattern is 8: 1 to 7"),
    ("cast_mode", "Cast", "round mode", "CAST_NONE: this pair of types takes CAST_RINT, CAST_FLOOR"),
    ("cast_wider_in_place", "Cast", "overlap", "where a result would hit what is still to be read"),
    ("axpy_wider_in_place", "Axpy", "overlap", "shares memory with a source of half"),
    ("shift_far", "ShiftLeft", "shift", "by 33 bits: 0 to 32"),
    ("element_far", "SetValue", "length", "element 1024 of a tensor of 1024 elements"),
    ("offset_far", "LocalTensor::operator[]", "length", "offset 1025 is beyond the tensor's 1024 elements"),
    ("part_far", "TBuf::GetWithOffset", "length", "32 bytes from byte 4080 on, of a buffer of 4096"),
    ("nz_rows", "DataCopy", "limits", "nValue is 16385: 1 to 16384"),
    ("nz_past_the_end", "DataCopy", "length", "dst is touched to byte 8704, but the tensor has 8192 bytes"),
    ("nz_to_l0", "DataCopy", "memory", "dst is in L0A: it must be in L1"),
    ("gm_to_l0", "DataCopy", "memory", "GM to L0A: there is a path to UB and to L1 only"),
    ("load_unaligned", "LoadData", "alignment", "dst is at byte 32 of L0A, which is no multiple of 512"),
    ("load_turned_floats", "LoadData", "types", "elements of 16 bits only"),
    ("multiply_one_row", "Mmad", "limits", "m is 1: the hardware then takes L0A for a vector"),
    ("multiply_swapped", "Mmad", "memory", "fm is in L0B: it must be in L0A"),
    ("multiply_past_the_end", "Mmad", "length", "dst is touched to byte 20480, but the tensor has 16384 bytes"),
    ("fix_mode", "Fixpipe", "types", "quantPre does not fit the types"),
    ("fix_width", "Fixpipe", "limits", "nSize is 20, no multiple of 16"),
    ("static_exceeded", "LocalTensor", "buffers", "UB has 196352 bytes: 1024 from byte 196000 on do not fit"),
    ("enqueue_twice", "EnQue", "queues", "the VECIN buffer at byte 0 is enqueued and not dequeued"),
    ("dequeue_empty", "DeQue", "queues", "the VECIN queue is empty: EnQue() first"),
    ("free_twice", "FreeTensor", "queues", "the VECIN buffer at byte 0 is free"),
    ("free_enqueued", "FreeTensor", "queues", "is still in the queue: DeQue() it first"),
    ("allocate_too_many", "AllocTensor", "queues", "all 2 buffers of the VECOUT queue are in use: the core would hang"),
    ("never_freed", "TPipe", "queues", "the kernel ends with a VECIN buffer (bytes 0..64) dequeued and not freed"),
    ("never_dequeued", "TPipe", "queues", "the kernel ends with a VECIN buffer (bytes 0..64) enqueued and not dequeued"),
    ("another_queue", "EnQue", "queues", "the tensor is no buffer of this VECOUT queue"),
    ("of_no_queue", "EnQue", "queues", "the tensor is no buffer of this VECIN queue"),
    ("too_deep", "EnQue", "queues", "the VECIN queue holds its 1 buffers already"),
    ("not_initialised", "AllocTensor", "queues", "the VECIN queue has no buffers: InitBuffer gives it some"),
    (
        "ub_exceeded",
        "InitBuffer",
        "buffers",
        "UB has 196352 bytes; a buffer of 65536 (VECCALC) does not fit behind 131072 bytes of others (VECIN 65536, VECIN 65536)",
    ),
    ("l1_exceeded", "InitBuffer", "buffers", "L1 has 524032 bytes"),
    ("l0a_exceeded", "InitBuffer", "buffers", "L0A has 65536 bytes"),
    ("ub_of_a_cube_core", "LocalTensor", "memory", "UB is out of reach of a cube core (AIC)"),
    ("nine_buffers", "InitBuffer", "buffers", "9 queue buffers at VECIN: at most 8"),
    ("empty_buffer", "InitBuffer", "buffers", "a buffer of no bytes"),
    ("too_many_buffers", "InitBuffer", "buffers", "more than 64 buffers in a TPipe"),
    ("two_pipes", "TPipe", "buffers", "a second TPipe while another one lives"),
    ("other_positions", "DeQue", "queues", "the positions given to DeQue are not those given to EnQue"),
    ("set_twice", "SetFlag", "events", "event 3 of MTE2_V is set a second time before anything waited for it"),
    ("wait_for_nothing", "WaitFlag", "events", "waits for event 1 of V_MTE3, which nothing has set: the core would hang"),
    ("event_id", "SetFlag", "events", "event id 8 of MTE2_V: ids are 0 to 7"),
    ("no_such_pipe", "SetFlag", "events", "MTE1_M: a vector core (AIV) has no such pipe"),
    ("barrier_of_no_pipe", "PipeBarrier", "events", "PIPE_V: a cube core (AIC) has no such pipe"),
    (
        "set_and_left",
        "SetFlag",
        "events",
        "the kernel ends with events of V_MTE3 set that nothing waited for (ids, a bit each: 0x4)",
    ),
    ("all_events", "AllocEventID", "events", "all 8 event ids of MTE2_V are taken"),
    ("cross_flag", "CrossCoreSetFlag", "events", "flag id 11: 0 to 10 are free"),
    ("cross_wait", "CrossCoreWaitFlag", "events", "flag id 12: 0 to 10 are free"),
    ("part_of_the_blocks", "SyncAll", "blocks", "usedCores is 3 of 1"),
    ("asserts", "ascendc_assert", "assert", "x == nullptr does not hold"),
    ("traps", "Trap", "trap", "the kernel calls Trap()"),
];

/// The others run on a vector core.
const ON_CUBE: [&str; 15] = [
    "l1_exceeded",
    "l0a_exceeded",
    "ub_of_a_cube_core",
    "barrier_of_no_pipe",
    "nz_rows",
    "nz_past_the_end",
    "nz_to_l0",
    "gm_to_l0",
    "load_unaligned",
    "load_turned_floats",
    "multiply_one_row",
    "multiply_swapped",
    "multiply_past_the_end",
    "fix_mode",
    "fix_width",
];

#[test]
fn each_rule_is_judged() {
    let kernels = load("broken");
    let memory = Memory::zeros(8192);
    let mut wrong = Vec::new();
    for &(kernel, call, rule, message) in BROKEN {
        let told = kernels.check_on(kernel, &[memory.address()], if ON_CUBE.contains(&kernel) { AIC } else { AIV });
        match told.findings.as_slice() {
            // Where the program itself is at fault, the place is known.
            [found] if found.call == call && found.rule == rule && found.message.contains(message) => {}
            other => wrong.push(format!("{kernel}: {other:?}, not {call}, {rule}: {message}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(kernels.names().len(), BROKEN.len(), "a kernel that nothing judges");
}

/// Where the line of the source is.
#[test]
fn a_finding_names_the_place() {
    let memory = Memory::zeros(8192);
    let told = load("broken").check("copy_remainder", &[memory.address()]);
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kernels/broken.cpp")).unwrap();
    let line = 1 + text.lines().position(|line| line.contains("void copy_remainder")).unwrap();
    assert_eq!(told.findings[0].line as usize, line);
}

/// A kernel is stopped where it breaks a rule: what is behind that does not happen.
#[test]
fn what_is_found_has_no_effect() {
    let memory = Memory::new(&[0x5a; 8192]);
    let told = load("broken").check("pad_long", &[memory.address()]);
    assert!(told.calls.is_empty(), "{:?}", told.calls);
    assert!(memory.bytes().iter().all(|&byte| byte == 0x5a));
}
