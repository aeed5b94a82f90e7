//! From resolved types to tables.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::names::{field_name, identifier, path_of};
use super::place::place;
use super::{EnumLayout, FieldLayout, Layout, Origin, Root, TableLayout, UnionLayout, Wire};
use crate::codec::ids::{Ids, id_of};
use crate::modules::Modules;
use crate::routes::RouteType;
use crate::types::{Kind, Slot, Types, is_identifier, quote};

pub(super) fn layout(
    modules: &Modules,
    types: &Types,
    file: usize,
    routes: &[&RouteType],
    ids: &Ids,
) -> Layout {
    let mut builder = Builder {
        modules,
        types,
        file,
        ids,
        tables: Vec::new(),
        enums: Vec::new(),
        unions: Vec::new(),
        claims: BTreeMap::new(),
        objects: HashMap::new(),
        tuples: HashMap::new(),
        known_unions: HashMap::new(),
        boxes: HashMap::new(),
        names: BTreeMap::new(),
        keys: BTreeMap::new(),
    };
    let roots = routes.iter().map(|route| builder.root(route)).collect();
    Layout {
        tables: builder.tables,
        enums: builder.enums,
        unions: builder.unions,
        roots,
        claims: builder.claims,
    }
}

pub(super) struct Builder<'a> {
    modules: &'a Modules,
    pub(super) types: &'a Types,
    /// The file whose messages these are.
    file: usize,
    ids: &'a Ids,
    pub(super) tables: Vec<TableLayout>,
    pub(super) enums: Vec<EnumLayout>,
    pub(super) unions: Vec<UnionLayout>,
    claims: BTreeMap<String, Vec<Value>>,
    objects: HashMap<usize, usize>,
    tuples: HashMap<usize, usize>,
    pub(super) known_unions: HashMap<usize, usize>,
    boxes: HashMap<(Slot, bool), usize>,
    names: BTreeMap<String, u32>,
    /// Which type a key of the lock file stands for.
    keys: BTreeMap<String, (u8, usize)>,
}

/// A field before it has a place.
struct Pending<'a> {
    name: String,
    access: String,
    path: String,
    slot: &'a Slot,
    rest: bool,
}

