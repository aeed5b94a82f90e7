//! JSON files as modules.

/// A JSON file as a module: its value is the default export (TC39, "JSON modules").
///
/// As an expression `{"__proto__": x}` sets a prototype; in JSON it is a key like others
/// (ECMA-262, 25.5.1, "`JSON.parse`"), which only a computed name is.
pub(crate) fn json_module(text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}').trim();
    let mut out = String::with_capacity(text.len() + 20);
    out.push_str("export default ");
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let length = string_length(&rest[start..]);
        let (string, after) = rest[start..].split_at(length);
        out.push_str(&rest[..start]);
        let is_key = after.trim_start().starts_with(':');
        if is_key && serde_json::from_str(string).is_ok_and(|key: String| key == "__proto__") {
            out.push_str("[\"__proto__\"]");
        } else {
            out.push_str(string);
        }
        rest = after;
    }
    out.push_str(rest);
    out.push_str(";\n");
    out
}

/// From its first quote to behind its last.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}
