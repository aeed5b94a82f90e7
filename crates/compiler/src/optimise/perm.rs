//! `ctx.perm` of a route that is only ever called as that route: the mask its decorator says.

use std::collections::BTreeMap;

use swc_core::common::{DUMMY_SP, Span, Spanned};
use swc_core::ecma::ast::{
    AssignTarget, BindingIdent, Decl, DefaultDecl, Expr, Id, Lit, MemberExpr, MemberProp, Module,
    ModuleDecl, ModuleItem, Number, Pat, SimpleAssignTarget, UnaryExpr, UnaryOp, UpdateExpr,
};
use swc_core::ecma::visit::{Visit, VisitMut, VisitMutWith, VisitWith};

use crate::modules::declaration;

/// Puts each route's mask in the place of `ctx.perm`, unless its function writes to it.
pub(super) fn fold_perm(module: &mut Module, perms: &BTreeMap<String, u8>) {
    for item in &mut module.body {
        let Some((name, ctx)) = route(item) else {
            continue;
        };
        let Some(perm) = perms.get(&name) else {
            continue;
        };
        let mut writes = Writes {
            ctx: &ctx,
            found: false,
        };
        item.visit_with(&mut writes);
        if !writes.found {
            item.visit_mut_with(&mut Fold {
                ctx: &ctx,
                perm: *perm,
            });
        }
    }
}

/// The name of the function an item declares, and of its first parameter.
fn route(item: &ModuleItem) -> Option<(String, Id)> {
    let first = |pat: Option<&Pat>| pat?.as_ident().map(BindingIdent::to_id);
    let of_function =
        |function: &swc_core::ecma::ast::Function| first(function.params.first().map(|p| &p.pat));
    if let ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultDecl(export)) = item {
        let DefaultDecl::Fn(f) = &export.decl else {
            return None;
        };
        return Some((f.ident.as_ref()?.sym.to_string(), of_function(&f.function)?));
    }
    match declaration(item)? {
        Decl::Fn(f) => Some((f.ident.sym.to_string(), of_function(&f.function)?)),
        Decl::Var(var) => {
            let declarator = var.decls.first()?;
            let name = declarator.name.as_ident()?.sym.to_string();
            let ctx = match declarator.init.as_deref()? {
                Expr::Arrow(arrow) => first(arrow.params.first())?,
                Expr::Fn(f) => of_function(&f.function)?,
                _ => return None,
            };
            Some((name, ctx))
        }
        _ => None,
    }
}

fn is_perm(node: &MemberExpr, ctx: &Id) -> bool {
    let property = match &node.prop {
        MemberProp::Ident(name) => &*name.sym == "perm",
        MemberProp::Computed(computed) => {
            matches!(&*computed.expr, Expr::Lit(Lit::Str(name)) if name.value == *"perm")
        }
        MemberProp::PrivateName(_) => false,
    };
    property && matches!(bare(&node.obj), Expr::Ident(name) if name.to_id() == *ctx)
}

fn bare(value: &Expr) -> &Expr {
    match value {
        Expr::Paren(paren) => bare(&paren.expr),
        other => other,
    }
}

/// Whether `ctx` or `ctx.perm` is written to.
struct Writes<'a> {
    ctx: &'a Id,
    found: bool,
}

impl Visit for Writes<'_> {
    fn visit_assign_target(&mut self, node: &AssignTarget) {
        self.found |= match node {
            AssignTarget::Simple(SimpleAssignTarget::Ident(name)) => name.to_id() == *self.ctx,
            AssignTarget::Simple(SimpleAssignTarget::Member(member)) => is_perm(member, self.ctx),
            // A pattern may write to anything it names.
            AssignTarget::Simple(_) | AssignTarget::Pat(_) => true,
        };
        node.visit_children_with(self);
    }

    fn visit_update_expr(&mut self, node: &UpdateExpr) {
        self.found |= match bare(&node.arg) {
            Expr::Ident(name) => name.to_id() == *self.ctx,
            Expr::Member(member) => is_perm(member, self.ctx),
            _ => false,
        };
        node.visit_children_with(self);
    }

    fn visit_unary_expr(&mut self, node: &UnaryExpr) {
        let deletes = node.op == UnaryOp::Delete;
        self.found |= deletes && matches!(bare(&node.arg), Expr::Member(m) if is_perm(m, self.ctx));
        node.visit_children_with(self);
    }
}

struct Fold<'a> {
    ctx: &'a Id,
    perm: u8,
}

impl VisitMut for Fold<'_> {
    fn visit_mut_expr(&mut self, node: &mut Expr) {
        if let Expr::Member(member) = node
            && is_perm(member, self.ctx)
        {
            *node = number(self.perm, node.span());
            return;
        }
        node.visit_mut_children_with(self);
    }
}

/// A mask as a literal.
pub(super) fn number(mask: u8, span: Span) -> Expr {
    let span = if span.is_dummy() { DUMMY_SP } else { span };
    Expr::Lit(Lit::Num(Number {
        span,
        value: f64::from(mask),
        raw: None,
    }))
}
