//! What to run, in order.

use std::collections::BTreeMap;

use crate::manifest::{Manifest, TableEntry, Tenancy};
use crate::migrate::ddl;
use crate::migrate::error::MigrationError;
use crate::migrate::existing::{Existing, TableNote};
use crate::migrate::fields::{self, IndexNote};
use crate::migrate::functions::{self, Function};
use crate::storage::rows_view;

/// The gateway's login.
pub const GATEWAY_ROLE: &str = "kontract_gateway";
const OWNER_ROLE: &str = "kontract_owner";
const DATA_ROLE: &str = "kt_data";
/// A login for migrations alone; it has no password until an administrator gives it one.
const MIGRATOR_ROLE: &str = "kontract_migrator";
/// What garbage collection acts as: it deletes rows whose data it cannot read.
const GC_ROLE: &str = "kontract_gc";

/// What to run, in order, in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The statements.
    pub statements: Vec<String>,
    /// What they change, for a person to read. Empty if the database was up to date.
    pub applied: Vec<String>,
    /// The unique indexes of the build: by name, table and field. Rows that are there may not fit one.
    pub unique: BTreeMap<String, (String, String)>,
    /// Roles can't be made: one login owns and uses everything, and nothing stands between owners
    /// but the gateway's own statements.
    pub degraded: bool,
}

/// The way from `existing` to the build. `password_verifier` is what the gateway's role gets as its
/// password: a SCRAM verifier, so that the password itself is in no statement and no log.
pub fn plan(
    manifest: &Manifest,
    password_verifier: &str,
    existing: &Existing,
) -> Result<Plan, MigrationError> {
    let degraded = is_degraded(existing);
    let mut plan = Plan {
        statements: Vec::new(),
        applied: Vec::new(),
        unique: BTreeMap::new(),
        degraded,
    };
    if !degraded {
        plan.roles(existing, password_verifier);
    }
    plan.schema(existing)?;
    for table in &manifest.tables {
        plan.table(table, existing)?;
    }
    if !degraded {
        plan.statements.push("RESET ROLE".to_owned());
    }
    Ok(plan)
}

/// Whether one login owns and uses everything here, or would.
#[must_use]
pub fn is_degraded(existing: &Existing) -> bool {
    let login = &existing.login;
    let roles_are_there = [OWNER_ROLE, GATEWAY_ROLE, DATA_ROLE]
        .iter()
        .all(|role| existing.roles.contains(*role))
        && existing.memberships.contains(OWNER_ROLE);
    match &existing.schema_owner {
        // Once one login owns everything it stays so: moving ownership is a person's decision.
        Some(owner) => owner != OWNER_ROLE,
        None => !login.creates_roles && !roles_are_there,
    }
}

/// Whether garbage collection's role is there once the roles have been made.
fn has_gc(existing: &Existing) -> bool {
    existing.login.creates_roles || existing.roles.contains(GC_ROLE)
}

impl Plan {
    fn run(&mut self, statement: impl Into<String>) {
        self.statements.push(statement.into());
    }

    fn roles(&mut self, existing: &Existing, password_verifier: &str) {
        let attributes = [
            (OWNER_ROLE, "NOLOGIN"),
            (DATA_ROLE, "NOLOGIN"),
            (GATEWAY_ROLE, "LOGIN NOINHERIT NOCREATEDB NOCREATEROLE"),
        ];
        for (role, attributes) in attributes {
            if !existing.roles.contains(role) {
                self.run(ddl::create_role(role, attributes));
                self.applied.push(format!("role {role}"));
            }
        }
        if existing.login.creates_roles {
            self.narrow_roles(existing);
            let password = ddl::literal(password_verifier);
            self.run(format!("ALTER ROLE {GATEWAY_ROLE} PASSWORD {password}"));
            for setting in [
                "statement_timeout = '10s'",
                "lock_timeout = '2s'",
                "idle_in_transaction_session_timeout = '5s'",
                "search_path = pg_catalog, kontract",
            ] {
                self.run(format!("ALTER ROLE {GATEWAY_ROLE} SET {setting}"));
            }
        }
        if !existing.gateway_memberships.contains(DATA_ROLE) {
            self.run(format!("GRANT {DATA_ROLE} TO {GATEWAY_ROLE}"));
        }
        if !existing.memberships.contains(OWNER_ROLE) {
            let login = ddl::identifier(&existing.login.name);
            self.run(format!("GRANT {OWNER_ROLE} TO {login}"));
        }
    }

