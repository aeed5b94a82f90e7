//! Where the next page of a query starts.

use crate::storage::error::StorageError;

/// Pages run through stored rows by order, then through the call's own rows at the end. Rows the
/// call appends while it iterates are beyond `ceiling` and never visited, so a loop that pushes ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cursor {
    Stored { after: i64, ceiling: u64 },
    Own { after: u64, ceiling: u64 },
}

impl Cursor {
    pub fn parse(text: &str) -> Result<Self, StorageError> {
        let bad = || StorageError::InvalidValue("a cursor comes from the page before".to_owned());
        let (kind, rest) = text.split_at_checked(1).ok_or_else(bad)?;
        let (after, ceiling) = rest.split_once('.').ok_or_else(bad)?;
        let ceiling = ceiling.parse().map_err(|_| bad())?;
        match kind {
            "s" => Ok(Self::Stored {
                after: after.parse().map_err(|_| bad())?,
                ceiling,
            }),
            "o" => Ok(Self::Own {
                after: after.parse().map_err(|_| bad())?,
                ceiling,
            }),
            _ => Err(bad()),
        }
    }

    pub fn write(self) -> String {
        match self {
            Self::Stored { after, ceiling } => format!("s{after}.{ceiling}"),
            Self::Own { after, ceiling } => format!("o{after}.{ceiling}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_does() {
        for cursor in [
            Cursor::Stored {
                after: i64::MIN,
                ceiling: u64::MAX,
            },
            Cursor::Own {
                after: 3,
                ceiling: 9,
            },
        ] {
            assert_eq!(Cursor::parse(&cursor.write()), Ok(cursor));
        }
        for text in ["", "s", "s1", "x1.2", "o-1.2", "é1.2", "s1.2.3"] {
            assert!(Cursor::parse(text).is_err(), "{text}");
        }
    }
}
