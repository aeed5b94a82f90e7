//! The same layout as a schema, for `flatc` and everyone who reads with it.

use std::fmt::Write;

use super::layout::{FieldLayout, Layout, TableLayout, UnionLayout, Wire};
use crate::types::Number;

/// The schema of one source file.
pub(crate) fn schema(layout: &Layout, path: &str) -> String {
    let mut out = format!("// {path}\nnamespace kontract;\n");
    for choice in &layout.enums {
        let width = if choice.wide { "ushort" } else { "ubyte" };
        let _ = writeln!(
            out,
            "\nenum {} : {width} {{ {} }}",
            choice.name,
            choice.labels.join(", ")
        );
    }
    for union in &layout.unions {
        let _ = writeln!(out, "\nunion {} {{ {} }}", union.name, members(union));
    }
    // What a member that is gone leaves behind, so that its number stays taken.
    if layout
        .unions
        .iter()
        .any(|u| u.members.iter().any(Option::is_none))
    {
        out.push_str("\ntable kontract_gone {\n}\n");
    }
    for table in &layout.tables {
        let _ = write!(out, "\ntable {} {{\n", table.name);
        for (id, name) in table.ids.iter().enumerate() {
            let line = line(layout, table, id);
            let _ = writeln!(out, "  {name}:{line};");
        }
        out.push_str("}\n");
    }
    // A union's tag is declared by the union.
    out.lines()
        .filter(|l| !l.ends_with(TAG))
        .fold(String::new(), |all, line| all + line + "\n")
}

const TAG: &str = ":\u{0};";

fn members(union: &UnionLayout) -> String {
    let mut all = Vec::new();
    for (i, member) in union.members.iter().enumerate() {
        all.push(match member {
            Some(member)
                if union.members[..i]
                    .iter()
                    .flatten()
                    .any(|m| m.label == member.label) =>
            {
                format!("{}_{}: {}", member.label, i + 1, member.label)
            }
            Some(member) => member.label.clone(),
            None => format!("gone_{}: kontract_gone", i + 1),
        });
    }
    all.join(", ")
}

/// What stands behind a field's name.
fn line(layout: &Layout, table: &TableLayout, id: usize) -> String {
    let is = |other: u32| other as usize == id;
    for field in &table.fields {
        if field.presence.is_some_and(|(presence, _)| is(presence)) {
            return format!("bool (id: {id})");
        }
        if field.tag.is_some_and(|(tag, _)| is(tag)) {
            return "\u{0}".to_owned();
        }
        if is(field.id) && field.wire != Wire::Nothing {
            let ty = type_name(layout, &field.wire);
            return format!("{ty}{}", modifiers(field, id));
        }
    }
    format!("bool (id: {id}, deprecated)")
}

fn modifiers(field: &FieldLayout, id: usize) -> String {
    let optional = field.null || field.undefined;
    match &field.wire {
        wire if wire.is_scalar() => {
            format!("{} (id: {id})", if optional { " = null" } else { "" })
        }
        _ if optional || field.rest => format!(" (id: {id})"),
        _ => format!(" (id: {id}, required)"),
    }
}

fn type_name(layout: &Layout, wire: &Wire) -> String {
    match wire {
        Wire::Nothing => String::new(),
        Wire::Bool => "bool".to_owned(),
        Wire::Bigint { unsigned: true } => "ulong".to_owned(),
        Wire::Bigint { .. } | Wire::Date => "long".to_owned(),
        Wire::Text | Wire::Json => "string".to_owned(),
        Wire::Bytes => "[ubyte]".to_owned(),
        Wire::Enum { index, .. } => layout.enums[*index].name.clone(),
        Wire::Union(index) => layout.unions[*index].name.clone(),
        Wire::Table(index) => layout.tables[*index].name.clone(),
        Wire::Vector(element) => format!("[{}]", type_name(layout, element)),
        Wire::Record(index) => format!("[{}]", layout.tables[*index].name),
        Wire::Number(number) => number_name(*number).to_owned(),
    }
}

pub(super) fn number_name(number: Number) -> &'static str {
    match number {
        Number::Float64 => "double",
        Number::Float32 => "float",
        Number::Int8 => "byte",
        Number::Int16 => "short",
        Number::Int32 => "int",
        Number::Int64 => "long",
        Number::Uint8 => "ubyte",
        Number::Uint16 => "ushort",
        Number::Uint32 => "uint",
        Number::Uint64 => "ulong",
    }
}