    /// Roles that nothing depends on yet, made where they can be.
    fn narrow_roles(&mut self, existing: &Existing) {
        let roles = [
            (MIGRATOR_ROLE, "LOGIN NOINHERIT", OWNER_ROLE, MIGRATOR_ROLE),
            (GC_ROLE, "NOLOGIN", GC_ROLE, GATEWAY_ROLE),
        ];
        for (role, attributes, granted, to) in roles {
            if !existing.roles.contains(role) {
                self.run(ddl::create_role(role, attributes));
                self.run(format!("GRANT {granted} TO {to}"));
                self.applied.push(format!("role {role}"));
            }
        }
    }

    fn schema(&mut self, existing: &Existing) -> Result<(), MigrationError> {
        if existing.schema_owner.is_none() {
            let login = &existing.login;
            if !login.creates_schemas {
                let (login, database) = (login.name.clone(), login.database.clone());
                return Err(MigrationError::Privilege { login, database });
            }
            let owner = if self.degraded {
                "CURRENT_USER"
            } else {
                OWNER_ROLE
            };
            self.run(format!("CREATE SCHEMA kontract AUTHORIZATION {owner}"));
            self.applied.push("schema kontract".to_owned());
        }
        if !self.degraded {
            self.run(format!("SET ROLE {OWNER_ROLE}"));
        }
        let tables = ["storage", "trxs"].into_iter().zip(ddl::TABLES);
        for (name, create) in tables.filter(|(name, _)| !existing.relations.contains_key(*name)) {
            self.run(create);
            self.applied.push(format!("table kontract.{name}"));
        }
        self.run(ddl::SHARED_DOMAIN);
        self.functions(vec![functions::commit()], existing);
        if !self.degraded {
            for grant in ddl::GATEWAY_GRANTS {
                self.run(grant);
            }
            if has_gc(existing) {
                self.run(ddl::GC_SCHEMA_GRANT);
            }
        }
        Ok(())
    }

    fn table(&mut self, table: &TableEntry, existing: &Existing) -> Result<(), MigrationError> {
        let stored = existing.tables.iter().find(|stored| stored.id == table.id);
        if let Some(stored) = stored.filter(|stored| stored.ptr != table.ptr) {
            return Err(MigrationError::Ptr {
                table: table.id.clone(),
                was: stored.ptr.clone(),
                now: table.ptr.clone(),
            });
        }
        if let Some(note) = existing.relations.get(&table.ptr) {
            check(table, note.as_deref())?;
            if table.tenancy != Tenancy::Shared
                && !existing.relations.contains_key(&rows_view(&table.ptr))
            {
                self.run(ddl::create_rows_view(&table.ptr));
                self.applied.push(format!("queries of table {}", table.id));
            }
        } else {
            self.statements.extend(ddl::create_table(table));
            self.run(ddl::note_table(table));
            self.applied
                .push(format!("table {} as kontract.{}", table.id, table.ptr));
        }
        self.fields(table, existing);
        if !self.degraded {
            self.run(ddl::grant_table(&table.ptr));
            if table.tenancy != Tenancy::Shared {
                self.run(ddl::grant_rows_view(&table.ptr));
            }
            if has_gc(existing) {
                self.run(ddl::grant_gc(&table.ptr));
            }
        }
        self.run(ddl::register_table(table));
        self.functions(functions::of_table(table), existing);
        Ok(())
    }

    fn functions(&mut self, functions: Vec<Function>, existing: &Existing) {
        for function in functions {
            if existing.functions.get(&function.signature) == Some(&function.source) {
                continue;
            }
            self.run(function.create);
            if !self.degraded {
                self.statements
                    .extend(ddl::grant_function(&function.signature));
            }
        }
    }
}

impl Plan {
    /// Brings a table's indexes and required fields up to the build.
    fn fields(&mut self, table: &TableEntry, existing: &Existing) {
        let is_new = !existing.relations.contains_key(&table.ptr);
        let none = BTreeMap::new();
        let had = existing.indexes.get(&table.ptr).unwrap_or(&none);
        let wanted = fields::indexes(table);
        for (name, note) in had.iter().filter(|(name, _)| !wanted.contains_key(*name)) {
            self.run(fields::drop_index(name));
            self.applied
                .push(format!("{} dropped", index_of(table, note)));
        }
        for (name, note) in wanted.iter().filter(|(name, _)| !had.contains_key(*name)) {
            self.statements
                .extend(fields::create_index(table, name, note));
            if !is_new {
                self.applied.push(index_of(table, note));
            }
        }
        self.unique.extend(
            wanted
                .into_iter()
                .filter(|(_, note)| note.unique)
                .map(|(name, note)| (name, (table.id.clone(), note.field))),
        );
        let none = BTreeMap::new();
        let had = existing.required.get(&table.ptr).unwrap_or(&none);
        let wanted = fields::required(table);
        for (name, field) in had.iter().filter(|(name, _)| !wanted.contains_key(*name)) {
            self.run(fields::no_longer_require(&table.ptr, name));
            self.applied
                .push(format!("{}.{field} is no longer required", table.id));
        }
        for (name, field) in wanted.iter().filter(|(name, _)| !had.contains_key(*name)) {
            self.statements
                .extend(fields::require(&table.ptr, name, field, is_new));
            if !is_new {
                self.applied
                    .push(format!("{}.{field} is required of new rows", table.id));
            }
        }
    }
}

