//! A filter in SQL. What a caller chose is a parameter; only fields of the checked manifest stand in
//! the text, as literals, because an index on an expression is found by that expression alone.

use super::{Comparison, Filter, Op, Scalar, ScalarKind, Test};
use crate::host::Value;
use crate::storage::table::Table;

/// The parameters of a statement that is being written.
#[derive(Debug, Default)]
pub(crate) struct Params(Vec<Value>);

impl Params {
    pub fn text(&mut self, text: impl Into<String>) -> String {
        self.push(Value::Text(text.into()), "text")
    }

    pub fn int(&mut self, int: i64) -> String {
        self.push(Value::Int(int), "bigint")
    }

    pub fn scalar(&mut self, scalar: &Scalar) -> String {
        let text = self.text(scalar.text());
        format!("{text}{}", cast(scalar.kind()))
    }

    pub fn done(self) -> Vec<Value> {
        self.0
    }

    fn push(&mut self, value: Value, ty: &str) -> String {
        self.0.push(value);
        format!("${}::{ty}", self.0.len())
    }
}

fn cast(kind: ScalarKind) -> &'static str {
    match kind {
        ScalarKind::Text => "",
        ScalarKind::Number => "::numeric",
        ScalarKind::Boolean => "::boolean",
    }
}

/// A field's value if it is of this kind, else null. What indexes are on, what rows are ordered by.
pub(crate) fn typed_field(field: &str, kind: ScalarKind) -> String {
    typed("data", &literal(field), kind)
}

/// The member `last` of an object. Never a cast that can fail: rows of older shapes are looked at too.
fn typed(object: &str, last: &str, kind: ScalarKind) -> String {
    let json = format!("{object} -> {last}");
    match kind {
        ScalarKind::Text => format!(
            "(CASE WHEN jsonb_typeof({json}) = 'string' THEN {object} ->> {last} END COLLATE \"C\")"
        ),
        ScalarKind::Number => {
            format!("(CASE WHEN jsonb_typeof({json}) = 'number' THEN ({json})::numeric END)")
        }
        ScalarKind::Boolean => {
            format!("(CASE WHEN jsonb_typeof({json}) = 'boolean' THEN ({json})::boolean END)")
        }
    }
}

/// `'…'::text`, for names of the manifest, which have no NUL. Backslashes stand for themselves
/// (`standard_conforming_strings`).
fn literal(text: &str) -> String {
    format!("'{}'::text", text.replace('\'', "''"))
}

impl Filter {
    /// The conditions, joined by AND; empty if there are none.
    pub(crate) fn sql(&self, table: &Table, params: &mut Params) -> String {
        let mut conditions = Vec::new();
        if !self.contains.is_empty() {
            let members = serde_json::Value::Object(self.contains.clone());
            let members = params.text(members.to_string());
            conditions.push(format!("data @> {members}::jsonb"));
        }
        // Said once more where an index knows it better.
        for (field, value) in &self.contains {
            if let Some(scalar) = Scalar::of(value)
                && table.indexed_kind(field) == Some(scalar.kind())
            {
                let operand = params.scalar(&scalar);
                conditions.push(format!("{} = {operand}", typed_field(field, scalar.kind())));
            }
        }
        for test in &self.tests {
            let condition = test.sql(table, params);
            conditions.push(condition);
        }
        conditions.join(" AND ")
    }
}

impl Test {
    fn sql(&self, table: &Table, params: &mut Params) -> String {
        if matches!(&self.op, Op::In { values, nothing: false } if values.is_empty()) {
            return "false".to_owned();
        }
        let (mut object, mut last) = ("data".to_owned(), String::new());
        for (i, step) in self.path.iter().enumerate() {
            if i > 0 {
                object = format!("{object} -> {last}");
            }
            last = if i == 0 && table.has_field(step) {
                literal(step)
            } else {
                params.text(step)
            };
        }
        let json = format!("({object} -> {last})");
        let nothing = format!("coalesce({json}, 'null'::jsonb) = 'null'::jsonb");
        match &self.op {
            Op::Nothing => nothing,
            Op::Something => format!("NOT {nothing}"),
            Op::Not(operand) => {
                let value = typed(&object, &last, operand.kind());
                format!("{value} IS DISTINCT FROM {}", params.scalar(operand))
            }
            Op::Compare(comparison, operand) => {
                let value = typed(&object, &last, operand.kind());
                let operator = match comparison {
                    Comparison::Greater => ">",
                    Comparison::GreaterOrEqual => ">=",
                    Comparison::Less => "<",
                    Comparison::LessOrEqual => "<=",
                };
                format!("{value} {operator} {}", params.scalar(operand))
            }
            Op::In {
                values,
                nothing: or,
            } => {
                let mut any = Vec::from_iter(or.then_some(nothing));
                for kind in [ScalarKind::Text, ScalarKind::Number, ScalarKind::Boolean] {
                    let of_kind = values.iter().filter(|value| value.kind() == kind);
                    let of_kind: Vec<String> = of_kind.map(Scalar::text).collect();
                    if !of_kind.is_empty() {
                        let all = params.push(Value::Texts(of_kind), "text[]");
                        let cast = match kind {
                            ScalarKind::Text => "",
                            ScalarKind::Number => "::numeric[]",
                            ScalarKind::Boolean => "::boolean[]",
                        };
                        any.push(format!(
                            "{} = ANY({all}{cast})",
                            typed(&object, &last, kind)
                        ));
                    }
                }
                format!("({})", any.join(" OR "))
            }
        }
    }
}
