//! Which item needs which: by name, through re-exports, by namespace, by `import()`.

use std::collections::{BTreeSet, HashMap};

use swc_core::ecma::ast::{ExportSpecifier, ImportSpecifier, ModuleDecl, ModuleItem};

use super::platform::is_server_file;
use crate::modules::{Export, Imported, Modules, Source, export_name};
use crate::split::halves::{Halves, Items};
use crate::split::items::{Item, Reference, Shape};

/// An item: file and index.
pub(super) type Place = (usize, usize);

pub(super) struct Graph<'a> {
    pub modules: &'a Modules,
    pub halves: Halves<'a>,
    pub items: &'a [Items],
    routes: &'a BTreeSet<(usize, String)>,
    /// Which items declare a name, and which are part of what it is.
    declaring: HashMap<(usize, &'a str), Vec<usize>>,
    /// The `export { … }` and `export … from` that export a name.
    exporting: HashMap<(usize, String), usize>,
    /// `export * from`, with the file it leads to.
    stars: Vec<Vec<(usize, usize)>>,
    pub has_routes: Vec<bool>,
    pub server_only: Vec<bool>,
}

impl<'a> Graph<'a> {
    pub(super) fn new(
        modules: &'a Modules,
        halves: Halves<'a>,
        items: &'a [Items],
        routes: &'a BTreeSet<(usize, String)>,
    ) -> Self {
        let mut declaring: HashMap<(usize, &str), Vec<usize>> = HashMap::new();
        for (file, all) in items.iter().enumerate() {
            for (index, item) in all.iter().enumerate() {
                for name in item.declares.iter().chain(&item.augments) {
                    declaring
                        .entry((file, name.as_str()))
                        .or_default()
                        .push(index);
                }
            }
        }
        let mut has_routes = vec![false; items.len()];
        for (file, _) in routes {
            has_routes[*file] = true;
        }
        // Even there a backend function has a stub: it was marked to be called.
        let server_only = modules.files.iter().zip(&has_routes);
        let server_only = server_only.map(|(file, routes)| is_server_file(&file.path) && !routes);
        let server_only = server_only.collect();
        let mut graph = Self {
            modules,
            halves,
            items,
            routes,
            declaring,
            exporting: HashMap::new(),
            stars: vec![Vec::new(); items.len()],
            has_routes,
            server_only,
        };
        for file in 0..items.len() {
            graph.read_exports(file);
        }
        graph
    }

    fn read_exports(&mut self, file: usize) {
        for (index, item) in self.halves[file].module.body.iter().enumerate() {
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
                        self.exporting.insert((file, name), index);
                    }
                }
                ModuleItem::ModuleDecl(ModuleDecl::ExportAll(export)) => {
                    if let Some(target) = self.project(file, &export.src.value.to_string_lossy()) {
                        self.stars[file].push((index, target));
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn item(&self, (file, index): Place) -> &'a Item {
        &self.items[file][index]
    }

    pub(super) fn is_route(&self, (file, index): Place) -> bool {
        let item = &self.items[file][index];
        let mut declares = item.declares.iter();
        declares.any(|name| self.routes.contains(&(file, name.clone())))
    }

    /// Every item there is.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> + '_ {
        let of_file = |file: usize| (0..self.items[file].len()).map(move |index| (file, index));
        (0..self.items.len()).flat_map(of_file)
    }

    /// The project file a specifier leads to.
    pub(super) fn project(&self, file: usize, specifier: &str) -> Option<usize> {
        match self.modules.source(file, specifier)? {
            Source::Project(target) => Some(target),
            Source::Bare(_) => None,
        }
    }

    /// `import './x'`, where it is meant for the client: in a file with backend functions only if it
    /// is marked so.
    pub(super) fn is_for_its_effect(&self, file: usize, index: usize) -> bool {
        let item = &self.halves[file].module.body[index];
        let for_its_effect = matches!(item, ModuleItem::ModuleDecl(ModuleDecl::Import(i)) if i.specifiers.is_empty());
        for_its_effect && (!self.has_routes[file] || self.items[file][index].for_client)
    }

    /// The items an item needs, here and in other files, with the re-exports on the way.
    pub(super) fn leads_to(&self, (file, index): Place) -> Vec<Place> {
        let mut all = Vec::new();
        let item = &self.items[file][index];
        for reference in &item.refers {
            self.follow(file, reference, &mut all);
        }
        for name in &item.declares {
            self.declared(file, name, &mut all);
        }
        if let ModuleItem::ModuleDecl(ModuleDecl::ExportNamed(export)) =
            &self.halves[file].module.body[index]
            && let Some(src) = &export.src
            && let Some(target) = self.project(file, &src.value.to_string_lossy())
        {
            for specifier in &export.specifiers {
                if let ExportSpecifier::Named(s) = specifier {
                    self.export_trail(target, &export_name(&s.orig), 0, &mut all);
                }
            }
        }
        all.retain(|place| *place != (file, index));
        all
    }