impl Builder<'_> {
    fn root(&mut self, route: &RouteType) -> Root {
        let args = self.reserve(&format!("{}_args", route.name), Origin::Arguments);
        let pending = route.params.iter().enumerate().map(|(i, param)| Pending {
            name: param.name.clone(),
            access: if param.rest {
                format!("v.slice({i})")
            } else {
                format!("v[{i}]")
            },
            path: path_of(&param.name),
            slot: &param.slot,
            rest: param.rest,
        });
        let pending = pending.collect();
        self.fill(args, Some(&format!("{}.args", route.id)), pending);
        let reply = self.reserve(&format!("{}_reply", route.name), Origin::Value);
        self.fill(reply, None, vec![value_field(&route.reply)]);
        Root {
            id: route.name.clone(),
            args,
            reply,
        }
    }

    pub(super) fn object(&mut self, index: usize) -> usize {
        if let Some(&table) = self.objects.get(&index) {
            return table;
        }
        let object = &self.types.objects[index];
        let table = self.reserve(&object.name, Origin::Object);
        self.objects.insert(index, table);
        let key = match object.file {
            Some(file) => self.key_in(file, &object.name, (0, index)),
            None => self.key_in(self.file, &self.tables[table].name.clone(), (0, index)),
        };
        let pending = object.fields.iter().map(|f| Pending {
            name: f.name.clone(),
            access: if is_identifier(&f.name) {
                format!("v.{}", f.name)
            } else {
                format!("v[{}]", quote(&f.name))
            },
            path: path_of(&f.name),
            slot: &f.slot,
            rest: false,
        });
        let pending = pending.collect();
        self.fill(table, Some(&key), pending);
        table
    }

    pub(super) fn tuple(&mut self, index: usize) -> usize {
        if let Some(&table) = self.tuples.get(&index) {
            return table;
        }
        let tuple = &self.types.tuples[index];
        let table = self.reserve(&tuple.name, Origin::Tuple);
        self.tuples.insert(index, table);
        let count = tuple.elements.len();
        let rest = tuple.elements.iter().position(|e| e.rest);
        let pending = tuple.elements.iter().enumerate().map(|(i, e)| {
            let behind = count - i;
            let access = match rest {
                Some(rest) if i == rest && behind == 1 => format!("v.slice({i})"),
                Some(rest) if i == rest => {
                    format!("v.slice({i}, {})", 1 - i64::try_from(behind).unwrap_or(1))
                }
                Some(rest) if i > rest => format!("v[v.length - {behind}]"),
                _ => format!("v[{i}]"),
            };
            Pending {
                name: e.label.clone().unwrap_or_else(|| i.to_string()),
                access,
                path: if rest == Some(i) {
                    String::new()
                } else {
                    format!("[{i}]")
                },
                slot: &e.slot,
                rest: e.rest,
            }
        });
        let pending: Vec<Pending<'_>> = pending.collect();
        self.fill(table, None, pending);
        table
    }

    /// A table around one value, or around a key and a value.
    pub(super) fn boxed(&mut self, slot: &Slot, source: Origin, hint: &str) -> usize {
        let entry = source == Origin::Entry;
        let known = (slot.clone(), entry);
        // Ids of literals belong to the place where they stand.
        let shared = !has_literals(slot);
        if shared && let Some(&table) = self.boxes.get(&known) {
            return table;
        }
        let table = self.reserve(hint, source);
        if shared {
            self.boxes.insert(known, table);
        }
        let text = Slot::of(Kind::Text(Vec::new()));
        let fields = if entry {
            let field = |name: &str, access: &str, slot| Pending {
                name: name.to_owned(),
                access: access.to_owned(),
                path: String::new(),
                slot,
                rest: false,
            };
            vec![field("key", "k", &text), field("value", "v", slot)]
        } else {
            vec![value_field(slot)]
        };
        self.fill(table, None, fields);
        table
    }

    /// A key of the lock file for a type that is written in `file`.
    pub(super) fn key_in(&mut self, file: usize, name: &str, who: (u8, usize)) -> String {
        let base = format!("{}#{name}", self.modules.files[file].path);
        let mut key = base.clone();
        let mut count = 1;
        while *self.keys.entry(key.clone()).or_insert(who) != who {
            count += 1;
            key = format!("{base}_{count}");
        }
        key
    }

    /// Everything with an id under `key`, and remembers it.
    pub(super) fn claim(&mut self, key: &str, wanted: &[Value]) -> Vec<Value> {
        let all = self.ids.place(key, wanted);
        if !all.is_empty() {
            self.claims.insert(key.to_owned(), all.clone());
        }
        all
    }

    /// A name no other type of the schema has.
    pub(super) fn unique(&mut self, name: &str) -> String {
        let base = identifier(name);
        let mut name = base.clone();
        let mut count = 1;
        while *self
            .names
            .entry(name.to_lowercase())
            .and_modify(|n| *n += 1)
            .or_insert(1)
            > 1
        {
            count += 1;
            name = format!("{base}_{count}");
        }
        name
    }

    fn reserve(&mut self, name: &str, source: Origin) -> usize {
        let name = self.unique(name);
        self.tables.push(TableLayout {
            name,
            source,
            fields: Vec::new(),
            ids: Vec::new(),
            size: 4,
            wide: false,
        });
        self.tables.len() - 1
    }

    fn fill(&mut self, table: usize, key: Option<&str>, pending: Vec<Pending<'_>>) {
        let table_name = self.tables[table].name.clone();
        let place_key = match key {
            Some(key) => key.to_owned(),
            None => format!("{}#{table_name}", self.modules.files[self.file].path),
        };
        let wires: Vec<Wire> = pending
            .iter()
            .map(|f| {
                let hint = format!("{table_name}_{}", f.name);
                self.wire(f.slot, &format!("{place_key}.{}", f.name), &hint)
            })
            .collect();
        let mut wanted: Vec<Value> = Vec::new();
        for (field, wire) in pending.iter().zip(&wires) {
            if let Wire::Union(_) = wire {
                wanted.push(format!("{}/type", field.name).into());
            }
            if *wire != Wire::Nothing {
                wanted.push(field.name.clone().into());
            }
            if field.slot.null && field.slot.undefined {
                wanted.push(format!("{}/null", field.name).into());
            }
        }
        let all = match key {
            Some(key) => self.claim_fields(key, &pending, &wires, &wanted),
            None => wanted.clone(),
        };
        let mut names = BTreeMap::<String, u32>::new();
        let mut fields = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        for (field, wire) in pending.into_iter().zip(wires) {
            let nth = seen.iter().filter(|n| **n == field.name).count();
            let id = |suffix: &str| id_of(&all, &format!("{}{suffix}", field.name).into(), nth);
            let laid = FieldLayout {
                name: field_name(&field.name, &mut names),
                id: if wire == Wire::Nothing { 0 } else { id("") },
                offset: 0,
                presence: (field.slot.null && field.slot.undefined).then(|| (id("/null"), 0)),
                tag: matches!(wire, Wire::Union(_)).then(|| (id("/type"), 0)),
                null: field.slot.null,
                undefined: field.slot.undefined,
                access: field.access,
                path: field.path,
                rest: field.rest,
                key: field.name.clone(),
                wire,
            };
            seen.push(field.name);
            fields.push(laid);
        }
        let ids = id_names(&all, &fields, names);
        let size = place(&mut fields);
        let wide = fields.iter().any(|f| f.wire.size() == 8);
        let laid = &mut self.tables[table];
        (laid.fields, laid.ids, laid.size, laid.wide) = (fields, ids, size, wide);
    }

    /// The ids of a table's fields. A union's two ids stand side by side: where they don't, it gets new ones.
    fn claim_fields(
        &mut self,
        key: &str,
        pending: &[Pending<'_>],
        wires: &[Wire],
        wanted: &[Value],
    ) -> Vec<Value> {
        let mut locked = self.ids.0.get(key).cloned().unwrap_or_default();
        for (field, wire) in pending.iter().zip(wires) {
            let value = Value::from(field.name.clone());
            let tag = Value::from(format!("{}/type", field.name));
            let (at, tag_at) = (
                locked.iter().position(|n| *n == value),
                locked.iter().position(|n| *n == tag),
            );
            let apart = tag_at.map(|t| t + 1) != at;
            if matches!(wire, Wire::Union(_)) && apart {
                for old in at.into_iter().chain(tag_at) {
                    locked[old] = format!("{}~{old}", field.name).into();
                }
            }
        }
        let ids = Ids(BTreeMap::from([(key.to_owned(), locked)]));
        let all = ids.place(key, wanted);
        if !all.is_empty() {
            self.claims.insert(key.to_owned(), all.clone());
        }
        all
    }

    fn wire(&mut self, slot: &Slot, key: &str, hint: &str) -> Wire {
        let literals = slot.kind.literals();
        if !literals.is_empty() {
            return self.choice(&literals, key, hint);
        }
        match &slot.kind {
            Kind::Void | Kind::Literals(_) | Kind::Open(_) => Wire::Nothing,
            Kind::Text(_) => Wire::Text,
            Kind::Number(number, _) => Wire::Number(*number),
            Kind::Boolean => Wire::Bool,
            Kind::Bigint { unsigned } => Wire::Bigint {
                unsigned: *unsigned,
            },
            Kind::Date => Wire::Date,
            Kind::Bytes => Wire::Bytes,
            Kind::Json => Wire::Json,
            Kind::Object(index) => Wire::Table(self.object(*index)),
            Kind::Tuple(index) => Wire::Table(self.tuple(*index)),
            Kind::Union(index) => Wire::Union(self.union(*index)),
            Kind::Record(value) => {
                Wire::Record(self.boxed(value, Origin::Entry, &format!("{hint}_entry")))
            }
            Kind::List(element) => {
                let plain = !element.null && !element.undefined;
                let direct = plain
                    && !matches!(
                        element.kind,
                        Kind::List(_) | Kind::Record(_) | Kind::Bytes | Kind::Void | Kind::Union(_)
                    );
                let inner = if direct {
                    self.wire(element, key, hint)
                } else {
                    Wire::Table(self.boxed(element, Origin::Value, &format!("{hint}_item")))
                };
                Wire::Vector(Box::new(inner))
            }
        }
    }
}

