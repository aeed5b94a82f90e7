//! Whether a middleware can be spliced: how it uses `next`, and what else needs a function of its own.
//!
//! The rules are the table of `docs/design/compiler-middleware.md`. Whatever is not understood here
//! stays a function: that is always right, only slower.

use std::collections::{HashMap, HashSet};

use swc_core::ecma::ast::{
    ArrowExpr, Class, Decl, DoWhileStmt, FnDecl, ForInStmt, ForOfStmt, ForStmt, Function, Id,
    Ident, MetaPropExpr, MetaPropKind, Pat, ReturnStmt, Stmt, SuperPropExpr, TaggedTpl, ThisExpr,
    TryStmt, VarDeclarator, WhileStmt,
};
use swc_core::ecma::utils::find_pat_ids;
use swc_core::ecma::visit::{Visit, VisitWith};

use super::site::{Site, site};
use super::written::{Role, Written};

/// A middleware that can be spliced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    /// Whether it calls `next` at all.
    pub calls_next: bool,
    /// Whether it returns something of its own.
    pub replies: bool,
    /// Whether a reply it has returned can be taken back: by a `finally`, on the way out.
    pub retracts: bool,
}

/// The shape of a middleware that can be spliced; `None` for one that stays a function.
pub(super) fn shape(written: &Written) -> Option<Shape> {
    let mut uses = Uses {
        next: written.next(),
        ..Uses::default()
    };
    written.body.visit_with(&mut uses);
    let mut parameters = HashSet::new();
    for (pattern, role) in &written.params {
        parameters.extend(find_pat_ids::<_, Id>(pattern));
        if *role != Role::Next {
            uses.in_function(pattern, false);
        }
    }
    let functions = written
        .body
        .iter()
        .filter_map(|s| s.as_decl()?.as_fn_decl());
    // Legal among the statements of a function, not among those of a block.
    let declared_twice = |id: &Id| uses.declarations.get(id).is_some_and(|n| *n > 1);
    let spliceable = uses.sites <= 1
        && !uses.stays
        && !functions
            .map(|f| f.ident.to_id())
            .any(|id| declared_twice(&id))
        && !parameters.iter().any(|p| uses.declarations.contains_key(p));
    spliceable.then_some(Shape {
        calls_next: uses.sites == 1,
        replies: uses.replies,
        retracts: uses.retracts,
    })
}

/// What a body does with `next`.
#[derive(Default)]
struct Uses {
    next: Option<Id>,
    /// Calls in a form that can be replaced.
    sites: u32,
    /// Any other use, a call where replacing it would change what happens, `arguments`, `this` and
    /// the like: it has to stay a function.
    stays: bool,
    replies: bool,
    retracts: bool,
    /// How often each name is declared.
    declarations: HashMap<Id, u32>,
    loops: u32,
    tries: u32,
    finalizers: u32,
    /// Blocks with a `finally` around, or with something to dispose of.
    unwinding: u32,
    functions: u32,
    owners_of_this: u32,
}

impl Uses {
    fn record(&mut self, site: Site<'_>) {
        let awaited = !matches!(site, Site::ReturnPromise);
        let replaceable = self.functions == 0
            && self.loops == 0
            && self.finalizers == 0
            // A rejection that nobody awaits in a `try` passes its `catch`.
            && (awaited || (self.tries == 0 && self.unwinding == 0));
        if replaceable {
            self.sites += 1;
        } else {
            self.stays = true;
        }
    }

    fn declare(&mut self, pattern: &Pat) {
        let names: HashSet<Id> = find_pat_ids(pattern).into_iter().collect();
        for name in names {
            *self.declarations.entry(name).or_default() += 1;
        }
    }

    fn in_loop(&mut self, node: &impl VisitWith<Self>) {
        self.loops += 1;
        node.visit_children_with(self);
        self.loops -= 1;
    }

