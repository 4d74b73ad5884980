//! What goes over the wire where ranks meet, little-endian.
//!
//! A rank says hello: magic, version, meeting, rank, size (u32 each), job (u64). Rank 0 answers: magic, version, verdict, length
//! (u32 each), and as many bytes: the root info, or why not.

use super::party::Party;

/// The first bytes of either side: nobody else begins like this.
const MAGIC: [u8; 8] = *b"ascendRL";
/// Changes with the layout.
const VERSION: u32 = 1;
pub(super) const HELLO_BYTES: usize = 8 + 4 * 4 + 8;
pub(super) const ANSWER_BYTES: usize = 8 + 4 * 3;
/// More is nonsense.
const MOST_BYTES: u32 = 1 << 16;

/// A rank that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hello {
    pub version: u32,
    pub number: u32,
    pub rank: u32,
    pub size: u32,
    pub job: u64,
}

impl Hello {
    pub(super) fn of(party: &Party) -> Hello {
        let (rank, size) = (party.rank as u32, party.size as u32);
        Hello { version: VERSION, number: party.number, rank, size, job: party.job }
    }

    pub(super) fn to_bytes(self) -> [u8; HELLO_BYTES] {
        let mut bytes = [0; HELLO_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        for (at, field) in [self.version, self.number, self.rank, self.size].into_iter().enumerate() {
            bytes[8 + 4 * at..][..4].copy_from_slice(&field.to_le_bytes());
        }
        bytes[24..].copy_from_slice(&self.job.to_le_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8; HELLO_BYTES]) -> Hello {
        let job = u64::from_le_bytes(std::array::from_fn(|i| bytes[24 + i]));
        Hello { version: word(bytes, 8), number: word(bytes, 12), rank: word(bytes, 16), size: word(bytes, 20), job }
    }

    /// Whether it speaks as this build does.
    pub(super) fn is_current(self) -> bool {
        self.version == VERSION
    }
}

/// Whether bytes are the beginning of what a rank says.
pub(super) fn is_ours(bytes: &[u8]) -> bool {
    let known = bytes.len().min(MAGIC.len());
    bytes[..known] == MAGIC[..known]
}

/// What rank 0 answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The bytes that were asked for follow.
    Welcome,
    /// It will not be; why follows.
    Refused,
    /// Another meeting is going on: come again.
    Later,
}

pub(super) fn answer(verdict: Verdict, payload: &[u8]) -> Vec<u8> {
    let verdict = match verdict {
        Verdict::Welcome => 0u32,
        Verdict::Refused => 1,
        Verdict::Later => 2,
    };
    let mut bytes = MAGIC.to_vec();
    for field in [VERSION, verdict, payload.len() as u32] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend(payload);
    bytes
}

/// The head of an answer: verdict, and the bytes to follow. The error says what came instead.
pub(super) fn read_answer(head: &[u8; ANSWER_BYTES]) -> Result<(Verdict, usize), String> {
    if !is_ours(head) {
        return Err(format!("another program is there; it answered \"{}\"", head.escape_ascii()));
    }
    let (version, length) = (word(head, 8), word(head, 16));
    if version != VERSION {
        return Err(format!(
            "rank 0 speaks version {version} of the rendezvous, this rank version {VERSION}: all ranks run one build"
        ));
    }
    match word(head, 12) {
        _ if length > MOST_BYTES => Err(format!("rank 0 announces {length} bytes")),
        0 => Ok((Verdict::Welcome, length as usize)),
        1 => Ok((Verdict::Refused, length as usize)),
        2 => Ok((Verdict::Later, length as usize)),
        other => Err(format!("rank 0 gives the verdict {other}, which has no meaning")),
    }
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_heard() {
        let hello = Hello { version: 1, number: 2, rank: 3, size: 4, job: 0x0506_0708_090a_0b0c };
        assert_eq!(Hello::from_bytes(&hello.to_bytes()), hello);
        assert!(is_ours(&hello.to_bytes()) && is_ours(b"asc") && is_ours(b"") && !is_ours(b"GET / HTTP") && !is_ours(b"b"));
        for (verdict, payload) in [(Verdict::Welcome, &[7u8; 4108][..]), (Verdict::Refused, b"no"), (Verdict::Later, b"")] {
            let bytes = answer(verdict, payload);
            let head: [u8; ANSWER_BYTES] = bytes[..ANSWER_BYTES].try_into().unwrap();
            assert_eq!(read_answer(&head), Ok((verdict, payload.len())));
            assert_eq!(&bytes[ANSWER_BYTES..], payload);
        }
    }

    #[test]
    fn nonsense_is_named() {
        let head = |version: u32, verdict: u32, length: u32| {
            let mut head = [0; ANSWER_BYTES];
            head[..8].copy_from_slice(&MAGIC);
            for (at, field) in [version, verdict, length].into_iter().enumerate() {
                head[8 + 4 * at..][..4].copy_from_slice(&field.to_le_bytes());
            }
            read_answer(&head).unwrap_err()
        };
        assert!(head(2, 0, 0).contains("speaks version 2"));
        assert!(head(1, 9, 0).contains("verdict 9"));
        assert!(head(1, 0, 1 << 30).contains("1073741824 bytes"));
        assert!(read_answer(b"HTTP/1.1 400 Bad Req").unwrap_err().contains("\"HTTP/1.1 400"));
    }
}
