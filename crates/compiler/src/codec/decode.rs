//! The code that reads: every position checked by the reader before it is used.

use std::fmt::Write;

use super::encode::method;
use super::layout::{FieldLayout, Layout, Origin, TableLayout, UnionLayout, Wire};
use crate::types::{property, quote};

/// The function that reads a table.
pub(super) fn decoder(layout: &Layout, table: &TableLayout) -> String {
    let mut out = String::new();
    let name = &table.name;
    let _ = writeln!(
        out,
        "function read_{name}(r, t) {{\n  const o = r.table(t, s_{name});"
    );
    // Fields that are always there are read first and put together in one go.
    let first_loose = table.fields.iter().position(|f| is_loose(table, f));
    let (fixed, loose) = table
        .fields
        .split_at(first_loose.unwrap_or(table.fields.len()));
    let locals: Vec<String> = (0..fixed.len()).map(|i| format!("v{i}")).collect();
    let mut variables = vec![
        "at = \"\"".to_owned(),
        "i = -1".to_owned(),
        "f = 0".to_owned(),
        "u".to_owned(),
    ];
    variables.extend(locals.iter().cloned());
    let _ = writeln!(out, "  let {};\n  try {{", variables.join(", "));
    for (field, local) in fixed.iter().zip(&locals) {
        read_field(&mut out, layout, table, field, local, true);
    }
    let _ = writeln!(out, "    u = {};", together(table, fixed, &locals));
    for (i, field) in loose.iter().enumerate() {
        let target = match table.source {
            Origin::Object => format!("u{}", &field.access[1..]),
            _ => format!("u[{}]", i + fixed.len()),
        };
        if field.rest {
            let read = read_value(layout, &field.wire, "for (const e of a) u.push(e);");
            path(&mut out, field);
            let _ = writeln!(
                out,
                "    if ((f = o[{}]) !== 0) {{ r.pad(u, {}); {read} }}",
                field.id,
                i + fixed.len()
            );
        } else if table.source == Origin::Tuple && behind_rest(table, field) {
            read_field(&mut out, layout, table, field, "v", false);
        } else {
            read_field(&mut out, layout, table, field, &target, false);
        }
    }
    out.push_str(
        "  } catch (e) {\n    throw within(e, at, i);\n  }\n  r.close();\n  return u;\n}\n",
    );
    out
}

/// The function that reads a member of a union.
pub(super) fn union_decoder(layout: &Layout, union: &UnionLayout) -> String {
    let mut out = format!(
        "function read_{}(r, k, t) {{\n  switch (k) {{\n",
        union.name
    );
    for (i, member) in union.members.iter().enumerate() {
        if let Some(member) = member {
            let table = &layout.tables[member.table].name;
            let _ = writeln!(out, "    case {}: return read_{table}(r, t);", i + 1);
        }
    }
    out.push_str("  }\n  return r.unknown();\n}\n");
    out
}

/// Whether a field can be missing from what is read, or comes after one that can.
fn is_loose(table: &TableLayout, field: &FieldLayout) -> bool {
    match table.source {
        Origin::Object => field.undefined && (field.wire != Wire::Nothing || field.null),
        Origin::Tuple => field.rest || (field.undefined && ends(table, field)),
        Origin::Arguments => field.rest,
        Origin::Value | Origin::Entry => false,
    }
}

/// Whether everything from this element of a tuple on can be left out.
fn ends(table: &TableLayout, field: &FieldLayout) -> bool {
    let at = table
        .fields
        .iter()
        .position(|f| std::ptr::eq(f, field))
        .unwrap_or(0);
    table.fields[at..].iter().all(|f| f.rest || f.undefined)
}

fn behind_rest(table: &TableLayout, field: &FieldLayout) -> bool {
    let at = table
        .fields
        .iter()
        .position(|f| std::ptr::eq(f, field))
        .unwrap_or(0);
    table.fields[..at].iter().any(|f| f.rest)
}

/// The value made of the fields that are always there.
fn together(table: &TableLayout, fields: &[FieldLayout], locals: &[String]) -> String {
    match table.source {
        Origin::Object => {
            let pairs: Vec<String> = fields
                .iter()
                .zip(locals)
                .filter(|(f, _)| f.wire != Wire::Nothing || f.null)
                .map(|(f, local)| format!("{}: {local}", property(&f.key)))
                .collect();
            if pairs.is_empty() {
                "{}".to_owned()
            } else {
                format!("{{ {} }}", pairs.join(", "))
            }
        }
        Origin::Arguments | Origin::Tuple | Origin::Entry => format!("[{}]", locals.join(", ")),
        Origin::Value => locals
            .first()
            .cloned()
            .unwrap_or_else(|| "undefined".to_owned()),
    }
}

fn path(out: &mut String, field: &FieldLayout) {
    if !field.path.is_empty() {
        let _ = writeln!(out, "    at = {};", quote(&field.path));
    }
}

