//! What a database has, before a migration.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::manifest::Tenancy;
use crate::migrate::fields::IndexNote;

/// What a database has, before a migration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Existing {
    /// Who migrates.
    pub login: Login,
    /// Which of Kontract's roles the cluster has.
    pub roles: BTreeSet<String>,
    /// Which of those the login is a member of.
    pub memberships: BTreeSet<String>,
    /// Which of those the gateway's login is a member of.
    pub gateway_memberships: BTreeSet<String>,
    /// The owner of schema `kontract`, if it is there.
    pub schema_owner: Option<String>,
    /// Relations in schema `kontract`, with their comments.
    pub relations: BTreeMap<String, Option<String>>,
    /// Functions in schema `kontract`, with their sources: `name(types of its arguments)`.
    pub functions: BTreeMap<String, String>,
    /// Kontract's indexes on fields, by table and name.
    pub indexes: BTreeMap<String, BTreeMap<String, IndexNote>>,
    /// The constraints that fields are there: by table and name, the field.
    pub required: BTreeMap<String, BTreeMap<String, String>>,
    /// The rows of `kontract.storage`.
    pub tables: Vec<StoredTable>,
}

/// Who migrates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Login {
    /// The role's name.
    pub name: String,
    /// The database.
    pub database: String,
    /// Whether it may create roles.
    pub creates_roles: bool,
    /// Whether it may create schemas in this database.
    pub creates_schemas: bool,
}

/// A row of `kontract.storage`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTable {
    /// What code calls the table by.
    pub id: String,
    /// Its name in the database.
    pub ptr: String,
}

/// What a table's comment keeps: what `storage` has no column for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableNote {
    /// What code calls the table by.
    pub id: String,
    /// Who sees a row.
    pub tenancy: Tenancy,
    /// The field rows are keyed by.
    pub primkey: String,
}
