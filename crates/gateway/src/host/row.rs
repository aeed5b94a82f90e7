//! Values on their way to the database, and rows on their way back.

/// A statement's parameter: only built-in types, so no driver has to look any up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `text`
    Text(String),
    /// `text`, may be null
    OptionalText(Option<String>),
    /// `bigint`
    Int(i64),
    /// `bigint`, may be null
    OptionalInt(Option<i64>),
    /// `bytea`, may be null
    OptionalBytes(Option<Vec<u8>>),
    /// `text[]`
    Texts(Vec<String>),
    /// `bigint[]`, elements may be null
    OptionalInts(Vec<Option<i64>>),
}

/// One column of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// SQL null
    Null,
    /// `bigint`, `int`, `boolean` (0 or 1)
    Int(i64),
    /// `text`
    Text(String),
    /// `bytea`
    Bytes(Vec<u8>),
}

/// One row: its columns in the order of the statement's select list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row(pub Vec<Cell>);

impl Row {
    /// The integer in this column, if it is one.
    #[must_use]
    pub fn int(&self, column: usize) -> Option<i64> {
        match self.0.get(column) {
            Some(Cell::Int(value)) => Some(*value),
            _ => None,
        }
    }

    /// The text in this column, if it is one.
    #[must_use]
    pub fn text(&self, column: usize) -> Option<&str> {
        match self.0.get(column) {
            Some(Cell::Text(value)) => Some(value),
            _ => None,
        }
    }

    /// The bytes in this column, if it has some.
    #[must_use]
    pub fn bytes(&self, column: usize) -> Option<&[u8]> {
        match self.0.get(column) {
            Some(Cell::Bytes(value)) => Some(value),
            _ => None,
        }
    }

    /// Moves the text out of this column, if it is one.
    #[must_use]
    pub fn take_text(&mut self, column: usize) -> Option<String> {
        match self.0.get_mut(column) {
            Some(Cell::Text(value)) => Some(std::mem::take(value)),
            _ => None,
        }
    }
}
