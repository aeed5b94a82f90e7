//! Rows as JSON: what `jsonb` can hold, and its containment, for rows not yet in the database.

use serde_json::{Map, Value};

use crate::storage::decimal::Decimal;
use crate::storage::error::StorageError;

/// Parses a row or a filter: an object `jsonb` can hold.
pub(super) fn parse_object(text: &str) -> Result<Map<String, Value>, StorageError> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => {
            object
                .iter()
                .try_for_each(|(key, value)| check_text(key).and_then(|()| check(value)))?;
            Ok(object)
        }
        Ok(_) => Err(StorageError::InvalidValue(
            "a row must be an object".to_owned(),
        )),
        Err(error) => Err(StorageError::InvalidValue(format!(
            "a row is not JSON: {error}"
        ))),
    }
}

pub(super) fn check(value: &Value) -> Result<(), StorageError> {
    match value {
        Value::Null | Value::Bool(_) => Ok(()),
        Value::Number(number) => match Decimal::parse(number.as_str()) {
            Some(_) => Ok(()),
            None => Err(StorageError::InvalidValue(format!(
                "{number} is out of range"
            ))),
        },
        Value::String(text) => check_text(text),
        Value::Array(items) => items.iter().try_for_each(check),
        Value::Object(object) => object
            .iter()
            .try_for_each(|(key, value)| check_text(key).and_then(|()| check(value))),
    }
}

/// `jsonb` has no NUL (Postgres, "JSON Types": `\u0000` is not allowed).
pub(super) fn check_text(text: &str) -> Result<(), StorageError> {
    if text.contains('\0') {
        return Err(StorageError::InvalidValue(
            "text with a NUL cannot be stored".to_owned(),
        ));
    }
    Ok(())
}

/// `whole @> part`, as `jsonb` has it: objects contain objects with some of their members, arrays
/// contain arrays whose elements they all have in any order, scalars contain themselves.
pub(super) fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => object_contains(whole, part),
        (Value::Array(whole), Value::Array(part)) => {
            part.iter().all(|p| whole.iter().any(|w| contains(w, p)))
        }
        _ => equal(whole, part),
    }
}

/// [`contains`] for objects.
pub(super) fn object_contains(whole: &Map<String, Value>, part: &Map<String, Value>) -> bool {
    part.iter()
        .all(|(key, p)| whole.get(key).is_some_and(|w| contains(w, p)))
}

/// Equality as `jsonb` has it: numbers by value, members in any order.
pub(super) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            a.as_str() == b.as_str() || Decimal::parse(a.as_str()) == Decimal::parse(b.as_str())
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn numbers_are_equal_by_value() {
        for (a, b) in [
            ("1", "1.0"),
            ("0", "-0.0"),
            ("1e2", "100"),
            ("12.50", "1250e-2"),
        ] {
            assert!(equal(&json(a), &json(b)), "{a} = {b}");
        }
        for (a, b) in [
            ("1", "-1"),
            ("10", "1"),
            ("9007199254740993", "9007199254740992"),
        ] {
            assert!(!equal(&json(a), &json(b)), "{a} <> {b}");
        }
    }

    #[test]
    fn containment_is_postgresqls() {
        // The documentation's own examples ("jsonb Containment and Existence").
        for (whole, part, expected) in [
            ("[1,2,3]", "[1,3]", true),
            ("[1,2,3]", "[3,1]", true),
            ("[1,2,3]", "[1,2,2]", true),
            (
                r#"{"product":"P","version":9.4,"jsonb":true}"#,
                r#"{"version":9.4}"#,
                true,
            ),
            ("[1,2,[1,3]]", "[1,3]", false),
            ("[1,2,[1,3]]", "[[1,3]]", true),
            (r#"{"foo":{"bar":"baz"}}"#, r#"{"bar":"baz"}"#, false),
            (r#"{"foo":{"bar":"baz"}}"#, r#"{"foo":{}}"#, true),
            (r#"{"a":["x"]}"#, r#"{"a":"x"}"#, false),
            (r#"{"a":null}"#, r#"{"a":null}"#, true),
            (r"{}", r#"{"a":null}"#, false),
        ] {
            assert_eq!(
                contains(&json(whole), &json(part)),
                expected,
                "{whole} @> {part}"
            );
        }
    }

    #[test]
    fn what_jsonb_cannot_hold_is_refused() {
        for text in [
            r#"{"a":"\u0000"}"#,
            r#"{"\u0000":1}"#,
            r#"{"a":1e100000}"#,
            "[]",
            "{",
            "1",
        ] {
            assert!(
                matches!(parse_object(text), Err(StorageError::InvalidValue(_))),
                "{text}"
            );
        }
        assert!(parse_object(r#"{"a":123456789012345678901234567890.5}"#).is_ok());
    }
}