fn index_of(table: &TableEntry, note: &IndexNote) -> String {
    let kind = if note.unique { "unique index" } else { "index" };
    format!("{kind} on {}.{}", table.id, note.field)
}

/// Whether an existing relation is this table, kept as the build keeps it.
fn check(table: &TableEntry, note: Option<&str>) -> Result<(), MigrationError> {
    let note: Option<TableNote> = note.and_then(|note| serde_json::from_str(note).ok());
    let Some(was) = note.filter(|note| note.id == table.id) else {
        return Err(MigrationError::Foreign {
            table: table.id.clone(),
            ptr: table.ptr.clone(),
        });
    };
    if was.tenancy != table.tenancy {
        let (was, now) = (was.tenancy, table.tenancy);
        return Err(MigrationError::Tenancy {
            table: table.id.clone(),
            was,
            now,
        });
    }
    if was.primkey != table.primkey {
        let now = table.primkey.clone();
        return Err(MigrationError::Primkey {
            table: table.id.clone(),
            was: was.primkey,
            now,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::existing::{Login, StoredTable};

    const MANIFEST: &str = r#"{"version":1,"tables":[
        {"id":"todos","ptr":"tbl_todos_1","tenancy":"own","primkey":"id","permissions":7}]}"#;

    fn existing() -> Existing {
        let login = Login {
            name: "admin".to_owned(),
            database: "app".to_owned(),
            creates_roles: true,
            creates_schemas: true,
        };
        Existing {
            login,
            ..Existing::default()
        }
    }

    fn with_table(note: &str) -> Existing {
        let mut existing = existing();
        existing.schema_owner = Some(OWNER_ROLE.to_owned());
        existing
            .relations
            .insert("tbl_todos_1".to_owned(), Some(note.to_owned()));
        let stored = StoredTable {
            id: "todos".to_owned(),
            ptr: "tbl_todos_1".to_owned(),
        };
        existing.tables.push(stored);
        existing
    }

    fn planned(existing: &Existing) -> Result<Plan, MigrationError> {
        plan(
            &Manifest::parse(MANIFEST).unwrap(),
            "SCRAM-SHA-256$x",
            existing,
        )
    }

    #[test]
    fn a_table_that_is_there_is_kept() {
        let existing = with_table(r#"{"id":"todos","tenancy":"own","primkey":"id"}"#);
        let plan = planned(&existing).unwrap();
        assert!(
            !plan
                .statements
                .iter()
                .any(|sql| sql.contains("CREATE TABLE kontract.tbl_"))
        );
        assert!(
            !plan
                .statements
                .iter()
                .any(|sql| sql.contains("DROP") || sql.contains("DELETE FROM"))
        );
    }

    #[test]
    fn changes_that_would_lose_or_expose_rows_are_refused() {
        let refused = |note| planned(&with_table(note)).unwrap_err().to_string();
        assert!(
            refused(r#"{"id":"todos","tenancy":"shared","primkey":"id"}"#).starts_with("KT5101")
        );
        assert!(
            refused(r#"{"id":"todos","tenancy":"own","primkey":"text"}"#).starts_with("KT5103")
        );
        assert!(refused("somebody's table").starts_with("KT5105"));

        let mut other = with_table(r#"{"id":"todos","tenancy":"own","primkey":"id"}"#);
        other.tables[0].ptr = "tbl_other".to_owned();
        assert!(
            planned(&other)
                .unwrap_err()
                .to_string()
                .starts_with("KT5102")
        );

        let mut poor = existing();
        poor.login.creates_schemas = false;
        assert!(
            planned(&poor)
                .unwrap_err()
                .to_string()
                .starts_with("KT5104")
        );
    }

    #[test]
    fn without_roles_one_login_does_everything() {
        let mut existing = existing();
        existing.login.creates_roles = false;
        let plan = planned(&existing).unwrap();
        assert!(plan.degraded);
        assert!(
            !plan
                .statements
                .iter()
                .any(|sql| sql.contains("ROLE") || sql.contains("GRANT"))
        );
    }

    #[test]
    fn names_are_quoted() {
        assert_eq!(ddl::literal("a'b\\"), "'a''b\\'");
        assert_eq!(ddl::identifier("a\"b"), "\"a\"\"b\"");
    }
}
