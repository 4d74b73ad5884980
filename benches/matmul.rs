//! Matrix products, achieved over possible.

mod limits;

use std::time::{Duration, Instant};

use ascend_rl::{Cann, DType, Device, Result, Stream, Tensor, View, ops};
use criterion::{Criterion, Throughput};

/// Name, m, k, n, a transposed, b transposed.
type Shape = (&'static str, usize, usize, usize, bool, bool);

/// Squares; the products of training (t tokens, forward, gradient of the input,
/// gradient of the weight) of the model of `grpo bench`, hidden size 256 and intermediate 768, and of the built-in task's; decode.
const SHAPES: &[Shape] = &[
    ("square_1024", 1024, 1024, 1024, false, false),
    ("square_2048", 2048, 2048, 2048, false, false),
    ("qkv_forward", 1400, 256, 512, false, true),
    ("qkv_input_gradient", 1400, 512, 256, false, false),
    ("qkv_weight_gradient", 512, 1400, 256, true, false),
    ("o_forward", 1400, 256, 256, false, true),
    ("o_input_gradient", 1400, 256, 256, false, false),
    ("o_weight_gradient", 256, 1400, 256, true, false),
    ("gate_up_forward", 1400, 256, 1536, false, true),
    ("gate_up_input_gradient", 1400, 1536, 256, false, false),
    ("gate_up_weight_gradient", 1536, 1400, 256, true, false),
    ("down_forward", 1400, 768, 256, false, true),
    ("down_input_gradient", 1400, 256, 768, false, false),
    ("down_weight_gradient", 256, 1400, 768, true, false),
    ("long_gate_up_forward", 8192, 256, 1536, false, true),
    ("long_gate_up_input_gradient", 8192, 1536, 256, false, false),
    ("long_gate_up_weight_gradient", 1536, 8192, 256, true, false),
    ("carry_forward", 5120, 128, 512, false, true),
    ("carry_input_gradient", 5120, 512, 128, false, false),
    ("carry_weight_gradient", 512, 5120, 128, true, false),
    ("decode", 64, 256, 1536, false, true),
];

fn fill(s: &Stream, rows: usize, cols: usize, dtype: DType) -> Result<Tensor> {
    let values: Vec<f32> = (0..rows * cols).map(|i| ((i * 2654435761) % 1024) as f32 / 512.0 - 1.0).collect();
    let x = Tensor::from_slice(s, &[rows, cols], &values)?;
    let mut out = Tensor::empty(s, &[rows, cols], dtype)?;
    ops::cast(s, &x, &mut out)?;
    Ok(out)
}

/// One product of one dtype.
struct Product {
    a: Tensor,
    b: Tensor,
    out: Tensor,
    transposed: (bool, bool),
}

impl Product {
    fn new(s: &Stream, &(_, m, k, n, ta, tb): &Shape, dtype: DType) -> Result<Product> {
        let stored = |rows, cols, t| if t { fill(s, cols, rows, dtype) } else { fill(s, rows, cols, dtype) };
        Ok(Product { a: stored(m, k, ta)?, b: stored(k, n, tb)?, out: Tensor::empty(s, &[m, n], dtype)?, transposed: (ta, tb) })
    }

    fn run(&mut self, s: &Stream, times: u64) -> Result<Duration> {
        let start = Instant::now();
        for _ in 0..times {
            ops::mm(s, operand(&self.a, self.transposed.0), operand(&self.b, self.transposed.1), &mut self.out)?;
        }
        s.synchronize()?;
        Ok(start.elapsed())
    }
}

/// The matrix as [rows, cols], stored the other way round where `transposed`.
fn operand(x: &Tensor, transposed: bool) -> View<'_> {
    if transposed { x.view().t() } else { x.view() }
}

fn main() -> Result<()> {
    let cann = Cann::load()?;
    let device = Device::open(&cann, 0)?;
    println!("{:?} {}, CANN {}", cann.flavor(), device.soc_name(), cann.version());
    let s = device.stream()?;
    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    for shape in SHAPES {
        let &(name, m, k, n, ..) = shape;
        let mut products = [Product::new(&s, shape, DType::F32)?, Product::new(&s, shape, DType::BF16)?];
        let mut best = [Duration::MAX; 2];
        // Of f32, and of bf16 where the CPU multiplies it.
        let mut possible: [Option<f64>; 2] = [None; 2];
        // In turns, the limits too: shared machines drift within seconds. Where bf16 is multiplied as f32, what that reaches is what
        // it is measured against: the same sums, so half precision should cost no more than its conversions.
        for round in 0..20 {
            for (product, best) in products.iter_mut().zip(&mut best) {
                let time = product.run(&s, 5)? / 5;
                *best = if round == 0 { *best } else { time.min(*best) };
            }
            if round % 7 == 0 {
                for (best, now) in possible.iter_mut().zip([Some(limits::fma_flops()), limits::bf16_flops()]) {
                    *best = [*best, now].into_iter().flatten().reduce(f64::max);
                }
            }
        }
        let flops = 2.0 * (m * k * n) as f64;
        let rates = best.map(|time| flops / time.as_secs_f64());
        for ((dtype, rate), limit) in [DType::F32, DType::BF16].into_iter().zip(rates).zip(possible) {
            let of =
                |what: &str, limit: f64| format!("{:.0} % of the {:.0} that {what} reach", 100.0 * rate / limit, limit / 1e9);
            let of = match (dtype, limit) {
                (DType::F32, Some(limit)) => of("f32 multiply-adds", limit),
                (_, Some(limit)) => of("dot products of bf16", limit),
                (_, None) => format!("{:.2} of f32's", rate / rates[0]),
            };
            println!("matmul/{name}/{dtype}: {:.0} GFLOP/s, {of}", rate / 1e9);
        }
        let mut group = criterion.benchmark_group(format!("matmul/{name}"));
        group.throughput(Throughput::Elements(flops as u64));
        for (dtype, product) in [DType::F32, DType::BF16].into_iter().zip(&mut products) {
            group
                .bench_function(dtype.to_string(), |bench| bench.iter_custom(|iters| product.run(&s, iters).unwrap_or_default()));
        }
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}
