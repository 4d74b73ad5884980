//! What is accumulated, and how.

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

/// The root of the sum of squares.
#[derive(Clone, Copy)]
pub(super) struct Euclidean;

impl Fold for Euclidean {
    type In = f32;
    type Sum = f64;
    #[inline(always)]
    fn start(self) -> f64 {
        0.0
    }
    #[inline(always)]
    fn step(self, sum: f64, x: f32) -> f64 {
        sum + x as f64 * x as f64
    }
    #[inline(always)]
    fn join(self, a: f64, b: f64) -> f64 {
        a + b
    }
    #[inline(always)]
    fn end(self, sum: f64) -> f32 {
        sum.sqrt() as f32
    }
}

/// The sum of magnitudes.
#[derive(Clone, Copy)]
pub(super) struct Magnitudes;

impl Fold for Magnitudes {
    type In = f32;
    type Sum = f64;
    #[inline(always)]
    fn start(self) -> f64 {
        0.0
    }
    #[inline(always)]
    fn step(self, sum: f64, x: f32) -> f64 {
        sum + x.abs() as f64
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

/// How many are not zero.
#[derive(Clone, Copy)]
pub(super) struct NonZero;

impl Fold for NonZero {
    type In = f32;
    type Sum = f64;
    #[inline(always)]
    fn start(self) -> f64 {
        0.0
    }
    #[inline(always)]
    fn step(self, sum: f64, x: f32) -> f64 {
        sum + (x != 0.0) as u8 as f64
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
