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

/// A middleware that ends without ever calling `next`, and without a reply or an error of its own.
pub(crate) fn next_not_called(file: usize, range: Range) -> Report {
    Report::error(
        "KT4004",
        file,
        range,
        "this middleware never calls `next()`: no backend function runs behind it".to_owned(),
    )
    .help("`await next()` where the rest should run; to stop a call, return a reply or throw")
    .warning()
}

/// `next();`
pub(crate) fn next_not_awaited(file: usize, range: Range) -> Report {
    Report::error(
        "KT4005",
        file,
        range,
        "`next()` is not awaited: what follows runs before the backend function is done".to_owned(),
    )
    .help("`await next()`; `void next()` if that is meant")
    .warning()
}

/// A call of `next` behind another one, or in a loop.
pub(crate) fn next_called_again(file: usize, range: Range) -> Report {
    Report::error(
        "KT4006",
        file,
        range,
        "`next()` can be called once: the second call fails".to_owned(),
    )
    .help("keep what it gives: `const reply = await next()`")
    .warning()
}

/// `next(error)`, as other frameworks have it.
pub(crate) fn next_with_argument(file: usize, range: Range) -> Report {
    Report::error(
        "KT4007",
        file,
        range,
        "`next()` takes no argument".to_owned(),
    )
    .help("an error is thrown: `throw error`; a reply is returned")
}

/// A filter that no backend function passes.
pub(crate) fn filter_matches_nothing(
    file: usize,
    range: Range,
    group: Option<&str>,
    known: &[&str],
) -> Report {
    let unknown = group.filter(|group| !known.contains(group));
    let near = unknown.and_then(|group| super::did_you_mean(group, known));
    let help = near.map_or(
        "all that is given must match; a path is `/<egroup>/<name>`, or `/<name>`".to_owned(),
        |name| format!("did you mean `{name}`?"),
    );
    Report::error(
        "KT4008",
        file,
        range,
        "no backend function passes this filter: the middleware never runs".to_owned(),
    )
    .help(help)
    .warning()
}

/// `function*` in the list.
pub(crate) fn generator(file: usize, range: Range) -> Report {
    Report::error(
        "KT4009",
        file,
        range,
        "a generator is no middleware: calling it runs nothing".to_owned(),
    )
    .help("an async function: `async (ctx, next) => { await next(); }`")
}
