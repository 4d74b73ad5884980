//! What is accumulated, and how.

use crate::math::exp;
use crate::ops::element::Lane;

/// A reduction: elements join sums one by one, sums join each other, and a sum ends as a value.
pub(super) trait Fold: Copy + Send + Sync + 'static {
    type In: Lane;
    type Sum: Copy + Send + Sync;
    /// The sum of nothing.
    fn start(self) -> Self::Sum;
    fn step(self, sum: Self::Sum, x: Self::In) -> Self::Sum;
    fn join(self, a: Self::Sum, b: Self::Sum) -> Self::Sum;
    fn end(self, sum: Self::Sum) -> Self::In;
}

/// The sum, in f64.
#[derive(Clone, Copy)]
pub(super) struct Sum;

impl Fold for Sum {
    type In = f32;
    type Sum = f64;
    #[inline(always)]
    fn start(self) -> f64 {
        0.0
    }
    #[inline(always)]
    fn step(self, sum: f64, x: f32) -> f64 {
        sum + x as f64
    }
    #[inline(always)]
    fn join(self, a: f64, b: f64) -> f64 {
        a + b
    }
    #[inline(always)]
    fn end(self, sum: f64) -> f32 {
        sum as f32
    }
}

/// The sum of integers, modulo 2^64.
#[derive(Clone, Copy)]
pub(super) struct ExactSum;

impl Fold for ExactSum {
    type In = i64;
    type Sum = i64;
    #[inline(always)]
    fn start(self) -> i64 {
        0
    }
    #[inline(always)]
    fn step(self, sum: i64, x: i64) -> i64 {
        sum.wrapping_add(x)
    }
    #[inline(always)]
    fn join(self, a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }
    #[inline(always)]
    fn end(self, sum: i64) -> i64 {
        sum
    }
}

