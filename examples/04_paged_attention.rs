//! A paged cache: two sequences share the blocks of a prompt, and part ways.
//!
//! `cargo run --example 04_paged_attention`

use ascend_rl::attention::{KvSpec, PagedKvCache};
use ascend_rl::{Cann, DType, Device, Result, Stream, Tensor};
use half::bf16;

const SPEC: KvSpec = KvSpec { layers: 1, num_kv_heads: 2, head_dim: 16, block_size: 16, dtype: DType::BF16 };

/// Keys or values of so many tokens, all alike.
fn rows(stream: &Stream, tokens: usize, value: f32) -> Result<Tensor> {
    let width = SPEC.num_kv_heads * SPEC.head_dim;
    Tensor::from_slice(stream, &[tokens, width], &vec![bf16::from_f32(value); tokens * width])
}

fn main() -> Result<()> {
    let stream = Device::open(&Cann::load()?, 0)?.stream()?;
    let mut cache = PagedKvCache::new(&stream, SPEC, 8)?;
    let free = |cache: &PagedKvCache| format!("{} of 8 blocks are free", cache.free_blocks());

    // 20 tokens of a prompt: a full block and a part of the next.
    let mut first = cache.sequence();
    let slots = first.append(20)?;
    let slots = Tensor::from_slice(&stream, &[20], &slots)?;
    let prompt = rows(&stream, 20, 1.0)?;
    cache.write(&stream, 0, prompt.view(), prompt.view(), &slots)?;
    println!("one prompt of 20 tokens: {}", free(&cache));

    // A fork shares both blocks; appending to it copies the last one, which it must not change for the other.
    let mut second = first.fork();
    println!("forked: {}", free(&cache));
    let slots = Tensor::from_slice(&stream, &[1], &second.append(1)?)?;
    cache.apply_copies(&stream)?;
    let token = rows(&stream, 1, 9.0)?;
    cache.write(&stream, 0, token.view(), token.view(), &slots)?;
    println!("a token of its own: {}", free(&cache));
    stream.synchronize()?;
    drop(second);
    println!("the fork is gone: {}", free(&cache));
    Ok(())
}
