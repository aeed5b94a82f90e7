//! Which types are tables, what they are called, and what their key is.

mod inferred;
mod name;
mod uses;
mod values;

use std::collections::{BTreeMap, HashMap};

use super::declared::TypeDecl;
use super::ir::{Field, Kind, Slot, Types};
use super::resolve::Resolver;
use crate::blank::{Argument, Value};
use crate::decorators;
use crate::diagnostics::{Range, did_you_mean, schema};
use crate::modules::Modules;
use crate::parse::range_of;
use inferred::inferred_tables;
use name::{is_table_name, plural};
pub(crate) use uses::used_tables;

/// A table of the project.
#[derive(Debug, Clone)]
pub(crate) struct TableDecl {
    pub id: String,
    pub tenancy: &'static str,
    /// Its row type among the object types.
    pub object: usize,
    pub primkey: String,
    /// The key is a generated `_id`: who writes a row need not give one.
    pub generated_key: bool,
    pub file: usize,
    pub range: Range,
}

impl TableDecl {
    /// The type of its rows.
    pub(crate) fn slot(&self) -> Slot {
        Slot::of(Kind::Object(self.object))
    }

    /// Its fields as they are written, a generated `_id` first.
    pub(crate) fn fields(&self, types: &Types) -> Vec<Field> {
        let fields = types.objects[self.object].fields.clone();
        if !self.generated_key {
            return fields;
        }
        let key = Field {
            name: "_id".to_owned(),
            slot: Slot::of(Kind::Text(Vec::new())).optional(),
            perm: 6,
            primkey: true,
            index: None,
            range: self.range,
            file: self.file,
        };
        [key].into_iter().chain(fields).collect()
    }
}

/// A type that is a table, before its fields are known.
struct Candidate {
    id: String,
    tenancy: &'static str,
    name: String,
    file: usize,
    range: Range,
    generic: bool,
}

/// The tables the project's code names, each with its first place.
fn all_used(modules: &Modules) -> HashMap<String, (usize, Range)> {
    let mut all = HashMap::new();
    for (file, parsed) in modules.files.iter().enumerate() {
        for (name, range) in &parsed.summary().tables {
            if !all.contains_key(name) {
                all.insert(name.clone(), (file, *range));
            }
        }
    }
    all
}

/// Finds the project's tables, sorted by id.
pub(crate) fn find_tables(resolver: &mut Resolver<'_>) -> Vec<TableDecl> {
    let used = all_used(resolver.modules);
    let mut candidates: BTreeMap<String, Candidate> = BTreeMap::new();
    for file in 0..resolver.modules.files.len() {
        for (name, declaration) in resolver.declarations(file) {
            let Some(candidate) = candidate(resolver, file, name, declaration, &used) else {
                continue;
            };
            if !is_table_name(&candidate.id) {
                resolver
                    .reports
                    .push(schema::bad_table_name(file, candidate.range, &candidate.id));
            } else if let Some(first) = candidates.get(&candidate.id) {
                let place = (first.file, first.range);
                resolver.reports.push(schema::duplicate_table(
                    file,
                    candidate.range,
                    &candidate.id,
                    place,
                ));
            } else {
                candidates.insert(candidate.id.clone(), candidate);
            }
        }
    }
    let known: Vec<&str> = candidates.keys().map(String::as_str).collect();
    let mut unknown: BTreeMap<String, (usize, Range)> = BTreeMap::new();
    for (id, &(file, range)) in &used {
        if candidates.contains_key(id) {
            continue;
        }
        if !is_table_name(id) {
            let report = schema::bad_table_name(file, range, id);
            resolver.reports.push(report);
        } else if did_you_mean(id, &known).is_some() {
            // A new table one letter away from a declared one is a slip, not a table.
            let report = schema::unknown_table(file, range, id, &known);
            resolver.reports.push(report);
        } else {
            unknown.insert(id.clone(), (file, range));
        }
    }
    let inferred = inferred_tables(resolver, &unknown);
    let declared = candidates.into_values();
    let mut tables: Vec<TableDecl> = declared.filter_map(|c| table(resolver, c)).collect();
    tables.extend(inferred);
    tables.sort_by(|a, b| a.id.cmp(&b.id));
    tables
}