    fn in_function(&mut self, node: &impl VisitWith<Self>, owns_this: bool) {
        self.functions += 1;
        self.owners_of_this += u32::from(owns_this);
        node.visit_children_with(self);
        self.owners_of_this -= u32::from(owns_this);
        self.functions -= 1;
    }
}

impl Visit for Uses {
    fn visit_stmt(&mut self, node: &Stmt) {
        let Some(found) = self.next.as_ref().and_then(|next| site(node, next)) else {
            node.visit_children_with(self);
            return;
        };
        self.record(found);
        if let Site::Declare(declaration, index) = found {
            for (i, declarator) in declaration.decls.iter().enumerate() {
                if i == index {
                    self.declare(&declarator.name);
                    declarator.name.visit_with(self);
                } else {
                    declarator.visit_with(self);
                }
            }
        }
    }

    fn visit_stmts(&mut self, nodes: &[Stmt]) {
        let disposes = nodes
            .iter()
            .any(|s| matches!(s, Stmt::Decl(Decl::Using(_))));
        self.unwinding += u32::from(disposes);
        nodes.visit_children_with(self);
        self.unwinding -= u32::from(disposes);
    }

    fn visit_try_stmt(&mut self, node: &TryStmt) {
        self.tries += 1;
        self.unwinding += u32::from(node.finalizer.is_some());
        node.block.visit_with(self);
        node.handler.visit_with(self);
        self.unwinding -= u32::from(node.finalizer.is_some());
        self.finalizers += 1;
        node.finalizer.visit_with(self);
        self.finalizers -= 1;
        self.tries -= 1;
    }

    fn visit_return_stmt(&mut self, node: &ReturnStmt) {
        if self.functions == 0 && node.arg.is_some() {
            self.replies = true;
            self.retracts |= self.unwinding > 0;
        }
        node.visit_children_with(self);
    }

    fn visit_for_stmt(&mut self, node: &ForStmt) {
        self.in_loop(node);
    }

    fn visit_for_in_stmt(&mut self, node: &ForInStmt) {
        self.in_loop(node);
    }

    fn visit_for_of_stmt(&mut self, node: &ForOfStmt) {
        self.in_loop(node);
    }

    fn visit_while_stmt(&mut self, node: &WhileStmt) {
        self.in_loop(node);
    }

    fn visit_do_while_stmt(&mut self, node: &DoWhileStmt) {
        self.in_loop(node);
    }

    fn visit_arrow_expr(&mut self, node: &ArrowExpr) {
        self.in_function(node, false);
    }

    fn visit_function(&mut self, node: &Function) {
        self.in_function(node, true);
    }

    fn visit_class(&mut self, node: &Class) {
        self.in_function(node, true);
    }

    fn visit_fn_decl(&mut self, node: &FnDecl) {
        *self.declarations.entry(node.ident.to_id()).or_default() += 1;
        node.visit_children_with(self);
    }

    fn visit_var_declarator(&mut self, node: &VarDeclarator) {
        self.declare(&node.name);
        node.visit_children_with(self);
    }

    fn visit_ident(&mut self, node: &Ident) {
        self.stays |= self.next.as_ref().is_some_and(|next| node.to_id() == *next);
        self.stays |= node.sym == *"arguments";
    }

    fn visit_this_expr(&mut self, _: &ThisExpr) {
        self.stays |= self.owners_of_this == 0;
    }

    fn visit_super_prop_expr(&mut self, node: &SuperPropExpr) {
        self.stays |= self.owners_of_this == 0;
        node.visit_children_with(self);
    }

    fn visit_meta_prop_expr(&mut self, node: &MetaPropExpr) {
        let new_target = node.kind == MetaPropKind::NewTarget;
        self.stays |= new_target && self.owners_of_this == 0;
    }

    /// The strings of a tagged template are one object for each place in the code (ECMA-262,
    /// GetTemplateObject): a copy of the place would have another.
    fn visit_tagged_tpl(&mut self, node: &TaggedTpl) {
        self.stays = true;
        node.visit_children_with(self);
    }
}
