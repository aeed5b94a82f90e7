//! The gateway's values as Postgres's, and rows back.

use kontract_gateway::{Cell, DbError, Row, Value};
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// A parameter on its way.
#[derive(Debug)]
pub(crate) struct Param<'a>(pub &'a Value);

impl Param<'_> {
    /// The type the gateway's statements give this parameter.
    pub fn type_of(value: &Value) -> Type {
        match value {
            Value::Text(_) | Value::OptionalText(_) => Type::TEXT,
            Value::Int(_) | Value::OptionalInt(_) => Type::INT8,
            Value::OptionalBytes(_) => Type::BYTEA,
            Value::Texts(_) => Type::TEXT_ARRAY,
            Value::OptionalInts(_) => Type::INT8_ARRAY,
        }
    }
}

impl ToSql for Param<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self.0 {
            Value::Text(value) => value.to_sql_checked(ty, out),
            Value::OptionalText(value) => value.to_sql_checked(ty, out),
            Value::Int(value) => value.to_sql_checked(ty, out),
            Value::OptionalInt(value) => value.to_sql_checked(ty, out),
            Value::OptionalBytes(value) => value.to_sql_checked(ty, out),
            Value::Texts(value) => value.to_sql_checked(ty, out),
            Value::OptionalInts(value) => value.to_sql_checked(ty, out),
        }
    }

    /// Each arm of `to_sql` checks for itself.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A row of built-in types.
pub(crate) fn row(row: &tokio_postgres::Row) -> Result<Row, DbError> {
    let columns = row.columns().iter().enumerate();
    columns
        .map(|(i, column)| cell(row, i, column.type_()))
        .collect::<Result<_, _>>()
        .map(Row)
}

fn cell(row: &tokio_postgres::Row, i: usize, ty: &Type) -> Result<Cell, DbError> {
    let value = match *ty {
        Type::INT8 => row.try_get::<_, Option<i64>>(i).map(|v| v.map(Cell::Int)),
        Type::INT4 => row
            .try_get::<_, Option<i32>>(i)
            .map(|v| v.map(|v| Cell::Int(v.into()))),
        Type::BOOL => row
            .try_get::<_, Option<bool>>(i)
            .map(|v| v.map(|v| Cell::Int(v.into()))),
        Type::BYTEA => row
            .try_get::<_, Option<Vec<u8>>>(i)
            .map(|v| v.map(Cell::Bytes)),
        _ => row
            .try_get::<_, Option<String>>(i)
            .map(|v| v.map(Cell::Text)),
    };
    Ok(value
        .map_err(|error| db_error(&error))?
        .unwrap_or(Cell::Null))
}

/// Whose fault it was. What is not the server's answer means the connection is of no more use.
pub(crate) fn db_error(error: &tokio_postgres::Error) -> DbError {
    match error.as_db_error() {
        Some(refused) => DbError::Refused {
            sqlstate: refused.code().code().to_owned(),
            message: refused.message().to_owned(),
            constraint: refused.constraint().map(str::to_owned),
        },
        None => DbError::Lost(error.to_string()),
    }
}
