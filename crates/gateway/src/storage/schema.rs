//! A build's tables, and what the database says about them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::host::{Clock, Connection, Database, Host};
use crate::manifest::Manifest;
use crate::perm::Perm;
use crate::storage::domain::{Domain, Slot};
use crate::storage::error::StorageError;
use crate::storage::group::Groups;
use crate::storage::listeners::Listeners;
use crate::storage::statement::Statement;
use crate::storage::table::Table;

/// A build's tables, and what the database says about them.
#[derive(Debug)]
pub struct Schema {
    tables: HashMap<String, Arc<Table>>,
    has: [bool; 2],
    catalog: Mutex<Option<(u64, Arc<Catalog>)>>,
}

/// What the database says: the `storage` table and the login's rights.
#[derive(Debug)]
pub(super) struct Catalog {
    tables: HashMap<String, (String, Perm)>,
    pub role: Option<&'static str>,
    collector: Option<&'static str>,
}

impl Schema {
    /// Milliseconds a change of a table's permissions in `storage` may take to be seen.
    const CATALOG_TTL_MS: u64 = 60_000;

    /// The tables of a build.
    #[must_use]
    pub fn new(manifest: &Manifest) -> Self {
        let tables: HashMap<_, _> = manifest
            .tables
            .iter()
            .map(|entry| (entry.id.clone(), Arc::new(Table::new(entry.clone()))))
            .collect();
        let has = |slot| {
            tables
                .values()
                .any(|table: &Arc<Table>| table.slot() == slot)
        };
        let has = [has(Slot::Shared), has(Slot::Own)];
        Self {
            tables,
            has,
            catalog: Mutex::new(None),
        }
    }

    pub(super) fn table(&self, id: &str) -> Result<&Arc<Table>, StorageError> {
        self.tables
            .get(id)
            .ok_or_else(|| StorageError::UnknownTable(id.to_owned()))
    }

    /// The build's tables that the database has.
    pub(super) fn migrated(&self, catalog: &Catalog) -> Vec<Arc<Table>> {
        let tables = self.tables.values();
        tables
            .filter(|table| catalog.permissions(table).is_ok())
            .cloned()
            .collect()
    }

    /// Every domain a call of this owner may touch, in the order mutexes are taken.
    pub(super) fn domains(&self, owner: &Arc<str>) -> Vec<Domain> {
        let mut domains = Vec::with_capacity(2);
        if self.has[0] {
            domains.push(Domain::Shared);
        }
        if self.has[1] {
            domains.push(Domain::Own(owner.clone()));
        }
        domains.sort_unstable_by(|a, b| a.name().cmp(b.name()));
        domains
    }

    pub(super) async fn catalog<H: Host>(&self, host: &H) -> Result<Arc<Catalog>, StorageError> {
        let now = host.clock().monotonic_ms();
        let cached = self
            .catalog
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((read, catalog)) = cached
            && now.saturating_sub(read) < Self::CATALOG_TTL_MS
        {
            return Ok(catalog);
        }
        let catalog = Arc::new(Catalog::read(host.database()).await?);
        *self.catalog.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, catalog.clone()));
        Ok(catalog)
    }
}

impl Catalog {
    pub async fn read<D: Database>(database: &D) -> Result<Self, StorageError> {
        let mut connection = database.acquire().await?;
        let outcome = connection
            .run(&[Statement::Roles, Statement::Catalog])
            .await;
        let mut results = outcome.into_iter();
        let roles = results.next().ok_or(StorageError::Internal)??;
        let role = |column| roles.first().and_then(|row| row.int(column)) == Some(1);
        let mut tables = HashMap::new();
        for mut row in results.next().ok_or(StorageError::Internal)?? {
            let perm = row
                .int(2)
                .and_then(|bits| Perm::from_bits(u8::try_from(bits).ok()?));
            if let (Some(id), Some(ptr), Some(perm)) = (row.take_text(0), row.take_text(1), perm) {
                tables.insert(id, (ptr, perm));
            }
        }
        Ok(Self {
            tables,
            role: role(0).then_some("kt_data"),
            collector: role(1).then_some("kontract_gc"),
        })
    }

    /// What garbage collection acts as. `None`: one login does everything.
    pub fn collector(&self) -> Result<Option<&'static str>, StorageError> {
        match (self.role, self.collector) {
            (Some(_), None) => Err(StorageError::NotMigrated("role kontract_gc".to_owned())),
            (_, collector) => Ok(collector),
        }
    }

    /// What may be done with a table, as the build and the database both have it.
    pub fn permissions(&self, table: &Table) -> Result<Perm, StorageError> {
        match self.tables.get(table.id()) {
            Some((ptr, perm)) if ptr == table.ptr() => Ok(*perm & table.permissions()),
            _ => Err(StorageError::NotMigrated(format!("table {}", table.id()))),
        }
    }
}

/// What this process knows of domains.
#[derive(Debug, Default)]
pub struct Domains {
    /// Those known to have their fixed rows. Forgetting one costs a statement, never more.
    ensured: Mutex<HashSet<Domain>>,
    /// Commits that wait for each other.
    pub(super) groups: Groups,
    /// Who wants to know of commits.
    pub(crate) listeners: Listeners,
}

impl Domains {
    const MAX: usize = 65_536;

    /// Statements that create the fixed rows of domains not known to have them.
    pub(super) fn ensure(&self, domains: &[Domain]) -> Vec<Statement> {
        let known = self.ensured.lock().unwrap_or_else(PoisonError::into_inner);
        let unknown = domains.iter().filter(|domain| !known.contains(domain));
        unknown
            .map(|domain| Statement::EnsureDomain {
                domain: domain.clone(),
            })
            .collect()
    }

    pub(super) fn learn(&self, domains: &[Domain]) {
        let mut known = self.ensured.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= Self::MAX {
            known.clear();
        }
        known.extend(domains.iter().cloned());
    }

    pub(super) fn forget(&self, domains: &[Domain]) {
        let mut known = self.ensured.lock().unwrap_or_else(PoisonError::into_inner);
        for domain in domains {
            known.remove(domain);
        }
    }
}
