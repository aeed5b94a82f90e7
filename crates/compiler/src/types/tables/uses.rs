//! Where the project's code names its tables.

use swc_core::common::Span;
use swc_core::ecma::ast::{
    CallExpr, Callee, Expr, Lit, MemberExpr, MemberProp, Module, ObjectPatProp, Pat, VarDeclarator,
};
use swc_core::ecma::visit::{Visit, VisitWith};

use crate::diagnostics::Range;
use crate::parse::range_of;
use crate::types::is_identifier;

/// Every `env.storage.x` and `env.storage.get('x')` of a file with its place.
pub(crate) fn used_tables(module: &Module) -> Vec<(String, Range)> {
    let mut uses = Uses::default();
    module.visit_with(&mut uses);
    let uses = uses.0.into_iter();
    uses.map(|(name, span)| (name, range_of(span))).collect()
}

#[derive(Default)]
struct Uses(Vec<(String, Span)>);

impl Visit for Uses {
    fn visit_member_expr(&mut self, node: &MemberExpr) {
        if is_storage(&node.obj)
            && let MemberProp::Ident(name) = &node.prop
            && name.sym != *"get"
            && is_identifier(&name.sym)
        {
            self.0.push((name.sym.to_string(), name.span));
        }
        node.visit_children_with(self);
    }

    /// `const { todos, users: people } = env.storage`
    fn visit_var_declarator(&mut self, node: &VarDeclarator) {
        if let (Pat::Object(pattern), Some(init)) = (&node.name, &node.init)
            && is_storage(init)
        {
            for prop in &pattern.props {
                let named = match prop {
                    ObjectPatProp::KeyValue(pair) => pair.key.as_ident().map(|k| (&k.sym, k.span)),
                    ObjectPatProp::Assign(name) => Some((&name.key.sym, name.key.span)),
                    ObjectPatProp::Rest(_) => None,
                };
                if let Some((name, span)) = named.filter(|(name, _)| **name != *"get") {
                    self.0.push((name.to_string(), span));
                }
            }
        }
        node.visit_children_with(self);
    }

    fn visit_call_expr(&mut self, node: &CallExpr) {
        if let Callee::Expr(callee) = &node.callee
            && let Expr::Member(member) = &**callee
            && is_storage(&member.obj)
            && member.prop.is_ident_with("get")
            && let Some(Expr::Lit(Lit::Str(name))) = node.args.first().map(|a| &*a.expr)
        {
            self.0
                .push((name.value.to_string_lossy().into_owned(), name.span));
        }
        node.visit_children_with(self);
    }
}

/// The table an expression stands for: `env.storage.x` or `env.storage.get('x')`.
pub(super) fn table_of(expr: &Expr) -> Option<(String, Span)> {
    match expr {
        Expr::Member(member) if is_storage(&member.obj) => match &member.prop {
            MemberProp::Ident(name) if name.sym != *"get" => {
                Some((name.sym.to_string(), name.span))
            }
            _ => None,
        },
        Expr::Call(call) => {
            let Callee::Expr(callee) = &call.callee else {
                return None;
            };
            let Expr::Member(member) = &**callee else {
                return None;
            };
            match call.args.first().map(|a| &*a.expr) {
                Some(Expr::Lit(Lit::Str(name)))
                    if is_storage(&member.obj) && member.prop.is_ident_with("get") =>
                {
                    Some((name.value.to_string_lossy().into_owned(), name.span))
                }
                _ => None,
            }
        }
        Expr::Paren(inner) => table_of(&inner.expr),
        Expr::TsNonNull(inner) => table_of(&inner.expr),
        _ => None,
    }
}

fn is_storage(expr: &Expr) -> bool {
    matches!(expr, Expr::Member(m) if m.obj.is_ident_ref_to("env") && m.prop.is_ident_with("storage"))
}
