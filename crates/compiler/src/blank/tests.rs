//! Blanking against what it must never be fooled by, and its laws.

use proptest::prelude::*;

use super::blank;
use crate::SourceFile;
use crate::parse::parse;

fn names(text: &str, jsx: bool) -> Vec<String> {
    blank(text, jsx)
        .decorators
        .into_iter()
        .map(|d| d.name)
        .collect()
}

#[test]
fn decorators_in_code_are_found() {
    let text =
        "@backend(perm=perms.R__, egroup=\"a)b\")\nexport async function f(@int8 a: number) {}";
    assert_eq!(names(text, false), ["backend", "int8"]);
    assert!(!blank(text, false).text.contains('@'));
}

#[test]
fn what_only_looks_like_a_decorator_stays() {
    for text in [
        "const a = '@backend()';",
        "const a = `@perm(x) ${`@table`} ${{ a: '@index' }}`;",
        "// @backend()\n/* @primkey */ const a = 1;",
        "const a = /@backend()['\"]/.test(b) || x / 2;",
        "const a = b / '@perm'.length / c;",
        "if (a) /@perm'/.test(b);",
        "const a = x! / 2, b = '@perm' /* / */;",
        "class A { @Other() b = 1; @a.b.c() d = 2 }",
        "import { index, type table } from 'other';\n@index({ a: 1 }) class A {}",
    ] {
        assert_eq!(names(text, false), Vec::<String>::new(), "{text}");
        assert_eq!(blank(text, false).text, text);
    }
}

#[test]
fn jsx_text_is_text() {
    let text = "const a = <p title=\"it's\">Don't @backend {b ? <i>@perm's</i> : `@x`} </p>;\n@backend() function f() {}";
    assert_eq!(names(text, true), ["backend"]);
    let generic =
        "const a = <T,>(x: T) => x; type F = <T>(x: T) => void; @backend() function f() {}";
    assert_eq!(names(generic, true), ["backend"]);
}

#[test]
fn names_imported_from_kontract_are_ours() {
    let text = "import { primkey, perms } from 'kontract';\nimport type { A } from './index';\nclass A { @primkey id!: string }";
    assert_eq!(names(text, false), ["primkey"]);
}

#[test]
fn letters_of_every_width_keep_their_place() {
    let text = "@backend(egroup=\"é€😀\u{2028}x\") function f() {} // é";
    check_laws(text);
}

#[test]
fn deep_nesting_is_given_up_not_a_crash() {
    let text = format!("@x {}", "`${".repeat(100_000));
    assert!(blank(&text, false).gave_up.is_some());
}

fn check_laws(text: &str) {
    let blanked = blank(text, false).text;
    assert_eq!(blanked.len(), text.len());
    assert_eq!(blanked.encode_utf16().count(), text.encode_utf16().count());
    let breaks = |t: &str| {
        t.char_indices()
            .filter(|(_, c)| matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}'))
            .map(|(i, _)| i)
            .collect::<Vec<_>>()
    };
    assert_eq!(breaks(&blanked), breaks(text));
}

/// Pieces of programs: any order of them is a program once it is blanked.
fn statement() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("@backend(egroup=\"é😀\",\n perm=perms.R__)\nexport async function NAME(a: string) { return a; }".to_owned()),
        Just("@table(\"t\") export interface NAME { @primkey id: string; @perm(perms.R__)\n /* x */ a?: number }".to_owned()),
        Just("class NAME { @primkey id!: string; @Other({ a: '@' }) b = 1 }".to_owned()),
        Just("const NAME = `a ${'}' + `@perm${1}`} @table`;".to_owned()),
        Just("const NAME = [/[/'\"@]\\//g, 4 / 2 / 1, '\\'@x'];".to_owned()),
        Just("// @backend it's\nfunction NAME() { if (1) { return /}'/ } }".to_owned()),
        Just("const NAME = { a: 1 } / 2; const NAME_ = (1) / 2;".to_owned()),
    ]
}

proptest! {
    #[test]
    fn any_text_keeps_its_shape(text in ".*") {
        check_laws(&text);
    }

    #[test]
    fn noise_around_decorators_keeps_its_shape(text in "[@a-z(){}'\"`/\\\\$<>=\n é😀]*") {
        let text = format!("@backend(a=\"é\") {text}");
        check_laws(&text);
        let _ = blank(&text, true);
    }

    #[test]
    fn blanked_programs_parse(statements in prop::collection::vec(statement(), 1..8)) {
        let text: String = statements
            .iter()
            .enumerate()
            .map(|(i, s)| s.replace("NAME", &format!("n{i}")) + "\n")
            .collect();
        check_laws(&text);
        let file = SourceFile { path: "src/a.ts".to_owned(), text: text.clone() };
        swc_core::common::GLOBALS.set(&swc_core::common::Globals::new(), || {
            let (_, reports) = parse(0, &file, "src/a.ts").map_err(|r| r[0].message.clone()).expect(&text);
            assert!(reports.is_empty(), "{reports:?}\n{text}");
        });
    }
}

