//! `import x = require('…')` and `export = x` in modules: output is ECMAScript modules, where they
//! are the default import and the default export (nodejs.org/api/esm.html, "`CommonJS` namespaces").
//! `import defer` is evaluated at once: no engine we support can wait.

use swc_core::common::DUMMY_SP;
use swc_core::ecma::ast::{
    ExportDefaultExpr, ExportNamedSpecifier, ExportSpecifier, ImportDecl, ImportDefaultSpecifier,
    ImportPhase, ImportSpecifier, ImportStarAsSpecifier, Module, ModuleDecl, ModuleItem,
    NamedExport, TsImportEqualsDecl, TsModuleRef,
};

use crate::modules::{Modules, Source, assigns_its_export};

pub(super) fn to_modules(modules: &Modules, file: usize, module: &mut Module) {
    let old = std::mem::take(&mut module.body);
    for item in old {
        match item {
            ModuleItem::ModuleDecl(ModuleDecl::TsImportEquals(import)) => {
                match required(modules, file, &import) {
                    Some(items) => module.body.extend(items),
                    None => module.body.push(ModuleDecl::TsImportEquals(import).into()),
                }
            }
            ModuleItem::ModuleDecl(ModuleDecl::TsExportAssignment(export)) => {
                let default = ExportDefaultExpr {
                    span: export.span,
                    expr: export.expr,
                };
                module
                    .body
                    .push(ModuleDecl::ExportDefaultExpr(default).into());
            }
            ModuleItem::ModuleDecl(ModuleDecl::Import(mut import)) => {
                if import.phase == ImportPhase::Defer {
                    import.phase = ImportPhase::Evaluation;
                }
                module.body.push(ModuleDecl::Import(import).into());
            }
            other => module.body.push(other),
        }
    }
}

/// The import, and the export of `export import`; `None` for an alias inside of the program.
fn required(
    modules: &Modules,
    file: usize,
    import: &TsImportEqualsDecl,
) -> Option<Vec<ModuleItem>> {
    let TsModuleRef::TsExternalModuleRef(from) = &import.module_ref else {
        return None;
    };
    let local = import.id.clone();
    let whole = match modules.source(file, &from.expr.value.to_string_lossy()) {
        Some(Source::Project(target)) => !assigns_its_export(&modules.files[*target].module),
        _ => false,
    };
    let specifier = if whole {
        ImportSpecifier::Namespace(ImportStarAsSpecifier {
            span: import.span,
            local: local.clone(),
        })
    } else {
        ImportSpecifier::Default(ImportDefaultSpecifier {
            span: import.span,
            local: local.clone(),
        })
    };
    let declaration = ImportDecl {
        span: import.span,
        specifiers: vec![specifier],
        src: Box::new(from.expr.clone()),
        type_only: import.is_type_only,
        with: None,
        phase: ImportPhase::default(),
    };
    let mut items = vec![ModuleDecl::Import(declaration).into()];
    if import.is_export {
        let export = NamedExport {
            span: import.span,
            specifiers: vec![ExportSpecifier::Named(ExportNamedSpecifier {
                span: DUMMY_SP,
                orig: local.into(),
                exported: None,
                is_type_only: import.is_type_only,
            })],
            src: None,
            type_only: import.is_type_only,
            with: None,
        };
        items.push(ModuleDecl::ExportNamed(export).into());
    }
    Some(items)
}
