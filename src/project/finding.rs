//! A finding in the user's sources, in the one form that the cache keeps and JavaScript gets.

use kontract_compiler::{Diagnostic, Severity};
use napi_derive::napi;
use serde::{Deserialize, Serialize};

/// One finding in the user's sources.
#[napi(object, js_name = "Diagnostic")]
#[derive(Clone, Serialize, Deserialize)]
pub struct Finding {
    /// Stable code, such as `KT2001`.
    pub code: String,
    /// `error`, `warning` or `info`.
    pub severity: String,
    /// Project-relative path.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1, in UTF-16 units.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The rendered code frame.
    pub frame: String,
}

impl From<Diagnostic> for Finding {
    fn from(found: Diagnostic) -> Self {
        let severity = match found.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        Self {
            code: found.code.to_owned(),
            severity: severity.to_owned(),
            file: found.file,
            line: found.line,
            column: found.column,
            message: found.message,
            help: found.help,
            frame: found.frame,
        }
    }
}
