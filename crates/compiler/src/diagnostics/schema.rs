//! `KT5xxx`: tables and their schema.

use super::{Range, Report};

/// Two `@primkey` in one interface.
pub(crate) fn two_primary_keys(file: usize, range: Range, table: &str, first: Range) -> Report {
    Report::error(
        "KT5001",
        file,
        range,
        format!("`{table}` has two primary keys"),
    )
    .label("the second")
    .other(file, first, "the first")
    .help("keep one `@primkey`; `@index(unique=true)` keeps another field unique")
}

/// A primary key that is no plain string, number or bigint.
pub(crate) fn bad_primary_key(file: usize, range: Range, table: &str, field: &str) -> Report {
    Report::error(
        "KT5002",
        file,
        range,
        format!("`{field}` cannot be the primary key of `{table}`"),
    )
    .help("a primary key is a `string` that is always there")
}

/// Two interfaces that would be the same table.
pub(crate) fn duplicate_table(
    file: usize,
    range: Range,
    id: &str,
    first: (usize, Range),
) -> Report {
    Report::error(
        "KT5003",
        file,
        range,
        format!("two types are the table `{id}`"),
    )
    .label("the second")
    .other(first.0, first.1, "the first")
    .help("give one another name: `@table(\"name\")`")
}

/// `env.storage.x` with no type behind it.
pub(crate) fn unknown_table(file: usize, range: Range, id: &str, known: &[&str]) -> Report {
    let help = super::did_you_mean(id, known).map_or_else(
        || format!("declare its rows: `@table(\"{id}\") export interface …`"),
        |name| format!("did you mean `{name}`?"),
    );
    Report::error(
        "KT5004",
        file,
        range,
        format!("no type describes the rows of `env.storage.{id}`"),
    )
    .help(help)
}

/// A table name the database cannot carry.
pub(crate) fn bad_table_name(file: usize, range: Range, id: &str) -> Report {
    Report::error("KT5005", file, range, format!("`{id}` cannot name a table"))
        .help("letters, digits and `_`, starting with a letter, at most 40")
}

/// A lock file that cannot be read.
pub(crate) fn bad_lock(message: &str) -> Report {
    Report::error(
        "KT5006",
        usize::MAX,
        Range::default(),
        format!("kontract.lock.json cannot be read: {message}"),
    )
    .help("restore it from version control: it holds the names of your tables in the database")
}

/// A table type that is not an interface, class or object type.
pub(crate) fn not_an_object(file: usize, range: Range, name: &str) -> Report {
    Report::error("KT5007", file, range, format!("`{name}` cannot be a table"))
        .help("a table is an interface or a class without type parameters")
}

/// A table whose rows are described by what is written to it.
pub(crate) fn inferred_table(file: usize, range: Range, id: &str, shape: &str) -> Report {
    Report::error(
        "KT5008",
        file,
        range,
        format!("the rows of `env.storage.{id}` are taken to be `{shape}`"),
    )
    .info()
    .label("from what is written here")
    .help(format!(
        "no type describes them; to fix the shape: `@table(\"{id}\") export interface …`"
    ))
}

/// Two writes to an inferred table that do not go together.
pub(crate) fn inferred_conflict(
    file: usize,
    range: Range,
    id: &str,
    field: &str,
    types: [&str; 2],
    first: (usize, Range),
) -> Report {
    Report::error(
        "KT5009",
        file,
        range,
        format!(
            "`{field}` of `env.storage.{id}` is `{}` here and `{}` elsewhere",
            types[1], types[0]
        ),
    )
    .label("here")
    .other(first.0, first.1, "elsewhere")
    .help(format!(
        "write one kind of value, or declare the rows: `@table(\"{id}\") export interface …`"
    ))
}

/// `@index` on a field whose values have no order.
pub(crate) fn bad_index(file: usize, range: Range, table: &str, field: &str) -> Report {
    Report::error(
        "KT5011",
        file,
        range,
        format!("`{field}` of `{table}` cannot be indexed"),
    )
    .help("an index takes strings, numbers, bigints, dates or booleans; `query` finds what lists and objects hold without one")
}

/// A value written to an inferred table whose type the code alone does not tell.
pub(crate) fn not_inferable(file: usize, range: Range, id: &str, what: &str) -> Report {
    Report::error(
        "KT5010",
        file,
        range,
        format!("{what}, so the rows of `env.storage.{id}` have no type"),
    )
    .label("its type is not written here")
    .help(format!(
        "give it a type (`const x: string = …`, `… as string`), or declare the rows: `@table(\"{id}\") export interface …`"
    ))
}
