//! The backend functions of a project: where they stand, what they take and give.

use std::collections::BTreeMap;

use swc_core::common::{Span, Spanned};
use swc_core::ecma::ast::{
    ArrowExpr, ArrowFunctionBody, CallExpr, Callee, Class, Decl, DefaultDecl, Expr, Function,
    Ident, ModuleDecl, ModuleItem, Pat, Stmt, ThisExpr, TsType, VarDeclKind,
};
use swc_core::ecma::visit::{Visit, VisitWith};

use crate::blank::{Argument, Value};
use crate::decorators;
use crate::diagnostics::{Range, Report, split, types as errors};
use crate::modules::{Export, Modules};
use crate::parse::{Parsed, range_of};
use crate::types::{
    Kind, Number, Resolved, Resolver, Slot, annotation, is_identifier, literal, narrow,
    reply_of_body,
};

/// A backend function as written.
pub(crate) struct RouteDecl<'a> {
    pub id: String,
    pub file: usize,
    /// Its name.
    pub range: Range,
    pub meta: Meta,
    pub params: Vec<&'a Pat>,
    pub body: Body<'a>,
    pub returns: Option<&'a TsType>,
}

/// What the decorator says.
#[derive(Debug, Clone)]
pub(crate) struct Meta {
    pub perm: u8,
    pub ugroup: Option<String>,
    pub egroup: Option<String>,
}

