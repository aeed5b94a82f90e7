//! Values that can be compared: text, numbers, booleans.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use crate::manifest::FieldKind;
use crate::storage::decimal::Decimal;

/// What a value is compared as. Values of two kinds are neither equal nor in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ScalarKind {
    /// By code point: PostgreSQL's collation `C`, Rust's order of strings.
    Text,
    /// By value: dates are their milliseconds, bigints exact integers.
    Number,
    /// `false` before `true`.
    Boolean,
}

impl ScalarKind {
    /// What values of a field are compared as; `None` if they have no order.
    pub fn of(kind: FieldKind) -> Option<Self> {
        match kind {
            FieldKind::String => Some(Self::Text),
            FieldKind::Number | FieldKind::Bigint | FieldKind::Date => Some(Self::Number),
            FieldKind::Boolean => Some(Self::Boolean),
            FieldKind::Bytes | FieldKind::Array | FieldKind::Object | FieldKind::Json => None,
        }
    }
}

/// A value that can be compared with others of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scalar {
    Text(String),
    Number(Number),
    Boolean(bool),
}

impl Scalar {
    /// `None` for null, arrays and objects.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::Text(text.clone())),
            Value::Number(number) => Some(Self::Number(number.clone())),
            Value::Bool(value) => Some(Self::Boolean(*value)),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    pub fn kind(&self) -> ScalarKind {
        match self {
            Self::Text(_) => ScalarKind::Text,
            Self::Number(_) => ScalarKind::Number,
            Self::Boolean(_) => ScalarKind::Boolean,
        }
    }

    /// As text, for a parameter that is cast to its kind's type.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Boolean(value) => value.to_string(),
        }
    }

    pub fn json(&self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.clone()),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Boolean(value) => Value::Bool(*value),
        }
    }

    /// `None` if the two are of different kinds.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Boolean(a), Self::Boolean(b)) => Some(a.cmp(b)),
            (Self::Number(a), Self::Number(b)) => {
                Some(Decimal::parse(a.as_str())?.cmp(&Decimal::parse(b.as_str())?))
            }
            _ => None,
        }
    }
}
