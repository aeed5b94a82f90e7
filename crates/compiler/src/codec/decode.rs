//! The code that reads: every position checked by the reader before it is used.

use std::fmt::Write;

use super::encode::{method, text_list};
use super::layout::{FieldLayout, Layout, Origin, TableLayout, Wire};
use crate::types::quote;

/// The function that reads a table.
pub(crate) fn decoder(layout: &Layout, table: &TableLayout) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "function read_{}(r, t) {{", table.name);
    out.push_str("  const v = r.table(t);\n");
    let start = match table.source {
        Origin::Object => "  const o = {};\n",
        Origin::Arguments => "  const o = [];\n",
        Origin::Value => "  let o;\n",
        Origin::Entry => "  const o = [\"\", undefined];\n",
    };
    out.push_str(start);
    if !table.fields.is_empty() {
        out.push_str("  let at = \"\", i = -1, f = 0;\n  try {\n");
        for (index, field) in table.fields.iter().enumerate() {
            read_field(&mut out, layout, table, field, index);
        }
        out.push_str("  } catch (e) {\n    throw within(e, at, i);\n  }\n");
    }
    out.push_str("  r.close();\n  return o;\n}\n");
    out
}

fn read_field(
    out: &mut String,
    layout: &Layout,
    table: &TableLayout,
    field: &FieldLayout,
    index: usize,
) {
    if !field.path.is_empty() {
        let _ = writeln!(out, "    at = {};", quote(&field.path));
    }
    let target = match table.source {
        Origin::Object | Origin::Arguments => format!("o{}", field.access.trim_start_matches('v')),
        Origin::Value => "o".to_owned(),
        Origin::Entry => format!("o[{index}]"),
    };
    let find = format!("f = r.field(t, v, {}, {})", field.entry, field.wire.size());
    if field.rest {
        let read = read_value(layout, &field.wire, "o.push(...a);");
        let _ = writeln!(out, "    if (({find}) !== 0) {read}");
        return;
    }
    let read = read_value(layout, &field.wire, &format!("{target} = $;"));
    // What is absent keeps its place among the arguments, and has none in an object.
    let absent = if table.source == Origin::Arguments {
        format!(" else {target} = undefined;")
    } else {
        String::new()
    };
    match field.presence {
        Some((entry, _)) => {
            let _ = writeln!(
                out,
                "    if (({find}) !== 0) {read} else if ((f = r.field(t, v, {entry}, 1)) !== 0 && r.bool(f)) {target} = null;{absent}"
            );
        }
        None if field.undefined => {
            let _ = writeln!(out, "    if (({find}) !== 0) {read}{absent}");
        }
        None if field.null => {
            let _ = writeln!(out, "    if (({find}) !== 0) {read} else {target} = null;");
        }
        // A scalar with its default value may be left out by other writers.
        None if field.wire.size() != 4 || matches!(field.wire, Wire::Number(..)) => {
            let _ = writeln!(out, "    {find}; {read}");
        }
        None => {
            let _ = writeln!(out, "    if (({find}) === 0) r.missing(); {read}");
        }
    }
}

/// A statement that reads what is at `f`; `$` in `assign` is the value.
fn read_value(layout: &Layout, wire: &Wire, assign: &str) -> String {
    match wire {
        Wire::Vector(element) => {
            let size = element.size();
            let at = if size == 1 {
                "p + i".to_owned()
            } else {
                format!("p + {size} * i")
            };
            let value = read_scalar(layout, element, &at);
            let assign = assign.replace('$', "a");
            format!(
                "{{ const p = r.vector(f, {size}), n = r.length, a = new Array(n); for (i = 0; i < n; i++) a[i] = {value}; i = -1; {assign} }}"
            )
        }
        Wire::Record(index) => {
            let name = &layout.tables[*index].name;
            let assign = assign.replace('$', "a");
            format!(
                "{{ const p = r.vector(f, 4), n = r.length, a = Object.create(null); for (i = 0; i < n; i++) {{ const e = read_{name}(r, r.follow(p + 4 * i)); r.put(a, e[0], e[1]); }} i = -1; {assign} }}"
            )
        }
        scalar => assign.replace('$', &read_scalar(layout, scalar, "f")),
    }
}

fn read_scalar(layout: &Layout, wire: &Wire, at: &str) -> String {
    match wire {
        Wire::Bool => format!("r.bool({at})"),
        Wire::Bigint { unsigned: false } => format!("r.bigint({at})"),
        Wire::Bigint { unsigned: true } => format!("r.biguint({at})"),
        Wire::Date => format!("r.date({at})"),
        Wire::Bytes => format!("r.bytesOf({at})"),
        Wire::Text(literals) if literals.is_empty() => format!("r.text({at})"),
        Wire::Text(literals) => format!("r.one(r.text({at}), {})", text_list(literals)),
        Wire::Number(number, literals) if literals.is_empty() => {
            format!("r.{}({at})", method(*number))
        }
        Wire::Number(number, literals) => format!(
            "r.one(r.{}({at}), [{}])",
            method(*number),
            literals.join(", ")
        ),
        Wire::Table(index) => format!("read_{}(r, r.follow({at}))", layout.tables[*index].name),
        Wire::Nothing | Wire::Vector(_) | Wire::Record(_) => "undefined".to_owned(),
    }
}
