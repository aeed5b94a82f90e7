//! The body of a middleware with the rest of the chain in the place of its `next()`.

use swc_core::common::{Span, Spanned};
use swc_core::ecma::ast::{ClassDecl, Decl, Expr, FnDecl, Id, Ident, ReturnStmt, Stmt, VarDecl};
use swc_core::ecma::visit::{VisitMut, VisitMutWith};

use super::build::{assign, block, leave, name, undefined};
use super::site::{Site, site};

/// Statements and, behind them, the value they lead to.
pub(super) struct Rest {
    pub stmts: Vec<Stmt>,
    pub value: Expr,
}

/// Rewrites the statements of one body.
pub(super) struct Rewriter<'a> {
    pub next: Option<Id>,
    /// What `next()` stands for; used once.
    pub rest: Option<Rest>,
    pub label: &'a Ident,
    /// Gets what `next()` gives.
    pub inner: &'a Ident,
    /// Gets what the middleware returns.
    pub reply: &'a Ident,
    /// Whether a reply can be taken back.
    pub retracts: bool,
}

impl Rewriter<'_> {
    /// The statements of the function, as the statements of a labelled block.
    pub(super) fn body(mut self, mut stmts: Vec<Stmt>) -> Vec<Stmt> {
        stmts.visit_mut_with(&mut self);
        if matches!(stmts.last(), Some(Stmt::Break(_))) {
            stmts.pop();
        } else if self.retracts {
            stmts.push(assign(self.reply, undefined(), swc_core::common::DUMMY_SP));
        }
        stmts
    }

    fn replaced(&mut self, mut statement: Stmt) -> Vec<Stmt> {
        let found = self.next.as_ref().and_then(|next| site(&statement, next));
        if let Some(found) = found
            && let Some(rest) = self.rest.take()
        {
            return self.spliced(found, rest, statement.span());
        }
        if let Stmt::Return(statement) = statement {
            return self.left(statement);
        }
        statement.visit_mut_children_with(self);
        vec![statement]
    }

    /// The rest of the chain, and what is done with what it gives.
    fn spliced(&self, site: Site<'_>, rest: Rest, span: Span) -> Vec<Stmt> {
        let Rest { mut stmts, value } = rest;
        stmts.push(assign(self.inner, located(value, span), span));
        match site {
            Site::Statement => {}
            Site::Declare(declaration, index) => {
                let mut before = declaration.decls.clone();
                let after = before.split_off(index + 1);
                for call in before.iter_mut().skip(index) {
                    call.init = Some(Box::new(name(self.inner)));
                }
                let call = before.split_off(index);
                let part = |decls: Vec<_>| {
                    let part = VarDecl {
                        decls,
                        ..declaration.clone()
                    };
                    (!part.decls.is_empty()).then(|| Stmt::Decl(Decl::Var(Box::new(part))))
                };
                stmts.splice(0..0, part(before));
                stmts.extend(part(call).into_iter().chain(part(after)));
            }
            Site::Assign(target) => stmts.push(assign(&target.id, name(self.inner), span)),
            Site::Return | Site::ReturnPromise => stmts.push(leave(self.label, span)),
        }
        stmts
    }

    /// A `return`: its value is kept, and the block is left.
    fn left(&self, statement: ReturnStmt) -> Vec<Stmt> {
        let value = match statement.arg {
            Some(value) => Some(*value),
            None => self.retracts.then(undefined),
        };
        let reply = value.map(|value| assign(self.reply, value, statement.span));
        reply
            .into_iter()
            .chain([leave(self.label, statement.span)])
            .collect()
    }
}

/// An `await` of ours belongs to the place where the user's `next()` stands.
fn located(mut value: Expr, span: Span) -> Expr {
    if let Expr::Await(awaited) = &mut value
        && awaited.span.is_dummy()
    {
        awaited.span = span;
        if let Expr::Call(call) = &mut *awaited.arg {
            call.span = span;
        }
    }
    value
}

impl VisitMut for Rewriter<'_> {
    fn visit_mut_stmts(&mut self, nodes: &mut Vec<Stmt>) {
        let statements = std::mem::take(nodes);
        nodes.extend(statements.into_iter().flat_map(|s| self.replaced(s)));
    }

    fn visit_mut_stmt(&mut self, node: &mut Stmt) {
        let mut statements = self.replaced(std::mem::take(node));
        *node = match statements.len() {
            1 => statements.remove(0),
            _ => block(statements),
        };
    }

    // What is inside of expressions, functions and classes is not the middleware's own flow.
    fn visit_mut_expr(&mut self, _: &mut Expr) {}
    fn visit_mut_fn_decl(&mut self, _: &mut FnDecl) {}
    fn visit_mut_class_decl(&mut self, _: &mut ClassDecl) {}
}
