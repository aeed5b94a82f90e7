//! The driver: phases per file, then linking, then writing. What is done per file is done on all
//! cores; what it finds is put together in the order of the files.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use swc_core::common::{GLOBALS, Globals};

use crate::cache::{Cache, Digest, Keys, Written};
use crate::codec::{Ids, Layout, codec_module, route_hash, schema, tables_module};
use crate::diagnostics::{Report, Severity, reach as errors, render};
use crate::emit::{self, Lock};
use crate::modules::Modules;
use crate::optimise::Called;
use crate::output::Manifest;
use crate::parse::{Parsed, without_mark};
use crate::resolve::{Input, has_extension, json_module, read_all};
use crate::routes::{RouteDecl, RouteType, find_routes, typed};
use crate::splice;
use crate::split::{self, Halves, Items, Middleware, Server};
use crate::types::{Recorded, Replies, Resolver, Slot, TableDecl, Types, find_tables};
use crate::{Diagnostic, Isolated, Options, Output, Project, Resolve, SourceFile, Typing, Untyped};

/// Compiles a project by itself. Pure: the same files and options give the same bytes.
#[must_use]
pub fn compile(project: &Project, options: &Options) -> Output {
    compile_with(project, options, &Isolated)
}

/// Compiles a project and what `resolve` says it imports from elsewhere.
#[must_use]
pub fn compile_with(project: &Project, options: &Options, resolve: &dyn Resolve) -> Output {
    compile_again(project, options, resolve, &mut Cache::default())
}

/// The same, with what an earlier compile left in `cache`, whatever that compiled: the output is
/// that of an empty cache, byte for byte, only sooner.
#[must_use]
pub fn compile_again(
    project: &Project,
    options: &Options,
    resolve: &dyn Resolve,
    cache: &mut Cache,
) -> Output {
    cache.be_for(options);
    let own = project.files.iter().map(|file| Input {
        file: readable(file),
        shown: file.path.clone(),
    });
    let mut inputs: Vec<Input<'_>> = own.collect();
    inputs.sort_by(|a, b| a.file.path.cmp(&b.file.path));
    let mut reports = Vec::new();
    let mut typing = Typing::default();
    let lock = project.lock.as_deref();
    let built = GLOBALS.set(&Globals::new(), || {
        build(
            &mut inputs,
            lock,
            options,
            resolve,
            cache,
            &mut reports,
            &mut typing,
        )
    });
    let texts: Vec<(&str, &str)> = inputs
        .iter()
        .map(|i| (i.shown.as_str(), without_mark(&i.file.text)))
        .collect();
    reports.sort_by(|a, b| (a.file, a.range, a.code).cmp(&(b.file, b.range, b.code)));
    let diagnostics: Vec<Diagnostic> = reports.iter().map(|r| render(r, &texts)).collect();
    let lock = project.lock.clone().unwrap_or_default();
    match built.filter(|_| reports.iter().all(|r| r.severity != Severity::Error)) {
        Some(built) => Output {
            files: built.files,
            manifest: built.manifest,
            diagnostics,
            lock: built.lock,
            typing,
        },
        None => Output {
            files: BTreeMap::new(),
            manifest: Manifest::default(),
            diagnostics,
            lock,
            typing,
        },
    }
}

struct Built {
    files: BTreeMap<String, String>,
    manifest: Manifest,
    lock: String,
}

/// What is known of a project once its types are resolved.
struct Facts<'a> {
    modules: &'a Modules,
    types: Types,
    routes: Vec<RouteType>,
    tables: Vec<TableDecl>,
    middleware: Middleware,
    /// What the lock file says of the wire.
    ids: Ids,
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

