//! The server half of a module: everything it has, with `ctx` and `env` as parameters, and its
//! backend functions registered.

use std::collections::BTreeSet;
use std::fmt::Write;

use swc_core::ecma::ast::{
    Decl, DefaultDecl, Expr, Function, Module, ModuleDecl, ModuleItem, Stmt,
};
use swc_core::ecma::visit::VisitMutWith;

use super::ambient::{Contextual, PassOn, target};
use super::chain::{middleware_list, named};
use super::halves::{Halves, Items};
use super::items::{Half, Item, Reference, Shape};
use super::middleware::Middleware;
use super::reach::specifier;
use super::redirect::Redirect;
use super::values::Values;
use super::{output_path, relative};
use crate::diagnostics::{Report, split};
use crate::emit::{Page, Stub};
use crate::modules::{Modules, Source, declaration, declared_names};
use crate::optimise::{Called, Known, literal_of, optimise};
use crate::parse::range_of;
use crate::routes::RouteType;
use crate::splice::{self, AROUND};
use crate::types::quote;

/// The files the server loads: those with backend functions, the middleware, and what these import.
pub(crate) fn server_files(
    modules: &Modules,
    halves: Halves<'_>,
    items: &[Items],
    routes: &[RouteType],
    middleware: &Middleware,
) -> BTreeSet<usize> {
    loaded_by(
        modules,
        halves,
        items,
        routes.iter().map(|r| r.file).chain(middleware.file),
    )
}

