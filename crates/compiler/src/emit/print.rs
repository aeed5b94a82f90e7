//! A module as text, with a source map that is exact to the column.

use std::fmt::Write;

use swc_core::common::comments::Comments;
use swc_core::common::source_map::SourceMapGenConfig;
use swc_core::common::{BytePos, FileName, LineCol};
use swc_core::ecma::ast::{Module, Pass, Program};
use swc_core::ecma::codegen::text_writer::JsWriter;
use swc_core::ecma::codegen::{Config, Emitter};
use swc_core::ecma::transforms::base::fixer::fixer;
use swc_core::ecma::transforms::base::hygiene::hygiene;

use crate::parse::Parsed;
use crate::split::Half;

/// A printed module and its map.
#[derive(Clone)]
pub(crate) struct Printed {
    pub code: String,
    pub map: String,
}

/// Text put after a module that stands for something of the source.
#[derive(PartialEq)]
pub(crate) struct Stub {
    pub text: String,
    /// What it stands for, as a byte offset.
    pub origin: Option<u32>,
}

/// One half of a file before it is text.
#[derive(PartialEq)]
pub(crate) struct Page {
    pub module: Module,
    /// Lines of our own in front of it.
    pub before: Vec<String>,
    /// What is put behind it.
    pub after: Vec<Stub>,
    /// Whether comments and source may be seen.
    pub whole: bool,
}

/// Prints a page; `name` is that of the file it is for.
pub(crate) fn print(parsed: &Parsed, half: &Half, page: Page, name: &str) -> Printed {
    let Page {
        module,
        before,
        after,
        whole,
    } = page;
    let mut program = Program::Module(module);
    hygiene().process(&mut program);
    fixer(None).process(&mut program);
    let mut body = Vec::new();
    let mut mappings: Vec<(BytePos, LineCol)> = Vec::new();
    {
        let mut writer =
            JsWriter::new(parsed.sources.clone(), "\n", &mut body, Some(&mut mappings));
        writer.set_indent_str("  ");
        let notes = whole.then(|| half.notes.lend());
        let comments = notes.as_ref().map(|notes| notes as &dyn Comments);
        let mut emitter = Emitter {
            cfg: Config::default(),
            cm: parsed.sources.clone(),
            comments,
            wr: writer,
        };
        #[allow(clippy::expect_used)]
        emitter
            .emit_program(&program)
            .expect("writing to memory does not fail");
    }
    let body = String::from_utf8_lossy(&body);
    let mut code: String = before
        .iter()
        .flat_map(|line| [line.as_str(), "\n"])
        .collect();
    let shift = line_count(&code);
    for (_, place) in &mut mappings {
        place.line += shift;
    }
    code.push_str(&body);
    if !code.is_empty() && !code.ends_with('\n') {
        code.push('\n');
    }
    for stub in &after {
        if let Some(origin) = stub.origin {
            let line = line_count(&code);
            let lines = u32::try_from(stub.text.lines().count()).unwrap_or(1);
            mappings.extend(
                (line..line + lines).map(|line| (BytePos(origin + 1), LineCol { line, col: 0 })),
            );
        }
        code.push_str(&stub.text);
    }
    let _ = writeln!(code, "//# sourceMappingURL={name}.map");
    let map = parsed
        .sources
        .build_source_map(&mappings, None, MapConfig { whole });
    let mut json = Vec::new();
    #[allow(clippy::expect_used)]
    map.to_writer(&mut json)
        .expect("writing to memory does not fail");
    Printed {
        code,
        map: String::from_utf8_lossy(&json).into_owned(),
    }
}

fn line_count(text: &str) -> u32 {
    u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX)
}

struct MapConfig {
    whole: bool,
}

impl SourceMapGenConfig for MapConfig {
    fn file_name_to_source(&self, name: &FileName) -> String {
        name.to_string()
            .trim_start_matches('<')
            .trim_end_matches('>')
            .to_owned()
    }

    fn inline_sources_content(&self, _: &FileName) -> bool {
        self.whole
    }
}
