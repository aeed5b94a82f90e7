//! How each [`Statement`] reads in SQL. Texts are constant, per table where they name one, so that
//! a driver can keep them prepared; everything a caller chose is a parameter.

use crate::host::Value;
use crate::manifest::{TableEntry, Tenancy};
use crate::storage::apply::commit_sql;
use crate::storage::domain::Domain;
use crate::storage::statement::{Direction, Statement};

const CATALOG: &str = "SELECT id, ptr, permissions::bigint FROM kontract.storage WHERE owner = '*'";

const ROLES: &str = "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_roles \
     WHERE rolname = 'kt_data' AND pg_catalog.pg_has_role(oid, 'MEMBER') \
     AND pg_catalog.has_schema_privilege(oid, 'kontract', 'USAGE'))::int::bigint, \
     EXISTS (SELECT 1 FROM pg_catalog.pg_roles \
     WHERE rolname = 'kontract_gc' AND pg_catalog.pg_has_role(oid, 'MEMBER') \
     AND pg_catalog.has_schema_privilege(oid, 'kontract', 'USAGE'))::int::bigint";

const LIST_DOMAINS: &str = "SELECT owner FROM kontract.trxs \
     WHERE create_txid = 0 AND owner > $1::text ORDER BY owner LIMIT $2::bigint";

// Numbered under the mutex and dated before it: a commit that waited is dated a little too early.
const FIND_HORIZON: &str = "SELECT coalesce((SELECT c.create_txid FROM kontract.trxs c \
     WHERE c.owner = $1::text AND c.ts < now() - $2::bigint * interval '1 millisecond' \
     ORDER BY c.create_txid DESC NULLS LAST LIMIT 1), 0), \
     coalesce((SELECT h.create_txid FROM kontract.trxs h WHERE h.sid = 'gc:' || $1::text), 0)";

const DROP_HORIZON: &str = "DELETE FROM kontract.trxs \
     WHERE sid = 'gc:' || $1::text AND create_txid < $2::bigint";

// Under an owner of its own, so that it does not count as a commit of the domain.
const SET_HORIZON: &str = "INSERT INTO kontract.trxs (sid, owner, create_txid) \
     VALUES ('gc:' || $1::text, '*gc:' || $1::text, $2::bigint) ON CONFLICT DO NOTHING";

const DELETE_COMMITS: &str = "WITH gone AS (DELETE FROM kontract.trxs WHERE sid IN (\
     SELECT sid FROM kontract.trxs WHERE owner = $1::text AND create_txid > 0 \
     AND create_txid < $2::bigint ORDER BY create_txid LIMIT $3::bigint) RETURNING 1) \
     SELECT count(*) FROM gone";

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

const LOCK_MUTEX: &str = "SELECT 1 / count(*) \
     FROM (SELECT 1 FROM kontract.trxs WHERE sid = 'lock:' || $1::text FOR NO KEY UPDATE) AS mutex";

const ACT_AS_ROLE: &str = "SELECT set_config('kontract.owner', $1::text, true), \
     set_config('role', $2::text, true)";
const ACT_AS_OWNER: &str = "SELECT set_config('kontract.owner', $1::text, true)";
const ACT_AS_SELF: &str = "SELECT set_config('role', 'none', true)";

/// The texts that name one table.
#[derive(Debug)]
pub struct TableSql {
    read_row: String,
    // [as of a commit][filtered][backward]
    read_rows: [[[String; 2]; 2]; 2],
    changes: String,
    pub(super) commit: String,
    delete_versions: String,
}

