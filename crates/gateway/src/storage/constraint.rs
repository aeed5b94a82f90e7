//! What a row that breaks a table's rules is refused with, here and by the database.

use serde_json::{Map, Value};

use crate::host::DbError;
use crate::storage::error::StorageError;
use crate::storage::filter::ScalarKind;
use crate::storage::table::Table;

/// Bytes of a text in an index: with the owner it must fit an index entry (PostgreSQL: a third of a
/// page).
const MAX_INDEXED: usize = 2000;

impl Table {
    /// Refuses a row that lacks a required field, or has an indexed one that is too long.
    pub(super) fn check_fields(&self, row: &Map<String, Value>) -> Result<(), StorageError> {
        let missing = |field: &&String| !row.contains_key(*field);
        if let Some(field) = self.required().find(missing) {
            return Err(self.missing(field));
        }
        let indexed = row.iter().find(|(field, value)| {
            value.as_str().is_some_and(|text| text.len() > MAX_INDEXED)
                && self.indexed_kind(field) == Some(ScalarKind::Text)
        });
        match indexed {
            Some((field, _)) => Err(StorageError::InvalidValue(format!(
                "{}.{field} is indexed and longer than 2,000 bytes",
                self.id()
            ))),
            None => Ok(()),
        }
    }

    /// Which rule of the table a statement broke, if it was one.
    pub(super) fn broken_rule(&self, error: &DbError) -> Option<StorageError> {
        let DbError::Refused {
            sqlstate,
            constraint: Some(name),
            ..
        } = error
        else {
            return None;
        };
        match sqlstate.as_str() {
            // unique_violation, check_violation
            "23505" => self
                .field_of_rule(name)
                .map(|field| StorageError::NotUnique {
                    table: self.id().to_owned(),
                    field: field.to_owned(),
                }),
            // One that this build does not know is of a newer build, which has been migrated to.
            "23514" if self.is_own_rule(name) => Some(match self.field_of_rule(name) {
                Some(field) => self.missing(field),
                None => StorageError::InvalidValue(format!(
                    "a row of {} lacks what a newer build requires",
                    self.id()
                )),
            }),
            _ => None,
        }
    }

    /// Whether a constraint is one that a field of this table is there (`migrate::required`).
    fn is_own_rule(&self, name: &str) -> bool {
        let rest = name.strip_prefix(self.ptr());
        rest.is_some_and(|rest| rest.starts_with("_r") && rest.len() == 8)
    }

    fn missing(&self, field: &str) -> StorageError {
        StorageError::MissingField {
            table: self.id().to_owned(),
            field: field.to_owned(),
        }
    }
}
