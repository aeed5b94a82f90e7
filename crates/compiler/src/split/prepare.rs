//! From TypeScript as parsed to JavaScript with resolved names, the form both halves are cut from.

use swc_core::common::{GLOBALS, Globals, Mark, SyntaxContext};
use swc_core::ecma::ast::{Decl, Expr, Module, ModuleItem, Pat, Stmt, VarDecl};
use swc_core::ecma::visit::{VisitMut, VisitMutWith};

use super::items::Half;
use super::lower::lower;
use crate::modules::{Modules, declaration};
use crate::notes::Notes;
use crate::routes::call_of_kontract;

/// Prepares a file: what Kontract declares is gone, TypeScript and JSX are JavaScript, names are resolved.
///
/// Of `modules` this may ask only what the file itself says (what it imports from which package):
/// the result is kept for as long as the file's text stays.
pub(super) fn prepare(modules: &Modules, file: usize) -> Half {
    let globals = Globals::new();
    let (module, [unresolved, top_level], notes) =
        GLOBALS.set(&globals, || javascript(modules, file));
    Half {
        module,
        unresolved,
        top_level,
        notes,
        globals,
    }
}

fn javascript(modules: &Modules, file: usize) -> (Module, [SyntaxContext; 2], Notes) {
    let parsed = &modules.files[file];
    let mut module = parsed.module.clone();
    // `declare const ctx: Context` says to TypeScript what we say to JavaScript with a parameter.
    module.body.retain(|item| !declares_ambient(item));
    module.visit_mut_with(&mut Unwrap { modules, file });
    let (unresolved, top_level) = (Mark::new(), Mark::new());
    let (mut module, notes) = lower(modules, file, module, [unresolved, top_level]);
    module.body = module
        .body
        .into_iter()
        .flat_map(one_declarator_each)
        .collect();
    let contexts = [unresolved, top_level].map(|mark| SyntaxContext::empty().apply_mark(mark));
    (module, contexts, notes)
}

fn declares_ambient(item: &ModuleItem) -> bool {
    let Some(Decl::Var(var)) = declaration(item) else {
        return false;
    };
    let ambient =
        |pat: &Pat| matches!(pat, Pat::Ident(i) if matches!(&*i.sym, "ctx" | "env" | "perms"));
    var.declare && var.decls.iter().all(|d| ambient(&d.name))
}

/// `const a = 1, b = 2` becomes two items: each can be wanted without the other.
fn one_declarator_each(item: ModuleItem) -> Vec<ModuleItem> {
    use swc_core::ecma::ast::{ExportDecl, ModuleDecl};
    let (var, export) = match item {
        ModuleItem::Stmt(Stmt::Decl(Decl::Var(var))) => (var, None),
        ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(ExportDecl {
            span,
            decl: Decl::Var(var),
        })) => (var, Some(span)),
        other => return vec![other],
    };
    let single = |declarator| {
        let decl = Decl::Var(Box::new(VarDecl {
            decls: vec![declarator],
            ..(*var).clone()
        }));
        match export {
            Some(span) => ModuleDecl::ExportDecl(ExportDecl { span, decl }).into(),
            None => Stmt::Decl(decl).into(),
        }
    };
    var.decls.iter().cloned().map(single).collect()
}

/// `backend(options, fn)` and `mwfilter(filter, fn)` become `fn`, `defineMiddleware(list)` the list:
/// what the wrapper says is known by now.
struct Unwrap<'a> {
    modules: &'a Modules,
    file: usize,
}

impl VisitMut for Unwrap<'_> {
    fn visit_mut_expr(&mut self, node: &mut Expr) {
        let argument = |name, index: usize| {
            call_of_kontract(self.modules, self.file, node, name)
                .and_then(|c| c.args.get(index))
                .map(|a| a.expr.clone())
        };
        let inner = argument("backend", 1)
            .or_else(|| argument("mwfilter", 1))
            .or_else(|| argument("defineMiddleware", 0));
        if let Some(inner) = inner {
            *node = *inner;
        }
        node.visit_mut_children_with(self);
    }
}
