//! How each [`Statement`] reads in SQL. Texts are constant, per table where they name one, so that
//! a driver can keep them prepared; everything a caller chose is a parameter.

use crate::host::Value;
use crate::manifest::{TableEntry, Tenancy};
use crate::storage::domain::{Domain, Slot};
use crate::storage::statement::{Direction, Statement};

const CATALOG: &str = "SELECT id, ptr, permissions::bigint FROM kontract.storage WHERE owner = '*'";

const DATA_ROLE: &str = "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_roles \
     WHERE rolname = 'kt_data' AND pg_catalog.pg_has_role(oid, 'MEMBER') \
     AND pg_catalog.has_schema_privilege(oid, 'kontract', 'USAGE'))::int::bigint";

const SNAPSHOTS: &str = "SELECT d.name, \
     coalesce((SELECT max(c.create_txid) FROM kontract.trxs c WHERE c.owner = d.name), 0), \
     coalesce((SELECT h.create_txid FROM kontract.trxs h WHERE h.sid = 'gc:' || d.name), 0) \
     FROM unnest($1::text[]) AS d(name)";

const STORED: &str = "SELECT req_hash, reply FROM kontract.trxs WHERE sid = $1::text";

const ENSURE_DOMAIN: &str = "INSERT INTO kontract.trxs (sid, owner, create_txid) \
     VALUES ('lock:' || $1::text, $1::text, NULL), ('init:' || $1::text, $1::text, 0) \
     ON CONFLICT DO NOTHING";

// Microseconds since 1970. A domain that is made anew has another one; a backup that is restored has
// the same, and its newer commits are missing instead.
const EPOCH: &str = "SELECT (extract(epoch FROM ts) * 1000000)::bigint FROM kontract.trxs \
     WHERE sid = 'init:' || $1::text";

// The setting dies with the transaction: NEXT_TXID proves by it that it runs in one that has locked.
const LOCK_MUTEX: &str = "SELECT 1 / count(*), set_config('kontract.mutex', 'held', true) \
     FROM (SELECT 1 FROM kontract.trxs WHERE sid = 'lock:' || $1::text FOR NO KEY UPDATE) AS mutex";

// The txid goes into a setting because the role that writes rows cannot read `trxs`.
const NEXT_TXID_OWN: &str = "WITH next AS (\
     INSERT INTO kontract.trxs (sid, owner, create_txid, req_hash, reply) \
     SELECT $1::text, $2::text, max(create_txid) + 1, $3::bytea, $4::bytea FROM kontract.trxs \
     WHERE owner = $2::text AND current_setting('kontract.mutex', true) = 'held' \
     HAVING max(create_txid) IS NOT NULL RETURNING create_txid) \
     SELECT create_txid, set_config('kontract.txid_own', create_txid::text, true) FROM next";
const NEXT_TXID_SHARED: &str = "WITH next AS (\
     INSERT INTO kontract.trxs (sid, owner, create_txid, req_hash, reply) \
     SELECT $1::text, $2::text, max(create_txid) + 1, $3::bytea, $4::bytea FROM kontract.trxs \
     WHERE owner = $2::text AND current_setting('kontract.mutex', true) = 'held' \
     HAVING max(create_txid) IS NOT NULL RETURNING create_txid) \
     SELECT create_txid, set_config('kontract.txid_shared', create_txid::text, true) FROM next";

const CHECK_HORIZON: &str = "SELECT 1 / (CASE WHEN coalesce(\
     (SELECT create_txid FROM kontract.trxs WHERE sid = 'gc:' || $1::text), 0) <= $2::bigint \
     THEN 1 ELSE 0 END)";

const ACT_AS_ROLE: &str = "SELECT set_config('kontract.owner', $1::text, true), \
     set_config('role', $2::text, true)";
const ACT_AS_OWNER: &str = "SELECT set_config('kontract.owner', $1::text, true)";
const ACT_AS_SELF: &str = "SELECT set_config('role', 'none', true)";

/// The texts that name one table.
#[derive(Debug)]
pub struct TableSql {
    read_row: [String; 2],
    // [as of a commit][filtered][backward]
    read_rows: [[[String; 2]; 2]; 2],
    changes: String,
    validate: String,
    check_absent: String,
    close_rows: String,
    insert_rows: String,
}

