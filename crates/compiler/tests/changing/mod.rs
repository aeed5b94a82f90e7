//! A small project that somebody is working on: types, helpers, backend functions, client code and
//! middleware that use each other, and the edits a day brings.

use std::fmt::Write;

use kontract_compiler::{Project, SourceFile};

use crate::random::Random;

pub struct Changing {
    modules: Vec<Module>,
    /// Counts what was added: names are never used twice.
    next: usize,
    lock: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Types,
    Helper,
    Api,
    Client,
    Server,
    Middleware,
}

struct Module {
    kind: Kind,
    name: String,
    number: usize,
    /// Lines of comment above it.
    comments: usize,
    /// Something that changes in its body.
    body: usize,
    /// Something that changes in its decorators or its filters.
    meta: usize,
    /// How many fields, exports or functions it has.
    size: usize,
    /// Whether it uses `ctx`.
    ambient: bool,
    /// Numbers of helpers it imports, some of which may be gone.
    helpers: Vec<usize>,
    /// The types it imports.
    types: usize,
    renamed: bool,
}

impl Changing {
    pub fn new(random: &mut Random) -> Self {
        let mut project = Self {
            modules: Vec::new(),
            next: 0,
            lock: None,
        };
        let kinds = [
            (Kind::Types, 2),
            (Kind::Helper, 4),
            (Kind::Api, 3),
            (Kind::Client, 2),
            (Kind::Server, 1),
            (Kind::Middleware, 1),
        ];
        for (kind, count) in kinds {
            for number in 0..count {
                project.add(kind, number, random);
            }
        }
        project.next = 10;
        project
    }

