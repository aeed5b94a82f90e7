//! What an import means. Relative imports among the project's own files are looked up here, by
//! TypeScript's rules; everything else is asked of [`Resolve`], so that the compiler itself never
//! sees a file system.

mod json;
mod read;
mod relative;
mod specifiers;

pub(crate) use json::json_module;
pub(crate) use read::{Input, Links, has_extension, read_all};
pub(crate) use specifiers::{dynamic_import, specifiers};

/// Somebody who knows the file system: path aliases, `#internal` imports, workspace packages.
///
/// Files have names: the path relative to the project where they lie inside of it, and a stable
/// name of the resolver's choice where they don't. A name never starts with `/` and has no `..`:
/// it becomes a path in the output.
pub trait Resolve: Sync {
    /// What `specifier` means in the file called `importer`.
    fn resolve(&self, importer: &str, specifier: &str) -> Resolution;

    /// The file called `name`, which [`Resolve::resolve`] led to and which is none of
    /// [`crate::Project::files`].
    fn outside(&self, name: &str) -> Option<Outside>;
}

/// What an import leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// A source file that is part of this build, by name.
    File(String),
    /// A package or a part of the platform: the import stays as it is. By a relative specifier, a
    /// file that is no module (a style sheet, a picture): it stays where it lies, for a bundler.
    Package,
    /// Nothing.
    Missing,
}

/// A source file from outside of the project's `src/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// Its text.
    pub text: String,
    /// Where it is, relative to the project, for messages and source maps: `../shared/src/a.ts`.
    pub shown: String,
}

/// Whether a specifier leads to a file by its own path that is no module.
pub(crate) fn is_asset(specifier: &str) -> bool {
    const MODULES: [&str; 9] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "json"];
    let last = specifier.rsplit('/').next().unwrap_or_default();
    let extension = last.rsplit_once('.').map(|(_, extension)| extension);
    specifier.starts_with('.') && extension.is_some_and(|e| !e.is_empty() && !MODULES.contains(&e))
}

/// A project by itself: imports that aren't relative are packages.
#[derive(Debug, Clone, Copy, Default)]
pub struct Isolated;

impl Resolve for Isolated {
    fn resolve(&self, _: &str, specifier: &str) -> Resolution {
        if is_asset(specifier) {
            Resolution::Package
        } else if specifier.starts_with(['.', '#']) {
            Resolution::Missing
        } else {
            Resolution::Package
        }
    }

    fn outside(&self, _: &str) -> Option<Outside> {
        None
    }
}
