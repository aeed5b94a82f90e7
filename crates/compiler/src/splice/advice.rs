//! What is surely not meant: a `next` that is forgotten, called twice, or called like Express's.

use std::collections::HashMap;

use swc_core::common::{Span, Spanned};
use swc_core::ecma::ast::{
    ArrowExpr, ArrowFunctionBody, BreakStmt, CallExpr, Callee, DoWhileStmt, Expr, ForInStmt,
    ForOfStmt, ForStmt, Function, Id, Ident, Pat, ReturnStmt, Stmt, ThrowStmt, WhileStmt,
};
use swc_core::ecma::visit::{Visit, VisitWith};

use super::list_of;
use super::site::site;
use crate::diagnostics::{Report, middleware as errors};
use crate::modules::declaration;
use crate::parse::range_of;
use crate::split::Half;

/// Looks at every middleware of the list whose function stands in the same module.
pub(crate) fn advise(file: usize, half: &Half, reports: &mut Vec<Report>) {
    let items = &half.module.body;
    let mut declared: HashMap<Id, Given<'_>> = HashMap::new();
    for decl in items.iter().filter_map(declaration) {
        if let Some(f) = decl.as_fn_decl() {
            declared.insert(f.ident.to_id(), Given::of_function(&f.function));
        }
        for declarator in decl.as_var().iter().flat_map(|v| &v.decls) {
            let given = declarator.init.as_deref().and_then(Given::of_expr);
            if let (Some(name), Some(given)) = (declarator.name.as_ident(), given) {
                declared.insert(name.to_id(), given);
            }
        }
    }
    let elements = items.iter().filter_map(list_of).flat_map(|l| &l.elems);
    for element in elements.flatten() {
        let given = match &*element.expr {
            Expr::Ident(name) => declared.get(&name.to_id()).copied(),
            other => Given::of_expr(other),
        };
        if let Some(given) = given {
            check(file, given, element.expr.span(), reports);
        }
    }
}

/// The function of a middleware as it is written.
#[derive(Clone, Copy)]
struct Given<'a> {
    next: Option<&'a Pat>,
    /// Whether there are parameters that may be `next` under another guise.
    rest: bool,
    body: &'a [Stmt],
    generator: bool,
}

impl<'a> Given<'a> {
    fn of_expr(expr: &'a Expr) -> Option<Self> {
        match expr {
            Expr::Paren(paren) => Self::of_expr(&paren.expr),
            // An expression is a reply: it says what it means.
            Expr::Arrow(arrow) => match &*arrow.body {
                ArrowFunctionBody::FunctionBody(body) => Some(Self {
                    next: arrow.params.get(1),
                    rest: arrow.params.iter().any(Pat::is_rest),
                    body: &body.stmts,
                    generator: arrow.is_generator,
                }),
                ArrowFunctionBody::Expr(_) => None,
            },
            Expr::Fn(f) => Some(Self::of_function(&f.function)),
            _ => None,
        }
    }

    fn of_function(function: &'a Function) -> Self {
        Self {
            next: function.params.get(1).map(|p| &p.pat),
            rest: function.params.iter().any(|p| p.pat.is_rest()),
            body: function.body.as_ref().map_or(&[], |b| &b.stmts),
            generator: function.is_generator,
        }
    }
}

fn check(file: usize, given: Given<'_>, place: Span, reports: &mut Vec<Report>) {
    if given.generator {
        reports.push(errors::generator(file, range_of(place)));
        return;
    }
    let next = given.next.and_then(|p| p.as_ident()).map(|i| i.id.to_id());
    let mut calls = Calls {
        next: next.clone(),
        ..Calls::default()
    };
    given.body.visit_with(&mut calls);
    for span in &calls.with_arguments {
        reports.push(errors::next_with_argument(file, range_of(*span)));
    }
    // `arguments[1]()`, `(…all) => all[1]()` and patterns are not followed.
    let followed = !given.rest && given.next.is_none_or(Pat::is_ident);
    if followed && !calls.uses_next && !calls.ends_otherwise {
        reports.push(errors::next_not_called(file, range_of(place)));
    }
    let Some(next) = next else { return };
    let in_order = given
        .body
        .iter()
        .filter(|s| site(s, &next).is_some() || is_bare_call(s, &next));
    let again = in_order.map(Spanned::span).nth(1);
    for span in again.iter().chain(&calls.repeated) {
        reports.push(errors::next_called_again(file, range_of(*span)));
    }
    for span in &calls.not_awaited {
        if again != Some(*span) {
            reports.push(errors::next_not_awaited(file, range_of(*span)));
        }
    }
}

