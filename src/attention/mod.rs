//! Paged attention: keys and values in blocks, so that sequences grow without moving and share what they have in common.
//!
//! Three things: the [`BlockAllocator`] (pure host, reference counts), a [`Sequence`] (its blocks in order, and its length),
//! and the [`PagedKvCache`] (the device memory, one pool of keys and one of values for each layer). A generation loop
//! - appends to each sequence (`append` gives the slots of the new tokens, copying a shared last block on write),
//! - applies the copies ([`PagedKvCache::apply_copies`]) before anything is written,
//! - for each layer writes the new keys and values ([`PagedKvCache::write`]) and attends ([`PagedKvCache::decode`]).
//!
//! [`kv_write`], [`kv_write_int8`] and [`block_copy`] are launches of kernels of our own, for caches in any [`PageLayout`]; a block copy
//! takes all layers at once. [`PagedKvCache`] goes through them: a step has one launch for its copies, and one a layer for its keys and
//! values, also in a captured graph. Operators do the same, slower, where a kernel cannot be launched: a library that was built without
//! the card's toolkit still runs on the card.
//!
//! Semantics: Kwon et al., "Efficient Memory Management for Large Language Model Serving with PagedAttention" (2023);
//! names as in vLLM (`block_table`, `slot_mapping`, `seq_lens`).
//!
//! Room: it may use [`crate::ops`] and below.
//!
//! # Not covered
//! Prefix reuse across requests, swapping to the host, chunked and mixed batches, decoding from int8 caches, the ATB operator;
//! kernels of our own that attend: prefill goes through [`crate::ops::flash_attention_varlen`].

mod block_allocator;
mod block_copy;
mod kv_cache;
mod kv_checks;
mod kv_tiles;
mod kv_write;
mod kv_write_nz;
mod operators;
mod sequence;

pub use block_allocator::{BlockAllocator, BlockId};
pub use block_copy::block_copy;
pub use kv_cache::{DecodePlan, KvSpec, PagedKvCache};
pub use kv_write::{KvPair, KvScales, PageLayout, kv_write, kv_write_int8};
pub use sequence::Sequence;
