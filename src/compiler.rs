//! `compileProject`: the compiler over a folder on disk.

use std::path::Path;

use kontract_compiler::{ClientConfig, Mode, Options, RouteNames, Suite};
use napi::bindgen_prelude::{Error, Result};
use napi_derive::napi;
use serde::Deserialize;

use crate::project::{Caching, Compiled, Finding, compile_project as compile};

/// Options of `compileProject`.
#[napi(object)]
pub struct CompileOptions {
    /// `development` or `production`.
    pub mode: String,
    /// Project-relative output folder.
    pub out_dir: String,
    /// Where the generated client calls.
    pub url: Option<String>,
    /// Gateway public keys, base64url.
    pub pins: Option<Vec<String>>,
    /// What functions are called on the wire: `by-name` (default) or `by-module`.
    pub routes: Option<String>,
    /// What clients encrypt with: `chacha20-poly1305` (default) or `aes-256-gcm`.
    pub suite: Option<String>,
    /// Skip the work when nothing has changed; default true.
    pub cache: Option<bool>,
    /// Call every middleware instead of splicing it: what the tests of splicing compare with.
    pub closures: Option<bool>,
    /// This process will compile the project again: keep in memory what makes that fast. Default false.
    pub watch: Option<bool>,
    /// Whether the server is optimised; by default that of a production build is.
    pub optimise: Option<bool>,
    /// Write nothing if the lock file would change. Default false.
    pub frozen_lock: Option<bool>,
}

/// One route of the compiled project.
#[napi(object)]
#[derive(Deserialize)]
pub struct RouteInfo {
    /// The name clients call.
    pub id: String,
    /// Where the function is.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// Permission mask.
    pub perm: u32,
    /// Group a caller has to be in.
    pub ugroup: Option<String>,
    /// Endpoint group.
    pub egroup: Option<String>,
    /// `file#index` of each middleware, in order.
    pub middleware: Vec<String>,
}

/// Where the time of a compile went, in milliseconds.
#[napi(object)]
#[allow(
    clippy::struct_field_names,
    reason = "a unit in every name: JavaScript has no types for it"
)]
pub struct Timings {
    /// All of it.
    pub total_ms: f64,
    /// Finding, reading and hashing the sources.
    pub read_ms: f64,
    /// Comparing with the cache, and looking whether the output is unharmed.
    pub check_ms: f64,
    /// Compiling; 0 when nothing changed.
    pub compile_ms: f64,
    /// Writing the output and the cache; 0 when nothing changed.
    pub write_ms: f64,
}

/// Result of `compileProject`.
#[napi(object)]
pub struct CompileResult {
    /// False when there are errors; then nothing was written.
    pub ok: bool,
    /// False when the cache answered.
    pub changed: bool,
    /// Routes, in order of their ids.
    pub routes: Vec<RouteInfo>,
    /// Names of the tables.
    pub tables: Vec<String>,
    /// Paths below the output folder.
    pub files: Vec<String>,
    /// Errors and warnings.
    pub diagnostics: Vec<Finding>,
    /// Where the time went.
    pub timings: Timings,
    /// Text of `manifest.json`; empty when not ok.
    pub manifest: String,
    /// Text of `kontract.lock.json` after this compile.
    pub lock: String,
    /// The text of the generated types, errors or not; empty when the cache answered or a file is unreadable.
    pub declarations: String,
    /// Functions whose return type only TypeScript knows; empty when the cache answered.
    pub untyped: Vec<UntypedRoute>,
}

/// A backend function whose return type neither is written nor follows from its syntax.
#[napi(object)]
pub struct UntypedRoute {
    /// The name clients call.
    pub id: String,
    /// Where the function is.
    pub file: String,
    /// Where its name begins, in UTF-16 units.
    pub offset: u32,
    /// Digest of the code its type follows from.
    pub from: String,
    /// Whether the lock file has its type as of this code.
    pub fresh: bool,
}

/// A file's text as plain TypeScript: Kontract's decorators are white space of the same length.
#[napi]
#[must_use]
pub fn blank(path: String, text: String) -> String {
    kontract_compiler::blanked(&path, &text)
}

/// Compiles the project at `root`. Throws for what is not in the user's sources (no `src`, disk full).
#[napi]
pub fn compile_project(root: String, options: CompileOptions) -> Result<CompileResult> {
    let mode = match options.mode.as_str() {
        "development" => Mode::Development,
        "production" => Mode::Production,
        other => {
            return Err(Error::from_reason(format!(
                "mode '{other}' is neither 'development' nor 'production'"
            )));
        }
    };
    let suite = match options.suite.as_deref() {
        None | Some("chacha20-poly1305") => Suite::ChaCha20Poly1305,
        Some("aes-256-gcm") => Suite::Aes256Gcm,
        Some(other) => {
            return Err(Error::from_reason(format!(
                "suite '{other}' is neither 'chacha20-poly1305' nor 'aes-256-gcm'"
            )));
        }
    };
    let client = ClientConfig {
        url: options.url,
        pins: options.pins.unwrap_or_default(),
        suite,
    };
    let routes = match options.routes.as_deref() {
        None | Some("by-name") => RouteNames::ByName,
        Some("by-module") => RouteNames::ByModule,
        Some(other) => {
            return Err(Error::from_reason(format!(
                "routes '{other}' is neither 'by-name' nor 'by-module'"
            )));
        }
    };
    let compiled = compile(
        Path::new(&root),
        &options.out_dir,
        &Options {
            mode,
            client,
            routes,
            closures: options.closures.unwrap_or(false),
            optimise: options.optimise,
            ..Options::default()
        },
        match (options.cache, options.watch) {
            (Some(false), _) => Caching::Off,
            (_, Some(true)) => Caching::Memory,
            _ => Caching::Disk,
        },
        options.frozen_lock.unwrap_or(false),
    )
    .map_err(|error| Error::from_reason(error.to_string()))?;
    result(compiled)
}

/// What JavaScript is told of a manifest; the rest is the gateway's.
#[derive(Default, Deserialize)]
struct Contents {
    routes: Vec<RouteInfo>,
    tables: Vec<TableName>,
}

#[derive(Deserialize)]
struct TableName {
    id: String,
}

fn result(compiled: Compiled) -> Result<CompileResult> {
    let manifest = compiled.manifest.unwrap_or_default();
    let ok = !manifest.is_empty();
    let contents = if ok {
        serde_json::from_str(&manifest).map_err(|error| Error::from_reason(error.to_string()))?
    } else {
        Contents::default()
    };
    Ok(CompileResult {
        ok,
        changed: compiled.changed,
        routes: contents.routes,
        tables: contents.tables.into_iter().map(|table| table.id).collect(),
        files: compiled.files,
        diagnostics: compiled.diagnostics,
        timings: Timings {
            total_ms: compiled.times.total_ms,
            read_ms: compiled.times.read_ms,
            check_ms: compiled.times.check_ms,
            compile_ms: compiled.times.compile_ms,
            write_ms: compiled.times.write_ms,
        },
        manifest,
        lock: compiled.lock,
        declarations: compiled.typing.declarations,
        untyped: compiled
            .typing
            .untyped
            .into_iter()
            .map(|one| UntypedRoute {
                id: one.id,
                file: one.file,
                offset: one.offset,
                from: one.from,
                fresh: one.fresh,
            })
            .collect(),
    })
}
