//! `manifest.json`: what a build says about its routes and tables.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::perm::Perm;
use crate::storage::ScalarKind;

/// A build's routes and tables.
#[derive(Debug, Clone, Deserialize)]
pub struct Manifest {
    /// 1.
    pub version: u32,
    /// The backend functions.
    #[serde(default)]
    pub routes: Vec<RouteEntry>,
    /// The tables.
    #[serde(default)]
    pub tables: Vec<TableEntry>,
}

/// One backend function.
#[derive(Debug, Clone, Deserialize)]
pub struct RouteEntry {
    /// What clients call it by.
    pub id: String,
    /// The decorator's mask: becomes `ctx.perm`.
    pub perm: Perm,
    /// The group a caller's token must have.
    #[serde(default)]
    pub ugroup: Option<String>,
    /// First segment of the route's path.
    #[serde(default)]
    pub egroup: Option<String>,
    /// 16 hex digits: the schema hash of arguments and reply.
    pub hash: String,
}

/// One table.
#[derive(Debug, Clone, Deserialize)]
pub struct TableEntry {
    /// What code calls it by.
    pub id: String,
    /// Its name in the database: `tbl_` and up to 50 of `a-z0-9_`.
    pub ptr: String,
    /// Who sees a row.
    pub tenancy: Tenancy,
    /// The field that is the row's id.
    pub primkey: String,
    /// What may be done with the table at all.
    pub permissions: Perm,
    /// Its fields.
    #[serde(default)]
    pub fields: Vec<FieldEntry>,
}

/// One field of a table.
#[derive(Debug, Clone, Deserialize)]
pub struct FieldEntry {
    /// The property.
    pub name: String,
    /// `string number boolean bigint date bytes array object json`
    pub kind: FieldKind,
    /// What may be done with it; the default is `RW_`.
    #[serde(default = "default_field_perm")]
    pub perm: Perm,
    /// Whether it may be absent.
    #[serde(default)]
    pub optional: bool,
    /// There if the field is indexed: whether its values are unique.
    #[serde(default)]
    pub unique: Option<bool>,
}

fn default_field_perm() -> Perm {
    Perm::RW
}

/// Who sees a row of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tenancy {
    /// Only its owner; one physical table.
    Own,
    /// Only its owner; one physical table each. A later milestone.
    Isolated,
    /// Everyone.
    Shared,
}

/// How a field's value stands in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the manifest's own")]
pub enum FieldKind {
    String,
    Number,
    Boolean,
    Bigint,
    Date,
    Bytes,
    Array,
    Object,
    Json,
}

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// Not JSON, or not of the manifest's shape.
    #[error("the manifest cannot be read: {0}")]
    Syntax(#[from] serde_json::Error),
    /// Written by a compiler this gateway does not know.
    #[error("the manifest has version {0}, this gateway reads version 1")]
    Version(u32),
    /// Two routes or two tables of one name.
    #[error("the manifest has {0} twice")]
    Duplicate(String),
    /// A table's name in the database is not one.
    #[error("table {table}: {ptr} is not a table name")]
    Ptr {
        /// The table's id.
        table: String,
        /// The name that was refused.
        ptr: String,
    },
    /// A route's schema hash is not one.
    #[error("route {0}: the schema hash must be 16 hex digits")]
    Hash(String),
    /// Tables that a later milestone brings.
    #[error("table {0} is isolated, which this version cannot store yet; use own or shared")]
    Isolated(String),
    /// An index on a field whose values have no order.
    #[error(
        "table {table}: {field} cannot be indexed: an index takes strings, numbers, bigints, dates or booleans"
    )]
    Index {
        /// The table's id.
        table: String,
        /// The field.
        field: String,
    },
    /// A field whose name the database cannot hold.
    #[error("table {table}: the field name {field:?} has a NUL")]
    FieldName {
        /// The table's id.
        table: String,
        /// The field.
        field: String,
    },
    /// A table whose primary key cannot be one.
    #[error(
        "table {table}: the primary key {primkey} must be a readable field of strings, numbers or bigints"
    )]
    Primkey {
        /// The table's id.
        table: String,
        /// The field.
        primkey: String,
    },
}

