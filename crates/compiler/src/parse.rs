//! One file read: blanked, parsed, its decorators bound.
//!
//! Files are read, prepared and written in any order, on any thread, in this compile or a later one,
//! and give the same bytes. That holds because of three things:
//! - What is kept of a file ([`Parsed`], [`Half`]) is made from its path and text alone.
//! - swc numbers what it marks (`Mark`, `SyntaxContext`) in `GLOBALS`. Every file has `Globals` of its
//!   own, and every use starts from a copy of them as `prepare` left them ([`Half::within`]), so
//!   numbers never depend on what else was done. A context means nothing outside of its file: syntax
//!   that goes from one file into another needs its contexts mapped to new ones of the target.
//! - Whoever puts what files say together does so in the order of the files.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use swc_core::common::comments::SingleThreadedComments;
use swc_core::common::sync::Lrc;
use swc_core::common::{BytePos, FileName, SourceMap, Span, Spanned};
use swc_core::ecma::ast::{Decl, EsVersion, Module, ModuleItem, Stmt};
use swc_core::ecma::parser::{Syntax, TsSyntax, parse_file_as_module};

use crate::SourceFile;
use crate::blank::{Bindings, Found, GaveUp, NAMES, bind, blank, skip_trivia};
use crate::diagnostics::{Range, Report, did_you_mean, syntax};
use crate::notes::Notes;
use crate::resolve::specifiers;
use crate::split::{Half, ItemIndex, Items};
use crate::summary::Summary;

/// One file of the project, read.
pub(crate) struct Parsed {
    pub path: String,
    /// As the user wrote it.
    pub text: String,
    pub module: Module,
    pub bindings: Bindings,
    pub notes: Notes,
    /// Holds this file only, with the user's text: maps carry no blanked source.
    pub sources: Lrc<SourceMap>,
    /// The form both halves are cut from, made when it is first asked for.
    pub half: OnceLock<Half>,
    /// What stands at its top level, made from that.
    pub items: OnceLock<Items>,
    /// Where to find what in the items.
    pub index: OnceLock<ItemIndex>,
    summary: OnceLock<Summary>,
    /// Every module it names.
    pub specifiers: Vec<String>,
}

impl Parsed {
    pub(crate) fn summary(&self) -> &Summary {
        self.summary.get_or_init(|| Summary::of(self))
    }
}

/// Reads a file; with a syntax error there is nothing to go on with.
pub(crate) fn parse(
    index: usize,
    file: &SourceFile,
    shown: &str,
) -> Result<(Parsed, Vec<Report>), Vec<Report>> {
    let jsx = file.path.ends_with('x');
    let text = without_mark(&file.text);
    let blanked = blank(text, jsx);
    if let Some(gave_up) = blanked.gave_up {
        return Err(vec![match gave_up {
            GaveUp::Depth(range) => syntax::nested_too_deep(index, range),
            GaveUp::Guesses(range) => syntax::guessed_too_deep(index, range),
        }]);
    }
    let reading = SourceMap::default();
    let name = Lrc::new(FileName::Custom(shown.to_owned()));
    let source = reading.new_source_file(name.clone(), blanked.text.clone());
    let comments = SingleThreadedComments::default();
    let grammar = Syntax::Typescript(TsSyntax {
        tsx: jsx,
        decorators: true,
        dts: file.path.ends_with(".d.ts"),
        ..TsSyntax::default()
    });
    let mut recovered = Vec::new();
    let read = || {
        parse_file_as_module(
            &source,
            grammar,
            EsVersion::EsNext,
            Some(&comments),
            &mut recovered,
        )
    };
    // swc asserts in debug builds what broken code need not keep to (`(a, { b } => …` in 47.0.0).
    let Ok(parsed) = catch_unwind(AssertUnwindSafe(read)) else {
        let nowhere = Range::new(0, 0);
        return Err(vec![syntax::parse_error(
            index,
            nowhere,
            "a list in parentheses that does not end",
        )]);
    };
    let mut errors: Vec<Report> = Vec::new();
    // The first is the cause, what follows is mostly its echo.
    if let Some(error) = recovered
        .into_iter()
        .chain(parsed.as_ref().err().cloned())
        .next()
    {
        let range = range_of(error.span());
        // The parser stops at a decorator it does not expect, or at what follows it.
        let follows = |f: &&Found| {
            f.range.start <= range.start
                && range.start as usize <= skip_trivia(&blanked.text, f.range.end as usize)
        };
        let misspelt = |f: &&Found| did_you_mean(&f.name, &NAMES).is_some();
        let foreign = blanked
            .foreign
            .iter()
            .find(follows)
            .or_else(|| blanked.foreign.iter().find(misspelt));
        errors.push(match foreign {
            Some(found) => syntax::unknown_decorator(index, found.range, &found.name, &NAMES),
            None => syntax::parse_error(index, range, &error.kind().msg()),
        });
    }
    let module = match parsed {
        Ok(module) if errors.is_empty() => module,
        _ => return Err(errors),
    };
    let (bindings, mut reports) = bind(index, &blanked, &module);
    for item in &module.body {
        if let ModuleItem::Stmt(Stmt::Decl(Decl::Using(using))) = item {
            reports.push(syntax::top_level_using(index, range_of(using.span)));
        }
    }
    let sources = Lrc::new(SourceMap::default());
    sources.new_source_file(name, text.to_owned());
    let parsed = Parsed {
        path: file.path.clone(),
        text: text.to_owned(),
        specifiers: specifiers(&module),
        module,
        bindings,
        notes: Notes::keep(comments),
        sources,
        half: OnceLock::new(),
        items: OnceLock::new(),
        index: OnceLock::new(),
        summary: OnceLock::new(),
    };
    Ok((parsed, reports))
}

/// A text without the byte order mark: positions count from behind it.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The byte offset of a position: every file has a source map of its own, which counts from 1.
pub(crate) fn offset(position: BytePos) -> u32 {
    position.0.saturating_sub(1)
}

/// A byte offset in UTF-16 units, as JavaScript counts.
pub(crate) fn offset_utf16(text: &str, offset: u32) -> u32 {
    let units = text[..offset as usize].encode_utf16().count();
    u32::try_from(units).unwrap_or(u32::MAX)
}

/// The byte range of a span.
pub(crate) fn range_of(span: Span) -> Range {
    Range::new(offset(span.lo), offset(span.hi))
}
