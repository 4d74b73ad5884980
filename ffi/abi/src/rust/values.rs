//! Constants whose value can be told from their source.

use syn::{BinOp, Expr, Lit, UnOp};

use crate::model::Abi;

/// The number that an expression is: literals, arithmetic of them, `Name(number)` of a newtype, casts, and constants known already.
pub(crate) fn evaluate(abi: &Abi, source: &Expr) -> Option<i128> {
    match source {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        },
        Expr::Unary(unary) => match unary.op {
            UnOp::Neg(_) => Some(-evaluate(abi, &unary.expr)?),
            _ => None,
        },
        Expr::Binary(binary) => {
            let (left, right) = (evaluate(abi, &binary.left)?, evaluate(abi, &binary.right)?);
            match binary.op {
                BinOp::Add(_) => left.checked_add(right),
                BinOp::Sub(_) => left.checked_sub(right),
                BinOp::Mul(_) => left.checked_mul(right),
                BinOp::BitOr(_) => Some(left | right),
                BinOp::Shl(_) => left.checked_shl(right.try_into().ok()?),
                _ => None,
            }
        }
        Expr::Cast(cast) => evaluate(abi, &cast.expr),
        Expr::Paren(inner) => evaluate(abi, &inner.expr),
        Expr::Group(inner) => evaluate(abi, &inner.expr),
        Expr::Call(call) if call.args.len() == 1 && matches!(*call.func, Expr::Path(_)) => evaluate(abi, &call.args[0]),
        // `NAME.0` of a newtype's constant.
        Expr::Field(field) => evaluate(abi, &field.base),
        Expr::Path(path) => abi.value(&path.path.segments.last()?.ident.to_string()),
        _ => None,
    }
}
