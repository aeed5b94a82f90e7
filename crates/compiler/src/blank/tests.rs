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
