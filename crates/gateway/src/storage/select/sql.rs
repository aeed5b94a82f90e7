//! Queries in SQL, and the check that nothing they looked at has changed.

use std::sync::Arc;

use crate::host::Value;
use crate::storage::domain::Txid;
use crate::storage::filter::{Filter, Params};
use crate::storage::select::{Key, Order, Window};
use crate::storage::table::Table;

/// Rows that pass a filter, in an order. Columns: id, data, order.
#[derive(Debug, Clone)]
pub struct Select {
    /// The table.
    pub table: Arc<Table>,
    /// The owner.
    pub owner: Arc<str>,
    /// Which rows.
    pub filter: Arc<Filter>,
    /// In which order.
    pub order: Order,
    /// Only rows behind this place.
    pub after: Option<Key>,
    /// At most so many.
    pub limit: i64,
    /// So many are passed over first.
    pub offset: i64,
    /// As of this commit; `None`: as of the transaction's own snapshot.
    pub at: Option<Txid>,
    text: String,
    params: Vec<Value>,
}

/// Holds if no row of a window has changed since a commit.
#[derive(Debug, Clone)]
pub struct ValidateWindow {
    /// The table.
    pub table: Arc<Table>,
    /// The owner.
    pub owner: Arc<str>,
    /// The call's snapshot.
    pub since: Txid,
    /// What it looked at.
    pub window: Window,
    text: String,
    params: Vec<Value>,
}

/// What a [`Select`] is made of.
pub(super) struct Ask {
    pub table: Arc<Table>,
    pub owner: Arc<str>,
    pub filter: Arc<Filter>,
    pub order: Order,
    pub after: Option<Key>,
    pub limit: i64,
    pub offset: i64,
    pub at: Option<Txid>,
}

impl Select {
    pub(super) fn new(ask: Ask) -> Self {
        let mut params = Params::default();
        let mut base = vec![ask.table.mine(&params.text(&*ask.owner))];
        base.push(match ask.at {
            Some(at) => {
                let at = params.int(at.0);
                format!("_txid <= {at} AND (_deleted_txid IS NULL OR _deleted_txid > {at})")
            }
            None => "_deleted_txid IS NULL".to_owned(),
        });
        base.extend(Some(ask.filter.sql(&ask.table, &mut params)).filter(|sql| !sql.is_empty()));
        let base = base.join(" AND ");
        let (limit, offset) = (params.int(ask.limit), params.int(ask.offset));
        let direction = if ask.order.descending { "DESC" } else { "ASC" };
        let relation = ask.table.relation();
        let value = ask.order.sql();
        let sort = match &value {
            Some(value) => format!("{value} {direction}, _order {direction}"),
            None => format!("_order {direction}"),
        };
        let mut parts = match &ask.after {
            None => vec![String::new()],
            Some(after) => beyond(&ask.order, value.as_deref(), after, &mut params)
                .into_iter()
                .map(|condition| format!(" AND {condition}"))
                .collect(),
        };
        let text = if parts.len() == 1 {
            let condition = parts.remove(0);
            format!(
                "SELECT id, data::text, _order FROM kontract.{relation} WHERE {base}{condition} \
                 ORDER BY {sort} LIMIT {limit} OFFSET {offset}"
            )
        } else {
            // Each part is a stretch of the index; the parts follow one another.
            let value = value.unwrap_or_else(|| "NULL".to_owned());
            let parts: Vec<String> = parts
                .iter()
                .enumerate()
                .map(|(i, condition)| {
                    format!(
                        "(SELECT id, data, _order, {i} AS part, {value} AS value \
                         FROM kontract.{relation} WHERE {base}{condition} \
                         ORDER BY {sort} LIMIT {limit} + {offset})"
                    )
                })
                .collect();
            format!(
                "SELECT id, data::text, _order FROM ({}) AS parts \
                 ORDER BY part, value {direction}, _order {direction} LIMIT {limit} OFFSET {offset}",
                parts.join(" UNION ALL ")
            )
        };
        let Ask {
            table,
            owner,
            filter,
            order,
            after,
            limit,
            offset,
            at,
        } = ask;
        Self {
            table,
            owner,
            filter,
            order,
            after,
            limit,
            offset,
            at,
            text,
            params: params.done(),
        }
    }

    pub(crate) fn sql(&self) -> &str {
        &self.text
    }

    pub(crate) fn params(&self) -> Vec<Value> {
        self.params.clone()
    }
}

impl ValidateWindow {
    pub(crate) fn new(table: Arc<Table>, owner: Arc<str>, since: Txid, window: Window) -> Self {
        let mut params = Params::default();
        let mine = table.mine(&params.text(&*owner));
        let txid = params.int(since.0);
        let mut conditions = vec![mine, format!("(_txid > {txid} OR _deleted_txid > {txid})")];
        let filter = window.filter.sql(&table, &mut params);
        conditions.extend(Some(filter).filter(|sql| !sql.is_empty()));
        if let Some(until) = &window.until {
            conditions.push(within(&window.order, until, &mut params));
        }
        let text = format!(
            "SELECT 1 / (CASE WHEN EXISTS (SELECT 1 FROM kontract.{} WHERE {}) THEN 0 ELSE 1 END)",
            table.relation(),
            conditions.join(" AND ")
        );
        Self {
            table,
            owner,
            since,
            window,
            text,
            params: params.done(),
        }
    }

    pub(crate) fn sql(&self) -> &str {
        &self.text
    }

    pub(crate) fn params(&self) -> Vec<Value> {
        self.params.clone()
    }
}

/// The rows behind a place, in one or two stretches of the order.
fn beyond(order: &Order, value: Option<&str>, after: &Key, params: &mut Params) -> Vec<String> {
    let place = params.int(after.place.stored());
    let sign = if order.descending { "<" } else { ">" };
    match (value, &after.value, order.descending) {
        (None, ..) => vec![format!("_order {sign} {place}")],
        (Some(value), Some(scalar), false) => {
            let scalar = params.scalar(scalar);
            vec![
                format!("({value}, _order) > ({scalar}, {place})"),
                format!("{value} IS NULL"),
            ]
        }
        (Some(value), Some(scalar), true) => {
            vec![format!(
                "({value}, _order) < ({}, {place})",
                params.scalar(scalar)
            )]
        }
        (Some(value), None, false) => vec![format!("{value} IS NULL AND _order > {place}")],
        (Some(value), None, true) => vec![
            format!("{value} IS NULL AND _order < {place}"),
            format!("{value} IS NOT NULL"),
        ],
    }
}

/// The rows up to a place and at it.
fn within(order: &Order, until: &Key, params: &mut Params) -> String {
    let place = params.int(until.place.stored());
    let sign = if order.descending { ">=" } else { "<=" };
    match (order.sql(), &until.value, order.descending) {
        (None, ..) => format!("_order {sign} {place}"),
        (Some(value), Some(scalar), false) => {
            format!("({value}, _order) <= ({}, {place})", params.scalar(scalar))
        }
        (Some(value), Some(scalar), true) => {
            let scalar = params.scalar(scalar);
            format!("({value} IS NULL OR ({value}, _order) >= ({scalar}, {place}))")
        }
        (Some(value), None, false) => format!("({value} IS NOT NULL OR _order <= {place})"),
        (Some(value), None, true) => format!("{value} IS NULL AND _order >= {place}"),
    }
}
