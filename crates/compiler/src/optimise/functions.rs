//! Small functions in the place of their calls.
//!
//! Only where nothing can tell: the function is one expression, its arguments are values whose
//! evaluation does nothing, and it is no more than its parameters and the names of the module.

use std::collections::{HashMap, HashSet};

use swc_core::ecma::ast::{
    ArrowExpr, ArrowFunctionBody, AssignExpr, AwaitExpr, BindingIdent, CallExpr, Callee, Class,
    Decl, Expr, ExprOrSpread, Function, FunctionBody, Id, Ident, KeyValueProp, MetaPropExpr,
    Module, ModuleItem, Pat, Prop, PropName, Stmt, SuperPropExpr, TaggedTpl, ThisExpr, UpdateExpr,
    YieldExpr,
};
use swc_core::ecma::visit::{Visit, VisitMut, VisitMutWith, VisitWith};

use super::known::literal;
use super::stable::{stable, written};
use crate::modules::declaration;

/// The specification's threshold (6.3.4), in nodes of the syntax tree.
const LARGEST: u32 = 50;

/// Puts the body of small functions in the place of their calls, in code that runs in calls.
pub(super) fn inline(module: &mut Module, in_call: &dyn Fn(&ModuleItem) -> bool) {
    let (stable, written) = (stable(module), written(module));
    let items = module.body.iter().filter_map(declaration);
    let small: HashMap<Id, Small> = items
        .filter_map(small)
        .filter(|(id, _)| !written.contains(id))
        .collect();
    if small.is_empty() {
        return;
    }
    let mut inline = Inline {
        small: &small,
        stable: &stable,
    };
    for item in &mut module.body {
        if in_call(item) {
            item.visit_mut_with(&mut inline);
        }
    }
}

/// A function that is one expression.
struct Small {
    params: Vec<Id>,
    value: Expr,
}

fn small(decl: &Decl) -> Option<(Id, Small)> {
    match decl {
        Decl::Fn(f) => Some((f.ident.to_id(), of_function(&f.ident.to_id(), &f.function)?)),
        Decl::Var(var) if var.kind == swc_core::ecma::ast::VarDeclKind::Const => {
            let declarator = var.decls.first()?;
            let id = declarator.name.as_ident()?.to_id();
            let small = match declarator.init.as_deref()? {
                Expr::Fn(f) if f.ident.is_none() => of_function(&id, &f.function)?,
                Expr::Arrow(arrow) if !arrow.is_async && !arrow.is_generator => {
                    let value = match &*arrow.body {
                        ArrowFunctionBody::Expr(value) => value,
                        ArrowFunctionBody::FunctionBody(body) => returned(body)?,
                    };
                    of_parts(&id, arrow.params.iter(), value)?
                }
                _ => return None,
            };
            Some((id, small))
        }
        _ => None,
    }
}

fn of_function(id: &Id, function: &Function) -> Option<Small> {
    if function.is_async || function.is_generator {
        return None;
    }
    let value = returned(function.body.as_ref()?)?;
    of_parts(id, function.params.iter().map(|p| &p.pat), value)
}

/// The value of a body that is one `return`.
fn returned(body: &FunctionBody) -> Option<&Expr> {
    match body.stmts.as_slice() {
        [Stmt::Return(statement)] => statement.arg.as_deref(),
        _ => None,
    }
}

fn of_parts<'a>(id: &Id, params: impl Iterator<Item = &'a Pat>, value: &Expr) -> Option<Small> {
    let params: Vec<Id> = params
        .map(|p| p.as_ident().map(BindingIdent::to_id))
        .collect::<Option<_>>()?;
    let mut body = Body {
        own: id,
        nodes: 0,
        unsuitable: false,
    };
    value.visit_with(&mut body);
    let distinct: HashSet<&Id> = params.iter().collect();
    (!body.unsuitable && body.nodes < LARGEST && distinct.len() == params.len()).then(|| Small {
        params: params.clone(),
        value: value.clone(),
    })
}

