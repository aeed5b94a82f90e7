//! A route's schema hash: an old client meets `VERSION_SKEW`, not bytes it cannot read.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::fbs::number_name;
use super::layout::{FieldLayout, Layout, Origin, Root, Wire};
use crate::types::quote;

/// 16 hex digits of SHA-256 over the canonical schema of a route's arguments and reply.
pub(crate) fn route_hash(layout: &Layout, root: &Root) -> String {
    let mut canonical = Canonical {
        layout,
        text: String::new(),
        seen: Vec::new(),
    };
    canonical.table(root.args);
    canonical.text.push_str("->");
    canonical.table(root.reply);
    hex(&Sha256::digest(canonical.text.as_bytes()), 8)
}

/// The first `bytes` of a digest as hex.
pub(crate) fn hex(digest: &[u8], bytes: usize) -> String {
    digest
        .iter()
        .take(bytes)
        .fold(String::new(), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        })
}

/// The names of types don't matter, those of fields do; a table seen before is its number.
struct Canonical<'a> {
    layout: &'a Layout,
    text: String,
    seen: Vec<usize>,
}

impl Canonical<'_> {
    fn table(&mut self, index: usize) {
        if let Some(number) = self.seen.iter().position(|&seen| seen == index) {
            let _ = write!(self.text, "#{number}");
            return;
        }
        self.seen.push(index);
        let table = &self.layout.tables[index];
        let _ = write!(self.text, "{:?}{{", table.source);
        let mut fields: Vec<&FieldLayout> = table.fields.iter().collect();
        if table.source == Origin::Object {
            // The order in the source says nothing; that of arguments and tuples does.
            fields.sort_by(|a, b| (a.id, &a.key).cmp(&(b.id, &b.key)));
        }
        for field in fields {
            let marks = [(field.null, '~'), (field.undefined, '?'), (field.rest, '*')];
            let marks: String = marks
                .iter()
                .filter(|(set, _)| *set)
                .map(|(_, mark)| mark)
                .collect();
            let name = if table.source == Origin::Object {
                quote(&field.key)
            } else {
                String::new()
            };
            let _ = write!(self.text, "{}{name}{marks}", field.id);
            for (id, _) in field.presence.iter().chain(&field.tag) {
                let _ = write!(self.text, ",{id}");
            }
            self.text.push(':');
            self.wire(&field.wire);
            self.text.push(';');
        }
        self.text.push('}');
    }

    fn wire(&mut self, wire: &Wire) {
        match wire {
            Wire::Table(index) => self.table(*index),
            Wire::Record(index) => {
                self.text.push_str("record");
                self.table(*index);
            }
            Wire::Vector(element) => {
                self.text.push('[');
                self.wire(element);
                self.text.push(']');
            }
            Wire::Union(index) => {
                self.text.push('(');
                for (i, member) in self.layout.unions[*index].members.iter().enumerate() {
                    if let Some(member) = member {
                        let _ = write!(self.text, "|{}=", i + 1);
                        self.table(member.table);
                    }
                }
                self.text.push(')');
            }
            Wire::Enum { index, wide } => {
                let values = &self.layout.enums[*index].values;
                let _ = write!(self.text, "enum{}", if *wide { 16 } else { 8 });
                for (i, value) in values.iter().enumerate() {
                    if let Some(value) = value {
                        let _ = write!(self.text, "|{i}={}", value.javascript());
                    }
                }
            }
            Wire::Date => self.text.push_str("date"),
            Wire::Bigint { unsigned } => {
                let name = if *unsigned { "biguint" } else { "bigint" };
                self.text.push_str(name);
            }
            Wire::Bool => self.text.push_str("bool"),
            Wire::Bytes => self.text.push_str("bytes"),
            Wire::Nothing => self.text.push_str("nothing"),
            Wire::Text => self.text.push_str("string"),
            Wire::Json => self.text.push_str("json"),
            Wire::Number(number) => self.text.push_str(number_name(*number)),
        }
    }
}
