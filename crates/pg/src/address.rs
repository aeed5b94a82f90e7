//! Where a database is, and how to talk to it: libpq's addresses, and what only we understand.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::client::StatementMode;
use crate::connect::reason;

/// A database's address: a URL (`postgres://…`) or key-value pairs, as libpq reads them
/// (<https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING>).
///
/// Beyond what tokio-postgres takes: every `sslmode`, `sslrootcert` (a file, or `system`), and
/// `pgbouncer=true` or `false`, which says whether a pooler hands connections on between
/// transactions. Without it a connection finds out.
#[derive(Debug, Clone)]
pub struct Address {
    pub(crate) config: Config,
    pub(crate) protection: Protection,
    pub(crate) roots: Roots,
    pub(crate) statements: Option<StatementMode>,
}

/// What stands between the connection and whoever is on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protection {
    /// Nothing: the network is this machine's own, or the address says `sslmode=disable`.
    Plain,
    /// Encrypted, to whoever answers (`sslmode=require`).
    Encrypted,
    /// The certificate is one of the roots', for whatever name (`sslmode=verify-ca`).
    Issuer,
    /// The certificate is one of the roots', for the host's name (`sslmode=verify-full`).
    Full,
}

/// Whose certificates are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Roots {
    /// The system's (`SSL_CERT_FILE` names others).
    System,
    /// Those in a PEM file.
    File(PathBuf),
}

/// The address is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Neither a URL nor key-value pairs, or an option nobody knows. Never quotes a value.
    #[error("{}", reason(.0))]
    Config(#[from] tokio_postgres::Error),
    /// An option of ours has a value it cannot have.
    #[error("{option} is none of: {known}")]
    Value {
        /// The option.
        option: &'static str,
        /// What it can be.
        known: &'static str,
    },
}

impl Address {
    /// What stands between the connection and whoever is on the way.
    #[must_use]
    pub fn protection(&self) -> Protection {
        self.protection
    }

    /// Whether the server is this machine, or behind a socket file of it.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.config.get_hosts().iter().all(is_local)
            && self.config.get_hostaddrs().iter().all(IpAddr::is_loopback)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let mut ours = Ours::default();
        let rest = if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            from_url(text, &mut ours)
        } else {
            from_pairs(text, &mut ours)
        };
        let mut address = Self {
            config: rest.parse()?,
            protection: Protection::Full,
            roots: ours.roots(),
            statements: ours.statements()?,
        };
        address.protection = ours.protection(address.is_local())?;
        Ok(address)
    }
}

/// The options tokio-postgres does not know, or knows less of.
#[derive(Default)]
struct Ours {
    sslmode: Option<String>,
    sslrootcert: Option<String>,
    pgbouncer: Option<String>,
}

impl Ours {
    /// Takes an option in if it is one of ours.
    fn take(&mut self, name: &str, value: &str) -> bool {
        let slot = match name {
            "sslmode" => &mut self.sslmode,
            "sslrootcert" => &mut self.sslrootcert,
            "pgbouncer" => &mut self.pgbouncer,
            _ => return false,
        };
        *slot = Some(value.to_owned());
        true
    }

    fn roots(&self) -> Roots {
        match self.sslrootcert.as_deref() {
            None | Some("" | "system") => Roots::System,
            Some(file) => Roots::File(file.into()),
        }
    }

    /// libpq's meanings, but for what libpq does when nothing is said: off loopback we check.
    /// `prefer` and `allow` would go on in plain text when somebody on the way says so, and count
    /// as nothing said.
    fn protection(&self, local: bool) -> Result<Protection, AddressError> {
        let given = self.sslrootcert.as_deref().filter(|file| !file.is_empty());
        match self.sslmode.as_deref() {
            None | Some("prefer" | "allow") if local && given.is_none() => Ok(Protection::Plain),
            None | Some("prefer" | "allow" | "verify-full") => Ok(Protection::Full),
            Some("disable") => Ok(Protection::Plain),
            Some("require" | "verify-ca") if given == Some("system") => Ok(Protection::Full),
            // As libpq: with a root to check against, it is checked against.
            Some("require") if given.is_none() => Ok(Protection::Encrypted),
            Some("require" | "verify-ca") => Ok(Protection::Issuer),
            Some(_) => Err(AddressError::Value {
                option: "sslmode",
                known: "disable, require, verify-ca, verify-full",
            }),
        }
    }

    fn statements(&self) -> Result<Option<StatementMode>, AddressError> {
        match self.pgbouncer.as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(StatementMode::Unnamed)),
            Some("false") => Ok(Some(StatementMode::Prepared)),
            Some(_) => Err(AddressError::Value {
                option: "pgbouncer",
                known: "true, false",
            }),
        }
    }
}

