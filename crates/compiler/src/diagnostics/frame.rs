//! The code frame: where it is, the line, a caret under the place, the way out.

use std::fmt::Write;

use super::{Diagnostic, Range, Report, Severity};

/// Renders a report; `files` are `(path, text)` in the order the reports count them.
pub(crate) fn render(report: &Report, files: &[(&str, &str)]) -> Diagnostic {
    // What is wrong with no source file is wrong with the lock file.
    let (path, text) = files
        .get(report.file)
        .copied()
        .unwrap_or(("kontract.lock.json", ""));
    let place = Place::find(text, report.range);
    let severity = match report.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    };
    let mut frame = format!("{severity}[{}]: {}\n", report.code, report.message);
    write_place(&mut frame, path, &place, &report.label, "-->");
    if let Some((file, range, label)) = &report.other {
        let (path, text) = files.get(*file).copied().unwrap_or(("", ""));
        write_place(&mut frame, path, &Place::find(text, *range), label, ":::");
    }
    if let Some(help) = &report.help {
        let _ = writeln!(frame, "  = help: {help}");
    }
    Diagnostic {
        code: report.code,
        severity: report.severity,
        file: path.to_owned(),
        line: place.line,
        column: place.column,
        message: report.message.clone(),
        help: report.help.clone(),
        frame,
    }
}

/// Line and column of an offset, both from 1; the column counts UTF-16 units.
pub(crate) fn line_column(text: &str, offset: u32) -> (u32, u32) {
    let place = Place::find(text, Range::new(offset, offset));
    (place.line, place.column)
}

struct Place<'a> {
    line: u32,
    column: u32,
    source: &'a str,
    /// Characters before the place on its line, and under the caret.
    before: usize,
    width: usize,
}

impl<'a> Place<'a> {
    fn find(text: &'a str, range: Range) -> Self {
        let mut start = (range.start as usize).min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |i| start + i);
        let mut end = (range.end as usize).clamp(start, line_end);
        while !text.is_char_boundary(end) {
            end += 1;
        }
        let head = &text[line_start..start];
        Self {
            line: u32::try_from(text[..line_start].matches('\n').count() + 1).unwrap_or(u32::MAX),
            column: u32::try_from(head.encode_utf16().count() + 1).unwrap_or(u32::MAX),
            source: text[line_start..line_end].trim_end_matches('\r'),
            before: head.chars().count(),
            width: text[start..end].chars().count().max(1),
        }
    }
}

fn write_place(frame: &mut String, path: &str, place: &Place<'_>, label: &str, arrow: &str) {
    let number = place.line.to_string();
    let gutter = " ".repeat(number.len());
    let source = place.source.replace('\t', " ");
    let caret = format!("{}{}", " ".repeat(place.before), "^".repeat(place.width));
    let _ = writeln!(
        frame,
        "{gutter}{arrow} {path}:{}:{}",
        place.line, place.column
    );
    let _ = writeln!(frame, "{gutter} |");
    let _ = writeln!(frame, "{number} | {source}");
    let _ = writeln!(
        frame,
        "{}",
        format!("{gutter} | {caret} {label}").trim_end()
    );
}
