//! `doctor`: whether a database is what a build needs, and what stands guard in it.

use kontract_pg::{Address, Diagnosis, Finding, Level, RoleReport, diagnose, gateway_url};
use napi::bindgen_prelude::{Error, Result};
use napi_derive::napi;

/// Options of `doctor`.
#[napi(object)]
pub struct DoctorOptions {
    /// The login to look around with, best the one that migrates.
    pub url: String,
    /// What the server connects with.
    pub gateway_url: Option<String>,
    /// Without `gateway_url`: the password of the gateway's login at the same server.
    pub gateway_password: Option<String>,
    /// Text of `manifest.json`; without it the build is not compared.
    pub manifest: Option<String>,
}

/// What was found.
#[napi(object)]
pub struct DoctorReport {
    /// The server's version: `16.14`.
    pub version: String,
    /// Whether Kontract is tested on it.
    pub supported: bool,
    /// Who looked around.
    pub login: String,
    /// One login owns and uses everything.
    pub degraded: bool,
    /// Kontract's roles, and what each holds.
    pub roles: Vec<DoctorRole>,
    /// Worst first.
    pub findings: Vec<DoctorFinding>,
}

/// One of Kontract's roles.
#[napi(object)]
pub struct DoctorRole {
    /// Its name.
    pub name: String,
    /// `trxs: SELECT`, `trxs.ts: UPDATE`.
    pub held: Vec<String>,
}

/// Something a person should know.
#[napi(object)]
pub struct DoctorFinding {
    /// `problem`, `unprotected` or `note`.
    pub level: String,
    /// Stable, for programs.
    pub code: String,
    /// What is.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Looks at a database and changes nothing.
#[napi]
pub async fn doctor(options: DoctorOptions) -> Result<DoctorReport> {
    let url = address(&options.url)?;
    let derived = options.gateway_password.as_deref();
    let derived = derived.and_then(|password| gateway_url(&options.url, password));
    let gateway = options.gateway_url.or(derived);
    let gateway = gateway.as_deref().map(address).transpose()?;
    let diagnosis = diagnose(&url, gateway.as_ref(), options.manifest.as_deref()).await;
    diagnosis
        .map(DoctorReport::from)
        .map_err(|error| Error::from_reason(error.to_string()))
}

fn address(text: &str) -> Result<Address> {
    text.parse().map_err(|error| {
        Error::from_reason(format!("the database address cannot be read: {error}"))
    })
}

impl From<Diagnosis> for DoctorReport {
    fn from(diagnosis: Diagnosis) -> Self {
        let role = |RoleReport { name, held }| DoctorRole { name, held };
        Self {
            version: diagnosis.version,
            supported: diagnosis.supported,
            login: diagnosis.login,
            degraded: diagnosis.degraded,
            roles: diagnosis.roles.into_iter().map(role).collect(),
            findings: diagnosis.findings.into_iter().map(finding).collect(),
        }
    }
}

fn finding(finding: Finding) -> DoctorFinding {
    let level = match finding.level {
        Level::Problem => "problem",
        Level::Unprotected => "unprotected",
        Level::Note => "note",
    };
    DoctorFinding {
        level: level.to_owned(),
        code: finding.code.to_owned(),
        message: finding.message,
        help: finding.help.to_owned(),
    }
}
