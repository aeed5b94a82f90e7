//! Every place where a module names another.

use swc_core::ecma::ast::{
    CallExpr, Callee, ExportAll, Expr, ImportDecl, Lit, Module, NamedExport, Str,
    TsExternalModuleRef, TsImportType,
};
use swc_core::ecma::visit::{Visit, VisitWith};

/// What a module imports, re-exports, loads when asked or takes types from, once each, in source order.
pub(crate) fn specifiers(module: &Module) -> Vec<String> {
    let mut found = Specifiers::default();
    module.visit_with(&mut found);
    found.0
}

#[derive(Default)]
struct Specifiers(Vec<String>);

impl Specifiers {
    fn add(&mut self, src: &Str) {
        let text = src.value.to_string_lossy().into_owned();
        if !self.0.contains(&text) {
            self.0.push(text);
        }
    }
}

impl Visit for Specifiers {
    fn visit_import_decl(&mut self, node: &ImportDecl) {
        self.add(&node.src);
    }

    fn visit_named_export(&mut self, node: &NamedExport) {
        if let Some(src) = &node.src {
            self.add(src);
        }
    }

    fn visit_export_all(&mut self, node: &ExportAll) {
        self.add(&node.src);
    }

    fn visit_call_expr(&mut self, node: &CallExpr) {
        if let Some(src) = dynamic_import(node) {
            self.add(&src);
        }
        node.visit_children_with(self);
    }

    fn visit_ts_import_type(&mut self, node: &TsImportType) {
        self.add(&node.arg);
        node.visit_children_with(self);
    }

    fn visit_ts_external_module_ref(&mut self, node: &TsExternalModuleRef) {
        self.add(&node.expr);
    }
}

/// The specifier of `import('…')`, in whatever quotes.
pub(crate) fn dynamic_import(call: &CallExpr) -> Option<Str> {
    let (Callee::Import(_), Some(first)) = (&call.callee, call.args.first()) else {
        return None;
    };
    match &*first.expr {
        Expr::Lit(Lit::Str(src)) => Some(src.clone()),
        Expr::Tpl(template) => match template.quasis.as_slice() {
            [only] => Some(Str {
                span: template.span,
                value: only.cooked.clone()?,
                raw: None,
            }),
            _ => None,
        },
        _ => None,
    }
}
