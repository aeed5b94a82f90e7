//! What a table may be called, and what it is called when nobody says.

/// Whether the database can carry the name.
pub(super) fn is_table_name(id: &str) -> bool {
    // PostgreSQL cuts identifiers at 63 bytes; `tbl_`, `_` and six digits are ours.
    id.len() <= 40
        && id.starts_with(|c: char| c.is_ascii_alphabetic())
        && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `Todo` → `todos`, `Category` → `categories`, `Address` → `addresses`.
pub(super) fn plural(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars
        .next()
        .map(|c| c.to_lowercase().to_string())
        .unwrap_or_default();
    let singular = first + chars.as_str();
    let vowel_before_y = singular
        .strip_suffix('y')
        .is_some_and(|s| s.ends_with(['a', 'e', 'i', 'o', 'u']));
    if singular.ends_with('y') && !vowel_before_y {
        return format!("{}ies", &singular[..singular.len() - 1]);
    }
    let hissing = ["s", "x", "z", "ch", "sh"]
        .iter()
        .any(|end| singular.ends_with(end));
    format!("{singular}{}", if hissing { "es" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::plural;

    #[test]
    fn plurals_follow_english() {
        for (one, many) in [
            ("User", "users"),
            ("Category", "categories"),
            ("Address", "addresses"),
            ("Day", "days"),
            ("Box", "boxes"),
            ("DayCount", "dayCounts"),
            ("Branch", "branches"),
        ] {
            assert_eq!(plural(one), many);
        }
    }
}
