//! The functions of the middleware list: each takes `(ctx, next, env)`, whatever it declares of it.

use swc_core::common::{DUMMY_SP, Spanned};
use swc_core::ecma::ast::{
    ArrayLit, ArrowExpr, ArrowFunctionBody, AssignPat, CallExpr, Callee, Expr, Ident, ModuleDecl,
    ModuleItem, Param, Pat,
};
use swc_core::ecma::visit::VisitMutWith;

use super::ambient::PassOn;
use crate::splice::Named;

/// Rewrites the list; every function gets a `pass_on` of its own.
pub(super) fn middleware_list<'a>(item: &mut ModuleItem, pass_on: &dyn Fn() -> PassOn<'a>) {
    let ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultExpr(export)) = item else {
        return;
    };
    let Expr::Array(list) = &mut *export.expr else {
        return;
    };
    for element in list.elems.iter_mut().flatten() {
        let mut pass_on = pass_on();
        match &mut *element.expr {
            Expr::Arrow(arrow) => {
                middleware_parameters(&mut arrow.params, &mut pass_on);
                arrow.params.visit_mut_with(&mut pass_on);
                arrow.body.visit_mut_with(&mut pass_on);
            }
            Expr::Fn(f) => {
                let mut params: Vec<Pat> = f.function.params.drain(..).map(|p| p.pat).collect();
                middleware_parameters(&mut params, &mut pass_on);
                f.function.params = params.into_iter().map(Param::from).collect();
                f.function.visit_mut_children_with(&mut pass_on);
            }
            // A function declared elsewhere: if it takes hidden parameters, they come with the call.
            other => {
                if pass_on.is_contextual(other) {
                    *other = with_call(other.clone(), &pass_on);
                }
            }
        }
    }
}

/// `(ctx, next, env) => f(ctx, env, ctx, next, env)`
fn with_call(function: Expr, pass_on: &PassOn<'_>) -> Expr {
    let next = Ident::new("next".into(), DUMMY_SP, pass_on.ctx.ctxt);
    let (ctx, env) = (&pass_on.ctx, &pass_on.env);
    let arguments = [ctx, env, ctx, &next, env]
        .map(|i| Expr::Ident(i.clone()).into())
        .to_vec();
    let span = function.span();
    let call = Expr::Call(CallExpr {
        span,
        callee: Callee::Expr(Box::new(function)),
        args: arguments,
        ..CallExpr::default()
    });
    Expr::Arrow(ArrowExpr {
        span,
        params: [ctx, &next, env].map(|i| i.clone().into()).to_vec(),
        body: Box::new(ArrowFunctionBody::Expr(Box::new(call))),
        ..ArrowExpr::default()
    })
}

/// Names the first three parameters, the first and the third as `pass_on` knows them. What was more
/// than a name is unpacked behind them, where nothing is ever passed: `(ctx, next, env, { path } = ctx)`.
fn middleware_parameters(params: &mut Vec<Pat>, pass_on: &mut PassOn<'_>) {
    let ours = [
        pass_on.ctx.clone(),
        Ident::new("_next".into(), DUMMY_SP, pass_on.ctx.ctxt),
        pass_on.env.clone(),
    ];
    let mut given = std::mem::take(params).into_iter();
    let mut unpacked = Vec::new();
    for own in &ours {
        let name = match given.next() {
            Some(Pat::Ident(name)) => name.id,
            Some(Pat::Rest(rest)) => {
                // `...all` is what is left of the three.
                let left = ours[params.len()..].iter();
                let elems = left.map(|i| Some(Expr::Ident(i.clone()).into())).collect();
                let left = Expr::Array(ArrayLit {
                    span: DUMMY_SP,
                    elems,
                });
                unpacked.push(with_default(*rest.arg, left));
                own.clone()
            }
            Some(pattern) => {
                // All three are always passed: a default is never asked for.
                let pattern = match pattern {
                    Pat::Assign(assign) => *assign.left,
                    other => other,
                };
                unpacked.push(with_default(pattern, Expr::Ident(own.clone())));
                own.clone()
            }
            None => own.clone(),
        };
        params.push(name.into());
    }
    params.extend(unpacked.into_iter().chain(given));
    if let (Pat::Ident(ctx), Pat::Ident(env)) = (&params[0], &params[2]) {
        pass_on.ctx = ctx.id.clone();
        pass_on.env = env.id.clone();
    }
}

/// `pattern = value`
fn with_default(pattern: Pat, value: Expr) -> Pat {
    Pat::Assign(AssignPat {
        span: DUMMY_SP,
        left: Box::new(pattern),
        right: Box::new(value),
    })
}

/// The functions of the list that are names: of which function of the module, and whether it takes
/// hidden parameters.
pub(super) fn named(item: &ModuleItem, pass_on: &PassOn<'_>) -> Vec<Named> {
    let ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultExpr(export)) = item else {
        return Vec::new();
    };
    let Expr::Array(list) = &*export.expr else {
        return Vec::new();
    };
    let named = |expr: &Expr| {
        expr.as_ident()
            .map(|i| (i.to_id(), pass_on.is_contextual(expr)))
    };
    let elements = list.elems.iter();
    elements
        .map(|e| e.as_ref().and_then(|e| named(&e.expr)))
        .collect()
}
