//! What exists only on the server, and what cannot do without it.

use std::collections::{BTreeMap, HashMap};

use swc_core::common::Span;
use swc_core::ecma::ast::{ModuleDecl, ModuleItem};

use super::graph::{Graph, Place, local_name};
use super::platform::is_platform;
use crate::modules::Source;
use crate::split::items::{Item, Shape};

/// Why an item cannot be in the client.
struct Taint {
    span: Span,
    what: String,
    /// The item it reaches the reason through.
    next: Option<Place>,
}

/// The way from an item to what exists only on the server.
pub(super) struct Trace {
    /// The item that reaches it directly, and where.
    pub place: Place,
    pub span: Span,
    pub what: String,
    /// The files on the way, the item's own first; last what is reached.
    pub path: Vec<String>,
}

/// Every item that exists only on the server.
pub(super) struct Taints(BTreeMap<Place, Taint>);

impl Taints {
    pub(super) fn find(graph: &Graph<'_>) -> Self {
        let mut taints = BTreeMap::new();
        for file in 0..graph.items.len() {
            let imports = server_imports(graph, file);
            for (index, item) in graph.items[file].iter().enumerate() {
                if !graph.is_route((file, index)) {
                    let taint = own(graph, (file, index), item, &imports);
                    taints.extend(taint.map(|t| ((file, index), t)));
                }
            }
        }
        let mut needed_by: HashMap<Place, Vec<Place>> = HashMap::new();
        for place in graph.places() {
            // A list of exports loses what it cannot have, not everything.
            let spared = graph.is_route(place) || graph.item(place).shape == Shape::Export;
            if !spared {
                for &next in graph.leads_to(place) {
                    needed_by.entry(next).or_default().push(place);
                }
            }
        }
        let mut round: Vec<Place> = taints.keys().copied().collect();
        while !round.is_empty() {
            let mut found = BTreeMap::new();
            for next in round {
                for &place in needed_by.get(&next).into_iter().flatten() {
                    if !taints.contains_key(&place) {
                        found.entry(place).or_insert(next);
                    }
                }
            }
            round = found.keys().copied().collect();
            for (place, next) in found {
                let taint = Taint {
                    span: graph.item(place).span,
                    what: String::new(),
                    next: Some(next),
                };
                taints.insert(place, taint);
            }
        }
        Self(taints)
    }

    pub(super) fn contains(&self, place: Place) -> bool {
        self.0.contains_key(&place)
    }

    /// What runs when a file without backend functions is loaded, and needs the server.
    pub(super) fn running<'a>(
        &'a self,
        graph: &'a Graph<'_>,
        file: usize,
    ) -> impl Iterator<Item = Place> + 'a {
        let tainted = self
            .0
            .range((file, 0)..(file + 1, 0))
            .map(|(place, _)| *place);
        tainted.filter(move |&place| {
            let item = graph.item(place);
            let runs = item.shape == Shape::Statement && item.augments.is_none();
            !graph.has_routes[file] && (runs || item.shape == Shape::Import)
        })
    }

    /// The way from a tainted item to the reason.
    pub(super) fn trace(&self, graph: &Graph<'_>, start: Place) -> Trace {
        let path_of = |file: usize| graph.modules.files[file].path.clone();
        let mut path = vec![path_of(start.0)];
        let mut place = start;
        while let Some(next) = self.0.get(&place).and_then(|t| t.next) {
            place = next;
            if path.last() != Some(&path_of(place.0)) {
                path.push(path_of(place.0));
            }
        }
        let taint = self.0.get(&place);
        let what = taint.map(|t| t.what.clone()).unwrap_or_default();
        path.push(what.trim_matches('`').to_owned());
        Trace {
            place,
            span: taint.map_or(graph.item(place).span, |t| t.span),
            what,
            path,
        }
    }
}

/// An import of something that exists only on the server.
struct ServerImport {
    span: Span,
    what: String,
    locals: Vec<String>,
}

fn server_imports(graph: &Graph<'_>, file: usize) -> Vec<ServerImport> {
    let mut all = Vec::new();
    for item in &graph.halves[file].module.body {
        if let ModuleItem::ModuleDecl(ModuleDecl::Import(import)) = item
            && let Some(what) = server_module(graph, file, &import.src.value.to_string_lossy())
        {
            all.push(ServerImport {
                span: import.span,
                what,
                locals: import.specifiers.iter().map(local_name).collect(),
            });
        }
    }
    all
}

fn own(
    graph: &Graph<'_>,
    (file, index): Place,
    item: &Item,
    imports: &[ServerImport],
) -> Option<Taint> {
    let taint = |span: Span, what: String| {
        Some(Taint {
            span,
            what,
            next: None,
        })
    };
    if let Some((name, span)) = &item.ambient {
        return taint(*span, format!("`{name}`"));
    }
    let body = &graph.halves[file].module.body[index];
    match body {
        ModuleItem::ModuleDecl(ModuleDecl::Import(import)) => {
            let specifier = import.src.value.to_string_lossy();
            let what = import
                .specifiers
                .is_empty()
                .then(|| server_module(graph, file, &specifier))??;
            return taint(import.span, what);
        }
        ModuleItem::ModuleDecl(ModuleDecl::ExportAll(_) | ModuleDecl::ExportNamed(_)) => {
            let what = super::specifier(body).and_then(|s| server_module(graph, file, &s))?;
            return taint(item.span, what);
        }
        _ => {}
    }
    let mut loaded = item.imports.iter();
    if let Some(what) = loaded.find_map(|s| server_module(graph, file, s)) {
        return taint(item.span, what);
    }
    let reached = imports.iter().find(|import| {
        let mut locals = import.locals.iter();
        locals.any(|local| item.refers_to(local))
    })?;
    taint(reached.span, reached.what.clone())
}

/// What a specifier leads to, if that exists only on the server.
fn server_module(graph: &Graph<'_>, file: usize, specifier: &str) -> Option<String> {
    match graph.modules.source(file, specifier)? {
        Source::Bare(package) if is_platform(package) => Some(format!("`{package}`")),
        Source::Project(target) if graph.server_only[*target] => {
            Some(format!("`{}`", graph.modules.files[*target].path))
        }
        _ => None,
    }
}
