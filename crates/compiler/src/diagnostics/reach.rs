//! `KT30xx`: what the client may have, and what it does without.

use super::{Range, Report};

/// Server-only code in reach of the client; `way` goes from the client's entry to what is reached.
pub(crate) fn server_only(file: usize, range: Range, what: &str, way: &[String]) -> Report {
    Report::error(
        "KT3002",
        file,
        range,
        format!("client code reaches {what}, which exists only on the server"),
    )
    .label("reached here")
    .help(format!(
        "reached through {}; move it behind a `@backend` function",
        way.join(" → ")
    ))
}

/// A variable of the module that backend functions see change.
pub(crate) fn mutable_state(file: usize, range: Range, name: &str, route: &str) -> Report {
    Report::error(
            "KT3011",
            file,
            range,
            format!("the backend function `{route}` uses `{name}`, which changes"),
        )
        .warning()
        .label("shared by all calls of one process, and by no other process")
        .help("keep what calls share in `env.storage` or `env.shared`; make it a `const` if it never changes")
}

/// A name in client code that no client has.
pub(crate) fn no_such_global(file: usize, range: Range, name: &str, server: bool) -> Report {
    let (message, help) = if server {
        (
            format!("client code uses `{name}`, which only servers have"),
            "move it behind a `@backend` function, or ask `typeof` first",
        )
    } else {
        (
            format!("client code uses `{name}`, which nothing declares"),
            "import it; if something else brings it, say so with `declare const`",
        )
    };
    Report::error("KT3012", file, range, message)
        .warning()
        .help(help)
}

/// A file that starts nothing but server code.
pub(crate) fn left_out(file: usize, range: Range, way: &[String]) -> Report {
    let what = way.last().cloned().unwrap_or_default();
    Report::error(
            "KT3013",
            file,
            range,
            format!("this file has no client half: it needs `{what}`, and no client code imports it"),
        )
        .warning()
        .label("runs when the file is loaded")
        .help(format!(
            "reached through {}; call the file `*.server.ts` if it is the server's, else move this behind a `@backend` function",
            way.join(" → ")
        ))
}

/// `import './x'` in a file with backend functions.
pub(crate) fn dropped_import(file: usize, range: Range, specifier: &str) -> Report {
    Report::error(
            "KT3014",
            file,
            range,
            format!("`{specifier}` is not loaded in clients"),
        )
        .warning()
        .help("a file with backend functions gives the client its stubs; write `/* @client */` before the import if clients need it too")
}

/// An import of a picture or a style sheet by name, in what the server runs.
pub(crate) fn asset_on_server(file: usize, range: Range, specifier: &str) -> Report {
    Report::error(
        "KT3018",
        file,
        range,
        format!("the server loads this file, and cannot load `{specifier}`"),
    )
    .help("pictures and style sheets are for a bundler: move what uses this to a file of its own, without backend functions")
}

/// A name that modules of `CommonJS` have.
pub(crate) fn commonjs(file: usize, range: Range, name: &str, instead: &str) -> Report {
    Report::error(
        "KT3016",
        file,
        range,
        format!("`{name}` belongs to CommonJS; a build is ECMAScript modules, which have none"),
    )
    .help(instead.to_owned())
}

/// Two source files that would be one output file.
pub(crate) fn same_output(file: usize, first: &str, second: &str, output: &str) -> Report {
    Report::error(
        "KT3017",
        file,
        Range::default(),
        format!("`{first}` and `{second}` would both become `{output}`"),
    )
    .help("rename one of them")
}
