//! A key that tokens are checked with. Its type alone decides the algorithm (RFC 8725 section 3.1):
//! what a token's header says can only agree or be refused.

use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

/// A key that tokens are checked with: RS256, ES256 or `EdDSA`; the gateway's own secret, HS256.
#[derive(Clone)]
pub struct TokenKey {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

/// Why a JWK (RFC 7517) cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not a JSON object with the strings a JWK has.
    #[error("it is not a JSON Web Key")]
    Malformed,
    /// A key that can sign has no business where keys are only checked with.
    #[error("it holds a private or secret key: only public halves belong in the configuration")]
    Private,
    /// Not RSA, P-256 or Ed25519, or made for another algorithm.
    #[error("tokens are checked with RS256, ES256 and EdDSA; this key is of another kind")]
    Unsupported,
    /// `use` or `key_ops` say something else.
    #[error("it is not meant for checking signatures")]
    Purpose,
    /// Coordinates or modulus of another length than the type has.
    #[error("its numbers have the wrong length; RSA keys have 2048 to 4096 bits")]
    Length,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    d: Option<String>,
    k: Option<String>,
}

impl TokenKey {
    /// A public key as a JSON Web Key.
    pub fn from_jwk(json: &str) -> Result<Self, KeyError> {
        let jwk = serde_json::from_str(json).map_err(|_| KeyError::Malformed)?;
        Self::of(jwk)
    }

    /// The same, of a key set.
    pub(super) fn from_value(value: serde_json::Value) -> Result<Self, KeyError> {
        let jwk = serde_json::from_value(value).map_err(|_| KeyError::Malformed)?;
        Self::of(jwk)
    }

    /// The gateway's own secret.
    pub(super) fn secret(secret: &[u8]) -> Self {
        Self {
            id: None,
            algorithm: Algorithm::HS256,
            key: DecodingKey::from_secret(secret),
        }
    }

    fn of(jwk: Jwk) -> Result<Self, KeyError> {
        if jwk.d.is_some() || jwk.k.is_some() {
            return Err(KeyError::Private);
        }
        let signs = jwk.r#use.as_deref().is_none_or(|used| used == "sig");
        let verifies = |ops: &Vec<String>| ops.iter().any(|op| op == "verify");
        if !signs || !jwk.key_ops.as_ref().is_none_or(verifies) {
            return Err(KeyError::Purpose);
        }
        let (algorithm, key) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", None) => (Algorithm::RS256, rsa(&jwk)?),
            ("EC", Some("P-256")) => (Algorithm::ES256, p256(&jwk)?),
            ("OKP", Some("Ed25519")) => (Algorithm::EdDSA, ed25519(&jwk)?),
            _ => return Err(KeyError::Unsupported),
        };
        if jwk.alg.is_some_and(|alg| !named(algorithm, &alg)) {
            return Err(KeyError::Unsupported);
        }
        Ok(Self {
            id: jwk.kid,
            algorithm,
            key,
        })
    }

    /// Whether a token with this header could have been signed by it. A key without an id is asked
    /// about every token.
    pub(super) fn suits(&self, algorithm: Algorithm, id: Option<&str>) -> bool {
        let same_id = match (self.id.as_deref(), id) {
            (Some(own), Some(named)) => own == named,
            _ => true,
        };
        self.algorithm == algorithm && same_id
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(super) fn key(&self) -> &DecodingKey {
        &self.key
    }
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenKey({:?}, {:?})", self.algorithm, self.id)
    }
}

/// RFC 9864 calls `EdDSA` over this curve `Ed25519`.
fn named(algorithm: Algorithm, name: &str) -> bool {
    match algorithm {
        Algorithm::RS256 => name == "RS256",
        Algorithm::ES256 => name == "ES256",
        Algorithm::EdDSA => name == "EdDSA" || name == "Ed25519",
        _ => false,
    }
}

/// Longer keys cost every token time, shorter ones are broken (RFC 7518 section 3.3).
fn rsa(jwk: &Jwk) -> Result<DecodingKey, KeyError> {
    let n = part(jwk.n.as_deref(), 256..=512)?;
    let e = part(jwk.e.as_deref(), 1..=4)?;
    DecodingKey::from_rsa_components(n, e).map_err(|_| KeyError::Malformed)
}

