//! A middleware as it is written: which of its names are the context, `next` and the environment.

use std::collections::HashSet;

use swc_core::common::Spanned;
use swc_core::ecma::ast::{
    ArrowFunctionBody, Decl, ExportDecl, Expr, Function, Id, Ident, ModuleDecl, ModuleItem, Pat,
    ReturnStmt, SimpleAssignTarget, Stmt, VarDeclKind,
};
use swc_core::ecma::visit::{Visit, VisitWith};

/// What a parameter stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Ctx,
    Next,
    Env,
}

/// The function of a middleware, its parameters understood.
#[derive(Debug, Clone)]
pub(super) struct Written {
    /// A name, or a pattern of the context or the environment.
    pub params: Vec<(Pat, Role)>,
    pub body: Vec<Stmt>,
}

impl Written {
    /// The name `next` goes by.
    pub(super) fn next(&self) -> Option<Id> {
        let next = self.params.iter().find(|(_, role)| *role == Role::Next);
        next.and_then(|(pat, _)| Some(pat.as_ident()?.to_id()))
    }
}

/// The order in which a middleware is given its arguments.
const ROLES: [Role; 3] = [Role::Ctx, Role::Next, Role::Env];
/// The same behind the hidden parameters of a function that uses `ctx` and `env`.
const HIDDEN: [Role; 2] = [Role::Ctx, Role::Env];

/// Reads a function written in the list; a generator or a parameter of an unusual form is not read.
pub(super) fn in_place(function: &Expr) -> Option<Written> {
    read(function, &ROLES)
}

/// Reads a function of the same module by its name, unless something is ever assigned to it.
/// `hidden` says that it takes `ctx` and `env` before its own parameters.
pub(super) fn by_name(module: &[ModuleItem], wanted: &Id, hidden: bool) -> Option<Written> {
    let mut assigned = Assigned::default();
    module.visit_with(&mut assigned);
    if assigned.0.contains(wanted) {
        return None;
    }
    let roles: Vec<Role> = if hidden {
        HIDDEN.into_iter().chain(ROLES).collect()
    } else {
        ROLES.to_vec()
    };
    let of_item = |item: &ModuleItem| match item {
        ModuleItem::Stmt(Stmt::Decl(decl))
        | ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(ExportDecl { decl, .. })) => {
            of_declaration(decl, wanted, &roles)
        }
        _ => None,
    };
    module.iter().find_map(of_item)
}

fn of_declaration(decl: &Decl, wanted: &Id, roles: &[Role]) -> Option<Written> {
    match decl {
        Decl::Fn(f) if f.ident.to_id() == *wanted => of_function(&f.function, roles),
        Decl::Var(var) if var.kind == VarDeclKind::Const => {
            let is_wanted = |pat: &Pat| pat.as_ident().is_some_and(|i| i.to_id() == *wanted);
            let declarator = var.decls.iter().find(|d| is_wanted(&d.name))?;
            read(declarator.init.as_deref()?, roles)
        }
        _ => None,
    }
}

fn read(function: &Expr, roles: &[Role]) -> Option<Written> {
    match function {
        Expr::Paren(paren) => read(&paren.expr, roles),
        Expr::Arrow(arrow) if !arrow.is_generator => {
            let body = match &*arrow.body {
                ArrowFunctionBody::FunctionBody(body) => body.stmts.clone(),
                ArrowFunctionBody::Expr(value) => vec![Stmt::Return(ReturnStmt {
                    span: value.span(),
                    arg: Some(value.clone()),
                })],
            };
            written(arrow.params.iter(), body, roles)
        }
        // One that calls itself by its own name needs to exist as a function.
        Expr::Fn(f) if f.ident.is_none() => of_function(&f.function, roles),
        _ => None,
    }
}

fn of_function(function: &Function, roles: &[Role]) -> Option<Written> {
    let body = function.body.as_ref()?;
    if function.is_generator {
        return None;
    }
    let params = function.params.iter().map(|p| &p.pat);
    written(params, body.stmts.clone(), roles)
}

fn written<'a>(
    params: impl Iterator<Item = &'a Pat>,
    body: Vec<Stmt>,
    roles: &[Role],
) -> Option<Written> {
    let mut understood: Vec<(Pat, Role)> = Vec::new();
    for (index, pat) in params.enumerate() {
        let (pat, role) = match (pat, roles.get(index)) {
            (Pat::Ident(_) | Pat::Object(_) | Pat::Array(_), Some(role)) => (pat, *role),
            // What a pattern became when its parameter needed a name: `(ctx, next, env, { path } = ctx)`.
            (Pat::Assign(unpacked), None) => {
                let from = unpacked.right.as_ident()?.to_id();
                let named = |(p, _): &&(Pat, Role)| p.as_ident().is_some_and(|i| i.to_id() == from);
                let role = understood.iter().find(named)?.1;
                (&*unpacked.left, role)
            }
            _ => return None,
        };
        let usable = role != Role::Next || (pat.is_ident() && index < roles.len());
        understood.push(usable.then(|| (pat.clone(), role))?);
    }
    Some(Written {
        params: understood,
        body,
    })
}

/// Every name something is assigned to after its declaration.
#[derive(Default)]
pub(super) struct Assigned(pub HashSet<Id>);

impl Visit for Assigned {
    fn visit_assign_target(&mut self, node: &swc_core::ecma::ast::AssignTarget) {
        if let Some(SimpleAssignTarget::Ident(name)) = node.as_simple() {
            self.0.insert(name.to_id());
        } else if let Some(pattern) = node.as_pat() {
            pattern.visit_with(&mut Names(&mut self.0));
        }
        node.visit_children_with(self);
    }

    fn visit_update_expr(&mut self, node: &swc_core::ecma::ast::UpdateExpr) {
        if let Expr::Ident(name) = &*node.arg {
            self.0.insert(name.to_id());
        }
        node.visit_children_with(self);
    }

    fn visit_for_head(&mut self, node: &swc_core::ecma::ast::ForHead) {
        if let Some(pattern) = node.as_pat() {
            pattern.visit_with(&mut Names(&mut self.0));
        }
        node.visit_children_with(self);
    }
}

/// Every name in a pattern: its default values' too, which is more than is assigned to.
struct Names<'a>(&'a mut HashSet<Id>);

impl Visit for Names<'_> {
    fn visit_ident(&mut self, node: &Ident) {
        self.0.insert(node.to_id());
    }
}
