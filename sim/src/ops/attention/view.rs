//! How attention sees its tensors: heads of packed tokens, and rows of a cache that may be paged.

/// `[batch, tokens, heads, dim]` in device memory, the last dim contiguous. Strides in elements.
#[derive(Clone, Copy)]
pub(super) struct Heads {
    pub data: *mut u8,
    /// 0 where sequences are packed along the tokens.
    pub batch: usize,
    pub token: usize,
    pub head: usize,
}

// SAFETY: an address and numbers, as `Tensor` is; who dereferences it answers for it.
unsafe impl Send for Heads {}
// SAFETY: as above.
unsafe impl Sync for Heads {}

impl Heads {
    /// The first element of a row.
    #[inline(always)]
    pub(super) fn row<T>(&self, seq: &Seq, row: &Row) -> *mut T {
        self.at(seq, seq.q_start + row.position as usize, row.head as usize)
    }

    /// The first element of a head of a token in the sequence's batch.
    #[inline(always)]
    pub(super) fn at<T>(&self, seq: &Seq, token: usize, head: usize) -> *mut T {
        self.data.cast::<T>().wrapping_add(seq.batch * self.batch + token * self.token + head * self.head)
    }
}

/// Keys or values: `[blocks, slots, heads, dim]` by strides, in elements; unpaged ones are a block for each batch.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub data: *mut u8,
    pub block: usize,
    pub slot: usize,
    pub head: usize,
}

/// Where the keys and values of all sequences are.
#[derive(Clone, Copy)]
pub(super) struct Source {
    pub k: Rows,
    pub v: Rows,
    /// The block table, or null where tokens lie one after another.
    pub table: *const i32,
    /// Blocks of a row of the table.
    pub table_width: usize,
    /// Tokens of a block.
    pub block_size: usize,
}

// SAFETY: addresses and numbers, as `Tensor` is.
unsafe impl Send for Source {}
// SAFETY: as above.
unsafe impl Sync for Source {}

impl Source {
    /// Unpaged keys and values: token `j` of a sequence is token `seq.kv + j` of its batch.
    pub(super) fn packed(k: Heads, v: Heads) -> Source {
        let rows = |h: Heads| Rows { data: h.data, block: h.batch, slot: h.token, head: h.head };
        Source { k: rows(k), v: rows(v), table: std::ptr::null(), table_width: 0, block_size: 1 }
    }

    /// Block and slot of token `j` of a sequence.
    ///
    /// # Safety
    /// The table, where there is one, holds an entry for `j`.
    #[inline(always)]
    pub(super) unsafe fn locate(&self, seq: &Seq, j: usize) -> (usize, usize) {
        if self.table.is_null() {
            return (seq.batch, seq.kv + j);
        }
        // SAFETY: the caller's contract.
        let block = unsafe { self.table.add(seq.kv * self.table_width + j / self.block_size).read() };
        (block as usize, j % self.block_size)
    }
}

impl Rows {
    /// Elements from the start to a row of head 0.
    #[inline(always)]
    pub(super) fn offset(&self, (block, slot): (usize, usize)) -> usize {
        block * self.block + slot * self.slot
    }

    #[inline(always)]
    pub(super) fn at<T>(&self, place: (usize, usize), head: usize) -> *const T {
        self.data.cast_const().cast::<T>().wrapping_add(self.offset(place) + head * self.head)
    }
}

/// One sequence of a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seq {
    /// Its place in the batch; 0 where sequences are packed along the tokens.
    pub batch: usize,
    /// Its first query, among all tokens of its batch.
    pub q_start: usize,
    pub q_len: usize,
    /// Its first key among all tokens of its batch, or its row of the block table.
    pub kv: usize,
    pub kv_len: usize,
}

/// A row of a tile of scores: one query position of a sequence with one query head.
#[derive(Clone, Copy)]
pub(super) struct Row {
    /// In the sequence.
    pub position: u32,
    pub head: u32,
    /// How many keys it sees.
    pub limit: u32,
}

impl Row {
    /// Floats of scratch for `n` rows.
    pub(super) const fn floats(n: usize) -> usize {
        n * size_of::<Row>() / size_of::<f32>()
    }

