//! The modules that hold a build together: the client's and the server's tables of contents.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::Options;
use crate::modules::Modules;
use crate::routes::RouteType;
use crate::split::{output_path, relative};
use crate::types::{property, quote};

/// `client/rpc.js`, `config.js`, `routes.js` and `index.js`.
pub(crate) fn client_files(
    modules: &Modules,
    routes: &[RouteType],
    hashes: &BTreeMap<&str, String>,
    options: &Options,
) -> Vec<(String, String)> {
    let module = quote(options.client.suite.client_module());
    let rpc = format!(
        "import {{ createRpc }} from {module};\nimport {{ config }} from \"./config.js\";\nimport {{ routes }} from \"./routes.js\";\n\nexport const {{ __kontract_rpc, api, kontract }} = createRpc(config, routes);\n"
    );
    let index = format!("export * from {module};\nexport {{ api, kontract }} from \"./rpc.js\";\n");
    let url = options
        .client
        .url
        .as_ref()
        .map_or_else(|| "undefined".to_owned(), |url| quote(url));
    let pins: Vec<String> = options.client.pins.iter().map(|pin| quote(pin)).collect();
    let config = format!(
        "export const config = {{ url: {url}, pins: [{}], mode: {} }};\n",
        pins.join(", "),
        quote(options.mode.as_str())
    );
    let mut table = imports(
        modules,
        routes,
        "client/routes.js",
        &["encodeArgs", "decodeReply"],
    );
    table.push_str("\nexport const routes = {\n");
    for (index, route) in routes.iter().enumerate() {
        let (id, symbol) = (&route.id, symbol(index, route));
        let egroup = route
            .meta
            .egroup
            .as_ref()
            .map_or_else(|| "null".to_owned(), |g| quote(g));
        let hash = hashes.get(id.as_str()).map_or("", String::as_str);
        let _ = writeln!(
            table,
            "  {}: {{ id: {}, hash: {}, perm: {}, egroup: {egroup}, encodeArgs: encodeArgs_{symbol}, decodeReply: decodeReply_{symbol} }},",
            property(id),
            quote(id),
            quote(hash),
            route.meta.perm
        );
    }
    table.push_str("};\n");
    vec![
        ("client/rpc.js".to_owned(), rpc),
        ("client/index.js".to_owned(), index),
        ("client/config.js".to_owned(), config),
        ("client/routes.js".to_owned(), table),
    ]
}

/// `server/registry.js` and `server/index.js`.
pub(crate) fn server_files(modules: &Modules, routes: &[RouteType]) -> Vec<(String, String)> {
    let mut index = String::new();
    for &file in &files_with_routes(routes) {
        let path = format!("server/{}", output_path(&modules.files[file].path));
        let _ = writeln!(
            index,
            "import {};",
            quote(&relative("server/index.js", &path))
        );
    }
    index.push_str(&imports(
        modules,
        routes,
        "server/index.js",
        &["decodeArgs", "encodeReply"],
    ));
    index.push_str("\nexport { __kontract_routes as routes } from \"./registry.js\";\nexport { tables } from \"./tables.js\";\n");
    index.push_str("\nexport const codecs = {\n");
    for (at, route) in routes.iter().enumerate() {
        let (id, symbol) = (property(&route.id), symbol(at, route));
        let _ = writeln!(
            index,
            "  {id}: {{ decodeArgs: decodeArgs_{symbol}, encodeReply: encodeReply_{symbol} }},"
        );
    }
    index.push_str("};\n");
    let registry = "export const __kontract_routes = new Map();\n".to_owned();
    vec![
        ("server/registry.js".to_owned(), registry),
        ("server/index.js".to_owned(), index),
    ]
}

fn files_with_routes(routes: &[RouteType]) -> BTreeSet<usize> {
    routes.iter().map(|r| r.file).collect()
}

/// What a route is called in a table of contents: two modules may have functions of one name.
fn symbol(index: usize, route: &RouteType) -> String {
    if route.id == route.name {
        route.name.clone()
    } else {
        index.to_string()
    }
}

/// Imports of the codecs a table of contents needs, one line a file.
fn imports(modules: &Modules, routes: &[RouteType], here: &str, functions: &[&str]) -> String {
    let mut out = String::new();
    for file in files_with_routes(routes) {
        let of_file = routes.iter().enumerate().filter(|(_, r)| r.file == file);
        let names: Vec<String> = of_file
            .flat_map(|(index, route)| {
                let symbol = symbol(index, route);
                functions.iter().map(move |f| {
                    let (theirs, ours) = (format!("{f}_{}", route.name), format!("{f}_{symbol}"));
                    if theirs == ours {
                        theirs
                    } else {
                        format!("{theirs} as {ours}")
                    }
                })
            })
            .collect();
        let path = format!("codecs/{}", output_path(&modules.files[file].path));
        let _ = writeln!(
            out,
            "import {{ {} }} from {};",
            names.join(", "),
            quote(&relative(here, &path))
        );
    }
    out
}
