//! `KT4xxx`: middleware.

use super::{Range, Report};

/// A middleware file with something else than a list of functions.
pub(crate) fn not_a_list(file: usize, range: Range) -> Report {
    Report::error(
        "KT4001",
        file,
        range,
        "`src/middleware.ts` exports one list of functions, written in place".to_owned(),
    )
    .help("`import { defineMiddleware } from 'kontract'` and `export default defineMiddleware([ async (ctx, next) => { await next(); } ])`")
}

/// An endpoint in a filter that no backend function has.
pub(crate) fn unknown_endpoint(file: usize, range: Range, id: &str, known: &[&str]) -> Report {
    let help = super::did_you_mean(id, known).map_or(
        "endpoints are names of backend functions".to_owned(),
        |name| format!("did you mean `{name}`?"),
    );
    Report::error(
        "KT4002",
        file,
        range,
        format!("no backend function is called `{id}`"),
    )
    .help(help)
}

/// A list of middleware in a file that is not looked at.
pub(crate) fn wrong_file(file: usize, range: Range) -> Report {
    Report::error(
        "KT4003",
        file,
        range,
        "middleware is read from `src/middleware.ts` only".to_owned(),
    )
    .help("move the list there")
}
