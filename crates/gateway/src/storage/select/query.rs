//! A query as the runtime writes it.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::storage::error::StorageError;
use crate::storage::filter::{Filter, ScalarKind};
use crate::storage::json;
use crate::storage::select::Order;
use crate::storage::table::Table;

/// Which rows, in which order, how many.
#[derive(Debug, Clone)]
pub struct Query {
    pub(super) filter: Arc<Filter>,
    pub(super) order: Order,
    pub(super) limit: Option<u64>,
    pub(super) offset: u64,
    /// The row to start behind.
    pub(super) after: Option<String>,
}

impl Query {
    /// All rows that contain these members, in the table's order.
    pub(in crate::storage) fn containing(members: Map<String, Value>) -> Self {
        Self {
            filter: Arc::new(Filter::containing(members)),
            order: Order::default(),
            limit: None,
            offset: 0,
            after: None,
        }
    }

    /// Reads `{ "where"?, "orderBy"?, "direction"?, "limit"?, "offset"?, "after"? }`: `where` as
    /// [`Filter::parse`] has it, `orderBy` a field of the table, `direction` `asc` or `desc`, `after` a
    /// row's id.
    pub(super) fn parse(text: &str, table: &Table) -> Result<Self, StorageError> {
        let mut members = json::parse_object(text)?;
        let filter = match members.remove("where") {
            Some(conditions) => Filter::parse(&conditions)?,
            None => Filter::default(),
        };
        let mut query = Self {
            filter: Arc::new(filter),
            ..Self::containing(Map::new())
        };
        for (name, value) in &members {
            match (name.as_str(), value) {
                ("orderBy", Value::String(field)) => {
                    query.order.field = Some((field.clone(), order_kind(table, field)?));
                }
                ("direction", Value::String(direction)) if direction == "asc" => {}
                ("direction", Value::String(direction)) if direction == "desc" => {
                    query.order.descending = true;
                }
                ("limit", value) => query.limit = Some(count(name, value)?),
                ("offset", value) => query.offset = count(name, value)?,
                ("after", Value::String(id)) => {
                    table.check_id(id)?;
                    query.after = Some(id.clone());
                }
                _ => {
                    return Err(StorageError::InvalidValue(format!(
                        "a query has no {name} like this"
                    )));
                }
            }
        }
        Ok(query)
    }

    /// Refuses what would tell what a write-only field holds.
    pub(super) fn admit(&self, table: &Table) -> Result<(), StorageError> {
        let ordered = self.order.field.iter().map(|(field, _)| field.as_str());
        let mut fields = self.filter.fields().chain(ordered);
        match fields.find(|field| table.is_write_only(field)) {
            Some(field) => Err(StorageError::WriteOnlyField(field.to_owned())),
            None => Ok(()),
        }
    }
}

fn order_kind(table: &Table, field: &str) -> Result<ScalarKind, StorageError> {
    let kind = table.kind(field).and_then(ScalarKind::of);
    kind.ok_or_else(|| {
        StorageError::InvalidValue(format!(
            "{} cannot be ordered by {field}: it takes a field of strings, numbers, bigints, dates or booleans",
            table.id()
        ))
    })
}

fn count(name: &str, value: &Value) -> Result<u64, StorageError> {
    let count = value.as_u64().filter(|&count| i64::try_from(count).is_ok());
    count.ok_or_else(|| {
        StorageError::InvalidValue(format!("{name} of a query is a whole number from 0"))
    })
}
