//! What a backend function is called on the wire: its name, or its module's and its own.

use crate::RouteNames;
use crate::types::is_identifier;

/// The route id of a function: `getUser`, or `users.getUser` for one in `src/users.ts`.
pub(super) fn address(names: RouteNames, path: &str, name: &str) -> String {
    match names {
        RouteNames::ByName => name.to_owned(),
        RouteNames::ByModule => {
            let mut parts = module(path);
            parts.push(name.to_owned());
            parts.join(".")
        }
    }
}

/// `src/users.ts`, `src/api/users.ts` and `src/users/index.ts` are `users`, `src/shop/cart.ts` is `shop.cart`.
fn module(path: &str) -> Vec<String> {
    let path = path.strip_prefix("src/").unwrap_or(path);
    let path = path.strip_prefix("api/").unwrap_or(path);
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let stem = stem.strip_suffix(".server").unwrap_or(stem);
    let mut parts: Vec<String> = stem.split('/').map(property).collect();
    if parts.last().is_some_and(|last| last == "index") {
        parts.pop();
    }
    parts
}

/// A folder or file as a property of `api`; `then` would make a promise of it.
fn property(part: &str) -> String {
    let part: String = part
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '$' {
                c
            } else {
                '_'
            }
        })
        .collect();
    if part == "then" || !is_identifier(&part) {
        return format!("${part}");
    }
    part
}

#[cfg(test)]
mod tests {
    use super::address;
    use crate::RouteNames::{ByModule, ByName};

    #[test]
    fn a_module_is_its_path() {
        for (path, id) in [
            ("src/users.ts", "users.f"),
            ("src/api/users.ts", "users.f"),
            ("src/users/index.ts", "users.f"),
            ("src/shop/cart.tsx", "shop.cart.f"),
            ("src/todo-list.server.ts", "todo_list.f"),
            ("src/index.ts", "f"),
            ("src/api.ts", "api.f"),
            ("src/then.ts", "$then.f"),
            ("src/2fa.mts", "$2fa.f"),
        ] {
            assert_eq!(address(ByModule, path, "f"), id, "{path}");
            assert_eq!(address(ByName, path, "f"), "f");
        }
    }
}