impl TableSql {
    /// `entry.ptr` has been checked to be a plain name ([`crate::manifest::Manifest::parse`]).
    pub(super) fn new(entry: &TableEntry) -> Self {
        let ptr = &entry.ptr;
        // Shared tables take the owner too, so that parameters count alike; it filters nothing.
        let (mine, txid) = match entry.tenancy {
            Tenancy::Own | Tenancy::Isolated => ("_owner = $1::text", "kontract.txid_own"),
            Tenancy::Shared => ("$1::text IS NOT NULL", "kontract.txid_shared"),
        };
        let rows = |at: bool, filtered: bool, backward: bool| {
            let visible = if at {
                "_txid <= $5::bigint AND (_deleted_txid IS NULL OR _deleted_txid > $5::bigint)"
            } else {
                "$5::bigint IS NULL AND _deleted_txid IS NULL"
            };
            let filter = if filtered {
                "data @> $2::text::jsonb"
            } else {
                "$2::text IS NULL"
            };
            let (beyond, order) = if backward {
                ("<", "DESC")
            } else {
                (">", "ASC")
            };
            format!(
                "SELECT id, data::text, _order FROM kontract.{ptr} WHERE {mine} AND {visible} \
                 AND {filter} AND _order {beyond} $3::bigint ORDER BY _order {order} LIMIT $4::bigint"
            )
        };
        let both = |at: bool, filtered: bool| [rows(at, filtered, false), rows(at, filtered, true)];
        Self {
            read_row: [
                format!(
                    "SELECT data::text, _order FROM kontract.{ptr} \
                     WHERE {mine} AND id = $2::text AND _deleted_txid IS NULL AND $3::bigint IS NULL"
                ),
                // Newest first, then the test for deletion: one index probe however long the history.
                format!(
                    "SELECT data::text, _order FROM (SELECT data, _order, _deleted_txid \
                     FROM kontract.{ptr} WHERE {mine} AND id = $2::text AND _txid <= $3::bigint \
                     ORDER BY _txid DESC LIMIT 1) AS newest \
                     WHERE _deleted_txid IS NULL OR _deleted_txid > $3::bigint"
                ),
            ],
            read_rows: [
                [both(false, false), both(false, true)],
                [both(true, false), both(true, true)],
            ],
            // A commit closes one version of a row and inserts the next under the same txid: both are an
            // update, one alone is a delete or an insert. Numbered and measured after the limit, so that
            // a page costs a page; the row beyond it tells whether its last commit goes on.
            changes: format!(
                "SELECT txid, id, kind, data, next FROM (\
                 SELECT txid, id, kind, data, lead(txid) OVER told AS next, \
                 row_number() OVER told AS number, \
                 coalesce(sum(octet_length(data)) OVER told, 0) - coalesce(octet_length(data), 0) \
                 AS before FROM (\
                 SELECT _txid AS txid, id, data::text AS data, \
                 CASE WHEN EXISTS (SELECT 1 FROM kontract.{ptr} AS o WHERE {mine} AND o.id = n.id \
                 AND o._deleted_txid = n._txid) THEN 2 ELSE 1 END::bigint AS kind \
                 FROM kontract.{ptr} AS n WHERE {mine} AND _txid >= $2::bigint \
                 AND (_txid > $2::bigint OR id > $3::text) \
                 UNION ALL \
                 SELECT _deleted_txid, id, NULL, 3 FROM kontract.{ptr} AS n \
                 WHERE {mine} AND _deleted_txid >= $2::bigint \
                 AND (_deleted_txid > $2::bigint OR id > $3::text) \
                 AND NOT EXISTS (SELECT 1 FROM kontract.{ptr} AS o WHERE {mine} AND o.id = n.id \
                 AND o._txid = n._deleted_txid) \
                 ORDER BY 1, 2 LIMIT $4::bigint + 1) AS page \
                 WINDOW told AS (ORDER BY txid, id)) AS measured \
                 WHERE number <= $4::bigint AND before < $5::bigint ORDER BY txid, id"
            ),
            validate: format!(
                "SELECT 1 / (CASE WHEN EXISTS (SELECT 1 FROM kontract.{ptr} WHERE {mine} \
                 AND (_txid > $2::bigint OR _deleted_txid > $2::bigint) \
                 AND ($3::bigint = 1 OR id = ANY($4::text[]) OR data @> ANY($5::text[]::jsonb[]) \
                 OR _order >= $6::bigint OR _order <= $7::bigint)) THEN 0 ELSE 1 END)"
            ),
            check_absent: format!(
                "SELECT 1 / (CASE WHEN EXISTS (SELECT 1 FROM kontract.{ptr} WHERE {mine} \
                 AND id = ANY($2::text[]) AND _deleted_txid IS NULL) THEN 0 ELSE 1 END)"
            ),
            close_rows: format!(
                "UPDATE kontract.{ptr} SET _deleted_txid = current_setting('{txid}')::bigint \
                 WHERE {mine} AND id = ANY($2::text[]) AND _deleted_txid IS NULL"
            ),
            // The version goes on from the row's history, so (id, version) never repeats. A row that
            // keeps its order has just been closed, so the last live one does not tell the end.
            insert_rows: format!(
                "INSERT INTO kontract.{ptr} (id, data, _version, _txid, _owner, _order) \
                 SELECT n.id, n.data::jsonb, coalesce((SELECT _version FROM kontract.{ptr} \
                 WHERE {mine} AND id = n.id ORDER BY _txid DESC LIMIT 1), 0) + 1, \
                 current_setting('{txid}')::bigint, $1::text, coalesce(n._order, \
                 greatest(0, (SELECT max(_order) FROM kontract.{ptr} \
                 WHERE {mine} AND _deleted_txid IS NULL), \
                 (SELECT max(kept) FROM unnest($4::bigint[]) AS kept)) + n.rank) \
                 FROM unnest($2::text[], $3::text[], $4::bigint[]) WITH ORDINALITY \
                 AS n(id, data, _order, rank)"
            ),
        }
    }
}

