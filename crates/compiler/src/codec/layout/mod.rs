//! Where every value lies: tables with their fields, in the binary format of `FlatBuffers`
//! (flatbuffers.dev/internals). Tables are written front to back, children behind their parents.

mod build;
mod choices;
mod names;
mod place;

use std::collections::BTreeMap;

use serde_json::Value;

pub(super) use names::path_of;

use super::ids::Ids;
use crate::modules::Modules;
use crate::routes::RouteType;
use crate::types::{Kind, Literal, Number, Types};

/// What the messages of one source file are made of.
#[derive(PartialEq)]
pub(crate) struct Layout {
    pub tables: Vec<TableLayout>,
    pub enums: Vec<EnumLayout>,
    pub unions: Vec<UnionLayout>,
    pub roots: Vec<Root>,
    /// The ids in use, by type: what the lock file has to remember.
    pub claims: BTreeMap<String, Vec<Value>>,
}

/// One route's two messages.
#[derive(PartialEq)]
pub(crate) struct Root {
    pub id: String,
    pub args: usize,
    pub reply: usize,
}

/// One `FlatBuffers` table.
#[derive(PartialEq)]
pub(crate) struct TableLayout {
    pub name: String,
    pub source: Origin,
    /// In source order.
    pub fields: Vec<FieldLayout>,
    /// The names behind all ids, those of removed fields too.
    pub ids: Vec<String>,
    /// Length of the table itself, its offset to the vtable included.
    pub size: u32,
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
    /// A list with a type for each place.
    Tuple,
    /// One value that cannot stand where it should: a reply, `null` in a list, a list in a list.
    Value,
    /// A key and a value of a record.
    Entry,
}

/// One field of a table.
#[derive(PartialEq)]
pub(crate) struct FieldLayout {
    /// Its name in the schema.
    pub name: String,
    /// Its name in the source.
    pub key: String,
    /// How JavaScript reads it from `v`.
    pub access: String,
    /// Its piece of an error's path: `.text`.
    pub path: String,
    pub wire: Wire,
    pub null: bool,
    pub undefined: bool,
    pub id: u32,
    /// Where it lies in the table.
    pub offset: u32,
    /// The id and the place of the byte that tells `null` from absent.
    pub presence: Option<(u32, u32)>,
    /// The id and the place of the byte that says which member of a union it is.
    pub tag: Option<(u32, u32)>,
    pub rest: bool,
}

/// An enum: the literals by their ids.
#[derive(PartialEq)]
pub(crate) struct EnumLayout {
    pub name: String,
    /// `None` for a literal that is gone.
    pub values: Vec<Option<Literal>>,
    /// Their names in the schema.
    pub labels: Vec<String>,
    /// Two bytes instead of one.
    pub wide: bool,
}

/// A union of tables: its members by their ids, the first of which is 1.
#[derive(PartialEq)]
pub(crate) struct UnionLayout {
    pub name: String,
    /// The union among the types.
    pub union: usize,
    /// `None` for a member that is gone.
    pub members: Vec<Option<MemberLayout>>,
}

/// One member of a union.
#[derive(PartialEq)]
pub(crate) struct MemberLayout {
    pub kind: Kind,
    pub table: usize,
    /// Its name in the schema.
    pub label: String,
}

/// A type of `FlatBuffers`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Wire {
    /// Only `null` or `undefined`.
    Nothing,
    Bool,
    Number(Number),
    Bigint {
        unsigned: bool,
    },
    Date,
    Text,
    /// JSON text.
    Json,
    Bytes,
    Enum {
        index: usize,
        wide: bool,
    },
    Table(usize),
    Union(usize),
    Vector(Box<Wire>),
    /// A vector of entries.
    Record(usize),
}

impl Wire {
    /// Bytes it takes in a table or a vector.
    pub(crate) fn size(&self) -> u32 {
        match self {
            Self::Nothing => 0,
            Self::Bool
            | Self::Number(Number::Int8 | Number::Uint8)
            | Self::Enum { wide: false, .. } => 1,
            Self::Number(Number::Int16 | Number::Uint16) | Self::Enum { wide: true, .. } => 2,
            Self::Number(Number::Float64 | Number::Int64 | Number::Uint64)
            | Self::Bigint { .. }
            | Self::Date => 8,
            _ => 4,
        }
    }

    /// Whether a table holds the value itself, not the way to it.
    pub(crate) fn is_scalar(&self) -> bool {
        matches!(
            self,
            Self::Bool | Self::Number(_) | Self::Bigint { .. } | Self::Date | Self::Enum { .. }
        )
    }
}

impl Layout {
    /// Lays out the arguments and replies of the backend functions of one file.
    pub(crate) fn new(
        modules: &Modules,
        types: &Types,
        file: usize,
        routes: &[&RouteType],
        ids: &Ids,
    ) -> Self {
        build::layout(modules, types, file, routes, ids)
    }
}
