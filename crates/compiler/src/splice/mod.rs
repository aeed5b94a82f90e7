//! Splicing: middleware without the calls.
//!
//! Every distinct list of middleware becomes one function in the server half of the middleware's
//! module: `__kontract_chain_0_2(ctx, args, env, handler)` runs the first and the third middleware
//! around a handler. The body of a middleware goes where the one before it says `await next()`; one
//! whose use of `next` cannot be replaced ([`shape`]) is called, with the rest of the chain as its
//! `next`. That a middleware was spliced cannot be observed: what `lib/runtime/compose.ts` does is
//! what happens. Standing in the middleware's own module, its names need no carrying over.

mod advice;
mod build;
mod chain;
mod names;
mod renew;
mod rewrite;
mod shape;
mod site;
mod written;

use std::collections::BTreeSet;

use swc_core::common::{DUMMY_SP, SyntaxContext};
use swc_core::ecma::ast::{
    ArrayLit, CallExpr, Callee, Decl, ExportDecl, ExportDefaultExpr, Expr, Id, Ident, LabeledStmt,
    Module, ModuleDecl, ModuleItem, VarDeclKind,
};
use swc_core::ecma::visit::{Visit, VisitWith};

pub(crate) use self::advice::advise;

use self::build::{declare_as, fresh};
use self::chain::{Chains, Element};
use self::names::Words;
use self::shape::shape;
use self::written::{by_name, in_place};
use crate::split::Half;

/// The run-time's function that calls one middleware, as generated code imports it.
pub(crate) const AROUND: &str = "__kontract_around";

/// What the names of chains begin with.
pub(crate) const CHAIN: &str = "__kontract_chain_";

/// The name of the function for a list of middleware.
pub(crate) fn chain_name(list: &[usize]) -> String {
    let indices: Vec<String> = list.iter().map(usize::to_string).collect();
    format!("{CHAIN}{}", indices.join("_"))
}

/// A middleware that is a name in the list: of which function, and whether that takes hidden parameters.
pub(crate) type Named = Option<(Id, bool)>;

/// What to make of the middleware's module.
pub(crate) struct Wanted<'a> {
    /// The lists of middleware some route has.
    pub lists: &'a BTreeSet<Vec<usize>>,
    /// What stands in the list, before hidden parameters were added.
    pub named: &'a [Named],
    /// Whether everything is called and nothing spliced: what tests compare with.
    pub closures: bool,
}

/// Adds the chains to the middleware's module; answers whether they need [`AROUND`].
pub(crate) fn add_chains(module: &mut Module, half: &Half, wanted: &Wanted<'_>) -> bool {
    let elements = elements(module, wanted);
    let list = fresh("__kontract_middleware");
    let chains = Chains {
        elements: &elements,
        list: &list,
        around: &Ident::new(AROUND.into(), DUMMY_SP, half.unresolved),
        shared: &[SyntaxContext::empty(), half.unresolved, half.top_level],
        label: &label(module),
    };
    let mut calls = false;
    for list in wanted.lists {
        let title = Ident::new(chain_name(list).into(), DUMMY_SP, half.top_level);
        let spliced = chains.spliced_of(list);
        calls |= spliced.len() < list.len();
        let export = ExportDecl {
            span: DUMMY_SP,
            decl: Decl::Fn(chains.function(title, list, &spliced)),
        };
        module
            .body
            .push(ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(export)));
    }
    if calls {
        name_list(module, &list);
    }
    calls
}

/// Each middleware of the list, if it can be spliced.
fn elements(module: &Module, wanted: &Wanted<'_>) -> Vec<Option<Element>> {
    let list = module.body.iter().find_map(list_of);
    let functions = list.into_iter().flat_map(|l| &l.elems).enumerate();
    // Code that is put together at run time may use any name: none can be another there.
    let splices = !wanted.closures && !evaluates(module);
    functions
        .map(|(index, element)| {
            let written = match wanted.named.get(index).and_then(Option::as_ref) {
                Some((id, hidden)) => by_name(&module.body, id, *hidden),
                None => in_place(&element.as_ref()?.expr),
            };
            let written = written.filter(|_| splices)?;
            Some(Element {
                shape: shape(&written)?,
                words: Words::of(&written),
                written,
            })
        })
        .collect()
}

fn list_of(item: &ModuleItem) -> Option<&ArrayLit> {
    item.as_module_decl()?
        .as_export_default_expr()?
        .expr
        .as_array()
}

/// `export default […]` becomes `const list = […]; export default list`.
fn name_list(module: &mut Module, list: &Ident) {
    let Some(at) = module.body.iter().position(|item| list_of(item).is_some()) else {
        return;
    };
    if let ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultExpr(ExportDefaultExpr {
        expr, ..
    })) = &mut module.body[at]
    {
        let value = std::mem::replace(expr, Box::new(Expr::Ident(list.clone())));
        let declaration = declare_as(VarDeclKind::Const, list.clone().into(), *value);
        module.body.insert(at, ModuleItem::Stmt(declaration));
    }
}

/// What our labels begin with: something no label of the user's does.
fn label(module: &Module) -> String {
    #[derive(Default)]
    struct Labels(Vec<String>);
    impl Visit for Labels {
        fn visit_labeled_stmt(&mut self, node: &LabeledStmt) {
            self.0.push(node.label.sym.to_string());
            node.visit_children_with(self);
        }
    }
    let mut labels = Labels::default();
    module.visit_with(&mut labels);
    let mut start = "middleware_".to_owned();
    while labels.0.iter().any(|l| l.starts_with(&start)) {
        start.push('_');
    }
    start
}

/// Whether there is a direct `eval(…)`.
fn evaluates(module: &Module) -> bool {
    struct Eval(bool);
    impl Visit for Eval {
        fn visit_call_expr(&mut self, node: &CallExpr) {
            if let Callee::Expr(callee) = &node.callee {
                self.0 |= matches!(&**callee, Expr::Ident(name) if name.sym == *"eval");
            }
            node.visit_children_with(self);
        }
    }
    let mut eval = Eval(false);
    module.visit_with(&mut eval);
    eval.0
}