    /// One edit; the answer says what was done.
    pub fn edit(&mut self, random: &mut Random) -> String {
        let index = random.below(self.modules.len());
        let helper = random.below(5);
        let module = &mut self.modules[index];
        let name = module.name.clone();
        let done = match random.below(14) {
            0 | 1 => {
                module.body += 1;
                "body"
            }
            2 => {
                module.comments = random.below(4);
                "comment"
            }
            3 => {
                module.meta += 1;
                "decorator"
            }
            4 => {
                module.size = 1 + random.below(4);
                "size"
            }
            5 => {
                module.ambient = !module.ambient;
                "ctx"
            }
            6 => {
                if module.helpers.contains(&helper) {
                    module.helpers.retain(|known| *known != helper);
                } else {
                    module.helpers.push(helper);
                }
                "import"
            }
            7 => {
                module.types = random.below(2);
                "types"
            }
            8 => {
                module.renamed = !module.renamed;
                "export renamed"
            }
            9 => {
                let kind = [Kind::Helper, Kind::Api, Kind::Client][random.below(3)];
                let number = self.next;
                self.next += 1;
                self.add(kind, number, random);
                "another file added"
            }
            10 => {
                let gone = self.modules.remove(index);
                // A helper that others import comes back with the next edit.
                if matches!(gone.kind, Kind::Helper | Kind::Types) && random.below(3) > 0 {
                    self.modules.push(gone);
                }
                "file removed"
            }
            11 => {
                self.lock = match &self.lock {
                    None => {
                        Some(r#"{"version":1,"tables":{"t0s":{"ptr":"tbl_old_1"}}}"#.to_owned())
                    }
                    Some(_) => None,
                };
                "lock"
            }
            12 => {
                let missing = |kind| !self.modules.iter().any(|module| module.kind == kind);
                if missing(Kind::Middleware) {
                    self.add(Kind::Middleware, 0, random);
                }
                for number in 0..4 {
                    let name = format!("src/helper{number}.ts");
                    if !self.modules.iter().any(|module| module.name == name) {
                        self.add(Kind::Helper, number, random);
                    }
                }
                for number in 0..2 {
                    let name = format!("src/types{number}.ts");
                    if !self.modules.iter().any(|module| module.name == name) {
                        self.add(Kind::Types, number, random);
                    }
                }
                "put back what was missing"
            }
            _ => "nothing",
        };
        format!("{name}: {done}")
    }

    pub fn comment(&mut self, name: &str) {
        self.find(name).comments += 1;
    }

    pub fn body(&mut self, name: &str) {
        self.find(name).body += 1;
    }

    fn find(&mut self, name: &str) -> &mut Module {
        self.modules
            .iter_mut()
            .find(|module| module.name == name)
            .unwrap()
    }

    fn add(&mut self, kind: Kind, number: usize, random: &mut Random) {
        let name = match kind {
            Kind::Types => format!("src/types{number}.ts"),
            Kind::Helper => format!("src/helper{number}.ts"),
            Kind::Api => format!("src/api/api{number}.ts"),
            Kind::Client => format!("src/view{number}.tsx"),
            Kind::Server => format!("src/secret{number}.server.ts"),
            Kind::Middleware => "src/middleware.ts".to_owned(),
        };
        // Helpers lead to helpers with a smaller number, and now and then back.
        let most = if kind == Kind::Helper { number } else { 4 };
        let mut helpers: Vec<usize> = (0..random.below(3)).map(|_| random.below(most)).collect();
        helpers.sort_unstable();
        helpers.dedup();
        self.modules.push(Module {
            kind,
            name,
            number,
            comments: 0,
            body: 0,
            meta: number,
            size: 1 + random.below(3),
            ambient: false,
            helpers: helpers.into_iter().filter(|helper| *helper < 4).collect(),
            types: random.below(2),
            renamed: false,
        });
    }

    pub fn render(&self) -> Project {
        Project {
            files: self
                .modules
                .iter()
                .map(|module| SourceFile {
                    path: module.name.clone(),
                    text: module.render(),
                })
                .collect(),
            lock: self.lock.clone(),
        }
    }
}

impl Module {
    fn render(&self) -> String {
        let mut out = "// a comment, é\n".repeat(self.comments);
        let up = if self.kind == Kind::Api { "../" } else { "./" };
        for helper in &self.helpers {
            if !(self.kind == Kind::Helper && *helper == self.number) {
                let _ = writeln!(
                    out,
                    "import {{ help{helper}, limit{helper} }} from '{up}helper{helper}';"
                );
            }
        }
        let used: Vec<&usize> = self
            .helpers
            .iter()
            .filter(|h| self.kind != Kind::Helper || **h != self.number)
            .collect();
        let mut calls = String::new();
        for h in used {
            let _ = write!(calls, " + help{h}(limit{h})");
        }
        let who = if self.ambient { "ctx.sid.length" } else { "0" };
        let (n, body) = (self.number, self.body);
        match self.kind {
            Kind::Types => {
                let _ = writeln!(
                    out,
                    "export interface T{n} {{ @primkey id: string; note?: string | null;"
                );
                for field in 0..self.size {
                    let kind = ["number", "string", "boolean"][(self.body + field) % 3];
                    let _ = writeln!(out, "  field{field}: {kind};");
                }
                out.push_str("}\n");
            }
            Kind::Helper => {
                let name = if self.renamed { "assist" } else { "help" };
                let _ = writeln!(out, "export const limit{n}: number = {body};");
                let _ = writeln!(
                    out,
                    "export function {name}{n}(x: number): number {{\n  return x + {body} + {who}{calls};\n}}"
                );
                if self.renamed {
                    let _ = writeln!(out, "export {{ assist{n} as help{n} }};");
                }
            }
            Kind::Api => self.render_api(&mut out, up, who, &calls),
            Kind::Client => {
                let _ = writeln!(
                    out,
                    "const title = 'view {body}';\nexport function View{n}() {{\n  return <p>{{title}}{{0{calls}}}</p>;\n}}"
                );
                if self.size > 2 {
                    let _ = writeln!(
                        out,
                        "import {{ route0x0 }} from './api/api0';\nexport const load = () => route0x0({{ id: '', field0: 1 }} as never);"
                    );
                }
            }
            Kind::Server => {
                let _ = writeln!(
                    out,
                    "import {{ readFileSync }} from 'node:fs';\nexport const secret = () => readFileSync('{body}', 'utf8');"
                );
            }
            Kind::Middleware => {
                let _ = writeln!(
                    out,
                    "import {{ defineMiddleware }} from 'kontract';\nexport default defineMiddleware(["
                );
                for index in 0..self.size {
                    let filter = [
                        "",
                        "@mwfilter(egroup=\"v1\") ",
                        "@mwfilter(prefixurl=\"/v2\") ",
                    ][(self.meta + index) % 3];
                    let _ = writeln!(
                        out,
                        "  {filter}async (ctx, next) => {{\n    if ({body} > 3 && {who} > 1) return;\n    await next();\n    void (0{calls});\n  }},"
                    );
                }
                out.push_str("]);\n");
            }
        }
        out
    }

    fn render_api(&self, out: &mut String, up: &str, who: &str, calls: &str) {
        let (n, types, body) = (self.number, self.types, self.body);
        let _ = writeln!(out, "import type {{ T{types} }} from '{up}types{types}';");
        if self.ambient && n == 0 {
            let _ = writeln!(
                out,
                "import {{ secret }} from '{up}secret0.server';\nexport const hidden = () => secret();"
            );
        }
        let perm = ["R__", "RW_", "RWX"][self.meta % 3];
        let group = ["", "v1", "v2"][self.meta / 2 % 3];
        let standard = self.meta % 2 == 1;
        if standard {
            out.push_str("import { backend, perms } from 'kontract';\n");
        }
        for route in 0..self.size {
            let id = if self.renamed {
                format!("renamed{n}x{route}")
            } else {
                format!("route{n}x{route}")
            };
            let rest = format!("(item: T{types}, note?: string): Promise<T{types} | null>");
            let block = format!(
                "{{\n  if ({body} > {who}{calls}) return null;\n  return note ? item : await env.storage.t{types}s.get(item.id);\n}}"
            );
            if standard {
                let _ = writeln!(
                    out,
                    "export const {id} = backend({{ perm: perms.{perm}, egroup: '{group}' }}, async {rest} => {block});"
                );
            } else {
                let _ = writeln!(
                    out,
                    "@backend(perm=perms.{perm}, egroup=\"{group}\")\nexport async function {id}{rest} {block}"
                );
            }
        }
        let _ = writeln!(out, "export const plain{n} = {body};");
    }
}
