//! What the fields of a table ask of the database: indexes, and that required ones are there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::manifest::{FieldEntry, TableEntry, Tenancy};
use crate::migrate::ddl::literal;
use crate::storage::{ScalarKind, typed_field};

/// What an index's comment keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexNote {
    /// The field.
    pub field: String,
    /// Whether its values are unique among an owner's rows; in a shared table, among all.
    pub unique: bool,
}

impl IndexNote {
    /// Reads an index's comment; `None` if it is somebody else's.
    #[must_use]
    pub fn parse(comment: &str) -> Option<Self> {
        serde_json::from_str(comment).ok()
    }
}

/// The indexes of a table, by name. Names follow from what is indexed, so that another kind of
/// values is another index.
pub(crate) fn indexes(table: &TableEntry) -> BTreeMap<String, IndexNote> {
    let mut indexes = BTreeMap::new();
    for (field, unique) in table.fields.iter().filter_map(|f| Some((f, f.unique?))) {
        // Reads of an older snapshot see rows that are live no more, which the unique one leaves out.
        for unique in [false, true].into_iter().take(1 + usize::from(unique)) {
            if let Some(kind) = ScalarKind::of(field.kind) {
                let of = format!("{}:{kind:?}", field.name);
                let letter = if unique { 'u' } else { 'i' };
                let name = format!("{}_{letter}{}", table.ptr, digest(&of));
                let field = field.name.clone();
                indexes.insert(name, IndexNote { field, unique });
            }
        }
    }
    indexes
}

/// The constraints that required fields are there: names, and the fields. The key is there by itself.
pub(crate) fn required(table: &TableEntry) -> BTreeMap<String, String> {
    let required = required_fields(table);
    required
        .map(|field| {
            (
                format!("{}_r{}", table.ptr, digest(&field.name)),
                field.name.clone(),
            )
        })
        .collect()
}

/// The fields every row of a build has, its key aside.
pub(crate) fn required_fields(table: &TableEntry) -> impl Iterator<Item = &FieldEntry> {
    let fields = table.fields.iter();
    fields.filter(|field| !field.optional && field.name != table.primkey)
}

/// 24 bits: told apart are the fields of one table.
fn digest(text: &str) -> String {
    let bytes = Sha256::digest(text);
    format!("{:02x}{:02x}{:02x}", bytes[0], bytes[1], bytes[2])
}

pub(super) fn create_index(table: &TableEntry, name: &str, note: &IndexNote) -> Vec<String> {
    let kind = table.fields.iter().find(|field| field.name == note.field);
    let Some(kind) = kind.and_then(|field| ScalarKind::of(field.kind)) else {
        return Vec::new();
    };
    let value = typed_field(&note.field, kind);
    let lead = match table.tenancy {
        Tenancy::Own | Tenancy::Isolated => "_owner, ",
        Tenancy::Shared => "",
    };
    let ptr = &table.ptr;
    let create = if note.unique {
        format!(
            "CREATE UNIQUE INDEX {name} ON kontract.{ptr} ({lead}{value}) \
             WHERE _deleted_txid IS NULL"
        )
    } else {
        format!("CREATE INDEX {name} ON kontract.{ptr} ({lead}{value}, _order)")
    };
    let note = serde_json::to_string(note).unwrap_or_default();
    vec![
        create,
        format!("COMMENT ON INDEX kontract.{name} IS {}", literal(&note)),
    ]
}

pub(super) fn drop_index(name: &str) -> String {
    format!("DROP INDEX kontract.{name}")
}

/// Asked of live rows only: a version of an older shape must still be closed, and closing it is an
/// update. `is_new`: the table has no rows yet; else what it holds is left as it is.
pub(super) fn require(ptr: &str, name: &str, field: &str, is_new: bool) -> Vec<String> {
    let (text, not_valid) = (literal(field), if is_new { "" } else { " NOT VALID" });
    vec![
        format!(
            "ALTER TABLE kontract.{ptr} ADD CONSTRAINT {name} \
             CHECK (_deleted_txid IS NOT NULL OR data ? {text}){not_valid}"
        ),
        format!("COMMENT ON CONSTRAINT {name} ON kontract.{ptr} IS {text}"),
    ]
}

pub(super) fn no_longer_require(ptr: &str, name: &str) -> String {
    format!("ALTER TABLE kontract.{ptr} DROP CONSTRAINT {name}")
}
