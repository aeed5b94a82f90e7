//! `collect`: deletes what nobody can see any more.

use std::time::Duration;

use kontract_gateway::Manifest;
use kontract_pg::{PgPool, PoolConfig};
use napi::bindgen_prelude::{Error, Result};
use napi_derive::napi;

/// Options of `collect`.
#[napi(object)]
pub struct CollectOptions {
    /// The gateway's login, or an administrator's.
    pub database_url: String,
    /// Text of `manifest.json`.
    pub manifest: String,
    /// How long what nobody can see any more is kept, in hours; at least 1.
    pub retention_hours: u32,
}

/// What was deleted.
#[napi(object)]
pub struct CollectReport {
    /// Owners looked at, and the tables all share.
    pub domains: i64,
    /// Rows of the commit log.
    pub commits: i64,
    /// Versions of rows.
    pub versions: i64,
}

/// Deletes what ended longer ago than the retention. Safe to run at any time, and by several at once.
#[napi]
pub async fn collect(options: CollectOptions) -> Result<CollectReport> {
    let reason = |error: &dyn std::error::Error| Error::from_reason(error.to_string());
    let manifest = Manifest::parse(&options.manifest).map_err(|error| reason(&error))?;
    let config = PoolConfig {
        max_connections: 1,
        ..PoolConfig::default()
    };
    let pool = PgPool::new(&options.database_url, config).map_err(|error| reason(&error))?;
    let retention = Duration::from_hours(options.retention_hours.max(1).into());
    let collected = kontract_gateway::collect(&pool, &manifest, retention).await;
    pool.close();
    let collected = collected.map_err(|error| reason(&error))?;
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    Ok(CollectReport {
        domains: count(collected.domains),
        commits: count(collected.commits),
        versions: count(collected.versions),
    })
}
