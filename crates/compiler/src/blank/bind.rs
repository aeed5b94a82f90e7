//! Decorators found = decorators bound, or it is an error: each must stand directly before
//! something it can mark, in the syntax tree of the blanked text.

use std::collections::BTreeMap;

use swc_core::common::{Span, Spanned};
use swc_core::ecma::ast::{
    ArrayLit, ArrowExpr, CallExpr, Callee, Class, ClassDecl, ClassMember, Decl, Decorator,
    DefaultDecl, ExportDecl, ExportDefaultDecl, Expr, FnDecl, Function, Module, Param,
    TsInterfaceDecl, TsPropertySignature,
};
use swc_core::ecma::visit::{Visit, VisitWith};

use super::{Blanked, Found, NAMES, skip_trivia};
use crate::diagnostics::{Report, syntax};
use crate::parse::offset;

/// What a decorator can mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Function,
    Member,
    Parameter,
    Type,
    Middleware,
}

/// Decorators by the place of what they mark: the start of a function's, interface's or class's
/// name, of a member's key, of a parameter's pattern, of a middleware's expression.
#[derive(Debug, Default)]
pub(crate) struct Bindings(BTreeMap<u32, Vec<Found>>);

impl Bindings {
    /// The decorators of what stands at `span`.
    pub(crate) fn at(&self, span: Span) -> &[Found] {
        self.0.get(&offset(span.lo)).map_or(&[], Vec::as_slice)
    }

    /// The decorator called `name` of what stands at `span`.
    pub(crate) fn named(&self, span: Span, name: &str) -> Option<&Found> {
        self.at(span).iter().find(|d| d.name == name)
    }

    /// Every decorator called `name`, with the place of what it marks.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = (u32, &Found)> {
        self.0
            .iter()
            .flat_map(|(place, all)| all.iter().map(|d| (*place, d)))
            .filter(move |(_, d)| d.name == name)
    }

    /// Every decorator of the file.
    pub(crate) fn every(&self) -> impl Iterator<Item = &Found> {
        self.0.values().flatten()
    }
}

/// Binds every decorator of a file to its target.
pub(crate) fn bind(file: usize, blanked: &Blanked, module: &Module) -> (Bindings, Vec<Report>) {
    let mut targets = Targets::default();
    module.visit_with(&mut targets);
    let mut bindings = Bindings::default();
    let mut reports = Vec::new();
    for found in &blanked.decorators {
        let next = next_target(blanked, found.range.end as usize);
        let target = targets
            .starts
            .get(&next)
            .filter(|(target, _)| permitted(&found.name).0.contains(target));
        match target {
            Some((_, place)) => {
                let bound = bindings.0.entry(*place).or_default();
                if bound.iter().any(|d| d.name == found.name) {
                    reports.push(syntax::repeated_decorator(file, found.range, &found.name));
                }
                bound.push(found.clone());
            }
            None => {
                reports.push(syntax::misplaced_decorator(
                    file,
                    found.range,
                    &found.name,
                    permitted(&found.name).1,
                ));
            }
        }
    }
    for found in &blanked.foreign {
        if !targets.decorators.contains(&found.range.start) {
            reports.push(syntax::unknown_decorator(
                file,
                found.range,
                &found.name,
                &NAMES,
            ));
        }
    }
    (bindings, reports)
}

