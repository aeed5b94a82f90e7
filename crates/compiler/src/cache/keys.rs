//! Under which key the halves of a file are kept: a digest of everything they are made from.
//!
//! Of the file itself that is its text. Of others it is what the code that writes a half can ask:
//! - what every file it leads to imports, exports and hides (`ctx` and `env`), but neither bodies nor
//!   types: a comment in `types.ts` rewrites nobody else;
//! - what the client reaches of it, which the files that import it decide;
//! - its routes as they are on the wire, where types come in;
//! - in an optimised build, the texts of the files its imports lead to, whose constants it may hold;
//! - the lists of middleware: which a route has, and for the file that holds the middleware, which there are.

use std::collections::BTreeSet;
use std::fmt::Write;

use rayon::prelude::*;

use super::closure::closures;
use super::{Digest, digest_of};
use crate::modules::{Export, Imported, Modules, Source, assigns_its_export};
use crate::routes::RouteType;
use crate::split::{Reach, Server};

/// What the keys of all files have in common, worked out once a compile.
pub(crate) struct Keys<'a> {
    pub server: &'a Server<'a>,
    pub reach: &'a Reach,
    /// Files the server loads.
    pub on_server: &'a BTreeSet<usize>,
    /// Digest of each file's text, and of the name it is shown by.
    texts: Vec<Digest>,
    options: Digest,
    closures: Vec<Digest>,
}

impl<'a> Keys<'a> {
    pub(crate) fn new(
        texts: Vec<Digest>,
        options: Digest,
        server: &'a Server<'a>,
        reach: &'a Reach,
        on_server: &'a BTreeSet<usize>,
    ) -> Self {
        let modules = server.modules;
        let files = 0..modules.files.len();
        let own: Vec<Digest> = files
            .clone()
            .into_par_iter()
            .map(|file| interface(server, reach, file))
            .collect();
        let edges: Vec<Vec<usize>> = files.map(|file| modules.leads_to(file)).collect();
        Self {
            closures: closures(&own, &edges),
            server,
            reach,
            on_server,
            texts,
            options,
        }
    }

    /// The key of one file's halves; `wire` are the codecs of its routes.
    pub(crate) fn of(&self, file: usize, routes: &[&RouteType], wire: &str) -> Digest {
        let modules = self.server.modules;
        let mut facts = format!(
            "{} {} {} {:?}",
            self.on_server.contains(&file),
            self.reach.client[file],
            self.reach.complete[file],
            self.reach.items[file],
        );
        let effects = self.reach.server_imports.range((file, 0)..(file + 1, 0));
        let _ = write!(
            facts,
            " {:?}",
            effects.map(|(_, item)| item).collect::<Vec<_>>()
        );
        for route in routes {
            let _ = write!(facts, "\n{} {:?} {:?}", route.id, route.range, route.meta);
            for param in &route.params {
                let _ = write!(
                    facts,
                    " {}{}",
                    if param.rest { "..." } else { "" },
                    param.name
                );
            }
        }
        let (middleware, chains) = (self.server.middleware, &self.server.chains);
        if !routes.is_empty() {
            let home = middleware.file.map(|file| &modules.files[file].path);
            let lists = routes.iter().map(|route| middleware.chain(route));
            let lists: Vec<Vec<usize>> = lists.collect();
            let _ = write!(facts, "\n{home:?} {lists:?} {}", self.server.uses_txid);
        }
        if middleware.file == Some(file) {
            let _ = write!(facts, "\nmiddleware {chains:?} {}", self.server.closures);
        }
        let folded = self.folded(file, routes);
        // What the optimiser folds may come from anywhere: a production build is used again whole or not at all.
        let all: &[u8] = if self.server.optimise.is_some() {
            self.texts.as_flattened()
        } else {
            &[]
        };
        digest_of(&[
            all,
            &self.options,
            &folded,
            modules.files[file].path.as_bytes(),
            &self.texts[file],
            &self.closures[file],
            facts.as_bytes(),
            wire.as_bytes(),
        ])
    }

    /// What the optimiser puts into a file from outside of it: masks of routes nobody else calls,
    /// constants of the files that declare what it imports.
    fn folded(&self, file: usize, routes: &[&RouteType]) -> Digest {
        let Some(called) = &self.server.optimise else {
            return digest_of(&[]);
        };
        let modules = self.server.modules;
        let alone: Vec<bool> = routes.iter().map(|r| !called.has(file, &r.name)).collect();
        let declaring = |name: &String| Some(modules.declaration_of(file, name)?.0);
        let from: BTreeSet<usize> = modules.names[file]
            .imports
            .keys()
            .filter_map(declaring)
            .collect();
        let alone = format!("{alone:?}");
        let mut parts: Vec<&[u8]> = vec![alone.as_bytes()];
        parts.extend(from.iter().map(|&file| self.texts[file].as_ref()));
        digest_of(&parts)
    }
}

/// What other files can see of a file when halves are written.
fn interface(server: &Server<'_>, reach: &Reach, file: usize) -> Digest {
    let modules: &Modules = server.modules;
    let names = &modules.names[file];
    let source = |source: &Source| match source {
        Source::Project(target) => format!("file {}", modules.files[*target].path),
        Source::Bare(package) => format!("package {package}"),
    };
    let mut facts = format!(
        "{:?} {} {}
values {:?}
client {:?}
",
        modules.files[file].path,
        reach.client[file],
        assigns_its_export(&modules.files[file].module),
        server.values.of_file(file),
        reach.values.of_file(file),
    );
    for (local, import) in &names.imports {
        let name = match &import.name {
            Imported::Name(name) => name,
            Imported::Namespace => "*",
        };
        let _ = writeln!(
            facts,
            "import {local:?} {name:?} {:?}",
            source(&import.from)
        );
    }
    for (name, export) in &names.exports {
        let _ = match export {
            Export::Local(local) => writeln!(facts, "export {name:?} {local:?}"),
            Export::From(from, local) => {
                writeln!(facts, "export {name:?} {local:?} {:?}", source(from))
            }
        };
    }
    for &star in &names.stars {
        let _ = writeln!(facts, "export * {:?}", modules.files[star].path);
    }
    for (specifier, target) in modules.links_of(file) {
        let _ = writeln!(facts, "link {specifier:?} {:?}", source(target));
    }
    for local in server.contextual.of_file(file) {
        let _ = writeln!(facts, "contextual {local:?}");
    }
    digest_of(&[facts.as_bytes()])
}
