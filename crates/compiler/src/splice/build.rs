//! Pieces of JavaScript, made.

use swc_core::common::{DUMMY_SP, Mark, Span, SyntaxContext};
use swc_core::ecma::ast::{
    ArrowExpr, ArrowFunctionBody, AssignExpr, AssignOp, AwaitExpr, BinExpr, BinaryOp, BindingIdent,
    BlockStmt, BreakStmt, CallExpr, Callee, Decl, Expr, ExprOrSpread, ExprStmt, FunctionBody,
    Ident, IfStmt, LabeledStmt, Pat, ReturnStmt, Stmt, VarDecl, VarDeclKind, VarDeclarator,
};

/// A name no name of the user's is the same as; printing finds it one of its own.
pub(super) fn fresh(name: &str) -> Ident {
    let context = SyntaxContext::empty().apply_mark(Mark::new());
    Ident::new(name.into(), DUMMY_SP, context)
}

pub(super) fn undefined() -> Expr {
    Expr::Ident(Ident::new_no_ctxt("undefined".into(), DUMMY_SP))
}

pub(super) fn name(ident: &Ident) -> Expr {
    Expr::Ident(ident.clone())
}

/// `await value`
pub(super) fn awaited(value: Expr, span: Span) -> Expr {
    Expr::Await(AwaitExpr {
        span,
        arg: Box::new(value),
    })
}

/// `callee(…args)`
pub(super) fn call(callee: Expr, args: Vec<ExprOrSpread>) -> Expr {
    Expr::Call(CallExpr {
        callee: Callee::Expr(Box::new(callee)),
        args,
        ..CallExpr::default()
    })
}

/// `target = value;`
pub(super) fn assign(target: &Ident, value: Expr, span: Span) -> Stmt {
    let assignment = Expr::Assign(AssignExpr {
        span,
        op: AssignOp::Assign,
        left: BindingIdent::from(target.clone()).into(),
        right: Box::new(value),
    });
    Stmt::Expr(ExprStmt {
        span,
        expr: Box::new(assignment),
    })
}

/// `let a, b;`
pub(super) fn declare(names: &[&Ident]) -> Stmt {
    let declarator = |name: &&Ident| declarator((*name).clone().into(), None);
    variables(VarDeclKind::Let, names.iter().map(declarator).collect())
}

/// `let pattern = value;`
pub(super) fn declare_as(kind: VarDeclKind, pattern: Pat, value: Expr) -> Stmt {
    variables(kind, vec![declarator(pattern, Some(value))])
}

pub(super) fn variables(kind: VarDeclKind, decls: Vec<VarDeclarator>) -> Stmt {
    Stmt::Decl(Decl::Var(Box::new(VarDecl {
        kind,
        decls,
        ..VarDecl::default()
    })))
}

fn declarator(name: Pat, value: Option<Expr>) -> VarDeclarator {
    VarDeclarator {
        span: DUMMY_SP,
        name,
        init: value.map(Box::new),
        definite: false,
    }
}

pub(super) fn block(stmts: Vec<Stmt>) -> Stmt {
    Stmt::Block(BlockStmt {
        stmts,
        ..BlockStmt::default()
    })
}

/// `label: { … }`
pub(super) fn labelled(label: &Ident, stmts: Vec<Stmt>) -> Stmt {
    Stmt::Labeled(LabeledStmt {
        span: DUMMY_SP,
        label: label.clone(),
        body: Box::new(block(stmts)),
    })
}

/// `break label;`
pub(super) fn leave(label: &Ident, span: Span) -> Stmt {
    Stmt::Break(BreakStmt {
        span,
        label: Some(label.clone()),
    })
}

pub(super) fn give(value: Expr, span: Span) -> Stmt {
    Stmt::Return(ReturnStmt {
        span,
        arg: Some(Box::new(value)),
    })
}

/// `if (left <op> undefined) then`
pub(super) fn when(op: BinaryOp, left: &Ident, then: Stmt) -> Stmt {
    let test = Expr::Bin(BinExpr {
        span: DUMMY_SP,
        op,
        left: Box::new(name(left)),
        right: Box::new(undefined()),
    });
    Stmt::If(IfStmt {
        span: DUMMY_SP,
        test: Box::new(test),
        cons: Box::new(then),
        alt: None,
    })
}

/// `async () => { … }`, or `async () => value` when there is nothing else to it.
pub(super) fn later(mut stmts: Vec<Stmt>, value: Expr) -> Expr {
    let body = if stmts.is_empty() {
        ArrowFunctionBody::Expr(Box::new(value))
    } else {
        stmts.push(give(value, DUMMY_SP));
        ArrowFunctionBody::FunctionBody(FunctionBody {
            span: DUMMY_SP,
            stmts,
        })
    };
    Expr::Arrow(ArrowExpr {
        body: Box::new(body),
        is_async: true,
        ..ArrowExpr::default()
    })
}
