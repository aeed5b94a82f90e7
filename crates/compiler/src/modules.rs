//! How the project's modules name each other: imports, exports, and what they lead to.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use swc_core::ecma::ast::Ident;
use swc_core::ecma::ast::{
    Decl, DefaultDecl, ExportSpecifier, Expr, ImportSpecifier, Module, ModuleDecl,
    ModuleExportName, ModuleItem, Stmt, Str, TsImportEqualsDecl, TsModuleName, TsModuleRef,
};
use swc_core::ecma::utils::find_pat_ids;

use crate::diagnostics::{Report, split};
use crate::parse::{Parsed, range_of};
use crate::resolve::Links;
use crate::{Language, Options};

/// The files of a project with their imports resolved.
pub(crate) struct Modules {
    pub files: Vec<Arc<Parsed>>,
    pub names: Vec<Names>,
    links: Links,
    pub language: Language,
    /// As [`crate::Options::out_depth`].
    pub out_depth: usize,
}

/// What one module imports and exports.
#[derive(Default)]
pub(crate) struct Names {
    /// By local name.
    pub imports: BTreeMap<String, Import>,
    /// By exported name.
    pub exports: BTreeMap<String, Export>,
    /// `export * from`.
    pub stars: Vec<usize>,
}

pub(crate) struct Import {
    pub from: Source,
    pub name: Imported,
}

