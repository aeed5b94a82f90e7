//! Functions and classes are known by their names at run time (`f.name`, stack traces): a middleware
//! that has one stays a function where splicing could make the printer choose another name.

use std::collections::HashSet;

use swc_core::atoms::Atom;
use swc_core::ecma::ast::{
    AssignExpr, AssignPat, AssignPatProp, AssignTarget, ClassDecl, ClassExpr, Expr, FnDecl, FnExpr,
    Ident, Pat, SimpleAssignTarget, VarDeclarator,
};
use swc_core::ecma::visit::{Visit, VisitWith};

use super::written::Written;

/// The names a chain has of its own.
pub(super) const CHAIN: [&str; 6] = ["ctx", "args", "env", "handler", "inner", "reply"];

/// The words of one middleware.
#[derive(Default)]
pub(super) struct Words {
    /// Every name in it, without numbers.
    all: HashSet<Atom>,
    /// Those that functions and classes are known by.
    named: HashSet<Atom>,
}

impl Words {
    pub(super) fn of(written: &Written) -> Self {
        let mut words = Self::default();
        for (pattern, _) in &written.params {
            pattern.visit_with(&mut words);
        }
        written.body.visit_with(&mut words);
        words
    }

    /// Whether a name a function is known by is also a name of one of the others, or one that
    /// printing may choose for it: the same with a number behind it.
    pub(super) fn clash<'a>(&self, mut others: impl Iterator<Item = &'a Self>) -> bool {
        self.named.iter().any(|n| CHAIN.contains(&&**n))
            || others.any(|other| !self.named.is_disjoint(&other.all))
    }

    /// A name without the number it may end with.
    fn stem(name: &Ident) -> Atom {
        name.sym
            .trim_end_matches(|c: char| c.is_ascii_digit())
            .into()
    }

    fn name(&mut self, name: &Ident, value: &Expr) {
        let value = match value {
            Expr::Paren(paren) => return self.name(name, &paren.expr),
            other => other,
        };
        if matches!(value, Expr::Arrow(_) | Expr::Fn(_) | Expr::Class(_)) {
            self.named.insert(Self::stem(name));
        }
    }
}

impl Visit for Words {
    fn visit_ident(&mut self, node: &Ident) {
        self.all.insert(Self::stem(node));
    }

    fn visit_fn_decl(&mut self, node: &FnDecl) {
        self.named.insert(Self::stem(&node.ident));
        node.visit_children_with(self);
    }

    fn visit_class_decl(&mut self, node: &ClassDecl) {
        self.named.insert(Self::stem(&node.ident));
        node.visit_children_with(self);
    }

    fn visit_fn_expr(&mut self, node: &FnExpr) {
        self.named.extend(node.ident.iter().map(Self::stem));
        node.visit_children_with(self);
    }

    fn visit_class_expr(&mut self, node: &ClassExpr) {
        self.named.extend(node.ident.iter().map(Self::stem));
        node.visit_children_with(self);
    }

    fn visit_var_declarator(&mut self, node: &VarDeclarator) {
        if let (Pat::Ident(name), Some(value)) = (&node.name, &node.init) {
            self.name(name, value);
        }
        node.visit_children_with(self);
    }

    fn visit_assign_expr(&mut self, node: &AssignExpr) {
        if let AssignTarget::Simple(SimpleAssignTarget::Ident(name)) = &node.left {
            self.name(name, &node.right);
        }
        node.visit_children_with(self);
    }

    fn visit_assign_pat(&mut self, node: &AssignPat) {
        if let Pat::Ident(name) = &*node.left {
            self.name(name, &node.right);
        }
        node.visit_children_with(self);
    }

    fn visit_assign_pat_prop(&mut self, node: &AssignPatProp) {
        if let Some(value) = &node.value {
            self.name(&node.key, value);
        }
        node.visit_children_with(self);
    }
}
