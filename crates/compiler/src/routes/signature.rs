//! What a backend function takes and gives.

use swc_core::common::Spanned;
use swc_core::ecma::ast::Pat;

use super::{Body, Param, RouteDecl, RouteType};
use crate::diagnostics::{split, types as errors};
use crate::parse::range_of;
use crate::types::{
    Kind, Number, Replies, Resolved, Resolver, Slot, annotation, argument_of, literal, narrow,
    reply_of_body,
};

/// Resolves the types of a backend function.
pub(crate) fn typed<'a>(
    route: &RouteDecl<'a>,
    resolver: &mut Resolver<'a>,
    replies: &mut Replies<'a>,
) -> Option<RouteType> {
    let mut params = Vec::new();
    let mut complete = true;
    for (i, pat) in route.params.iter().enumerate() {
        match param(route, resolver, i, pat) {
            Ok(param) => params.push(param),
            Err(_) => complete = false,
        }
    }
    let reply = reply(route, resolver, replies).ok()?;
    complete.then(|| RouteType {
        id: route.id.clone(),
        name: route.name.clone(),
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
            resolver.resolve(file, ty, &format!("{}_{name}", upper_first(&route.name)))?
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

fn reply<'a>(
    route: &RouteDecl<'a>,
    resolver: &mut Resolver<'a>,
    replies: &mut Replies<'a>,
) -> Resolved<Slot> {
    let hint = format!("{}_reply", upper_first(&route.name));
    if let Some(ty) = route.returns {
        let inner = argument_of(ty, "Promise").unwrap_or(ty);
        let inner = match argument_of(inner, "HttpResp") {
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
    let told =
        inferred.or_else(|| replies.ask(resolver, &route.id, route.file, route.range, &hint));
    if let Some(slot) = told {
        return Ok(slot);
    }
    let report = errors::missing_return_type(route.file, route.range, &route.name);
    resolver.reports.push(report);
    // Whatever JSON can hold, and nothing.
    Ok(Slot::of(Kind::Json).optional())
}

fn upper_first(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default()
        + chars.as_str()
}
