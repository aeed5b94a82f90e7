//! Which rows a query is about: containment, and comparisons of single values.
//!
//! A filter is applied twice, by PostgreSQL to what is stored (`sql.rs`) and here to what the call
//! has written and not yet committed. Both must agree on every row there can be: the property test
//! is `crates/pg/tests/postgres/filters.rs`.

mod scalar;
mod sql;
mod wire;

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::storage::json;

pub(crate) use scalar::{Scalar, ScalarKind};
pub(crate) use sql::{Params, typed_field};

/// Which rows a query is about. All of it must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// `data @> contains`.
    contains: Map<String, Value>,
    tests: Vec<Test>,
}

/// A comparison of the value at a path. A path leads through objects; where there is no such value,
/// or one of another kind than what it is compared with, nothing compares.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Test {
    path: Vec<String>,
    op: Op,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Op {
    /// Null, or not there.
    Nothing,
    /// There, and not null.
    Something,
    /// Not this value: other values, other kinds, null and nothing at all are all not it.
    Not(Scalar),
    Compare(Comparison, Scalar),
    /// One of these; with `nothing`, null or not there as well.
    In {
        values: Vec<Scalar>,
        nothing: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Comparison {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
        }
    }
}

impl Filter {
    /// Rows that contain these members, as `jsonb`'s `@>` has it.
    #[must_use]
    pub fn containing(members: Map<String, Value>) -> Self {
        Self {
            contains: members,
            tests: Vec::new(),
        }
    }

    /// Whether every row passes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.contains.is_empty() && self.tests.is_empty()
    }

    /// The members rows have to contain, if that is all there is to it.
    pub(super) fn containment(&self) -> Option<&Map<String, Value>> {
        self.tests.is_empty().then_some(&self.contains)
    }

    /// The fields of the row it looks at.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        let tested = self.tests.iter().filter_map(|test| test.path.first());
        self.contains.keys().chain(tested).map(String::as_str)
    }

    /// Whether a row passes.
    #[must_use]
    pub fn matches(&self, row: &Map<String, Value>) -> bool {
        json::object_contains(row, &self.contains) && self.tests.iter().all(|test| test.holds(row))
    }
}

impl Test {
    fn holds(&self, row: &Map<String, Value>) -> bool {
        let value = at(row, &self.path).filter(|value| !value.is_null());
        let scalar = value.and_then(Scalar::of);
        let ordering = |operand: &Scalar| scalar.as_ref().and_then(|s| s.compare(operand));
        let equals = |operand: &Scalar| ordering(operand) == Some(Ordering::Equal);
        match &self.op {
            Op::Nothing => value.is_none(),
            Op::Something => value.is_some(),
            Op::Not(operand) => !equals(operand),
            Op::Compare(comparison, operand) => {
                ordering(operand).is_some_and(|ordering| comparison.holds(ordering))
            }
            Op::In { values, nothing } => *nothing && value.is_none() || values.iter().any(equals),
        }
    }
}

/// The value at a path through objects.
fn at<'a>(row: &'a Map<String, Value>, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter()
        .try_fold(row.get(first)?, |value, key| value.as_object()?.get(key))
}
