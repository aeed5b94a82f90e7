//! Where imports lead on disk: path aliases and `baseUrl` of `tsconfig.json` and what it extends,
//! `#internal` imports, and packages of the same workspace that ship TypeScript.
//!
//! What lies outside of the project gets a name of its own: a workspace package's files are
//! `packages/<package>/<path in it>`, so that no output path depends on where a checkout is.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kontract_compiler::{Language, Outside, Resolution, Resolve};
use oxc_resolver::{
    FileMetadata, FileSystem, FileSystemOs, ResolveError, ResolveOptions, ResolverGeneric,
    TsConfig, TsconfigDiscovery,
};
use serde::{Deserialize, Serialize};

use super::{
    ProjectError,
    conditions::custom,
    discover::relative,
    disk::{read, sha256},
};

/// Resolves imports of the project at one root; keeps what it looked at.
pub struct Resolver {
    root: PathBuf,
    inner: ResolverGeneric<Watched>,
    seen: Arc<Mutex<Seen>>,
    /// Files outside of the project by the names they were given.
    names: Mutex<BTreeMap<String, PathBuf>>,
}

/// Something resolution depended on: with all of them as they were, every answer is as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Input {
    /// Relative to the project, with `/`; may start with `..`.
    pub path: String,
    /// Digest of its text, `link:` and where it points for a link, nothing when it was not there.
    pub state: Option<String>,
}

impl Resolver {
    pub fn new(root: &Path) -> Result<Self, ProjectError> {
        let root = fs::canonicalize(root).map_err(ProjectError::io("."))?;
        let seen = Arc::new(Mutex::new(Seen::default()));
        let watched = Watched {
            os: FileSystemOs::new(),
            seen: Arc::clone(&seen),
        };
        let inner = ResolverGeneric::new_with_file_system(watched, options());
        let find = |folder: &Path, specifier: &str| {
            let found = inner.resolve(folder, specifier).ok()?;
            Some(found.path().to_path_buf())
        };
        let mut conditions = custom(&root.join("tsconfig.json"), &find);
        let known = options();
        conditions.extend(known.condition_names.iter().cloned());
        Ok(Self {
            inner: inner.clone_with_options(ResolveOptions {
                condition_names: conditions,
                ..known
            }),
            root,
            seen,
            names: Mutex::default(),
        })
    }

    /// What `tsconfig.json` says of the language the sources are written in.
    pub fn language(&self) -> Result<Language, ProjectError> {
        let path = self.root.join("tsconfig.json");
        if !path.is_file() {
            // Seen as absent, so that a new one is noticed.
            lock(&self.seen).0.insert(path, None);
            return Ok(Language::default());
        }
        let config = self
            .inner
            .resolve_tsconfig(&path)
            .map_err(|error| ProjectError::Tsconfig(error.to_string()))?;
        Ok(language(&config))
    }

    /// Everything the answers so far were made from, beside the project's own sources: the
    /// `tsconfig.json` chain, `package.json` files, files from outside, and places where nothing was.
    pub fn inputs(&self) -> Vec<Input> {
        let mut inputs: Vec<Input> = lock(&self.seen)
            .0
            .iter()
            .map(|(path, state)| Input {
                path: shown(&self.root, path),
                state: state.clone(),
            })
            .collect();
        inputs.sort();
        inputs
    }

    fn path_of(&self, name: &str) -> PathBuf {
        let known = lock(&self.names).get(name).cloned();
        known.unwrap_or_else(|| self.root.join(name))
    }

    /// The name of a file, by which the compiler knows it.
    fn name(&self, path: &Path, package: Option<(&str, &Path)>) -> String {
        if path.starts_with(&self.root) {
            return relative(&self.root, path);
        }
        let in_package = package.and_then(|(name, folder)| {
            let inside = path.strip_prefix(folder).ok()?;
            is_package_name(name)
                .then(|| format!("packages/{name}/{}", relative(folder, &folder.join(inside))))
        });
        let name = in_package.unwrap_or_else(|| {
            format!("packages/{}", shown(&self.root, path).replace("../", "_/"))
        });
        lock(&self.names).insert(name.clone(), path.to_path_buf());
        name
    }
}

