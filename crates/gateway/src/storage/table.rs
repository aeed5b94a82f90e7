//! One table of a build: its fields' permissions and its statements.

use std::collections::HashMap;

use serde_json::{Map, Number, Value};

use crate::manifest::{FieldEntry, FieldKind, TableEntry};
use crate::migrate::{indexes, required, required_fields};
use crate::perm::Perm;
use crate::storage::domain::Slot;
use crate::storage::error::StorageError;
use crate::storage::filter::ScalarKind;
use crate::storage::json;
use crate::storage::sql::TableSql;

/// Longest id in bytes: with the owner it must fit an index entry (Postgres: a third of a page).
const MAX_ID: usize = 1024;

/// One table of a build.
#[derive(Debug)]
pub struct Table {
    entry: TableEntry,
    sql: TableSql,
    /// Fields that keep the value they were created with.
    read_only: Vec<String>,
    /// Fields no read returns.
    write_only: Vec<String>,
    primkey_kind: FieldKind,
    /// Fields every row has.
    required: Vec<String>,
    /// Fields by the constraint or unique index that speaks for them.
    rules: HashMap<String, String>,
}

/// The view that shows one owner's rows of a table. The planner may use any index under it, which it
/// may not under row-level security: there only functions marked leakproof come before the policy,
/// and none of `jsonb`'s is (PostgreSQL, "Rules and Privileges").
#[must_use]
pub(crate) fn rows_view(ptr: &str) -> String {
    format!("rows_{ptr}")
}

impl Table {
    /// The table of a checked manifest's entry.
    #[must_use]
    pub fn new(entry: TableEntry) -> Self {
        let lacking = |bit: Perm| {
            let fields = entry.fields.iter().filter(|field| !field.perm.allows(bit));
            fields.map(|field| field.name.clone()).collect()
        };
        let primkey = entry
            .fields
            .iter()
            .find(|field| field.name == entry.primkey);
        Self {
            read_only: lacking(Perm::W),
            write_only: lacking(Perm::R),
            primkey_kind: primkey.map_or(FieldKind::String, |field| field.kind),
            sql: TableSql::new(&entry),
            required: required_fields(&entry)
                .map(|field| field.name.clone())
                .collect(),
            rules: required(&entry)
                .into_iter()
                .chain(
                    indexes(&entry)
                        .into_iter()
                        .map(|(name, note)| (name, note.field)),
                )
                .collect(),
            entry,
        }
    }

