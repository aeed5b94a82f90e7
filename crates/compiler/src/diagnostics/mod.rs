//! Errors and warnings with a stable code, a place and a way out.
//!
//! Inside the compiler a finding is a [`Report`] made by a named constructor of [`syntax`],
//! [`types`], [`split`], [`middleware`] or [`schema`]; [`render`] makes the public [`Diagnostic`].

mod frame;
pub(crate) mod middleware;
pub(crate) mod reach;
pub(crate) mod schema;
pub(crate) mod split;
pub(crate) mod syntax;
pub(crate) mod types;

pub(crate) use frame::{line_column, render};

use serde::Serialize;

/// A place in a file: byte offsets, end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Range {
    pub start: u32,
    pub end: u32,
}

impl Range {
    pub(crate) fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    pub(crate) fn contains(self, at: u32) -> bool {
        (self.start..self.end).contains(&at)
    }

    pub(crate) fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize)
            .unwrap_or("")
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// There is no build.
    Error,
    /// There is a build; it may not do what was meant.
    Warning,
    /// There is a build, and this was decided on the way.
    Info,
}

/// A finding as the user sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// `KT1001` …; `docs/errors.md` has a section for each.
    pub code: &'static str,
    /// Error, warning or note.
    pub severity: Severity,
    /// The file, relative to the project.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in UTF-16 units, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// How to put it right.
    pub help: Option<String>,
    /// The whole finding with the source line, ready to print, without colour.
    pub frame: String,
}

/// A finding before it is rendered.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub code: &'static str,
    pub severity: Severity,
    pub file: usize,
    pub range: Range,
    pub label: String,
    pub message: String,
    pub help: Option<String>,
    /// A second place that explains the first.
    pub other: Option<(usize, Range, String)>,
}

impl Report {
    fn error(code: &'static str, file: usize, range: Range, message: String) -> Self {
        Self {
            code,
            severity: Severity::Error,
            file,
            range,
            label: String::new(),
            message,
            help: None,
            other: None,
        }
    }

    fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    fn info(mut self) -> Self {
        self.severity = Severity::Info;
        self
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    fn other(mut self, file: usize, range: Range, label: impl Into<String>) -> Self {
        self.other = Some((file, range, label.into()));
        self
    }
}

/// The candidate one edit away from `word`, if there is one.
pub(crate) fn did_you_mean<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    candidates.iter().copied().find(|c| one_edit_apart(word, c))
}

fn one_edit_apart(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let same_start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (ra, rb) = (&a[same_start..], &b[same_start..]);
    match ra.len().abs_diff(rb.len()) {
        0 => {
            ra.get(1..) == rb.get(1..)
                || (ra.len() >= 2 && ra[0] == rb[1] && ra[1] == rb[0] && ra[2..] == rb[2..])
        }
        1 if ra.len() > rb.len() => &ra[1..] == rb,
        1 => ra == &rb[1..],
        _ => false,
    }
}

/// Suggests the candidate one edit away, else lists them all.
pub(crate) fn suggestion(word: &str, candidates: &[&str]) -> String {
    match did_you_mean(word, candidates) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("one of: {}", candidates.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn one_edit_is_close_enough_and_two_are_not() {
        let names = ["backend", "primkey", "perm"];
        for typo in ["bakend", "backendd", "bcakend", "backemd"] {
            assert_eq!(did_you_mean(typo, &names), Some("backend"), "{typo}");
        }
        assert_eq!(did_you_mean("bakeend", &names), None);
        assert_eq!(did_you_mean("prm", &names), Some("perm"));
    }
}
