//! Three operations of ATB as one graph: a residual is added, the sum is normed, and a linear is applied.
//!
//! `cargo run --example 16_atb`

use ascend_rl::{Cann, DType, Device, Result, Tensor, atb};
use half::bf16;

fn main() -> Result<()> {
    let cann = Cann::load()?;
    let stream = Device::open(&cann, 0)?.stream()?;
    // A context belongs to a stream and makes operations, which enqueue there.
    let context = atb::Context::new(&stream)?;
    let (tokens, hidden, wide) = (4, 64, 128);
    let filled = |shape: &[usize], value: f32| {
        let numel = shape.iter().product();
        Tensor::from_slice(&stream, shape, &vec![bf16::from_f32(value); numel])
    };
    let (x, residual) = (filled(&[tokens, hidden], 3.0)?, filled(&[tokens, hidden], -1.0)?);
    let (gamma, weight) = (filled(&[hidden], 1.0)?, filled(&[wide, hidden], 0.25)?);
    let mut sum = Tensor::empty(&stream, &[tokens, hidden], DType::BF16)?;
    let mut y = Tensor::empty(&stream, &[tokens, wide], DType::BF16)?;

    let mut graph = context.graph("norm_linear", 4, 2);
    let ([x_id, residual_id, gamma_id, weight_id], [sum_id, y_id]) = (graph.inputs(), graph.outputs());
    // A tensor that lives inside only: it never leaves the workspace.
    let normed = graph.inner();
    graph.node(context.pre_norm(1e-6)?, &[x_id, residual_id, gamma_id], &[normed, sum_id]);
    graph.node(context.linear(true)?, &[normed, weight_id], &[y_id]);
    let mut graph = graph.build()?;

    // Set up for these shapes at the first run, and only enqueued at the next ones.
    for _ in 0..3 {
        let inputs = [x.view(), residual.view(), gamma.view(), weight.view()];
        graph.run(&inputs, &mut [sum.view_mut(), y.view_mut()])?;
    }
    println!(
        "{cann:?}: 3 + -1 = {}, normed and through a linear of 1/4: {}",
        sum.to_vec::<bf16>(&stream)?[0],
        y.to_vec::<bf16>(&stream)?[0]
    );
    Ok(())
}