/// Pieces with a decorator in a hard place, `N` a number of their own; how many decorators are Kontract's.
fn piece() -> impl Strategy<Value = (String, usize)> {
    let pieces: [(&str, usize); 22] = [
        (
            "@backend()\nexport async function fN(@int8 a: number, @uint16 b = /@perm['\"`]/g.test('') ? 1 : 2) { return a / b / 2; }",
            3,
        ),
        ("const rN = a => a / 2 / /[/@]\\/@table/u.source.length;", 0),
        ("if (a) /@backend(/.test(b); else /[@perm]/.test(b);", 0),
        (
            "const dN = (a) / 2, eN = a[0] / 2, gN = a++ / 2, hN = a! / 2; // '@perm",
            0,
        ),
        (
            "const tN = `@backend() ${`@perm ${'}' + `${{ a: /`@table/ }.a}`} @index`} \\` @primkey`;",
            0,
        ),
        (
            "const uN = tag`@perm${() => { class A { @primkey id!: string } return `}`; }}@perm`;",
            1,
        ),
        ("/* @backend() */ // @perm 'it`s\nlet cN = 1; /* ` */", 0),
        (
            "interface IN { @primkey id: string; @perm(perms.R__) /* ) */ a?: number; @int32 b: number }",
            3,
        ),
        (
            "@table(\"t😀\", tenancy=\"shared\") export interface JN { @index(unique=true)\n @primkey 'a-b': string }",
            3,
        ),
        (
            "class CN { @Other({ a: '@perm', b: `@${1}` }) m() { return this.x < 1; } @primkey id!: string; static { /@perm/ } }",
            1,
        ),
        (
            "class DN extends (class { @primkey id!: string }) { @index @Other.deep() name!: string }",
            2,
        ),
        (
            "const oN = { '@backend': 1, async *['@perm']() { yield /@/ } }, pN = {} / 2;",
            0,
        ),
        ("const jN = '\\'@perm\\\\', kN = \"@perm\\\n@table\";", 0),
        (
            "type TN = { a: `@${string}`; b: '@perm' } | { @primkey c: string };",
            1,
        ),
        (
            "function gN<T extends { a: '@perm' }>(this: T, @float32 x: number): x is 1 { return x > 1; }",
            1,
        ),
        (
            "@backend(egroup=\"é😀\u{2028}\", perm=perms.R__)\nexport default async function xN() {}",
            1,
        ),
        (
            "label: for (const xN of [/@perm/, 1]) { continue label; }",
            0,
        ),
        (
            "do /@perm/.test(a); while (a / 2); switch (a) { case /@perm/: default: /@perm/ }",
            0,
        ),
        (
            "const größeN = '𠮷@perm', \u{1d49c}N = größeN / 2; // 𠮷 @backend()",
            0,
        ),
        (
            "const vN = async () => { await /@perm/; for await (const x of a) /@perm/.test(x); };",
            0,
        ),
        (
            "export enum EN { A = '@perm', B = 1 / 2 } declare module '@perm/x' { interface Y { @primkey id: string } }",
            1,
        ),
        (
            "const yN = a ? /@perm/ : a as /* @perm */ any satisfies unknown; import('@perm/y');",
            0,
        ),
    ];
    (0..pieces.len()).prop_map(move |index| (pieces[index].0.to_owned(), pieces[index].1))
}

/// The same in JSX, where text and attributes come into it and `<T>` needs a comma.
fn jsx_piece() -> impl Strategy<Value = (String, usize)> {
    let pieces: [(&str, usize); 9] = [
        (
            "const aN = <p>it's @backend() /* @perm */ // {'@table'} &#64;{/* @index */}</p>;",
            0,
        ),
        (
            "const bN = <a.B c='it\"s > @perm' d=\"'>\" e={<i f={`@perm ${<b/>}`}/>} {...x}>@primkey</a.B>;",
            0,
        ),
        (
            "const cN = <T,>(x: T) => x, dN = <T extends unknown>(x: T) => x < 1;",
            0,
        ),
        (
            "const eN = a < b && c > d; @backend() export async function fN() {}",
            1,
        ),
        (
            "const gN = <>{list.map(i => <li key={i}>{i / 2 > 1 ? '@perm' : <b>@perm's</b>}</li>)}</>;",
            0,
        ),
        (
            "type HN = <T>(x: T) => void; interface IN { @primkey id: string }",
            1,
        ),
        (
            "const jN = x<string>('@perm'), kN = new Map<string, Array<'@perm'>>();",
            0,
        ),
        (
            "const lN = <div\n  title='@perm'\n>\n  don't {\n    <p>@perm</p>\n  } ` @table\n</div>;",
            0,
        ),
        (
            "class MN { @primkey id!: string; render() { return <p onClick={() => { if (a) return /@perm/ }}>'</p>; } }",
            1,
        ),
    ];
    (0..pieces.len()).prop_map(move |index| (pieces[index].0.to_owned(), pieces[index].1))
}

