//! Groups whose ranks may be in several processes: those of this process find one another, so that their calls are compared.

use super::board::Board;
use super::sub::Parts;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// What the ranks of one group that are in this process share.
pub(super) struct Local {
    pub board: Arc<Board>,
    pub parts: Arc<Parts>,
}

/// A living one, and what its ranks have in common: the same bytes of a root info, the same rank table.
type Living = (u64, Weak<Board>, Weak<Parts>);

static LIVING: Mutex<Vec<Living>> = Mutex::new(Vec::new());

impl Local {
    /// Where `rank` of the group `key` belongs: with those that came before it, unless it is there already, which is another group.
    pub(super) fn enter(key: u64, name: &str, size: usize, rank: usize) -> Local {
        let mut living = LIVING.lock().unwrap_or_else(PoisonError::into_inner);
        living.retain(|(_, board, parts)| board.strong_count() > 0 && parts.strong_count() > 0);
        for (_, board, parts) in living.iter().filter(|(other, ..)| *other == key) {
            if let (Some(board), Some(parts)) = (board.upgrade(), parts.upgrade())
                && (board.size(), board.name()) == (size, name)
                && board.arrive(rank)
            {
                return Local { board, parts };
            }
        }
        let (board, parts) = (Arc::new(Board::among(name.to_owned(), &vec![false; size])), Arc::new(Parts::default()));
        board.arrive(rank);
        living.push((key, Arc::downgrade(&board), Arc::downgrade(&parts)));
        Local { board, parts }
    }
}

/// A number for some bytes: the same in every process and build (FNV-1a).
pub(super) fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_of_one_group_meet_and_others_do_not() {
        let a = Local::enter(71, "g", 3, 0);
        let b = Local::enter(71, "g", 3, 2);
        assert!(Arc::ptr_eq(&a.board, &b.board) && Arc::ptr_eq(&a.parts, &b.parts));
        assert_eq!(a.board.here(), [true, false, true]);
        for other in
            [Local::enter(71, "g", 3, 0), Local::enter(71, "h", 3, 1), Local::enter(71, "g", 2, 1), Local::enter(72, "g", 3, 1)]
        {
            assert!(!Arc::ptr_eq(&a.board, &other.board));
        }
        drop((a, b));
        assert_eq!(Local::enter(71, "g", 3, 1).board.here(), [false, true, false], "nothing is left of the first");
    }

    #[test]
    fn fingerprints_are_those_of_the_algorithm() {
        // Of its authors' test vectors.
        assert_eq!(fingerprint(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fingerprint(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