impl Statement {
    /// The statement's text. Constant for a kind and a table.
    #[must_use]
    pub fn sql(&self) -> &str {
        match self {
            Self::Catalog => CATALOG,
            Self::DataRole => DATA_ROLE,
            Self::BeginRead => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Self::BeginWrite => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
            Self::Commit => "COMMIT",
            Self::Rollback => "ROLLBACK",
            Self::Snapshots { .. } => SNAPSHOTS,
            Self::Stored { .. } => STORED,
            Self::EnsureDomain { .. } => ENSURE_DOMAIN,
            Self::LockMutex { .. } => LOCK_MUTEX,
            Self::NextTxid { domain, .. } => match domain.slot() {
                Slot::Own => NEXT_TXID_OWN,
                Slot::Shared => NEXT_TXID_SHARED,
            },
            Self::CheckHorizon { .. } => CHECK_HORIZON,
            Self::ActAs { role: Some(_), .. } => ACT_AS_ROLE,
            Self::ActAs { role: None, .. } => ACT_AS_OWNER,
            Self::ActAsSelf => ACT_AS_SELF,
            Self::ReadRow { table, at, .. } => &table.sql().read_row[usize::from(at.is_some())],
            Self::ReadRows {
                table,
                filter,
                direction,
                at,
                ..
            } => {
                &table.sql().read_rows[usize::from(at.is_some())][usize::from(filter.is_some())]
                    [usize::from(*direction == Direction::Backward)]
            }
            Self::Changes { table, .. } => &table.sql().changes,
            Self::Epoch { .. } => EPOCH,
            Self::Validate { table, .. } => &table.sql().validate,
            Self::CheckAbsent { table, .. } => &table.sql().check_absent,
            Self::CloseRows { table, .. } => &table.sql().close_rows,
            Self::InsertRows { table, .. } => &table.sql().insert_rows,
        }
    }

    /// The statement's parameters, in order.
    #[must_use]
    pub fn params(&self) -> Vec<Value> {
        let text = |text: &str| Value::Text(text.to_owned());
        let name = |domain: &Domain| text(domain.name());
        match self {
            Self::Catalog
            | Self::DataRole
            | Self::BeginRead
            | Self::BeginWrite
            | Self::Commit
            | Self::Rollback
            | Self::ActAsSelf => Vec::new(),
            Self::Snapshots { domains } => {
                vec![Value::Texts(
                    domains.iter().map(|d| d.name().to_owned()).collect(),
                )]
            }
            Self::Stored { sid } => vec![text(sid)],
            Self::EnsureDomain { domain } | Self::LockMutex { domain } | Self::Epoch { domain } => {
                vec![name(domain)]
            }
            Self::Changes {
                owner,
                after,
                limit,
                bytes,
                ..
            } => vec![
                text(owner),
                Value::Int(after.txid.0),
                Value::OptionalText(after.id.clone()),
                Value::Int(*limit),
                Value::Int(*bytes),
            ],
            Self::NextTxid {
                sid,
                domain,
                req_hash,
                reply,
            } => vec![
                text(sid),
                name(domain),
                Value::OptionalBytes(Some(req_hash.clone())),
                Value::OptionalBytes(reply.clone()),
            ],
            Self::CheckHorizon { domain, at } => vec![name(domain), Value::Int(at.0)],
            Self::ActAs {
                role: Some(role),
                owner,
            } => vec![text(owner), text(role)],
            Self::ActAs { role: None, owner } => vec![text(owner)],
            Self::ReadRow { owner, id, at, .. } => {
                vec![text(owner), text(id), Value::OptionalInt(at.map(|at| at.0))]
            }
            Self::ReadRows {
                owner,
                filter,
                after,
                limit,
                at,
                ..
            } => vec![
                text(owner),
                Value::OptionalText(filter.clone()),
                Value::Int(*after),
                Value::Int(*limit),
                Value::OptionalInt(at.map(|at| at.0)),
            ],
            Self::Validate {
                owner,
                since,
                dependencies: d,
                ..
            } => vec![
                text(owner),
                Value::Int(since.0),
                Value::Int(i64::from(d.all)),
                Value::Texts(d.ids.iter().cloned().collect()),
                Value::Texts(d.filters.iter().cloned().collect()),
                Value::OptionalInt(d.from),
                Value::OptionalInt(d.to),
            ],
            Self::CheckAbsent { owner, ids, .. } | Self::CloseRows { owner, ids, .. } => {
                vec![text(owner), Value::Texts(ids.clone())]
            }
            Self::InsertRows {
                owner,
                ids,
                data,
                orders,
                ..
            } => vec![
                text(owner),
                Value::Texts(ids.clone()),
                Value::Texts(data.clone()),
                Value::OptionalInts(orders.clone()),
            ],
        }
    }
}
