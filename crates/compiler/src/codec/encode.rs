//! The code that writes: straight through a table's fields, types checked on the way.

use std::fmt::Write;

use super::layout::{FieldLayout, Layout, Origin, Root, TableLayout, Wire};
use crate::types::{Number, quote};

/// The function that writes a table, and the constants it needs.
pub(crate) fn encoder(layout: &Layout, table: &TableLayout) -> String {
    let mut out = String::new();
    let parameters = if table.source == Origin::Entry {
        "w, k, v"
    } else {
        "w, v"
    };
    let _ = writeln!(out, "function write_{}({parameters}) {{", table.name);
    if table.source == Origin::Object {
        out.push_str("  w.object(v);\n");
    }
    let _ = writeln!(
        out,
        "  const t = w.table({}, {}, {});",
        table.vtable, table.size, table.wide
    );
    if !table.fields.is_empty() {
        out.push_str("  let at = \"\", i = -1;\n  try {\n");
        for field in &table.fields {
            write_field(&mut out, layout, table, field);
        }
        out.push_str("  } catch (e) {\n    throw within(e, at, i);\n  }\n");
    }
    out.push_str("  w.close();\n  return t;\n}\n");
    out
}

impl Root {
    /// The four functions of a route.
    pub(crate) fn javascript(&self, layout: &Layout) -> String {
        let (id, args, reply) = (
            &self.id,
            &layout.tables[self.args].name,
            &layout.tables[self.reply].name,
        );
        format!(
            "export function encodeArgs_{id}(args) {{\n  const w = begin();\n  try {{\n    return w.finish(write_{args}(w, args));\n  }} catch (e) {{\n    throw within(e, \"args\", -1);\n  }}\n}}\n\n\
             export function decodeArgs_{id}(bytes) {{\n  const r = open(bytes);\n  try {{\n    return read_{args}(r, r.root());\n  }} catch (e) {{\n    throw within(e, \"args\", -1);\n  }}\n}}\n\n\
             export function encodeReply_{id}(value) {{\n  const w = begin();\n  try {{\n    return w.finish(write_{reply}(w, value));\n  }} catch (e) {{\n    throw within(e, \"reply\", -1);\n  }}\n}}\n\n\
             export function decodeReply_{id}(bytes) {{\n  const r = open(bytes);\n  try {{\n    return read_{reply}(r, r.root());\n  }} catch (e) {{\n    throw within(e, \"reply\", -1);\n  }}\n}}\n\n"
        )
    }
}

fn write_field(out: &mut String, layout: &Layout, table: &TableLayout, field: &FieldLayout) {
    if !field.path.is_empty() {
        let _ = writeln!(out, "    at = {};", quote(&field.path));
    }
    // Each value is read once: it may be a getter.
    let value = if matches!(field.access.as_str(), "v" | "k") {
        field.access.clone()
    } else {
        "x".to_owned()
    };
    let read = if value == "x" {
        format!("const x = {}; ", field.access)
    } else {
        String::new()
    };
    let place = format!(
        "w.field(t, {}, {})",
        table.vtable - field.entry,
        field.offset
    );
    let write = write_value(layout, &field.wire, &place, &value);
    let write = match field.presence {
        Some((entry, offset)) => {
            let null = format!(
                "w.bool(w.field(t, {}, {offset}), true)",
                table.vtable - entry
            );
            format!("if ({value} === null) {null}; else if ({value} !== undefined) {write}")
        }
        None if field.rest => format!("if ({value}.length > 0) {write}"),
        None if field.undefined => format!("if ({value} !== undefined) {write}"),
        None if field.null => format!("if ({value} !== null) {write}"),
        None => write,
    };
    let _ = if read.is_empty() {
        writeln!(out, "    {write}")
    } else {
        writeln!(out, "    {{ {read}{write} }}")
    };
}

/// A statement that writes `value` at `place`.
fn write_value(layout: &Layout, wire: &Wire, place: &str, value: &str) -> String {
    match wire {
        Wire::Nothing => String::new(),
        Wire::Bool => format!("w.bool({place}, {value});"),
        Wire::Bigint { unsigned: false } => format!("w.bigint({place}, {value});"),
        Wire::Bigint { unsigned: true } => format!("w.biguint({place}, {value});"),
        Wire::Date => format!("w.date({place}, {value});"),
        Wire::Bytes => format!("w.bytesOf({place}, {value});"),
        Wire::Text(literals) if literals.is_empty() => format!("w.text({place}, {value});"),
        Wire::Text(literals) => {
            format!("w.text({place}, w.one({value}, {}));", text_list(literals))
        }
        Wire::Number(number, literals) if literals.is_empty() => {
            format!("w.{}({place}, {value});", method(*number))
        }
        Wire::Number(number, literals) => {
            format!(
                "w.{}({place}, w.one({value}, [{}]));",
                method(*number),
                literals.join(", ")
            )
        }
        Wire::Table(index) => {
            // The parent's entry is set first, the child may move the buffer.
            format!(
                "{{ const p = {place}; w.link(p, write_{}(w, {value})); }}",
                layout.tables[*index].name
            )
        }
        Wire::Vector(element) => {
            let size = element.size();
            let at = if size == 1 {
                "p + i".to_owned()
            } else {
                format!("p + {size} * i")
            };
            let inner = write_value(layout, element, &at, "a[i]");
            let inner = match &**element {
                Wire::Table(index) => format!(
                    "w.link({at}, write_{}(w, a[i]));",
                    layout.tables[*index].name
                ),
                _ => inner,
            };
            format!(
                "{{ const a = w.list({value}), n = a.length, p = w.vector({place}, n, {size}); for (i = 0; i < n; i++) {inner} i = -1; }}"
            )
        }
        Wire::Record(index) => {
            let name = &layout.tables[*index].name;
            format!(
                "{{ const a = w.keys({value}), n = a.length, p = w.vector({place}, n, 4); for (i = 0; i < n; i++) w.link(p + 4 * i, write_{name}(w, a[i], {value}[a[i]])); i = -1; }}"
            )
        }
    }
}

pub(super) fn text_list(literals: &[String]) -> String {
    format!(
        "[{}]",
        literals
            .iter()
            .map(|l| quote(l))
            .collect::<Vec<_>>()
            .join(", ")
    )
}

/// The method of the reader and the writer for a number.
pub(super) fn method(number: Number) -> &'static str {
    match number {
        Number::Float64 => "float64",
        Number::Float32 => "float32",
        Number::Int8 => "int8",
        Number::Int16 => "int16",
        Number::Int32 => "int32",
        Number::Int64 => "int64",
        Number::Uint8 => "uint8",
        Number::Uint16 => "uint16",
        Number::Uint32 => "uint32",
        Number::Uint64 => "uint64",
    }
}
