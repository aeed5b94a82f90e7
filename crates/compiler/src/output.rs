//! What a compile gives back.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::Diagnostic;
use crate::diagnostics::Severity;

/// Everything a build emits. When [`Output::ok`] is false only the diagnostics mean something.
#[derive(Debug, Clone)]
pub struct Output {
    /// Emitted files by path: `client/…`, `server/…`, `codecs/…`, `schemas/…`, `types/…`, `manifest.json`.
    pub files: BTreeMap<String, Arc<str>>,
    /// The same as `manifest.json`.
    pub manifest: Manifest,
    /// Errors and warnings, sorted by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// The new text of `kontract.lock.json`.
    pub lock: String,
    /// What TypeScript can be told and has to be asked, errors or not.
    pub typing: Typing,
}

/// The half of a build that TypeScript takes part in. It is there even where there are errors, as long
/// as every file could be read: they may be about what TypeScript is to be asked.
#[derive(Debug, Clone, Default)]
pub struct Typing {
    /// The text of `types/types.d.ts`, without the functions whose types are not known.
    pub declarations: String,
    /// The functions whose return type `kontract sync` asks for, recorded or not.
    pub untyped: Vec<Untyped>,
}

/// A backend function whose return type neither is written nor follows from its syntax.
#[derive(Debug, Clone)]
pub struct Untyped {
    /// The route.
    pub id: String,
    /// The source file it stands in.
    pub file: String,
    /// Where its name begins, in UTF-16 units from the start of the file.
    pub offset: u32,
    /// Digest of the code its type follows from.
    pub from: String,
    /// Whether the lock file has its type as of this code.
    pub fresh: bool,
}

impl Output {
    /// Whether there is no error among the diagnostics.
    #[must_use]
    pub fn ok(&self) -> bool {
        !self
            .diagnostics
            .iter()
            .any(|d| d.severity == Severity::Error)
    }
}

/// What the server has to know of a build.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Manifest {
    /// Version of this format: 1.
    pub version: u32,
    /// The backend functions, by id.
    pub routes: Vec<Route>,
    /// The tables, by id.
    pub tables: Vec<Table>,
}

/// One backend function.
#[derive(Debug, Clone, Serialize)]
pub struct Route {
    /// Its name on the wire: the function's name.
    pub id: String,
    /// The source file it stands in.
    pub file: String,
    /// The line of its name, from 1.
    pub line: u32,
    /// The most it can do: R=4, W=2, X=1.
    pub perm: u8,
    /// The user group a caller must be in.
    pub ugroup: Option<String>,
    /// The endpoint group, for middleware.
    pub egroup: Option<String>,
    /// Its middleware, outermost first: `<file>#<index>`.
    pub middleware: Vec<String>,
    /// Hash of the schema of its arguments and its reply, 16 hex digits.
    pub hash: String,
}

/// One table.
#[derive(Debug, Clone, Serialize)]
pub struct Table {
    /// Its name in `env.storage`.
    pub id: String,
    /// Its name in the database.
    pub ptr: String,
    /// `own`, `isolated` or `shared`.
    pub tenancy: &'static str,
    /// The field that is the key.
    pub primkey: String,
    /// What can be done with the table at all: R=4, W=2, X=1.
    pub permissions: u8,
    /// Its fields in source order.
    pub fields: Vec<TableField>,
}

/// One field of a table.
#[derive(Debug, Clone, Serialize)]
pub struct TableField {
    /// Its name.
    pub name: String,
    /// `string number boolean bigint date bytes array object json`.
    pub kind: &'static str,
    /// What can be done with the field: R=4, W=2.
    pub perm: u8,
    /// Whether a row may lack it.
    pub optional: bool,
    /// Present when the field is indexed: whether its values are unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique: Option<bool>,
}