/// Statements that put a field into `target`.
fn read_field(
    out: &mut String,
    layout: &Layout,
    table: &TableLayout,
    field: &FieldLayout,
    target: &str,
    fixed: bool,
) {
    path(out, field);
    let assign = if target == "v" {
        "u.push($);".to_owned()
    } else {
        format!("{target} = $;")
    };
    let assign = if !fixed && table.source == Origin::Tuple && target != "v" {
        let place = target
            .trim_start_matches("u[")
            .trim_end_matches(']')
            .to_owned();
        format!("r.pad(u, {place}); {assign}")
    } else {
        assign
    };
    let find = format!("(f = o[{}])", field.id);
    let read = match field.tag {
        Some((tag, _)) => {
            let Wire::Union(index) = field.wire else {
                return;
            };
            let name = &layout.unions[index].name;
            assign.replace(
                '$',
                &format!("read_{name}(r, r.tag(t, o[{tag}]), r.follow(t + f))"),
            )
        }
        None => read_value(layout, &field.wire, &assign),
    };
    // What is absent among arguments and in the middle of a tuple keeps its place.
    let pushed = if target == "v" {
        " else u.push(undefined);"
    } else {
        ""
    };
    let line = match field.presence {
        Some((id, _)) => {
            let null = assign.replace('$', "null");
            let null = format!(
                "if ((f = o[{id}]) !== 0 && r.bool(t + f)) {}{pushed}",
                block(&null)
            );
            if field.wire == Wire::Nothing {
                null
            } else {
                format!("if ({find} !== 0) {} else {null}", block(&read))
            }
        }
        None if field.wire == Wire::Nothing && field.null => assign.replace('$', "null"),
        None if field.wire == Wire::Nothing => pushed.trim_start_matches(" else ").to_owned(),
        None if field.undefined => format!("if ({find} !== 0) {}{pushed}", block(&read)),
        None if field.null => {
            let null = assign.replace('$', "null");
            format!("if ({find} !== 0) {} else {}", block(&read), block(&null))
        }
        // A scalar with its default value may be left out by other writers.
        None if field.wire.is_scalar() => {
            let absent = assign.replace('$', &default(layout, &field.wire));
            format!("if ({find} !== 0) {} else {}", block(&read), block(&absent))
        }
        None => format!("if ({find} === 0) r.missing(); {read}"),
    };
    if !line.is_empty() {
        let _ = writeln!(out, "    {line}");
    }
}

/// Statements as one.
fn block(statements: &str) -> String {
    if statements.matches(';').count() == 1 || statements.starts_with('{') {
        statements.to_owned()
    } else {
        format!("{{ {statements} }}")
    }
}

/// A statement that reads what is at `t + f`; `$` in `assign` is the value.
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
                "{{ const p = r.vector(t + f, {size}), n = r.length, a = new Array(n); for (i = 0; i < n; i++) a[i] = {value}; i = -1; {assign} }}"
            )
        }
        Wire::Record(index) => {
            let name = &layout.tables[*index].name;
            let assign = assign.replace('$', "a");
            format!(
                "{{ const p = r.vector(t + f, 4), n = r.length, a = Object.create(null); for (i = 0; i < n; i++) {{ const e = read_{name}(r, r.follow(p + 4 * i)); r.put(a, e[0], e[1]); }} i = -1; {assign} }}"
            )
        }
        scalar => assign.replace('$', &read_scalar(layout, scalar, "t + f")),
    }
}

fn read_scalar(layout: &Layout, wire: &Wire, at: &str) -> String {
    match wire {
        Wire::Bool => format!("r.bool({at})"),
        Wire::Bigint { unsigned: false } => format!("r.bigint({at})"),
        Wire::Bigint { unsigned: true } => format!("r.biguint({at})"),
        Wire::Date => format!("r.date({at})"),
        Wire::Bytes => format!("r.bytesOf({at})"),
        Wire::Text => format!("r.text({at})"),
        Wire::Json => format!("r.json({at})"),
        Wire::Number(number) => format!("r.{}({at})", method(*number)),
        Wire::Enum { index, wide } => format!(
            "r.choice(r.uint{}({at}), e_{})",
            if *wide { 16 } else { 8 },
            layout.enums[*index].name
        ),
        Wire::Table(index) => format!("read_{}(r, r.follow({at}))", layout.tables[*index].name),
        Wire::Nothing | Wire::Vector(_) | Wire::Record(_) | Wire::Union(_) => {
            "undefined".to_owned()
        }
    }
}

/// What a scalar is when nothing is written.
fn default(layout: &Layout, wire: &Wire) -> String {
    match wire {
        Wire::Bool => "r.absent(false)".to_owned(),
        Wire::Bigint { .. } => "r.absent(0n)".to_owned(),
        Wire::Date => "new Date(r.absent(0))".to_owned(),
        Wire::Enum { index, .. } => {
            format!("r.choice(r.absent(0), e_{})", layout.enums[*index].name)
        }
        _ => "r.absent(0)".to_owned(),
    }
}
