//! A reply's type when none is written: nothing, or literals of one kind.

use swc_core::ecma::ast::{ArrowExpr, Class, Expr, Function, FunctionBody, Lit, ReturnStmt};
use swc_core::ecma::visit::{Visit, VisitWith};

use super::ir::{Kind, Number, Slot};

/// What the function's body returns, if its syntax says so.
pub(crate) fn reply_of_body(body: &FunctionBody) -> Option<Slot> {
    let mut returns = Returns::default();
    body.visit_with(&mut returns);
    let mut all = returns.values.into_iter();
    let Some(first) = all.next() else {
        return Some(Slot::of(Kind::Void));
    };
    let first = first?;
    all.all(|slot| slot.as_ref() == Some(&first))
        .then_some(first)
}

/// The type of a literal.
pub(crate) fn literal(expr: &Expr) -> Option<Slot> {
    match expr {
        Expr::Lit(Lit::Str(_)) | Expr::Tpl(_) => Some(Slot::of(Kind::Text(Vec::new()))),
        Expr::Lit(Lit::Num(_)) => Some(Slot::of(Kind::Number(Number::Float64, Vec::new()))),
        Expr::Lit(Lit::Bool(_)) => Some(Slot::of(Kind::Boolean)),
        Expr::Lit(Lit::BigInt(_)) => Some(Slot::of(Kind::Bigint { unsigned: false })),
        Expr::Lit(Lit::Null(_)) => Some(Slot {
            kind: Kind::Void,
            null: true,
            undefined: false,
        }),
        Expr::Paren(p) => literal(&p.expr),
        _ => None,
    }
}

#[derive(Default)]
struct Returns {
    /// `None` for a value whose type is not obvious.
    values: Vec<Option<Slot>>,
}

impl Visit for Returns {
    fn visit_return_stmt(&mut self, node: &ReturnStmt) {
        if let Some(value) = &node.arg {
            self.values.push(literal(value));
        }
    }

    // What nested functions return is theirs.
    fn visit_function(&mut self, _: &Function) {}
    fn visit_arrow_expr(&mut self, _: &ArrowExpr) {}
    fn visit_class(&mut self, _: &Class) {}
}
