//! The server half of a module: everything it has, with `ctx` and `env` as parameters, and its
//! backend functions registered.

use std::collections::BTreeSet;

use swc_core::ecma::ast::{
    Decl, DefaultDecl, Expr, Function, Module, ModuleDecl, ModuleItem, Stmt,
};
use swc_core::ecma::visit::VisitMutWith;

use super::ambient::{Contextual, PassOn, target};
use super::chain::middleware_list;
use super::halves::{Halves, Items};
use super::items::{Half, Item, Shape};
use super::middleware::Middleware;
use super::reach::specifier;
use super::redirect::Redirect;
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
    halves: Halves<'_>,
    routes: &[RouteType],
    middleware: &Middleware,
) -> BTreeSet<usize> {
    loaded_by(
        modules,
        halves,
        routes.iter().map(|r| r.file).chain(middleware.file),
    )
}

/// Whether the middleware imports a file, and so may be loaded before it or after it.
pub(crate) fn imported_by_middleware(
    modules: &Modules,
    halves: Halves<'_>,
    middleware: &Middleware,
) -> BTreeSet<usize> {
    loaded_by(modules, halves, middleware.file.into_iter())
}

fn loaded_by(
    modules: &Modules,
    halves: Halves<'_>,
    start: impl Iterator<Item = usize>,
) -> BTreeSet<usize> {
    let mut files = BTreeSet::new();
    let mut queue: Vec<usize> = start.collect();
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
    items: &[Items],
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

/// What the server half of every file is written from.
pub(crate) struct Server<'a> {
    pub modules: &'a Modules,
    pub contextual: &'a Contextual,
    pub middleware: &'a Middleware,
    /// Files the middleware imports: they may be loaded before it.
    pub early: BTreeSet<usize>,
    /// Whether `ctx.currentTxid` is read anywhere.
    pub uses_txid: bool,
}

/// Writes the server half of a file.
pub(crate) fn server_module(
    server: &Server<'_>,
    file: usize,
    half: &Half,
    items: &[Item],
    routes: &[&RouteType],
) -> Printed {
    let Server {
        modules,
        contextual,
        middleware,
        ..
    } = *server;
    let parsed = &modules.files[file];
    let here = format!("server/{}", output_path(&parsed.path));
    let mut module = half.module.clone();
    let mut redirect = Redirect {
        modules,
        file,
        here: &here,
        half: "server",
    };
    for (item, facts) in module.body.iter_mut().zip(items) {
        redirect.item(item);
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
            text: registration(route, chain, server.early.contains(&file), server.uses_txid),
            origin: Some(route.range.start),
        })
        .collect();
    print(
        parsed,
        half,
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

/// `early` says that the middleware may not be there yet when this runs, only when it is called.
fn registration(route: &RouteType, chain: &[usize], early: bool, uses_txid: bool) -> String {
    let id = &route.id;
    let handler = format!("async (ctx, args, env) => await {id}(ctx, env, ...args)");
    let handler = if chain.is_empty() {
        handler
    } else {
        let list: Vec<String> = chain
            .iter()
            .map(|i| {
                if early {
                    format!("(...call) => __kontract_middleware[{i}](...call)")
                } else {
                    format!("__kontract_middleware[{i}]")
                }
            })
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
