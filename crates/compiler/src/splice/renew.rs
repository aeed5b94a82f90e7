//! A copy of a middleware whose names are its own, and the chain's names for its parameters.

use std::collections::{HashMap, HashSet};

use swc_core::common::{DUMMY_SP, Mark, SyntaxContext};
use swc_core::ecma::ast::{
    BindingIdent, Expr, Id, Ident, KeyValueProp, Prop, PropName, Stmt, VarDeclKind,
};
use swc_core::ecma::visit::{VisitMut, VisitMutWith, VisitWith};

use super::build::declare_as;
use super::written::{Assigned, Role, Written};

/// A copy with names that nothing else has. The same function stands in the list and in several
/// chains, and names are told apart by where they are declared. `shared` are the contexts of names
/// from outside of the function.
pub(super) fn renewed(written: &Written, shared: &[SyntaxContext]) -> Written {
    let mut copy = written.clone();
    let mut renew = Renew {
        shared,
        contexts: HashMap::new(),
    };
    for (pattern, _) in &mut copy.params {
        pattern.visit_mut_with(&mut renew);
    }
    copy.body.visit_mut_with(&mut renew);
    copy
}

struct Renew<'a> {
    shared: &'a [SyntaxContext],
    contexts: HashMap<SyntaxContext, SyntaxContext>,
}

impl VisitMut for Renew<'_> {
    fn visit_mut_ident(&mut self, node: &mut Ident) {
        if !self.shared.contains(&node.ctxt) {
            let fresh = || SyntaxContext::empty().apply_mark(Mark::new());
            node.ctxt = *self.contexts.entry(node.ctxt).or_insert_with(fresh);
        }
    }
}

/// Puts the chain's names in the place of the parameters; one that is written to, or that is a
/// pattern, becomes a variable instead.
pub(super) fn with_arguments(written: Written, argument: impl Fn(Role) -> Ident) -> Vec<Stmt> {
    let mut body = written.body;
    let mut assigned = Assigned::default();
    body.visit_with(&mut assigned);
    for (pattern, _) in &written.params {
        pattern.visit_with(&mut assigned);
    }
    let mut renames = HashMap::new();
    let mut variables = Vec::new();
    let mut seen = HashSet::new();
    for (pattern, role) in written.params {
        if role == Role::Next {
            continue;
        }
        let name = argument(role);
        match pattern.as_ident().map(BindingIdent::to_id) {
            Some(id) if !assigned.0.contains(&id) && seen.insert(id.clone()) => {
                renames.insert(id, name);
            }
            _ => variables.push(declare_as(VarDeclKind::Let, pattern, Expr::Ident(name))),
        }
    }
    variables.append(&mut body);
    variables.visit_mut_with(&mut Rename(renames));
    variables
}

struct Rename(HashMap<Id, Ident>);

impl Rename {
    fn of(&self, node: &Ident) -> Option<Ident> {
        let to = self.0.get(&node.to_id())?;
        Some(Ident {
            span: node.span,
            ..to.clone()
        })
    }
}

impl VisitMut for Rename {
    fn visit_mut_ident(&mut self, node: &mut Ident) {
        if let Some(to) = self.of(node) {
            *node = to;
        }
    }

    fn visit_mut_prop(&mut self, node: &mut Prop) {
        if let Prop::Shorthand(name) = node
            && let Some(to) = self.of(name)
        {
            let key = Ident::new(name.sym.clone(), DUMMY_SP, SyntaxContext::empty());
            *node = Prop::KeyValue(KeyValueProp {
                key: PropName::Ident(key.into()),
                value: Box::new(Expr::Ident(to)),
            });
            return;
        }
        node.visit_mut_children_with(self);
    }
}