fn build(
    inputs: &mut Vec<Input<'_>>,
    lock: Option<&str>,
    options: &Options,
    resolve: &dyn Resolve,
    cache: &mut Cache,
    reports: &mut Vec<Report>,
    typing: &mut Typing,
) -> Option<Built> {
    let lock = Lock::read(lock)
        .map_err(|report| reports.push(*report))
        .ok();
    let (read, links) = read_all(inputs, resolve, cache, reports)?;
    let texts = read.iter().map(|read| *read.digest()).collect();
    let parsed: Vec<_> = read.iter().map(|read| Arc::clone(&read.parsed)).collect();
    cache.keep(read);
    reports.extend(same_outputs(&parsed));
    let (modules, missing) = Modules::link(parsed, links, options);
    reports.extend(missing);
    let declared = find_routes(&modules, options.routes, reports);
    let middleware = split::find_middleware(&modules, &declared, reports);
    let recorded = Recorded::read(lock.as_ref().and_then(Lock::types));
    let mut replies = Replies::new(&recorded);
    let (types, routes, tables) = resolve_types(&modules, &declared, &mut replies, reports);
    typing.untyped = replies.finish(&modules, &types, &tables, reports);
    let declarations = emit::declarations(&modules, &types, &routes, &tables);
    typing.declarations.clone_from(&declarations[0].1);
    let facts = Facts {
        modules: &modules,
        types,
        routes,
        tables,
        middleware,
        ids: lock.as_ref().map(Lock::ids).unwrap_or_default(),
    };
    let halves = Halves::new(&modules);
    let (codecs, mut written) = write(&facts, halves, &declared, options, texts, cache, reports)?;
    written.extend(declarations);
    let untyped = &typing.untyped;
    Some(finish(&facts, lock?, codecs, written, options, untyped))
}

fn resolve_types<'a>(
    modules: &'a Modules,
    declared: &[RouteDecl<'a>],
    replies: &mut Replies<'a>,
    reports: &mut Vec<Report>,
) -> (Types, Vec<RouteType>, Vec<TableDecl>) {
    let mut resolver = Resolver::new(modules);
    let routes: Vec<RouteType> = declared
        .iter()
        .filter_map(|route| typed(route, &mut resolver, replies))
        .collect();
    let tables = find_tables(&mut resolver);
    let used: Vec<Slot> = routes.iter().flat_map(RouteType::slots).cloned().collect();
    let stored: Vec<Slot> = tables.iter().map(TableDecl::slot).collect();
    let (types, found) = resolver.finish(&used, &stored);
    reports.extend(found);
    (types, routes, tables)
}

/// Emitted files by path.
type Files = BTreeMap<String, String>;

/// The codecs of every file with routes, and both halves of every module; nothing if there are errors.
#[allow(
    clippy::too_many_lines,
    reason = "the phases of writing, in their order"
)]
fn write<'a>(
    facts: &'a Facts<'_>,
    halves: Halves<'_>,
    declared: &[RouteDecl<'_>],
    options: &Options,
    texts: Vec<Digest>,
    cache: &mut Cache,
    reports: &mut Vec<Report>,
) -> Option<(BTreeMap<usize, Codecs<'a>>, Files)> {
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
    let codecs: BTreeMap<usize, Codecs<'_>> = with_routes
        .into_par_iter()
        .map(|file| (file, codecs_of(facts, file)))
        .collect();
    let keys = Keys::new(texts, cache.options(), &server, &reach, &on_server);
    let write_file = |file: usize| {
        let source = &modules.files[file].path;
        let routes: Vec<&RouteType> = facts.of_file(file);
        let wire = codecs.get(&file).map_or("", |codecs| &codecs.texts[0].1);
        let key = keys.of(file, &routes, wire);
        if let Some(written) = cache.known(source, &key) {
            return (source.clone(), written.clone());
        }
        let half = halves.of(file);
        let path = split::output_path(source);
        let mut written = Vec::new();
        if on_server.contains(&file) && !is_declaration(&modules.files[file].path) {
            let printed =
                half.within(|| split::server_module(&server, file, half, &items[file], &routes));
            written.push((format!("server/{path}"), printed.code));
            written.push((format!("server/{path}.map"), printed.map));
        }
        if reach.client[file] && !is_declaration(&modules.files[file].path) {
            let printed = half.within(|| {
                split::client_module(modules, file, half, &items[file], &reach, &routes)
            });
            written.push((format!("client/{path}"), printed.code));
            written.push((format!("client/{path}.map"), printed.map));
        }
        let files = written
            .into_iter()
            .map(|(path, text)| (path, Arc::from(text)))
            .collect();
        let dependencies = modules.leads_to(file).into_iter();
        let dependencies = dependencies
            .map(|target| modules.files[target].path.clone())
            .collect();
        let written = Written {
            key,
            dependencies,
            files,
        };
        (source.clone(), written)
    };
    let written: BTreeMap<String, Written> = (0..modules.files.len())
        .into_par_iter()
        .map(write_file)
        .collect();
    let mut files: Files = written
        .values()
        .flat_map(|written| &written.files)
        .map(|(path, text)| (path.clone(), text.to_string()))
        .collect();
    cache.keep_written(written);
    files.extend(helper_files(halves, &items, &reach, &on_server));
    Some((codecs, files))
}

