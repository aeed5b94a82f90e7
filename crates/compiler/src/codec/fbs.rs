//! The same layout as a schema, for `flatc` and everyone who reads with it.

use std::fmt::Write;

use super::layout::{FieldLayout, Layout, Wire};
use crate::types::Number;

/// The schema of one source file.
pub(crate) fn schema(layout: &Layout, path: &str) -> String {
    let mut out = format!("// {path}\nnamespace kontract;\n");
    for table in &layout.tables {
        let _ = write!(out, "\ntable {} {{\n", table.name);
        for field in &table.fields {
            let id = (field.entry - 4) / 2;
            let _ = writeln!(
                out,
                "  {}:{}{};",
                field.name,
                type_name(layout, &field.wire),
                modifiers(field, id)
            );
            if let Some((entry, _)) = field.presence {
                let _ = writeln!(out, "  {}_null:bool (id: {});", field.name, (entry - 4) / 2);
            }
        }
        out.push_str("}\n");
    }
    out
}

fn modifiers(field: &FieldLayout, id: u32) -> String {
    let optional = field.null || field.undefined;
    match &field.wire {
        wire if is_scalar(wire) => format!("{} (id: {id})", if optional { " = null" } else { "" }),
        _ if optional || field.rest => format!(" (id: {id})"),
        _ => format!(" (id: {id}, required)"),
    }
}

fn is_scalar(wire: &Wire) -> bool {
    matches!(
        wire,
        Wire::Bool | Wire::Number(..) | Wire::Bigint { .. } | Wire::Date
    )
}

pub(super) fn type_name(layout: &Layout, wire: &Wire) -> String {
    match wire {
        Wire::Nothing => String::new(),
        Wire::Bool => "bool".to_owned(),
        Wire::Bigint { unsigned: true } => "ulong".to_owned(),
        Wire::Bigint { .. } | Wire::Date => "long".to_owned(),
        Wire::Text(_) => "string".to_owned(),
        Wire::Bytes => "[ubyte]".to_owned(),
        Wire::Table(index) => layout.tables[*index].name.clone(),
        Wire::Vector(element) => format!("[{}]", type_name(layout, element)),
        Wire::Record(index) => format!("[{}]", layout.tables[*index].name),
        Wire::Number(number, _) => number_name(*number).to_owned(),
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
