//! A source map (revision 3) for text we write ourselves: names in it, and where they were declared.

use serde_json::json;

use crate::diagnostics::line_column;
use crate::modules::Modules;

/// Text that grows, with marks of where its names come from.
#[derive(Default)]
pub(crate) struct Mapped {
    pub text: String,
    marks: Vec<Mark>,
}

struct Mark {
    /// Where in the text.
    at: usize,
    file: usize,
    /// Where in the file, in bytes.
    origin: u32,
}

impl Mapped {
    /// What is written next was declared there.
    pub(crate) fn mark(&mut self, file: usize, origin: u32) {
        self.marks.push(Mark {
            at: self.text.len(),
            file,
            origin,
        });
    }

    /// The map of the text; its sources are relative to the project.
    pub(crate) fn map(&self, modules: &Modules, name: &str) -> String {
        let mut sources: Vec<usize> = self.marks.iter().map(|m| m.file).collect();
        sources.sort_unstable();
        sources.dedup();
        let paths: Vec<&str> = sources
            .iter()
            .map(|&f| modules.files[f].path.as_str())
            .collect();
        // The order of the members is the one the specification shows, `version` first.
        format!(
            r#"{{"version":3,"file":{},"sources":{},"names":[],"mappings":{}}}"#,
            json!(name),
            json!(paths),
            json!(self.mappings(modules, &sources))
        )
    }

    fn mappings(&self, modules: &Modules, sources: &[usize]) -> String {
        let mut out = String::new();
        let mut done = 0;
        let (mut column, mut source, mut line, mut origin) = (0, 0, 0, 0);
        for mark in &self.marks {
            let between = &self.text[done..mark.at];
            let lines = between.matches('\n').count();
            if lines > 0 {
                out.push_str(&";".repeat(lines));
                column = 0;
            } else if !out.is_empty() && !out.ends_with(';') {
                out.push(',');
            }
            let start = self.text[..mark.at].rfind('\n').map_or(0, |i| i + 1);
            let here = units(&self.text[start..mark.at]);
            let (row, place) = line_column(&modules.files[mark.file].text, mark.origin);
            let (row, place) = (i64::from(row) - 1, i64::from(place) - 1);
            let index = sources.binary_search(&mark.file).unwrap_or_default();
            let index = i64::try_from(index).unwrap_or_default();
            for delta in [here - column, index - source, row - line, place - origin] {
                write_vlq(&mut out, delta);
            }
            (column, source, line, origin) = (here, index, row, place);
            done = mark.at;
        }
        out
    }
}

fn units(text: &str) -> i64 {
    i64::try_from(text.encode_utf16().count()).unwrap_or(i64::MAX)
}

/// Base 64 VLQ: five bits a digit, least first, the sign in the lowest bit of all.
fn write_vlq(out: &mut String, value: i64) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut rest = (value.unsigned_abs() << 1) | u64::from(value < 0);
    loop {
        let digit = usize::try_from(rest & 31).unwrap_or_default();
        rest >>= 5;
        let more = if rest > 0 { 32 } else { 0 };
        out.push(char::from(DIGITS[digit | more]));
        if rest == 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::write_vlq;

    /// Known values from the source map specification's own reference decoders.
    #[test]
    fn numbers_are_vlq() {
        for (value, text) in [
            (0, "A"),
            (1, "C"),
            (-1, "D"),
            (15, "e"),
            (16, "gB"),
            (-17, "jB"),
            (1000, "w+B"),
        ] {
            let mut out = String::new();
            write_vlq(&mut out, value);
            assert_eq!(out, text, "{value}");
        }
    }
}