impl Manifest {
    /// Reads and checks `manifest.json`.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Self = serde_json::from_str(text)?;
        if manifest.version != 1 {
            return Err(ManifestError::Version(manifest.version));
        }
        unique("route", manifest.routes.iter().map(|r| r.id.as_str()))?;
        unique("table", manifest.tables.iter().map(|t| t.id.as_str()))?;
        unique("table name", manifest.tables.iter().map(|t| t.ptr.as_str()))?;
        manifest.tables.iter().try_for_each(check_table)?;
        Ok(manifest)
    }
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), ManifestError> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(ManifestError::Duplicate(format!("{what} {name}")));
        }
    }
    Ok(())
}

fn check_table(table: &TableEntry) -> Result<(), ManifestError> {
    if !is_table_name(&table.ptr) {
        return Err(ManifestError::Ptr {
            table: table.id.clone(),
            ptr: table.ptr.clone(),
        });
    }
    unique(
        &format!("field of {}", table.id),
        table.fields.iter().map(|field| field.name.as_str()),
    )?;
    if let Some(field) = table.fields.iter().find(|field| field.name.contains('\0')) {
        return Err(ManifestError::FieldName {
            table: table.id.clone(),
            field: field.name.clone(),
        });
    }
    let indexed =
        |field: &&FieldEntry| field.unique.is_some() && ScalarKind::of(field.kind).is_none();
    if let Some(field) = table.fields.iter().find(indexed) {
        return Err(ManifestError::Index {
            table: table.id.clone(),
            field: field.name.clone(),
        });
    }
    if table.tenancy == Tenancy::Isolated {
        return Err(ManifestError::Isolated(table.id.clone()));
    }
    let primkey = table
        .fields
        .iter()
        .find(|field| field.name == table.primkey);
    let fits = primkey.is_none_or(|field| {
        matches!(
            field.kind,
            FieldKind::String | FieldKind::Number | FieldKind::Bigint
        ) && field.perm.allows(Perm::R)
    });
    if fits {
        Ok(())
    } else {
        Err(ManifestError::Primkey {
            table: table.id.clone(),
            primkey: table.primkey.clone(),
        })
    }
}

/// `^tbl_[a-z0-9_]{1,50}$`: what may stand in SQL unquoted, and what `storage.ptr` checks.
fn is_table_name(ptr: &str) -> bool {
    ptr.strip_prefix("tbl_").is_some_and(|rest| {
        (1..=50).contains(&rest.len())
            && rest
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_table(table: &str) -> Result<Manifest, ManifestError> {
        Manifest::parse(&format!(
            r#"{{"version":1,"routes":[],"tables":[{table}]}}"#
        ))
    }

    #[test]
    fn reads_the_form_a_build_writes() {
        let manifest = Manifest::parse(
            r#"{ "version": 1,
              "routes": [ { "id": "addTodo", "file": "src/api/todos.ts", "line": 7, "perm": 6, "ugroup": null,
                "egroup": "v1", "middleware": ["src/middleware.ts#0"], "hash": "0011223344556677" } ],
              "tables": [ { "id": "todos", "ptr": "tbl_todos_3f9a1c", "tenancy": "own", "primkey": "id",
                "permissions": 7, "fields": [ { "name": "id", "kind": "string", "perm": 6, "optional": false } ] } ] }"#,
        )
        .unwrap();
        assert_eq!(manifest.routes[0].perm, Perm::RW);
        assert_eq!(manifest.tables[0].tenancy, Tenancy::Own);
    }

    #[test]
    fn a_table_name_that_is_not_one_never_reaches_sql() {
        for ptr in [
            "tbl_",
            "users",
            "tbl_A",
            "tbl_x; drop table y",
            "tbl_x\\\"",
            "tbl_é",
        ] {
            let table = format!(
                r#"{{"id":"t","ptr":"{ptr}","tenancy":"own","primkey":"id","permissions":7}}"#
            );
            assert!(
                matches!(with_table(&table), Err(ManifestError::Ptr { .. })),
                "{ptr}"
            );
        }
    }

    #[test]
    fn isolated_tables_are_refused_by_name() {
        let table =
            r#"{"id":"t","ptr":"tbl_t","tenancy":"isolated","primkey":"id","permissions":7}"#;
        let error = with_table(table).unwrap_err();
        assert!(error.to_string().contains("isolated"), "{error}");
    }

    #[test]
    fn masks_beyond_seven_are_refused() {
        let table = r#"{"id":"t","ptr":"tbl_t","tenancy":"own","primkey":"id","permissions":8}"#;
        assert!(with_table(table).is_err());
    }
}
