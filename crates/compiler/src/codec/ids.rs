//! The ids of fields, literals and members of unions: fixed once given, never given twice.

use std::collections::BTreeMap;

use serde_json::Value;

/// What has an id, by type; its place in the list is its id.
#[derive(Debug, Default, Clone)]
pub(crate) struct Ids(pub BTreeMap<String, Vec<Value>>);

impl Ids {
    /// Everything of a type that has an id: what had one keeps it, what is new goes to the end.
    pub(crate) fn place(&self, key: &str, wanted: &[Value]) -> Vec<Value> {
        let mut all = self.0.get(key).cloned().unwrap_or_default();
        for (i, name) in wanted.iter().enumerate() {
            let nth = wanted[..i].iter().filter(|n| *n == name).count();
            if all.iter().filter(|n| *n == name).count() <= nth {
                all.push(name.clone());
            }
        }
        all
    }
}

/// The id of the `nth` thing called `name`.
pub(crate) fn id_of(all: &[Value], name: &Value, nth: usize) -> u32 {
    let mut places = all.iter().enumerate().filter(|(_, n)| *n == name);
    places
        .nth(nth)
        .map_or(0, |(i, _)| u32::try_from(i).unwrap_or(0))
}
