//! `kontract.lock.json` (spec 12.1): the names tables have in the database, fixed once and for all.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::wire_lock::{read_wire, wire_section};
use crate::codec::{Ids, hex};
use crate::diagnostics::{Report, schema};
use crate::output::{Table, Untyped};

/// The lock file of a project.
#[derive(Debug, Default)]
pub(crate) struct Lock(Map<String, Value>);

impl Lock {
    /// Reads the lock file, if there is one.
    pub(crate) fn read(text: Option<&str>) -> Result<Self, Box<Report>> {
        let Some(text) = text.filter(|t| !t.trim().is_empty()) else {
            return Ok(Self::default());
        };
        match serde_json::from_str(text) {
            Ok(Value::Object(map)) => match read_wire(&map) {
                Ok(_) => Ok(Self(map)),
                Err(message) => Err(Box::new(schema::bad_lock(&message))),
            },
            Ok(_) => Err(Box::new(schema::bad_lock("it is no object"))),
            Err(e) => Err(Box::new(schema::bad_lock(&e.to_string()))),
        }
    }

    /// A table's name in the database: the locked one, else one made from its id.
    pub(crate) fn ptr(&self, id: &str) -> String {
        let locked = self
            .0
            .get("tables")
            .and_then(|t| t.get(id)?.get("ptr")?.as_str());
        locked.map_or_else(
            || {
                format!(
                    "tbl_{}_{}",
                    // The gateway takes lower case only; the digest tells `aB` from `ab`.
                    id.to_ascii_lowercase(),
                    hex(&Sha256::digest(format!("kontract-ptr:{id}")), 3)
                )
            },
            str::to_owned,
        )
    }

    /// What `kontract sync` recorded.
    pub(crate) fn types(&self) -> Option<&Value> {
        self.0.get("types")
    }

    /// The ids of the wire.
    pub(crate) fn ids(&self) -> Ids {
        read_wire(&self.0).unwrap_or_default()
    }

    /// The text of the new lock file. Tables that are gone stay: their rows are still there.
    pub(crate) fn write(
        mut self,
        tables: &[Table],
        untyped: &[Untyped],
        claims: BTreeMap<String, Vec<Value>>,
    ) -> String {
        let mut locked = match self.0.get("tables") {
            Some(Value::Object(tables)) => tables.clone(),
            _ => Map::new(),
        };
        for table in tables {
            let schema: Map<String, Value> = table
                .fields
                .iter()
                .map(|f| (f.name.clone(), field(table, f)))
                .collect();
            let schema = Value::Object(schema);
            let hash = hex(&Sha256::digest(schema.to_string()), 32);
            locked.insert(
                table.id.clone(),
                json!({ "ptr": table.ptr, "schema": schema, "hash": format!("sha256:{hash}") }),
            );
        }
        let mut sorted: Vec<_> = locked.into_iter().collect();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        self.0.entry("version").or_insert(json!(1));
        self.0.insert(
            "tables".to_owned(),
            Value::Object(sorted.into_iter().collect()),
        );
        if let Some(Value::Object(types)) = self.0.get_mut("types") {
            // A function that is gone, or says its type now, needs no record.
            types.retain(|id, _| untyped.iter().any(|u| u.id == *id));
            if types.is_empty() {
                self.0.remove("types");
            }
        }
        self.0.entry("migrations").or_insert(json!([]));
        self.0.insert("wire".to_owned(), wire_section(claims));
        format!("{:#}\n", Value::Object(self.0))
    }
}

fn field(table: &Table, field: &crate::output::TableField) -> Value {
    let mut entry = json!({ "type": field.kind });
    if let Value::Object(map) = &mut entry {
        if field.name == table.primkey {
            map.insert("primkey".to_owned(), json!(true));
        }
        if field.optional {
            map.insert("optional".to_owned(), json!(true));
        }
        if field.perm != 6 {
            map.insert("perm".to_owned(), json!(field.perm));
        }
        if let Some(unique) = field.unique {
            map.insert(
                "index".to_owned(),
                json!(if unique { "unique" } else { "plain" }),
            );
        }
    }
    entry
}
