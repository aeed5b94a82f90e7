//! Splitting every module into a client half and a server half.
//!
//! [`prepare`] makes plain JavaScript with resolved names, [`items`] looks at each top-level item,
//! [`ambient`] says which functions need `ctx` and `env`, [`reach`] what the client may have; then
//! [`server`] and [`client`] write the halves.

mod ambient;
mod chain;
mod client;
mod halves;
mod items;
mod lower;
mod middleware;
mod prepare;
mod reach;
mod redirect;
mod server;
mod state;
mod surroundings;
mod values;

use crate::resolve::has_extension;

pub(crate) use ambient::{contextual, target};
pub(crate) use client::client_page;
pub(crate) use halves::{Halves, Items};
pub(crate) use items::{Half, Item, Reference, Shape};
pub(crate) use lower::HELPERS_SOURCE;
pub(crate) use middleware::{Middleware, find_middleware};
pub(crate) use reach::{ItemIndex, Reach, reach};
pub(crate) use server::{Server, check_ambient, server_files, server_page};
pub(crate) use state::check_state;
pub(crate) use surroundings::check_surroundings;
pub(crate) use values::Values;

/// The output path of a source file: `src/a.tsx` → `src/a.js`, `src/a.json` → `src/a.json.js`.
pub(crate) fn output_path(path: &str) -> String {
    if has_extension(path, "json") {
        return format!("{path}.js");
    }
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    format!("{stem}.js")
}

/// A relative specifier from one path of the output to another.
pub(crate) fn relative(from: &str, to: &str) -> String {
    let from: Vec<&str> = from.split('/').collect();
    let to: Vec<&str> = to.split('/').collect();
    let folder = &from[..from.len() - 1];
    let common = folder
        .iter()
        .zip(&to[..to.len() - 1])
        .take_while(|(a, b)| a == b)
        .count();
    let up = "../".repeat(folder.len() - common);
    let start = if up.is_empty() { "./" } else { &up };
    format!("{start}{}", to[common..].join("/"))
}

#[cfg(test)]
mod tests {
    use super::relative;

    #[test]
    fn specifiers_are_relative_to_the_folder() {
        assert_eq!(
            relative("client/src/api/todos.js", "client/rpc.js"),
            "../../rpc.js"
        );
        assert_eq!(relative("client/index.js", "client/rpc.js"), "./rpc.js");
        assert_eq!(
            relative("client/routes.js", "codecs/src/a.js"),
            "../codecs/src/a.js"
        );
    }
}