pub(crate) enum Body<'a> {
    Block(Option<&'a swc_core::ecma::ast::FunctionBody>),
    Expr(&'a Expr),
}

/// A backend function with its types.
pub(crate) struct RouteType {
    pub id: String,
    pub file: usize,
    pub range: Range,
    pub meta: Meta,
    pub params: Vec<Param>,
    pub reply: Slot,
}

/// A parameter as the caller sees it.
pub(crate) struct Param {
    pub name: String,
    pub slot: Slot,
    pub rest: bool,
}

/// Collects the backend functions of all files, sorted by id.
pub(crate) fn find_routes<'a>(
    modules: &'a Modules,
    reports: &mut Vec<Report>,
) -> Vec<RouteDecl<'a>> {
    let mut all = BTreeMap::<String, RouteDecl<'a>>::new();
    for (file, parsed) in modules.files.iter().enumerate() {
        let mut found = Vec::new();
        for item in &parsed.module.body {
            route_of_item(modules, file, item, &mut found, reports);
        }
        report_nested(file, parsed, reports);
        for route in found {
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
    all.into_values().collect()
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
        file,
        range: range_of(name.span),
        meta: meta(&decorators::arguments(parsed, decorator)),
        params: function.params.iter().map(|p| &p.pat).collect(),
        body: Body::Block(function.body.as_ref()),
        returns: function.return_type.as_ref().map(|t| &*t.type_ann),
    };
    found.push(route);
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

/// `this` and `arguments` of a function have no meaning once it is a handler.
fn check_body(route: &RouteDecl<'_>, reports: &mut Vec<Report>) {
    let mut found = OfTheFunction::default();
    route.params.iter().for_each(|p| p.visit_with(&mut found));
    match &route.body {
        Body::Block(Some(body)) => body.visit_with(&mut found),
        Body::Block(None) => {}
        Body::Expr(expr) => expr.visit_with(&mut found),
    }
    if let Some((what, span)) = found.0 {
        reports.push(split::unsupported_in_route(
            route.file,
            range_of(span),
            what,
        ));
    }
}

/// The first `this` or `arguments` that is the function's own; arrows have none.
#[derive(Default)]
struct OfTheFunction(Option<(&'static str, Span)>);

impl Visit for OfTheFunction {
    fn visit_this_expr(&mut self, node: &ThisExpr) {
        self.0.get_or_insert(("`this`", node.span));
    }

    fn visit_ident(&mut self, node: &Ident) {
        if node.sym == *"arguments" {
            self.0.get_or_insert(("`arguments`", node.span));
        }
    }

    fn visit_function(&mut self, _: &Function) {}
    fn visit_class(&mut self, _: &Class) {}
}

/// Resolves the types of a backend function.
pub(crate) fn typed<'a>(route: &RouteDecl<'a>, resolver: &mut Resolver<'a>) -> Option<RouteType> {
    let mut params = Vec::new();
    let mut complete = true;
    for (i, pat) in route.params.iter().enumerate() {
        match param(route, resolver, i, pat) {
            Ok(param) => params.push(param),
            Err(_) => complete = false,
        }
    }
    let reply = reply(route, resolver).ok()?;
    complete.then(|| RouteType {
        id: route.id.clone(),
        file: route.file,
        range: route.range,
        meta: route.meta.clone(),
        params,
        reply,
    })
}

fn param<'a>(
    route: &RouteDecl<'a>,
    resolver: &mut Resolver<'a>,
    i: usize,
    pat: &'a Pat,
) -> Resolved<Param> {
    let file = route.file;
    let (inner, default) = match pat {
        Pat::Assign(assign) => (&*assign.left, Some(&*assign.right)),
        other => (other, None),
    };
    let (name, optional, rest) = match inner {
        Pat::Ident(ident) => (ident.sym.to_string(), ident.optional, false),
        Pat::Rest(rest) => (
            rest.arg
                .as_ident()
                .map_or_else(|| format!("arg{i}"), |a| a.sym.to_string()),
            false,
            true,
        ),
        Pat::Object(o) => (format!("arg{i}"), o.optional, false),
        _ => (format!("arg{i}"), false, false),
    };
    if name == "this" {
        return resolver.report(split::unsupported_in_route(
            file,
            range_of(pat.span()),
            "`this`",
        ));
    }
    let mut slot = match (annotation(inner), default.and_then(literal)) {
        (Some(ty), _) => {
            resolver.resolve(file, ty, &format!("{}_{name}", upper_first(&route.id)))?
        }
        (None, Some(slot)) if slot.kind != Kind::Void => slot,
        _ => {
            return resolver.report(errors::untyped_parameter(
                file,
                range_of(inner.span()),
                &name,
            ));
        }
    };
    slot.undefined |= optional || default.is_some();
    for found in resolver.modules.files[file].bindings.at(pat.span()) {
        if let Some(number) = Number::of_name(&found.name)
            && !narrow(&mut slot, number)
        {
            return resolver.report(errors::not_a_number(file, found.range, &found.name));
        }
    }
    Ok(Param { name, slot, rest })
}

fn reply<'a>(route: &RouteDecl<'a>, resolver: &mut Resolver<'a>) -> Resolved<Slot> {
    let hint = format!("{}_reply", upper_first(&route.id));
    if let Some(ty) = route.returns {
        let inner = type_argument(ty, "Promise").unwrap_or(ty);
        let inner = match type_argument(inner, "HttpResp") {
            Some(data) => data,
            None => inner,
        };
        return resolver.resolve(route.file, inner, &hint);
    }
    let inferred = match &route.body {
        Body::Block(Some(block)) => reply_of_body(block),
        Body::Block(None) => None,
        Body::Expr(expr) => literal(expr),
    };
    match inferred {
        Some(slot) => Ok(slot),
        None => resolver.report(errors::missing_return_type(
            route.file,
            route.range,
            &route.id,
        )),
    }
}

/// `T` of `name<T>`.
fn type_argument<'a>(ty: &'a TsType, name: &str) -> Option<&'a TsType> {
    let TsType::TsTypeRef(reference) = ty else {
        return None;
    };
    let is_it = reference
        .type_name
        .as_ident()
        .is_some_and(|i| i.sym == *name);
    let first = reference.type_params.as_ref()?.params.first()?;
    is_it.then_some(&**first)
}

fn upper_first(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default()
        + chars.as_str()
}