    /// The files an item loads, whatever names it takes from them.
    pub(super) fn loads(&self, (file, index): Place) -> Vec<usize> {
        let item = &self.items[file][index];
        let mut all: Vec<usize> = item
            .imports
            .iter()
            .filter_map(|specifier| self.project(file, specifier))
            .collect();
        all.extend(item.refers.iter().filter_map(|r| self.namespace(file, r)));
        let module_item = &self.halves[file].module.body[index];
        if !matches!(item.shape, Shape::Import) || self.is_for_its_effect(file, index) {
            all.extend(specifier(module_item).and_then(|s| self.project(file, &s)));
        }
        all
    }

    /// Whether an item needs all of what it loads: a namespace as a value, `import()`, `export *`.
    pub(super) fn is_whole(&self, (file, index): Place) -> bool {
        let item = &self.items[file][index];
        let star = match &self.halves[file].module.body[index] {
            ModuleItem::ModuleDecl(ModuleDecl::ExportAll(_)) => !self.has_routes[file],
            ModuleItem::ModuleDecl(ModuleDecl::ExportNamed(export)) => {
                matches!(
                    export.specifiers.first(),
                    Some(ExportSpecifier::Namespace(_))
                )
            }
            _ => false,
        };
        star || !item.imports.is_empty()
            || item
                .refers
                .iter()
                .any(|r| self.namespace(file, r).is_some())
    }

    /// The file of a namespace that is used as a value.
    fn namespace(&self, file: usize, reference: &Reference) -> Option<usize> {
        let Reference::Name(name) = reference else {
            return None;
        };
        let import = self.modules.names[file].imports.get(name)?;
        match (&import.from, &import.name) {
            (Source::Project(target), Imported::Namespace) => Some(*target),
            _ => None,
        }
    }

    fn follow(&self, file: usize, reference: &Reference, all: &mut Vec<Place>) {
        let imports = &self.modules.names[file].imports;
        let (local, member) = match reference {
            Reference::Name(name) => (name, None),
            Reference::Member(namespace, name) => (namespace, Some(name)),
        };
        match imports.get(local).map(|i| (&i.from, &i.name)) {
            None => self.declared(file, local, all),
            Some((Source::Project(target), Imported::Name(name))) => {
                self.export_trail(*target, name, 0, all);
            }
            Some((Source::Project(target), Imported::Namespace)) => {
                if let Some(name) = member {
                    self.export_trail(*target, name, 0, all);
                }
            }
            Some((Source::Bare(_), _)) => {}
        }
    }

    fn declared(&self, file: usize, name: &str, all: &mut Vec<Place>) {
        let indices = self.declaring.get(&(file, name));
        all.extend(indices.into_iter().flatten().map(|&index| (file, index)));
    }

    fn export_trail(&self, file: usize, name: &str, depth: usize, all: &mut Vec<Place>) {
        // Re-exports in a circle lead nowhere.
        if depth > 32 {
            return;
        }
        let by_list = self.exporting.get(&(file, name.to_owned()));
        all.extend(by_list.map(|&index| (file, index)));
        match self.modules.names[file].exports.get(name) {
            Some(Export::Local(local)) => match self.modules.names[file].imports.get(local) {
                Some(_) => self.follow(file, &Reference::Name(local.clone()), all),
                None => self.declared(file, local, all),
            },
            Some(Export::From(Source::Project(target), original)) => {
                self.export_trail(*target, original, depth + 1, all);
            }
            Some(Export::From(Source::Bare(_), _)) => {}
            None => {
                for &(index, target) in &self.stars[file] {
                    if self.modules.export_of(target, name, 0).is_some() {
                        all.push((file, index));
                        self.export_trail(target, name, depth + 1, all);
                    }
                }
            }
        }
    }
}

/// The local name an import specifier declares.
pub(in crate::split) fn local_name(specifier: &ImportSpecifier) -> String {
    specifier.local().sym.to_string()
}

/// The specifier of an import or a re-export.
pub(in crate::split) fn specifier(item: &ModuleItem) -> Option<String> {
    let src = match item.as_module_decl()? {
        ModuleDecl::Import(d) => &d.src,
        ModuleDecl::ExportNamed(d) => d.src.as_ref()?,
        ModuleDecl::ExportAll(d) => &d.src,
        _ => return None,
    };
    Some(src.value.to_string_lossy().into_owned())
}
