//! Which names are values. `export { User } from './types'` is legal where `User` is an interface, and
//! nothing in the file says so: only the project knows that there is nothing to export.

use std::collections::BTreeSet;

use swc_core::ecma::ast::{ExportSpecifier, ImportSpecifier, Module, ModuleDecl, ModuleItem};

use super::items::Item;
use super::reach::{local_name, specifier};
use crate::modules::{Modules, Source, export_name};

/// The names each file of one half declares as values.
pub(crate) struct Values(Vec<BTreeSet<String>>);

impl Values {
    /// Of whole files.
    pub(crate) fn of<'a>(files: impl Iterator<Item = &'a [Item]>) -> Self {
        let values = |items: &'a [Item]| items.iter().flat_map(Item::values).cloned().collect();
        Self(files.map(values).collect())
    }

    pub(super) fn new(names: Vec<BTreeSet<String>>) -> Self {
        Self(names)
    }

    /// Those of one file.
    pub(crate) fn of_file(&self, file: usize) -> &BTreeSet<String> {
        &self.0[file]
    }

    pub(super) fn has(&self, file: usize, local: &str) -> bool {
        self.0[file].contains(local)
    }

    /// Whether what `file` exports as `name` is there when the program runs.
    pub(super) fn exports(&self, modules: &Modules, file: usize, name: &str) -> bool {
        match modules.export_of(file, name, 0) {
            Some((declaring, local)) => self.has(declaring, &local),
            // Another package's: it is not for us to know.
            None => true,
        }
    }

    /// Takes out of a module what is imported and exported but is no value.
    pub(super) fn filter(&self, modules: &Modules, file: usize, module: &mut Module) {
        let mut gone = BTreeSet::new();
        module.body.retain_mut(|item| {
            let target = specifier(item).and_then(|s| match modules.source(file, &s)? {
                Source::Project(target) => Some(*target),
                Source::Bare(_) => None,
            });
            let declares_only = target.is_some_and(|t| modules.files[t].path.ends_with(".d.ts"));
            match item {
                ModuleItem::ModuleDecl(ModuleDecl::ExportAll(_)) => !declares_only,
                ModuleItem::ModuleDecl(ModuleDecl::Import(import)) => {
                    let Some(target) = target else { return true };
                    let for_its_effect = import.specifiers.is_empty();
                    import.specifiers.retain(|s| {
                        let name = match s {
                            ImportSpecifier::Named(s) => s
                                .imported
                                .as_ref()
                                .map_or_else(|| s.local.sym.to_string(), export_name),
                            ImportSpecifier::Default(_) => "default".to_owned(),
                            ImportSpecifier::Namespace(_) => return !declares_only,
                        };
                        let kept = !declares_only && self.exports(modules, target, &name);
                        if !kept {
                            gone.insert(local_name(s));
                        }
                        kept
                    });
                    !declares_only && (for_its_effect || !import.specifiers.is_empty())
                }
                ModuleItem::ModuleDecl(ModuleDecl::ExportNamed(export)) => {
                    export.specifiers.retain(|s| match (s, target) {
                        (ExportSpecifier::Named(s), Some(target)) => {
                            !declares_only && self.exports(modules, target, &export_name(&s.orig))
                        }
                        (_, Some(_)) => !declares_only,
                        _ => true,
                    });
                    !export.specifiers.is_empty()
                }
                _ => true,
            }
        });
        if gone.is_empty() {
            return;
        }
        module.body.retain_mut(|item| {
            let ModuleItem::ModuleDecl(ModuleDecl::ExportNamed(export)) = item else {
                return true;
            };
            if export.src.is_none() {
                export.specifiers.retain(|s| {
                    !matches!(s, ExportSpecifier::Named(s) if gone.contains(&export_name(&s.orig)))
                });
            }
            !export.specifiers.is_empty()
        });
    }
}
