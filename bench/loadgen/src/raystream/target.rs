//! The job's texts, turned into what calls need once and before the load.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use kontract_raystream::{PublicKey, request_hash};

use crate::error::LoadError;
use crate::expect::Expect;
use crate::job::{RaystreamCall, RaystreamTarget};

/// A gateway's route with the calls to make of it.
#[derive(Debug)]
pub struct Route {
    pub method: String,
    pub pin: PublicKey,
    pub schema_hash: u64,
    pub calls: Vec<PreparedCall>,
}

/// Encoded arguments, their hash, and what a good reply contains.
#[derive(Debug)]
pub struct PreparedCall {
    pub args: Vec<u8>,
    pub request_hash: [u8; 32],
    pub expect: Expect,
}

impl Route {
    pub fn parse(target: &RaystreamTarget) -> Result<Self, LoadError> {
        if target.calls.is_empty() {
            return Err(LoadError::Field {
                field: "calls",
                wanted: "a list with at least one",
            });
        }
        let calls = target.calls.iter().map(|call| prepare(&target.route, call));
        Ok(Self {
            method: target.route.clone(),
            pin: parse_pin(&target.pin)?,
            schema_hash: target
                .schema_hash
                .as_deref()
                .map_or(Ok(0), parse_schema_hash)?,
            calls: calls.collect::<Result<_, _>>()?,
        })
    }
}

fn prepare(method: &str, call: &RaystreamCall) -> Result<PreparedCall, LoadError> {
    let args = STANDARD.decode(&call.args).map_err(|_| LoadError::Field {
        field: "args",
        wanted: "base64",
    })?;
    let request_hash = request_hash(method, &args);
    Ok(PreparedCall {
        args,
        request_hash,
        expect: Expect::new(&call.expect),
    })
}

fn parse_pin(text: &str) -> Result<PublicKey, LoadError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|bytes| bytes.try_into().ok());
    bytes.map(PublicKey).ok_or(LoadError::Field {
        field: "pin",
        wanted: "32 bytes in base64url",
    })
}

fn parse_schema_hash(text: &str) -> Result<u64, LoadError> {
    let hash = (text.len() == 16)
        .then(|| u64::from_str_radix(text, 16).ok())
        .flatten();
    hash.ok_or(LoadError::Field {
        field: "schemaHash",
        wanted: "16 hex digits",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_checked_before_any_load() {
        assert_eq!(parse_schema_hash("00000000000000ff").unwrap(), 255);
        assert!(parse_schema_hash("ff").is_err());
        assert_eq!(parse_pin(&"A".repeat(43)).unwrap(), PublicKey([0; 32]));
        assert!(parse_pin("AAAA").is_err());
    }
}