    /// Lists the rows of positions `start ..` with the query heads of a key/value head: by position, then by head.
    ///
    /// # Safety
    /// `memory` is writable for `Row::floats(positions * group)` floats, and whoever has it leaves it alone while the rows live.
    #[inline(always)]
    pub(super) unsafe fn list<'a>(
        memory: *mut f32,
        mask: Mask,
        seq: &Seq,
        (start, positions): (usize, usize),
        (kv_head, group): (usize, usize),
    ) -> &'a [Row] {
        let rows = memory.cast::<Row>();
        for i in 0..positions {
            let (position, limit) = ((start + i) as u32, mask.limit(start + i, seq) as u32);
            for g in 0..group {
                // SAFETY: the caller's contract.
                unsafe { rows.add(i * group + g).write(Row { position, head: (kv_head * group + g) as u32, limit }) }
            }
        }
        // SAFETY: just written.
        unsafe { std::slice::from_raw_parts(rows, positions * group) }
    }
}

/// Which keys a query sees. All rules are "the first so many".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mask {
    /// All.
    Full,
    /// Query `i` sees keys `0 ..= i` (sparseMode 2).
    LeftUp,
    /// The last query sees all keys, the one before all but the last, and so on (sparseMode 3).
    RightDown,
}

impl Mask {
    /// How many keys query `i` sees.
    #[inline(always)]
    pub(super) fn limit(self, i: usize, seq: &Seq) -> usize {
        match self {
            Mask::Full => seq.kv_len,
            Mask::LeftUp => (i + 1).min(seq.kv_len),
            Mask::RightDown => (i + 1 + seq.kv_len).saturating_sub(seq.q_len),
        }
    }

    /// The first query that sees key `j`; `q_len` where none does.
    #[inline(always)]
    pub(super) fn first(self, j: usize, seq: &Seq) -> usize {
        match self {
            Mask::Full => 0,
            Mask::LeftUp => j.min(seq.q_len),
            Mask::RightDown => (j + seq.q_len).saturating_sub(seq.kv_len),
        }
    }

    /// Pairs of query and key that are computed.
    pub(super) fn pairs(self, seq: &Seq) -> usize {
        (0..seq.q_len).map(|i| self.limit(i, seq)).sum()
    }
}

/// How numbers of each query position and head lie.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    /// `[heads, tokens]` of packed sequences, with so many tokens.
    HeadsFirst { tokens: usize },
    /// `[tokens, heads]` of packed sequences.
    TokensFirst,
    /// `[batch, heads, positions]`.
    Batches,
}

impl Order {
    /// Where the number of a position of a sequence with a head is.
    #[inline(always)]
    pub(super) fn index(self, heads: usize, seq: &Seq, position: usize, head: usize) -> usize {
        match self {
            Order::HeadsFirst { tokens } => head * tokens + seq.q_start + position,
            Order::TokensFirst => (seq.q_start + position) * heads + head,
            Order::Batches => (seq.batch * heads + head) * seq.q_len + position,
        }
    }
}

/// A mask given in full: a byte for each query and key, not 0 where the key is hidden. Strides in bytes, keys one after
/// another; 0 where one mask serves all batches or heads.
#[derive(Clone, Copy)]
pub(super) struct Bits {
    pub data: *const u8,
    pub batch: usize,
    pub head: usize,
    pub position: usize,
}

// SAFETY: an address and numbers, as `Tensor` is.
unsafe impl Send for Bits {}
// SAFETY: as above.
unsafe impl Sync for Bits {}

impl Bits {
    /// The bytes of a row for keys `start .. start + n`.
    ///
    /// # Safety
    /// The mask is readable there while the slice lives.
    #[inline(always)]
    pub(super) unsafe fn row(&self, seq: &Seq, row: &Row, start: usize, n: usize) -> &[u8] {
        let at = seq.batch * self.batch + row.head as usize * self.head + row.position as usize * self.position + start;
        // SAFETY: the caller's contract.
        unsafe { std::slice::from_raw_parts(self.data.wrapping_add(at), n) }
    }
}
