//! Comparisons of two known values, which swc's simplifier leaves.

use swc_core::common::Spanned;
use swc_core::ecma::ast::{BinExpr, BinaryOp, Bool, Expr, Lit, Module};
use swc_core::ecma::visit::{VisitMut, VisitMutWith};

/// Puts `true` or `false` in the place of comparisons that are decided.
pub(super) fn fold_comparisons(module: &mut Module) {
    module.visit_mut_with(&mut Compare);
}

struct Compare;

impl VisitMut for Compare {
    fn visit_mut_expr(&mut self, node: &mut Expr) {
        node.visit_mut_children_with(self);
        if let Expr::Bin(comparison) = node
            && let Some(value) = decided(comparison)
        {
            *node = Expr::Lit(Lit::Bool(Bool {
                span: comparison.span(),
                value,
            }));
        }
    }
}

/// What a comparison of two literals of one type gives (ECMA-262, `IsStrictlyEqual` and `IsLessThan`;
/// numbers are IEEE 754 in both languages).
fn decided(comparison: &BinExpr) -> Option<bool> {
    let equal = match comparison.op {
        BinaryOp::EqEqEq | BinaryOp::EqEq => Some(true),
        BinaryOp::NotEqEq | BinaryOp::NotEq => Some(false),
        _ => None,
    };
    match (lit(&comparison.left)?, lit(&comparison.right)?) {
        (Lit::Num(left), Lit::Num(right)) => {
            let (left, right) = (left.value, right.value);
            #[allow(clippy::float_cmp, reason = "what `===` does")]
            let same = left == right;
            match comparison.op {
                BinaryOp::Lt => Some(left < right),
                BinaryOp::LtEq => Some(left <= right),
                BinaryOp::Gt => Some(left > right),
                BinaryOp::GtEq => Some(left >= right),
                _ => equal.map(|e| same == e),
            }
        }
        (Lit::Str(left), Lit::Str(right)) => equal.map(|e| (left.value == right.value) == e),
        (Lit::Bool(left), Lit::Bool(right)) => equal.map(|e| (left.value == right.value) == e),
        _ => None,
    }
}

fn lit(value: &Expr) -> Option<&Lit> {
    match value {
        Expr::Paren(paren) => lit(&paren.expr),
        Expr::Lit(lit) => Some(lit),
        _ => None,
    }
}