/// Where an import leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Project(usize),
    /// A package or a part of the platform.
    Bare(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Imported {
    Name(String),
    Namespace,
}

pub(crate) enum Export {
    Local(String),
    From(Source, String),
}

impl Modules {
    pub(crate) fn link(
        files: Vec<Arc<Parsed>>,
        links: Links,
        options: &Options,
    ) -> (Self, Vec<Report>) {
        let mut modules = Self {
            names: Vec::new(),
            files,
            links,
            language: options.language.clone(),
            out_depth: options.out_depth,
        };
        let read = |file: usize| {
            let mut reports = Vec::new();
            let names = modules.read_names(file, &mut reports);
            (names, reports)
        };
        let read: Vec<_> = (0..modules.files.len()).into_par_iter().map(read).collect();
        let (names, reports): (_, Vec<Vec<Report>>) = read.into_iter().unzip();
        modules.names = names;
        (modules, reports.concat())
    }

    /// What a specifier in `file` means; `None` when it leads nowhere.
    pub(crate) fn source(&self, file: usize, specifier: &str) -> Option<&Source> {
        self.links.get(file, specifier)
    }

    /// Whether an import leads to a file that is no module.
    pub(crate) fn is_asset(&self, file: usize, specifier: &str) -> bool {
        specifier.starts_with('.') && matches!(self.source(file, specifier), Some(Source::Bare(_)))
    }

    /// Every specifier of a file with what it means, in the order of the specifiers.
    pub(crate) fn links_of(&self, file: usize) -> Vec<(&str, &Source)> {
        self.links.of(file)
    }

    /// The files of this build that a file names.
    pub(crate) fn leads_to(&self, file: usize) -> Vec<usize> {
        let links = self.links_of(file).into_iter();
        let mut files: Vec<usize> = links
            .filter_map(|(_, source)| match source {
                Source::Project(target) => Some(*target),
                Source::Bare(_) => None,
            })
            .collect();
        files.sort_unstable();
        files.dedup();
        files
    }

    /// Follows a local name to the file and the local name that declare it.
    pub(crate) fn declaration_of(&self, file: usize, local: &str) -> Option<(usize, String)> {
        match self.names[file].imports.get(local) {
            None => Some((file, local.to_owned())),
            Some(Import {
                from: Source::Project(target),
                name: Imported::Name(name),
            }) => self.export_of(*target, name, 0),
            Some(_) => None,
        }
    }

    /// Follows an exported name to the file and the local name that declare it.
    pub(crate) fn export_of(
        &self,
        file: usize,
        name: &str,
        depth: usize,
    ) -> Option<(usize, String)> {
        // Re-exports in a circle lead nowhere.
        if depth > 32 {
            return None;
        }
        match self.names[file].exports.get(name) {
            Some(Export::Local(local)) => self.declaration_of(file, local),
            Some(Export::From(Source::Project(target), name)) => {
                self.export_of(*target, name, depth + 1)
            }
            Some(Export::From(Source::Bare(_), _)) => None,
            None => self.names[file]
                .stars
                .iter()
                .find_map(|&star| self.export_of(star, name, depth + 1)),
        }
    }

    /// The package a local name is imported from, with its name there.
    pub(crate) fn package_of(&self, file: usize, local: &str) -> Option<(&str, &str)> {
        match self.names[file].imports.get(local)? {
            Import {
                from: Source::Bare(package),
                name: Imported::Name(name),
            } => Some((package, name)),
            _ => None,
        }
    }

    fn read_names(&self, file: usize, reports: &mut Vec<Report>) -> Names {
        let mut names = Names::default();
        let module: &Module = &self.files[file].module;
        for item in &module.body {
            let ModuleItem::ModuleDecl(decl) = item else {
                continue;
            };
            let source: Option<&Str> = match decl {
                ModuleDecl::Import(d) => Some(&d.src),
                ModuleDecl::ExportNamed(d) => d.src.as_deref(),
                ModuleDecl::ExportAll(d) => Some(&d.src),
                ModuleDecl::TsImportEquals(d) => match &d.module_ref {
                    TsModuleRef::TsExternalModuleRef(from) => Some(&from.expr),
                    TsModuleRef::TsEntityName(_) => None,
                },
                _ => None,
            };
            let resolved = source.and_then(|src| {
                let specifier = src.value.to_string_lossy();
                let resolved = self.source(file, &specifier).cloned();
                if resolved.is_none() {
                    reports.push(split::missing_module(file, range_of(src.span), &specifier));
                }
                resolved
            });
            if let ModuleDecl::TsImportEquals(import) = decl {
                self.read_required(import, resolved.clone(), &mut names);
            }
            read_declaration(decl, resolved, &mut names);
        }
        names
    }
}

impl Modules {
    /// `import x = require('…')` names what is exported as a whole, or the whole module.
    fn read_required(
        &self,
        import: &TsImportEqualsDecl,
        source: Option<Source>,
        names: &mut Names,
    ) {
        let Some(from) = source else { return };
        let whole = matches!(&from, Source::Project(target) if !assigns_its_export(&self.files[*target].module));
        let name = if whole {
            Imported::Namespace
        } else {
            Imported::Name("default".to_owned())
        };
        let local = import.id.sym.to_string();
        if import.is_export {
            names
                .exports
                .insert(local.clone(), Export::Local(local.clone()));
        }
        names.imports.insert(local, Import { from, name });
    }
}

/// Whether a module has `export = …`.
pub(crate) fn assigns_its_export(module: &Module) -> bool {
    module.body.iter().any(|item| {
        matches!(
            item,
            ModuleItem::ModuleDecl(ModuleDecl::TsExportAssignment(_))
        )
    })
}

fn read_declaration(decl: &ModuleDecl, source: Option<Source>, names: &mut Names) {
    match decl {
        ModuleDecl::Import(import) => {
            let Some(from) = source else { return };
            for specifier in &import.specifiers {
                let (local, name) = match specifier {
                    ImportSpecifier::Named(s) => {
                        let name = s
                            .imported
                            .as_ref()
                            .map_or_else(|| s.local.sym.to_string(), export_name);
                        (&s.local, Imported::Name(name))
                    }
                    ImportSpecifier::Default(s) => (&s.local, Imported::Name("default".to_owned())),
                    ImportSpecifier::Namespace(s) => (&s.local, Imported::Namespace),
                };
                names.imports.insert(
                    local.sym.to_string(),
                    Import {
                        from: from.clone(),
                        name,
                    },
                );
            }
        }
        ModuleDecl::ExportDecl(export) => {
            for name in declared_names(&export.decl) {
                names.exports.insert(name.clone(), Export::Local(name));
            }
        }
        ModuleDecl::ExportNamed(export) => {
            for specifier in &export.specifiers {
                let ExportSpecifier::Named(s) = specifier else {
                    continue;
                };
                let local = export_name(&s.orig);
                let exported = s
                    .exported
                    .as_ref()
                    .map_or_else(|| local.clone(), export_name);
                let target = match (&export.src, &source) {
                    (None, _) => Export::Local(local),
                    (Some(_), Some(from)) => Export::From(from.clone(), local),
                    (Some(_), None) => continue,
                };
                names.exports.insert(exported, target);
            }
        }
        ModuleDecl::ExportAll(_) => {
            if let Some(Source::Project(target)) = source {
                names.stars.push(target);
            }
        }
        ModuleDecl::ExportDefaultDecl(export) => {
            let local = match &export.decl {
                DefaultDecl::Fn(f) => f.ident.as_ref(),
                DefaultDecl::Class(c) => c.ident.as_ref(),
                DefaultDecl::TsInterfaceDecl(i) => Some(&i.id),
            };
            let local = local.map_or_else(|| "default".to_owned(), |i| i.sym.to_string());
            names
                .exports
                .insert("default".to_owned(), Export::Local(local));
        }
        ModuleDecl::ExportDefaultExpr(export) => default_is(&export.expr, names),
        ModuleDecl::TsExportAssignment(export) => default_is(&export.expr, names),
        _ => {}
    }
}

/// `export default x` and `export = x`: the name of what is exported, if it has one.
fn default_is(value: &Expr, names: &mut Names) {
    let local = value
        .as_ident()
        .map_or_else(|| "default".to_owned(), |i| i.sym.to_string());
    names
        .exports
        .insert("default".to_owned(), Export::Local(local));
}

/// The names a declaration declares.
pub(crate) fn declared_names(decl: &Decl) -> Vec<String> {
    match decl {
        Decl::Fn(f) => vec![f.ident.sym.to_string()],
        Decl::Class(c) => vec![c.ident.sym.to_string()],
        Decl::Var(v) => {
            let idents: Vec<Ident> = find_pat_ids(&v.decls);
            idents.into_iter().map(|i| i.sym.to_string()).collect()
        }
        Decl::TsInterface(i) => vec![i.id.sym.to_string()],
        Decl::TsTypeAlias(a) => vec![a.id.sym.to_string()],
        Decl::TsEnum(e) => vec![e.id.sym.to_string()],
        Decl::TsModule(m) => match &m.id {
            TsModuleName::Ident(id) if !m.global => vec![id.sym.to_string()],
            _ => Vec::new(),
        },
        Decl::Using(_) => Vec::new(),
    }
}

/// The declaration inside a top-level item, exported or not.
pub(crate) fn declaration(item: &ModuleItem) -> Option<&Decl> {
    match item {
        ModuleItem::Stmt(Stmt::Decl(decl)) => Some(decl),
        ModuleItem::ModuleDecl(ModuleDecl::ExportDecl(export)) => Some(&export.decl),
        _ => None,
    }
}

/// The text of an import's or export's name.
pub(crate) fn export_name(name: &ModuleExportName) -> String {
    match name {
        ModuleExportName::Ident(i) => i.sym.to_string(),
        ModuleExportName::Str(s) => s.value.to_string_lossy().into_owned(),
    }
}