fn candidate(
    resolver: &Resolver<'_>,
    file: usize,
    name: &str,
    declaration: TypeDecl<'_>,
    used: &HashMap<String, (usize, Range)>,
) -> Option<Candidate> {
    let (span, generic) = match declaration {
        TypeDecl::Interface(i) => (i.id.span, i.type_params.is_some()),
        TypeDecl::Class(c, name) => (name.span, c.type_params.is_some()),
        TypeDecl::Alias(a) => (a.id.span, a.type_params.is_some()),
        TypeDecl::Enum(_) => return None,
    };
    let parsed = &resolver.modules.files[file];
    let decorator = parsed.bindings.named(span, "table");
    let arguments = decorator
        .map(|d| decorators::arguments(parsed, d))
        .unwrap_or_default();
    let text = |key: Option<&str>| {
        arguments
            .iter()
            .find(|a: &&Argument| a.key.as_deref() == key)
            .and_then(|a| match &a.value {
                Value::Text(text) => Some(text.as_str()),
                _ => None,
            })
    };
    let id = text(None)
        .or(text(Some("name")))
        .map_or_else(|| plural(name), str::to_owned);
    let tenancy = match text(Some("tenancy")) {
        Some("isolated") => "isolated",
        Some("shared") => "shared",
        _ => "own",
    };
    let is_class = matches!(declaration, TypeDecl::Class(..));
    let is_table = decorator.is_some()
        || has_primkey(resolver, file, declaration)
        || (!is_class && used.contains_key(&id));
    is_table.then(|| Candidate {
        id,
        tenancy,
        name: name.to_owned(),
        file,
        range: range_of(span),
        generic,
    })
}

fn has_primkey(resolver: &Resolver<'_>, file: usize, declaration: TypeDecl<'_>) -> bool {
    use swc_core::common::Spanned;
    use swc_core::ecma::ast::{ClassMember, TsTypeElement};
    let bindings = &resolver.modules.files[file].bindings;
    match declaration {
        TypeDecl::Interface(i) => i.body.body.iter().any(|m| {
            matches!(m, TsTypeElement::TsPropertySignature(p) if bindings.named(p.key.span(), "primkey").is_some())
        }),
        TypeDecl::Class(c, _) => c.body.iter().any(
            |m| matches!(m, ClassMember::ClassProp(p) if bindings.named(p.key.span(), "primkey").is_some()),
        ),
        TypeDecl::Alias(_) | TypeDecl::Enum(_) => false,
    }
}

fn table(resolver: &mut Resolver<'_>, candidate: Candidate) -> Option<TableDecl> {
    let Candidate {
        id,
        tenancy,
        name,
        file,
        range,
        generic,
    } = candidate;
    if generic {
        resolver
            .reports
            .push(schema::not_an_object(file, range, &name));
        return None;
    }
    let slot = resolver.named(file, &name).ok()?;
    let Kind::Object(object) = slot.kind else {
        resolver
            .reports
            .push(schema::not_an_object(file, range, &name));
        return None;
    };
    let fields = &resolver.types.objects[object].fields;
    let mut keys = fields.iter().filter(|f| f.primkey);
    let (first, second) = (keys.next(), keys.next());
    if let (Some(first), Some(second)) = (first, second) {
        resolver.reports.push(schema::two_primary_keys(
            second.file,
            second.range,
            &name,
            first.range,
        ));
        return None;
    }
    let key = first.or(fields.first());
    let primkey = key.map_or_else(|| "_id".to_owned(), |f| f.name.clone());
    if let Some(key) = key
        && (!matches!(key.slot.kind, Kind::Text(_)) || key.slot.null || key.slot.undefined)
    {
        resolver.reports.push(schema::bad_primary_key(
            key.file, key.range, &name, &primkey,
        ));
        return None;
    }
    let (generated_key, indexed) = (key.is_none(), unindexable(fields));
    if let Some(field) = indexed {
        let report = schema::bad_index(field.file, field.range, &name, &field.name);
        resolver.reports.push(report);
        return None;
    }
    Some(TableDecl {
        id,
        tenancy,
        object,
        primkey,
        generated_key,
        file,
        range,
    })
}

/// A field with `@index` whose values have no order.
fn unindexable(fields: &[Field]) -> Option<Field> {
    let ordered = ["string", "number", "bigint", "date", "boolean"];
    let indexed = fields.iter().filter(|f| f.index.is_some());
    let mut bad = indexed.filter(|f| !ordered.contains(&f.slot.kind.storage_name()));
    bad.next().cloned()
}
