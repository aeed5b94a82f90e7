//! From TypeScript as parsed to JavaScript with resolved names, the form both halves are cut from.

use swc_core::common::{GLOBALS, Globals, Mark, Spanned, SyntaxContext};
use swc_core::ecma::ast::{
    ArrowFunctionBody, Decl, ExportDecl, Expr, FnDecl, Function, FunctionBody, Module, ModuleDecl,
    ModuleItem, Param, Pat, ReturnStmt, Stmt, VarDecl,
};
use swc_core::ecma::visit::{VisitMut, VisitMutWith};

use super::items::Half;
use super::lower::lower;
use crate::modules::{Modules, declaration};
use crate::notes::Notes;
use crate::routes::{backend_call, call_of_kontract};

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
    module.body = module
        .body
        .into_iter()
        .flat_map(|item| as_declarations(modules, file, item))
        .collect();
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

/// `export const f = backend({…}, async () => …)` is what `@backend(…) export async function f() {…}`
/// is: both spellings become the same declaration. (A backend function has no `this` of its own.)
fn as_declarations(modules: &Modules, file: usize, item: ModuleItem) -> Vec<ModuleItem> {
    let ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(ExportDecl {
        span,
        decl: Decl::Var(var),
    })) = &item
    else {
        return vec![item];
    };
    let mut functions = Vec::new();
    for declarator in &var.decls {
        let call = backend_call(modules, file, declarator.init.as_deref());
        let function = call.and_then(|call| function_of(&call.args.get(1)?.expr));
        let (Pat::Ident(name), Some(function)) = (&declarator.name, function) else {
            return vec![item];
        };
        let decl = Decl::Fn(FnDecl {
            ident: name.id.clone(),
            declare: false,
            function: Box::new(function),
        });
        functions.push(ModuleDecl::ExportDecl(ExportDecl { span: *span, decl }).into());
    }
    functions
}

fn function_of(expr: &Expr) -> Option<Function> {
    match expr {
        Expr::Fn(f) => Some((*f.function).clone()),
        Expr::Arrow(arrow) => {
            let body = match &*arrow.body {
                ArrowFunctionBody::FunctionBody(body) => body.clone(),
                ArrowFunctionBody::Expr(value) => FunctionBody {
                    span: arrow.span,
                    stmts: vec![Stmt::Return(ReturnStmt {
                        span: value.span(),
                        arg: Some(value.clone()),
                    })],
                },
            };
            Some(Function {
                params: arrow.params.iter().cloned().map(Param::from).collect(),
                span: arrow.span,
                body: Some(body),
                is_async: arrow.is_async,
                type_params: arrow.type_params.clone(),
                return_type: arrow.return_type.clone(),
                ..Function::default()
            })
        }
        _ => None,
    }
}

/// `const a = 1, b = 2` becomes two items: each can be wanted without the other.
fn one_declarator_each(item: ModuleItem) -> Vec<ModuleItem> {
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
