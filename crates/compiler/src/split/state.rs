//! Variables of a module that change while backend functions use them: every process has its own.

use std::collections::BTreeSet;

use swc_core::ecma::ast::{
    AssignExpr, Decl, ForInStmt, ForOfStmt, Id, Ident, Pat, UpdateExpr, VarDecl, VarDeclKind,
};
use swc_core::ecma::utils::find_pat_ids;
use swc_core::ecma::visit::{Visit, VisitWith};

use super::ambient::target;
use super::halves::{Halves, Items};
use crate::diagnostics::{Report, reach as errors};
use crate::modules::{Modules, declaration};
use crate::parse::range_of;
use crate::routes::RouteDecl;

/// Warns of each variable once, naming the first backend function that gets to it.
pub(crate) fn check_state(
    modules: &Modules,
    halves: Halves<'_>,
    items: &[Items],
    routes: &[RouteDecl<'_>],
    reports: &mut Vec<Report>,
) {
    let mutable: Vec<Vec<Ident>> = (0..items.len())
        .map(|file| variables(modules, halves, file))
        .collect();
    if mutable.iter().all(Vec::is_empty) {
        return;
    }
    let mut told = BTreeSet::new();
    for route in routes {
        let mut seen = BTreeSet::new();
        let mut queue = vec![(route.file, route.id.clone())];
        while let Some((file, name)) = queue.pop() {
            if !seen.insert((file, name.clone())) {
                continue;
            }
            if let Some(variable) = mutable[file].iter().find(|v| *v.sym == *name)
                && told.insert((file, name.clone()))
            {
                reports.push(errors::mutable_state(
                    file,
                    range_of(variable.span),
                    &name,
                    &route.id,
                ));
            }
            for item in items[file].iter().filter(|i| i.declares.contains(&name)) {
                queue.extend(item.refers.iter().filter_map(|r| target(modules, file, r)));
            }
        }
    }
}

/// The user's own `let` and `var` at the top level that something assigns to.
fn variables(modules: &Modules, halves: Halves<'_>, file: usize) -> Vec<Ident> {
    let declared =
        modules.files[file]
            .module
            .body
            .iter()
            .filter_map(|item| match declaration(item) {
                Some(Decl::Var(var)) if is_variable(var) => {
                    Some(find_pat_ids::<_, Ident>(&var.decls))
                }
                _ => None,
            });
    let declared: Vec<Ident> = declared.flatten().collect();
    if declared.is_empty() {
        return declared;
    }
    let half = halves.of(file);
    let mut assigned = Assigned::default();
    half.module.visit_with(&mut assigned);
    let top_level = |name: &Ident| (name.sym.clone(), half.top_level);
    declared
        .into_iter()
        .filter(|name| assigned.0.contains(&top_level(name)))
        .collect()
}

fn is_variable(var: &VarDecl) -> bool {
    var.kind != VarDeclKind::Const && !var.declare
}

/// What is assigned to, anywhere.
#[derive(Default)]
struct Assigned(BTreeSet<Id>);

impl Visit for Assigned {
    fn visit_assign_expr(&mut self, node: &AssignExpr) {
        self.0.extend(find_pat_ids::<_, Id>(&node.left));
        node.visit_children_with(self);
    }

    fn visit_update_expr(&mut self, node: &UpdateExpr) {
        self.0.extend(node.arg.as_ident().map(Ident::to_id));
        node.visit_children_with(self);
    }

    fn visit_for_of_stmt(&mut self, node: &ForOfStmt) {
        self.head(node.left.as_pat().map(|pat| &**pat));
        node.visit_children_with(self);
    }

    fn visit_for_in_stmt(&mut self, node: &ForInStmt) {
        self.head(node.left.as_pat().map(|pat| &**pat));
        node.visit_children_with(self);
    }
}

impl Assigned {
    fn head(&mut self, pat: Option<&Pat>) {
        if let Some(pat) = pat {
            self.0.extend(find_pat_ids::<_, Id>(pat));
        }
    }
}