/// `next();`
fn is_bare_call(statement: &Stmt, next: &Id) -> bool {
    let Stmt::Expr(statement) = statement else {
        return false;
    };
    matches!(&*statement.expr, Expr::Call(call) if is_next(call, next))
}

fn is_next(call: &CallExpr, next: &Id) -> bool {
    matches!(&call.callee, Callee::Expr(callee) if matches!(&**callee, Expr::Ident(name) if name.to_id() == *next))
}

/// How a body uses `next`.
#[derive(Default)]
struct Calls {
    next: Option<Id>,
    uses_next: bool,
    /// Whether it may reply or fail by itself.
    ends_otherwise: bool,
    with_arguments: Vec<Span>,
    not_awaited: Vec<Span>,
    /// Calls in a loop nothing leaves.
    repeated: Vec<Span>,
    functions: u32,
    loops: u32,
}

impl Calls {
    fn in_loop(&mut self, node: &impl VisitWith<Self>, body: &Stmt) {
        #[derive(Default)]
        struct Leaves(bool);
        impl Visit for Leaves {
            fn visit_break_stmt(&mut self, _: &BreakStmt) {
                self.0 = true;
            }
            fn visit_return_stmt(&mut self, _: &ReturnStmt) {
                self.0 = true;
            }
            fn visit_throw_stmt(&mut self, _: &ThrowStmt) {
                self.0 = true;
            }
        }
        let mut leaves = Leaves::default();
        body.visit_with(&mut leaves);
        self.loops += u32::from(!leaves.0);
        node.visit_children_with(self);
        self.loops -= u32::from(!leaves.0);
    }

    fn in_function(&mut self, node: &impl VisitWith<Self>) {
        self.functions += 1;
        node.visit_children_with(self);
        self.functions -= 1;
    }
}

impl Visit for Calls {
    fn visit_ident(&mut self, node: &Ident) {
        self.uses_next |= self.next.as_ref().is_some_and(|n| node.to_id() == *n);
        self.uses_next |= node.sym == *"arguments";
    }

    fn visit_stmt(&mut self, node: &Stmt) {
        if self.functions == 0
            && let Some(next) = &self.next
            && is_bare_call(node, next)
        {
            self.not_awaited.push(node.span());
        }
        node.visit_children_with(self);
    }

    fn visit_call_expr(&mut self, node: &CallExpr) {
        if self.next.as_ref().is_some_and(|next| is_next(node, next)) {
            if !node.args.is_empty() {
                self.with_arguments.push(node.span);
            }
            if self.loops > 0 && self.functions == 0 {
                self.repeated.push(node.span);
            }
        }
        node.visit_children_with(self);
    }

    fn visit_return_stmt(&mut self, node: &ReturnStmt) {
        self.ends_otherwise |= self.functions == 0 && node.arg.is_some();
        node.visit_children_with(self);
    }

    fn visit_throw_stmt(&mut self, node: &ThrowStmt) {
        self.ends_otherwise |= self.functions == 0;
        node.visit_children_with(self);
    }

    fn visit_arrow_expr(&mut self, node: &ArrowExpr) {
        self.in_function(node);
    }

    fn visit_function(&mut self, node: &Function) {
        self.in_function(node);
    }

    fn visit_for_stmt(&mut self, node: &ForStmt) {
        self.in_loop(node, &node.body);
    }

    fn visit_for_in_stmt(&mut self, node: &ForInStmt) {
        self.in_loop(node, &node.body);
    }

    fn visit_for_of_stmt(&mut self, node: &ForOfStmt) {
        self.in_loop(node, &node.body);
    }

    fn visit_while_stmt(&mut self, node: &WhileStmt) {
        self.in_loop(node, &node.body);
    }

    fn visit_do_while_stmt(&mut self, node: &DoWhileStmt) {
        self.in_loop(node, &node.body);
    }
}
