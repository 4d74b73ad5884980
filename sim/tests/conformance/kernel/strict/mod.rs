//! The rules that a checked twin is held to. For each a script of calls that breaks it, which is found with the right words, and a near
//! twin of it that keeps it, and passes.
//!
//! Sources of the rules: the documentation of Ascend C (asc-devkit, `docs/api`: SetFlag/WaitFlag, PipeBarrier, SyncAll,
//! CrossCoreSetFlag, DataCacheCleanAndInvalid, SetAtomicAdd; "hardware" for the sizes and alignments of the memories).

mod between;
mod bounds;
mod cache;
mod order;
mod traffic;
mod validity;

use ascendc_twin::abi::{self, access, pipe, space};
use cann_sim::kernels::{Finding, Launch, take_launches};

use super::*;
use crate::new_stream;

/// A step of the kernels of `kernels.c` that run scripts.
#[derive(Clone, Copy)]
#[repr(C)]
struct Step {
    what: u32,
    block: i32,
    kind: i32,
    sub: i32,
    a: u32,
    b: u32,
    c: u32,
    line: u32,
    pipe: u32,
    transfer: u32,
    vector_elements: u64,
    cube_macs: u64,
    address: u64,
    name: [u8; 32],
    range_count: u32,
    reserved: u32,
    ranges: [abi::Range; 4],
}

const NO_RANGE: abi::Range = abi::Range { address: 0, stride: 0, count: 0, bytes: 0, space: 0, access: 0, align: 0, reserved: 0 };

fn step(what: u32) -> Step {
    Step {
        what,
        block: -1,
        kind: -1,
        sub: -1,
        a: 0,
        b: 0,
        c: 0,
        line: 0,
        pipe: 0,
        transfer: 0,
        vector_elements: 0,
        cube_macs: 0,
        address: 0,
        name: [0; 32],
        range_count: 0,
        reserved: 0,
        ranges: [NO_RANGE; 4],
    }
}

/// An instruction.
fn call(name: &str, pipe: u32) -> Step {
    let mut step = Step { pipe, ..step(0) };
    step.name[..name.len()].copy_from_slice(name.as_bytes());
    step
}

/// Events inside a core.
fn set(from: u32, to: u32) -> Step {
    Step { a: from, b: to, ..step(1) }
}

fn wait(from: u32, to: u32) -> Step {
    Step { a: from, b: to, ..step(2) }
}

/// Both.
fn event(from: u32, to: u32) -> [Step; 2] {
    [set(from, to), wait(from, to)]
}

fn barrier(pipe: u32) -> Step {
    Step { pipe, ..step(3) }
}

fn forget(space: u8, offset: u32, bytes: u32) -> Step {
    Step { a: space.into(), b: offset, c: bytes, ..step(4) }
}

fn sync_all() -> Step {
    Step { a: 1, ..step(5) }
}

fn cross_set(mode: u32, pipe: u32, id: u32) -> Step {
    Step { a: mode, pipe, c: id, ..step(6) }
}

fn cross_wait(id: u32) -> Step {
    Step { c: id, ..step(7) }
}

fn yields() -> Step {
    step(8)
}

/// Cleans and invalidates the line at an address; 0: all of the cache.
fn clean(address: u64) -> Step {
    Step { address, a: u32::from(address == 0), ..step(9) }
}

fn dsb() -> Step {
    step(10)
}

fn finding(name: &str) -> Step {
    Step { what: 11, ..call(name, 0) }
}

impl Step {
    /// Of one block.
    fn on(self, block: i32) -> Step {
        Step { block, ..self }
    }

    /// Of one kind of cores.
    fn of(self, kind: u32) -> Step {
        Step { kind: kind as i32, ..self }
    }

    fn range(mut self, range: abi::Range) -> Step {
        self.ranges[self.range_count as usize] = range;
        self.range_count += 1;
        self
    }

    fn touches(self, space: u8, access: u8, address: u64, bytes: u32) -> Step {
        self.range(abi::Range { address, stride: 0, count: 1, bytes, space, access, align: 0, reserved: 0 })
    }

    fn reads(self, space: u8, address: u64, bytes: u32) -> Step {
        self.touches(space, access::READ, address, bytes)
    }

    fn writes(self, space: u8, address: u64, bytes: u32) -> Step {
        self.touches(space, access::WRITE, address, bytes)
    }

