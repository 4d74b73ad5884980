//! Moving bytes between devices.

use crate::parallel::Share;

/// One source and where it goes. Ranges of different destinations do not overlap, nor does one with a source unless it is the
/// source itself.
pub(super) struct Fan {
    pub src: usize,
    pub dst: Vec<usize>,
    pub bytes: usize,
}

/// What one thread copies at a time to one destination: as much as pays.
const PIECE: usize = 4 << 20;
/// The same to several destinations: it stays in the L2 cache, so that the source is read from memory once.
const CACHED: usize = 256 << 10;

/// Copies a share of all of `fans`. Only inside an operation of the engine.
pub(super) fn copy(fans: &[Fan], share: Share) {
    let piece = |fan: &Fan| if fan.dst.len() > 1 { CACHED } else { PIECE };
    let pieces: Vec<(usize, usize)> =
        fans.iter().enumerate().flat_map(|(i, fan)| (0..fan.bytes).step_by(piece(fan)).map(move |from| (i, from))).collect();
    let pieces = share.of(&pieces);
    crate::parallel::for_each(pieces.len(), |i| {
        let (fan, from) = (&fans[pieces[i].0], pieces[i].1);
        let len = piece(fan).min(fan.bytes - from);
        for dst in &fan.dst {
            // SAFETY: the call of each rank was checked: both ranges lie in live allocations of devices, which stay mapped.
            // `copy`, not `copy_nonoverlapping`: a program may have handed the same memory to two ranks' calls.
            unsafe { std::ptr::copy((fan.src + from) as *const u8, (dst + from) as *mut u8, len) }
        }
    })
}