impl TableSql {
    /// `entry.ptr` has been checked to be a plain name ([`crate::manifest::Manifest::parse`]).
    pub(super) fn new(entry: &TableEntry) -> Self {
        let ptr = &entry.ptr;
        // Shared tables take the owner too, so that parameters count alike; it filters nothing.
        let mine = match entry.tenancy {
            Tenancy::Own | Tenancy::Isolated => "_owner = $1::text",
            Tenancy::Shared => "$1::text IS NOT NULL",
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
            read_row: format!(
                "SELECT own, shared, own_horizon, shared_horizon, hash, answer, content, place \
                 FROM kontract.{ptr}_get($1::text, $2::text, $3::bigint, $4::text)"
            ),
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
            commit: commit_sql(ptr),
            delete_versions: format!(
                "WITH gone AS (DELETE FROM kontract.{ptr} AS t USING (\
                 SELECT id, _txid FROM kontract.{ptr} WHERE {mine} AND _deleted_txid <= $2::bigint \
                 ORDER BY _deleted_txid LIMIT $3::bigint) AS v \
                 WHERE {mine} AND t.id = v.id AND t._txid = v._txid RETURNING 1) \
                 SELECT count(*) FROM gone"
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
            Self::Roles => ROLES,
            Self::ListDomains { .. } => LIST_DOMAINS,
            Self::FindHorizon { .. } => FIND_HORIZON,
            Self::DropHorizon { .. } => DROP_HORIZON,
            Self::SetHorizon { .. } => SET_HORIZON,
            Self::DeleteCommits { .. } => DELETE_COMMITS,
            Self::DeleteVersions { table, .. } => &table.sql().delete_versions,
            Self::BeginRead => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Self::BeginWrite => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
            Self::Commit => "COMMIT",
            Self::Rollback => "ROLLBACK",
            Self::Snapshots { .. } => SNAPSHOTS,
            Self::Stored { .. } => STORED,
            Self::EnsureDomain { .. } => ENSURE_DOMAIN,
            Self::LockMutex { .. } => LOCK_MUTEX,
            Self::ActAs { role: Some(_), .. } => ACT_AS_ROLE,
            Self::ActAs { role: None, .. } => ACT_AS_OWNER,
            Self::ActAsSelf => ACT_AS_SELF,
            Self::ReadRow { table, .. } => &table.sql().read_row,
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
            Self::Select(select) => select.sql(),
            Self::ValidateWindow(validate) => validate.sql(),
            Self::Changes { table, .. } => &table.sql().changes,
            Self::Epoch { .. } => EPOCH,
            Self::Apply(apply) => apply.sql(),
        }
    }

    /// The statement's parameters, in order.
    #[must_use]
    pub fn params(&self) -> Vec<Value> {
        let text = |text: &str| Value::Text(text.to_owned());
        let name = |domain: &Domain| text(domain.name());
        match self {
            Self::Catalog
            | Self::Roles
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
            Self::Select(select) => select.params(),
            Self::ValidateWindow(validate) => validate.params(),
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
            Self::ActAs {
                role: Some(role),
                owner,
            } => vec![text(owner), text(role)],
            Self::ActAs { role: None, owner } => vec![text(owner)],
            Self::ReadRow {
                owner, id, at, sid, ..
            } => vec![
                text(owner),
                text(id),
                Value::OptionalInt(at.map(|at| at.0)),
                Value::OptionalText(sid.clone()),
            ],
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
            Self::ListDomains { after, limit } => vec![text(after), Value::Int(*limit)],
            Self::FindHorizon {
                domain,
                older_than_ms,
            } => vec![name(domain), Value::Int(*older_than_ms)],
            Self::DropHorizon { domain, below } => vec![name(domain), Value::Int(below.0)],
            Self::SetHorizon { domain, at } => vec![name(domain), Value::Int(at.0)],
            Self::DeleteCommits {
                domain,
                below,
                limit,
            } => vec![name(domain), Value::Int(below.0), Value::Int(*limit)],
            Self::DeleteVersions {
                owner,
                until,
                limit,
                ..
            } => vec![text(owner), Value::Int(until.0), Value::Int(*limit)],
            Self::Apply(apply) => apply.params(),
        }
    }
}
