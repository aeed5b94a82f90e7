//! The project's middleware: what stands in the list of `src/middleware.ts`, and for which routes.

use swc_core::common::{DUMMY_SP, Spanned};
use swc_core::ecma::ast::{ArrayLit, Expr, ModuleDecl, ModuleItem};

use crate::blank::{Argument, Value};
use crate::decorators;
use crate::diagnostics::{Range, Report, middleware as errors};
use crate::modules::Modules;
use crate::parse::range_of;
use crate::routes::{RouteDecl, RouteType, call_of_kontract};

/// Where middleware is looked for.
pub(crate) const MIDDLEWARE_FILES: [&str; 3] = [
    "src/middleware.ts",
    "src/middleware.tsx",
    "src/middleware.js",
];

/// The middleware of a project, outermost first.
#[derive(Debug, Default)]
pub(crate) struct Middleware {
    pub file: Option<usize>,
    pub filters: Vec<Filter>,
}

/// Which routes one middleware is for: all that is given must match.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    prefixurl: Option<String>,
    egroup: Option<String>,
    endpoints: Option<Vec<String>>,
    range: Range,
}

impl Filter {
    /// Whether it filters at all.
    fn given(&self) -> bool {
        self.prefixurl.is_some() || self.egroup.is_some() || self.endpoints.is_some()
    }

    /// Whether the middleware runs around this route.
    fn matches(&self, id: &str, egroup: Option<&str>) -> bool {
        let path = egroup.map_or_else(|| format!("/{id}"), |group| format!("/{group}/{id}"));
        self.prefixurl
            .as_ref()
            .is_none_or(|prefix| path.starts_with(prefix))
            && self
                .egroup
                .as_ref()
                .is_none_or(|group| egroup == Some(group))
            && self
                .endpoints
                .as_ref()
                .is_none_or(|ids| ids.iter().any(|i| i == id))
    }
}

impl Middleware {
    /// The middleware of a route, outermost first, as indices into the list.
    pub(crate) fn chain(&self, route: &RouteType) -> Vec<usize> {
        let egroup = route.meta.egroup.as_deref();
        let filters = self.filters.iter().enumerate();
        let matching = filters.filter(|(_, f)| f.matches(&route.id, egroup));
        matching.map(|(i, _)| i).collect()
    }

    /// What the middleware of a chain is called outside of the compiler: `<file>#<index>`.
    pub(crate) fn names(&self, modules: &Modules, chain: &[usize]) -> Vec<String> {
        let path = self.file.map_or("", |f| modules.files[f].path.as_str());
        chain.iter().map(|i| format!("{path}#{i}")).collect()
    }
}

