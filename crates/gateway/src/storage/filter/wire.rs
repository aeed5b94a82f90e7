//! A filter as the runtime writes it: `[[["address","city"],"eq","Rome"],[["age"],"gte",18]]`.

use serde_json::{Map, Value};

use super::{Comparison, Filter, Op, Scalar, Test};
use crate::storage::error::StorageError;
use crate::storage::json;

/// Conditions of one query: each is part of a statement's text.
const MAX_CONDITIONS: usize = 64;
/// Values of all its `in` together.
const MAX_VALUES: usize = 1000;
/// Steps of one path.
const MAX_PATH: usize = 16;

impl Filter {
    /// Reads `[path, operator, value]` triples. Operators: `eq` and `has` (containment: the value's own
    /// members or elements), `ne`, `gt`, `gte`, `lt`, `lte`, `in`.
    pub(crate) fn parse(conditions: &Value) -> Result<Self, StorageError> {
        let conditions = conditions.as_array().ok_or_else(|| bad("is no list"))?;
        if conditions.len() > MAX_CONDITIONS {
            return Err(bad("has more than 64 conditions"));
        }
        let mut filter = Self::default();
        let mut values = 0;
        for condition in conditions {
            let Some([path, operator, value]) = condition.as_array().map(Vec::as_slice) else {
                return Err(bad(
                    "has a condition that is not a path, an operator and a value",
                ));
            };
            let path = read_path(path)?;
            json::check(value)?;
            values += value.as_array().map_or(1, Vec::len);
            if values > MAX_VALUES {
                return Err(bad("has more than 1,000 values"));
            }
            filter.add(path, operator.as_str().unwrap_or_default(), value)?;
        }
        Ok(filter)
    }

    fn add(
        &mut self,
        path: Vec<String>,
        operator: &str,
        value: &Value,
    ) -> Result<(), StorageError> {
        let compare = |comparison| match Scalar::of(value) {
            Some(operand) => Ok(Op::Compare(comparison, operand)),
            None => Err(bad(&format!(
                "compares {} with what has no order",
                path.join(".")
            ))),
        };
        let op = match (operator, value) {
            ("eq", Value::Null) => Op::Nothing,
            ("eq" | "has", value) => {
                if require(&mut self.contains, &path, value) {
                    return Ok(());
                }
                return Err(bad(&format!("asks for {} twice", path.join("."))));
            }
            ("ne", Value::Null) => Op::Something,
            ("ne", value) => {
                Op::Not(Scalar::of(value).ok_or_else(|| bad("has ne with an object or a list"))?)
            }
            ("gt", _) => compare(Comparison::Greater)?,
            ("gte", _) => compare(Comparison::GreaterOrEqual)?,
            ("lt", _) => compare(Comparison::Less)?,
            ("lte", _) => compare(Comparison::LessOrEqual)?,
            ("in", Value::Array(all)) => {
                let nothing = all.iter().any(Value::is_null);
                let values = all.iter().filter(|value| !value.is_null());
                let values = values.map(Scalar::of).collect::<Option<_>>();
                let values = values.ok_or_else(|| bad("has in with an object or a list"))?;
                Op::In { values, nothing }
            }
            (other, _) => return Err(bad(&format!("has an operator {other}"))),
        };
        self.tests.push(Test { path, op });
        Ok(())
    }
}

fn read_path(path: &Value) -> Result<Vec<String>, StorageError> {
    let steps = path
        .as_array()
        .filter(|steps| (1..=MAX_PATH).contains(&steps.len()));
    let steps = steps.ok_or_else(|| bad("has a path without steps, or with more than 16"))?;
    let text = |step: &Value| {
        let step = step
            .as_str()
            .ok_or_else(|| bad("has a path that is not of text"))?;
        json::check_text(step)?;
        Ok(step.to_owned())
    };
    steps.iter().map(text).collect()
}

/// Adds what must be contained at a path; false if something else is required there already.
fn require(contains: &mut Map<String, Value>, path: &[String], value: &Value) -> bool {
    match path {
        [] => false,
        [last] => {
            let free = !contains.contains_key(last);
            if free {
                contains.insert(last.clone(), value.clone());
            }
            free
        }
        [first, rest @ ..] => {
            let inner = contains
                .entry(first.clone())
                .or_insert_with(|| Value::Object(Map::new()));
            inner
                .as_object_mut()
                .is_some_and(|inner| require(inner, rest, value))
        }
    }
}

fn bad(what: &str) -> StorageError {
    StorageError::InvalidValue(format!("the query {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn matches(conditions: &Value, row: &Value) -> bool {
        let Value::Object(row) = row else {
            panic!("a row")
        };
        Filter::parse(conditions).unwrap().matches(row)
    }

    #[test]
    fn values_compare_with_their_kind_only() {
        let adult = json!([[["age"], "gte", 18]]);
        for (row, expected) in [
            (json!({"age": 18}), true),
            (json!({"age": 17.999}), false),
            (json!({"age": "20"}), false),
            (json!({"age": null}), false),
            (json!({"age": true}), false),
            (json!({"age": [20]}), false),
            (json!({}), false),
        ] {
            assert_eq!(matches(&adult, &row), expected, "{row}");
            let other = json!([[["age"], "lt", 18]]);
            let below = row == json!({"age": 17.999});
            assert_eq!(
                matches(&other, &row),
                below,
                "{row}: no row is on both sides by default"
            );
        }
    }

    #[test]
    fn not_equal_is_everything_but_equal() {
        for row in [
            json!({"a": 1}),
            json!({"a": "1"}),
            json!({"a": null}),
            json!({}),
            json!({"a": [1]}),
        ] {
            let equal = matches(&json!([[["a"], "eq", 1]]), &row);
            assert_eq!(matches(&json!([[["a"], "ne", 1]]), &row), !equal, "{row}");
            let nothing = matches(&json!([[["a"], "eq", null]]), &row);
            assert_eq!(
                matches(&json!([[["a"], "ne", null]]), &row),
                !nothing,
                "{row}"
            );
        }
        assert!(matches(&json!([[["a"], "eq", null]]), &json!({"a": null})));
        assert!(matches(&json!([[["a"], "in", [1, null]]]), &json!({})));
        assert!(!matches(&json!([[["a"], "in", []]]), &json!({"a": 1})));
    }

    #[test]
    fn paths_lead_through_objects_alone() {
        let rome = json!([
            [["address", "city"], "eq", "Rome"],
            [["address", "zip"], "gt", "5"]
        ]);
        assert!(matches(
            &rome,
            &json!({"address": {"city": "Rome", "zip": "6", "more": 1}})
        ));
        assert!(!matches(&rome, &json!({"address": "Rome"})));
        assert!(!matches(
            &json!([[["tags", "0"], "gte", "a"]]),
            &json!({"tags": ["a"]})
        ));
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        let long: Vec<u32> = (0..1001).collect();
        for conditions in [
            json!({}),
            json!([1]),
            json!([[[], "eq", 1]]),
            json!([[["a"], "like", "x"]]),
            json!([[["a"], "gt", null]]),
            json!([[["a"], "in", 1]]),
            json!([[["a"], "ne", {}]]),
            json!([[["a\0"], "eq", 1]]),
            json!([[["a"], "eq", 1], [["a"], "eq", 2]]),
            json!([[["a"], "eq", 1], [["a", "b"], "eq", 2]]),
            json!([[["a"], "in", long]]),
            json!([[["a"], "eq", "\0"]]),
        ] {
            assert!(
                matches!(
                    Filter::parse(&conditions),
                    Err(StorageError::InvalidValue(_))
                ),
                "{conditions}"
            );
        }
    }
}
