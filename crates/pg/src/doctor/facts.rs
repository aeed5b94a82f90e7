//! What a database says about itself.

use std::collections::BTreeSet;

use kontract_gateway::{Existing, is_degraded};
use tokio_postgres::{Client, Error};

use crate::doctor::RoleReport;
use crate::migrate::{existing, take_owner};

/// The oldest and the newest major version Kontract is tested on.
pub(super) const OLDEST: i32 = 14;
pub(super) const NEWEST: i32 = 18;

pub(super) struct Facts {
    pub version: String,
    /// `server_version_num`: 160014.
    pub number: i32,
    pub existing: Existing,
    pub degraded: bool,
    pub roles: Vec<Role>,
    /// What anybody at all holds in schema `kontract`.
    pub held_by_all: BTreeSet<String>,
    /// Whether the gateway's login may make tables in schema `public`, as anybody may before 15.
    pub makes_tables: bool,
    /// Tables `tbl_*`, and whether row-level security is on.
    pub walls: Vec<(String, bool)>,
    /// Names and permissions in `kontract.storage`.
    pub permissions: Vec<(String, i32)>,
    /// The fixed rows of the shared domain that are there.
    pub fixed: BTreeSet<String>,
    /// Owners with commits and without the row their next commit locks; the shared domain's is fixed.
    pub unlocked: i64,
}

impl Facts {
    pub fn is_supported(&self) -> bool {
        (OLDEST..=NEWEST).contains(&(self.number / 10_000))
    }

    /// Names of the functions in schema `kontract`.
    pub fn functions(&self) -> BTreeSet<String> {
        let signatures = self.existing.functions.keys();
        signatures
            .filter_map(|signature| signature.split_once('('))
            .map(|(name, _)| name.to_owned())
            .collect()
    }

    /// The views that queries are asked of.
    pub fn views(&self) -> Vec<&str> {
        let relations = self.existing.relations.keys().map(String::as_str);
        relations
            .filter(|name| name.starts_with("rows_tbl_"))
            .collect()
    }

    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.name == name)
    }
}

pub(super) struct Role {
    pub name: String,
    pub can_login: bool,
    /// Attributes no role of Kontract's should have: `SUPERUSER`.
    pub powers: BTreeSet<String>,
    /// Roles it is a member of.
    pub member_of: BTreeSet<String>,
    /// Those of them whose rights it has without taking them.
    pub inherits: BTreeSet<String>,
    /// What it holds by itself.
    pub held: BTreeSet<String>,
    /// Settings of its sessions, by name.
    pub settings: BTreeSet<String>,
}

impl Role {
    pub fn report(&self) -> RoleReport {
        RoleReport {
            name: self.name.clone(),
            held: self.held.iter().cloned().collect(),
        }
    }
}

/// Asks in one transaction, which also keeps a pooler from changing servers, and undoes it.
pub(super) async fn read(client: &Client) -> Result<Facts, Error> {
    client
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    let facts = inside(client).await;
    client.batch_execute("ROLLBACK").await?;
    facts
}

async fn inside(client: &Client) -> Result<Facts, Error> {
    let server = client
        .query_typed_one(
            "SELECT current_setting('server_version'), \
             current_setting('server_version_num')::int",
            &[],
        )
        .await?;
    let existing = existing(client).await?;
    let mut facts = Facts {
        version: server.get(0),
        number: server.get(1),
        degraded: is_degraded(&existing),
        roles: roles(client).await?,
        held_by_all: set(client, &held("0")).await?,
        makes_tables: false,
        walls: Vec::new(),
        permissions: Vec::new(),
        fixed: BTreeSet::new(),
        unlocked: 0,
        existing,
    };
    let makes_tables = "SELECT EXISTS (SELECT 1 FROM pg_namespace, pg_roles \
         WHERE nspname = 'public' AND rolname = 'kontract_gateway' \
         AND has_schema_privilege(pg_roles.oid, pg_namespace.oid, 'CREATE'))";
    facts.makes_tables = client.query_typed_one(makes_tables, &[]).await?.get(0);
    let walls = "SELECT relname::text, relrowsecurity FROM pg_class c \
         JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = 'kontract' AND relkind IN ('r', 'p') AND relname ~ '^tbl_'";
    for row in client.query_typed(walls, &[]).await? {
        facts.walls.push((row.get(0), row.get(1)));
    }
    if ["storage", "trxs"]
        .iter()
        .all(|name| facts.existing.relations.contains_key(*name))
    {
        take_owner(client, &facts.existing).await?;
        rows(client, &mut facts).await?;
    }
    Ok(facts)
}

