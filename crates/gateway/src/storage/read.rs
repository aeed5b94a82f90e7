//! The operations of a table, as a call uses them: reads overlaid with what the call has written.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::host::{Entropy, Host, Row};
use crate::perm::Perm;
use crate::storage::cursor::Cursor;
use crate::storage::domain::{Snapshot, Txid};
use crate::storage::error::StorageError;
use crate::storage::json;
use crate::storage::overlay::{Base, Overlay, Seen};
use crate::storage::select::Query;
use crate::storage::statement::{Direction, Statement, snapshot_of};
use crate::storage::table::Table;
use crate::storage::transaction::Transaction;

/// Rows of a page.
const PAGE: usize = 256;

/// One page of a query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// JSON text of each row, in the table's order.
    pub rows: Vec<String>,
    /// Where the next page starts; `None` after the last.
    pub cursor: Option<String>,
}

impl<H: Host> Transaction<H> {
    /// The row of this id, as JSON text.
    pub async fn get(&self, table: &str, id: &str) -> Result<Option<String>, StorageError> {
        let table = self.permitted(table, "get", Perm::R).await?;
        table.check_id(id)?;
        match self.look_up(&table, id).await? {
            Seen::Own(own) => Ok(Some(table.shown(&own.text)?)),
            Seen::Stored(base) => Ok(Some(table.shown(&base.text)?)),
            Seen::Absent | Seen::Unknown => Ok(None),
        }
    }

    /// Writes a row, new or in place of the one of this id.
    pub async fn set(&self, table: &str, id: &str, json: &str) -> Result<(), StorageError> {
        let table = self.permitted(table, "set", Perm::W).await?;
        table.check_id(id)?;
        let mut row = json::parse_object(json)?;
        self.look_up(&table, id).await?;
        self.write(&table, |overlay| {
            let old = if table.row_is_needed() {
                current(overlay, id)?
            } else {
                None
            };
            table.admit(id, old.as_ref(), &mut row)?;
            overlay.put(id, row);
            Ok(())
        })
    }

    /// Writes some members of a row that is there, and leaves the others.
    pub async fn update(&self, table: &str, id: &str, json: &str) -> Result<(), StorageError> {
        let table = self.permitted(table, "update", Perm::W).await?;
        table.check_id(id)?;
        let part = json::parse_object(json)?;
        self.look_up(&table, id).await?;
        self.write(&table, |overlay| {
            let Some(old) = current(overlay, id)? else {
                return Err(StorageError::NotFound {
                    table: table.id().to_owned(),
                    id: id.to_owned(),
                });
            };
            let mut row = old.clone();
            row.extend(part);
            table.admit(id, Some(&old), &mut row)?;
            overlay.put(id, row);
            Ok(())
        })
    }

    /// Deletes the row of this id; whether it was there.
    pub async fn delete(&self, table: &str, id: &str) -> Result<bool, StorageError> {
        let table = self.permitted(table, "delete", Perm::X).await?;
        table.check_id(id)?;
        self.look_up(&table, id).await?;
        self.write(&table, |overlay| {
            let there = matches!(overlay.seen(id), Seen::Own(_) | Seen::Stored(_));
            if there {
                overlay.delete(id);
            }
            Ok(there)
        })
    }

    /// Appends a row; its id. A row that names none gets a new UUID version 7.
    pub async fn push(&self, table: &str, json: &str) -> Result<String, StorageError> {
        let table = self.permitted(table, "push", Perm::W).await?;
        let mut row = json::parse_object(json)?;
        let id = if let Some(id) = table.id_in(&row)? {
            id
        } else {
            let id = self.new_id();
            table.name(&mut row, &id)?;
            id
        };
        table.check_fields(&row)?;
        self.write(&table, |overlay| match overlay.push(&id, row) {
            Ok(()) => Ok(id),
            Err(_) => Err(StorageError::AlreadyExists(table.id().to_owned())),
        })
    }

    /// Takes the last row.
    pub async fn pop(&self, table: &str) -> Result<Option<String>, StorageError> {
        let table = self.permitted(table, "pop", Perm::RX).await?;
        let own = self.state().overlay(&table).last_appended();
        if let Some(id) = own {
            return self.take(&table, &id);
        }
        match self.end_row(&table, Direction::Backward).await? {
            Some(id) => self.take(&table, &id),
            None => Ok(None),
        }
    }

