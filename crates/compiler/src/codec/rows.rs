//! The code for rows: from a value to the JSON text the storage takes, and back.
//!
//! JSON has no dates, no 64-bit integers and no bytes: a date is its milliseconds, a bigint an
//! exact integer, bytes are base64.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::layout::path_of;
use crate::types::{Field, Kind, Literal, Slot, TableDecl, Types, is_identifier, quote};

/// The text of `server/tables.js`.
pub(crate) fn tables_module(types: &Types, tables: &[TableDecl]) -> String {
    let mut rows = Rows {
        types,
        functions: BTreeMap::new(),
        parts: BTreeMap::new(),
        names: BTreeMap::new(),
        filters: BTreeMap::new(),
    };
    let mut entries = String::new();
    let mut row_functions = Vec::new();
    for table in tables {
        let fields = table.fields(types);
        let (to, from) = (
            format!("toRow_{}", table.id),
            format!("fromRow_{}", table.id),
        );
        let text = rows.row_functions(&to, &from, &fields);
        row_functions.push(text);
        let filter = format!("toFilter_{}", table.id);
        row_functions.push(rows.filter_function(&filter, &fields));
        let guard = rows.guard(&format!("guard_{}", table.id), &fields);
        let guarded = guard
            .as_ref()
            .map_or_else(String::new, |_| format!(", guard: guard_{}", table.id));
        row_functions.extend(guard);
        let _ = writeln!(
            entries,
            "  {}: {{ primkey: {}, toRow: {to}, fromRow: {from}, toFilter: {filter}{guarded} }},",
            table.id,
            quote(&table.primkey)
        );
    }
    let refuses = row_functions.iter().any(|f| f.contains("PermissionError"));
    let import = if refuses {
        "import { PermissionError } from \"kontract/runtime\";\n"
    } else {
        ""
    };
    let body: Vec<String> = rows
        .functions
        .into_values()
        .chain(rows.parts.into_values())
        .chain(rows.filters.into_values())
        .chain(row_functions)
        .collect();
    format!(
        "import {{ parse, row, unexpected, where, within }} from \"kontract/codec\";\n{import}\n{}\nexport const tables = {{\n{entries}}};\n",
        body.join("\n")
    )
}

pub(super) struct Rows<'a> {
    pub(super) types: &'a Types,
    /// The functions of every object inside a row, by its index.
    functions: BTreeMap<usize, String>,
    /// Those of tuples and unions, by their names.
    pub(super) parts: BTreeMap<String, String>,
    names: BTreeMap<usize, String>,
    /// What filters say about objects, by the objects' index.
    pub(super) filters: BTreeMap<usize, String>,
}