    /// Changes the last range.
    fn runs(mut self, count: u32, stride: i64) -> Step {
        let last = &mut self.ranges[self.range_count as usize - 1];
        (last.count, last.stride) = (count, stride);
        self
    }

    /// The same place in the source as `n` steps before, which it is a copy of.
    fn again(self, n: u32) -> Step {
        Step { a: n, ..self }
    }

    fn aligned(mut self, align: u16) -> Step {
        self.ranges[self.range_count as usize - 1].align = align;
        self
    }

    fn moves(self) -> Step {
        Step { transfer: 1, ..self }
    }
}

/// From global memory to UB, and back.
fn load(gm: u64, ub: u64, bytes: u32) -> Step {
    call("DataCopy", pipe::MTE2).reads(space::GM, gm, bytes).writes(space::UB, ub, bytes).moves()
}

fn store(ub: u64, gm: u64, bytes: u32) -> Step {
    call("DataCopy", pipe::MTE3).reads(space::UB, ub, bytes).writes(space::GM, gm, bytes).moves()
}

/// `dst = f(src)` of the vector unit, and `dst = value`.
fn vector(src: u64, dst: u64, bytes: u32) -> Step {
    call("Muls", pipe::V).reads(space::UB, src, bytes).writes(space::UB, dst, bytes)
}

fn duplicate(dst: u64, bytes: u32) -> Step {
    call("Duplicate", pipe::V).writes(space::UB, dst, bytes)
}

/// Elements of global memory, through the data cache.
fn get(gm: u64) -> Step {
    call("GetValue", pipe::S).touches(space::GM, access::READ | access::CACHED, gm, 4)
}

fn put(gm: u64) -> Step {
    call("SetValue", pipe::S).touches(space::GM, access::WRITE | access::CACHED, gm, 4)
}

/// A device, and some of its memory.
struct Bench {
    lease: Place,
    binary: Binary,
    /// 4096 bytes.
    gm: u64,
}

impl Bench {
    fn new() -> Bench {
        let lease = Place::new();
        take_launches(lease.0 as u32);
        let gm = upload(&[0_u8; 4096]) as u64;
        Bench { lease, binary: Binary::load(&checked()), gm }
    }

    /// Runs a script; steps have lines from 1 on. The stream fails if and only if something was found, and its text tells of it.
    fn run(&self, kernel: &str, blocks: u32, steps: &[Step]) -> Launch {
        let mut steps = steps.to_vec();
        steps.iter_mut().enumerate().for_each(|(i, step)| step.line = i as u32 + 1);
        let stream = new_stream();
        let at = upload(&steps);
        launch(self.binary.kernel(kernel), blocks, stream, &[at as u64, steps.len() as u64]);
        self.end(stream)
    }

    fn end(&self, stream: aclrtStream) -> Launch {
        crate::recent();
        let code = crate::call!(acl.aclrtSynchronizeStream(stream));
        let text = crate::recent();
        ok!(acl.aclrtDestroyStream(stream));
        let mut launches = take_launches(self.lease.0 as u32);
        let launch = launches.pop().expect("a launch with checks is kept");
        assert!(launches.is_empty());
        match &launch.findings[..] {
            [] => assert_eq!(code, 0, "{text}"),
            [first, ..] => {
                assert!([507015, 507035].contains(&code), "{code}: {text}");
                assert!(text.contains(&first.to_string()) && text.contains(launch.kernel), "{text:?} lacks {first}");
            }
        }
        launch
    }

    /// Nothing is found.
    fn keeps(&self, kernel: &str, blocks: u32, steps: &[Step]) {
        let found = self.run(kernel, blocks, steps).findings;
        assert!(found.is_empty(), "{}", found[0]);
    }

    /// One rule is found broken, at one line, with these words.
    fn breaks(&self, kernel: &str, blocks: u32, steps: &[Step], rule: &str, line: u32, words: &[&str]) -> Finding {
        let found = self.run(kernel, blocks, steps).findings;
        assert!(!found.is_empty(), "nothing was found: {rule} at line {line}");
        assert_eq!(found.len(), 1, "{} and {}", found[0], found[1]);
        let text = found[0].to_string();
        assert_eq!((found[0].rule.as_str(), found[0].line), (rule, line), "{text}");
        for word in words {
            assert!(text.contains(word), "{text:?} lacks {word:?}");
        }
        found[0].clone()
    }
}

/// One kernel of one vector core.
const VECTOR: &str = "vectors";

fn steps(parts: &[&[Step]]) -> Vec<Step> {
    parts.concat()
}
