//! Writing what a project comes to: codecs and schema of every file with routes, and both halves of
//! every file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::Options;
use crate::cache::{Cache, Digest, Keys, KnownCodecs, Written};
use crate::codec::{Ids, Layout, codec_module, route_hash, schema};
use crate::diagnostics::{Report, Severity};
use crate::emit::{Printed, print};
use crate::modules::Modules;
use crate::optimise::Called;
use crate::routes::{RouteDecl, RouteType};
use crate::splice;
use crate::split::{self, Halves, Items, Middleware, Reach, Server};
use crate::types::{TableDecl, Types};

/// What is known of a project once its types are resolved.
pub(crate) struct Facts<'a> {
    pub modules: &'a Modules,
    pub types: Types,
    pub routes: Vec<RouteType>,
    pub tables: Vec<TableDecl>,
    pub middleware: Middleware,
    /// What the lock file says of the wire.
    pub ids: Ids,
}

impl Facts<'_> {
    /// The backend functions of one file in source order.
    fn of_file(&self, file: usize) -> Vec<&RouteType> {
        let mut routes: Vec<&RouteType> = self.routes.iter().filter(|r| r.file == file).collect();
        routes.sort_by_key(|r| r.range);
        routes
    }

    /// The lists of middleware that routes have.
    fn chains(&self) -> BTreeSet<Vec<usize>> {
        let chains = self.routes.iter().map(|r| self.middleware.chain(r));
        chains.filter(|c| !c.is_empty()).collect()
    }
}

/// Emitted files by path.
pub(crate) type Files = BTreeMap<String, Arc<str>>;

/// The codecs of every file with routes, and both halves of every module; nothing if there are errors.
#[allow(
    clippy::too_many_lines,
    reason = "the phases of writing, in their order"
)]
pub(crate) fn write(
    facts: &Facts<'_>,
    halves: Halves<'_>,
    declared: &[RouteDecl<'_>],
    options: &Options,
    texts: Vec<Digest>,
    cache: &mut Cache,
    reports: &mut Vec<Report>,
) -> Option<(BTreeMap<usize, Arc<KnownCodecs>>, Files)> {
    let modules = facts.modules;
    let items: Vec<Items> = (0..modules.files.len())
        .into_par_iter()
        .map(|file| halves.items(file))
        .collect();
    let names: Vec<(usize, String)> = declared.iter().map(|r| (r.file, r.name.clone())).collect();
    let contextual = split::contextual(modules, &items, &names);
    let on_server = split::server_files(modules, halves, &items, &facts.routes, &facts.middleware);
    split::check_ambient(
        modules,
        &items,
        &on_server,
        &facts.middleware,
        &contextual,
        reports,
    );
    let names: BTreeSet<(usize, String)> = names.into_iter().collect();
    if let Some(file) = facts.middleware.file {
        splice::advise(file, halves.of(file), reports);
    }
    let reach = split::reach(modules, halves, &items, &names, &options.pages, reports);
    let failed = |reports: &[Report]| reports.iter().any(|r| r.severity == Severity::Error);
    // What is worth a warning depends on what is right.
    if !failed(reports) {
        split::check_state(modules, halves, &items, declared, reports);
        split::check_surroundings(modules, halves, &items, &reach, &on_server, reports);
    }
    if failed(reports) {
        return None;
    }
    let uses_txid = on_server
        .iter()
        .any(|&f| modules.files[f].text.contains("currentTxid"));
    let server = Server {
        modules,
        contextual: &contextual,
        middleware: &facts.middleware,
        chains: facts.chains(),
        closures: options.closures,
        values: split::Values::of(items.iter().map(|items| items.as_slice())),
        optimise: options
            .optimises()
            .then(|| Called::new(modules, items.iter().map(|items| items.as_slice()))),
        halves,
        uses_txid,
    };
    let with_routes: BTreeSet<usize> = facts.routes.iter().map(|r| r.file).collect();
    let codecs: BTreeMap<usize, Arc<KnownCodecs>> = with_routes
        .into_par_iter()
        .map(|file| (file, codecs_of(facts, file, cache)))
        .collect();
    let keys = Keys::new(texts, cache.options(), &server, &reach, &on_server);
    let writer = Writer {
        facts,
        server: &server,
        reach: &reach,
        on_server: &on_server,
        items: &items,
    };
    let write_file = |file: usize| {
        let source = modules.files[file].path.clone();
        let routes = facts.of_file(file);
        let wire = codecs.get(&file).map_or("", |codecs| &*codecs.texts[0].1);
        let key = keys.of(file, &routes, wire);
        let known = cache.known(&source, &key).cloned();
        let written = known.unwrap_or_else(|| Written {
            key,
            dependencies: dependencies(modules, file),
            files: writer.halves(file, &routes),
        });
        (source, written)
    };
    let written: BTreeMap<String, Written> = (0..modules.files.len())
        .into_par_iter()
        .map(write_file)
        .collect();
    let mut files: Files = written
        .values()
        .flat_map(|written| &written.files)
        .map(|(path, text)| (path.clone(), Arc::clone(text)))
        .collect();
    cache.keep_written(written);
    cache.keep_codecs(
        codecs
            .iter()
            .map(|(&file, codecs)| (modules.files[file].path.clone(), Arc::clone(codecs))),
    );
    files.extend(helper_files(halves, &items, &reach, &on_server));
    Some((codecs, files))
}

fn dependencies(modules: &Modules, file: usize) -> Vec<String> {
    let targets = modules.leads_to(file).into_iter();
    targets
        .map(|target| modules.files[target].path.clone())
        .collect()
}

/// What both halves of a file are written from.
struct Writer<'a> {
    facts: &'a Facts<'a>,
    server: &'a Server<'a>,
    reach: &'a Reach,
    on_server: &'a BTreeSet<usize>,
    items: &'a [Items],
}

