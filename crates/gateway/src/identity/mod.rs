//! Who is calling: tokens, the keys that prove them, and what a session pins of them.

mod authenticator;
mod claims;
mod config;
mod issue;
mod jwks;
mod key;

pub(crate) use authenticator::Authenticator;
pub use config::TokenConfig;
pub use issue::{IssueError, NewToken};
pub(crate) use issue::{Issuer, Issuing};
pub use jwks::{JwksUrl, JwksUrlError};
pub use key::{KeyError, TokenKey};

use crate::perm::Perm;

/// Who is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who vouches for the user.
    pub issuer: Option<String>,
    /// The user.
    pub sub: String,
    /// The tenant; the user, unless the token says otherwise.
    pub owner: String,
    /// What `ugroup` looks for.
    pub groups: Vec<String>,
    /// The most any call may do.
    pub perm: Perm,
    /// When the token ends, leeway included, in Unix seconds. `None` without a token.
    pub expires: Option<u64>,
}
