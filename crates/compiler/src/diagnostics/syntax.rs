//! `KT1xxx`: parsing and decorators.

use super::{Range, Report, suggestion};

/// TypeScript's own grammar is broken.
pub(crate) fn parse_error(file: usize, range: Range, message: &str) -> Report {
    Report::error("KT1001", file, range, format!("syntax error: {message}"))
        .help("everything but Kontract's own decorators is plain TypeScript: mend what stands at or just before the mark")
}

/// A decorator Kontract does not know, where only Kontract's can stand.
pub(crate) fn unknown_decorator(file: usize, range: Range, name: &str, known: &[&str]) -> Report {
    Report::error(
        "KT1002",
        file,
        range,
        format!("`@{name}` cannot stand here: it is no Kontract decorator"),
    )
    .help(suggestion(name, known))
}

/// A Kontract decorator before something it cannot mark.
pub(crate) fn misplaced_decorator(
    file: usize,
    range: Range,
    name: &str,
    permitted: &str,
) -> Report {
    Report::error(
        "KT1003",
        file,
        range,
        format!("`@{name}` cannot stand here"),
    )
    .help(format!("`@{name}` stands directly before {permitted}"))
}

/// The argument list does not read as arguments.
pub(crate) fn malformed_arguments(file: usize, range: Range, name: &str, expected: &str) -> Report {
    Report::error(
        "KT1004",
        file,
        range,
        format!("the arguments of `@{name}` cannot be read: expected {expected}"),
    )
    .help("arguments are `name=value` pairs or one object literal, of literals and `perms.*` only")
}

/// An argument name the decorator does not have.
pub(crate) fn unknown_argument(
    file: usize,
    range: Range,
    decorator: &str,
    key: &str,
    keys: &[&str],
) -> Report {
    let help = if keys.is_empty() {
        "it takes none".to_owned()
    } else {
        suggestion(key, keys)
    };
    Report::error(
        "KT1005",
        file,
        range,
        format!("`@{decorator}` has no argument `{key}`"),
    )
    .help(help)
}

/// One argument given twice.
pub(crate) fn duplicate_argument(file: usize, range: Range, decorator: &str, key: &str) -> Report {
    Report::error(
        "KT1006",
        file,
        range,
        format!("`@{decorator}` is given `{key}` twice"),
    )
    .help("keep one of them")
}

/// An argument of the wrong kind.
pub(crate) fn wrong_argument(
    file: usize,
    range: Range,
    decorator: &str,
    key: &str,
    expected: &str,
) -> Report {
    Report::error(
        "KT1007",
        file,
        range,
        format!("`{key}` of `@{decorator}` must be {expected}"),
    )
}

/// The same decorator twice on one target.
pub(crate) fn repeated_decorator(file: usize, range: Range, name: &str) -> Report {
    Report::error(
        "KT1008",
        file,
        range,
        format!("`@{name}` stands here twice"),
    )
    .help("keep one of them")
}

/// The reader of decorators nests too deep.
pub(crate) fn nested_too_deep(file: usize, range: Range) -> Report {
    Report::error(
        "KT1009",
        file,
        range,
        "the code nests too deep to be read".to_owned(),
    )
    .help("split it into smaller functions")
}

/// So many places that can be read in two ways inside one another that reading them would not end.
pub(crate) fn guessed_too_deep(file: usize, range: Range) -> Report {
    Report::error(
        "KT1011",
        file,
        range,
        "too much inside one another here can be read in two ways".to_owned(),
    )
    .help("give the inner parts names of their own: every `<T>(…)` and every `a ? (b) : c => …` doubles the time it takes to read what is inside")
}

/// `using` outside of a block: the whole module would have to be wrapped.
pub(crate) fn top_level_using(file: usize, range: Range) -> Report {
    Report::error(
        "KT1010",
        file,
        range,
        "`using` cannot stand at the top level of a module here".to_owned(),
    )
    .help("put it and what uses it into a block or a function: not every platform has `using`, and a module cannot be wrapped in `try`")
}
