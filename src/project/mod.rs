//! A project on disk around the pure compiler: which files it has, whether anything changed since
//! the last compile, and where the output goes.

mod cache;
mod clock;
mod conditions;
mod discover;
mod disk;
mod emit;
mod finding;
mod resolve;
mod session;
mod stamp;

use std::{io, path::Path, sync::Arc};

use kontract_compiler::{Options, Project, Typing, compile_again};

use cache::{Cache, Hit, Question};
use clock::Clock;
pub use clock::Times;
use emit::Emitted;
pub use finding::Finding;
use resolve::Resolver;
use session::Session;

/// What a compile may know of earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// Nothing.
    Off,
    /// What is on disk.
    Disk,
    /// That, and what this process keeps in memory because it will compile the project again.
    Memory,
}

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
    /// Where the time went.
    pub times: Times,
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
/// When there are errors nothing is written: the previous good output stays. `frozen` holds back the
/// same way what would come with another lock file.
pub fn compile_project(
    root: &Path,
    out_dir: &str,
    options: &Options,
    caching: Caching,
    frozen: bool,
) -> Result<Compiled, ProjectError> {
    if out_dir.is_empty() || !disk::is_inside(out_dir) {
        return Err(ProjectError::OutDir(out_dir.to_owned()));
    }
    let mut clock = Clock::start();
    let shared = match caching {
        Caching::Memory => session::of(root, out_dir),
        Caching::Disk | Caching::Off => Arc::default(),
    };
    let mut session = session::lock(&shared);
    let sources = discover::sources(root, &mut session.sources)?;
    let lock = discover::optional(root, "kontract.lock.json")?;
    let options = &Options {
        pages: discover::pages(root)?,
        out_depth: emit::depth(out_dir),
        ..options.clone()
    };
    clock.lap(|times, ms| times.read_ms = ms);
    let key = cache::key(options, out_dir, lock.as_deref());
    let question = Question {
        root,
        out_dir,
        options,
        key: &key,
        hashes: &sources.digests,
    };
    let use_cache = caching != Caching::Off;
    if use_cache && let Some(hit) = warm(&question, &mut session) {
        session.intact = hit.intact;
        let stamped = session
            .cache
            .as_ref()
            .and_then(|kept| kept.cache.stamped(&session.intact));
        if let Some(cache) = stamped {
            session.cache = Some(cache.write(root)?);
        }
        clock.lap(|times, ms| times.check_ms = ms);
        return Ok(Compiled {
            changed: false,
            files: hit.files,
            diagnostics: hit.diagnostics,
            manifest: Some(hit.manifest),
            lock: hit.lock,
            typing: Typing::default(),
            times: clock.stop(),
        });
    }
    clock.lap(|times, ms| times.check_ms = ms);

    let project = Project {
        files: sources.files,
        lock,
    };
    let resolver = Resolver::new(root)?;
    let options = Options {
        language: resolver.language()?,
        ..options.clone()
    };
    let output = compile_again(&project, &options, &resolver, &mut session.compiler);
    clock.lap(|times, ms| times.compile_ms = ms);
    let ok = output.ok();
    let held_back = frozen && project.lock.as_deref() != Some(output.lock.as_str());
    let diagnostics: Vec<Finding> = output.diagnostics.into_iter().map(Finding::from).collect();
    let mut emitted = Emitted::default();
    if ok && !held_back {
        emitted = emit::write(root, out_dir, &output.files, &mut session.intact)?;
        if use_cache {
            let (inputs, halves) = (resolver.inputs(), session.compiler.written());
            let cache = Cache::record(
                &question,
                inputs,
                &emitted,
                &session.intact,
                halves,
                &diagnostics,
                &output.lock,
            );
            session.cache = Some(cache.write(root)?);
        }
        clock.lap(|times, ms| times.write_ms = ms);
    }
    let manifest = output.files.get(cache::MANIFEST).filter(|_| ok);
    let manifest = manifest.map(ToString::to_string);
    drop(session);
    // Syntax trees take a while to take apart, and nobody has to wait for it.
    rayon::spawn(move || drop((shared, project, output.files)));
    Ok(Compiled {
        changed: true,
        files: emitted.outputs.into_keys().collect(),
        diagnostics,
        manifest,
        lock: output.lock,
        typing: output.typing,
        times: clock.stop(),
    })
}

/// The answer of the cache, or at least what of it can be used again.
fn warm(question: &Question<'_>, session: &mut Session) -> Option<Hit> {
    session.cache = Cache::read(question.root, session.cache.as_ref());
    let cache = Arc::clone(&session.cache.as_ref()?.cache);
    let hit = cache.answer(question, &session.intact);
    if hit.is_none() && !session.restored {
        for (path, written) in cache.halves(question.root, question.out_dir) {
            session.compiler.restore(path, written);
        }
        session.restored = true;
    }
    hit
}
