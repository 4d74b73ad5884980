//! The signatures that elementwise operators have: a macro that turns the rows of `operators.rs` into bodies of phase one.

/// The [`super::prepare::Row`] of an operator. One that computes `as` another, in place mostly, has that one's functions: each is
/// compiled once.
macro_rules! row {
    ($name:literal, $takes:ident, $compares:literal, |$a:ident, $b:ident, $c:ident, $s:ident| $float:expr $(, $int:expr)?) => {{
        const ROW: &Row = &Row {
            name: $name,
            takes: $takes,
            float: lanes!(f32: |$a, $b, $c, $s| $float),
            int: row!(@int $(lanes!(i64: |$a, $b, $c, $s| $int))?),
            compares: $compares,
        };
        ROW
    }};
    ($name:literal, $takes:ident, $compares:literal, as $same:ident) => {{
        const ROW: &Row = &Row { name: $name, takes: $takes, compares: $compares, ..*$crate::ops::elementwise::$same::ROW };
        ROW
    }};
    (@int) => { None };
    (@int $lanes:expr) => { Some($lanes) };
}

/// Bodies of operators that share a signature, which stands before the rows.
macro_rules! operators {
    // The signature, the type of its result, and the rows, to a body each.
    (@bodies $signature:ident, $compares:literal; $($body:ident, $name:literal, $takes:ident:
        $(as $same:ident)? $(|$a:ident, $b:ident, $c:ident, $s:ident| $float:expr $(, $int:expr)?)?;)*) => { $(
        operators!(@row $body, row!($name, $takes, $compares, $(as $same)? $(|$a, $b, $c, $s| $float $(, $int)?)?));
        operators!(@$signature $body, $name, $body::ROW);
    )* };
    // The row, by the name of its body, for others to be `as`.
    (@row $body:ident, $row:expr) => {
        #[allow(non_camel_case_types)]
        pub(crate) enum $body {}
        impl $body {
            pub(super) const ROW: &'static Row = $row;
        }
    };
    (out = self, alpha other: $($rows:tt)*) => { operators!(@bodies two_alpha, false; $($rows)*); };
    (self = self, alpha other: $($rows:tt)*) => { operators!(@bodies in_place_alpha, false; $($rows)*); };
    (out = self, other: $($rows:tt)*) => { operators!(@bodies two, false; $($rows)*); };
    (bool = self, other: $($rows:tt)*) => { operators!(@bodies two, true; $($rows)*); };
    (out = self, scalar: $($rows:tt)*) => { operators!(@bodies one_scalar, false; $($rows)*); };
    (bool = self, scalar: $($rows:tt)*) => { operators!(@bodies one_scalar, true; $($rows)*); };
    (self = self, scalar: $($rows:tt)*) => { operators!(@bodies in_place_scalar, false; $($rows)*); };
    (out = self, as self: $($body:ident, $name:literal, $out:literal, $takes:ident:
        |$a:ident, $b:ident, $c:ident, $s:ident| $float:expr $(, $int:expr)?;)*) => { $(
        operators!(@row $body, row!($name, $takes, false, |$a, $b, $c, $s| $float $(, $int)?));
        operators!(@same $body, $name, $out, $body::ROW);
    )* };
    (out = self: $($rows:tt)*) => { operators!(@bodies one, false; $($rows)*); };
    (out = scalar, other: $($rows:tt)*) => { operators!(@bodies scalar_first, false; $($rows)*); };
    (out = self, end, weight: $($rows:tt)*) => { operators!(@bodies between, false; $($rows)*); };
    (self = self, end, weight: $($rows:tt)*) => { operators!(@bodies in_place_between, false; $($rows)*); };
    (out = input: $($rows:tt)*) => { operators!(@bodies one_input, false; $($rows)*); };
    (self = self, other: $($rows:tt)*) => { operators!(@bodies in_place, false; $($rows)*); };
    (self = self: $($rows:tt)*) => { operators!(@bodies in_place_one, false; $($rows)*); };
    (self = self compared with other: $($rows:tt)*) => { operators!(@bodies in_place, true; $($rows)*); };
    (self = self compared with scalar: $($rows:tt)*) => { operators!(@bodies in_place_scalar, true; $($rows)*); };
    (bool = self: $($rows:tt)*) => { operators!(@bodies one, true; $($rows)*); };
    (out = self, alpha scalar: $($rows:tt)*) => { operators!(@bodies scaled, false; $($rows)*); };
    (self = self, alpha scalar: $($rows:tt)*) => { operators!(@bodies in_place_scaled, false; $($rows)*); };
    (out = self, other, condition: $($rows:tt)*) => { operators!(@bodies choice, false; $($rows)*); };
    (out = self, tensor1, tensor2, value: $($rows:tt)*) => { operators!(@bodies fused, false; $($rows)*); };
    (self = self, tensor1, tensor2, value: $($rows:tt)*) => { operators!(@bodies in_place_fused, false; $($rows)*); };
    (self = self, mask, scalar: $($rows:tt)*) => { operators!(@bodies masked_scalar, false; $($rows)*); };
    (self = self, value, mask: $($rows:tt)*) => { operators!(@bodies masked, false; $($rows)*); };

    (@two_alpha $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_: *const aclTensor, other: *const aclTensor, alpha: *const aclScalar, out: *const aclTensor,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            $crate::ops::elementwise::bodies::two_alpha($row, self_, other, alpha, out, (ws, executor))
        }
    };
    (@in_place_alpha $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_ref: *const aclTensor, other: *const aclTensor, alpha: *const aclScalar,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            $crate::ops::elementwise::bodies::in_place_alpha($row, self_ref, other, alpha, (ws, executor))
        }
    };
    (@two $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_: *const aclTensor, other: *const aclTensor, out: *const aclTensor,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            $crate::ops::elementwise::bodies::two($row, self_, other, out, (ws, executor))
        }
    };
    (@one_scalar $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_: *const aclTensor, other: *const aclScalar, out: *const aclTensor,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            $crate::ops::elementwise::bodies::one_scalar($row, self_, other, out, (ws, executor))
        }
    };
    (@scalar_first $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_: *const aclScalar, other: *const aclTensor, out: *const aclTensor,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            $crate::ops::elementwise::bodies::scalar_first($row, self_, other, out, (ws, executor))
        }
    };
    (@between $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_: *const aclTensor, end: *const aclTensor, weight: *const aclTensor, out: *const aclTensor,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            $crate::ops::elementwise::bodies::between($row, self_, end, weight, out, (ws, executor))
        }
    };
    (@in_place_between $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_ref: *const aclTensor, end: *const aclTensor, weight: *const aclTensor,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            $crate::ops::elementwise::bodies::in_place_between($row, self_ref, end, weight, (ws, executor))
        }
    };
    (@in_place_scalar $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_ref: *const aclTensor, other: *const aclScalar, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            $crate::ops::elementwise::bodies::in_place_scalar($row, self_ref, other, (ws, executor))
        }
    };
    (@one $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_: *const aclTensor, out: *const aclTensor, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            $crate::ops::elementwise::bodies::one($row, self_, out, (ws, executor))
        }
    };
    (@one_input $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            input: *const aclTensor, out: *const aclTensor, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            $crate::ops::elementwise::bodies::one_input($row, input, out, (ws, executor))
        }
    };
    // An output of the input's own dtype, under a name of its own.
    (@same $body:ident, $name:literal, $out:literal, $row:expr) => {
        pub(crate) fn $body(
            self_: *const aclTensor, out: *const aclTensor, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            $crate::ops::elementwise::bodies::same($row, $out, self_, out, (ws, executor))
        }
    };
    (@choice $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            condition: *const aclTensor, self_: *const aclTensor, other: *const aclTensor, out: *const aclTensor,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            $crate::ops::elementwise::bodies::choice($row, condition, self_, other, out, (ws, executor))
        }
    };
    (@in_place $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_ref: *const aclTensor, other: *const aclTensor, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            $crate::ops::elementwise::bodies::in_place($row, self_ref, other, (ws, executor))
        }
    };
    (@in_place_one $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(self_ref: *const aclTensor, ws: *mut u64, executor: *mut *mut aclOpExecutor) -> Outcome {
            $crate::ops::elementwise::bodies::in_place_one($row, self_ref, (ws, executor))
        }
    };
    (@scaled $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_: *const aclTensor, other: *const aclScalar, alpha: *const aclScalar, out: *const aclTensor,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            $crate::ops::elementwise::bodies::scaled($row, self_, other, alpha, out, (ws, executor))
        }
    };
    (@in_place_scaled $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_ref: *const aclTensor, other: *const aclScalar, alpha: *const aclScalar,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            $crate::ops::elementwise::bodies::in_place_scaled($row, self_ref, other, alpha, (ws, executor))
        }
    };
    (@fused $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_: *const aclTensor, tensor1: *const aclTensor, tensor2: *const aclTensor, value: *const aclScalar,
            out: *const aclTensor, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            $crate::ops::elementwise::bodies::fused($row, self_, tensor1, tensor2, value, out, (ws, executor))
        }
    };
    (@in_place_fused $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_ref: *const aclTensor, tensor1: *const aclTensor, tensor2: *const aclTensor, value: *const aclScalar,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            $crate::ops::elementwise::bodies::in_place_fused($row, self_ref, tensor1, tensor2, value, (ws, executor))
        }
    };
    (@masked_scalar $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_ref: *mut aclTensor, mask: *const aclTensor, value: *const aclScalar,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            $crate::ops::elementwise::bodies::masked_scalar($row, self_ref, mask, value, (ws, executor))
        }
    };
    (@masked $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_ref: *mut aclTensor, mask: *const aclTensor, value: *const aclTensor,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            $crate::ops::elementwise::bodies::masked($row, self_ref, mask, value, (ws, executor))
        }
    };
}
pub(super) use {operators, row};
