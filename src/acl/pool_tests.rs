use super::*;

const A: u64 = 1;
const B: u64 = 2;

fn pool() -> Pool {
    let mut pool = Pool::default();
    pool.add_segment(0x10_0000, segment_bytes(GRANULE), GRANULE);
    pool
}

#[test]
fn sizes() {
    assert_eq!((block_bytes(0), block_bytes(480), block_bytes(481)), (Some(512), Some(512), Some(1024)));
    assert_eq!((block_bytes(usize::MAX), block_bytes(isize::MAX as usize)), (None, None));
    assert_eq!(segment_bytes(512), 2 * MIB);
    assert_eq!(segment_bytes(MIB + 512), 20 * MIB);
    assert_eq!(segment_bytes(10 * MIB + 512), 12 * MIB);
}

#[test]
fn a_stream_reuses_its_own_block_at_once_and_another_does_not() {
    let mut pool = pool();
    let (x, address) = pool.take(A, 1024).unwrap();
    pool.give(x, A);
    // B must not get what A's queue may still use; the rest of the segment is idle and will do.
    let (y, other) = pool.take(B, 1024).unwrap();
    assert_eq!(other, address + 1024);
    assert_eq!(pool.take(A, 1024).unwrap().1, address);
    pool.give(y, B);
    assert!(pool.take(A, 2 * MIB).is_none(), "no block of that size");
}

#[test]
fn the_smallest_block_that_fits() {
    let mut pool = pool();
    let sizes = [4096, 512, 1024, 512, 2048, 512];
    let blocks: Vec<_> = sizes.iter().map(|&n| pool.take(A, n).unwrap()).collect();
    for i in [0, 2, 4] {
        pool.give(blocks[i].0, A);
    }
    assert_eq!(pool.take(A, 1536).unwrap().1, blocks[4].1);
    assert_eq!(pool.take(A, 1024).unwrap().1, blocks[2].1);
    assert_eq!(pool.take(A, 1024).unwrap().1, blocks[0].1, "the 4096 are split");
}

#[test]
fn neighbours_merge_in_any_order_and_the_segment_can_go_back() {
    for order in [[0, 1, 2], [2, 1, 0], [0, 2, 1], [1, 0, 2]] {
        let mut pool = pool();
        let blocks: Vec<_> = (0..3).map(|_| pool.take(A, 512).unwrap().0).collect();
        for i in order {
            pool.give(blocks[i], A);
        }
        assert!(pool.drain().is_empty(), "A's work may be queued");
        pool.settle(Some(A));
        assert_eq!(pool.drain(), [0x10_0000]);
        assert_eq!(
            pool.stats(),
            MemoryStats { peak_allocated_bytes: 1536, allocations: 3, device_mallocs: 1, ..Default::default() }
        );
    }
}

#[test]
fn settling_one_stream_leaves_the_others() {
    let mut pool = pool();
    let (x, y) = (pool.take(A, 512).unwrap().0, pool.take(B, 512).unwrap().0);
    pool.give(x, A);
    pool.give(y, B);
    pool.settle(Some(A));
    assert!(pool.drain().is_empty());
    pool.settle(None);
    assert_eq!(pool.drain().len(), 1);
    assert!(pool.take(A, 512).is_none(), "nothing is left");
}

#[test]
fn large_segments_keep_no_crumbs() {
    let mut pool = Pool::default();
    pool.add_segment(0, 20 * MIB, 19 * MIB);
    let before = pool.stats().reserved_bytes;
    let (x, _) = pool.take(A, 19 * MIB).unwrap();
    assert_eq!(pool.stats().allocated_bytes, before, "the rest is less than a large request and stays with the block");
    pool.give(x, A);
    assert!(pool.take(A, 512).is_none(), "small requests do not break large segments");
}

