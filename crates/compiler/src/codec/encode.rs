//! The code that writes: straight through a table's fields, types checked on the way.

use std::fmt::Write;

use super::choose::{Sees, chooser};
use super::layout::{FieldLayout, Layout, Origin, TableLayout, UnionLayout, Wire};
use super::presence::Presence;
use crate::types::{Number, Types, quote};

/// The function that writes a table.
pub(super) fn encoder(layout: &Layout, table: &TableLayout) -> String {
    let presence = Presence::of(table);
    let mut out = String::new();
    let parameters = if table.source == Origin::Entry {
        "w, k, v"
    } else {
        "w, v"
    };
    let name = &table.name;
    let _ = writeln!(out, "function write_{name}({parameters}) {{");
    match table.source {
        Origin::Object => out.push_str("  w.object(v);\n"),
        Origin::Tuple => {
            let least = least(&table.fields);
            let most = if table.fields.iter().any(|f| f.rest) {
                "Infinity".to_owned()
            } else {
                table.fields.len().to_string()
            };
            let _ = writeln!(out, "  w.tuple(v, {least}, {most});");
        }
        Origin::Arguments | Origin::Value | Origin::Entry => {}
    }
    let _ = writeln!(out, "  const t = w.table({}, {});", table.size, table.wide);
    let start = presence.start();
    if !table.fields.is_empty() {
        let _ = writeln!(out, "  let at = \"\", i = -1{start};\n  try {{");
        for field in &table.fields {
            write_field(&mut out, layout, table, field, &presence);
        }
        out.push_str("  } catch (e) {\n    throw within(e, at, i);\n  }\n");
    }
    let _ = writeln!(out, "  {}\n  return t;\n}}", presence.close(name));
    out
}

/// The functions that choose a member of a union and write it.
pub(super) fn union_encoder(types: &Types, layout: &Layout, union: &UnionLayout) -> String {
    let members: Vec<_> = union
        .members
        .iter()
        .enumerate()
        .filter_map(|(i, m)| Some((m.as_ref()?, u32::try_from(i).unwrap_or(0) + 1)))
        .collect();
    let kinds: Vec<_> = members.iter().map(|(m, id)| (&m.kind, *id)).collect();
    let name = &union.name;
    let mut out = chooser(
        types,
        union.union,
        &kinds,
        &format!("pick_{name}"),
        Sees::Value,
    );
    let _ = writeln!(
        out,
        "\nfunction write_{name}(w, v, at) {{\n  const k = pick_{name}(v);\n  w.tag(at, k);\n  switch (k) {{"
    );
    for (member, id) in members {
        let table = &layout.tables[member.table].name;
        let _ = writeln!(out, "    case {id}: return write_{table}(w, v);");
    }
    out.push_str("  }\n}\n");
    out
}

/// How many elements a tuple must have.
fn least(fields: &[FieldLayout]) -> usize {
    let needed = fields.iter().rposition(|f| !f.rest && !f.undefined);
    let rest = fields.iter().position(|f| f.rest);
    needed.map_or(0, |last| {
        last + 1 - usize::from(rest.is_some_and(|r| r < last))
    })
}

fn write_field(
    out: &mut String,
    layout: &Layout,
    table: &TableLayout,
    field: &FieldLayout,
    presence: &Presence,
) {
    if field.wire == Wire::Nothing && !field.null {
        return;
    }
    if !field.path.is_empty() || table.source == Origin::Tuple {
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
    let there = presence.mark(field.id);
    let write = match (&field.wire, field.tag) {
        (Wire::Nothing, _) => format!("w.nothing({value});"),
        (Wire::Union(index), Some((_, tag))) => format!(
            "w.link(t + {}, write_{}(w, {value}, t + {tag}));",
            field.offset, layout.unions[*index].name
        ),
        (wire, _) => write_value(layout, wire, &format!("t + {}", field.offset), &value),
    };
    let write = match field.presence {
        Some((id, offset)) => {
            let null = format!("{{ {}w.bool(t + {offset}, true); }}", presence.mark(id));
            format!(
                "if ({value} === null) {null} else if ({value} !== undefined) {{ {there}{write} }}"
            )
        }
        None if field.rest => format!("if ({value}.length > 0) {{ {there}{write} }}"),
        None if field.wire == Wire::Nothing => write,
        None if field.undefined => format!("if ({value} !== undefined) {{ {there}{write} }}"),
        None if field.null => format!("if ({value} !== null) {{ {there}{write} }}"),
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
        Wire::Nothing | Wire::Union(_) => String::new(),
        Wire::Bool => format!("w.bool({place}, {value});"),
        Wire::Bigint { unsigned: false } => format!("w.bigint({place}, {value});"),
        Wire::Bigint { unsigned: true } => format!("w.biguint({place}, {value});"),
        Wire::Date => format!("w.date({place}, {value});"),
        Wire::Bytes => format!("w.bytesOf({place}, {value});"),
        Wire::Text => format!("w.text({place}, {value});"),
        Wire::Json => format!("w.json({place}, {value});"),
        Wire::Number(number) => format!("w.{}({place}, {value});", method(*number)),
        Wire::Enum { index, wide } => format!(
            "w.choice{}({place}, {value}, e_{});",
            if *wide { 16 } else { 8 },
            layout.enums[*index].name
        ),
        Wire::Table(index) => {
            format!(
                "w.link({place}, write_{}(w, {value}));",
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
            format!(
                "const a = w.list({value}), n = a.length, p = w.vector({place}, n, {size}); for (i = 0; i < n; i++) {inner} i = -1;"
            )
        }
        Wire::Record(index) => {
            let name = &layout.tables[*index].name;
            format!(
                "const a = w.keys({value}), n = a.length, p = w.vector({place}, n, 4); for (i = 0; i < n; i++) w.link(p + 4 * i, write_{name}(w, a[i], {value}[a[i]])); i = -1;"
            )
        }
    }
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