    /// Takes the first row.
    pub async fn shift(&self, table: &str) -> Result<Option<String>, StorageError> {
        let table = self.permitted(table, "shift", Perm::RX).await?;
        if let Some(id) = self.end_row(&table, Direction::Forward).await? {
            return self.take(&table, &id);
        }
        let own = self.state().overlay(&table).first_appended();
        own.map_or(Ok(None), |id| self.take(&table, &id))
    }

    /// A page of the rows that contain `filter` (as `jsonb` has it), or of all rows, in order. Pages of
    /// one query share the call's snapshot; rows the call appends while it turns pages are not among
    /// them. [`Transaction::select`] asks for more.
    pub async fn query(
        &self,
        table: &str,
        filter: Option<&str>,
        cursor: Option<&str>,
    ) -> Result<Page, StorageError> {
        let table = self.readable(table).await?;
        let filter = filter.map(json::parse_object).transpose()?;
        match filter.filter(|filter| !filter.is_empty()) {
            Some(filter) => self.page(&table, &Query::containing(filter), cursor).await,
            None => self.iterate(&table, cursor).await,
        }
    }

    pub(super) async fn readable(&self, table: &str) -> Result<Arc<Table>, StorageError> {
        self.permitted(table, "query", Perm::R).await
    }

    async fn iterate(
        &self,
        table: &Arc<Table>,
        cursor: Option<&str>,
    ) -> Result<Page, StorageError> {
        let cursor = match cursor {
            Some(cursor) => Cursor::parse(cursor)?,
            None => self.start(table),
        };
        let (mut found, next) = match cursor {
            Cursor::Stored { after, ceiling } => self.stored_page(table, after, ceiling).await?,
            own @ Cursor::Own { .. } => (Vec::new(), Some(own)),
        };
        let mut next = next;
        if let Some(Cursor::Own { after, ceiling }) = next
            && found.len() < PAGE
        {
            let mut state = self.state();
            let overlay = state.overlay(table);
            let mut rows = overlay.appended(after, ceiling);
            next = None;
            for (sequence, row) in rows.by_ref() {
                found.push(row);
                if found.len() == PAGE {
                    next = Some(Cursor::Own {
                        after: sequence,
                        ceiling,
                    });
                    break;
                }
            }
        }
        let rows = found
            .iter()
            .map(|row| table.shown(row))
            .collect::<Result<_, _>>()?;
        Ok(Page {
            rows,
            cursor: next.map(Cursor::write),
        })
    }

    fn start(&self, table: &Table) -> Cursor {
        let mut state = self.state();
        let overlay = state.overlay(table);
        overlay.dependencies.on_all();
        Cursor::Stored {
            after: Direction::Forward.start(),
            ceiling: overlay.sequence(),
        }
    }

    async fn stored_page(
        &self,
        table: &Arc<Table>,
        after: i64,
        ceiling: u64,
    ) -> Result<(Vec<Arc<str>>, Option<Cursor>), StorageError> {
        let rows = self.rows(table, Direction::Forward, after, PAGE).await?;
        let last = rows.last().map_or(after, |(_, base)| base.order);
        let (until, next) = if rows.len() == PAGE {
            (
                last,
                Cursor::Stored {
                    after: last,
                    ceiling,
                },
            )
        } else {
            (i64::MAX, Cursor::Own { after: 0, ceiling })
        };
        let mut state = self.state();
        let overlay = state.overlay(table);
        let mut found = overlay.kept(after, until);
        for (id, base) in rows {
            overlay.remember(&id, Some(base.clone()), false);
            if !overlay.is_written(&id) {
                found.push((base.order, base.text));
            }
        }
        found.sort_by_key(|(order, _)| *order);
        Ok((found.into_iter().map(|(_, row)| row).collect(), Some(next)))
    }

    /// The stored row at one end that this call has not deleted.
    async fn end_row(
        &self,
        table: &Arc<Table>,
        direction: Direction,
    ) -> Result<Option<String>, StorageError> {
        let mut after = direction.start();
        loop {
            // One row suffices unless this call has taken some already.
            let limit = (self.state().overlay(table).written() + 1).min(PAGE);
            let rows = self.rows(table, direction, after, limit).await?;
            let exhausted = rows.len() < limit;
            let mut state = self.state();
            let overlay = state.overlay(table);
            for (id, base) in rows {
                after = base.order;
                overlay.remember(&id, Some(base), true);
                if overlay.stands_at(&id, after) {
                    match direction {
                        Direction::Backward => overlay.dependencies.on_last(after),
                        Direction::Forward => overlay.dependencies.on_first(after),
                    }
                    return Ok(Some(id));
                }
            }
            if exhausted {
                overlay.dependencies.on_all();
                return Ok(None);
            }
        }
    }

