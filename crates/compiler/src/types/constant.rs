//! Constant expressions: members of enums, and constants whose type is asked for.

use swc_core::ecma::ast::{BinaryOp, Expr, Lit, MemberProp, UnaryOp};

use super::ir::{Kind, Literal};

/// A value the source says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Constant {
    Text(String),
    Number(f64),
    Boolean(bool),
}

impl Constant {
    /// The type with this one value.
    pub(super) fn kind(&self) -> Kind {
        Kind::of_literals(vec![match self {
            Self::Text(text) => Literal::Text(text.clone()),
            // Rust writes numbers without exponents; JavaScript reads them alike.
            Self::Number(number) => Literal::Number((number + 0.0).to_string()),
            Self::Boolean(value) => Literal::Boolean(*value),
        }])
    }
}

/// The value of an expression of literals, operators and what `known` names.
pub(super) fn evaluate(expr: &Expr, known: &dyn Fn(&str) -> Option<Constant>) -> Option<Constant> {
    match expr {
        Expr::Lit(Lit::Str(s)) => Some(Constant::Text(s.value.to_string_lossy().into_owned())),
        Expr::Lit(Lit::Num(n)) => Some(Constant::Number(n.value)),
        Expr::Lit(Lit::Bool(b)) => Some(Constant::Boolean(b.value)),
        Expr::Tpl(template) if template.exprs.is_empty() => {
            let text = template.quasis.first()?.cooked.as_ref()?;
            Some(Constant::Text(text.to_string_lossy().into_owned()))
        }
        Expr::Paren(paren) => evaluate(&paren.expr, known),
        Expr::Ident(name) => known(&name.sym),
        // `Flags.Read` inside of `enum Flags`.
        Expr::Member(member) => match &member.prop {
            MemberProp::Ident(name) if member.obj.is_ident() => known(&name.sym),
            _ => None,
        },
        Expr::Unary(unary) => {
            let Constant::Number(n) = evaluate(&unary.arg, known)? else {
                return None;
            };
            Some(Constant::Number(match unary.op {
                UnaryOp::Minus => -n,
                UnaryOp::Plus => n,
                UnaryOp::Tilde => f64::from(!to_int32(n)),
                _ => return None,
            }))
        }
        Expr::Bin(binary) => {
            let (left, right) = (
                evaluate(&binary.left, known)?,
                evaluate(&binary.right, known)?,
            );
            match (left, right) {
                (Constant::Number(a), Constant::Number(b)) => arithmetic(binary.op, a, b),
                (Constant::Text(a), Constant::Text(b)) if binary.op == BinaryOp::Add => {
                    Some(Constant::Text(a + &b))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn arithmetic(op: BinaryOp, a: f64, b: f64) -> Option<Constant> {
    let shift = to_int32(b) & 31;
    let value = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::Mod => a % b,
        BinaryOp::Exp => a.powf(b),
        BinaryOp::BitOr => f64::from(to_int32(a) | to_int32(b)),
        BinaryOp::BitAnd => f64::from(to_int32(a) & to_int32(b)),
        BinaryOp::BitXor => f64::from(to_int32(a) ^ to_int32(b)),
        BinaryOp::LShift => f64::from(to_int32(a) << shift),
        BinaryOp::RShift => f64::from(to_int32(a) >> shift),
        _ => return None,
    };
    value.is_finite().then_some(Constant::Number(value))
}

/// `ToInt32` of ECMA-262, 7.1.6.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss
)] // that is what it does
fn to_int32(number: f64) -> i32 {
    if number.is_finite() {
        number.trunc().rem_euclid(4_294_967_296.0) as u32 as i32
    } else {
        0
    }
}
