//! Constants in the place of their names.

use std::collections::HashMap;

use swc_core::common::{BytePos, SyntaxContext};
use swc_core::ecma::ast::{
    CallExpr, Callee, Expr, FnDecl, Id, Ident, KeyValueProp, Lit, MemberExpr, MemberProp, Module,
    NewExpr, OptChainExpr, Prop, PropName, Stmt, SwitchCase, TaggedTpl, UpdateExpr, VarDecl,
    VarDeclKind,
};
use swc_core::ecma::visit::{Visit, VisitMut, VisitMutWith, VisitWith};

use super::Known;
use super::known::literal;
use super::perm::number;
use crate::modules::declaration;

/// The masks of `perms`, as `lib/shared/perms.ts` has them.
const PERMS: [(&str, u8); 9] = [
    ("___", 0),
    ("R__", 4),
    ("_W_", 2),
    ("__X", 1),
    ("RW_", 6),
    ("WR_", 6),
    ("R_X", 5),
    ("_WX", 3),
    ("RWX", 7),
];

/// Puts constants in the place of their names, where they surely have their value.
pub(super) fn propagate(module: &mut Module, unresolved: SyntaxContext, known: &Known<'_>) {
    let mut local = Local::default();
    module.visit_with(&mut local);
    let mut of_module: HashMap<Id, Lit> = HashMap::new();
    for (id, lit) in &known.imported {
        of_module.insert(id.clone(), lit.clone());
    }
    for var in module.body.iter().filter_map(|i| declaration(i)?.as_var()) {
        of_module.extend(constants(var));
    }
    let mut put = Put {
        of_module: &of_module,
        local: &local.found,
        unresolved,
        in_call: false,
        declarations: 0,
    };
    for item in &mut module.body {
        put.in_call = (known.in_call)(item);
        item.visit_mut_with(&mut put);
    }
}

/// The constants a declaration declares.
fn constants(var: &VarDecl) -> Vec<(Id, Lit)> {
    if var.kind != VarDeclKind::Const {
        return Vec::new();
    }
    let constant = |d: &swc_core::ecma::ast::VarDeclarator| {
        let id = d.name.as_ident()?.to_id();
        Some((id, literal(d.init.as_deref()?)?))
    };
    var.decls.iter().filter_map(constant).collect()
}

/// A constant inside of a function.
struct Constant {
    value: Lit,
    /// Where its declaration ends: what stands behind runs behind.
    end: BytePos,
    /// How many function declarations are around it: those are hoisted over it.
    declarations: u32,
}

#[derive(Default)]
struct Local {
    found: HashMap<Id, Constant>,
    declarations: u32,
}

impl Visit for Local {
    fn visit_var_decl(&mut self, node: &VarDecl) {
        for (id, value) in constants(node) {
            if !node.span.is_dummy() {
                let constant = Constant {
                    value,
                    end: node.span.hi,
                    declarations: self.declarations,
                };
                self.found.insert(id, constant);
            }
        }
        node.visit_children_with(self);
    }

    fn visit_fn_decl(&mut self, node: &FnDecl) {
        self.declarations += 1;
        node.visit_children_with(self);
        self.declarations -= 1;
    }

    /// A case may be entered behind the constants of the one before.
    fn visit_switch_case(&mut self, node: &SwitchCase) {
        for statement in &node.cons {
            if !matches!(statement, Stmt::Decl(_)) {
                statement.visit_with(self);
            }
        }
    }
}

struct Put<'a> {
    of_module: &'a HashMap<Id, Lit>,
    local: &'a HashMap<Id, Constant>,
    unresolved: SyntaxContext,
    /// Whether what is looked at runs in calls only.
    in_call: bool,
    declarations: u32,
}

impl Put<'_> {
    fn value(&self, name: &Ident) -> Option<Expr> {
        let id = name.to_id();
        let of_module = || self.of_module.get(&id).filter(|_| self.in_call);
        let local = || {
            let constant = self.local.get(&id)?;
            let behind = name.span.lo >= constant.end;
            (behind && self.declarations == constant.declarations).then_some(&constant.value)
        };
        let mut value = of_module().or_else(local)?.clone();
        value.set_span(name.span);
        Some(Expr::Lit(value))
    }

    /// `perms.R__`
    fn mask(&self, node: &MemberExpr) -> Option<Expr> {
        let (Expr::Ident(object), MemberProp::Ident(name)) = (&*node.obj, &node.prop) else {
            return None;
        };
        let ours = object.ctxt == self.unresolved && object.sym == *"perms";
        let mask = PERMS
            .iter()
            .find(|(known, _)| ours && *known == &*name.sym)?;
        Some(number(mask.1, node.span))
    }
}

impl VisitMut for Put<'_> {
    fn visit_mut_expr(&mut self, node: &mut Expr) {
        let value = match node {
            Expr::Ident(name) => self.value(name),
            Expr::Member(member) => self.mask(member),
            _ => None,
        };
        match value {
            Some(value) => *node = value,
            None => node.visit_mut_children_with(self),
        }
    }

    fn visit_mut_prop(&mut self, node: &mut Prop) {
        if let Prop::Shorthand(name) = node
            && let Some(value) = self.value(name)
        {
            *node = Prop::KeyValue(KeyValueProp {
                key: PropName::Ident(name.clone().into()),
                value: Box::new(value),
            });
            return;
        }
        node.visit_mut_children_with(self);
    }

    fn visit_mut_fn_decl(&mut self, node: &mut FnDecl) {
        self.declarations += 1;
        node.visit_mut_children_with(self);
        self.declarations -= 1;
    }

    // What is called or written to keeps its name, for the message of the error it is.
    fn visit_mut_call_expr(&mut self, node: &mut CallExpr) {
        if !matches!(&node.callee, Callee::Expr(callee) if callee.is_ident()) {
            node.callee.visit_mut_with(self);
        }
        node.args.visit_mut_with(self);
    }

    fn visit_mut_new_expr(&mut self, node: &mut NewExpr) {
        if !node.callee.is_ident() {
            node.callee.visit_mut_with(self);
        }
        node.args.visit_mut_with(self);
    }

    fn visit_mut_tagged_tpl(&mut self, node: &mut TaggedTpl) {
        node.tpl.visit_mut_with(self);
    }

    fn visit_mut_opt_chain_expr(&mut self, _: &mut OptChainExpr) {}

    fn visit_mut_update_expr(&mut self, _: &mut UpdateExpr) {}
}
