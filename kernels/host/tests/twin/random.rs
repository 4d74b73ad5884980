//! Numbers to test with, the same each time, and what is needed to pass them as bytes.

use half::{bf16, f16};

/// Marsaglia's xorshift.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Between -1 and 1 mostly, now and then larger or tiny.
    pub fn float(&mut self) -> f32 {
        let x = (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0;
        match self.below(8) {
            0 => x * 1000.0,
            1 => x / 1000.0,
            _ => x,
        }
    }
}

/// An element that a kernel works on.
pub trait Plain: Copy {
    const SIZE: usize;
    fn put(self, to: &mut Vec<u8>);
    fn get(bytes: &[u8]) -> Self;
}

macro_rules! plain {
    ($($t:ty),*) => {$(
        impl Plain for $t {
            const SIZE: usize = size_of::<$t>();
            fn put(self, to: &mut Vec<u8>) {
                to.extend(self.to_le_bytes());
            }
            fn get(bytes: &[u8]) -> Self {
                <$t>::from_le_bytes(bytes.try_into().unwrap())
            }
        }
    )*};
}
plain!(f32, f64, f16, bf16, i8, u8, i16, u16, i32, u32, i64, u64);

/// The bytes of elements, with zeros behind them up to `len`.
pub fn bytes<T: Plain>(elements: &[T], len: usize) -> Vec<u8> {
    let mut to = Vec::new();
    elements.iter().for_each(|x| x.put(&mut to));
    assert!(to.len() <= len);
    to.resize(len, 0);
    to
}

/// Elements of bytes.
pub fn elements<T: Plain>(bytes: &[u8]) -> Vec<T> {
    bytes.chunks_exact(T::SIZE).map(T::get).collect()
}
