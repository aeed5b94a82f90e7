//! What each decorator takes: a closed set of arguments, checked once for every decorator found.

use crate::blank::{Argument, Found, Value, parse_arguments, parse_object};
use crate::diagnostics::{Range, Report, syntax};
use crate::parse::Parsed;

/// What an argument must be.
#[derive(Clone, Copy)]
enum Expected {
    Text,
    Texts,
    Mask,
    Boolean,
    Tenancy,
}

/// Positional argument first, under the name it is reported by.
struct Signature {
    positional: Option<(&'static str, Expected)>,
    named: &'static [(&'static str, Expected)],
}

fn signature(decorator: &str) -> Signature {
    match decorator {
        "backend" => Signature {
            positional: None,
            named: &[
                ("ugroup", Expected::Text),
                ("perm", Expected::Mask),
                ("egroup", Expected::Text),
            ],
        },
        "mwfilter" => Signature {
            positional: None,
            named: &[
                ("prefixurl", Expected::Text),
                ("egroup", Expected::Text),
                ("endpoints", Expected::Texts),
            ],
        },
        "table" => Signature {
            positional: Some(("name", Expected::Text)),
            named: &[("name", Expected::Text), ("tenancy", Expected::Tenancy)],
        },
        "perm" => Signature {
            positional: Some(("mask", Expected::Mask)),
            named: &[],
        },
        "index" => Signature {
            positional: None,
            named: &[("unique", Expected::Boolean)],
        },
        _ => Signature {
            positional: None,
            named: &[],
        },
    }
}

/// The arguments of a decorator that [`check`] has accepted.
pub(crate) fn arguments(parsed: &Parsed, found: &Found) -> Vec<Argument> {
    found
        .arguments
        .and_then(|range| parse_arguments(&parsed.text, range).ok())
        .unwrap_or_default()
}

/// Reads and checks the arguments of a decorator.
pub(crate) fn check(file: usize, parsed: &Parsed, found: &Found) -> Vec<Report> {
    let read = match found.arguments {
        None => Ok(Vec::new()),
        Some(range) => parse_arguments(&parsed.text, range),
    };
    match read {
        Ok(arguments) => check_arguments(file, &found.name, found.range, &arguments),
        Err(e) => vec![syntax::malformed_arguments(
            file,
            e.range,
            &found.name,
            e.expected,
        )],
    }
}

/// Reads and checks the object literal of the standard spelling.
pub(crate) fn object(
    file: usize,
    parsed: &Parsed,
    name: &str,
    range: Range,
) -> Result<Vec<Argument>, Vec<Report>> {
    let arguments = parse_object(&parsed.text, range)
        .map_err(|e| vec![syntax::malformed_arguments(file, e.range, name, e.expected)])?;
    let reports = check_arguments(file, name, range, &arguments);
    if reports.is_empty() {
        Ok(arguments)
    } else {
        Err(reports)
    }
}

fn check_arguments(
    file: usize,
    decorator: &str,
    whole: Range,
    arguments: &[Argument],
) -> Vec<Report> {
    let signature = signature(decorator);
    let keys: Vec<&str> = signature.named.iter().map(|(key, _)| *key).collect();
    let mut reports = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for (i, argument) in arguments.iter().enumerate() {
        let (key, expected) = match (&argument.key, signature.positional) {
            (None, Some(positional)) if i == 0 => positional,
            (None, _) => {
                reports.push(syntax::malformed_arguments(
                    file,
                    argument.range,
                    decorator,
                    "`name=value`",
                ));
                continue;
            }
            (Some(key), _) => {
                let Some(&named) = signature.named.iter().find(|(name, _)| name == key) else {
                    let report =
                        syntax::unknown_argument(file, argument.range, decorator, key, &keys);
                    reports.push(report);
                    continue;
                };
                named
            }
        };
        if seen.contains(&key) {
            reports.push(syntax::duplicate_argument(
                file,
                argument.range,
                decorator,
                key,
            ));
        }
        seen.push(key);
        if let Some(wanted) = mismatch(expected, &argument.value) {
            reports.push(syntax::wrong_argument(
                file,
                argument.range,
                decorator,
                key,
                wanted,
            ));
        }
    }
    if decorator == "perm" && arguments.is_empty() {
        reports.push(syntax::malformed_arguments(
            file,
            whole,
            decorator,
            "`perms.*`",
        ));
    }
    reports
}

fn mismatch(expected: Expected, value: &Value) -> Option<&'static str> {
    match (expected, value) {
        (Expected::Text, Value::Text(_))
        | (Expected::Mask, Value::Mask(_))
        | (Expected::Boolean, Value::Boolean(_)) => None,
        (Expected::Texts, Value::List(items))
            if items.iter().all(|i| matches!(i, Value::Text(_))) =>
        {
            None
        }
        (Expected::Tenancy, Value::Text(t))
            if matches!(t.as_str(), "own" | "isolated" | "shared") =>
        {
            None
        }
        (Expected::Text, _) => Some("a string"),
        (Expected::Texts, _) => Some("a list of strings"),
        (Expected::Mask, _) => Some("one of perms.___ R__ _W_ __X RW_ R_X _WX RWX"),
        (Expected::Boolean, _) => Some("true or false"),
        (Expected::Tenancy, _) => Some("\"own\", \"isolated\" or \"shared\""),
    }
}
