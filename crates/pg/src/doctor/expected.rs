//! What each role should hold: the catalogue's side of what a migration grants.

use std::collections::BTreeSet;

/// Privileges of a role on the two fixed tables, these `tbl_*`, views and functions, as
/// [`super::facts`] writes them. Owning is no privilege of its own.
pub(super) fn privileges(
    role: &str,
    tables: &[&str],
    views: &[&str],
    functions: &BTreeSet<String>,
) -> BTreeSet<String> {
    let mut expected = on_tables(role, tables);
    if role == "kt_data" {
        expected.extend(views.iter().map(|name| format!("{name}: SELECT")));
    }
    if matches!(role, "kontract_gateway" | "kt_data") {
        let calls = functions.iter().map(|name| format!("{name}: EXECUTE"));
        expected.extend(calls);
    }
    expected
}

fn on_tables(role: &str, tables: &[&str]) -> BTreeSet<String> {
    let per_table = |privileges: &[&str]| {
        let each = tables.iter().flat_map(|table| {
            privileges
                .iter()
                .map(move |privilege| format!("{table}{privilege}"))
        });
        each.collect()
    };
    match role {
        "kontract_gateway" => [
            "storage: SELECT",
            "trxs: SELECT",
            "trxs: INSERT",
            "trxs: DELETE",
            "trxs.ts: UPDATE",
        ]
        .map(str::to_owned)
        .into(),
        "kt_data" => per_table(&[": SELECT", ": INSERT", "._deleted_txid: UPDATE"]),
        "kontract_gc" => per_table(&[
            ": DELETE",
            ".id: SELECT",
            "._owner: SELECT",
            "._txid: SELECT",
            "._deleted_txid: SELECT",
        ]),
        _ => BTreeSet::new(),
    }
}

/// Roles a role should be a member of.
pub(super) fn memberships(role: &str) -> &'static [&'static str] {
    match role {
        "kontract_gateway" => &["kontract_gc", "kt_data"],
        "kontract_migrator" => &["kontract_owner"],
        _ => &[],
    }
}

/// Whether a role is a login.
pub(super) fn is_login(role: &str) -> bool {
    matches!(role, "kontract_gateway" | "kontract_migrator")
}

/// What the gateway's sessions are limited by.
pub(super) const SETTINGS: [&str; 3] = [
    "statement_timeout",
    "lock_timeout",
    "idle_in_transaction_session_timeout",
];
