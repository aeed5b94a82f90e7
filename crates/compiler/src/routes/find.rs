//! Finds backend functions, in both spellings.

use std::collections::BTreeMap;

use swc_core::common::Spanned;
use swc_core::ecma::ast::{
    ArrowExpr, ArrowFunctionBody, CallExpr, Callee, Decl, DefaultDecl, Expr, Function, Ident,
    ModuleDecl, ModuleItem, Pat, Stmt, VarDeclKind,
};

use super::address::address;
use super::body::check_body;
use super::{Body, Meta, RouteDecl};
use crate::RouteNames;
use crate::blank::{Argument, Value};
use crate::decorators;
use crate::diagnostics::{Report, split};
use crate::modules::{Export, Modules, declaration};
use crate::parse::{Parsed, range_of};
use crate::types::is_identifier;

/// Collects the backend functions of all files, sorted by id.
pub(crate) fn find_routes<'a>(
    modules: &'a Modules,
    names: RouteNames,
    reports: &mut Vec<Report>,
) -> Vec<RouteDecl<'a>> {
    let mut all = BTreeMap::<String, RouteDecl<'a>>::new();
    for (file, parsed) in modules.files.iter().enumerate() {
        if !parsed.summary().may_have_routes {
            continue;
        }
        let mut found = Vec::new();
        for item in &parsed.module.body {
            route_of_item(modules, file, item, &mut found, reports);
        }
        report_nested(file, parsed, reports);
        for mut route in found {
            route.id = address(names, &parsed.path, &route.name);
            check_body(&route, reports);
            if let Some(first) = all.get(&route.id) {
                reports.push(split::duplicate_route(
                    file,
                    route.range,
                    &route.id,
                    (first.file, first.range),
                ));
            } else {
                all.insert(route.id.clone(), route);
            }
        }
    }
    report_levels(&all, reports);
    all.into_values().collect()
}

/// A function called what a module is called: `api.users` would be a function and hold others.
fn report_levels(all: &BTreeMap<String, RouteDecl<'_>>, reports: &mut Vec<Report>) {
    for (id, route) in all {
        let level = format!("{id}.");
        if let Some((_, inside)) = all
            .range(level.clone()..)
            .next()
            .filter(|(i, _)| i.starts_with(&level))
        {
            reports.push(split::function_and_module(
                inside.file,
                inside.range,
                id,
                (route.file, route.range),
            ));
        }
    }
}

/// Backend functions that are bound but are no top-level item.
fn report_nested(file: usize, parsed: &Parsed, reports: &mut Vec<Report>) {
    for (place, decorator) in parsed.bindings.all("backend") {
        let top_level = parsed.module.body.iter().any(|item| match item {
            ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(export)) => {
                starts_at(&export.decl, place)
            }
            ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultDecl(_)) => {
                range_of(item.span()).contains(place)
            }
            ModuleItem::Stmt(Stmt::Decl(decl)) => starts_at(decl, place),
            _ => false,
        });
        if !top_level {
            reports.push(split::nested_route(
                file,
                decorator.range,
                &word_at(&parsed.text, place),
            ));
        }
    }
}

fn starts_at(decl: &Decl, place: u32) -> bool {
    matches!(decl, Decl::Fn(f) if range_of(f.ident.span).start == place)
}

fn word_at(text: &str, at: u32) -> String {
    text[at as usize..]
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '$')
        .collect()
}

fn route_of_item<'a>(
    modules: &'a Modules,
    file: usize,
    item: &'a ModuleItem,
    found: &mut Vec<RouteDecl<'a>>,
    reports: &mut Vec<Report>,
) {
    let parsed = &modules.files[file];
    match item {
        ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(export)) => match &export.decl {
            Decl::Fn(f) => decorated(
                modules,
                file,
                Some(&f.ident),
                &f.function,
                true,
                found,
                reports,
            ),
            Decl::Var(var) => {
                for declarator in &var.decls {
                    if let Some(call) = backend_call(modules, file, declarator.init.as_deref()) {
                        let form = "export const name = backend({ perm: perms.R__ }, async (id: string) => …)";
                        match (&declarator.name, var.kind) {
                            (Pat::Ident(name), VarDeclKind::Const) => {
                                standard(file, parsed, &name.id, call, form, found, reports);
                            }
                            _ => reports.push(split::unsupported_spelling(
                                file,
                                range_of(call.span),
                                "backend",
                                form,
                            )),
                        }
                    }
                }
            }
            _ => {}
        },
        ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultDecl(export)) => {
            if let DefaultDecl::Fn(f) = &export.decl {
                decorated(
                    modules,
                    file,
                    f.ident.as_ref(),
                    &f.function,
                    true,
                    found,
                    reports,
                );
            }
        }
        ModuleItem::Stmt(Stmt::Decl(Decl::Fn(f))) => {
            let exported = modules.names[file]
                .exports
                .values()
                .any(|e| matches!(e, Export::Local(local) if *local == *f.ident.sym));
            decorated(
                modules,
                file,
                Some(&f.ident),
                &f.function,
                exported,
                found,
                reports,
            );
        }
        _ => {}
    }
}

