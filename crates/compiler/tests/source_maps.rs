//! A place in what is emitted leads to the place in the source it came from, exact to the column.
#![allow(clippy::unwrap_used)] // a case that cannot be read is a failed test

use kontract_compiler::{Options, Output, Project, SourceFile, compile};

const SOURCE: &str = "\
@backend(perm=perms.R__, egroup=\"é😀\")
export async function getItem(id: string): Promise<Item> {
  const row = await env.storage.items.get(id as string);
  if (!row) throw new RangeError('é' + id); return row;
}
export interface Item { @primkey id: string }
";

fn output() -> Output {
    let files = vec![SourceFile {
        path: "src/api.ts".to_owned(),
        text: SOURCE.to_owned(),
    }];
    let output = compile(&Project { files, lock: None }, &Options::default());
    assert!(output.ok());
    output
}

#[test]
fn server_positions_are_exact() {
    let output = output();
    let (code, map) = (
        &output.files["server/src/api.js"],
        &output.files["server/src/api.js.map"],
    );
    for token in ["RangeError", "row = await", "items.get", "env.storage"] {
        assert_eq!(
            original(map, position(code, token)),
            Some(position(SOURCE, token)),
            "{token}"
        );
    }
    assert!(map.contains("\"sources\":[\"src/api.ts\"]") && map.contains("RangeError"));
}

#[test]
fn a_stub_leads_to_its_function_and_shows_nothing_of_it() {
    let output = output();
    let (code, map) = (
        &output.files["client/src/api.js"],
        &output.files["client/src/api.js.map"],
    );
    let (line, _) = position(code, "getItem(id)");
    assert_eq!(original(map, (line, 0)), Some(position(SOURCE, "getItem")));
    assert!(!map.contains("sourcesContent") && !map.contains("RangeError"));
}

const MIDDLEWARE: &str = "\
import { defineMiddleware } from 'kontract';
export default defineMiddleware([
  async (c, next) => { console.log('é', c.path); const reply = await next();
    if (!reply) throw new RangeError('no reply'); return reply; },
  async ({ path }, n) => { await n(); throw new TypeError(path); },
]);
";

/// Everything in a spliced middleware leads to where the user wrote it, `await next()` included.
#[test]
fn spliced_middleware_leads_to_its_source() {
    for optimise in [false, true] {
        let file = |path: &str, text: &str| SourceFile {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let project = Project {
            files: vec![
                file("src/api.ts", SOURCE),
                file("src/middleware.ts", MIDDLEWARE),
            ],
            lock: None,
        };
        let options = Options {
            optimise: Some(optimise),
            ..Options::default()
        };
        let output = compile(&project, &options);
        assert!(output.ok());
        let code = &output.files["server/src/middleware.js"];
        let map = &output.files["server/src/middleware.js.map"];
        let chain = code.find("function __kontract_chain_0_1(").unwrap();
        for (token, source) in [
            ("console.log('é'", "console.log('é'"),
            ("new RangeError", "new RangeError"),
            ("new TypeError", "new TypeError"),
            ("await handler(", "await n()"),
        ] {
            let at = chain
                + code[chain..]
                    .find(token)
                    .unwrap_or_else(|| panic!("{code}"));
            assert_eq!(
                original(map, place(code, at)),
                Some(position(MIDDLEWARE, source)),
                "{token}"
            );
        }
    }
}

/// Line and UTF-16 column of a piece of text, from 0.
fn position(text: &str, piece: &str) -> (i64, i64) {
    let at = text
        .find(piece)
        .unwrap_or_else(|| panic!("no {piece} in\n{text}"));
    place(text, at)
}

fn place(text: &str, at: usize) -> (i64, i64) {
    let line_start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    let column = text[line_start..at].encode_utf16().count();
    (
        i64::try_from(text[..at].matches('\n').count()).unwrap(),
        i64::try_from(column).unwrap(),
    )
}

/// Where the map says a place comes from (ECMA-426, "Decoding source maps").
fn original(map: &str, (line, column): (i64, i64)) -> Option<(i64, i64)> {
    let mappings = map.split("\"mappings\":\"").nth(1)?.split('"').next()?;
    let (mut source_line, mut source_column) = (0, 0);
    let mut found = None;
    for (number, group) in mappings.split(';').enumerate() {
        let mut at = 0;
        for segment in group.split(',').filter(|s| !s.is_empty()) {
            let fields = decode(segment);
            at += fields[0];
            if fields.len() >= 4 {
                source_line += fields[2];
                source_column += fields[3];
            }
            if i64::try_from(number).unwrap() == line && at == column {
                found = Some((source_line, source_column));
            }
        }
    }
    found
}

fn decode(segment: &str) -> Vec<i64> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut fields, mut value, mut shift) = (Vec::new(), 0i64, 0);
    for digit in segment
        .chars()
        .map(|c| i64::try_from(DIGITS.find(c).unwrap()).unwrap())
    {
        value |= (digit & 31) << shift;
        shift += 5;
        if digit & 32 == 0 {
            fields.push(if value & 1 == 1 {
                -(value >> 1)
            } else {
                value >> 1
            });
            (value, shift) = (0, 0);
        }
    }
    fields
}
