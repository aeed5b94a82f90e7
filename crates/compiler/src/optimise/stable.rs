//! Names whose value never changes once they have one.

use std::collections::HashSet;

use swc_core::ecma::ast::{
    ArrowExpr, AssignTarget, CatchClause, Expr, ForHead, Function, Id, Ident, Module, Pat,
    SimpleAssignTarget, UpdateExpr, VarDecl, VarDeclKind,
};
use swc_core::ecma::utils::find_pat_ids;
use swc_core::ecma::visit::{Visit, VisitWith};

/// Constants and parameters nothing is assigned to.
pub(super) fn stable(module: &Module) -> HashSet<Id> {
    let mut names = Names::default();
    module.visit_with(&mut names);
    &names.fixed - &names.written
}

/// Every name something is assigned to.
pub(super) fn written(module: &Module) -> HashSet<Id> {
    let mut names = Names::default();
    module.visit_with(&mut names);
    names.written
}

#[derive(Default)]
struct Names {
    fixed: HashSet<Id>,
    written: HashSet<Id>,
}

impl Names {
    fn fix(&mut self, pattern: &Pat) {
        self.fixed.extend(find_pat_ids::<_, Id>(pattern));
    }
}

impl Visit for Names {
    fn visit_var_decl(&mut self, node: &VarDecl) {
        for declarator in &node.decls {
            if node.kind == VarDeclKind::Const {
                self.fix(&declarator.name);
            } else {
                // A `var` may be a parameter declared again.
                self.written.extend(find_pat_ids::<_, Id>(&declarator.name));
            }
        }
        node.visit_children_with(self);
    }

    fn visit_function(&mut self, node: &Function) {
        node.params.iter().for_each(|p| self.fix(&p.pat));
        node.visit_children_with(self);
    }

    fn visit_arrow_expr(&mut self, node: &ArrowExpr) {
        node.params.iter().for_each(|p| self.fix(p));
        node.visit_children_with(self);
    }

    fn visit_catch_clause(&mut self, node: &CatchClause) {
        node.param.iter().for_each(|p| self.fix(p));
        node.visit_children_with(self);
    }

    fn visit_fn_decl(&mut self, node: &swc_core::ecma::ast::FnDecl) {
        node.function.visit_with(self);
    }

    fn visit_assign_target(&mut self, node: &AssignTarget) {
        match node {
            AssignTarget::Simple(SimpleAssignTarget::Ident(name)) => {
                self.written.insert(name.to_id());
            }
            AssignTarget::Pat(pattern) => pattern.visit_with(&mut Every(&mut self.written)),
            AssignTarget::Simple(_) => {}
        }
        node.visit_children_with(self);
    }

    fn visit_update_expr(&mut self, node: &UpdateExpr) {
        if let Expr::Ident(name) = &*node.arg {
            self.written.insert(name.to_id());
        }
        node.visit_children_with(self);
    }

    fn visit_for_head(&mut self, node: &ForHead) {
        if let ForHead::Pat(pattern) = node {
            pattern.visit_with(&mut Every(&mut self.written));
        }
        node.visit_children_with(self);
    }
}

/// Every name in a pattern: more than is assigned to, never less.
struct Every<'a>(&'a mut HashSet<Id>);

impl Visit for Every<'_> {
    fn visit_ident(&mut self, node: &Ident) {
        self.0.insert(node.to_id());
    }
}
