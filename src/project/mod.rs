//! A project on disk around the pure compiler: which files it has, whether anything changed since
//! the last compile, and where the output goes.

mod cache;
mod discover;
mod emit;
mod finding;
mod resolve;

use std::{collections::BTreeMap, io, path::Path, time::Instant};

use kontract_compiler::{Options, Project, Typing, compile_with};

use cache::Cache;
pub use finding::Finding;
use resolve::Resolver;

/// How one compile of a project on disk went.
pub struct Compiled {
    /// False when nothing had changed and nothing was compiled.
    pub changed: bool,
    /// Project-relative paths of what is in the output folder.
    pub files: Vec<String>,
    /// Warnings, and errors when `manifest` is `None`.
    pub diagnostics: Vec<Finding>,
    /// Text of `manifest.json`; `None` when there were errors.
    pub manifest: Option<String>,
    /// Text of `kontract.lock.json` as it is after this compile.
    pub lock: String,
    /// What TypeScript can be told and has to be asked; empty when nothing was compiled.
    pub typing: Typing,
    /// Milliseconds spent reading and hashing.
    pub hash_ms: f64,
    /// Milliseconds spent compiling and writing; 0 when nothing changed.
    pub compile_ms: f64,
}

/// What went wrong outside of the user's sources.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// There is no folder with sources.
    #[error("{0} has no src folder: Kontract compiles the TypeScript files below <project>/src")]
    NoSources(String),
    /// The output folder leaves the project.
    #[error("outDir '{0}' must be a path inside the project")]
    OutDir(String),
    /// `tsconfig.json`, or what it extends, cannot be read.
    #[error("tsconfig.json: {0}")]
    Tsconfig(String),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file, relative to the project.
        path: String,
        /// Why.
        source: io::Error,
    },
}

impl ProjectError {
    fn io(path: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

/// Compiles the project at `root` into `out_dir`, unless the cache shows that this was done already.
///
/// When there are errors nothing is written: the previous good output stays.
pub fn compile_project(
    root: &Path,
    out_dir: &str,
    options: &Options,
    use_cache: bool,
) -> Result<Compiled, ProjectError> {
    if out_dir.is_empty() || !emit::is_inside(out_dir) {
        return Err(ProjectError::OutDir(out_dir.to_owned()));
    }
    let started = Instant::now();
    let files = discover::sources(root)?;
    let lock = discover::optional(root, "kontract.lock.json")?;
    let options = &Options {
        pages: discover::pages(root)?,
        ..options.clone()
    };
    let key = cache::key(options, out_dir, lock.as_deref());
    let hashes = cache::hash_sources(&files);
    if use_cache
        && let Some(hit) =
            Cache::read(root).and_then(|cache| cache.answer(root, out_dir, &key, &hashes))
    {
        return Ok(Compiled {
            changed: false,
            files: hit.files,
            diagnostics: hit.diagnostics,
            manifest: Some(hit.manifest),
            lock: hit.lock,
            typing: Typing::default(),
            hash_ms: millis(started),
            compile_ms: 0.0,
        });
    }
    let hash_ms = millis(started);

    let compiling = Instant::now();
    let project = Project { files, lock };
    let resolver = Resolver::new(root)?;
    let options = Options {
        language: resolver.language()?,
        ..options.clone()
    };
    let output = compile_with(&project, &options, &resolver);
    let ok = output.ok();
    let diagnostics: Vec<Finding> = output.diagnostics.into_iter().map(Finding::from).collect();
    let mut emitted = BTreeMap::new();
    if ok {
        emitted = emit::write(root, out_dir, &output.files)?;
        if use_cache {
            let inputs = resolver.inputs();
            Cache::record(
                key,
                out_dir,
                &hashes,
                inputs,
                &emitted,
                &diagnostics,
                &output.lock,
            )
            .write(root)?;
        }
    }
    Ok(Compiled {
        changed: true,
        files: emitted.into_keys().collect(),
        diagnostics,
        manifest: output.files.get(cache::MANIFEST).filter(|_| ok).cloned(),
        lock: output.lock,
        typing: output.typing,
        hash_ms,
        compile_ms: millis(compiling),
    })
}

fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}