impl Rows<'_> {
    /// `toRow(value, partial)` and `fromRow(text)` of a table.
    fn row_functions(&mut self, to: &str, from: &str, fields: &[Field]) -> String {
        let writes = self.writes(fields, true);
        // A field that cannot be read is in no row that was read, whatever the gateway sends.
        let readable: Vec<Field> = fields.iter().filter(|f| f.perm & 4 != 0).cloned().collect();
        let reads = self.reads(&readable);
        format!(
            "function {to}(v, partial = false) {{\n  row.object(v);\n{writes}}}\n\n\
             function {from}(text) {{\n  const r = parse(text);\n  row.object(r);\n  const o = {{}};\n{reads}  return o;\n}}\n"
        )
    }

    /// `guard(value, stored)`: refuses to change what can be read but not written. The gateway checks
    /// the same, and also what cannot be read here (`docs/design/interfaces.md` section 1).
    fn guard(&mut self, name: &str, fields: &[Field]) -> Option<String> {
        let mut checks = String::new();
        for field in fields.iter().filter(|f| f.perm & 6 == 4) {
            let (value, stored) = (access("v", &field.name), access("stored", &field.name));
            let same = format!(
                "y !== undefined && {} === {}",
                self.write(&field.slot, "x"),
                self.write(&field.slot, "y")
            );
            let _ = writeln!(
                checks,
                "  {{ const x = {value}, y = {stored}; if (x !== undefined && !({same})) throw new PermissionError({}); }}",
                quote(&field.name)
            );
        }
        (!checks.is_empty()).then(|| format!("function {name}(v, stored) {{\n{checks}}}\n"))
    }

    /// The functions for an object inside a row.
    pub(super) fn object(&mut self, index: usize) -> String {
        if let Some(name) = self.names.get(&index) {
            return name.clone();
        }
        let name = format!(
            "{}_{index}",
            self.types.objects[index]
                .name
                .replace(|c: char| !c.is_ascii_alphanumeric(), "_")
        );
        self.names.insert(index, name.clone());
        let fields = &self.types.objects[index].fields;
        let writes = self.writes(fields, false);
        let reads = self.reads(fields);
        let text = format!(
            "function to_{name}(v) {{\n  row.object(v);\n{writes}}}\n\n\
             function from_{name}(r) {{\n  row.object(r);\n  const o = {{}};\n{reads}  return o;\n}}\n"
        );
        self.functions.insert(index, text);
        name
    }

    fn writes(&mut self, fields: &[Field], table: bool) -> String {
        let mut out = "  let json = \"\", at = \"\";\n  try {\n".to_owned();
        for field in fields {
            let access = access("v", &field.name);
            let value = self.write(&field.slot, "x");
            let key = quote(&format!("{}:", quote(&field.name)));
            let add = format!("json += (json === \"\" ? \"\" : \",\") + {key} + {value};");
            let _ = writeln!(out, "    at = {};", quote(&path_of(&field.name)));
            let write = match (field.slot.undefined, table) {
                (true, _) => format!("if (x !== undefined) {add}"),
                (false, true) => format!("if (x !== undefined || !partial) {add}"),
                (false, false) => add,
            };
            let _ = writeln!(out, "    {{ const x = {access}; {write} }}");
        }
        out.push_str(
            "  } catch (e) {\n    throw within(e, at, -1);\n  }\n  return \"{\" + json + \"}\";\n",
        );
        out
    }

    fn reads(&mut self, fields: &[Field]) -> String {
        let mut out = String::new();
        for field in fields {
            let (from, to) = (access("r", &field.name), access("o", &field.name));
            let value = self.read(&field.slot, "x");
            let read = match (field.slot.undefined, field.slot.null) {
                // The database has one kind of nothing where the type has one.
                (true, false) => format!("if (x !== undefined && x !== null) {to} = {value};"),
                (true, true) => format!("if (x !== undefined) {to} = {value};"),
                (false, _) => format!("{to} = {value};"),
            };
            let _ = writeln!(out, "  {{ const x = {from}; {read} }}");
        }
        out
    }

    /// An expression for the JSON text of `value`.
    pub(super) fn write(&mut self, slot: &Slot, value: &str) -> String {
        let text = match &slot.kind {
            kind if !kind.literals().is_empty() => {
                let all: Vec<String> = kind.literals().iter().map(Literal::javascript).collect();
                format!("row.literal({value}, [{}])", all.join(", "))
            }
            Kind::Void | Kind::Literals(_) | Kind::Open(_) => "\"null\"".to_owned(),
            Kind::Text(_) => format!("row.text({value})"),
            Kind::Number(..) => format!("row.number({value})"),
            Kind::Json => format!("row.json({value})"),
            Kind::Tuple(index) => format!("to_{}({value})", self.tuple(*index)),
            Kind::Union(index) => format!("to_{}({value})", self.union(*index)),
            Kind::Boolean => format!("row.boolean({value})"),
            Kind::Bigint { unsigned } => format!(
                "row.{}({value})",
                if *unsigned { "biguint" } else { "bigint" }
            ),
            Kind::Date => format!("row.date({value})"),
            Kind::Bytes => format!("row.bytes({value})"),
            Kind::Object(index) => format!("to_{}({value})", self.object(*index)),
            Kind::List(element) => {
                format!("row.list({value}, (x) => {})", self.write(element, "x"))
            }
            Kind::Record(element) => {
                format!("row.record({value}, (x) => {})", self.write(element, "x"))
            }
        };
        if slot.null && slot.kind != Kind::Void {
            format!("({value} === null ? \"null\" : {text})")
        } else {
            text
        }
    }

    /// An expression for the value of parsed JSON.
    pub(super) fn read(&mut self, slot: &Slot, value: &str) -> String {
        let read = match &slot.kind {
            Kind::Void | Kind::Open(_) => return "null".to_owned(),
            Kind::Text(_) | Kind::Boolean => value.to_owned(),
            Kind::Number(..) | Kind::Literals(_) => format!("row.toNumber({value})"),
            Kind::Json => format!("row.fromJson({value})"),
            Kind::Tuple(index) => format!("from_{}({value})", self.tuple(*index)),
            Kind::Union(index) => format!("from_{}({value})", self.union(*index)),
            Kind::Bigint { .. } => format!("row.toBigint({value})"),
            Kind::Date => format!("new Date(row.toNumber({value}))"),
            Kind::Bytes => format!("row.fromBase64({value})"),
            Kind::Object(index) => format!("from_{}({value})", self.object(*index)),
            Kind::List(element) => {
                let inner = self.read(element, "x");
                if inner == "x" {
                    value.to_owned()
                } else {
                    format!("{value}.map((x) => {inner})")
                }
            }
            Kind::Record(element) => format!(
                "row.fromRecord({value}, (x) => {})",
                self.read(element, "x")
            ),
        };
        if slot.null && read != value {
            format!("({value} === null || {value} === undefined ? null : {read})")
        } else if slot.null {
            format!("{value} ?? null")
        } else {
            read
        }
    }
}

fn access(object: &str, name: &str) -> String {
    if is_identifier(name) {
        format!("{object}.{name}")
    } else {
        format!("{object}[{}]", quote(name))
    }
}
