//! Where every value lies: tables with their fields, in the binary format of `FlatBuffers`
//! (flatbuffers.dev/internals). Tables are written front to back, children behind their parents.

use std::collections::{BTreeMap, HashMap};

use crate::routes::RouteType;
use crate::types::{Kind, Number, Slot, Types, is_identifier, quote};

/// The tables one source file needs.
pub(crate) struct Layout {
    pub tables: Vec<TableLayout>,
    pub roots: Vec<Root>,
}

/// One route's two messages.
pub(crate) struct Root {
    pub id: String,
    pub args: usize,
    pub reply: usize,
}

/// One `FlatBuffers` table.
pub(crate) struct TableLayout {
    pub name: String,
    pub source: Origin,
    pub fields: Vec<FieldLayout>,
    /// Length of the table itself, its offset to the vtable included.
    pub size: u32,
    /// Length of its vtable.
    pub vtable: u32,
    /// Whether it holds something 8 bytes wide.
    pub wide: bool,
}

/// What a table is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// An object with the fields' names.
    Object,
    /// The list of a call's arguments.
    Arguments,
    /// One value that cannot stand where it should: a reply, `null` in a list, a list in a list.
    Value,
    /// A key and a value of a record.
    Entry,
}

/// One field of a table.
pub(crate) struct FieldLayout {
    /// Its name in the schema.
    pub name: String,
    /// How JavaScript reads it from `v`.
    pub access: String,
    /// Its piece of an error's path: `.text`.
    pub path: String,
    pub wire: Wire,
    pub null: bool,
    pub undefined: bool,
    /// Where it lies in the table.
    pub offset: u32,
    /// Its entry in the vtable.
    pub entry: u32,
    /// The entry and the place of the byte that tells `null` from absent.
    pub presence: Option<(u32, u32)>,
    pub rest: bool,
}

/// A type of `FlatBuffers`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Wire {
    Nothing,
    Bool,
    Number(Number, Vec<String>),
    Bigint {
        unsigned: bool,
    },
    Date,
    Text(Vec<String>),
    Bytes,
    Table(usize),
    Vector(Box<Wire>),
    /// A vector of entries.
    Record(usize),
}

impl Wire {
    /// Bytes it takes in a table or a vector.
    pub(crate) fn size(&self) -> u32 {
        match self {
            Self::Nothing => 0,
            Self::Bool | Self::Number(Number::Int8 | Number::Uint8, _) => 1,
            Self::Number(Number::Int16 | Number::Uint16, _) => 2,
            Self::Number(Number::Float64 | Number::Int64 | Number::Uint64, _)
            | Self::Bigint { .. }
            | Self::Date => 8,
            _ => 4,
        }
    }
}

impl Layout {
    /// Lays out the arguments and replies of the backend functions of one file.
    pub(crate) fn new(types: &Types, routes: &[&RouteType]) -> Self {
        let mut builder = Builder {
            types,
            tables: Vec::new(),
            objects: HashMap::new(),
            boxes: HashMap::new(),
            names: BTreeMap::new(),
        };
        let roots = routes.iter().map(|route| builder.root(route)).collect();
        Self {
            tables: builder.tables,
            roots,
        }
    }
}

