//! `kontract doctor`: whether a database is what a build needs, and what stands guard in it.
//!
//! [`facts`] asks, [`expected`] says what a role should hold, [`drift`] compares with the build;
//! nothing is changed.

mod drift;
mod expected;
mod facts;
mod roles;

use kontract_gateway::{GATEWAY_ROLE, Manifest, ManifestError};
use tokio_postgres::Client;

use crate::address::{Address, Protection};
use crate::connect::{ConnectError, connect, reason};
use crate::pooler;
use facts::Facts;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// The server's version, as it says it: `16.14`.
    pub version: String,
    /// Whether Kontract is tested on its major version.
    pub supported: bool,
    /// Who asked.
    pub login: String,
    /// One login owns and uses everything.
    pub degraded: bool,
    /// Kontract's roles that are there, and what each holds in schema `kontract`.
    pub roles: Vec<RoleReport>,
    /// What a person should know, worst first. Empty: all is as it should be.
    pub findings: Vec<Finding>,
}

/// One of Kontract's roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleReport {
    /// Its name.
    pub name: String,
    /// `trxs: SELECT`, `trxs.ts: UPDATE`; sorted.
    pub held: Vec<String>,
}

/// Something a person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// Stable, for programs: `role.privileges`.
    pub code: &'static str,
    /// What is.
    pub message: String,
    /// What to do.
    pub help: &'static str,
}

/// How bad a [`Finding`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Does not work, or is not as safe as it was set up to be.
    Problem,
    /// Works, with less protection than there could be.
    Unprotected,
    /// Good to know.
    Note,
}

/// Why nothing could be found out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DoctorError {
    /// The database cannot be reached.
    #[error("cannot connect to the database: {0}")]
    Connect(#[from] ConnectError),
    /// The build's manifest cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The server did not answer a question.
    #[error("the database refused a question: {}", reason(.0))]
    Database(#[from] tokio_postgres::Error),
}

/// Looks at the database from a login that may read its catalogue, best the one that migrates.
/// `gateway` is the address the server uses, if it is known; `manifest` the build, if there is one.
pub async fn diagnose(
    address: &Address,
    gateway: Option<&Address>,
    manifest: Option<&str>,
) -> Result<Diagnosis, DoctorError> {
    let manifest = manifest.map(Manifest::parse).transpose()?;
    let client = connect(address).await?;
    let facts = facts::read(&client).await?;
    let mut findings = Vec::new();
    version(&facts, &mut findings);
    drift::compare(&facts, manifest.as_ref(), &mut findings);
    if facts.degraded {
        findings.push(Finding {
            level: Level::Unprotected,
            code: "login.shared",
            message: format!(
                "one login, {}, owns and uses everything: nothing but Kontract's own statements stands \
                 between owners",
                facts.existing.login.name
            ),
            help: "Let a login with CREATEROLE migrate an empty database, and move the data there.",
        });
    } else if facts.existing.schema_owner.is_some() {
        roles::compare(&facts, &mut findings);
    }
    // With one login for all there is no other.
    let is_other = |of: &&Address| !facts.degraded || of.config.get_user() != Some(GATEWAY_ROLE);
    let gateway = gateway.filter(is_other);
    let used = gateway.unwrap_or(address);
    protection(used, &mut findings);
    login(
        used,
        &client,
        gateway.is_some(),
        facts.degraded,
        &mut findings,
    )
    .await?;
    findings.sort_by_key(|finding| finding.level);
    Ok(Diagnosis {
        version: facts.version.clone(),
        supported: facts.is_supported(),
        login: facts.existing.login.name.clone(),
        degraded: facts.degraded,
        roles: facts.roles.iter().map(facts::Role::report).collect(),
        findings,
    })
}

fn version(facts: &Facts, findings: &mut Vec<Finding>) {
    let version = &facts.version;
    if facts.number < facts::OLDEST * 10_000 {
        findings.push(Finding {
            level: Level::Problem,
            code: "server.version",
            message: format!("PostgreSQL {version} is older than 14"),
            help: "Use PostgreSQL 14 or newer.",
        });
    } else if !facts.is_supported() {
        findings.push(Finding {
            level: Level::Note,
            code: "server.version",
            message: format!("PostgreSQL {version} is newer than what Kontract is tested on"),
            help: "Look for a newer Kontract.",
        });
    }
}

/// What is on the way to the server.
fn protection(address: &Address, findings: &mut Vec<Finding>) {
    let (message, help) = match address.protection() {
        Protection::Plain if address.is_local() => return,
        Protection::Full => return,
        Protection::Plain => (
            "the connection is not encrypted (sslmode=disable)",
            "Leave sslmode out of the address: off this machine it then is verify-full.",
        ),
        Protection::Encrypted => (
            "nobody checks that the server is the right one (sslmode=require)",
            "Leave sslmode out of the address, with sslrootcert=/path/to/ca.pem for an authority of \
             your own.",
        ),
        Protection::Issuer => (
            "the server's name is not checked: any server of that authority will do (sslmode=verify-ca)",
            "Say sslmode=verify-full, with the name in the certificate as the host.",
        ),
    };
    findings.push(Finding {
        level: Level::Unprotected,
        code: "connection.tls",
        message: message.to_owned(),
        help,
    });
}

/// Whether the server's own login works and is what it should be, and what it passes through.
async fn login(
    address: &Address,
    admin: &Client,
    is_known: bool,
    degraded: bool,
    findings: &mut Vec<Finding>,
) -> Result<(), DoctorError> {
    let opened;
    let client = if is_known {
        match connect(address).await {
            Ok(client) => {
                opened = client;
                &opened
            }
            Err(error) => {
                findings.push(Finding {
                    level: Level::Problem,
                    code: "login.refused",
                    message: format!("the server's own login does not get in: {error}"),
                    help: "kontract start gives kontract_gateway the password it derives from \
                           KONTRACT_KEY; another one goes into KONTRACT_DATABASE_URL.",
                });
                return Ok(());
            }
        }
    } else {
        admin
    };
    if pooler::is_between(client).await? {
        findings.push(Finding {
            level: Level::Note,
            code: "connection.pooler",
            message: "there is a pooler between: statements are sent without being kept prepared"
                .to_owned(),
            help: "Nothing to do, unless the pooler keeps prepared statements itself (pgbouncer 1.21 \
                   with max_prepared_statements): then pgbouncer=false in the address is faster.",
        });
    }
    if is_known && !degraded {
        let rows = client.query_typed("SELECT current_user::text", &[]).await?;
        let name: String = rows.first().map(|row| row.get(0)).unwrap_or_default();
        if name != GATEWAY_ROLE {
            findings.push(Finding {
                level: Level::Unprotected,
                code: "login.other",
                message: format!("the server works as {name}, not as {GATEWAY_ROLE}"),
                help: "Put kontract_gateway's address into KONTRACT_DATABASE_URL, or leave it out.",
            });
        }
    }
    Ok(())
}
