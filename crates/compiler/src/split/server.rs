//! The server half of a module: everything it has, with `ctx` and `env` as parameters, and its
//! backend functions registered.

use std::collections::BTreeSet;

use swc_core::common::{DUMMY_SP, Spanned};
use swc_core::ecma::ast::{
    ArrowExpr, ArrowFunctionBody, CallExpr, Callee, Decl, DefaultDecl, Expr, Function,
    FunctionBody, Ident, Module, ModuleDecl, ModuleItem, Param, Pat, ReturnStmt, Stmt, Str,
    VarDecl, VarDeclKind, VarDeclarator,
};
use swc_core::ecma::visit::VisitMutWith;

use super::ambient::{Contextual, PassOn, target};
use super::items::{Half, Item, Shape};
use super::middleware::Middleware;
use super::reach::specifier;
use super::{output_path, relative};
use crate::diagnostics::{Report, split};
use crate::emit::{Printed, Stub, print};
use crate::modules::{Modules, Source};
use crate::parse::range_of;
use crate::routes::RouteType;
use crate::types::quote;

/// The files the server loads: those with backend functions, the middleware, and what these import.
pub(crate) fn server_files(
    modules: &Modules,
    halves: &[Half],
    routes: &[RouteType],
    middleware: &Middleware,
) -> BTreeSet<usize> {
    let mut files = BTreeSet::new();
    let mut queue: Vec<usize> = routes
        .iter()
        .map(|r| r.file)
        .chain(middleware.file)
        .collect();
    while let Some(file) = queue.pop() {
        if !files.insert(file) {
            continue;
        }
        for item in &halves[file].module.body {
            if let Some(Source::Project(target)) =
                specifier(item).and_then(|s| modules.source(file, &s))
            {
                queue.push(target);
            }
        }
    }
    files
}

/// `ctx` and `env` in what runs when a module is loaded, in classes and in objects: no call is running.
pub(crate) fn check_ambient(
    modules: &Modules,
    items: &[Vec<Item>],
    files: &BTreeSet<usize>,
    middleware: &Middleware,
    contextual: &Contextual,
    reports: &mut Vec<Report>,
) {
    for &file in files {
        for item in items[file]
            .iter()
            .filter(|i| matches!(i.shape, Shape::Value | Shape::Statement))
        {
            // The middleware list is made of functions that get both.
            if middleware.file == Some(file)
                && item.declares.first().is_some_and(|d| d == "default")
            {
                continue;
            }
            if let Some((name, span)) = &item.ambient {
                reports.push(split::ambient_outside_call(file, range_of(*span), name));
            } else if let Some(reference) = item
                .refers
                .iter()
                .find(|r| contextual.holds(modules, file, r))
                && !(item.declares.is_empty() && item.shape == Shape::Value)
            {
                let name = target(modules, file, reference)
                    .map(|(_, local)| local)
                    .unwrap_or_default();
                reports.push(split::ambient_outside_call(
                    file,
                    range_of(item.span),
                    &name,
                ));
            }
        }
    }
}

/// Writes the server half of a file.
#[allow(clippy::too_many_arguments)] // one file's facts, each from another phase
pub(crate) fn server_module(
    modules: &Modules,
    file: usize,
    half: &Half,
    items: &[Item],
    contextual: &Contextual,
    routes: &[&RouteType],
    middleware: &Middleware,
    uses_txid: bool,
) -> Printed {
    let parsed = &modules.files[file];
    let here = format!("server/{}", output_path(&parsed.path));
    let mut module = half.module.clone();
    for (item, facts) in module.body.iter_mut().zip(items) {
        rewrite_specifier(modules, file, &here, item);
        if middleware.file == Some(file) && facts.declares.first().is_some_and(|d| d == "default") {
            middleware_list(item, &|| PassOn::new(modules, file, half, contextual));
        } else if facts.shape == Shape::Function
            && facts
                .declares
                .first()
                .is_some_and(|n| contextual.has(file, n))
        {
            add_parameters(item, &mut PassOn::new(modules, file, half, contextual));
        }
    }
    let chains: Vec<Vec<usize>> = routes.iter().map(|r| chain(middleware, r)).collect();
    let mut before = Vec::new();
    if !routes.is_empty() {
        before.push(format!(
            "import {{ __kontract_routes }} from {};",
            quote(&relative(&here, "server/registry.js"))
        ));
    }
    let composed = chains.iter().any(|c| !c.is_empty());
    let perms = items.iter().any(|i| i.perms);
    let runtime: Vec<&str> = [("compose", composed), ("perms", perms)]
        .iter()
        .filter(|(_, n)| *n)
        .map(|(n, _)| *n)
        .collect();
    if !runtime.is_empty() {
        let list = runtime.iter().map(|n| {
            if *n == "compose" {
                "compose as __kontract_compose"
            } else {
                n
            }
        });
        before.push(format!(
            "import {{ {} }} from \"kontract/runtime\";",
            list.collect::<Vec<_>>().join(", ")
        ));
    }
    if composed && let Some(target) = middleware.file {
        let to = format!("server/{}", output_path(&modules.files[target].path));
        before.push(format!(
            "import __kontract_middleware from {};",
            quote(&relative(&here, &to))
        ));
    }
    let after: Vec<Stub> = routes
        .iter()
        .zip(&chains)
        .map(|(route, chain)| Stub {
            text: registration(route, chain, uses_txid),
            origin: Some(route.range.start),
        })
        .collect();
    print(
        parsed,
        Module {
            body: module.body,
            ..half.module.clone()
        },
        &before,
        &after,
        true,
        &here,
    )
}