struct Builder<'a> {
    types: &'a Types,
    tables: Vec<TableLayout>,
    objects: HashMap<usize, usize>,
    boxes: HashMap<(Slot, bool), usize>,
    names: BTreeMap<String, u32>,
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
        let args = self.reserve(&format!("{}_args", route.id), Origin::Arguments);
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
        self.fill(args, pending);
        let reply = self.reserve(&format!("{}_reply", route.id), Origin::Value);
        self.fill(reply, vec![value_field(&route.reply)]);
        Root {
            id: route.id.clone(),
            args,
            reply,
        }
    }

    fn object(&mut self, index: usize) -> usize {
        if let Some(&table) = self.objects.get(&index) {
            return table;
        }
        let object = &self.types.objects[index];
        let table = self.reserve(&object.name, Origin::Object);
        self.objects.insert(index, table);
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
        self.fill(table, pending);
        table
    }

    /// A table around one value, or around a key and a value.
    fn boxed(&mut self, slot: &Slot, entry: bool, hint: &str) -> usize {
        let key = (slot.clone(), entry);
        if let Some(&table) = self.boxes.get(&key) {
            return table;
        }
        let source = if entry { Origin::Entry } else { Origin::Value };
        let table = self.reserve(
            &format!("{hint}_{}", if entry { "entry" } else { "item" }),
            source,
        );
        self.boxes.insert(key, table);
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
        self.fill(table, fields);
        table
    }

    fn reserve(&mut self, name: &str, source: Origin) -> usize {
        let name = identifier(name);
        let count = self.names.entry(name.to_lowercase()).or_default();
        *count += 1;
        let name = if *count == 1 {
            name
        } else {
            format!("{name}_{count}")
        };
        self.tables.push(TableLayout {
            name,
            source,
            fields: Vec::new(),
            size: 4,
            vtable: 4,
            wide: false,
        });
        self.tables.len() - 1
    }

    fn fill(&mut self, table: usize, pending: Vec<Pending<'_>>) {
        let mut fields = Vec::new();
        let mut names = BTreeMap::<String, u32>::new();
        let mut entry = 4;
        for field in pending {
            let hint = format!("{}_{}", self.tables[table].name, field.name);
            let wire = self.wire(field.slot, &hint);
            if wire == Wire::Nothing {
                continue;
            }
            let name = field_name(&field.name, &mut names);
            let mut laid = FieldLayout {
                name,
                access: field.access,
                path: field.path,
                wire,
                null: field.slot.null,
                undefined: field.slot.undefined,
                offset: 0,
                entry,
                presence: None,
                rest: field.rest,
            };
            entry += 2;
            if laid.null && laid.undefined {
                laid.presence = Some((entry, 0));
                entry += 2;
            }
            fields.push(laid);
        }
        let size = place(&mut fields);
        let wide = fields.iter().any(|f| f.wire.size() == 8);
        let laid = &mut self.tables[table];
        (laid.fields, laid.size, laid.vtable, laid.wide) = (fields, size, entry, wide);
    }

    fn wire(&mut self, slot: &Slot, hint: &str) -> Wire {
        match &slot.kind {
            Kind::Void => Wire::Nothing,
            Kind::Text(literals) => Wire::Text(literals.clone()),
            Kind::Number(number, literals) => Wire::Number(*number, literals.clone()),
            Kind::Boolean => Wire::Bool,
            Kind::Bigint { unsigned } => Wire::Bigint {
                unsigned: *unsigned,
            },
            Kind::Date => Wire::Date,
            Kind::Bytes => Wire::Bytes,
            Kind::Object(index) => Wire::Table(self.object(*index)),
            Kind::Record(value) => Wire::Record(self.boxed(value, true, hint)),
            Kind::List(element) => {
                let plain = !element.null && !element.undefined;
                let direct = plain
                    && !matches!(
                        element.kind,
                        Kind::List(_) | Kind::Record(_) | Kind::Bytes | Kind::Void
                    );
                let inner = if direct {
                    self.wire(element, hint)
                } else {
                    Wire::Table(self.boxed(element, false, hint))
                };
                Wire::Vector(Box::new(inner))
            }
        }
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

/// Gives every field its place, the widest first so that nothing needs padding between; the size of all.
fn place(fields: &mut [FieldLayout]) -> u32 {
    let mut at = 4;
    for width in [8, 4, 2, 1] {
        for field in fields.iter_mut() {
            if field.wire.size() == width {
                field.offset = at;
                at += width;
            }
            if width == 1
                && let Some((_, place)) = &mut field.presence
            {
                *place = at;
                at += 1;
            }
        }
    }
    at
}

/// A name's piece of a path.
pub(super) fn path_of(name: &str) -> String {
    if is_identifier(name) {
        format!(".{name}")
    } else {
        format!("[{}]", quote(name))
    }
}

/// A name as `flatc` takes it.
fn identifier(name: &str) -> String {
    let mut out: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '_'
            }
        })
        .collect();
    if !out.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        out.insert(0, '_');
    }
    out
}

/// A field's name as `flatc` takes it: no keyword, no name twice, not even in another case.
fn field_name(name: &str, taken: &mut BTreeMap<String, u32>) -> String {
    const KEYWORDS: [&str; 37] = [
        "attribute",
        "bool",
        "byte",
        "double",
        "enum",
        "false",
        "file_extension",
        "file_identifier",
        "float",
        "float32",
        "float64",
        "include",
        "inf",
        "infinity",
        "int",
        "int16",
        "int32",
        "int64",
        "int8",
        "long",
        "namespace",
        "native_include",
        "null",
        "root_type",
        "rpc_service",
        "short",
        "string",
        "struct",
        "table",
        "true",
        "ubyte",
        "uint",
        "ulong",
        "union",
        "ushort",
        "nan",
        "vector",
    ];
    let mut name = identifier(name);
    if KEYWORDS.contains(&name.as_str()) || name.starts_with("uint") || name.ends_with("_type") {
        name.push('_');
    }
    let count = taken.entry(name.to_lowercase()).or_default();
    *count += 1;
    if *count == 1 {
        name
    } else {
        format!("{name}_{count}")
    }
}