impl Resolve for Resolver {
    fn resolve(&self, importer: &str, specifier: &str) -> Resolution {
        let is_relative = specifier.starts_with('.');
        let file = self.path_of(importer);
        let found = match self.inner.resolve_file(&file, specifier) {
            Ok(found) => found,
            Err(ResolveError::Builtin { .. }) => return Resolution::Package,
            Err(_) if is_relative || specifier.starts_with('#') => return Resolution::Missing,
            Err(_) => return Resolution::Package,
        };
        let path = found.path();
        let ours = path.starts_with(&self.root) && !is_installed(path);
        let joins = match kind(path) {
            Kind::TypeScript => !is_installed(path) || !path.with_extension("js").is_file(),
            Kind::JavaScript | Kind::Json | Kind::Declaration => ours || is_relative,
            Kind::Other => false,
        };
        if joins {
            let package = found.package_json();
            let package = package.and_then(|p| Some((p.name()?, p.realpath.parent()?)));
            Resolution::File(self.name(path, package))
        } else if is_relative && !matches!(kind(path), Kind::Other) {
            Resolution::Missing
        } else {
            Resolution::Package
        }
    }

    fn outside(&self, name: &str) -> Option<Outside> {
        let path = self.path_of(name);
        let text = fs::read_to_string(&path).ok();
        let state = text.as_ref().map(sha256);
        lock(&self.seen).0.insert(path.clone(), state);
        Some(Outside {
            text: text?,
            shown: shown(&self.root, &path),
        })
    }
}

/// Whether everything is as it was when `inputs` were taken.
pub fn unchanged(root: &Path, inputs: &[Input]) -> bool {
    let Ok(root) = fs::canonicalize(root) else {
        return false;
    };
    inputs.iter().all(|input| {
        let path = root.join(&input.path);
        match &input.state {
            None => !path.exists(),
            Some(state) => match state.strip_prefix("link:") {
                Some(target) => fs::read_link(&path).is_ok_and(|is| is == Path::new(target)),
                None => read(&path).is_ok_and(|bytes| sha256(bytes) == *state),
            },
        }
    })
}

/// What a bundler for TypeScript does (typescriptlang.org, `moduleResolution: bundler`).
fn options() -> ResolveOptions {
    let strings = |all: &[&str]| all.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    let alias = |from: &str, to: &[&str]| (from.to_owned(), strings(to));
    ResolveOptions {
        tsconfig: Some(TsconfigDiscovery::Auto),
        extensions: strings(&[
            ".ts", ".tsx", ".mts", ".cts", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".json",
        ]),
        extension_alias: vec![
            alias(".js", &[".ts", ".tsx", ".js", ".d.ts"]),
            alias(".jsx", &[".tsx", ".jsx"]),
            alias(".mjs", &[".mts", ".mjs"]),
            alias(".cjs", &[".cts", ".cjs"]),
        ],
        condition_names: strings(&["import", "module", "default"]),
        main_fields: strings(&["module", "main"]),
        builtin_modules: true,
        node_path: false,
        ..ResolveOptions::default()
    }
}

fn language(config: &TsConfig) -> Language {
    let options = &config.compiler_options;
    Language {
        legacy_decorators: options.experimental_decorators.unwrap_or(false),
        decorator_metadata: options.emit_decorator_metadata.unwrap_or(false),
        assigned_fields: !options
            .use_define_for_class_fields
            .unwrap_or_else(|| defines_fields(options.target.as_deref())),
        classic_jsx: options.jsx.as_deref() == Some("react"),
        jsx_import_source: options.jsx_import_source.clone(),
        jsx_factory: options.jsx_factory.clone(),
        jsx_fragment_factory: options.jsx_fragment_factory.clone(),
        verbatim_imports: options.verbatim_module_syntax.unwrap_or(false),
    }
}

