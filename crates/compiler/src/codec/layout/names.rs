//! Names as `flatc` takes them.

use std::collections::BTreeMap;

use crate::types::{is_identifier, quote};

/// A name's piece of a path.
pub(crate) fn path_of(name: &str) -> String {
    if is_identifier(name) {
        format!(".{name}")
    } else {
        format!("[{}]", quote(name))
    }
}

/// A name as `flatc` takes it.
pub(super) fn identifier(name: &str) -> String {
    let mut out: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '_'
            }
        })
        .collect();
    if !out.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        out.insert(0, '_');
    }
    out
}

/// A field's name as `flatc` takes it: no keyword, no name twice, not even in another case.
pub(super) fn field_name(name: &str, taken: &mut BTreeMap<String, u32>) -> String {
    const KEYWORDS: [&str; 37] = [
        "attribute",
        "bool",
        "byte",
        "double",
        "enum",
        "false",
        "file_extension",
        "file_identifier",
        "float",
        "float32",
        "float64",
        "include",
        "inf",
        "infinity",
        "int",
        "int16",
        "int32",
        "int64",
        "int8",
        "long",
        "namespace",
        "native_include",
        "null",
        "root_type",
        "rpc_service",
        "short",
        "string",
        "struct",
        "table",
        "true",
        "ubyte",
        "uint",
        "ulong",
        "union",
        "ushort",
        "nan",
        "vector",
    ];
    let mut name = identifier(name);
    if KEYWORDS.contains(&name.as_str()) || name.starts_with("uint") || name.ends_with("_type") {
        name.push('_');
    }
    let count = taken.entry(name.to_lowercase()).or_default();
    *count += 1;
    if *count == 1 {
        name
    } else {
        format!("{name}_{count}")
    }
}
