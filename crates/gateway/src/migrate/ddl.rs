//! The statements that make roles, tables and grants.

use crate::manifest::{TableEntry, Tenancy};
use crate::migrate::existing::TableNote;
use crate::storage::rows_view;

/// `'…'`, with quotes doubled. Backslashes stand for themselves (`standard_conforming_strings`).
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `"…"`, with quotes doubled.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Roles are the cluster's, so another database may have made them a moment ago.
pub(super) fn create_role(name: &str, attributes: &str) -> String {
    format!(
        "DO $$ BEGIN CREATE ROLE {name} {attributes}; \
         EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
}

/// The two fixed tables.
pub(super) const TABLES: [&str; 2] = [
    "CREATE TABLE kontract.storage (\
       id text NOT NULL, \
       ptr text NOT NULL UNIQUE CHECK (ptr ~ '^tbl_[a-z0-9_]{1,50}$'), \
       owner text NOT NULL, \
       permissions int NOT NULL CHECK (permissions BETWEEN 0 AND 7), \
       PRIMARY KEY (owner, id))",
    "CREATE TABLE kontract.trxs (\
       sid text PRIMARY KEY, \
       owner text NOT NULL, \
       create_txid bigint, \
       ts timestamptz NOT NULL DEFAULT now(), \
       req_hash bytea, \
       reply bytea, \
       UNIQUE (owner, create_txid))",
];

/// The mutex and the epoch of the shared domain; an owner's come with its first commit.
pub(super) const SHARED_DOMAIN: &str = "INSERT INTO kontract.trxs (sid, owner, create_txid) \
     VALUES ('lock:*', '*', NULL), ('init:*', '*', 0) ON CONFLICT DO NOTHING";

/// All the gateway's login holds by itself.
pub(super) const GATEWAY_GRANTS: [&str; 3] = [
    "GRANT USAGE ON SCHEMA kontract TO kontract_gateway, kt_data",
    "GRANT SELECT ON kontract.storage TO kontract_gateway",
    "GRANT SELECT, INSERT, DELETE, UPDATE (ts) ON kontract.trxs TO kontract_gateway",
];

/// Lets garbage collection into the schema.
pub(super) const GC_SCHEMA_GRANT: &str = "GRANT USAGE ON SCHEMA kontract TO kontract_gc";

/// Garbage collection sees which versions are over, and no data.
pub(super) fn grant_gc(ptr: &str) -> String {
    format!(
        "GRANT SELECT (id, _owner, _txid, _deleted_txid), DELETE ON kontract.{ptr} TO kontract_gc"
    )
}

/// A table with its indexes, and its rows' wall.
pub(super) fn create_table(entry: &TableEntry) -> Vec<String> {
    let ptr = &entry.ptr;
    let (lead, own) = match entry.tenancy {
        Tenancy::Own | Tenancy::Isolated => ("_owner, ", true),
        Tenancy::Shared => ("", false),
    };
    let mut statements = vec![
        format!(
            "CREATE TABLE kontract.{ptr} (\
             id text NOT NULL, data jsonb NOT NULL, _version bigint NOT NULL, \
             _txid bigint NOT NULL, _owner text NOT NULL CHECK (_owner <> ''), \
             _deleted_txid bigint CHECK (_deleted_txid > _txid), _order bigint NOT NULL, \
             PRIMARY KEY ({lead}id, _txid))"
        ),
        format!("CREATE UNIQUE INDEX ON kontract.{ptr} ({lead}id) WHERE _deleted_txid IS NULL"),
        format!("CREATE UNIQUE INDEX ON kontract.{ptr} ({lead}_order) WHERE _deleted_txid IS NULL"),
        format!("CREATE INDEX ON kontract.{ptr} ({lead}_txid)"),
        format!(
            "CREATE INDEX ON kontract.{ptr} ({lead}_deleted_txid) WHERE _deleted_txid IS NOT NULL"
        ),
        format!("CREATE INDEX ON kontract.{ptr} USING gin (data jsonb_path_ops)"),
    ];
    if own {
        statements.push(create_rows_view(ptr));
        statements.push(format!(
            "ALTER TABLE kontract.{ptr} ENABLE ROW LEVEL SECURITY"
        ));
        statements.push(format!(
            "CREATE POLICY own ON kontract.{ptr} \
             USING (_owner = current_setting('kontract.owner', true)) \
             WITH CHECK (_owner = current_setting('kontract.owner', true))"
        ));
    }
    statements
}

/// History can be added to and closed, never rewritten or deleted.
pub(super) fn grant_table(ptr: &str) -> String {
    format!("GRANT SELECT, INSERT, UPDATE (_deleted_txid) ON kontract.{ptr} TO kt_data")
}

/// Who may call a function of ours: the gateway, also as the data role.
pub(super) fn grant_function(signature: &str) -> [String; 2] {
    [
        format!("REVOKE ALL ON FUNCTION kontract.{signature} FROM PUBLIC"),
        format!("GRANT EXECUTE ON FUNCTION kontract.{signature} TO kontract_gateway, kt_data"),
    ]
}

/// One owner's rows for queries. Its owner is the table's, so that row-level security does not stand
/// between the planner and the indexes; the view's condition is the wall.
pub(super) fn create_rows_view(ptr: &str) -> String {
    format!(
        "CREATE OR REPLACE VIEW kontract.{} AS \
         SELECT id, data, _txid, _deleted_txid, _owner, _order FROM kontract.{ptr} \
         WHERE _owner = current_setting('kontract.owner', true)",
        rows_view(ptr)
    )
}

/// What queries may be asked of.
pub(super) fn grant_rows_view(ptr: &str) -> String {
    format!("GRANT SELECT ON kontract.{} TO kt_data", rows_view(ptr))
}

/// The comment that keeps tenancy and primary key.
pub(super) fn note_table(entry: &TableEntry) -> String {
    let note = TableNote {
        id: entry.id.clone(),
        tenancy: entry.tenancy,
        primkey: entry.primkey.clone(),
    };
    let note = serde_json::to_string(&note).unwrap_or_default();
    format!(
        "COMMENT ON TABLE kontract.{} IS {}",
        entry.ptr,
        literal(&note)
    )
}

/// The table's row in `storage`. One physical table serves every owner, so the row is everyone's.
pub(super) fn register_table(entry: &TableEntry) -> String {
    format!(
        "INSERT INTO kontract.storage (id, ptr, owner, permissions) VALUES ({}, {}, '*', {}) \
         ON CONFLICT (owner, id) DO UPDATE SET permissions = EXCLUDED.permissions \
         WHERE storage.permissions <> EXCLUDED.permissions",
        literal(&entry.id),
        literal(&entry.ptr),
        entry.permissions.bits()
    )
}
