//! One page of a query: stored rows as the database orders them, the call's own rows merged in.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::host::{Host, Row};
use crate::storage::error::StorageError;
use crate::storage::overlay::{Base, Seen};
use crate::storage::read::{Page, base_of};
use crate::storage::select::key::Place;
use crate::storage::select::run::Run;
use crate::storage::select::sql::Ask;
use crate::storage::select::{Key, Order, Query, Select, Window};
use crate::storage::statement::{Statement, snapshot_of};
use crate::storage::table::Table;
use crate::storage::transaction::Transaction;

/// Rows of a page.
const PAGE: usize = 256;
/// Rows asked for in one trip, with those that will turn out to be written over.
const MOST: u64 = 1024;

/// How far a query has come.
#[derive(Debug, Default)]
struct Progress {
    /// The last stored row that has been looked at.
    after: Option<Key>,
    /// Whether that was the last there is.
    stored_done: bool,
    /// Own rows that have been looked at.
    own: usize,
    /// Rows still to pass over.
    skip: u64,
    /// Rows still to give out.
    left: Option<u64>,
    /// What is kept of the call's own rows.
    run: Option<u64>,
}

/// A page being filled.
struct Filling {
    rows: Vec<Arc<str>>,
    /// The last row given out or passed over.
    last: Option<Key>,
}

impl<H: Host> Transaction<H> {
    /// A page of a query ([`Query::parse`] has its form), in the query's order. Every page is of the
    /// table as it stood for this call when the query started.
    pub async fn select(
        &self,
        table: &str,
        query: &str,
        cursor: Option<&str>,
    ) -> Result<Page, StorageError> {
        let table = self.readable(table).await?;
        let query = Query::parse(query, &table)?;
        self.page(&table, &query, cursor).await
    }

    pub(in crate::storage) async fn page(
        &self,
        table: &Arc<Table>,
        query: &Query,
        cursor: Option<&str>,
    ) -> Result<Page, StorageError> {
        query.admit(table)?;
        let (mut progress, run) = match cursor {
            Some(cursor) => self.resume(table, cursor)?,
            None => self.begin(table, query).await?,
        };
        let mut page = Filling {
            rows: Vec::new(),
            last: None,
        };
        let mut exhausted = false;
        while !exhausted && !is_full(&page, &progress) {
            let rows = self.fetch(table, query, &mut progress, &run, &page).await?;
            exhausted = merge(table, query, &mut progress, &run, &mut page, rows)?;
        }
        if exhausted || page.last.is_some() {
            let until = page.last.filter(|_| !exhausted);
            self.depend(table, query, until);
        }
        let ended = exhausted || progress.left == Some(0);
        let mut state = self.state();
        let overlay = state.overlay(table);
        match (ended, progress.run) {
            (true, Some(run)) => overlay.runs.end(run),
            (false, None) if !run.is_empty() => progress.run = Some(overlay.runs.keep(run)?),
            _ => {}
        }
        drop(state);
        let rows = page.rows.iter().map(|row| table.shown(row));
        Ok(Page {
            rows: rows.collect::<Result<_, _>>()?,
            cursor: (!ended).then(|| progress.write()),
        })
    }

    /// What the call has written so far, and where among it the query starts.
    async fn begin(
        &self,
        table: &Arc<Table>,
        query: &Query,
    ) -> Result<(Progress, Arc<Run>), StorageError> {
        let after = match &query.after {
            Some(id) => Some(self.key_of(table, id, &query.order).await?),
            None => None,
        };
        let run = self.state().overlay(table).run(&query.filter, &query.order);
        let own = after.as_ref().map_or(0, |after| {
            run.own
                .partition_point(|(key, _)| query.order.compare(key, after).is_le())
        });
        let progress = Progress {
            after,
            own,
            skip: query.offset,
            left: query.limit,
            ..Progress::default()
        };
        Ok((progress, Arc::new(run)))
    }

    fn resume(&self, table: &Table, cursor: &str) -> Result<(Progress, Arc<Run>), StorageError> {
        let progress = Progress::read(cursor).ok_or_else(bad_cursor)?;
        let run = match progress.run {
            Some(id) => self
                .state()
                .overlay(table)
                .runs
                .find(id)
                .ok_or_else(bad_cursor)?,
            None => Arc::default(),
        };
        Ok((progress, run))
    }

    /// Where the row of this id stands for this call.
    async fn key_of(
        &self,
        table: &Arc<Table>,
        id: &str,
        order: &Order,
    ) -> Result<Key, StorageError> {
        let missing = || StorageError::NotFound {
            table: table.id().to_owned(),
            id: id.to_owned(),
        };
        match self.look_up(table, id).await? {
            Seen::Own(own) => {
                let place = self.state().overlay(table).place(id).ok_or_else(missing)?;
                Ok(order.key(&own.row, place))
            }
            Seen::Stored(base) => stored_key(order, &base),
            Seen::Absent | Seen::Unknown => Err(missing()),
        }
    }

