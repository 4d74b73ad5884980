//! Operators on tensors: a linear with a bias, its activation, and the gradient of its weight.
//!
//! `cargo run --example 03_operators`

use ascend_rl::{Cann, DType, Device, Result, Tensor, ops};

fn main() -> Result<()> {
    let stream = Device::open(&Cann::load()?, 0)?.stream()?;
    let (tokens, input, output) = (4, 8, 6);
    let ramp = |shape: &[usize], step: f32| {
        let values: Vec<f32> = (0..shape.iter().product()).map(|i| i as f32 * step).collect();
        Tensor::from_slice(&stream, shape, &values)
    };
    let (x, weight, bias) = (ramp(&[tokens, input], 0.1)?, ramp(&[output, input], 0.05)?, ramp(&[output], 1.0)?);

    // A transpose is a view: nothing is copied. Operators write to memory that is given to them.
    let mut y = Tensor::empty(&stream, &[tokens, output], DType::F32)?;
    ops::addmm(&stream, &bias, &x, weight.view().t(), &mut y)?;
    println!("x @ weightT + bias, first row: {:?}", &y.to_vec::<f32>(&stream)?[..output]);

    // Forward and backward are written pairs; there is no tape. For a sum of all outputs, dy is 1 everywhere.
    let dy = Tensor::from_slice(&stream, &[tokens, output], &vec![1.0_f32; tokens * output])?;
    let mut dweight = Tensor::zeros(&stream, &[output, input], DType::F32)?;
    ops::mm(&stream, dy.view().t(), &x, &mut dweight)?;
    println!("gradient of the weight, first row: {:?}", &dweight.to_vec::<f32>(&stream)?[..input]);

    // What does not fit is refused before it reaches the device, with both shapes.
    let refused = ops::mm(&stream, &x, &weight, &mut y).unwrap_err();
    println!("a mistake: {refused}");
    Ok(())
}