/// Blanks a program of such pieces: nothing moves, it parses, and every decorator is found and bound.
fn check_program(path: &str, start: &str, pieces: &[(String, usize)]) {
    let mut text = start.to_owned();
    let mut expected = 0;
    let mut defaults = 0;
    for (i, (piece, decorators)) in pieces.iter().enumerate() {
        // A module has one default export.
        defaults += usize::from(piece.contains("export default"));
        if piece.contains("export default") && defaults > 1 {
            continue;
        }
        expected += decorators;
        text += &numbered(piece, i);
        text.push('\n');
    }
    let blanked = blank(&text, path.ends_with('x'));
    check_laws(&text);
    assert_eq!(blanked.decorators.len(), expected, "{text}");
    let file = SourceFile {
        path: path.to_owned(),
        text: text.clone(),
    };
    swc_core::common::GLOBALS.set(&swc_core::common::Globals::new(), || {
        let (parsed, reports) = parse(0, &file, path)
            .map_err(|r| r[0].message.clone())
            .expect(&text);
        assert!(reports.is_empty(), "{reports:?}\n{text}");
        assert_eq!(parsed.bindings.every().count(), expected, "{text}");
    });
}

/// `fN` with a number for the `N` of every name: names stay apart.
fn numbered(piece: &str, number: usize) -> String {
    let mut out = String::new();
    let mut chars = piece.chars().peekable();
    while let Some(c) = chars.next() {
        let before = out.chars().last().is_some_and(char::is_alphabetic);
        let after = chars
            .peek()
            .is_some_and(|c| c.is_alphanumeric() || *c == '_');
        if c == 'N' && before && !after {
            out += &number.to_string();
        } else {
            out.push(c);
        }
    }
    out
}

proptest! {
    #[test]
    fn every_decorator_is_found_and_bound(
        start in prop_oneof![Just(""), Just("#!/usr/bin/env node @backend()\n"), Just("'use client';\r\n")],
        pieces in prop::collection::vec(piece(), 1..12),
    ) {
        check_program("src/a.ts", start, &pieces);
    }

    #[test]
    fn and_beside_jsx(pieces in prop::collection::vec(jsx_piece(), 1..10)) {
        check_program("src/a.tsx", "", &pieces);
    }

    #[test]
    fn tokens_in_any_order_never_hang_or_panic(
        tokens in prop::collection::vec(prop::sample::select(vec![
            "@", "@backend(", "@perm", "(", ")", "{", "}", "[", "]", "<", "</", "/>", ">", "`", "${", "'", "\"", "/", "//",
            "/*", "*/", "\\", "\n", "\r\n", "\u{2028}", " ", "a", "if", "return", "é", "😀", "=>", "=", ".", ",", ";", "#!", "1",
        ]), 0..200),
        jsx in any::<bool>(),
    ) {
        let text = tokens.concat();
        check_laws(&text);
        let blanked = blank(&text, jsx);
        prop_assert_eq!(blanked.text.len(), text.len());
    }
}

/// What a scanner could look ahead for again and again. Work is counted in time, so the bound is wide:
/// a quadratic scan of a megabyte takes minutes.
#[test]
fn a_megabyte_of_anything_is_scanned_in_one_go() {
    let hostile = [
        "<a",
        "<a b=",
        "<a>",
        "<A extends ",
        "`${",
        "@a(",
        "/[",
        "'",
        "@perm ",
        "a.",
        "<T>(",
        "import {perm} ",
        "/*",
        "{<a>",
    ];
    for piece in hostile {
        let text = format!("@perm {}", piece.repeat(1_000_000 / piece.len()));
        for jsx in [false, true] {
            let started = std::time::Instant::now();
            let _ = blank(&text, jsx);
            assert!(
                started.elapsed().as_secs() < 20,
                "{piece} {jsx}: {:?}",
                started.elapsed()
            );
        }
    }
}

#[test]
fn what_is_read_twice_counts_inside_one_another_only() {
    let too_many = |text: &str| blank(text, false).gave_up.is_some();
    // Without semicolons, as members, in lists, one behind the other: none is inside of another.
    for beside in [
        "const f = <T>(x: T) => a ? (b) : (c) => x\n",
        "const f = a ? (b) : c => d\n",
        "m?(a: A): (b: B) => void\n",
        "<any>a, ",
        "if (<any>a) { b ? (c) : d => e }\n",
        "type A<T> = T extends (infer U)[] ? U : T\n",
        "const t = f<string>`${a}`\n",
        "a = b ? (c) : d; ",
    ] {
        assert!(!too_many(&beside.repeat(100)), "{beside}");
    }
    for (open, close) in [
        ("<any>(", ")"),
        ("a ? (b) : c => ", ""),
        ("a ? (b): c => { return ", "}"),
        ("f(<T>(x: T = ", ") => 1)"),
        ("f<string>`${", "}`"),
        ("A extends [infer U extends ", "]"),
        ("a ? async (b): Promise<c> => ", " : 0"),
    ] {
        let nested = |n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
        assert!(!too_many(&nested(16)), "{open}");
        assert!(too_many(&nested(17)), "{open}");
    }
}