/// What transformed syntax calls, for each half that has such syntax.
fn helper_files(
    halves: Halves<'_>,
    items: &[Items],
    reach: &split::Reach,
    on_server: &BTreeSet<usize>,
) -> Vec<(String, String)> {
    let helpers = |path: &str| (path.to_owned(), split::HELPERS_SOURCE.to_owned());
    let calls_helpers = |file: usize, in_half: &dyn Fn(usize) -> bool| {
        let helpers = split::helpers_of(&halves.of(file).module);
        let mut all = items[file].iter().enumerate();
        !helpers.is_empty()
            && all.any(|(index, item)| {
                in_half(index) && helpers.iter().any(|name| item.refers_to(name))
            })
    };
    let client = |file: usize| calls_helpers(file, &|index| reach.items[file].contains(&index));
    let server = |file: usize| calls_helpers(file, &|_| on_server.contains(&file));
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

/// `a.ts` beside `a.tsx`: one would overwrite the other.
fn same_outputs(files: &[Arc<Parsed>]) -> Vec<Report> {
    let mut outputs: BTreeMap<String, &str> = BTreeMap::new();
    let mut reports = Vec::new();
    for (index, parsed) in files.iter().enumerate() {
        let output = split::output_path(&parsed.path);
        if let Some(first) = outputs.get(&output) {
            reports.push(errors::same_output(index, first, &parsed.path, &output));
        }
        outputs.insert(output, &parsed.path);
    }
    reports
}

/// A source file as the parser reads it.
fn readable(file: &SourceFile) -> Cow<'_, SourceFile> {
    if !has_extension(&file.path, "json") {
        return Cow::Borrowed(file);
    }
    Cow::Owned(SourceFile {
        path: file.path.clone(),
        text: json_module(&file.text),
    })
}

fn is_declaration(path: &str) -> bool {
    [".d.ts", ".d.mts", ".d.cts"]
        .iter()
        .any(|end| path.ends_with(end))
}

/// What the wire types of one file's routes become.
struct Codecs<'a> {
    /// The schema hash of each route.
    hashes: Vec<(&'a str, String)>,
    /// Codecs and schema, by path.
    texts: [(String, String); 2],
    /// What has a number on the wire, by type.
    claims: BTreeMap<String, Vec<serde_json::Value>>,
}

fn codecs_of<'a>(facts: &'a Facts<'_>, file: usize) -> Codecs<'a> {
    let routes = facts.of_file(file);
    let layout = Layout::new(facts.modules, &facts.types, file, &routes, &facts.ids);
    let hashes = routes
        .iter()
        .zip(&layout.roots)
        .map(|(route, root)| (route.id.as_str(), route_hash(&layout, root)))
        .collect();
    let source = &facts.modules.files[file].path;
    let path = split::output_path(source);
    let stem = path.strip_suffix(".js").unwrap_or(&path);
    let texts = [
        (
            format!("codecs/{path}"),
            codec_module(&facts.types, &layout),
        ),
        (format!("schemas/{stem}.fbs"), schema(&layout, source)),
    ];
    Codecs {
        hashes,
        texts,
        claims: layout.claims,
    }
}

/// Codecs, schemas, types, the tables of contents, the manifest and the lock.
fn finish(
    facts: &Facts<'_>,
    lock: Lock,
    codecs: BTreeMap<usize, Codecs<'_>>,
    mut files: Files,
    options: &Options,
    untyped: &[Untyped],
) -> Built {
    let modules = facts.modules;
    let mut hashes: BTreeMap<&str, String> = BTreeMap::new();
    let mut claims = BTreeMap::new();
    for of_file in codecs.into_values() {
        hashes.extend(of_file.hashes);
        files.extend(of_file.texts);
        claims.extend(of_file.claims);
    }
    files.extend(emit::client_files(modules, &facts.routes, &hashes, options));
    files.extend(emit::server_files(modules, &facts.routes));
    files.insert(
        "server/tables.js".to_owned(),
        tables_module(&facts.types, &facts.tables),
    );
    let tables = emit::table_entries(&facts.types, &facts.tables, &lock);
    let manifest = emit::manifest(modules, &facts.routes, &facts.middleware, &hashes, tables);
    let text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
    files.insert("manifest.json".to_owned(), text + "\n");
    let lock = lock.write(&manifest.tables, untyped, claims);
    Built {
        files,
        manifest,
        lock,
    }
}