/// Sums in f64 of something of each number, given as f32.
macro_rules! sums {
    ($($(#[$doc:meta])* $name:ident: $x:ident => $term:expr, $sum:ident => $end:expr;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub(super) struct $name;

        impl Fold for $name {
            type In = f32;
            type Sum = f64;
            #[inline(always)]
            fn start(self) -> f64 {
                0.0
            }
            #[inline(always)]
            fn step(self, sum: f64, $x: f32) -> f64 {
                sum + $term
            }
            #[inline(always)]
            fn join(self, a: f64, b: f64) -> f64 {
                a + b
            }
            #[inline(always)]
            fn end(self, $sum: f64) -> f32 {
                $end as f32
            }
        }
    )* };
}

sums! {
    /// The sum of what are numbers.
    OfNumbers: x => if x.is_nan() { 0.0 } else { x as f64 }, sum => sum;
    /// The root of the sum of squares.
    Euclidean: x => x as f64 * x as f64, sum => sum.sqrt();
    /// The sum of magnitudes.
    Magnitudes: x => x.abs() as f64, sum => sum;
    /// How many are not zero.
    NonZero: x => (x != 0.0) as u8 as f64, sum => sum;
    /// 1 if one is not zero.
    Any: x => (x != 0.0) as u8 as f64, sum => (sum > 0.0) as u8 as f64;
    /// 1 unless one is zero.
    All: x => (x == 0.0) as u8 as f64, sum => (sum == 0.0) as u8 as f64;
}

/// The variance, by sums in f64 of numbers and of squares. Squares of f32 values are exact in f64, so that what cancels where
/// the mean is far larger than the spread is no more than f64 rounds in the sums.
#[derive(Clone, Copy)]
pub(super) struct Variance {
    /// How many numbers are summed.
    pub count: f64,
    /// What the sum of squares is divided by.
    pub divisor: f64,
}

impl Fold for Variance {
    type In = f32;
    type Sum = [f64; 2];
    #[inline(always)]
    fn start(self) -> [f64; 2] {
        [0.0; 2]
    }
    #[inline(always)]
    fn step(self, [sum, squares]: [f64; 2], x: f32) -> [f64; 2] {
        let x = x as f64;
        [sum + x, squares + x * x]
    }
    #[inline(always)]
    fn join(self, a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
        [a[0] + b[0], a[1] + b[1]]
    }
    #[inline(always)]
    fn end(self, [sum, squares]: [f64; 2]) -> f32 {
        let around_mean = squares - sum * sum / self.count;
        // Not `max`, which would make a number of NaN.
        ((if around_mean < 0.0 { 0.0 } else { around_mean }) / self.divisor) as f32
    }
}

/// The root of that.
#[derive(Clone, Copy)]
pub(super) struct Deviation(pub Variance);

impl Fold for Deviation {
    type In = f32;
    type Sum = [f64; 2];
    #[inline(always)]
    fn start(self) -> [f64; 2] {
        self.0.start()
    }
    #[inline(always)]
    fn step(self, sum: [f64; 2], x: f32) -> [f64; 2] {
        self.0.step(sum, x)
    }
    #[inline(always)]
    fn join(self, a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
        self.0.join(a, b)
    }
    #[inline(always)]
    fn end(self, sum: [f64; 2]) -> f32 {
        self.0.end(sum).sqrt()
    }
}

/// The product, in f64.
#[derive(Clone, Copy)]
pub(super) struct Product;

impl Fold for Product {
    type In = f32;
    type Sum = f64;
    #[inline(always)]
    fn start(self) -> f64 {
        1.0
    }
    #[inline(always)]
    fn step(self, product: f64, x: f32) -> f64 {
        product * x as f64
    }
    #[inline(always)]
    fn join(self, a: f64, b: f64) -> f64 {
        a * b
    }
    #[inline(always)]
    fn end(self, product: f64) -> f32 {
        product as f32
    }
}

/// The product of integers, modulo 2^64.
#[derive(Clone, Copy)]
pub(super) struct ExactProduct;

impl Fold for ExactProduct {
    type In = i64;
    type Sum = i64;
    #[inline(always)]
    fn start(self) -> i64 {
        1
    }
    #[inline(always)]
    fn step(self, product: i64, x: i64) -> i64 {
        product.wrapping_mul(x)
    }
    #[inline(always)]
    fn join(self, a: i64, b: i64) -> i64 {
        a.wrapping_mul(b)
    }
    #[inline(always)]
    fn end(self, product: i64) -> i64 {
        product
    }
}

/// The largest magnitude; NaN if there is one.
#[derive(Clone, Copy)]
pub(super) struct Largest;

impl Fold for Largest {
    type In = f32;
    type Sum = f32;
    #[inline(always)]
    fn start(self) -> f32 {
        0.0
    }
    #[inline(always)]
    fn step(self, sum: f32, x: f32) -> f32 {
        self.join(sum, x.abs())
    }
    #[inline(always)]
    fn join(self, a: f32, b: f32) -> f32 {
        if b > a || b.is_nan() { b } else { a }
    }
    #[inline(always)]
    fn end(self, sum: f32) -> f32 {
        sum
    }
}

/// The smallest magnitude; NaN if there is one.
#[derive(Clone, Copy)]
pub(super) struct Smallest;

impl Fold for Smallest {
    type In = f32;
    type Sum = f32;
    #[inline(always)]
    fn start(self) -> f32 {
        f32::INFINITY
    }
    #[inline(always)]
    fn step(self, sum: f32, x: f32) -> f32 {
        self.join(sum, x.abs())
    }
    #[inline(always)]
    fn join(self, a: f32, b: f32) -> f32 {
        if b < a || b.is_nan() { b } else { a }
    }
    #[inline(always)]
    fn end(self, sum: f32) -> f32 {
        sum
    }
}

/// Any other order.
#[derive(Clone, Copy)]
pub(super) struct Power(pub f64);

impl Fold for Power {
    type In = f32;
    type Sum = f64;
    #[inline(always)]
    fn start(self) -> f64 {
        0.0
    }
    #[inline(always)]
    fn step(self, sum: f64, x: f32) -> f64 {
        sum + (x.abs() as f64).powf(self.0)
    }
    #[inline(always)]
    fn join(self, a: f64, b: f64) -> f64 {
        a + b
    }
    #[inline(always)]
    fn end(self, sum: f64) -> f32 {
        sum.powf(1.0 / self.0) as f32
    }
}

/// The largest (or smallest) element; NaN if there is one.
#[derive(Clone, Copy)]
pub(super) struct Extreme<T, const LEAST: bool>(pub std::marker::PhantomData<T>);

impl<const LEAST: bool> Fold for Extreme<f32, LEAST> {
    type In = f32;
    type Sum = f32;
    #[inline(always)]
    fn start(self) -> f32 {
        if LEAST { f32::INFINITY } else { f32::NEG_INFINITY }
    }
    #[inline(always)]
    fn step(self, sum: f32, x: f32) -> f32 {
        self.join(sum, x)
    }
    #[inline(always)]
    fn join(self, a: f32, b: f32) -> f32 {
        if LEAST && b < a || !LEAST && b > a || b.is_nan() { b } else { a }
    }
    #[inline(always)]
    fn end(self, sum: f32) -> f32 {
        sum
    }
}

impl<const LEAST: bool> Fold for Extreme<i64, LEAST> {
    type In = i64;
    type Sum = i64;
    #[inline(always)]
    fn start(self) -> i64 {
        if LEAST { i64::MAX } else { i64::MIN }
    }
    #[inline(always)]
    fn step(self, sum: i64, x: i64) -> i64 {
        self.join(sum, x)
    }
    #[inline(always)]
    fn join(self, a: i64, b: i64) -> i64 {
        if LEAST { a.min(b) } else { a.max(b) }
    }
    #[inline(always)]
    fn end(self, sum: i64) -> i64 {
        sum
    }
}

/// The mean of so many elements, summed in f64.
#[derive(Clone, Copy)]
pub(super) struct Mean(pub f64);

impl Fold for Mean {
    type In = f32;
    type Sum = f64;
    #[inline(always)]
    fn start(self) -> f64 {
        0.0
    }
    #[inline(always)]
    fn step(self, sum: f64, x: f32) -> f64 {
        sum + x as f64
    }
    #[inline(always)]
    fn join(self, a: f64, b: f64) -> f64 {
        a + b
    }
    #[inline(always)]
    fn end(self, sum: f64) -> f32 {
        (sum / self.0) as f32
    }
}

/// `ln(sum(exp(x)))`: the largest so far, and the sum of exponentials below it.
#[derive(Clone, Copy)]
pub(super) struct LogSumExp;

impl Fold for LogSumExp {
    type In = f32;
    type Sum = (f32, f64);
    #[inline(always)]
    fn start(self) -> (f32, f64) {
        (f32::NEG_INFINITY, 0.0)
    }
    #[inline(always)]
    fn step(self, sum: (f32, f64), x: f32) -> (f32, f64) {
        self.join(sum, (x, 1.0))
    }
    #[inline(always)]
    fn join(self, a: (f32, f64), b: (f32, f64)) -> (f32, f64) {
        let (high, low) = if b.0 > a.0 { (b, a) } else { (a, b) };
        // Equal ones may be infinite, whose difference is no number.
        let factor = if high.0 == low.0 { 1.0 } else { exp(low.0 - high.0) };
        (high.0, high.1 + low.1 * factor as f64)
    }
    #[inline(always)]
    fn end(self, (largest, sum): (f32, f64)) -> f32 {
        (largest as f64 + sum.ln()) as f32
    }
}