/// The indices of the middleware of a route.
fn chain(middleware: &Middleware, route: &RouteType) -> Vec<usize> {
    let egroup = route.meta.egroup.as_deref();
    let matching = middleware
        .filters
        .iter()
        .enumerate()
        .filter(|(_, f)| f.matches(&route.id, egroup));
    matching.map(|(i, _)| i).collect()
}

fn registration(route: &RouteType, chain: &[usize], uses_txid: bool) -> String {
    let id = &route.id;
    let handler = format!("async (ctx, args, env) => await {id}(ctx, env, ...args)");
    let handler = if chain.is_empty() {
        handler
    } else {
        let list: Vec<String> = chain
            .iter()
            .map(|i| format!("__kontract_middleware[{i}]"))
            .collect();
        format!("__kontract_compose([{}], {handler})", list.join(", "))
    };
    let group = |group: &Option<String>| {
        group
            .as_ref()
            .map_or_else(|| "null".to_owned(), |g| quote(g))
    };
    let txid = if uses_txid { ", usesTxid: true" } else { "" };
    format!(
        "__kontract_routes.set({}, {{\n  handler: {handler},\n  meta: {{ perm: {}, ugroup: {}, egroup: {}{txid} }},\n}});\n",
        quote(id),
        route.meta.perm,
        group(&route.meta.ugroup),
        group(&route.meta.egroup),
    )
}

fn rewrite_specifier(modules: &Modules, file: usize, here: &str, item: &mut ModuleItem) {
    let Some(Source::Project(target)) = specifier(item).and_then(|s| modules.source(file, &s))
    else {
        return;
    };
    let to = relative(
        here,
        &format!("server/{}", output_path(&modules.files[target].path)),
    );
    let replace = |src: &mut Str| {
        *src = Str {
            span: src.span,
            value: to.clone().into(),
            raw: None,
        }
    };
    match item {
        ModuleItem::ModuleDecl(ModuleDecl::Import(d)) => replace(&mut d.src),
        ModuleItem::ModuleDecl(ModuleDecl::ExportAll(d)) => replace(&mut d.src),
        ModuleItem::ModuleDecl(ModuleDecl::ExportNamed(d)) => {
            if let Some(src) = &mut d.src {
                replace(src);
            }
        }
        _ => {}
    }
}

/// Gives the one function an item declares its hidden parameters, and passes them on inside.
fn add_parameters(item: &mut ModuleItem, pass_on: &mut PassOn<'_>) {
    if let ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultDecl(export)) = item {
        if let DefaultDecl::Fn(f) = &mut export.decl {
            function_parameters(&mut f.function, pass_on);
        }
        return;
    }
    let decl = match item {
        ModuleItem::Stmt(Stmt::Decl(decl)) => decl,
        ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(export)) => &mut export.decl,
        _ => return,
    };
    match decl {
        Decl::Fn(f) => function_parameters(&mut f.function, pass_on),
        Decl::Var(var) => match var.decls.first_mut().and_then(|d| d.init.as_deref_mut()) {
            Some(Expr::Fn(f)) => function_parameters(&mut f.function, pass_on),
            Some(Expr::Arrow(arrow)) => {
                arrow.visit_mut_children_with(pass_on);
                arrow
                    .params
                    .splice(0..0, pass_on.hidden_params().map(|p| p.pat));
            }
            _ => {}
        },
        _ => {}
    }
}

