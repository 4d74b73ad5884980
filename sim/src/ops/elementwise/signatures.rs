//! The signatures that elementwise operators have: a macro that turns the rows of `operators.rs` into bodies of phase one.

/// The [`super::prepare::Row`] of an operator.
macro_rules! row {
    ($name:literal, $takes:ident, $compares:literal, |$a:ident, $b:ident, $c:ident, $s:ident| $float:expr $(, $int:expr)?) => {{
        static ROW: Row = Row {
            name: $name,
            takes: $takes,
            float: lanes!(f32: |$a, $b, $c, $s| $float),
            int: row!(@int $(lanes!(i64: |$a, $b, $c, $s| $int))?),
            compares: $compares,
        };
        &ROW
    }};
    (@int) => { None };
    (@int $lanes:expr) => { Some($lanes) };
}

/// Bodies of operators that share a signature, which stands before the rows.
macro_rules! operators {
    // The signature, the type of its result, and the rows, to a body each.
    (@bodies $signature:ident, $compares:literal; $($body:ident, $name:literal, $takes:ident:
        |$a:ident, $b:ident, $c:ident, $s:ident| $float:expr $(, $int:expr)?;)*) => { $(
        operators!(@$signature $body, $name, row!($name, $takes, $compares, |$a, $b, $c, $s| $float $(, $int)?));
    )* };
    (out = self, alpha other: $($rows:tt)*) => { operators!(@bodies two_alpha, false; $($rows)*); };
    (self = self, alpha other: $($rows:tt)*) => { operators!(@bodies in_place_alpha, false; $($rows)*); };
    (out = self, other: $($rows:tt)*) => { operators!(@bodies two, false; $($rows)*); };
    (bool = self, other: $($rows:tt)*) => { operators!(@bodies two, true; $($rows)*); };
    (out = self, scalar: $($rows:tt)*) => { operators!(@bodies one_scalar, false; $($rows)*); };
    (bool = self, scalar: $($rows:tt)*) => { operators!(@bodies one_scalar, true; $($rows)*); };
    (self = self, scalar: $($rows:tt)*) => { operators!(@bodies in_place_scalar, false; $($rows)*); };
    (out = self, as self: $($body:ident, $name:literal, $out:literal, $takes:ident:
        |$a:ident, $b:ident, $c:ident, $s:ident| $float:expr $(, $int:expr)?;)*) => { $(
        operators!(@same $body, $name, $out, row!($name, $takes, false, |$a, $b, $c, $s| $float $(, $int)?));
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
            let mut call = Call::new($name);
            let inputs = [("self", call.input("self", self_)?), ("other", call.input("other", other)?)];
            let alpha = call.scalar("alpha", alpha)?;
            let out = call.output("out", out)?;
            prepare(call, $row, &inputs, Factor::Alpha("alpha", alpha), ("out", out), (ws, executor))
        }
    };
    (@in_place_alpha $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_ref: *const aclTensor, other: *const aclTensor, alpha: *const aclScalar,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let own = call.output("selfRef", self_ref)?;
            let inputs = [("selfRef", own), ("other", call.input("other", other)?)];
            let alpha = call.scalar("alpha", alpha)?;
            prepare(call, $row, &inputs, Factor::Alpha("alpha", alpha), ("selfRef", own), (ws, executor))
        }
    };
    (@two $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_: *const aclTensor, other: *const aclTensor, out: *const aclTensor,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let inputs = [("self", call.input("self", self_)?), ("other", call.input("other", other)?)];
            let out = call.output("out", out)?;
            prepare(call, $row, &inputs, Factor::None, ("out", out), (ws, executor))
        }
    };
    (@one_scalar $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_: *const aclTensor, other: *const aclScalar, out: *const aclTensor,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let inputs = [("self", call.input("self", self_)?)];
            let other = call.scalar("other", other)?;
            let out = call.output("out", out)?;
            prepare(call, $row, &inputs, Factor::Other(other), ("out", out), (ws, executor))
        }
    };
    (@scalar_first $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_: *const aclScalar, other: *const aclTensor, out: *const aclTensor,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let first = call.scalar("self", self_)?;
            let inputs = [("other", call.input("other", other)?)];
            let out = call.output("out", out)?;
            prepare(call, $row, &inputs, Factor::Other(first), ("out", out), (ws, executor))
        }
    };
    (@between $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_: *const aclTensor, end: *const aclTensor, weight: *const aclTensor, out: *const aclTensor,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let (own, end) = (call.input("self", self_)?, call.input("end", end)?);
            let inputs = [("self", own), ("end", end), ("weight", call.input("weight", weight)?)];
            let out = call.output("out", out)?;
            prepare(call, $row, &inputs, Factor::None, ("out", out), (ws, executor))
        }
    };
    (@in_place_between $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_ref: *const aclTensor, end: *const aclTensor, weight: *const aclTensor,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let (own, end) = (call.output("selfRef", self_ref)?, call.input("end", end)?);
            let inputs = [("selfRef", own), ("end", end), ("weight", call.input("weight", weight)?)];
            prepare(call, $row, &inputs, Factor::None, ("selfRef", own), (ws, executor))
        }
    };
    (@in_place_scalar $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_ref: *const aclTensor, other: *const aclScalar, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let own = call.output("selfRef", self_ref)?;
            let other = call.scalar("other", other)?;
            prepare(call, $row, &[("selfRef", own)], Factor::Other(other), ("selfRef", own), (ws, executor))
        }
    };
    (@one $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_: *const aclTensor, out: *const aclTensor, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let inputs = [("self", call.input("self", self_)?)];
            let out = call.output("out", out)?;
            prepare(call, $row, &inputs, Factor::None, ("out", out), (ws, executor))
        }
    };
    (@one_input $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            input: *const aclTensor, out: *const aclTensor, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let inputs = [("input", call.input("input", input)?)];
            let out = call.output("out", out)?;
            prepare(call, $row, &inputs, Factor::None, ("out", out), (ws, executor))
        }
    };
    // An output of the input's own dtype, under a name of its own.
    (@same $body:ident, $name:literal, $out:literal, $row:expr) => {
        pub(crate) fn $body(
            self_: *const aclTensor, out: *const aclTensor, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let (row, own) = ($row, call.input("self", self_)?);
            let out = call.output($out, out)?;
            check_dtype($name, "self", &own, row.takes)?;
            check_same_dtype($name, $out, &out, "self", own.dtype)?;
            prepare(call, row, &[("self", own)], Factor::None, ($out, out), (ws, executor))
        }
    };
    (@choice $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            condition: *const aclTensor, self_: *const aclTensor, other: *const aclTensor, out: *const aclTensor,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let condition = call.input(CONDITION, condition)?;
            check_dtype($name, CONDITION, &condition, &[ACL_BOOL, ACL_UINT8])?;
            let inputs =
                [("self", call.input("self", self_)?), ("other", call.input("other", other)?), (CONDITION, condition)];
            let out = call.output("out", out)?;
            prepare(call, $row, &inputs, Factor::None, ("out", out), (ws, executor))
        }
    };
    (@in_place $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_ref: *const aclTensor, other: *const aclTensor, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let own = call.output("selfRef", self_ref)?;
            let inputs = [("selfRef", own), ("other", call.input("other", other)?)];
            prepare(call, $row, &inputs, Factor::None, ("selfRef", own), (ws, executor))
        }
    };
    (@in_place_one $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(self_ref: *const aclTensor, ws: *mut u64, executor: *mut *mut aclOpExecutor) -> Outcome {
            let mut call = Call::new($name);
            let own = call.output("selfRef", self_ref)?;
            prepare(call, $row, &[("selfRef", own)], Factor::None, ("selfRef", own), (ws, executor))
        }
    };
    (@scaled $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_: *const aclTensor, other: *const aclScalar, alpha: *const aclScalar, out: *const aclTensor,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let inputs = [("self", call.input("self", self_)?)];
            let other = call.scalar("other", other)?.times(call.scalar("alpha", alpha)?);
            let out = call.output("out", out)?;
            prepare(call, $row, &inputs, Factor::Other(other), ("out", out), (ws, executor))
        }
    };
    (@in_place_scaled $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_ref: *const aclTensor, other: *const aclScalar, alpha: *const aclScalar,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let own = call.output("selfRef", self_ref)?;
            let other = call.scalar("other", other)?.times(call.scalar("alpha", alpha)?);
            prepare(call, $row, &[("selfRef", own)], Factor::Other(other), ("selfRef", own), (ws, executor))
        }
    };
    (@fused $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_: *const aclTensor, tensor1: *const aclTensor, tensor2: *const aclTensor, value: *const aclScalar,
            out: *const aclTensor, ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let (own, first) = (call.input("self", self_)?, call.input("tensor1", tensor1)?);
            let inputs = [("self", own), ("tensor1", first), ("tensor2", call.input("tensor2", tensor2)?)];
            let value = call.scalar("value", value)?;
            let out = call.output("out", out)?;
            prepare(call, $row, &inputs, Factor::Alpha("value", value), ("out", out), (ws, executor))
        }
    };
    (@in_place_fused $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_ref: *const aclTensor, tensor1: *const aclTensor, tensor2: *const aclTensor, value: *const aclScalar,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let (own, first) = (call.output("selfRef", self_ref)?, call.input("tensor1", tensor1)?);
            let inputs = [("selfRef", own), ("tensor1", first), ("tensor2", call.input("tensor2", tensor2)?)];
            let value = call.scalar("value", value)?;
            prepare(call, $row, &inputs, Factor::Alpha("value", value), ("selfRef", own), (ws, executor))
        }
    };
    (@masked_scalar $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_ref: *mut aclTensor, mask: *const aclTensor, value: *const aclScalar,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let (own, mask) = (call.output("selfRef", self_ref)?, call.input(MASK, mask)?);
            check_dtype($name, MASK, &mask, &[ACL_BOOL])?;
            let value = call.scalar("value", value)?;
            prepare(call, $row, &[("selfRef", own), (MASK, mask)], Factor::Other(value), ("selfRef", own), (ws, executor))
        }
    };
    (@masked $body:ident, $name:literal, $row:expr) => {
        pub(crate) fn $body(
            self_ref: *mut aclTensor, mask: *const aclTensor, value: *const aclTensor,
            ws: *mut u64, executor: *mut *mut aclOpExecutor,
        ) -> Outcome {
            let mut call = Call::new($name);
            let (own, mask) = (call.output("selfRef", self_ref)?, call.input(MASK, mask)?);
            check_dtype($name, MASK, &mask, &[ACL_BOOL])?;
            let value = call.input("value", value)?;
            let one = value.numel() == 1;
            check!(one, ACLNN_ERR_PARAM_INVALID, "{}: value has shape {:?}; one element is needed", $name, value.dims);
            let inputs = [("selfRef", own), ("value", value), (MASK, mask)];
            prepare(call, $row, &inputs, Factor::None, ("selfRef", own), (ws, executor))
        }
    };
}
pub(super) use {operators, row};