    /// The next stored rows, enough for what is left of the page.
    async fn fetch(
        &self,
        table: &Arc<Table>,
        query: &Query,
        progress: &mut Progress,
        run: &Run,
        page: &Filling,
    ) -> Result<Option<Vec<(String, Base)>>, StorageError> {
        if progress.stored_done {
            return Ok(None);
        }
        // Rows are passed over here only where the call's own are among them.
        let offset = if run.is_empty() {
            std::mem::take(&mut progress.skip)
        } else {
            0
        };
        let room = (PAGE - page.rows.len()) as u64;
        let wanted = progress.left.map_or(room, |left| left.min(room));
        let wanted = wanted + progress.skip + run.written.len() as u64;
        let limit = wanted.min(MOST);
        let rows = self
            .read(|snapshot| {
                Statement::Select(Box::new(Select::new(Ask {
                    table: table.clone(),
                    owner: self.owner.clone(),
                    filter: query.filter.clone(),
                    order: query.order.clone(),
                    after: progress.after.clone(),
                    limit: i64::try_from(limit).unwrap_or(i64::MAX),
                    offset: i64::try_from(offset).unwrap_or(i64::MAX),
                    at: snapshot.map(|snapshot| snapshot_of(table, snapshot)),
                })))
            })
            .await?;
        progress.stored_done = (rows.len() as u64) < limit;
        let named = |mut row: Row| -> Result<(String, Base), StorageError> {
            let id = row.take_text(0).ok_or(StorageError::Internal)?;
            Ok((id, base_of(&mut row, 1)?))
        };
        let rows: Vec<_> = rows.into_iter().map(named).collect::<Result<_, _>>()?;
        let mut state = self.state();
        let overlay = state.overlay(table);
        for (id, base) in &rows {
            overlay.remember(id, Some(base.clone()), false);
        }
        Ok(Some(rows))
    }

    fn depend(&self, table: &Table, query: &Query, until: Option<Key>) {
        let mut state = self.state();
        let dependencies = &mut state.overlay(table).dependencies;
        match (&until, query.filter.containment()) {
            (None, _) if query.filter.is_empty() => dependencies.on_all(),
            (None, Some(members)) => {
                dependencies.on_filter(&Value::Object(members.clone()).to_string());
            }
            _ => dependencies.on_window(Window {
                filter: query.filter.clone(),
                order: query.order.clone(),
                until,
            }),
        }
    }
}

/// Puts stored rows and own ones into the page, in order, until it is full; whether all there are
/// have been looked at.
fn merge(
    table: &Table,
    query: &Query,
    progress: &mut Progress,
    run: &Run,
    page: &mut Filling,
    rows: Option<Vec<(String, Base)>>,
) -> Result<bool, StorageError> {
    let order = &query.order;
    let mut looked_at: Option<Base> = None;
    let mut rows = rows.into_iter().flatten();
    let mut next = rows.next();
    let mut full = is_full(page, progress);
    while let Some((id, base)) = next.take().filter(|_| !full) {
        let own = run.own.get(progress.own);
        let before = match own {
            Some((key, text)) => {
                let stored = stored_key(order, &base)?;
                order.compare(key, &stored).is_lt().then_some((key, text))
            }
            None => None,
        };
        if let Some((key, text)) = before {
            progress.own += 1;
            give(page, progress, key.clone(), text.clone());
            next = Some((id, base));
        } else {
            if !run.written.contains(&id) {
                give_stored(page, progress, order, &base)?;
            }
            looked_at = Some(base);
            next = rows.next();
        }
        full = is_full(page, progress);
    }
    if let Some(base) = looked_at {
        progress.after = Some(stored_key(order, &base)?);
    }
    if next.is_some() || rows.next().is_some() {
        // What was fetched and not looked at is fetched again.
        progress.stored_done = false;
    }
    if !progress.stored_done {
        return Ok(false);
    }
    while !is_full(page, progress) {
        let Some((key, text)) = run.own.get(progress.own) else {
            tracing::trace!(table = table.id(), "a query has seen all its rows");
            return Ok(true);
        };
        progress.own += 1;
        give(page, progress, key.clone(), text.clone());
    }
    Ok(false)
}

fn is_full(page: &Filling, progress: &Progress) -> bool {
    page.rows.len() >= PAGE || progress.left == Some(0)
}

fn give_stored(
    page: &mut Filling,
    progress: &mut Progress,
    order: &Order,
    base: &Base,
) -> Result<(), StorageError> {
    let key = stored_key(order, base)?;
    give(page, progress, key, base.text.clone());
    Ok(())
}

fn give(page: &mut Filling, progress: &mut Progress, key: Key, text: Arc<str>) {
    page.last = Some(key);
    if progress.skip > 0 {
        progress.skip -= 1;
        return;
    }
    progress.left = progress.left.map(|left| left.saturating_sub(1));
    page.rows.push(text);
}

fn stored_key(order: &Order, base: &Base) -> Result<Key, StorageError> {
    let place = Place::Stored(base.order);
    if order.field.is_none() {
        return Ok(order.key(&Map::new(), place));
    }
    match serde_json::from_str::<Map<String, Value>>(&base.text) {
        Ok(row) => Ok(order.key(&row, place)),
        Err(error) => {
            tracing::error!(%error, "a stored row is not an object");
            Err(StorageError::Internal)
        }
    }
}

fn bad_cursor() -> StorageError {
    StorageError::InvalidValue("a cursor comes from the page before".to_owned())
}

impl Progress {
    /// `q[value, order, done, own, skip, left, run]`; `order` is null where no stored row was seen.
    fn write(&self) -> String {
        let value = self
            .after
            .as_ref()
            .and_then(|key| Some(key.value.as_ref()?.json()));
        let order = self.after.as_ref().map(|key| key.place.stored());
        let (done, own) = (self.stored_done, self.own);
        let fields = serde_json::json!([value, order, done, own, self.skip, self.left, self.run]);
        format!("q{fields}")
    }

    fn read(text: &str) -> Option<Self> {
        type Fields = (
            Value,
            Option<i64>,
            bool,
            usize,
            u64,
            Option<u64>,
            Option<u64>,
        );
        let fields: Fields = serde_json::from_str(text.strip_prefix('q')?).ok()?;
        let (value, order, stored_done, own, skip, left, run) = fields;
        let after = order.map(|order| Key {
            value: crate::storage::filter::Scalar::of(&value),
            place: Place::Stored(order),
        });
        Some(Self {
            after,
            stored_done,
            own,
            skip,
            left,
            run,
        })
    }
}