/// What stands in the two fixed tables.
async fn rows(client: &Client, facts: &mut Facts) -> Result<(), Error> {
    let permissions = "SELECT id, permissions FROM kontract.storage WHERE owner = '*'";
    for row in client.query_typed(permissions, &[]).await? {
        facts.permissions.push((row.get(0), row.get(1)));
    }
    facts.fixed = set(
        client,
        "SELECT sid FROM kontract.trxs WHERE sid IN ('lock:*', 'init:*')",
    )
    .await?;
    let unlocked = "SELECT count(*) FROM (SELECT DISTINCT owner FROM kontract.trxs \
         WHERE create_txid IS NOT NULL AND sid NOT LIKE 'gc:%' AND owner <> '*') AS o \
         WHERE NOT EXISTS (SELECT 1 FROM kontract.trxs l WHERE l.sid = 'lock:' || o.owner)";
    facts.unlocked = client.query_typed_one(unlocked, &[]).await?.get(0);
    Ok(())
}

async fn roles(client: &Client) -> Result<Vec<Role>, Error> {
    let rows = client
        .query_typed(
            "SELECT oid::text, rolname::text, rolcanlogin, array_remove(ARRAY[\
             CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END, \
             CASE WHEN rolcreatedb THEN 'CREATEDB' END, \
             CASE WHEN rolreplication THEN 'REPLICATION' END, \
             CASE WHEN rolbypassrls THEN 'BYPASSRLS' END], NULL) \
             FROM pg_roles WHERE rolname IN ('kontract_owner', 'kontract_gateway', 'kt_data', \
             'kontract_migrator', 'kontract_gc') ORDER BY rolname",
            &[],
        )
        .await?;
    let mut roles = Vec::new();
    for row in rows {
        let oid: String = row.get(0);
        let powers: Vec<String> = row.get(3);
        let member = format!(
            "SELECT r.rolname::text FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid \
             WHERE m.member = {oid}"
        );
        roles.push(Role {
            name: row.get(1),
            can_login: row.get(2),
            powers: powers.into_iter().collect(),
            member_of: set(client, &member).await?,
            inherits: set(
                client,
                &format!("{member} AND pg_has_role({oid}::oid, r.oid, 'USAGE')"),
            )
            .await?,
            held: set(client, &held(&oid)).await?,
            settings: set(
                client,
                &format!(
                    "SELECT split_part(s, '=', 1) FROM pg_db_role_setting d, unnest(setconfig) AS s \
                     WHERE setrole = {oid} AND setdatabase IN (0, (SELECT oid FROM pg_database \
                     WHERE datname = current_database()))"
                ),
            )
            .await?,
        });
    }
    Ok(roles)
}

/// Every privilege on tables, columns and functions a role holds by itself; what it owns is left out.
/// A function that says nothing is everybody's.
fn held(grantee: &str) -> String {
    format!(
        "SELECT c.relname || ': ' || a.privilege_type FROM pg_class c \
         JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a \
         WHERE n.nspname = 'kontract' AND a.grantee = {grantee} AND a.grantee <> c.relowner \
         UNION ALL SELECT c.relname || '.' || t.attname || ': ' || a.privilege_type \
         FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid \
         JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(t.attacl) a \
         WHERE n.nspname = 'kontract' AND a.grantee = {grantee} AND a.grantee <> c.relowner \
         UNION ALL SELECT p.proname || ': ' || a.privilege_type FROM pg_proc p \
         JOIN pg_namespace n ON n.oid = p.pronamespace, \
         aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a \
         WHERE n.nspname = 'kontract' AND a.grantee = {grantee} AND a.grantee <> p.proowner"
    )
}

async fn set(client: &Client, sql: &str) -> Result<BTreeSet<String>, Error> {
    let rows = client.query_typed(sql, &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
