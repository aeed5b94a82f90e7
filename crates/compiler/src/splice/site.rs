//! The statement in which a middleware calls `next`, in the forms that can be replaced.

use swc_core::ecma::ast::{
    AssignOp, AssignTarget, BindingIdent, Callee, Decl, Expr, Id, SimpleAssignTarget, Stmt, VarDecl,
};

/// What is done with what `next()` gives.
#[derive(Debug, Clone, Copy)]
pub(super) enum Site<'a> {
    /// `await next();`
    Statement,
    /// `const x = await next();`: the declaration, and which of its parts has the call.
    Declare(&'a VarDecl, usize),
    /// `x = await next();`
    Assign(&'a BindingIdent),
    /// `return await next();`
    Return,
    /// `return next();`
    ReturnPromise,
}

/// Takes a statement for what it is, if it is one of the forms.
pub(super) fn site<'a>(statement: &'a Stmt, next: &Id) -> Option<Site<'a>> {
    match statement {
        Stmt::Expr(statement) => match bare(&statement.expr) {
            Expr::Assign(assignment) if assignment.op == AssignOp::Assign => {
                let AssignTarget::Simple(SimpleAssignTarget::Ident(target)) = &assignment.left
                else {
                    return None;
                };
                let replaceable = target.to_id() != *next && awaits(&assignment.right, next);
                replaceable.then_some(Site::Assign(target))
            }
            value => awaits(value, next).then_some(Site::Statement),
        },
        Stmt::Decl(Decl::Var(declaration)) => {
            let calls = |value: &Option<Box<Expr>>| value.as_ref().is_some_and(|v| awaits(v, next));
            let index = declaration.decls.iter().position(|d| calls(&d.init))?;
            Some(Site::Declare(declaration, index))
        }
        Stmt::Return(statement) => {
            let value = bare(statement.arg.as_deref()?);
            if is_call(value, next) {
                Some(Site::ReturnPromise)
            } else {
                awaits(value, next).then_some(Site::Return)
            }
        }
        _ => None,
    }
}

/// `await next()`
fn awaits(value: &Expr, next: &Id) -> bool {
    matches!(bare(value), Expr::Await(awaited) if is_call(bare(&awaited.arg), next))
}

/// `next()`
fn is_call(value: &Expr, next: &Id) -> bool {
    let Expr::Call(call) = value else {
        return false;
    };
    let Callee::Expr(callee) = &call.callee else {
        return false;
    };
    call.args.is_empty() && matches!(bare(callee), Expr::Ident(name) if name.to_id() == *next)
}

fn bare(value: &Expr) -> &Expr {
    match value {
        Expr::Paren(paren) => bare(&paren.expr),
        other => other,
    }
}
