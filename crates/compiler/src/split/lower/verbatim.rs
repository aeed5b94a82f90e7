//! `verbatimModuleSyntax`: an import nobody uses loads its module all the same
//! (typescriptlang.org/tsconfig, "verbatimModuleSyntax"). As `import './x'` the rest of the split
//! sees it for what it is.

use std::collections::HashSet;

use swc_core::ecma::ast::{Id, Ident, ImportDecl, ImportSpecifier, Module, ModuleDecl, ModuleItem};
use swc_core::ecma::visit::{Visit, VisitWith};

pub(super) fn unused_for_their_effect(module: &mut Module) {
    let mut used = Used::default();
    module.visit_with(&mut used);
    for item in &mut module.body {
        if let ModuleItem::ModuleDecl(ModuleDecl::Import(import)) = item {
            let is_used = |s: &ImportSpecifier| used.0.contains(&s.local().to_id());
            if !import.specifiers.iter().any(is_used) {
                import.specifiers.clear();
            }
        }
    }
}

#[derive(Default)]
struct Used(HashSet<Id>);

impl Visit for Used {
    fn visit_import_decl(&mut self, _: &ImportDecl) {}

    fn visit_ident(&mut self, node: &Ident) {
        self.0.insert(node.to_id());
    }
}