/// Looks for what only a function of its own can have.
struct Body<'a> {
    own: &'a Id,
    nodes: u32,
    unsuitable: bool,
}

impl Visit for Body<'_> {
    fn visit_expr(&mut self, node: &Expr) {
        self.nodes += 1;
        node.visit_children_with(self);
    }

    fn visit_prop(&mut self, node: &Prop) {
        self.nodes += 1;
        node.visit_children_with(self);
    }

    fn visit_ident(&mut self, node: &Ident) {
        self.unsuitable |= node.to_id() == *self.own || node.sym == *"arguments";
        self.unsuitable |= node.sym == *"eval";
    }

    fn visit_this_expr(&mut self, _: &ThisExpr) {
        self.unsuitable = true;
    }

    fn visit_super_prop_expr(&mut self, _: &SuperPropExpr) {
        self.unsuitable = true;
    }

    fn visit_meta_prop_expr(&mut self, _: &MetaPropExpr) {
        self.unsuitable = true;
    }

    fn visit_arrow_expr(&mut self, _: &ArrowExpr) {
        self.unsuitable = true;
    }

    fn visit_function(&mut self, _: &Function) {
        self.unsuitable = true;
    }

    fn visit_class(&mut self, _: &Class) {
        self.unsuitable = true;
    }

    fn visit_tagged_tpl(&mut self, _: &TaggedTpl) {
        self.unsuitable = true;
    }

    fn visit_assign_expr(&mut self, _: &AssignExpr) {
        self.unsuitable = true;
    }

    fn visit_update_expr(&mut self, _: &UpdateExpr) {
        self.unsuitable = true;
    }

    fn visit_await_expr(&mut self, _: &AwaitExpr) {
        self.unsuitable = true;
    }

    fn visit_yield_expr(&mut self, _: &YieldExpr) {
        self.unsuitable = true;
    }
}

struct Inline<'a> {
    small: &'a HashMap<Id, Small>,
    stable: &'a HashSet<Id>,
}

impl Inline<'_> {
    fn replaced(&self, call: &CallExpr) -> Option<Expr> {
        let Callee::Expr(callee) = &call.callee else {
            return None;
        };
        let small = self.small.get(&callee.as_ident()?.to_id())?;
        if call.args.len() != small.params.len() || !call.args.iter().all(|a| self.is_value(a)) {
            return None;
        }
        let arguments = call.args.iter().map(|a| (*a.expr).clone());
        let mut value = small.value.clone();
        value.visit_mut_with(&mut Substitute {
            arguments: small.params.iter().cloned().zip(arguments).collect(),
        });
        Some(value)
    }

    /// Whether evaluating an argument does nothing, and gives the same whenever it is done.
    fn is_value(&self, argument: &ExprOrSpread) -> bool {
        argument.spread.is_none()
            && match &*argument.expr {
                Expr::Ident(name) => self.stable.contains(&name.to_id()),
                other => literal(other).is_some(),
            }
    }
}

impl VisitMut for Inline<'_> {
    fn visit_mut_expr(&mut self, node: &mut Expr) {
        node.visit_mut_children_with(self);
        if let Expr::Call(call) = node
            && let Some(value) = self.replaced(call)
        {
            *node = value;
        }
    }
}

struct Substitute {
    arguments: HashMap<Id, Expr>,
}

impl VisitMut for Substitute {
    fn visit_mut_expr(&mut self, node: &mut Expr) {
        if let Expr::Ident(name) = node {
            if let Some(value) = self.arguments.get(&name.to_id()) {
                *node = value.clone();
            }
            return;
        }
        node.visit_mut_children_with(self);
    }

    fn visit_mut_prop(&mut self, node: &mut Prop) {
        if let Prop::Shorthand(name) = node
            && let Some(value) = self.arguments.get(&name.to_id())
        {
            *node = Prop::KeyValue(KeyValueProp {
                key: PropName::Ident(name.clone().into()),
                value: Box::new(value.clone()),
            });
            return;
        }
        node.visit_mut_children_with(self);
    }
}