/// Random traffic of three streams against a plain model: live blocks never overlap, bytes are never lost.
#[test]
fn random_traffic_never_overlaps_and_never_leaks() {
    let mut state = 7_u64;
    let mut random = |n: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % n
    };
    let (mut pool, mut live, mut next) = (Pool::default(), Vec::<(BlockId, usize, usize, u64)>::new(), 1 << 30);
    for step in 0..if cfg!(miri) { 200 } else { 20_000 } {
        let owner = 1 + random(3);
        if random(2) == 0 || live.is_empty() {
            let bytes = block_bytes(if random(8) == 0 { random(24 << 20) } else { random(64 << 10) } as usize).unwrap();
            let (id, address) = pool.take(owner, bytes).unwrap_or_else(|| {
                let segment = segment_bytes(bytes);
                pool.add_segment(next, segment, bytes);
                next += segment + (1 << 20);
                pool.take(owner, bytes).unwrap()
            });
            assert!(address.is_multiple_of(GRANULE));
            let clash = live.iter().find(|(_, a, n, _)| *a < address + bytes && address < a + n);
            assert!(clash.is_none(), "step {step}: {address:#x}+{bytes} overlaps {clash:?}");
            live.push((id, address, bytes, owner));
        } else {
            let (id, _, _, owner) = live.swap_remove(random(live.len() as u64) as usize);
            pool.give(id, owner);
        }
        if random(500) == 0 {
            pool.settle(if random(2) == 0 { None } else { Some(owner) });
            pool.drain();
        }
    }
    live.drain(..).for_each(|(id, _, _, owner)| pool.give(id, owner));
    pool.settle(None);
    pool.drain();
    let stats = pool.stats();
    assert_eq!((stats.allocated_bytes, stats.reserved_bytes, pool.free.len()), (0, 0, 0));
    assert!(pool.unused.len() == pool.blocks.len(), "all rows of the table are free again");
}

/// What a recording used must not become anybody else's while it can run again.
#[test]
fn blocks_of_a_hold_stay_with_it() {
    let mut pool = pool();
    let (before, at) = pool.take(A, 1024).unwrap();
    let keeper = pool.hold(A);
    assert!(pool.is_recording() && pool.is_held(before, A) && !pool.is_held(before, B));
    // A temporary: the recording reuses it itself, at once.
    let (temporary, place) = pool.take(A, 1024).unwrap();
    pool.give(temporary, A);
    let (again, same) = pool.take(A, 1024).unwrap();
    assert_eq!(same, place);
    pool.give(again, A);
    pool.close_hold(keeper);
    let (after, later) = pool.take(A, 1024).unwrap();
    assert!(later != place && !pool.is_held(after, A) && !pool.is_recording());
    pool.give(before, A);
    pool.give(after, A);
    // Neither its stream, nor another, nor a wait for all streams gets at them.
    pool.settle(None);
    let taken: Vec<_> = std::iter::from_fn(|| pool.take(A, 1024)).collect();
    assert!(taken.iter().any(|(_, address)| *address == later), "what came after the recording is free");
    assert!(taken.iter().all(|(_, address)| ![at, place].contains(address)));
    assert!(pool.drain().is_empty());
    taken.into_iter().for_each(|(block, _)| pool.give(block, A));
    pool.release_hold(keeper);
    let address = pool.take(A, 2 * 1024).unwrap().1;
    assert_eq!(address, at, "all of it is the stream's again, in one piece");
}

#[test]
fn a_block_of_two_holds_stays_until_both_have_gone() {
    let mut pool = pool();
    let (block, at) = pool.take(A, 1024).unwrap();
    // Alive throughout, so that the two beside it do not merge: what has merged is held as the older of its parts is.
    let (_between, _) = pool.take(A, 1024).unwrap();
    let first = pool.hold(A);
    pool.close_hold(first);
    let (newer, beside) = pool.take(A, 1024).unwrap();
    let second = pool.hold(A);
    pool.close_hold(second);
    let elsewhere = pool.hold(B);
    pool.give(block, A);
    pool.give(newer, A);
    let mut taken = Vec::new();
    let mut take = |pool: &mut Pool| {
        let (block, address) = pool.take(A, 1024).unwrap();
        taken.push(block);
        address
    };
    assert!(![at, beside].contains(&take(&mut pool)));
    pool.release_hold(second);
    assert_eq!(take(&mut pool), beside, "only the second had it");
    pool.release_hold(elsewhere);
    assert_ne!(take(&mut pool), at, "the first still has it");
    pool.release_hold(first);
    assert_eq!(take(&mut pool), at);
    // What is alive when a hold is extended is in it too.
    let third = pool.hold(A);
    pool.close_hold(third);
    let (late, _) = pool.take(A, 1024).unwrap();
    assert!(!pool.is_held(late, A));
    pool.reopen_hold(third);
    pool.close_hold(third);
    assert!(pool.is_held(late, A));
}