fn p256(jwk: &Jwk) -> Result<DecodingKey, KeyError> {
    let x = part(jwk.x.as_deref(), 32..=32)?;
    let y = part(jwk.y.as_deref(), 32..=32)?;
    DecodingKey::from_ec_components(x, y).map_err(|_| KeyError::Malformed)
}

fn ed25519(jwk: &Jwk) -> Result<DecodingKey, KeyError> {
    let x = part(jwk.x.as_deref(), 32..=32)?;
    DecodingKey::from_ed_components(x).map_err(|_| KeyError::Malformed)
}

/// Base64url of so many bytes. The library looks at lengths late, or takes them for granted.
fn part(text: Option<&str>, bytes: std::ops::RangeInclusive<usize>) -> Result<&str, KeyError> {
    let text = text.ok_or(KeyError::Malformed)?;
    if bytes.contains(&(text.len() * 3 / 4)) {
        Ok(text)
    } else {
        Err(KeyError::Length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    #[test]
    fn a_key_has_the_type_and_the_numbers_it_says() {
        let ed = |more: &str| format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{X}"{more}}}"#);
        let rsa = |length| format!(r#"{{"kty":"RSA","n":"{}","e":"AQAB"}}"#, "w".repeat(length));
        for (jwk, error) in [
            (ed(""), None),
            (ed(r#","alg":"EdDSA","use":"sig","kid":"a""#), None),
            (ed(r#","alg":"Ed25519","key_ops":["verify"]"#), None),
            (ed(r#","alg":"HS256""#), Some(KeyError::Unsupported)),
            (ed(r#","alg":"RS256""#), Some(KeyError::Unsupported)),
            (ed(r#","use":"enc""#), Some(KeyError::Purpose)),
            (ed(r#","key_ops":["encrypt"]"#), Some(KeyError::Purpose)),
            (ed(r#","d":"AAAA""#), Some(KeyError::Private)),
            (
                r#"{"kty":"oct","k":"AAAA"}"#.to_owned(),
                Some(KeyError::Private),
            ),
            (r#"{"kty":"oct"}"#.to_owned(), Some(KeyError::Unsupported)),
            (
                r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#.to_owned(),
                Some(KeyError::Length),
            ),
            (
                r#"{"kty":"OKP","crv":"Ed448","x":"AAAA"}"#.to_owned(),
                Some(KeyError::Unsupported),
            ),
            (
                format!(r#"{{"kty":"EC","crv":"P-384","x":"{X}","y":"{X}"}}"#),
                Some(KeyError::Unsupported),
            ),
            (
                format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"{X}"}}"#),
                None,
            ),
            (
                format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"AA"}}"#),
                Some(KeyError::Length),
            ),
            (rsa(342), None),
            (rsa(171), Some(KeyError::Length)),
            (rsa(1366), Some(KeyError::Length)),
            (
                r#"{"kty":"RSA","e":"AQAB"}"#.to_owned(),
                Some(KeyError::Malformed),
            ),
            ("[]".to_owned(), Some(KeyError::Malformed)),
            (String::new(), Some(KeyError::Malformed)),
        ] {
            assert_eq!(TokenKey::from_jwk(&jwk).err(), error, "{jwk}");
        }
    }

    /// Whatever the header says, a key is asked about tokens of its own algorithm only.
    #[test]
    fn the_keys_type_decides_the_algorithm() {
        let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{X}","kid":"a"}}"#);
        let key = TokenKey::from_jwk(&jwk).unwrap();
        assert!(key.suits(Algorithm::EdDSA, Some("a")) && key.suits(Algorithm::EdDSA, None));
        assert!(!key.suits(Algorithm::EdDSA, Some("b")));
        assert!(!key.suits(Algorithm::HS256, Some("a")));
        assert!(TokenKey::secret(b"s").suits(Algorithm::HS256, Some("any")));
    }
}