    /// What code calls it by.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.entry.id
    }

    /// Its name in the database.
    #[must_use]
    pub fn ptr(&self) -> &str {
        &self.entry.ptr
    }

    /// Which of a call's domains its rows belong to.
    #[must_use]
    pub fn slot(&self) -> Slot {
        Slot::of(self.entry.tenancy)
    }

    /// What the build lets anyone do with it.
    #[must_use]
    pub fn permissions(&self) -> Perm {
        self.entry.permissions
    }

    fn field(&self, name: &str) -> Option<&FieldEntry> {
        self.entry.fields.iter().find(|field| field.name == name)
    }

    /// Whether the build names this field.
    pub(super) fn has_field(&self, name: &str) -> bool {
        self.field(name).is_some()
    }

    /// How a field's value stands in JSON.
    pub(super) fn kind(&self, name: &str) -> Option<FieldKind> {
        self.field(name).map(|field| field.kind)
    }

    /// What the index on a field compares, if there is one.
    pub(super) fn indexed_kind(&self, name: &str) -> Option<ScalarKind> {
        let field = self.field(name).filter(|field| field.unique.is_some())?;
        ScalarKind::of(field.kind)
    }

    /// The condition that a row is this owner's; in a shared table it holds for all.
    pub(super) fn mine(&self, owner: &str) -> String {
        match self.slot() {
            Slot::Own => format!("_owner = {owner}"),
            Slot::Shared => format!("{owner} IS NOT NULL"),
        }
    }

    /// What queries read: rows of every version.
    pub(super) fn relation(&self) -> String {
        match self.slot() {
            Slot::Own => rows_view(&self.entry.ptr),
            Slot::Shared => self.entry.ptr.clone(),
        }
    }

    pub(super) fn sql(&self) -> &TableSql {
        &self.sql
    }

    pub(super) fn required(&self) -> impl Iterator<Item = &String> {
        self.required.iter()
    }

    /// The field a constraint or a unique index of this table is about.
    pub(super) fn field_of_rule(&self, name: &str) -> Option<&str> {
        self.rules.get(name).map(String::as_str)
    }

    /// Whether writing a row needs the one it replaces.
    pub(super) fn row_is_needed(&self) -> bool {
        !self.read_only.is_empty() || !self.write_only.is_empty()
    }

    /// The id a row names, if it names one.
    pub(super) fn id_in(&self, row: &Map<String, Value>) -> Result<Option<String>, StorageError> {
        let id = match row.get(&self.entry.primkey) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(id)) => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            Some(_) => return Err(self.bad_id("is neither text nor a number")),
        };
        self.check_id(&id)?;
        Ok(Some(id))
    }

    /// Puts a generated id into a row that has none.
    pub(super) fn name(&self, row: &mut Map<String, Value>, id: &str) -> Result<(), StorageError> {
        let value = match self.primkey_kind {
            FieldKind::Number | FieldKind::Bigint => {
                let number: Number = id.parse().map_err(|_| self.bad_id("must be given"))?;
                Value::Number(number)
            }
            _ => Value::String(id.to_owned()),
        };
        row.insert(self.entry.primkey.clone(), value);
        Ok(())
    }

    pub(super) fn check_id(&self, id: &str) -> Result<(), StorageError> {
        match id {
            "" => Err(self.bad_id("is empty")),
            _ if id.len() > MAX_ID => Err(self.bad_id("is longer than 1024 bytes")),
            _ if id.contains('\0') => Err(self.bad_id("has a NUL")),
            _ => Ok(()),
        }
    }

    fn bad_id(&self, what: &str) -> StorageError {
        StorageError::InvalidValue(format!("{}.{} {what}", self.entry.id, self.entry.primkey))
    }

    /// Makes `row` what may be stored under `id` in place of `old`.
    ///
    /// A read-only field keeps the value its row was created with. A write-only field that the new
    /// row leaves out is kept: whoever wrote it could not have read it.
    pub(super) fn admit(
        &self,
        id: &str,
        old: Option<&Map<String, Value>>,
        row: &mut Map<String, Value>,
    ) -> Result<(), StorageError> {
        match self.id_in(row)? {
            Some(named) if named != id => {
                return Err(self.bad_id(&format!("is {named}, the row is stored as {id}")));
            }
            Some(_) => {}
            None => self.name(row, id)?,
        }
        let Some(old) = old else {
            return self.check_fields(row);
        };
        for field in &self.write_only {
            if let (None, Some(kept)) = (row.get(field), old.get(field)) {
                row.insert(field.clone(), kept.clone());
            }
        }
        for field in &self.read_only {
            let unchanged = match (old.get(field), row.get(field)) {
                (Some(old), Some(new)) => json::equal(old, new),
                (old, new) => old.is_none() && new.is_none(),
            };
            if !unchanged {
                return Err(StorageError::ReadOnlyField(field.clone()));
            }
        }
        self.check_fields(row)
    }

    /// Whether no read returns the field.
    pub(super) fn is_write_only(&self, field: &str) -> bool {
        self.write_only.iter().any(|name| name == field)
    }

    /// A row as reads return it.
    pub(super) fn shown(&self, text: &str) -> Result<String, StorageError> {
        if self.write_only.is_empty() {
            return Ok(text.to_owned());
        }
        let mut row: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
            tracing::error!(table = self.entry.ptr, %error, "a stored row is not an object");
            StorageError::Internal
        })?;
        row.retain(|field, _| !self.write_only.contains(field));
        Ok(Value::Object(row).to_string())
    }
}
