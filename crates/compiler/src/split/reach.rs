//! What the client may have: built up from what client code reaches, and nothing that exists only
//! on the server.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use swc_core::common::Span;
use swc_core::ecma::ast::{ExportSpecifier, ImportDecl, ImportSpecifier, ModuleDecl, ModuleItem};

use super::ambient::target;
use super::halves::{Halves, Items};
use super::items::{Item, Reference, Shape};
use super::middleware::MIDDLEWARE_FILES;
use crate::diagnostics::{Report, split};
use crate::modules::{Imported, Modules, Source, export_name};
use crate::parse::range_of;

/// An item: file and index.
type Place = (usize, usize);

/// What goes into the client, by file.
pub(crate) struct Reach {
    /// Items the client half of each file has.
    pub items: Vec<BTreeSet<usize>>,
    /// Whether something of the file was left out: then its source stays on the server too.
    pub complete: Vec<bool>,
    /// Files whose client half is nothing at all.
    pub server_only: Vec<bool>,
}

/// Why an item cannot be in the client.
struct Taint {
    span: Span,
    what: String,
    /// The item it reaches the reason through.
    next: Option<Place>,
}

/// Works out what the client has; client code that cannot do without the server is an error.
pub(crate) fn reach(
    modules: &Modules,
    halves: Halves<'_>,
    items: &[Items],
    routes: &BTreeSet<(usize, String)>,
    reports: &mut Vec<Report>,
) -> Reach {
    let graph = Graph::new(modules, halves, items, routes);
    let taints = graph.taints();
    graph.report(&taints, reports);
    let mut wanted: BTreeSet<Place> = BTreeSet::new();
    let mut queue: Vec<Place> = Vec::new();
    for (file, all) in items.iter().enumerate() {
        if !graph.has_routes[file] && !graph.server_only[file] {
            let keep = |index: &usize| !matches!(all[*index].shape, Shape::Import);
            queue.extend((0..all.len()).filter(keep).map(|index| (file, index)));
        }
    }
    while let Some(place) = queue.pop() {
        if !taints.contains_key(&place) && !graph.is_route(place) && wanted.insert(place) {
            queue.extend(graph.leads_to(place));
        }
    }
    let files = 0..items.len();
    let of_file = |file: usize| {
        wanted
            .range((file, 0)..(file + 1, 0))
            .map(|(_, index)| *index)
            .collect::<BTreeSet<_>>()
    };
    let included: Vec<_> = files.clone().map(of_file).collect();
    let complete = files
        .map(|file| {
            let everything = items[file]
                .iter()
                .enumerate()
                .filter(|(_, i)| i.shape != Shape::Import);
            !graph.has_routes[file]
                && everything
                    .map(|(i, _)| i)
                    .all(|i| included[file].contains(&i))
        })
        .collect();
    Reach {
        items: included,
        complete,
        server_only: graph.server_only,
    }
}

struct Graph<'a> {
    modules: &'a Modules,
    halves: Halves<'a>,
    items: &'a [Items],
    routes: &'a BTreeSet<(usize, String)>,
    /// Which item declares a name.
    declaring: HashMap<(usize, &'a str), usize>,
    has_routes: Vec<bool>,
    server_only: Vec<bool>,
}

impl<'a> Graph<'a> {
    fn new(
        modules: &'a Modules,
        halves: Halves<'a>,
        items: &'a [Items],
        routes: &'a BTreeSet<(usize, String)>,
    ) -> Self {
        let mut declaring = HashMap::new();
        for (file, all) in items.iter().enumerate() {
            for (index, item) in all.iter().enumerate() {
                for name in &item.declares {
                    declaring.insert((file, name.as_str()), index);
                }
            }
        }
        let has_routes: Vec<bool> = (0..items.len())
            .map(|file| routes.iter().any(|(of, _)| *of == file))
            .collect();
        // Even there a backend function has a stub: it was marked to be called.
        let server_only = modules.files.iter().zip(&has_routes);
        let server_only = server_only.map(|(file, routes)| is_server_file(&file.path) && !routes);
        let server_only = server_only.collect();
        Self {
            modules,
            halves,
            items,
            routes,
            declaring,
            has_routes,
            server_only,
        }
    }

