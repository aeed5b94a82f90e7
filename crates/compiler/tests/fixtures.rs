//! One folder a case, one snapshot that shows what goes in, what comes out, and what the user is told.
#![allow(clippy::unwrap_used)] // a case that cannot be read is a failed test

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use kontract_compiler::{Language, Options, Output, Project, RouteNames, SourceFile, compile};

/// The same in every build: seen once is enough.
const CONSTANT: [&str; 6] = [
    "client/helpers.js",
    "server/helpers.js",
    "client/rpc.js",
    "client/index.js",
    "client/config.js",
    "server/registry.js",
];

#[test]
fn fixtures() {
    let mut failures = Vec::new();
    for folder in cases() {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let project = read(&folder);
        let output = compile(&project, &options(&folder));
        if let Err(message) = check(&folder.join("output.snap"), &show(&project, &output)) {
            failures.push(message);
        }
        // A case named after a code is about that code, and about nothing else.
        if let Some(code) = name.split('-').next().filter(|c| c.starts_with("kt")) {
            let codes: Vec<&str> = output.diagnostics.iter().map(|d| d.code).collect();
            assert!(
                !codes.is_empty() && codes.iter().all(|c| c.eq_ignore_ascii_case(code)),
                "{name}: {codes:?}"
            );
        } else {
            assert!(output.ok(), "{name}:\n{}", frames(&output));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Compares with the snapshot; `UPDATE_SNAPSHOTS=1` writes it instead.
fn check(snapshot: &Path, shown: &str) -> Result<(), String> {
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(snapshot, shown).unwrap();
        return Ok(());
    }
    let known = fs::read_to_string(snapshot).unwrap_or_default();
    if known == shown {
        return Ok(());
    }
    let line = known
        .lines()
        .zip(shown.lines())
        .take_while(|(a, b)| a == b)
        .count();
    let at = |text: &str| text.lines().nth(line).unwrap_or("(the end)").to_owned();
    Err(format!(
        "{} line {}:\n  was {}\n  is  {}",
        snapshot.display(),
        line + 1,
        at(&known),
        at(shown)
    ))
}

/// `pair-…-decorated` and `pair-…-standard` are one project in two spellings.
#[test]
fn both_spellings_give_the_same_files() {
    let all = cases();
    let decorated = all
        .iter()
        .filter(|c| c.to_string_lossy().ends_with("-decorated"));
    let mut pairs = 0;
    for folder in decorated {
        let other = folder.to_string_lossy().replace("-decorated", "-standard");
        let (a, b) = (read(folder), read(Path::new(&other)));
        let (a, b) = (compile(&a, &options(folder)), compile(&b, &options(folder)));
        assert!(a.ok() && b.ok(), "{}{}", frames(&a), frames(&b));
        assert_eq!(
            a.files.keys().collect::<Vec<_>>(),
            b.files.keys().collect::<Vec<_>>()
        );
        // Maps lead to each spelling's own columns.
        for (path, text) in a.files.iter().filter(|(p, _)| !p.contains(".map")) {
            assert_eq!(text, &b.files[path], "{path}");
        }
        pairs += 1;
    }
    assert!(pairs > 0);
}

#[test]
fn the_order_of_files_changes_nothing() {
    for folder in cases() {
        let project = read(&folder);
        let mut shuffled = project.clone();
        shuffled.files.reverse();
        let (a, b) = (
            compile(&project, &options(&folder)),
            compile(&shuffled, &options(&folder)),
        );
        assert_eq!(a.files, b.files);
        assert_eq!(a.lock, b.lock);
        assert_eq!(frames(&a), frames(&b));
    }
}

#[test]
fn nothing_of_a_handler_is_in_the_client() {
    for folder in cases() {
        let output = compile(&read(&folder), &options(&folder));
        for (path, text) in output
            .files
            .iter()
            .filter(|(p, _)| p.starts_with("client/"))
        {
            for canary in ["canary-handler", "canary-secret", "canary-disk", "node:"] {
                assert!(
                    !text.contains(canary),
                    "{canary} in {path} of {}",
                    folder.display()
                );
            }
        }
    }
}

#[test]
fn a_lock_file_is_kept_and_stays_as_it_is() {
    let mut project = read(&fixture("table-rules"));
    let first = compile(&project, &Options::default());
    assert!(first.lock.contains("tbl_people_old") && first.lock.contains("tbl_gone_1"));
    project.lock = Some(first.lock.clone());
    assert_eq!(compile(&project, &Options::default()).lock, first.lock);
}

#[test]
fn every_code_is_explained_and_has_a_case() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = fs::read_to_string(root.join("../../docs/errors.md")).unwrap();
    let mut codes = Vec::new();
    for file in fs::read_dir(root.join("src/diagnostics")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        codes.extend(
            text.match_indices("\"KT")
                .filter(|(i, _)| text[i + 3..i + 7].bytes().all(|b| b.is_ascii_digit()))
                .map(|(i, _)| text[i + 1..i + 7].to_owned()),
        );
    }
    assert!(codes.len() > 30);
    let cases: Vec<String> = cases()
        .iter()
        .map(|c| c.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    for code in codes {
        assert!(
            pages.contains(&format!("\n## {code} ")),
            "docs/errors.md says nothing of {code}"
        );
        let start = format!("{}-", code.to_lowercase());
        assert!(
            cases.iter().any(|c| c.starts_with(&start)),
            "no case shows {code}"
        );
    }
}

fn show(project: &Project, output: &Output) -> String {
    let mut out = String::new();
    for file in &project.files {
        let _ = write!(out, "══ {} ══\n{}\n", file.path, file.text);
    }
    for diagnostic in &output.diagnostics {
        let _ = write!(out, "══ {} ══\n{}\n", diagnostic.code, diagnostic.frame);
    }
    for (path, text) in output
        .files
        .iter()
        .filter(|(p, _)| !CONSTANT.contains(&p.as_str()))
    {
        // The codecs of every type are in one case, the others show theirs as schema.
        if path.starts_with("codecs/") && !project.files[0].text.contains("interface Everything") {
            continue;
        }
        let _ = write!(out, "── {path} ──\n{text}\n");
    }
    if output.ok() {
        let _ = write!(out, "── kontract.lock.json ──\n{}", output.lock);
    }
    out
}

fn frames(output: &Output) -> String {
    output
        .diagnostics
        .iter()
        .map(|d| d.frame.as_str())
        .collect()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

fn cases() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(fixture(""))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    all.sort();
    all
}

fn read(folder: &Path) -> Project {
    let mut project = Project {
        files: Vec::new(),
        lock: fs::read_to_string(folder.join("kontract.lock.json")).ok(),
    };
    for top in ["src", "packages"] {
        collect(folder, top, &mut project.files);
    }
    project
}

fn collect(folder: &Path, path: &str, files: &mut Vec<SourceFile>) {
    let Ok(entries) = fs::read_dir(folder.join(path)) else {
        return;
    };
    let mut names: Vec<_> = entries
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    for name in names {
        let path = format!("{path}/{name}");
        if folder.join(&path).is_dir() {
            collect(folder, &path, files);
        } else {
            let text = fs::read_to_string(folder.join(&path)).unwrap();
            files.push(SourceFile { path, text });
        }
    }
}

/// What a case's `tsconfig.json`, its `index.html` and its name say.
fn options(folder: &Path) -> Options {
    let text = fs::read_to_string(folder.join("tsconfig.json")).unwrap_or("{}".to_owned());
    let config: serde_json::Value = serde_json::from_str(&text).unwrap();
    let is = |name: &str| config["compilerOptions"][name] == true;
    let text = |name: &str| config["compilerOptions"][name].as_str().map(str::to_owned);
    let page = fs::read_to_string(folder.join("index.html")).unwrap_or_default();
    let pages = page.split("src=\"/").skip(1);
    let config_file = fs::read_to_string(folder.join("kontract.config.json")).unwrap_or_default();
    let routes = if config_file.contains("\"by-module\"") {
        RouteNames::ByModule
    } else {
        RouteNames::ByName
    };
    Options {
        routes,
        pages: pages
            .map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect(),
        language: Language {
            legacy_decorators: is("experimentalDecorators"),
            decorator_metadata: is("emitDecoratorMetadata"),
            assigned_fields: config["compilerOptions"]["useDefineForClassFields"] == false,
            classic_jsx: text("jsx").as_deref() == Some("react"),
            jsx_import_source: text("jsxImportSource"),
            jsx_factory: text("jsxFactory"),
            verbatim_imports: is("verbatimModuleSyntax"),
            jsx_fragment_factory: text("jsxFragmentFactory"),
        },
        // A case of the optimiser shows what a production build would have.
        optimise: Some(
            folder
                .file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("optimise-"),
        ),
        ..Options::default()
    }
}
