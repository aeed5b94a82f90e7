//! `migrate`: brings a database to what a manifest needs.

use kontract_pg::migrate as apply;
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
