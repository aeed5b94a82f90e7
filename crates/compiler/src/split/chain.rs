//! The functions of the middleware list: each takes `(ctx, next, env)`, whatever it declares of it.

use swc_core::common::{DUMMY_SP, Spanned};
use swc_core::ecma::ast::{
    ArrowExpr, ArrowFunctionBody, CallExpr, Callee, Decl, Expr, FunctionBody, Ident, ModuleDecl,
    ModuleItem, Param, Pat, ReturnStmt, Stmt, VarDecl, VarDeclKind, VarDeclarator,
};
use swc_core::ecma::visit::VisitMutWith;

use super::ambient::PassOn;

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
                let mut params: Vec<Pat> = std::mem::take(&mut arrow.params);
                let unpacked = middleware_parameters(&mut params, &mut pass_on);
                arrow.params = params;
                arrow.body.visit_mut_with(&mut pass_on);
                if let Some(statement) = unpacked {
                    prepend(arrow, statement);
                }
            }
            Expr::Fn(f) => {
                let mut params: Vec<Pat> = f.function.params.drain(..).map(|p| p.pat).collect();
                let unpacked = middleware_parameters(&mut params, &mut pass_on);
                f.function.params = params.into_iter().map(Param::from).collect();
                f.function.body.visit_mut_with(&mut pass_on);
                if let (Some(statement), Some(body)) = (unpacked, &mut f.function.body) {
                    body.stmts.insert(0, statement);
                }
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

/// Names the first and the third parameter as `pass_on` knows them; the statement unpacks a pattern.
fn middleware_parameters(params: &mut Vec<Pat>, pass_on: &mut PassOn<'_>) -> Option<Stmt> {
    let ours = [
        pass_on.ctx.clone(),
        Ident::new("_next".into(), DUMMY_SP, pass_on.ctx.ctxt),
        pass_on.env.clone(),
    ];
    let given = params.len();
    params.extend(ours.into_iter().skip(given).map(Pat::from));
    if let Pat::Ident(env) = &params[2] {
        pass_on.env = env.id.clone();
    }
    if let Pat::Ident(ctx) = &params[0] {
        pass_on.ctx = ctx.id.clone();
        return None;
    }
    let pattern = std::mem::replace(&mut params[0], pass_on.ctx.clone().into());
    let init = Some(Box::new(Expr::Ident(pass_on.ctx.clone())));
    let declarator = VarDeclarator {
        span: DUMMY_SP,
        name: pattern,
        init,
        definite: false,
    };
    let unpack = VarDecl {
        kind: VarDeclKind::Const,
        decls: vec![declarator],
        ..VarDecl::default()
    };
    Some(Stmt::Decl(Decl::Var(Box::new(unpack))))
}

fn prepend(arrow: &mut ArrowExpr, statement: Stmt) {
    if let ArrowFunctionBody::Expr(expr) = &mut *arrow.body {
        let value = std::mem::replace(expr, Box::new(Expr::default()));
        let result = Stmt::Return(ReturnStmt {
            span: DUMMY_SP,
            arg: Some(value),
        });
        *arrow.body = ArrowFunctionBody::FunctionBody(FunctionBody {
            stmts: vec![result],
            ..FunctionBody::default()
        });
    }
    if let ArrowFunctionBody::FunctionBody(block) = &mut *arrow.body {
        block.stmts.insert(0, statement);
    }
}