/// The default of `useDefineForClassFields`: from ES2022 on. What is emitted is newer than that, so
/// without a `target` it is so.
fn defines_fields(target: Option<&str>) -> bool {
    let target = target.unwrap_or("esnext").to_ascii_lowercase();
    let year = target.strip_prefix("es").and_then(|year| year.parse().ok());
    year.is_none_or(|year: u32| year >= 2022)
}

enum Kind {
    TypeScript,
    Declaration,
    JavaScript,
    Json,
    Other,
}

fn kind(path: &Path) -> Kind {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if [".d.ts", ".d.mts", ".d.cts"]
        .iter()
        .any(|end| name.ends_with(end))
    {
        return Kind::Declaration;
    }
    match path.extension().and_then(|e| e.to_str()) {
        Some("ts" | "tsx" | "mts" | "cts") => Kind::TypeScript,
        Some("js" | "jsx" | "mjs" | "cjs") => Kind::JavaScript,
        Some("json") => Kind::Json,
        _ => Kind::Other,
    }
}

fn is_installed(path: &Path) -> bool {
    path.components()
        .any(|part| part.as_os_str() == "node_modules")
}

/// A name npm would take: it becomes folders of the output.
fn is_package_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "@/._-".contains(c);
    !name.is_empty()
        && name.chars().all(allowed)
        && !name
            .split('/')
            .any(|part| part.is_empty() || part.starts_with('.'))
}

/// `path` as seen from `root`, with `/` and as many `..` as it takes.
fn shown(root: &Path, path: &Path) -> String {
    let common = root
        .components()
        .zip(path.components())
        .take_while(|(a, b)| a == b)
        .count();
    let up = root.components().skip(common).map(|_| "..".to_owned());
    let down = path
        .components()
        .skip(common)
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        });
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// What was looked at, by absolute path: see [`Input::state`].
#[derive(Default)]
struct Seen(BTreeMap<PathBuf, Option<String>>);

/// The operating system's files, with a note of every one that is asked for.
struct Watched {
    os: FileSystemOs,
    seen: Arc<Mutex<Seen>>,
}

impl Watched {
    fn note(&self, path: &Path, state: Option<String>) {
        // The resolver asks for folders on its way; a file's digest must not be forgotten for that.
        let mut seen = lock(&self.seen);
        let entry = seen.0.entry(path.to_path_buf()).or_default();
        if state.is_some() {
            *entry = state;
        }
    }

    fn note_absent<T>(&self, path: &Path, result: &io::Result<T>) {
        if result.is_err() {
            self.note(path, None);
        }
    }
}

impl FileSystem for Watched {
    fn new() -> Self {
        Self {
            os: FileSystemOs::new(),
            seen: Arc::default(),
        }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let bytes = self.os.read(path);
        self.note(path, bytes.as_ref().ok().map(sha256));
        bytes
    }

    fn read_to_string(&self, path: &Path) -> io::Result<String> {
        let text = self.os.read_to_string(path);
        self.note(path, text.as_ref().ok().map(sha256));
        text
    }

    fn metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        let found = self.os.metadata(path);
        self.note_absent(path, &found);
        found
    }

    fn symlink_metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        let found = self.os.symlink_metadata(path);
        self.note_absent(path, &found);
        found
    }

    fn read_link(&self, path: &Path) -> Result<PathBuf, ResolveError> {
        let target = self.os.read_link(path)?;
        if let Ok(written) = fs::read_link(path) {
            self.note(path, Some(format!("link:{}", written.display())));
        }
        Ok(target)
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        self.os.canonicalize(path)
    }
}

/// A poisoned lock only says that another thread panicked: what it guards is a set of notes.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