    fn is_route(&self, (file, index): Place) -> bool {
        self.items[file][index]
            .declares
            .first()
            .is_some_and(|name| self.routes.contains(&(file, name.clone())))
    }

    /// The items an item refers to, here and in other files.
    fn leads_to(&self, (file, index): Place) -> Vec<Place> {
        let mut all = Vec::new();
        for reference in &self.items[file][index].refers {
            if let Some((target, local)) = target(self.modules, file, reference) {
                all.extend(
                    self.declaring
                        .get(&(target, local.as_str()))
                        .map(|&i| (target, i)),
                );
            } else if let Some(target) = self.namespace(file, reference) {
                // A namespace that escapes as a value: everything it has is in reach.
                all.extend((0..self.items[target].len()).map(|i| (target, i)));
            }
        }
        if let ModuleItem::ModuleDecl(ModuleDecl::ExportNamed(export)) =
            &self.halves[file].module.body[index]
            && let Some(src) = &export.src
            && let Some(Source::Project(target)) =
                self.modules.source(file, &src.value.to_string_lossy())
        {
            for specifier in &export.specifiers {
                let ExportSpecifier::Named(s) = specifier else {
                    continue;
                };
                let found = self.modules.export_of(target, &export_name(&s.orig), 0);
                all.extend(found.and_then(|(f, local)| {
                    self.declaring.get(&(f, local.as_str())).map(|&i| (f, i))
                }));
            }
        }
        all
    }

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

    /// Every item that exists only on the server, with the reason.
    fn taints(&self) -> BTreeMap<Place, Taint> {
        let mut taints = BTreeMap::new();
        for (file, all) in self.items.iter().enumerate() {
            for (index, item) in all.iter().enumerate() {
                let place = (file, index);
                if let Some(taint) = self
                    .own_taint(place, item)
                    .filter(|_| !self.is_route(place))
                {
                    taints.insert(place, taint);
                }
            }
        }
        loop {
            let mut found = Vec::new();
            for (file, all) in self.items.iter().enumerate() {
                for (index, item) in all.iter().enumerate() {
                    let place = (file, index);
                    // A list of exports loses what it cannot have, not everything.
                    if taints.contains_key(&place)
                        || self.is_route(place)
                        || item.shape == Shape::Export
                    {
                        continue;
                    }
                    if let Some(next) = self
                        .leads_to(place)
                        .into_iter()
                        .find(|p| taints.contains_key(p) && !self.is_route(*p))
                    {
                        found.push((
                            place,
                            Taint {
                                span: item.span,
                                what: String::new(),
                                next: Some(next),
                            },
                        ));
                    }
                }
            }
            if found.is_empty() {
                return taints;
            }
            taints.extend(found);
        }
    }

    fn own_taint(&self, (file, index): Place, item: &Item) -> Option<Taint> {
        if let Some((name, span)) = &item.ambient {
            return Some(Taint {
                span: *span,
                what: format!("`{name}`"),
                next: None,
            });
        }
        if let ModuleItem::ModuleDecl(ModuleDecl::Import(import)) =
            &self.halves[file].module.body[index]
        {
            let what = import
                .specifiers
                .is_empty()
                .then(|| self.server_import(file, import))??;
            return Some(Taint {
                span: import.span,
                what,
                next: None,
            });
        }
        let imports = self.halves[file]
            .module
            .body
            .iter()
            .filter_map(|i| i.as_module_decl()?.as_import());
        for import in imports {
            let Some(what) = self.server_import(file, import) else {
                continue;
            };
            if import
                .specifiers
                .iter()
                .any(|s| refers_to(item, &local_name(s)))
            {
                return Some(Taint {
                    span: import.span,
                    what,
                    next: None,
                });
            }
        }
        None
    }