/// Reads the list and its filters.
pub(crate) fn find_middleware(
    modules: &Modules,
    routes: &[RouteDecl<'_>],
    reports: &mut Vec<Report>,
) -> Middleware {
    report_elsewhere(modules, reports);
    let Some(file) = modules
        .files
        .iter()
        .position(|f| MIDDLEWARE_FILES.contains(&f.path.as_str()))
    else {
        return Middleware::default();
    };
    let filters = match list(modules, file) {
        Ok(list) => filters(modules, file, list, reports),
        Err(range) => {
            reports.push(errors::not_a_list(file, range));
            Vec::new()
        }
    };
    let known: Vec<&str> = routes.iter().map(|r| r.id.as_str()).collect();
    for filter in &filters {
        for id in filter
            .endpoints
            .iter()
            .flatten()
            .filter(|id| !known.contains(&id.as_str()))
        {
            reports.push(errors::unknown_endpoint(file, filter.range, id, &known));
        }
    }
    let groups: Vec<&str> = routes
        .iter()
        .filter_map(|r| r.meta.egroup.as_deref())
        .collect();
    for filter in filters.iter().filter(|f| f.given()) {
        let unknown = filter.endpoints.iter().flatten();
        let reported = unknown.clone().any(|id| !known.contains(&id.as_str()));
        let passes = |r: &RouteDecl<'_>| filter.matches(&r.id, r.meta.egroup.as_deref());
        if !reported && !routes.iter().any(passes) {
            let group = filter.egroup.as_deref();
            reports.push(errors::filter_matches_nothing(
                file,
                filter.range,
                group,
                &groups,
            ));
        }
    }
    Middleware {
        file: Some(file),
        filters,
    }
}

/// A list in another file would filter nothing, and nobody would notice.
fn report_elsewhere(modules: &Modules, reports: &mut Vec<Report>) {
    for (file, parsed) in modules.files.iter().enumerate() {
        if MIDDLEWARE_FILES.contains(&parsed.path.as_str()) {
            continue;
        }
        for item in &parsed.module.body {
            if let ModuleItem::ModuleDecl(ModuleDecl::ExportDefaultExpr(export)) = item
                && let Some(call) =
                    call_of_kontract(modules, file, &export.expr, "defineMiddleware")
            {
                reports.push(errors::wrong_file(file, range_of(call.callee.span())));
            }
        }
    }
}

/// The list the file exports; otherwise what stands in its place.
fn list(modules: &Modules, file: usize) -> Result<&ArrayLit, Range> {
    let body = &modules.files[file].module.body;
    let default = body
        .iter()
        .find_map(|item| item.as_module_decl()?.as_export_default_expr());
    let Some(export) = default else {
        return Err(range_of(body.first().map_or(DUMMY_SP, Spanned::span)));
    };
    let call = call_of_kontract(modules, file, &export.expr, "defineMiddleware");
    match call.and_then(|c| c.args.first()).map(|a| &*a.expr) {
        Some(Expr::Array(list)) => Ok(list),
        _ => Err(range_of(export.span)),
    }
}

fn filters(
    modules: &Modules,
    file: usize,
    list: &ArrayLit,
    reports: &mut Vec<Report>,
) -> Vec<Filter> {
    let mut filters = Vec::new();
    for element in &list.elems {
        match element {
            Some(e) if e.spread.is_none() => filters.push(filter(modules, file, &e.expr, reports)),
            _ => reports.push(errors::not_a_list(file, range_of(list.span))),
        }
    }
    filters
}

fn filter(modules: &Modules, file: usize, element: &Expr, reports: &mut Vec<Report>) -> Filter {
    let parsed = &modules.files[file];
    if let Some(call) = call_of_kontract(modules, file, element, "mwfilter") {
        let Some(options) = call.args.first().filter(|_| call.args.len() == 2) else {
            reports.push(errors::not_a_list(file, range_of(call.span)));
            return Filter::default();
        };
        let range = range_of(options.expr.span());
        return match decorators::object(file, parsed, "mwfilter", range) {
            Ok(arguments) => filter_of(&arguments, range),
            Err(errors) => {
                reports.extend(errors);
                Filter::default()
            }
        };
    }
    if !matches!(element, Expr::Arrow(_) | Expr::Fn(_) | Expr::Ident(_)) {
        reports.push(errors::not_a_list(file, range_of(element.span())));
    }
    match parsed.bindings.named(element.span(), "mwfilter") {
        Some(found) => filter_of(&decorators::arguments(parsed, found), found.range),
        None => Filter::default(),
    }
}

fn filter_of(arguments: &[Argument], range: Range) -> Filter {
    let mut filter = Filter {
        range,
        ..Filter::default()
    };
    for argument in arguments {
        match (argument.key.as_deref(), &argument.value) {
            (Some("prefixurl"), Value::Text(text)) => filter.prefixurl = Some(text.clone()),
            (Some("egroup"), Value::Text(text)) => filter.egroup = Some(text.clone()),
            (Some("endpoints"), Value::List(items)) => {
                let text = |item: &Value| {
                    if let Value::Text(text) = item {
                        Some(text.clone())
                    } else {
                        None
                    }
                };
                filter.endpoints = Some(items.iter().filter_map(text).collect());
            }
            _ => {}
        }
    }
    filter
}
