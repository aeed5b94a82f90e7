//! `KT3xxx`: splitting client from server.

use super::{Range, Report};

/// Two backend functions of one name.
pub(crate) fn duplicate_route(
    file: usize,
    range: Range,
    id: &str,
    first: (usize, Range),
) -> Report {
    Report::error(
        "KT3001",
        file,
        range,
        format!("two backend functions are called `{id}`"),
    )
    .label("the second")
    .other(first.0, first.1, "the first")
    .help("a function's name is its address on the wire: rename one of them")
}

/// A backend function called what a module of backend functions is called.
pub(crate) fn function_and_module(
    file: usize,
    range: Range,
    id: &str,
    function: (usize, Range),
) -> Report {
    Report::error(
        "KT3001",
        file,
        range,
        format!("`api.{id}` would be a backend function and a module of backend functions"),
    )
    .label("in the module")
    .other(function.0, function.1, "the function")
    .help("rename one of them")
}

/// `ctx` or `env` where no call is running.
pub(crate) fn ambient_outside_call(file: usize, range: Range, name: &str) -> Report {
    Report::error("KT3003", file, range, format!("`{name}` exists only during a call"))
        .help("use it in a backend function, a middleware or a function of the module they call; classes and objects take it as an argument")
}

/// A backend function nobody can import.
pub(crate) fn not_exported(file: usize, range: Range, name: &str) -> Report {
    Report::error(
        "KT3004",
        file,
        range,
        format!("the backend function `{name}` is not exported"),
    )
    .help("write `export` before it, or take `@backend` away")
}

/// A backend function without a name.
pub(crate) fn anonymous_route(file: usize, range: Range) -> Report {
    Report::error(
        "KT3005",
        file,
        range,
        "a backend function needs a name: it is its address on the wire".to_owned(),
    )
    .help("`export default async function name(…)`")
}

/// `this`, `arguments` or `yield` in a backend function.
pub(crate) fn unsupported_in_route(file: usize, range: Range, what: &str) -> Report {
    Report::error(
        "KT3006",
        file,
        range,
        format!("{what} cannot be used in a backend function"),
    )
    .help("a backend function has its parameters, `ctx`, `env` and the module it stands in")
}

/// An import of a project file that is not there.
pub(crate) fn missing_module(file: usize, range: Range, specifier: &str) -> Report {
    let help = if specifier.starts_with('#') {
        "`#…` is looked up in `imports` of the nearest package.json"
    } else {
        "relative imports are looked up as they are, with `.ts`, `.tsx`, `.js`, and as a folder with `index.ts`"
    };
    let message = format!("`{specifier}` leads to no file of this project");
    Report::error("KT3007", file, range, message).help(help)
}

/// The standard spelling in a form that is not understood.
pub(crate) fn unsupported_spelling(file: usize, range: Range, name: &str, form: &str) -> Report {
    Report::error(
        "KT3008",
        file,
        range,
        format!("`{name}(…)` is understood only as `{form}`"),
    )
}

/// A backend function inside another function.
pub(crate) fn nested_route(file: usize, range: Range, name: &str) -> Report {
    Report::error(
        "KT3009",
        file,
        range,
        format!("the backend function `{name}` stands inside another block"),
    )
    .help("move it to the top level of its module")
}

/// A name with a meaning of its own: `api` must not look like a promise.
pub(crate) fn not_a_route_id(file: usize, range: Range, id: &str) -> Report {
    Report::error(
        "KT3010",
        file,
        range,
        format!("`{id}` cannot be the name of a backend function"),
    )
    .help("`then` and names that start with `__` mean something else to JavaScript or to Kontract")
}

/// A backend function with several signatures.
pub(crate) fn overloaded_route(file: usize, range: Range, name: &str) -> Report {
    Report::error(
        "KT3015",
        file,
        range,
        format!("the backend function `{name}` has several signatures"),
    )
    .help("calls are encoded by one: write one signature with unions or optional parameters, or one function for each")
}
