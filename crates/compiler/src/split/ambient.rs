//! `ctx` and `env` become parameters: which functions need them, and how their callers pass them on.

use std::collections::BTreeSet;

use swc_core::common::{DUMMY_SP, Mark, Span, Spanned, SyntaxContext};
use swc_core::ecma::ast::{
    ArrowExpr, ArrowFunctionBody, CallExpr, Callee, Expr, ExprOrSpread, Ident, KeyValueProp,
    MemberExpr, Param, Pat, Prop, PropName, RestPat,
};
use swc_core::ecma::visit::{VisitMut, VisitMutWith};

use super::halves::Items;
use super::items::{Half, Reference, Shape, property_name};
use crate::modules::{Import, Imported, Modules, Source};

/// The functions of the project that take `ctx` and `env` as hidden first parameters, by file and local name.
#[derive(Debug, Default)]
pub(crate) struct Contextual(BTreeSet<(usize, String)>);

impl Contextual {
    /// Whether what `reference` of `file` leads to takes hidden parameters.
    pub(crate) fn holds(&self, modules: &Modules, file: usize, reference: &Reference) -> bool {
        target(modules, file, reference).is_some_and(|t| self.0.contains(&t))
    }

    /// Those of one file.
    pub(crate) fn of_file(&self, file: usize) -> impl Iterator<Item = &str> {
        let all = self
            .0
            .range((file, String::new())..(file + 1, String::new()));
        all.map(|(_, local)| local.as_str())
    }

    pub(crate) fn has(&self, file: usize, local: &str) -> bool {
        self.0.contains(&(file, local.to_owned()))
    }
}

/// The file and local name a reference leads to.
pub(crate) fn target(
    modules: &Modules,
    file: usize,
    reference: &Reference,
) -> Option<(usize, String)> {
    match reference {
        Reference::Name(name) => modules.declaration_of(file, name),
        Reference::Member(namespace, name) => match modules.names[file].imports.get(namespace) {
            Some(Import {
                from: Source::Project(target),
                name: Imported::Namespace,
            }) => modules.export_of(*target, name, 0),
            // A member of something else: the something is what is referred to.
            _ => modules.declaration_of(file, namespace),
        },
    }
}

/// Finds them: backend functions, functions that use `ctx` or `env`, and functions that refer to these.
pub(crate) fn contextual(
    modules: &Modules,
    items: &[Items],
    routes: &[(usize, String)],
) -> Contextual {
    let mut found = Contextual(routes.iter().cloned().collect());
    loop {
        let mut added = false;
        for (file, items) in items.iter().enumerate() {
            for item in items.iter().filter(|i| i.shape == Shape::Function) {
                let Some(name) = item.declares.first() else {
                    continue;
                };
                let needs = item.ambient.is_some()
                    || item.refers.iter().any(|r| found.holds(modules, file, r));
                added |= needs && found.0.insert((file, name.clone()));
            }
        }
        if !added {
            return found;
        }
    }
}

/// Rewrites the body of one function: `ctx` and `env` are its parameters now, and what it calls gets them.
pub(super) struct PassOn<'a> {
    pub modules: &'a Modules,
    pub file: usize,
    pub half: &'a Half,
    pub contextual: &'a Contextual,
    pub ctx: Ident,
    pub env: Ident,
}

impl<'a> PassOn<'a> {
    /// With parameters of its own, which no name of the user's can shadow.
    pub(super) fn new(
        modules: &'a Modules,
        file: usize,
        half: &'a Half,
        contextual: &'a Contextual,
    ) -> Self {
        let hidden = SyntaxContext::empty().apply_mark(Mark::new());
        let ident = |name: &str| Ident::new(name.into(), DUMMY_SP, hidden);
        Self {
            modules,
            file,
            half,
            contextual,
            ctx: ident("ctx"),
            env: ident("env"),
        }
    }

    pub(super) fn hidden_params(&self) -> [Param; 2] {
        [&self.ctx, &self.env].map(|i| Param {
            span: DUMMY_SP,
            decorators: Vec::new(),
            pat: i.clone().into(),
        })
    }

    fn hidden_arguments(&self) -> [ExprOrSpread; 2] {
        [&self.ctx, &self.env].map(|i| Expr::Ident(i.clone()).into())
    }

    /// Whether an expression is a function that takes hidden parameters.
    pub(super) fn is_contextual(&self, expr: &Expr) -> bool {
        let reference = match expr {
            Expr::Ident(name) if name.ctxt == self.half.top_level => {
                Reference::Name(name.sym.to_string())
            }
            Expr::Member(MemberExpr { obj, prop, .. }) => match (&**obj, property_name(prop)) {
                (Expr::Ident(namespace), Some(name)) if namespace.ctxt == self.half.top_level => {
                    let import = self.modules.names[self.file].imports.get(&*namespace.sym);
                    if !import.is_some_and(|i| i.name == Imported::Namespace) {
                        return false;
                    }
                    Reference::Member(namespace.sym.to_string(), name)
                }
                _ => return false,
            },
            _ => return false,
        };
        self.contextual.holds(self.modules, self.file, &reference)
    }

    /// A function that escapes as a value takes its call along: `(...args) => f(ctx, env, ...args)`.
    fn bound(&self, function: Expr, span: Span) -> Expr {
        let args = Ident::new(
            "args".into(),
            DUMMY_SP,
            SyntaxContext::empty().apply_mark(Mark::new()),
        );
        let rest = Pat::Rest(RestPat {
            span: DUMMY_SP,
            dot3_token: DUMMY_SP,
            arg: Box::new(args.clone().into()),
            type_ann: None,
        });
        let mut passed = Vec::from(self.hidden_arguments());
        passed.push(ExprOrSpread {
            spread: Some(DUMMY_SP),
            expr: Box::new(Expr::Ident(args)),
        });
        let call = Expr::Call(CallExpr {
            span,
            callee: Callee::Expr(Box::new(function)),
            args: passed,
            ..CallExpr::default()
        });
        Expr::Arrow(ArrowExpr {
            span,
            params: vec![rest],
            body: Box::new(ArrowFunctionBody::Expr(Box::new(call))),
            ..ArrowExpr::default()
        })
    }
}

impl VisitMut for PassOn<'_> {
    fn visit_mut_ident(&mut self, node: &mut Ident) {
        if node.ctxt == self.half.unresolved {
            match &*node.sym {
                "ctx" => {
                    *node = Ident {
                        span: node.span,
                        ..self.ctx.clone()
                    }
                }
                "env" => {
                    *node = Ident {
                        span: node.span,
                        ..self.env.clone()
                    }
                }
                _ => {}
            }
        }
    }

    fn visit_mut_call_expr(&mut self, node: &mut CallExpr) {
        if let Callee::Expr(callee) = &node.callee
            && self.is_contextual(callee)
        {
            node.args.visit_mut_with(self);
            node.args.splice(0..0, self.hidden_arguments());
            return;
        }
        node.visit_mut_children_with(self);
    }

    fn visit_mut_expr(&mut self, node: &mut Expr) {
        if self.is_contextual(node) {
            *node = self.bound(node.clone(), node.span());
            return;
        }
        node.visit_mut_children_with(self);
    }

    fn visit_mut_prop(&mut self, node: &mut Prop) {
        if let Prop::Shorthand(name) = node
            && self.is_contextual(&Expr::Ident(name.clone()))
        {
            let value = self.bound(Expr::Ident(name.clone()), name.span);
            *node = Prop::KeyValue(KeyValueProp {
                key: PropName::Ident(name.clone().into()),
                value: Box::new(value),
            });
            return;
        }
        node.visit_mut_children_with(self);
    }
}
