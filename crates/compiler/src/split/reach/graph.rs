//! Which item needs which: by name, through re-exports, by namespace, by `import()`.

use std::collections::BTreeSet;

use rayon::prelude::*;
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
    /// `export * from`, with the file it leads to.
    stars: Vec<Vec<(usize, usize)>>,
    /// Which items are backend functions, by file and index.
    is_route: Vec<Vec<bool>>,
    /// The items each item needs, by file and index.
    needs: Vec<Vec<Vec<Place>>>,
    pub has_routes: Vec<bool>,
    pub server_only: Vec<bool>,
}

impl<'a> Graph<'a> {
    pub(super) fn new(
        modules: &'a Modules,
        halves: Halves<'a>,
        items: &'a [Items],
        routes: &BTreeSet<(usize, String)>,
    ) -> Self {
        let mut has_routes = vec![false; items.len()];
        for (file, _) in routes {
            has_routes[*file] = true;
        }
        let mut is_route: Vec<Vec<bool>> = items.iter().map(|all| vec![false; all.len()]).collect();
        for (file, name) in routes {
            let index = halves.index(*file);
            for &item in index.declaring.get(name).into_iter().flatten() {
                is_route[*file][item] |= items[*file][item].declares.contains(name);
            }
        }
        // Even there a backend function has a stub: it was marked to be called.
        let server_only = modules.files.iter().zip(&has_routes);
        let server_only = server_only.map(|(file, routes)| is_server_file(&file.path) && !routes);
        let server_only = server_only.collect();
        let stars = |file: usize| {
            let stars = halves.index(file).stars.iter();
            let project = |(index, specifier): &(usize, String)| {
                Some((*index, project(modules, file, specifier)?))
            };
            stars.filter_map(project).collect()
        };
        let files = 0..items.len();
        let mut graph = Self {
            modules,
            halves,
            items,
            is_route,
            stars: files.clone().into_par_iter().map(stars).collect(),
            needs: Vec::new(),
            has_routes,
            server_only,
        };
        let needs = |file: usize| {
            let places = (0..items[file].len()).map(|index| (file, index));
            places.map(|place| graph.needs_of(place)).collect()
        };
        graph.needs = files.into_par_iter().map(needs).collect();
        graph
    }

    pub(super) fn item(&self, (file, index): Place) -> &'a Item {
        &self.items[file][index]
    }

    pub(super) fn is_route(&self, (file, index): Place) -> bool {
        self.is_route[file][index]
    }

    /// Every item there is.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> + '_ {
        let of_file = |file: usize| (0..self.items[file].len()).map(move |index| (file, index));
        (0..self.items.len()).flat_map(of_file)
    }

    /// The project file a specifier leads to.
    pub(super) fn project(&self, file: usize, specifier: &str) -> Option<usize> {
        project(self.modules, file, specifier)
    }

    /// `import './x'`, where it is meant for the client: in a file with backend functions only if it
    /// is marked so.
    pub(super) fn is_for_its_effect(&self, file: usize, index: usize) -> bool {
        let item = &self.halves[file].module.body[index];
        let for_its_effect = matches!(item, ModuleItem::ModuleDecl(ModuleDecl::Import(i)) if i.specifiers.is_empty());
        for_its_effect && (!self.has_routes[file] || self.items[file][index].for_client)
    }

    /// The items an item needs, here and in other files, with the re-exports on the way.
    pub(super) fn leads_to(&self, (file, index): Place) -> &[Place] {
        &self.needs[file][index]
    }

    fn needs_of(&self, (file, index): Place) -> Vec<Place> {
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
        let indices = self.halves.index(file).declaring.get(name);
        all.extend(indices.into_iter().flatten().map(|&index| (file, index)));
    }

    fn export_trail(&self, file: usize, name: &str, depth: usize, all: &mut Vec<Place>) {
        // Re-exports in a circle lead nowhere.
        if depth > 32 {
            return;
        }
        let by_list = self.halves.index(file).exporting.get(name);
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

fn project(modules: &Modules, file: usize, specifier: &str) -> Option<usize> {
    match modules.source(file, specifier)? {
        Source::Project(target) => Some(*target),
        Source::Bare(_) => None,
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
