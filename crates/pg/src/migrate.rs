//! Brings a database up to a build.

use std::time::Duration;

use kontract_gateway::{
    Existing, GATEWAY_ROLE, IndexNote, Login, Manifest, ManifestError, MigrationError, Plan,
    StoredTable, plan,
};
use postgres_protocol::password::scram_sha_256;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};

use crate::connect::reason;

/// What a migration did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What was changed, for a person to read; empty if the database was up to date.
    pub applied: Vec<String>,
    /// Roles can't be made here: the gateway has to use the admin's login, and nothing stands
    /// between owners but its own statements.
    pub degraded: bool,
}

/// Why a database could not be brought up to a build.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// The build's manifest cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The change needs a person's say.
    #[error(transparent)]
    Refused(#[from] MigrationError),
    /// The server did not do it.
    #[error("the migration failed: {}", reason(.0))]
    Database(#[from] Error),
}

/// The advisory lock of migrations: any number that nobody else uses.
const LOCK: i64 = 0x6b6f_6e74_7261_6374;

/// Brings the database up to the build, all or nothing. Safe to run from several places at once.
/// The password goes to the server as a SCRAM verifier (RFC 5803), never as text.
pub async fn migrate(
    client: &Client,
    manifest: &str,
    gateway_password: &str,
) -> Result<Report, MigrateError> {
    let manifest = Manifest::parse(manifest)?;
    let verifier = scram_sha_256(gateway_password.as_bytes());
    let mut tries = 0;
    loop {
        let result = attempt(client, &manifest, &verifier).await;
        if result.is_err() {
            client.batch_execute("ROLLBACK").await?;
        }
        match result {
            // Roles belong to the cluster, so migrations of two databases can meet in them; the
            // lock below is one database's.
            Err(MigrateError::Database(error)) if tries < 8 && is_race(&error) => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(20 << tries)).await;
            }
            other => return other,
        }
    }
}

async fn attempt(
    client: &Client,
    manifest: &Manifest,
    verifier: &str,
) -> Result<Report, MigrateError> {
    client
        .batch_execute(&format!("BEGIN; SELECT pg_advisory_xact_lock({LOCK})"))
        .await?;
    let existing = existing(client).await?;
    let plan = plan(manifest, verifier, &existing)?;
    for statement in &plan.statements {
        let run = client.batch_execute(statement).await;
        run.map_err(|error| not_unique(&plan, error))?;
    }
    client.batch_execute("COMMIT").await?;
    Ok(Report {
        applied: plan.applied,
        degraded: plan.degraded,
    })
}

/// A unique index that the rows there are do not allow.
fn not_unique(plan: &Plan, error: Error) -> MigrateError {
    let index = error.as_db_error().and_then(|refused| refused.constraint());
    match index.and_then(|index| plan.unique.get(index)) {
        Some((table, field)) => MigrateError::Refused(MigrationError::NotUnique {
            table: table.clone(),
            field: field.clone(),
        }),
        None => error.into(),
    }
}

/// Two migrations changed the same row of a catalogue.
fn is_race(error: &Error) -> bool {
    let code = error.code().map(tokio_postgres::error::SqlState::code);
    matches!(code, Some("XX000" | "40001" | "40P01" | "23505" | "42710"))
}

/// What is there. Statements have no names: a pooler may have given us a connection on which ours are
/// taken.
pub(crate) async fn existing(client: &Client) -> Result<Existing, Error> {
    let login = client
        .query_typed_one(
            "SELECT current_user::text, current_database()::text, rolsuper OR rolcreaterole, \
             has_database_privilege(current_database(), 'CREATE') \
             FROM pg_roles WHERE rolname = current_user",
            &[],
        )
        .await?;
    let mut existing = Existing {
        login: Login {
            name: login.get(0),
            database: login.get(1),
            creates_roles: login.get(2),
            creates_schemas: login.get(3),
        },
        ..Existing::default()
    };
    // Since version 16 a member may lack the right to take the role; a superuser never does.
    let roles = client
        .query_typed(
            "SELECT r.rolname::text, pg_has_role(r.oid, \
             CASE WHEN current_setting('server_version_num')::int >= 160000 \
             THEN 'SET' ELSE 'MEMBER' END), \
             EXISTS (SELECT 1 FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.member \
             WHERE m.roleid = r.oid AND g.rolname = $1::text) \
             FROM pg_roles r WHERE r.rolname IN ('kontract_owner', 'kontract_gateway', 'kt_data', \
             'kontract_migrator', 'kontract_gc')",
            &[(&GATEWAY_ROLE, Type::TEXT)],
        )
        .await?;
    for row in roles {
        let name: String = row.get(0);
        if row.get(1) {
            existing.memberships.insert(name.clone());
        }
        if row.get(2) {
            existing.gateway_memberships.insert(name.clone());
        }
        existing.roles.insert(name);
    }
    let schema = client
        .query_typed(
            "SELECT pg_get_userbyid(nspowner)::text FROM pg_namespace WHERE nspname = 'kontract'",
            &[],
        )
        .await?;
    existing.schema_owner = schema.first().map(|row| row.get(0));
    let relations = client
        .query_typed(
            "SELECT c.relname::text, obj_description(c.oid, 'pg_class') FROM pg_class c \
             JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = 'kontract' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
            &[],
        )
        .await?;
    existing.relations = relations
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    let functions = client
        .query_typed(
            "SELECT p.proname::text, ARRAY(SELECT format_type(t.type, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY \
             AS t(type, place) ORDER BY place), p.prosrc \
             FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace \
             WHERE n.nspname = 'kontract'",
            &[],
        )
        .await?;
    existing.functions = functions
        .iter()
        .map(|row| {
            let (name, types): (String, Vec<String>) = (row.get(0), row.get(1));
            (format!("{name}({})", types.join(", ")), row.get(2))
        })
        .collect();
    field_rules(client, &mut existing).await?;
    if existing.relations.contains_key("storage") {
        existing.tables = stored_tables(client, &existing).await?;
    }
    Ok(existing)
}