fn decorated<'a>(
    modules: &'a Modules,
    file: usize,
    name: Option<&'a Ident>,
    function: &'a Function,
    exported: bool,
    found: &mut Vec<RouteDecl<'a>>,
    reports: &mut Vec<Report>,
) {
    let parsed = &modules.files[file];
    let span = name.map_or(function.span, |n| n.span);
    let Some(decorator) = parsed.bindings.named(span, "backend") else {
        return;
    };
    let Some(name) = name else {
        reports.push(split::anonymous_route(file, decorator.range));
        return;
    };
    if function.body.is_none() || has_other_signatures(parsed, name) {
        reports.push(split::overloaded_route(
            file,
            range_of(name.span),
            &name.sym,
        ));
        return;
    }
    if !exported {
        reports.push(split::not_exported(file, range_of(name.span), &name.sym));
    }
    if function.is_generator {
        reports.push(split::unsupported_in_route(
            file,
            range_of(name.span),
            "a generator (`function*`)",
        ));
    }
    if !is_route_id(&name.sym) {
        reports.push(split::not_a_route_id(file, range_of(name.span), &name.sym));
    }
    let route = RouteDecl {
        id: name.sym.to_string(),
        name: name.sym.to_string(),
        file,
        range: range_of(name.span),
        meta: meta(&decorators::arguments(parsed, decorator)),
        params: function.params.iter().map(|p| &p.pat).collect(),
        body: Body::Block(function.body.as_ref()),
        returns: function.return_type.as_ref().map(|t| &*t.type_ann),
    };
    found.push(route);
}

/// Whether a function has signatures without a body beside the one it has with one.
fn has_other_signatures(parsed: &Parsed, name: &Ident) -> bool {
    parsed.module.body.iter().any(|item| {
        let (ident, body) = match item {
            ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultDecl(export)) => match &export.decl {
                DefaultDecl::Fn(f) => (f.ident.as_ref(), &f.function.body),
                _ => return false,
            },
            other => match declaration(other) {
                Some(Decl::Fn(f)) => (Some(&f.ident), &f.function.body),
                _ => return false,
            },
        };
        body.is_none() && ident.is_some_and(|ident| ident.sym == name.sym)
    })
}

/// `backend(…)`, imported from `kontract`.
pub(crate) fn backend_call<'a>(
    modules: &Modules,
    file: usize,
    init: Option<&'a Expr>,
) -> Option<&'a CallExpr> {
    call_of_kontract(modules, file, init?, "backend")
}

/// A call of something imported from `kontract`.
pub(crate) fn call_of_kontract<'a>(
    modules: &Modules,
    file: usize,
    expr: &'a Expr,
    name: &str,
) -> Option<&'a CallExpr> {
    let Expr::Call(call) = expr else { return None };
    let Callee::Expr(callee) = &call.callee else {
        return None;
    };
    let local = callee.as_ident()?;
    (modules.package_of(file, &local.sym) == Some(("kontract", name))).then_some(call)
}

fn standard<'a>(
    file: usize,
    parsed: &'a Parsed,
    name: &'a Ident,
    call: &'a CallExpr,
    form: &str,
    found: &mut Vec<RouteDecl<'a>>,
    reports: &mut Vec<Report>,
) {
    let unsupported = || split::unsupported_spelling(file, range_of(call.span), "backend", form);
    let [options, function] = call.args.as_slice() else {
        reports.push(unsupported());
        return;
    };
    let arguments = match decorators::object(file, parsed, "backend", range_of(options.expr.span()))
    {
        Ok(arguments) => arguments,
        Err(errors) => return reports.extend(errors),
    };
    if !is_route_id(&name.sym) {
        reports.push(split::not_a_route_id(file, range_of(name.span), &name.sym));
    }
    let (params, body, returns) = match &*function.expr {
        Expr::Arrow(ArrowExpr {
            params,
            body,
            return_type,
            is_generator: false,
            ..
        }) => {
            let body = match &**body {
                ArrowFunctionBody::FunctionBody(block) => Body::Block(Some(block)),
                ArrowFunctionBody::Expr(expr) => Body::Expr(expr),
            };
            (params.iter().collect(), body, return_type)
        }
        Expr::Fn(f) if !f.function.is_generator => {
            let params = f.function.params.iter().map(|p| &p.pat).collect();
            (
                params,
                Body::Block(f.function.body.as_ref()),
                &f.function.return_type,
            )
        }
        _ => {
            reports.push(unsupported());
            return;
        }
    };
    let route = RouteDecl {
        id: name.sym.to_string(),
        name: name.sym.to_string(),
        file,
        range: range_of(name.span),
        meta: meta(&arguments),
        params,
        body,
        returns: returns.as_ref().map(|t| &*t.type_ann),
    };
    found.push(route);
}

fn is_route_id(name: &str) -> bool {
    name != "then" && !name.starts_with("__") && is_identifier(name)
}

fn meta(arguments: &[Argument]) -> Meta {
    let value = |key: &str| {
        arguments
            .iter()
            .find(|a| a.key.as_deref() == Some(key))
            .map(|a| &a.value)
    };
    let text = |key: &str| match value(key) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let perm = if let Some(Value::Mask(mask)) = value("perm") {
        *mask
    } else {
        7
    };
    Meta {
        perm,
        ugroup: text("ugroup"),
        egroup: text("egroup"),
    }
}
