//! The blanker: finds Kontract decorators and overwrites them with white space.
//!
//! The blanked text has the byte length, the UTF-16 length and the line breaks of the original, so
//! every tool that reads it instead needs no mapping of positions.

mod arguments;
mod bind;
mod elements;
mod guesses;
mod scanner;

pub(crate) use arguments::{Argument, Value, parse_arguments, parse_object};
pub(crate) use bind::{Bindings, bind};

use std::collections::HashSet;

use crate::diagnostics::Range;

/// The decorators Kontract owns.
pub(crate) const NAMES: [&str; 15] = [
    "backend", "primkey", "perm", "mwfilter", "table", "index", "int8", "int16", "int32", "int64",
    "uint8", "uint16", "uint32", "uint64", "float32",
];

/// A decorator as it was found, before it is known what it marks.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub name: String,
    /// From the `@` to the closing parenthesis.
    pub range: Range,
    /// Between the parentheses; `None` without parentheses.
    pub arguments: Option<Range>,
}

/// Why a file is not read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum GaveUp {
    /// Templates, JSX or decorators' arguments nest too deep.
    Depth(Range),
    /// What has to be read twice lies inside one another too often ([`guesses`]).
    Guesses(Range),
}

/// The result of blanking one file.
#[derive(Debug, Clone)]
pub(crate) struct Blanked {
    pub text: String,
    /// Kontract's decorators, in source order: these are blanked.
    pub decorators: Vec<Found>,
    /// Decorators of others, left in the text.
    pub foreign: Vec<Found>,
    /// Where the scanner gave up, if it did.
    pub gave_up: Option<GaveUp>,
}

/// A file's text as plain TypeScript: every Kontract decorator is white space of the same length.
#[must_use]
pub fn blanked(path: &str, text: &str) -> String {
    blank(crate::parse::without_mark(text), path.ends_with('x')).text
}

/// Blanks one file. `jsx` says whether `<` in expression position opens an element.
pub(crate) fn blank(text: &str, jsx: bool) -> Blanked {
    if !text.contains('@') && !guesses::may_guess(text) {
        return Blanked {
            text: text.to_owned(),
            decorators: Vec::new(),
            foreign: Vec::new(),
            gave_up: None,
        };
    }
    let scan = scanner::scan(text, jsx);
    let elsewhere = imported_elsewhere(text);
    let (decorators, foreign): (Vec<_>, Vec<_>) = scan
        .found
        .into_iter()
        .partition(|d| NAMES.contains(&d.name.as_str()) && !elsewhere.contains(d.name.as_str()));
    Blanked {
        text: overwrite(text, &decorators),
        decorators,
        foreign,
        gave_up: scan.gave_up,
    }
}

/// The names imported from packages other than `kontract`: a decorator of such a name is not ours.
fn imported_elsewhere(text: &str) -> HashSet<&str> {
    let mut names = HashSet::new();
    for statement in text.split("import").skip(1) {
        let Some(end) = statement.find([';', '=', '(', '\'', '"']) else {
            continue;
        };
        let (head, specifier) = statement.split_at(end);
        let is_kontract = specifier
            .get(1..)
            .is_some_and(|s| s.starts_with("kontract'") || s.starts_with("kontract\""));
        let from = head.trim_end().strip_suffix("from");
        if let Some(list) = from.filter(|_| specifier.starts_with(['\'', '"']) && !is_kontract) {
            names.extend(list.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')));
        }
    }
    names
}

fn overwrite(text: &str, decorators: &[Found]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for decorator in decorators {
        let (start, end) = (decorator.range.start as usize, decorator.range.end as usize);
        out.push_str(&text[at..start]);
        for c in text[start..end].chars() {
            out.push_str(white_space_like(c));
        }
        at = end;
    }
    out.push_str(&text[at..]);
    out
}

/// White space of the same byte length and the same UTF-16 length (ECMA-262, 12.2 and 12.3).
fn white_space_like(c: char) -> &'static str {
    match (c, c.len_utf8()) {
        ('\n', _) => "\n",
        ('\r', _) => "\r",
        ('\u{2028}', _) => "\u{2028}",
        ('\u{2029}', _) => "\u{2029}",
        (_, 1) => " ",
        (_, 2) => "\u{a0}",
        (_, 3) => "\u{2003}",
        _ => "\u{a0}\u{a0}",
    }
}

/// The offset of the first character at or after `at` that is neither white space nor comment.
pub(crate) fn skip_trivia(text: &str, at: usize) -> usize {
    let mut at = at;
    loop {
        let rest = &text[at..];
        let trimmed = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        at += rest.len() - trimmed.len();
        if trimmed.starts_with("//") {
            at += trimmed
                .find(['\n', '\r', '\u{2028}', '\u{2029}'])
                .unwrap_or(trimmed.len());
        } else if trimmed.starts_with("/*") {
            at += trimmed.find("*/").map_or(trimmed.len(), |i| i + 2);
        } else {
            return at;
        }
    }
}

#[cfg(test)]
mod tests;