    /// What an import leads to, if that exists only on the server.
    fn server_import(&self, file: usize, import: &ImportDecl) -> Option<String> {
        let specifier = import.src.value.to_string_lossy();
        match self.modules.source(file, &specifier)? {
            Source::Bare(package) if is_platform(&package) => Some(format!("`{package}`")),
            Source::Project(target) if self.server_only[target] => {
                Some(format!("`{}`", self.modules.files[target].path))
            }
            _ => None,
        }
    }

    /// From what runs when the client starts, everything in reach must be the client's.
    fn report(&self, taints: &BTreeMap<Place, Taint>, reports: &mut Vec<Report>) {
        let imported = self.imported();
        let mut seen = BTreeSet::new();
        for (file, all) in self.items.iter().enumerate() {
            if imported[file] || self.has_routes[file] || self.server_only[file] {
                continue;
            }
            for (index, item) in all.iter().enumerate() {
                let runs = item.shape == Shape::Statement || item.shape == Shape::Import;
                if !runs || !taints.contains_key(&(file, index)) {
                    continue;
                }
                let mut trace = vec![self.modules.files[file].path.clone()];
                let mut place = (file, index);
                while let Some(next) = taints.get(&place).and_then(|t| t.next) {
                    place = next;
                    let path = &self.modules.files[place.0].path;
                    if trace.last() != Some(path) {
                        trace.push(path.clone());
                    }
                }
                if let Some(taint) = taints.get(&place).filter(|_| seen.insert(place)) {
                    trace.push(taint.what.trim_matches('`').to_owned());
                    reports.push(split::server_only(
                        place.0,
                        range_of(taint.span),
                        &taint.what,
                        &trace,
                    ));
                }
            }
        }
    }

    fn imported(&self) -> Vec<bool> {
        let mut imported = vec![false; self.items.len()];
        for (file, half) in self.halves.iter().enumerate() {
            for item in &half.module.body {
                if let Some(Source::Project(target)) =
                    specifier(item).and_then(|s| self.modules.source(file, &s))
                {
                    imported[target] = true;
                }
            }
        }
        imported
    }
}

fn refers_to(item: &Item, local: &str) -> bool {
    item.refers.iter().any(|r| match r {
        Reference::Name(name) | Reference::Member(name, _) => name == local,
    })
}

/// The local name an import specifier declares.
pub(super) fn local_name(specifier: &ImportSpecifier) -> String {
    match specifier {
        ImportSpecifier::Named(s) => s.local.sym.to_string(),
        ImportSpecifier::Default(s) => s.local.sym.to_string(),
        ImportSpecifier::Namespace(s) => s.local.sym.to_string(),
    }
}

/// The specifier of an import or a re-export.
pub(super) fn specifier(item: &ModuleItem) -> Option<String> {
    let src = match item.as_module_decl()? {
        ModuleDecl::Import(d) => &d.src,
        ModuleDecl::ExportNamed(d) => d.src.as_ref()?,
        ModuleDecl::ExportAll(d) => &d.src,
        _ => return None,
    };
    Some(src.value.to_string_lossy().into_owned())
}

fn is_server_file(path: &str) -> bool {
    MIDDLEWARE_FILES.contains(&path)
        || [".server.ts", ".server.tsx", ".server.js"]
            .iter()
            .any(|end| path.ends_with(end))
}

/// Modules only a server's platform has (nodejs.org/api, "Built-in modules").
fn is_platform(package: &str) -> bool {
    const BUILT_IN: [&str; 24] = [
        "async_hooks",
        "child_process",
        "cluster",
        "crypto",
        "dgram",
        "dns",
        "fs",
        "fs/promises",
        "http",
        "http2",
        "https",
        "module",
        "net",
        "os",
        "path",
        "perf_hooks",
        "process",
        "readline",
        "stream",
        "tls",
        "v8",
        "vm",
        "worker_threads",
        "zlib",
    ];
    package.starts_with("node:")
        || package.starts_with("kontract/runtime")
        || package.starts_with("cloudflare:")
        || BUILT_IN.contains(&package)
}