fn function_parameters(function: &mut Function, pass_on: &mut PassOn<'_>) {
    function.visit_mut_children_with(pass_on);
    function.params.splice(0..0, pass_on.hidden_params());
}

/// Each function of the list takes `(ctx, next, env)`, whatever it declares of it.
fn middleware_list<'a>(item: &mut ModuleItem, pass_on: &dyn Fn() -> PassOn<'a>) {
    let ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultExpr(export)) = item else {
        return;
    };
    let Expr::Array(list) = &mut *export.expr else {
        return;
    };
    for element in list.elems.iter_mut().flatten() {
        let mut pass_on = pass_on();
        match &mut *element.expr {
            Expr::Arrow(arrow) => {
                let mut params: Vec<Pat> = std::mem::take(&mut arrow.params);
                let unpacked = middleware_parameters(&mut params, &mut pass_on);
                arrow.params = params;
                arrow.body.visit_mut_with(&mut pass_on);
                if let Some(statement) = unpacked {
                    prepend(arrow, statement);
                }
            }
            Expr::Fn(f) => {
                let mut params: Vec<Pat> = f.function.params.drain(..).map(|p| p.pat).collect();
                let unpacked = middleware_parameters(&mut params, &mut pass_on);
                f.function.params = params.into_iter().map(Param::from).collect();
                f.function.body.visit_mut_with(&mut pass_on);
                if let (Some(statement), Some(body)) = (unpacked, &mut f.function.body) {
                    body.stmts.insert(0, statement);
                }
            }
            // A function declared elsewhere: if it takes hidden parameters, they come with the call.
            other => {
                if pass_on.is_contextual(other) {
                    *other = with_call(other.clone(), &pass_on);
                }
            }
        }
    }
}

/// `(ctx, next, env) => f(ctx, env, ctx, next, env)`
fn with_call(function: Expr, pass_on: &PassOn<'_>) -> Expr {
    let next = Ident::new("next".into(), DUMMY_SP, pass_on.ctx.ctxt);
    let (ctx, env) = (&pass_on.ctx, &pass_on.env);
    let arguments = [ctx, env, ctx, &next, env]
        .map(|i| Expr::Ident(i.clone()).into())
        .to_vec();
    let span = function.span();
    let call = Expr::Call(CallExpr {
        span,
        callee: Callee::Expr(Box::new(function)),
        args: arguments,
        ..CallExpr::default()
    });
    Expr::Arrow(ArrowExpr {
        span,
        params: [ctx, &next, env].map(|i| i.clone().into()).to_vec(),
        body: Box::new(ArrowFunctionBody::Expr(Box::new(call))),
        ..ArrowExpr::default()
    })
}

/// Names the first and the third parameter as `pass_on` knows them; the statement unpacks a pattern.
fn middleware_parameters(params: &mut Vec<Pat>, pass_on: &mut PassOn<'_>) -> Option<Stmt> {
    let ours = [
        pass_on.ctx.clone(),
        Ident::new("_next".into(), DUMMY_SP, pass_on.ctx.ctxt),
        pass_on.env.clone(),
    ];
    for missing in params.len()..ours.len() {
        params.push(ours[missing].clone().into());
    }
    if let Pat::Ident(env) = &params[2] {
        pass_on.env = env.id.clone();
    }
    if let Pat::Ident(ctx) = &params[0] {
        pass_on.ctx = ctx.id.clone();
        return None;
    }
    let pattern = std::mem::replace(&mut params[0], pass_on.ctx.clone().into());
    let init = Some(Box::new(Expr::Ident(pass_on.ctx.clone())));
    let declarator = VarDeclarator {
        span: DUMMY_SP,
        name: pattern,
        init,
        definite: false,
    };
    let unpack = VarDecl {
        kind: VarDeclKind::Const,
        decls: vec![declarator],
        ..VarDecl::default()
    };
    Some(Stmt::Decl(Decl::Var(Box::new(unpack))))
}

fn prepend(arrow: &mut ArrowExpr, statement: Stmt) {
    if let ArrowFunctionBody::Expr(expr) = &mut *arrow.body {
        let value = std::mem::replace(expr, Box::new(Expr::default()));
        let result = Stmt::Return(ReturnStmt {
            span: DUMMY_SP,
            arg: Some(value),
        });
        *arrow.body = ArrowFunctionBody::FunctionBody(FunctionBody {
            stmts: vec![result],
            ..FunctionBody::default()
        });
    }
    if let ArrowFunctionBody::FunctionBody(block) = &mut *arrow.body {
        block.stmts.insert(0, statement);
    }
}
