//! The driver: phases per file, then linking, then writing. What is done per file is done on all
//! cores; what it finds is put together in the order of the files.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use swc_core::common::{GLOBALS, Globals};

use crate::cache::{Cache, KnownCodecs};
use crate::codec::tables_module;
use crate::diagnostics::{Report, Severity, reach as errors, render};
use crate::emit::{self, Lock};
use crate::modules::Modules;
use crate::output::Manifest;
use crate::parse::{Parsed, without_mark};
use crate::resolve::{Input, has_extension, json_module, read_all};
use crate::routes::{RouteDecl, RouteType, find_routes, typed};
use crate::split::{self, Halves};
use crate::types::{Recorded, Replies, Resolver, Slot, TableDecl, Types, find_tables};
use crate::write::{Facts, Files, write};
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
    files: Files,
    manifest: Manifest,
    lock: String,
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
    written.extend(declarations.into_iter().map(shared));
    let untyped = &typing.untyped;
    Some(finish(&facts, lock?, &codecs, written, options, untyped))
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

fn shared((path, text): (String, String)) -> (String, Arc<str>) {
    (path, text.into())
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

/// Codecs, schemas, types, the tables of contents, the manifest and the lock.
fn finish(
    facts: &Facts<'_>,
    lock: Lock,
    codecs: &BTreeMap<usize, Arc<KnownCodecs>>,
    mut files: Files,
    options: &Options,
    untyped: &[Untyped],
) -> Built {
    let modules = facts.modules;
    let mut hashes: BTreeMap<&str, String> = BTreeMap::new();
    let mut claims = BTreeMap::new();
    for of_file in codecs.values() {
        let of_routes = of_file.hashes.iter();
        hashes.extend(of_routes.map(|(route, hash)| (route.as_str(), hash.clone())));
        files.extend(of_file.texts.iter().cloned());
        claims.extend(of_file.layout.claims.clone());
    }
    let own = [
        emit::client_files(modules, &facts.routes, &hashes, options),
        emit::server_files(modules, &facts.routes),
    ];
    files.extend(own.into_iter().flatten().map(shared));
    let tables = tables_module(&facts.types, &facts.tables);
    files.insert("server/tables.js".to_owned(), tables.into());
    let tables = emit::table_entries(&facts.types, &facts.tables, &lock);
    let manifest = emit::manifest(modules, &facts.routes, &facts.middleware, &hashes, tables);
    let text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
    files.insert("manifest.json".to_owned(), (text + "\n").into());
    let lock = lock.write(&manifest.tables, untyped, claims);
    Built {
        files,
        manifest,
        lock,
    }
}
