//! Imports of project files lead to the same half of those files; static ones, re-exports and
//! `import('…')` alike.

use swc_core::ecma::ast::{
    CallExpr, ExportAll, Expr, ImportDecl, Lit, ModuleItem, NamedExport, ObjectLit, Str,
};
use swc_core::ecma::visit::{VisitMut, VisitMutWith};

use super::lower::HELPERS_SPECIFIER;
use super::{output_path, relative};
use crate::modules::{Modules, Source};
use crate::parse::Parsed;
use crate::resolve::{dynamic_import, has_extension};

/// Where the imports of one output file lead.
pub(super) struct Redirect<'a> {
    pub modules: &'a Modules,
    pub file: usize,
    /// The path of the output file.
    pub here: &'a str,
    /// `client` or `server`.
    pub half: &'static str,
}

impl Redirect<'_> {
    pub(super) fn item(&mut self, item: &mut ModuleItem) {
        item.visit_mut_with(self);
    }

    fn target(&self, specifier: &str) -> Option<Target> {
        if specifier == HELPERS_SPECIFIER {
            return Some(Target {
                to: format!("{}/helpers.js", self.half),
                is_json: false,
            });
        }
        match self.modules.source(self.file, specifier)? {
            Source::Project(target) => {
                let path = &self.modules.files[*target].path;
                Some(Target {
                    to: format!("{}/{}", self.half, output_path(path)),
                    is_json: has_extension(path, "json"),
                })
            }
            // In client code `kontract` is this build's client.
            Source::Bare(package) if package == "kontract" && self.half == "client" => {
                Some(Target {
                    to: "client/index.js".to_owned(),
                    is_json: false,
                })
            }
            Source::Bare(path) if path.starts_with('.') && self.half == "client" => Some(Target {
                to: self.asset(path),
                is_json: false,
            }),
            Source::Bare(_) => None,
        }
    }

    /// Where a style sheet or a picture lies, seen from the output folder: bundlers take it from
    /// there, with all that it names itself.
    fn asset(&self, specifier: &str) -> String {
        let mut folders: Vec<&str> = vec![".."; self.modules.out_depth];
        let importer = shown(&self.modules.files[self.file]);
        folders.extend(importer.split('/'));
        folders.pop();
        for part in specifier.split('/') {
            match part {
                "." => {}
                ".." if folders.last().is_some_and(|last| *last != "..") => {
                    folders.pop();
                }
                part => folders.push(part),
            }
        }
        folders.join("/")
    }

    /// A JSON file has become a module: what says that it is JSON goes.
    fn redirect(&self, src: &mut Str, with: &mut Option<Box<ObjectLit>>) {
        let Some(target) = self.target(&src.value.to_string_lossy()) else {
            return;
        };
        if target.is_json {
            *with = None;
        }
        *src = specifier(src, relative(self.here, &target.to));
    }
}

/// The path of a file relative to the project, wherever it lies.
fn shown(parsed: &Parsed) -> String {
    let files = parsed.sources.files();
    files
        .first()
        .map_or_else(|| parsed.path.clone(), |file| file.name.to_string())
}

struct Target {
    to: String,
    is_json: bool,
}

fn specifier(old: &Str, to: String) -> Str {
    Str {
        span: old.span,
        value: to.into(),
        raw: None,
    }
}

impl VisitMut for Redirect<'_> {
    fn visit_mut_import_decl(&mut self, node: &mut ImportDecl) {
        self.redirect(&mut node.src, &mut node.with);
    }

    fn visit_mut_named_export(&mut self, node: &mut NamedExport) {
        if let Some(src) = &mut node.src {
            self.redirect(src, &mut node.with);
        }
    }

    fn visit_mut_export_all(&mut self, node: &mut ExportAll) {
        self.redirect(&mut node.src, &mut node.with);
    }

    fn visit_mut_call_expr(&mut self, node: &mut CallExpr) {
        node.visit_mut_children_with(self);
        let Some(src) = dynamic_import(node) else {
            return;
        };
        let Some(target) = self.target(&src.value.to_string_lossy()) else {
            return;
        };
        if target.is_json {
            node.args.truncate(1);
        }
        let to = specifier(&src, relative(self.here, &target.to));
        *node.args[0].expr = Expr::Lit(Lit::Str(to));
    }
}