    fn take(&self, table: &Table, id: &str) -> Result<Option<String>, StorageError> {
        self.write(table, |overlay| {
            let text = match overlay.seen(id) {
                Seen::Own(own) => own.text,
                Seen::Stored(base) => base.text,
                Seen::Absent | Seen::Unknown => return Ok(None),
            };
            overlay.delete(id);
            Ok(Some(table.shown(&text)?))
        })
    }

    pub(super) async fn look_up(&self, table: &Arc<Table>, id: &str) -> Result<Seen, StorageError> {
        {
            let mut state = self.state();
            let overlay = state.overlay(table);
            let seen = overlay.seen(id);
            if !matches!(seen, Seen::Own(_)) {
                overlay.dependencies.on_id(id);
            }
            if !matches!(seen, Seen::Unknown) {
                return Ok(seen);
            }
        }
        let rows = self
            .read(|snapshot| Statement::ReadRow {
                table: table.clone(),
                owner: self.owner.clone(),
                id: id.to_owned(),
                at: at(table, snapshot),
                sid: self.unanswered_sid(snapshot),
            })
            .await?;
        let mut row = rows.into_iter().next().ok_or(StorageError::Internal)?;
        let base = match row.text(6) {
            None => None,
            Some(_) => Some(base_of(&mut row, 6)?),
        };
        let mut state = self.state();
        let overlay = state.overlay(table);
        overlay.remember(id, base, true);
        Ok(overlay.seen(id))
    }

    async fn rows(
        &self,
        table: &Arc<Table>,
        direction: Direction,
        after: i64,
        limit: usize,
    ) -> Result<Vec<(String, Base)>, StorageError> {
        let rows = self
            .read(|snapshot| Statement::ReadRows {
                table: table.clone(),
                owner: self.owner.clone(),
                filter: None,
                direction,
                after,
                limit: i64::try_from(limit).unwrap_or(i64::MAX),
                at: at(table, snapshot),
            })
            .await?;
        let named = |mut row: Row| {
            let id = row.take_text(0).ok_or(StorageError::Internal)?;
            Ok((id, base_of(&mut row, 1)?))
        };
        rows.into_iter().map(named).collect()
    }

    /// One change to the buffer, in one go: nothing of a concurrent operation comes between.
    fn write<T>(
        &self,
        table: &Table,
        change: impl FnOnce(&mut Overlay) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let mut state = self.state();
        if state.closed {
            return Err(StorageError::Closed);
        }
        let result = change(state.overlay(table))?;
        if let Err(error) = Self::check_budget(&state) {
            state.doomed = Some(error.clone());
            return Err(error);
        }
        Ok(result)
    }

    fn new_id(&self) -> String {
        let mut entropy = [0; 10];
        self.host.entropy().fill(&mut entropy);
        let unix_ms = crate::host::Clock::unix_ms(self.host.clock());
        kontract_raystream::SessionId::new_v7(unix_ms, entropy).to_string()
    }
}

fn at(table: &Table, snapshot: Option<&Snapshot>) -> Option<Txid> {
    snapshot.map(|snapshot| snapshot_of(table, snapshot))
}

pub(super) fn base_of(row: &mut Row, column: usize) -> Result<Base, StorageError> {
    let order = row.int(column + 1).ok_or(StorageError::Internal)?;
    let text = row.take_text(column).ok_or(StorageError::Internal)?;
    Ok(Base {
        text: text.into(),
        order,
    })
}

/// The row as it stands for this call, parsed.
fn current(overlay: &Overlay, id: &str) -> Result<Option<Map<String, Value>>, StorageError> {
    match overlay.seen(id) {
        Seen::Own(own) => Ok(Some(Map::clone(&own.row))),
        Seen::Stored(base) => match serde_json::from_str(&base.text) {
            Ok(row) => Ok(Some(row)),
            Err(error) => {
                tracing::error!(%error, "a stored row is not an object");
                Err(StorageError::Internal)
            }
        },
        Seen::Absent | Seen::Unknown => Ok(None),
    }
}
