//! Where to find what in the items of one file. Made from the file alone, and kept with it.

use std::collections::{BTreeSet, HashMap};

use swc_core::ecma::ast::{ExportSpecifier, Module, ModuleDecl, ModuleItem};

use crate::modules::export_name;
use crate::split::items::Item;
use crate::split::lower::helpers_of;

/// Items by what they do, as places in the list of items.
#[derive(Debug, Default)]
pub(crate) struct ItemIndex {
    /// Which items declare a name, and which are part of what it is.
    pub(super) declaring: HashMap<String, Vec<usize>>,
    /// The `export { … }` and `export … from` that export a name.
    pub(super) exporting: HashMap<String, usize>,
    /// `export * from`, with its specifier.
    pub(super) stars: Vec<(usize, String)>,
    /// Which call a helper of transformed syntax.
    pub(crate) calls_helpers: BTreeSet<usize>,
}

impl ItemIndex {
    pub(crate) fn of(module: &Module, items: &[Item]) -> Self {
        let mut found = Self::default();
        for (index, item) in items.iter().enumerate() {
            for name in item.declares.iter().chain(&item.augments) {
                let declaring = found.declaring.entry(name.clone()).or_default();
                declaring.push(index);
            }
        }
        for (index, item) in module.body.iter().enumerate() {
            found.read_export(index, item);
        }
        let helpers = helpers_of(module);
        let calls = |item: &Item| helpers.iter().any(|name| item.refers_to(name));
        let all = items.iter().enumerate();
        found.calls_helpers = all
            .filter(|(_, item)| calls(item))
            .map(|(i, _)| i)
            .collect();
        found
    }

    fn read_export(&mut self, index: usize, item: &ModuleItem) {
        match item {
            ModuleItem::ModuleDecl(ModuleDecl::ExportNamed(export)) => {
                for specifier in &export.specifiers {
                    let name = match specifier {
                        ExportSpecifier::Named(s) => {
                            export_name(s.exported.as_ref().unwrap_or(&s.orig))
                        }
                        ExportSpecifier::Namespace(s) => export_name(&s.name),
                        ExportSpecifier::Default(s) => s.exported.sym.to_string(),
                    };
                    self.exporting.insert(name, index);
                }
            }
            ModuleItem::ModuleDecl(ModuleDecl::ExportAll(export)) => {
                let specifier = export.src.value.to_string_lossy().into_owned();
                self.stars.push((index, specifier));
            }
            _ => {}
        }
    }
}
