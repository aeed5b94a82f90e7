//! `migrate`: brings a database to what a manifest needs.

use kontract_pg::{Report, connect, gateway_url, migrate as apply};
use napi::bindgen_prelude::{Error, Result};
use napi_derive::napi;

/// Options of `migrate`.
#[napi(object)]
pub struct MigrateOptions {
    /// A login that may create roles and tables.
    pub admin_url: String,
    /// Text of `manifest.json`.
    pub manifest: String,
    /// Password the gateway's login gets.
    pub gateway_password: String,
}

/// What a migration did.
#[napi(object)]
pub struct MigrateReport {
    /// One line for each thing that was made.
    pub applied: Vec<String>,
    /// The gateway's login.
    pub gateway_url: String,
    /// True when roles could not be made: the gateway then uses the admin login.
    pub degraded: bool,
}

/// Brings the database to what the manifest needs. Idempotent; safe to run from several processes.
#[napi]
pub async fn migrate(options: MigrateOptions) -> Result<MigrateReport> {
    let MigrateOptions {
        admin_url,
        manifest,
        gateway_password,
    } = options;
    let address = admin_url.parse().map_err(|error| {
        Error::from_reason(format!("the database address cannot be read: {error}"))
    })?;
    let client = connect(&address)
        .await
        .map_err(|error| Error::from_reason(format!("cannot connect to the database: {error}")))?;
    let report = apply(&client, &manifest, &gateway_password).await;
    let Report { applied, degraded } =
        report.map_err(|error| Error::from_reason(error.to_string()))?;
    let derived = if degraded {
        None
    } else {
        gateway_url(&admin_url, &gateway_password)
    };
    Ok(MigrateReport {
        applied,
        gateway_url: derived.unwrap_or(admin_url),
        degraded,
    })
}
