//! Return types the compiler was told: what `kontract sync` learnt from TypeScript and wrote into the
//! lock file. The compiler itself never asks, so the same files give the same output.
//!
//! An entry of `types` is a type text, the project's types it names with the files that declare them,
//! and a digest of what it was taken from, so that one that may be out of date is noticed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};
use swc_core::common::BytePos;
use swc_core::ecma::ast::{Decl, EsVersion, TsType};
use swc_core::ecma::codegen::to_code;
use swc_core::ecma::parser::lexer::Lexer;
use swc_core::ecma::parser::{Parser, StringInput, Syntax, TsSyntax};

use super::ir::{Slot, Types};
use super::resolve::{Resolved, Resolver, Scope};
use super::tables::TableDecl;
use crate::codec::hex;
use crate::diagnostics::{Range, Report, types as errors};
use crate::modules::{Export, Modules, Source};
use crate::output::Untyped;
use crate::parse::offset_utf16;

/// Behind every position of a source: no decorator of a file is bound to a recorded type.
const OUTSIDE: u32 = 1 << 30;

/// The `types` of a lock file.
#[derive(Default)]
pub(crate) struct Recorded(BTreeMap<String, Entry>);

struct Entry {
    from: String,
    /// The project's types the text names, and the files that declare them.
    names: BTreeMap<String, String>,
    returns: Option<Box<TsType>>,
}

impl Recorded {
    /// Reads the entries; what is damaged is as good as absent, and reported as such.
    pub(crate) fn read(types: Option<&Value>) -> Self {
        let entries = types.and_then(Value::as_object).into_iter().flatten();
        Self(
            entries
                .map(|(id, v)| (id.clone(), Entry::read(v)))
                .collect(),
        )
    }
}

impl Entry {
    fn read(value: &Value) -> Self {
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let names = value.get("names").and_then(Value::as_object);
        Self {
            from: text("from").unwrap_or_default().to_owned(),
            names: names
                .into_iter()
                .flatten()
                .filter_map(|(name, file)| Some((name.clone(), file.as_str()?.to_owned())))
                .collect(),
            returns: text("returns").and_then(parse_type),
        }
    }
}

fn parse_type(text: &str) -> Option<Box<TsType>> {
    let text = format!("type T = {text};");
    let end = BytePos(OUTSIDE + u32::try_from(text.len()).ok()?);
    let lexer = Lexer::new(
        Syntax::Typescript(TsSyntax::default()),
        EsVersion::EsNext,
        StringInput::new(&text, BytePos(OUTSIDE), end),
        None,
    );
    let module = Parser::new_from(lexer).parse_module().ok()?;
    match module.body.as_slice() {
        [item] => match crate::modules::declaration(item)? {
            Decl::TsTypeAlias(alias) => Some(alias.type_ann.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// A backend function whose return type neither is written nor follows from its syntax.
struct Asked {
    id: String,
    file: usize,
    range: Range,
    used: bool,
}

/// The replies the compiler was told, and those it has to be told.
pub(crate) struct Replies<'a> {
    recorded: &'a Recorded,
    asked: Vec<Asked>,
}

impl<'a> Replies<'a> {
    pub(crate) fn new(recorded: &'a Recorded) -> Self {
        Self {
            recorded,
            asked: Vec::new(),
        }
    }

    /// The recorded return type of a route, if there is one that can be read.
    pub(crate) fn ask(
        &mut self,
        resolver: &mut Resolver<'a>,
        id: &str,
        file: usize,
        range: Range,
        hint: &str,
    ) -> Option<Slot> {
        let before = resolver.reports.len();
        let entry = self.recorded.0.get(id);
        let slot = entry.and_then(|entry| entry.resolve(resolver, file, hint).ok());
        // What is wrong with a recorded type is not wrong in the user's file.
        resolver.reports.truncate(before);
        self.asked.push(Asked {
            id: id.to_owned(),
            file,
            range,
            used: slot.is_some(),
        });
        slot
    }

    /// The functions `kontract sync` asks about; those whose record is stale are reported.
    pub(crate) fn finish(
        self,
        modules: &Modules,
        types: &Types,
        tables: &[TableDecl],
        reports: &mut Vec<Report>,
    ) -> Vec<Untyped> {
        if self.asked.is_empty() {
            return Vec::new();
        }
        let mut origins = Origins::new(modules, types, tables);
        let mut all = Vec::new();
        for asked in self.asked {
            let from = origins.digest(asked.file);
            let entry = self.recorded.0.get(&asked.id);
            let fresh = entry.is_some_and(|e| e.from == from);
            if asked.used && !fresh {
                reports.push(errors::stale_return_type(
                    asked.file,
                    asked.range,
                    &asked.id,
                ));
            }
            let file = &modules.files[asked.file];
            all.push(Untyped {
                id: asked.id,
                file: file.path.clone(),
                offset: offset_utf16(&file.text, asked.range.start),
                from,
                fresh,
            });
        }
        all
    }
}

impl Entry {
    fn resolve<'a>(
        &'a self,
        resolver: &mut Resolver<'a>,
        file: usize,
        hint: &str,
    ) -> Resolved<Slot> {
        let unreadable = super::resolve::Reported;
        let ty = self.returns.as_deref().ok_or(unreadable)?;
        let mut scope = Scope::new();
        for (name, path) in &self.names {
            let declaring = resolver.modules.files.iter().position(|f| f.path == *path);
            let declaring = declaring.filter(|&f| resolver.declares(f, name));
            let slot = resolver.named(declaring.ok_or(unreadable)?, name)?;
            scope.insert(name.clone(), slot);
        }
        resolver.slot(file, ty, &scope, hint)
    }
}

/// Digests of what return types follow from: a file's code with that of all it imports, and the tables.
struct Origins<'a> {
    modules: &'a Modules,
    tables: String,
    code: BTreeMap<usize, String>,
}

impl<'a> Origins<'a> {
    fn new(modules: &'a Modules, types: &Types, tables: &[TableDecl]) -> Self {
        let name = |index: usize| {
            types.objects[index]
                .file
                .map(|_| types.objects[index].name.clone())
        };
        let rows = tables
            .iter()
            .map(|t| format!("{}:{}\n", t.id, types.members(t.object, &name, " ")));
        Self {
            modules,
            tables: rows.collect(),
            code: BTreeMap::new(),
        }
    }

    fn digest(&mut self, file: usize) -> String {
        let mut all = Sha256::new();
        all.update(&self.tables);
        for reached in self.closure(file) {
            let parsed = &self.modules.files[reached];
            // Printed code has neither comments nor the user's layout: changing these changes no type.
            let code = self
                .code
                .entry(reached)
                .or_insert_with(|| to_code(&parsed.module));
            all.update(format!("\0{}\0", parsed.path));
            all.update(code.as_bytes());
        }
        format!("sha256:{}", hex(&all.finalize(), 32))
    }

    fn closure(&self, file: usize) -> BTreeSet<usize> {
        let mut all = BTreeSet::new();
        let mut queue = vec![file];
        while let Some(file) = queue.pop() {
            if !all.insert(file) {
                continue;
            }
            let names = &self.modules.names[file];
            let imported = names.imports.values().map(|i| &i.from);
            let exported = names.exports.values().filter_map(|e| match e {
                Export::From(from, _) => Some(from),
                Export::Local(_) => None,
            });
            queue.extend(imported.chain(exported).filter_map(|from| match from {
                Source::Project(target) => Some(*target),
                Source::Bare(_) => None,
            }));
            queue.extend(&names.stars);
        }
        all
    }
}