fn loaded_by(
    modules: &Modules,
    halves: Halves<'_>,
    items: &[Items],
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
                queue.push(*target);
            }
        }
        for specifier in items[file].iter().flat_map(|item| &item.imports) {
            if let Some(Source::Project(target)) = modules.source(file, specifier) {
                queue.push(*target);
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
    /// The lists of middleware of all routes.
    pub chains: BTreeSet<Vec<usize>>,
    /// Whether middleware is called and never spliced.
    pub closures: bool,
    /// What is a value when the program runs.
    pub values: Values,
    /// With what is called by other code, when servers are to be optimised.
    pub optimise: Option<Called>,
    pub halves: Halves<'a>,
    /// Whether `ctx.currentTxid` is read anywhere.
    pub uses_txid: bool,
}

/// The server half of a file.
pub(crate) fn server_page(
    server: &Server<'_>,
    file: usize,
    half: &Half,
    items: &[Item],
    routes: &[&RouteType],
) -> Page {
    let Server {
        modules,
        contextual,
        middleware,
        ..
    } = *server;
    let parsed = &modules.files[file];
    let here = format!("server/{}", output_path(&parsed.path));
    let mut module = half.module.clone();
    let mut calls = false;
    let mut list = Vec::new();
    for (item, facts) in module.body.iter_mut().zip(items) {
        if middleware.file == Some(file) && facts.declares.first().is_some_and(|d| d == "default") {
            list = named(item, &PassOn::new(modules, file, half, contextual));
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
    server.values.filter(modules, file, &mut module);
    lead_imports(modules, file, &here, &mut module);
    if middleware.file == Some(file) {
        let wanted = splice::Wanted {
            lists: &server.chains,
            named: &list,
            closures: server.closures,
        };
        calls = splice::add_chains(&mut module, half, &wanted);
    }
    if let Some(called) = &server.optimise {
        optimise(&mut module, half, &known(server, called, file, routes));
    }
    let chains: Vec<Vec<usize>> = routes.iter().map(|r| middleware.chain(r)).collect();
    let mut before = Vec::new();
    if !routes.is_empty() {
        before.push(format!(
            "import {{ __kontract_routes }} from {};",
            quote(&relative(&here, "server/registry.js"))
        ));
    }
    let perms = items.iter().any(|i| i.perms);
    let around = format!("around as {AROUND}");
    let runtime: Vec<&str> = [(around.as_str(), calls), ("perms", perms)]
        .iter()
        .filter(|(_, n)| *n)
        .map(|(n, _)| *n)
        .collect();
    if !runtime.is_empty() {
        before.push(format!(
            "import {{ {} }} from \"kontract/runtime\";",
            runtime.join(", ")
        ));
    }
    let needed: BTreeSet<&Vec<usize>> = chains.iter().filter(|c| !c.is_empty()).collect();
    if !needed.is_empty()
        && let Some(target) = middleware.file.filter(|&target| target != file)
    {
        let to = format!("server/{}", output_path(&modules.files[target].path));
        let names: Vec<String> = needed.into_iter().map(|c| splice::chain_name(c)).collect();
        before.push(format!(
            "import {{ {} }} from {};",
            names.join(", "),
            quote(&relative(&here, &to))
        ));
    }
    let after: Vec<Stub> = routes
        .iter()
        .zip(&chains)
        .map(|(route, chain)| Stub {
            text: registration(server, route, chain),
            origin: Some(route.range.start),
        })
        .collect();
    Page {
        module: Module {
            body: module.body,
            span: half.module.span,
            shebang: half.module.shebang.clone(),
        },
        before,
        after,
        whole: true,
    }
}

/// Leads imports to the server halves of what they name, once nobody asks by the specifiers as
/// written any more.
fn lead_imports(modules: &Modules, file: usize, here: &str, module: &mut Module) {
    // Style sheets are the client's; what names something of an asset is an error (KT3018).
    module.body.retain(|item| {
        !matches!(item, ModuleItem::ModuleDecl(ModuleDecl::Import(import))
            if modules.is_asset(file, &import.src.value.to_string_lossy()))
    });
    let mut redirect = Redirect {
        modules,
        file,
        here,
        half: "server",
    };
    for item in &mut module.body {
        redirect.item(item);
    }
}

/// What the optimiser knows of a file from outside of it.
fn known<'a>(
    server: &'a Server<'_>,
    called: &Called,
    file: usize,
    routes: &[&RouteType],
) -> Known<'a> {
    let own = routes.iter().filter(|r| !called.has(file, &r.name));
    let imports = server.modules.names[file].imports.keys();
    let top_level = server.halves.of(file).top_level;
    let constant = |name: &String| {
        let from = Reference::Name(name.clone());
        let (declared, local) = target(server.modules, file, &from)?;
        let value = literal_of(&server.halves.of(declared).module, &local)?;
        Some(((name.as_str().into(), top_level), value))
    };
    Known {
        perms: own.map(|r| (r.name.clone(), r.meta.perm)).collect(),
        imported: imports.filter_map(constant).collect(),
        in_call: Box::new(move |item| {
            let names = match item {
                ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultDecl(export)) => {
                    let name = export.decl.as_fn_expr().and_then(|f| f.ident.as_ref());
                    name.map(|n| vec![n.sym.to_string()]).unwrap_or_default()
                }
                item => declaration(item).map(declared_names).unwrap_or_default(),
            };
            let [name] = names.as_slice() else {
                return false;
            };
            server.contextual.has(file, name) || name.starts_with(splice::CHAIN)
        }),
    }
}

fn registration(server: &Server<'_>, route: &RouteType, chain: &[usize]) -> String {
    let name = &route.name;
    let handler = if chain.is_empty() {
        format!("async (ctx, args, env) => await {name}(ctx, env, ...args)")
    } else {
        let chain = splice::chain_name(chain);
        format!("(ctx, args, env) => {chain}(ctx, args, env, {name})")
    };
    let group = |group: &Option<String>| {
        group
            .as_ref()
            .map_or_else(|| "null".to_owned(), |g| quote(g))
    };
    let mut meta = format!(
        "perm: {}, ugroup: {}, egroup: {}",
        route.meta.perm,
        group(&route.meta.ugroup),
        group(&route.meta.egroup),
    );
    if !chain.is_empty() {
        let names = server.middleware.names(server.modules, chain);
        let names: Vec<String> = names.iter().map(|n| quote(n)).collect();
        let _ = write!(meta, ", middleware: [{}]", names.join(", "));
    }
    if server.uses_txid {
        meta.push_str(", usesTxid: true");
    }
    format!(
        "__kontract_routes.set({}, {{\n  handler: {handler},\n  meta: {{ {meta} }},\n}});\n",
        quote(&route.id),
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
