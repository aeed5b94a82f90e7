//! The `wire` section of the lock file: what has which number in messages.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::codec::Ids;

/// A vtable counts in two bytes, two for each field.
const MAX_FIELDS: usize = 30_000;

/// Reads the section; what is wrong with it, if something is.
pub(super) fn read_wire(lock: &Map<String, Value>) -> Result<Ids, String> {
    let Some(section) = lock.get("wire") else {
        return Ok(Ids::default());
    };
    let Value::Object(types) = section else {
        return Err("its `wire` is no object".to_owned());
    };
    let mut ids = BTreeMap::new();
    for (key, list) in types {
        let Value::Array(list) = list else {
            return Err(format!("`wire` has no list for `{key}`"));
        };
        let plain = |v: &Value| v.is_string() || v.is_number() || v.is_boolean();
        if list.len() > MAX_FIELDS || !list.iter().all(plain) {
            return Err(format!(
                "`wire` has a list for `{key}` that is none of names"
            ));
        }
        ids.insert(key.clone(), list.clone());
    }
    Ok(Ids(ids))
}

/// The section that remembers the ids in use. Types that are gone are forgotten: nothing is left
/// that could be read with their ids.
pub(super) fn wire_section(claims: BTreeMap<String, Vec<Value>>) -> Value {
    let lists = claims
        .into_iter()
        .map(|(key, list)| (key, Value::Array(list)));
    Value::Object(lists.collect())
}