impl Writer<'_> {
    /// The halves of a file with their maps, by path.
    fn halves(&self, file: usize, routes: &[&RouteType]) -> Vec<(String, Arc<str>)> {
        let modules = self.facts.modules;
        let parsed = &modules.files[file];
        if is_declaration(&parsed.path) {
            return Vec::new();
        }
        let half = self.server.halves.of(file);
        let path = split::output_path(&parsed.path);
        let name = path.rsplit('/').next().unwrap_or(&path);
        let client =
            || split::client_page(modules, file, half, &self.items[file], self.reach, routes);
        let in_client = self.reach.client[file];
        let mut files = Vec::new();
        let mut put = |side: &str, Printed { code, map }: Printed| {
            files.push((format!("{side}/{path}"), code.into()));
            files.push((format!("{side}/{path}.map"), map.into()));
        };
        if self.on_server.contains(&file) {
            half.within(|| {
                let page = split::server_page(self.server, file, half, &self.items[file], routes);
                // Most files are nobody's in particular: both halves are the same, and printing one
                // is most of the work.
                let client = in_client.then(|| {
                    half.within(|| {
                        let client = client();
                        (client != page).then(|| print(parsed, half, client, name))
                    })
                });
                let server = print(parsed, half, page, name);
                if let Some(client) = client {
                    put("client", client.unwrap_or_else(|| server.clone()));
                }
                put("server", server);
            });
        } else if in_client {
            put(
                "client",
                half.within(|| print(parsed, half, client(), name)),
            );
        }
        files
    }
}

/// What transformed syntax calls, for each half that has such syntax.
fn helper_files(
    halves: Halves<'_>,
    items: &[Items],
    reach: &split::Reach,
    on_server: &BTreeSet<usize>,
) -> Vec<(String, Arc<str>)> {
    let helpers = |path: &str| (path.to_owned(), Arc::from(split::HELPERS_SOURCE));
    let calls = |file: usize| halves.index(file).calls_helpers.iter();
    let client = |file: usize| calls(file).any(|index| reach.items[file].contains(index));
    let server = |file: usize| on_server.contains(&file) && calls(file).next().is_some();
    let mut all = 0..items.len();
    let mut files = Vec::new();
    if all.clone().any(client) {
        files.push(helpers("client/helpers.js"));
    }
    if all.any(server) {
        files.push(helpers("server/helpers.js"));
    }
    files
}

fn is_declaration(path: &str) -> bool {
    [".d.ts", ".d.mts", ".d.cts"]
        .iter()
        .any(|end| path.ends_with(end))
}

/// What the wire types of one file's routes become. What makes it is the layout alone, and where the
/// last compile had the same, its texts are taken.
fn codecs_of(facts: &Facts<'_>, file: usize, cache: &Cache) -> Arc<KnownCodecs> {
    let routes = facts.of_file(file);
    let layout = Layout::new(facts.modules, &facts.types, file, &routes, &facts.ids);
    let source = &facts.modules.files[file].path;
    let routes: Vec<String> = routes.iter().map(|route| route.id.clone()).collect();
    if let Some(known) = cache.codecs_of(source, &layout, &routes) {
        return known;
    }
    let hashes = routes
        .iter()
        .zip(&layout.roots)
        .map(|(route, root)| (route.clone(), route_hash(&layout, root)))
        .collect();
    let path = split::output_path(source);
    let stem = path.strip_suffix(".js").unwrap_or(&path);
    let texts = [
        (
            format!("codecs/{path}"),
            Arc::from(codec_module(&facts.types, &layout)),
        ),
        (
            format!("schemas/{stem}.fbs"),
            Arc::from(schema(&layout, source)),
        ),
    ];
    Arc::new(KnownCodecs {
        layout,
        hashes,
        texts,
    })
}