/// The names of all ids in the schema.
fn id_names(
    all: &[Value],
    fields: &[FieldLayout],
    mut names: BTreeMap<String, u32>,
) -> Vec<String> {
    let live = |id: u32| {
        fields.iter().find_map(|f| match (f.presence, f.tag) {
            (Some((presence, _)), _) if presence == id => Some(format!("{}_null", f.name)),
            (_, Some((tag, _))) if tag == id => Some(format!("{}_type", f.name)),
            _ if f.id == id && f.wire != Wire::Nothing => Some(f.name.clone()),
            _ => None,
        })
    };
    let name = |(i, value): (usize, &Value)| {
        let id = u32::try_from(i).unwrap_or(0);
        live(id).unwrap_or_else(|| {
            field_name(
                &format!("{}_gone", value.as_str().unwrap_or("")),
                &mut names,
            )
        })
    };
    all.iter().enumerate().map(name).collect()
}

fn has_literals(slot: &Slot) -> bool {
    match &slot.kind {
        Kind::List(inner) | Kind::Record(inner) => has_literals(inner),
        kind => !kind.literals().is_empty(),
    }
}

fn value_field(slot: &Slot) -> Pending<'_> {
    Pending {
        name: "value".to_owned(),
        access: "v".to_owned(),
        path: String::new(),
        slot,
        rest: false,
    }
}
