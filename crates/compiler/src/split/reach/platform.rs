//! What only a server has, by name.

use crate::split::middleware::MIDDLEWARE_FILES;

/// Whether a file says by its name that it is the server's.
pub(super) fn is_server_file(path: &str) -> bool {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    MIDDLEWARE_FILES.contains(&path) || stem.ends_with(".server")
}

/// Modules only a server's platform has (nodejs.org/api, "Built-in modules").
pub(super) fn is_platform(package: &str) -> bool {
    const BUILT_IN: [&str; 43] = [
        "assert",
        "async_hooks",
        "buffer",
        "child_process",
        "cluster",
        "console",
        "constants",
        "crypto",
        "dgram",
        "diagnostics_channel",
        "dns",
        "domain",
        "events",
        "fs",
        "http",
        "http2",
        "https",
        "inspector",
        "module",
        "net",
        "os",
        "path",
        "perf_hooks",
        "process",
        "punycode",
        "querystring",
        "readline",
        "repl",
        "stream",
        "string_decoder",
        "sys",
        "timers",
        "tls",
        "trace_events",
        "tty",
        "url",
        "util",
        "v8",
        "vm",
        "wasi",
        "worker_threads",
        "zlib",
        "bun",
    ];
    // `fs/promises` is one, `events/` is a package that looks like one.
    let name = package.split_once('/').map_or(
        package,
        |(name, rest)| {
            if rest.is_empty() { "" } else { name }
        },
    );
    package.starts_with("node:")
        || package.starts_with("kontract/runtime")
        || package.starts_with("cloudflare:")
        || package.starts_with("bun:")
        || BUILT_IN.contains(&name)
}