/// Skips white space, comments and the decorators of others.
fn next_target(blanked: &Blanked, end: usize) -> u32 {
    let mut at = skip_trivia(&blanked.text, end);
    while let Some(other) = blanked
        .foreign
        .iter()
        .find(|f| f.range.start as usize == at)
    {
        at = skip_trivia(&blanked.text, other.range.end as usize);
    }
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn permitted(name: &str) -> (&'static [Target], &'static str) {
    match name {
        "backend" => (&[Target::Function], "a function declaration"),
        "mwfilter" => (
            &[Target::Middleware],
            "a function in the list of `defineMiddleware([…])`",
        ),
        "table" => (&[Target::Type], "an interface or a class"),
        "primkey" | "perm" | "index" => (&[Target::Member], "a member of an interface or a class"),
        _ => (
            &[Target::Member, Target::Parameter],
            "a member of an interface or a class, or a parameter",
        ),
    }
}

#[derive(Default)]
struct Targets {
    /// Where a target starts, to what it is and where its decorators are looked up.
    starts: BTreeMap<u32, (Target, u32)>,
    /// Where the decorators on classes and their members start.
    decorators: Vec<u32>,
    /// Classes around the node being visited.
    classes: usize,
}

impl Targets {
    fn add(&mut self, target: Target, place: Span, starts: &[Span]) {
        for start in starts {
            self.starts
                .insert(offset(start.lo), (target, offset(place.lo)));
        }
    }

    fn function(&mut self, function: &Function, name: Span, outer: Span) {
        self.add(Target::Function, name, &[outer, function.span]);
    }
}

impl Visit for Targets {
    fn visit_export_decl(&mut self, node: &ExportDecl) {
        match &node.decl {
            Decl::Fn(f) => self.function(&f.function, f.ident.span, node.span),
            Decl::TsInterface(i) => self.add(Target::Type, i.id.span, &[node.span]),
            Decl::Class(c) => self.add(Target::Type, c.ident.span, &[node.span]),
            _ => {}
        }
        node.visit_children_with(self);
    }

    fn visit_export_default_decl(&mut self, node: &ExportDefaultDecl) {
        match &node.decl {
            DefaultDecl::Fn(f) => {
                let name = f.ident.as_ref().map_or(f.function.span, |i| i.span);
                self.function(&f.function, name, node.span);
            }
            DefaultDecl::TsInterfaceDecl(i) => self.add(Target::Type, i.id.span, &[node.span]),
            DefaultDecl::Class(_) => {}
        }
        node.visit_children_with(self);
    }

    fn visit_fn_decl(&mut self, node: &FnDecl) {
        self.function(&node.function, node.ident.span, node.function.span);
        node.visit_children_with(self);
    }

    fn visit_ts_interface_decl(&mut self, node: &TsInterfaceDecl) {
        self.add(Target::Type, node.id.span, &[node.span]);
        node.visit_children_with(self);
    }

    fn visit_class_decl(&mut self, node: &ClassDecl) {
        self.add(Target::Type, node.ident.span, &[node.class.span]);
        node.visit_children_with(self);
    }

    fn visit_ts_property_signature(&mut self, node: &TsPropertySignature) {
        self.add(
            Target::Member,
            node.key.span(),
            &[node.span, node.key.span()],
        );
        node.visit_children_with(self);
    }

    fn visit_class(&mut self, node: &Class) {
        for member in &node.body {
            if let ClassMember::ClassProp(p) = member {
                self.add(Target::Member, p.key.span(), &[p.span, p.key.span()]);
            }
        }
        self.classes += 1;
        node.visit_children_with(self);
        self.classes -= 1;
    }

    fn visit_decorator(&mut self, node: &Decorator) {
        // Elsewhere the parser keeps decorators too, and nothing ever runs them.
        if self.classes > 0 {
            self.decorators.push(offset(node.span.lo));
        }
        node.visit_children_with(self);
    }

    fn visit_param(&mut self, node: &Param) {
        self.add(
            Target::Parameter,
            node.pat.span(),
            &[node.span, node.pat.span()],
        );
        node.visit_children_with(self);
    }

    fn visit_arrow_expr(&mut self, node: &ArrowExpr) {
        for pat in &node.params {
            self.add(Target::Parameter, pat.span(), &[pat.span()]);
        }
        node.visit_children_with(self);
    }

    fn visit_call_expr(&mut self, node: &CallExpr) {
        if let (true, Some(Expr::Array(ArrayLit { elems, .. }))) = (
            is_define_middleware(node),
            node.args.first().map(|a| &*a.expr),
        ) {
            for element in elems.iter().flatten() {
                if matches!(&*element.expr, Expr::Arrow(_) | Expr::Fn(_)) {
                    self.add(
                        Target::Middleware,
                        element.expr.span(),
                        &[element.expr.span()],
                    );
                }
            }
        }
        node.visit_children_with(self);
    }
}

/// Whether this is `defineMiddleware(…)`.
fn is_define_middleware(call: &CallExpr) -> bool {
    matches!(&call.callee, Callee::Expr(callee) if callee.is_ident_ref_to("defineMiddleware"))
}
