//! Names that nothing in a module declares: what surrounds it has to have them. Browsers and
//! ECMAScript do for client code; ECMAScript modules have none of `CommonJS`'s on either side.

use std::collections::{BTreeSet, HashSet};
use std::sync::OnceLock;

use swc_core::common::Span;
use swc_core::ecma::ast::{Decl, Ident, ModuleDecl, ModuleItem, Stmt};
use swc_core::ecma::utils::find_pat_ids;
use swc_core::ecma::visit::{Visit, VisitWith};

use super::halves::{Halves, Items};
use super::items::Shape;
use super::reach::Reach;
use crate::diagnostics::{Report, reach as errors};
use crate::modules::Modules;
use crate::parse::range_of;

/// What modules of `CommonJS` have, and what to write instead.
const COMMONJS: [(&str, &str); 5] = [
    (
        "require",
        "write `import`, or `createRequire(import.meta.url)` of `node:module`",
    ),
    ("module", "write `export`"),
    ("exports", "write `export`"),
    ("__dirname", "write `import.meta.dirname`"),
    ("__filename", "write `import.meta.filename`"),
];

/// What servers have beyond what browsers have. A client in Node has them too, a page doesn't.
const SERVER: [&str; 5] = [
    "process",
    "Buffer",
    "global",
    "setImmediate",
    "clearImmediate",
];

/// Checks what client halves and server halves take from their surroundings.
pub(crate) fn check_surroundings(
    modules: &Modules,
    halves: Halves<'_>,
    items: &[Items],
    reach: &Reach,
    on_server: &BTreeSet<usize>,
    reports: &mut Vec<Report>,
) {
    let mut declared = None;
    for (file, all) in items.iter().enumerate() {
        for (index, item) in all.iter().enumerate() {
            let in_client = reach.items[file].contains(&index);
            for (name, span) in &item.free {
                let instead = COMMONJS.iter().find(|(known, _)| known == name);
                // What another package says when it finds no `require` is not ours to mend.
                let installed = modules.files[file].path.contains("node_modules/");
                if installed && instead.is_some() {
                    continue;
                }
                if let Some((_, instead)) =
                    instead.filter(|_| in_client || on_server.contains(&file))
                {
                    reports.push(errors::commonjs(file, range_of(*span), name, instead));
                } else if in_client && !surely_there(modules, file, name, *span) {
                    let declared = declared.get_or_insert_with(|| declared_globals(modules));
                    if !declared.contains(name) {
                        let server = SERVER.contains(&name.as_str());
                        reports.push(errors::no_such_global(file, range_of(*span), name, server));
                    }
                }
            }
            if let ModuleItem::ModuleDecl(ModuleDecl::Import(import)) =
                &halves[file].module.body[index]
            {
                let dropped = item.shape == Shape::Import
                    && import.specifiers.is_empty()
                    && reach.client[file]
                    && !in_client
                    && on_server.contains(&file)
                    && !reach.server_imports.contains(&(file, index));
                let specifier = import.src.value.to_string_lossy();
                if on_server.contains(&file)
                    && !import.specifiers.is_empty()
                    && modules.is_asset(file, &specifier)
                {
                    reports.push(errors::asset_on_server(
                        file,
                        range_of(import.span),
                        &specifier,
                    ));
                }
                if dropped {
                    reports.push(errors::dropped_import(
                        file,
                        range_of(import.span),
                        &specifier,
                    ));
                }
            }
        }
    }
}

/// `process.env.NODE_ENV` is what every bundler replaces.
fn surely_there(modules: &Modules, file: usize, name: &str, span: Span) -> bool {
    let rest = &modules.files[file].text[range_of(span).start as usize..];
    browser().contains(name) || rest.starts_with("process.env.NODE_ENV")
}

/// The globals of ECMAScript, browsers and their workers (TypeScript's `lib.es*.d.ts`,
/// `lib.dom.d.ts` and `lib.webworker.d.ts`), one a line.
fn browser() -> &'static HashSet<&'static str> {
    static NAMES: OnceLock<HashSet<&'static str>> = OnceLock::new();
    NAMES.get_or_init(|| include_str!("globals.txt").lines().collect())
}

/// What the project says is there: `declare const x`, `declare global { … }`.
fn declared_globals(modules: &Modules) -> HashSet<String> {
    let mut found = Declared::default();
    for parsed in &modules.files {
        let all_ambient = parsed.path.ends_with(".d.ts");
        for item in &parsed.module.body {
            if let ModuleItem::Stmt(Stmt::Decl(decl)) = item {
                found.ambient(decl, all_ambient);
            }
        }
    }
    found.0
}

#[derive(Default)]
struct Declared(HashSet<String>);

impl Declared {
    fn ambient(&mut self, decl: &Decl, all: bool) {
        match decl {
            Decl::Var(var) if all || var.declare => {
                let names: Vec<Ident> = find_pat_ids(&var.decls);
                self.0.extend(names.into_iter().map(|n| n.sym.to_string()));
            }
            Decl::Fn(f) if all || f.declare => {
                self.0.insert(f.ident.sym.to_string());
            }
            Decl::Class(c) if all || c.declare => {
                self.0.insert(c.ident.sym.to_string());
            }
            Decl::TsModule(module) if module.global => module.visit_children_with(self),
            _ => {}
        }
    }
}

impl Visit for Declared {
    fn visit_decl(&mut self, node: &Decl) {
        self.ambient(node, true);
    }
}
