//! What the client has: built up from where client code starts, and nothing that exists only on the
//! server.
//!
//! [`graph`] says what each item needs, [`taint`] what exists only on the server and why,
//! [`entries`] where client code starts; the walk here puts them together.

mod entries;
mod graph;
mod index;
mod platform;
mod taint;

use std::collections::BTreeSet;

use super::halves::{Halves, Items};
use super::items::{Item, Shape};
use super::values::Values;
use crate::diagnostics::{Report, reach as errors};
use crate::modules::Modules;
use crate::parse::range_of;

use entries::Entries;
use graph::{Graph, Place};
use taint::Taints;

pub(super) use graph::{local_name, specifier};
pub(crate) use index::ItemIndex;

/// What goes into the client, by file.
pub(crate) struct Reach {
    /// Items the client half of each file has.
    pub items: Vec<BTreeSet<usize>>,
    /// Whether everything of the file is in its client half; else its source stays on the server too.
    pub complete: Vec<bool>,
    /// Whether the file has a client half at all.
    pub client: Vec<bool>,
    /// Imports for their effect that lead to what only a server has.
    pub server_imports: BTreeSet<(usize, usize)>,
    /// What the client halves declare.
    pub values: Values,
}

/// Works out what the client has; client code that cannot do without the server is an error.
///
/// `pages` are the files a page loads; what else starts client code is worked out.
pub(crate) fn reach(
    modules: &Modules,
    halves: Halves<'_>,
    items: &[Items],
    routes: &BTreeSet<(usize, String)>,
    pages: &[String],
    reports: &mut Vec<Report>,
) -> Reach {
    let graph = Graph::new(modules, halves, items, routes);
    let taints = Taints::find(&graph);
    let mut walk = Walk {
        graph: &graph,
        taints: &taints,
        wanted: items.iter().map(|all| vec![false; all.len()]).collect(),
        loaded: vec![false; items.len()],
        loader: vec![None; items.len()],
        queue: Vec::new(),
    };
    let entries = Entries::find(&graph, pages);
    for &file in &entries.sure {
        walk.load(file, None);
    }
    for &file in &entries.possible {
        match taints.running(&graph, file).next() {
            Some(place) if !walk.loaded[file] => {
                let trace = taints.trace(&graph, place);
                reports.push(errors::left_out(
                    file,
                    range_of(graph.item(place).span),
                    &trace.path,
                ));
            }
            _ => walk.load(file, None),
        }
    }
    walk.run();
    walk.report(reports);
    let (wanted, loaded) = (walk.wanted, walk.loaded);
    let of_file = |file: usize| {
        let all = wanted[file].iter().enumerate();
        let wanted = all.filter(|(_, wanted)| **wanted);
        wanted.map(|(index, _)| index).collect::<BTreeSet<_>>()
    };
    let included: Vec<_> = (0..items.len()).map(of_file).collect();
    let complete = (0..items.len())
        .map(|file| {
            let mut all = items[file].iter().enumerate();
            let in_client = |(i, item): (usize, &Item)| {
                item.shape == Shape::Import || included[file].contains(&i)
            };
            !graph.has_routes[file] && all.all(in_client)
        })
        .collect();
    let is_import = |place: &Place| graph.item(*place).shape == Shape::Import;
    let server_imports = graph
        .places()
        .filter(is_import)
        .filter(|place| taints.contains(*place));
    let server_imports = server_imports.collect();
    let names = |file: usize| {
        let of_items = included[file]
            .iter()
            .flat_map(|&i| items[file][i].values().cloned());
        let of_routes = routes.range((file, String::new())..(file + 1, String::new()));
        of_items
            .chain(of_routes.map(|(_, id)| id.clone()))
            .collect()
    };
    Reach {
        server_imports,
        values: Values::new((0..items.len()).map(names).collect()),
        client: (0..items.len())
            .map(|file| graph.has_routes[file] || loaded[file])
            .collect(),
        items: included,
        complete,
    }
}

/// From what is loaded to what that needs, until nothing is new.
struct Walk<'a> {
    graph: &'a Graph<'a>,
    taints: &'a Taints,
    /// By file and index.
    wanted: Vec<Vec<bool>>,
    loaded: Vec<bool>,
    /// The file because of which a file is loaded.
    loader: Vec<Option<usize>>,
    queue: Vec<Place>,
}

impl Walk<'_> {
    /// A file that client code loads runs: of one without backend functions everything is wanted.
    fn load(&mut self, file: usize, loader: Option<usize>) {
        let graph = self.graph;
        if graph.server_only[file] || std::mem::replace(&mut self.loaded[file], true) {
            return;
        }
        self.loader[file] = loader;
        let all = (0..graph.items[file].len()).map(|index| (file, index));
        let runs = all.filter(|&(_, index)| match graph.items[file][index].shape {
            Shape::Import => graph.is_for_its_effect(file, index),
            _ => !graph.has_routes[file],
        });
        self.queue.extend(runs);
    }

    fn run(&mut self) {
        while let Some(place) = self.queue.pop() {
            let (file, index) = place;
            if self.taints.contains(place) || self.graph.is_route(place) {
                continue;
            }
            self.load(file, None);
            if std::mem::replace(&mut self.wanted[file][index], true) {
                continue;
            }
            for &next in self.graph.leads_to(place) {
                // The way there is the way to this item's file, and one further.
                if !self.loaded[next.0] {
                    self.load(next.0, Some(file));
                }
                self.queue.push(next);
            }
            for target in self.graph.loads((file, index)) {
                self.load(target, Some(file));
                let everything = (0..self.graph.items[target].len()).map(|i| (target, i));
                let whole = self.graph.is_whole(place);
                self.queue.extend(everything.filter(|_| whole));
            }
        }
    }

    /// What runs when the client loads it, and cannot.
    fn report(&self, reports: &mut Vec<Report>) {
        let mut seen = BTreeSet::new();
        for file in (0..self.loaded.len()).filter(|&file| self.loaded[file]) {
            for place in self.taints.running(self.graph, file) {
                let trace = self.taints.trace(self.graph, place);
                if !seen.insert(trace.place) {
                    continue;
                }
                let mut way = self.way_to(file);
                way.extend(trace.path.iter().skip(1).cloned());
                reports.push(errors::server_only(
                    trace.place.0,
                    range_of(trace.span),
                    &trace.what,
                    &way,
                ));
            }
        }
    }

    fn way_to(&self, file: usize) -> Vec<String> {
        let mut way = vec![file];
        while let Some(loader) = self.loader[way[way.len() - 1]] {
            way.push(loader);
        }
        let path = |file: usize| self.graph.modules.files[file].path.clone();
        way.into_iter().rev().map(path).collect()
    }
}