/// The URL without our options.
fn from_url(url: &str, ours: &mut Ours) -> String {
    let Some((front, query)) = url.split_once('?') else {
        return url.to_owned();
    };
    let theirs: Vec<&str> = query
        .split('&')
        .filter(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            !ours.take(name, &percent_decode_str(value).decode_utf8_lossy())
        })
        .collect();
    format!("{front}?{}", theirs.join("&"))
}

/// The pairs without our options: `name = value`, values in quotes if they need them, with
/// backslashes before quotes and backslashes.
fn from_pairs(text: &str, ours: &mut Ours) -> String {
    let mut theirs = String::new();
    let mut rest = text.trim_start();
    while let Some((name, after)) = rest.split_once('=') {
        let (value, length) = value(after);
        if !ours.take(name.trim(), &value) {
            let end = name.len() + 1 + length;
            theirs.push_str(rest.get(..end).unwrap_or(rest));
            theirs.push(' ');
        }
        rest = after.get(length..).unwrap_or_default().trim_start();
    }
    // What is left is no pair: tokio-postgres says so.
    theirs.push_str(rest);
    theirs
}

/// The value at the start of a text, and how many bytes it takes there.
fn value(text: &str) -> (String, usize) {
    let start = text.len() - text.trim_start().len();
    let mut chars = text.char_indices().skip_while(|(at, _)| *at < start);
    let mut value = String::new();
    let mut quoted = false;
    while let Some((at, char)) = chars.next() {
        match char {
            '\'' if at == start => quoted = true,
            '\'' if quoted => return (value, at + 1),
            char if char.is_whitespace() && !quoted => return (value, at),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            char => value.push(char),
        }
    }
    (value, text.len())
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protection(address: &str) -> Protection {
        address.parse::<Address>().unwrap().protection()
    }

    #[test]
    fn only_this_machine_goes_without_tls() {
        for (address, plain) in [
            ("postgres://u@127.0.0.1/db", true),
            ("postgres://u@[::1]:5433/db", true),
            ("postgres://u@localhost/db", true),
            ("host=/run/postgresql user=u", true),
            ("postgres://u@127.0.0.1/db?sslmode=require", false),
            ("postgres://u@10.0.0.1/db", false),
            ("postgres://u@10.0.0.1/db?sslmode=prefer", false),
            ("postgres://u@localhost,db.example.com/db", false),
            ("host=localhost hostaddr=192.0.2.1 user=u", false),
            ("postgres://u@localhost.example.com/db", false),
            ("postgres://u@db/db?sslmode=disable", true),
        ] {
            assert_eq!(protection(address) == Protection::Plain, plain, "{address}");
        }
    }

    #[test]
    fn sslmode_means_what_libpq_means() {
        for (address, expected) in [
            ("postgres://u@db/x", Protection::Full),
            ("postgres://u@db/x?sslmode=verify-full", Protection::Full),
            ("postgres://u@db/x?sslmode=verify-ca", Protection::Issuer),
            ("postgres://u@db/x?sslmode=require", Protection::Encrypted),
            (
                "postgres://u@db/x?sslmode=require&sslrootcert=/ca.pem",
                Protection::Issuer,
            ),
            (
                "postgres://u@db/x?sslmode=verify-ca&sslrootcert=system",
                Protection::Full,
            ),
            (
                "postgres://u@localhost/x?sslrootcert=/ca.pem",
                Protection::Full,
            ),
            (
                "host=db user=u sslmode = 'verify-ca' dbname=x",
                Protection::Issuer,
            ),
        ] {
            assert_eq!(protection(address), expected, "{address}");
        }
        for wrong in [
            "postgres://u@db/x?sslmode=verify",
            "postgres://u@db/x?pgbouncer=1",
            "postgres://u@db/x?sslcert=/client.pem",
            "host=db user=u nonsense",
        ] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn our_options_leave_the_rest_as_it_was() {
        let url: Address =
            "postgres://u:p@db:1/x?pgbouncer=true&application_name=a&sslrootcert=%2Fa%20b"
                .parse()
                .unwrap();
        assert_eq!(url.statements, Some(StatementMode::Unnamed));
        assert_eq!(url.roots, Roots::File("/a b".into()));
        assert_eq!(url.config.get_application_name(), Some("a"));

        let pairs: Address =
            r"host=db sslrootcert='/a b\'c' password = 'p \' q' pgbouncer=false user=u"
                .parse()
                .unwrap();
        assert_eq!(pairs.statements, Some(StatementMode::Prepared));
        assert_eq!(pairs.roots, Roots::File("/a b'c".into()));
        assert_eq!(pairs.config.get_password(), Some(&b"p ' q"[..]));
        assert_eq!(pairs.config.get_user(), Some("u"));
    }
}
