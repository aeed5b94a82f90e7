//! What a handler's body may not use.

use swc_core::common::Span;
use swc_core::ecma::ast::{Class, Function, Ident, ThisExpr};
use swc_core::ecma::visit::{Visit, VisitWith};

use super::{Body, RouteDecl};
use crate::diagnostics::{Report, split};
use crate::parse::range_of;

/// `this` and `arguments` of a function have no meaning once it is a handler.
pub(super) fn check_body(route: &RouteDecl<'_>, reports: &mut Vec<Report>) {
    let mut found = OfTheFunction::default();
    route.params.iter().for_each(|p| p.visit_with(&mut found));
    match &route.body {
        Body::Block(Some(body)) => body.visit_with(&mut found),
        Body::Block(None) => {}
        Body::Expr(expr) => expr.visit_with(&mut found),
    }
    if let Some((what, span)) = found.0 {
        reports.push(split::unsupported_in_route(
            route.file,
            range_of(span),
            what,
        ));
    }
}

/// The first `this` or `arguments` that is the function's own; arrows have none.
#[derive(Default)]
struct OfTheFunction(Option<(&'static str, Span)>);

impl Visit for OfTheFunction {
    fn visit_this_expr(&mut self, node: &ThisExpr) {
        self.0.get_or_insert(("`this`", node.span));
    }

    fn visit_ident(&mut self, node: &Ident) {
        if node.sym == *"arguments" {
            self.0.get_or_insert(("`arguments`", node.span));
        }
    }

    fn visit_function(&mut self, _: &Function) {}
    fn visit_class(&mut self, _: &Class) {}
}
