//! The functions lowered code calls stand in one file of each half, so that neither a package nor a
//! copy in every module is needed.

use std::collections::BTreeSet;

use swc_core::ecma::ast::{ImportSpecifier, Module, ModuleDecl, ModuleExportName, ModuleItem, Str};
use swc_core::ecma::utils::quote_ident;

/// The file, as it is emitted.
pub(crate) const HELPERS_SOURCE: &str = include_str!("helpers.js");
/// What a module imports it as until its place is known; no package can be called so.
pub(crate) const HELPERS_SPECIFIER: &str = "kontract:helpers";
const SWC: &str = "@swc/helpers/_/";

/// Turns the imports swc writes, one a function, into imports from the helpers.
pub(super) fn rename(module: &mut Module) {
    for item in &mut module.body {
        let ModuleItem::ModuleDecl(ModuleDecl::Import(import)) = item else {
            continue;
        };
        let specifier = import.src.value.to_string_lossy().into_owned();
        let Some(name) = specifier.strip_prefix(SWC) else {
            continue;
        };
        for specifier in &mut import.specifiers {
            if let ImportSpecifier::Named(named) = specifier {
                let same = *named.local.sym == *name;
                let imported = ModuleExportName::Ident(quote_ident!(name).into());
                named.imported = (!same).then_some(imported);
            }
        }
        *import.src = Str::from(HELPERS_SPECIFIER);
    }
}

/// The names under which a module has helpers.
pub(crate) fn helpers_of(module: &Module) -> BTreeSet<String> {
    let imports = module.body.iter().filter_map(|item| match item {
        ModuleItem::ModuleDecl(ModuleDecl::Import(import))
            if import.src.value == *HELPERS_SPECIFIER =>
        {
            Some(import)
        }
        _ => None,
    });
    let specifiers = imports.flat_map(|import| &import.specifiers);
    specifiers.map(|s| s.local().sym.to_string()).collect()
}
