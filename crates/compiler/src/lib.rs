//! TypeScript in, everything a Kontract build emits out: [`compile`].
//!
//! Pure and deterministic: files in, files out, no clock, no network, no absolute path. The phases
//! are described in `docs/design/interfaces.md`; each has a folder here.

mod blank;
mod cache;
mod codec;
mod compile;
mod decorators;
mod diagnostics;
mod emit;
mod modules;
mod notes;
mod optimise;
mod output;
mod parse;
mod project;
mod resolve;
mod routes;
mod splice;
mod split;
mod summary;
mod types;
mod write;

pub use blank::blanked;
pub use cache::{Cache, Digest, Written};
pub use compile::{compile, compile_again, compile_with};
pub use diagnostics::{Diagnostic, Severity};
pub use output::{Manifest, Output, Route, Table, TableField, Typing, Untyped};
pub use project::{ClientConfig, Language, Mode, Options, Project, RouteNames, SourceFile, Suite};
pub use resolve::{Isolated, Outside, Resolution, Resolve};
