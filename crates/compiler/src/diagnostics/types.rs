//! `KT2xxx`: types.

use super::{Range, Report};

/// A parameter of a backend function without a type.
pub(crate) fn untyped_parameter(file: usize, range: Range, name: &str) -> Report {
    Report::error(
        "KT2001",
        file,
        range,
        format!("the parameter `{name}` of a backend function has no type"),
    )
    .help(format!("say what crosses the wire: `{name}: string`"))
}

/// A reply whose type is not written and not obvious.
pub(crate) fn missing_return_type(file: usize, range: Range, name: &str) -> Report {
    Report::error(
        "KT2002",
        file,
        range,
        format!("the return type of `{name}` is not known: its reply travels as `Json`"),
    )
    .warning()
    .help(format!(
        "write it: `{name}(…): Promise<…>`, or let `kontract sync` ask TypeScript and record it"
    ))
}

/// A recorded return type that was taken from other code than there is now.
pub(crate) fn stale_return_type(file: usize, range: Range, name: &str) -> Report {
    Report::error(
        "KT2020",
        file,
        range,
        format!(
            "the recorded return type of `{name}` may be out of date: its code has changed since"
        ),
    )
    .warning()
    .help("run `kontract sync`, or write the type: `Promise<…>`")
}

/// A type that cannot cross the wire.
pub(crate) fn unsupported_type(file: usize, range: Range, what: &str, help: &str) -> Report {
    Report::error(
        "KT2003",
        file,
        range,
        format!("{what} cannot cross the wire"),
    )
    .help(help)
}

/// A type name nothing declares.
pub(crate) fn unknown_type(file: usize, range: Range, name: &str) -> Report {
    Report::error(
        "KT2004",
        file,
        range,
        format!("the type `{name}` is not declared in this project"),
    )
    .help("declare it as an interface or a type in `src/` and import it")
}

/// A type that contains itself without anything in between.
pub(crate) fn endless_type(file: usize, range: Range, name: &str) -> Report {
    Report::error(
        "KT2005",
        file,
        range,
        format!("the type `{name}` never ends"),
    )
    .help("let it contain itself through a field of an interface")
}

/// A number decorator on something that is no number.
pub(crate) fn not_a_number(file: usize, range: Range, decorator: &str) -> Report {
    Report::error("KT2006", file, range, format!("`@{decorator}` narrows numbers, and this is none"))
        .help("`@int8` to `@uint32` and `@float32` stand on `number`, `@int64` and `@uint64` also on `bigint`")
}

/// A type used with the wrong number of type arguments.
pub(crate) fn wrong_type_arguments(
    file: usize,
    range: Range,
    name: &str,
    expected: usize,
) -> Report {
    Report::error(
        "KT2007",
        file,
        range,
        format!("`{name}` takes {expected} type argument(s)"),
    )
}

/// A union whose members look alike at run time.
pub(crate) fn ambiguous_union(file: usize, range: Range, class: &str) -> Report {
    let (what, help) = match class {
        "object" => (
            "the object types of this union cannot be told apart",
            "give each a field with a literal of its own: `kind: 'circle'` and `kind: 'square'`",
        ),
        "array" => (
            "the arrays of this union cannot be told apart",
            "use one array whose elements are a union, `(string | number)[]`, or put each into an object with a `kind`",
        ),
        _ => (
            "`Json` takes in what the others of this union are",
            "use `Json` alone, or put it into a field: `{ json: Json }`",
        ),
    };
    Report::error("KT2008", file, range, what.to_owned()).help(help)
}

/// A union whose members differ in JavaScript, and not in the JSON of a row.
pub(crate) fn ambiguous_in_row(file: usize, range: Range, first: &str, second: &str) -> Report {
    let message = format!("a `{first}` and a `{second}` look alike in a table's row");
    Report::error("KT2009", file, range, message)
        .help("rows are JSON, where dates and 64-bit integers are numbers and bytes are strings: put one of them into a field of its own")
}