/// Indexes on fields and constraints that fields are there: those with a note of ours.
async fn field_rules(client: &Client, existing: &mut Existing) -> Result<(), Error> {
    let indexes = client
        .query(
            "SELECT t.relname::text, i.relname::text, obj_description(i.oid, 'pg_class') \
             FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid \
             JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
             WHERE n.nspname = 'kontract' AND obj_description(i.oid, 'pg_class') IS NOT NULL",
            &[],
        )
        .await?;
    for row in indexes {
        let note: String = row.get(2);
        if let Some(note) = IndexNote::parse(&note) {
            let of_table = existing.indexes.entry(row.get(0)).or_default();
            of_table.insert(row.get(1), note);
        }
    }
    let required = client
        .query(
            "SELECT t.relname::text, c.conname::text, obj_description(c.oid, 'pg_constraint') \
             FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid \
             JOIN pg_namespace n ON n.oid = t.relnamespace \
             WHERE n.nspname = 'kontract' AND c.contype = 'c' \
             AND obj_description(c.oid, 'pg_constraint') IS NOT NULL",
            &[],
        )
        .await?;
    for row in required {
        let of_table = existing.required.entry(row.get(0)).or_default();
        of_table.insert(row.get(1), row.get(2));
    }
    Ok(())
}

async fn stored_tables(client: &Client, existing: &Existing) -> Result<Vec<StoredTable>, Error> {
    take_owner(client, existing).await?;
    let rows = client
        .query_typed(
            "SELECT id, ptr FROM kontract.storage WHERE owner = '*'",
            &[],
        )
        .await?;
    client.batch_execute("SET LOCAL ROLE NONE").await?;
    Ok(rows
        .iter()
        .map(|row| StoredTable {
            id: row.get(0),
            ptr: row.get(1),
        })
        .collect())
}

/// The login may hold the owner's rights only by taking its role; to the end of the transaction.
pub(crate) async fn take_owner(client: &Client, existing: &Existing) -> Result<(), Error> {
    let owner = existing.schema_owner.as_deref() == Some("kontract_owner")
        && existing.memberships.contains("kontract_owner");
    if owner {
        client
            .batch_execute("SET LOCAL ROLE kontract_owner")
            .await?;
    }
    Ok(())
}

/// The gateway's address, from the admin's: same server and database, the gateway's login. `None`
/// if the admin's is not a URL.
#[must_use]
pub fn gateway_url(admin_url: &str, gateway_password: &str) -> Option<String> {
    let (scheme, rest) = admin_url.split_once("://")?;
    if !matches!(scheme, "postgres" | "postgresql") {
        return None;
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let server = authority
        .rsplit_once('@')
        .map_or(authority, |(_, server)| server);
    let password = percent_encoded(gateway_password);
    Some(format!(
        "{scheme}://{GATEWAY_ROLE}:{password}@{server}{path}"
    ))
}

/// RFC 3986 §2.1, everything but unreserved characters.
fn percent_encoded(text: &str) -> String {
    let encode = |byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateways_address_is_the_admins_with_another_login() {
        for (admin, gateway) in [
            (
                "postgres://a:b@h:5432/db?sslmode=require",
                "postgres://kontract_gateway:p%40ss@h:5432/db?sslmode=require",
            ),
            (
                "postgresql://h/db",
                "postgresql://kontract_gateway:p%40ss@h/db",
            ),
            (
                "postgres://a%40b@[::1]:1",
                "postgres://kontract_gateway:p%40ss@[::1]:1",
            ),
        ] {
            assert_eq!(gateway_url(admin, "p@ss").as_deref(), Some(gateway));
        }
        assert_eq!(gateway_url("host=h user=u", "p"), None);
    }
}
