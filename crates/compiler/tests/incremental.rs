//! A compile that remembers an earlier one gives what a compile that remembers nothing gives, byte
//! for byte; and so does one on another number of threads.
#![allow(clippy::unwrap_used)] // a case that cannot be read is a failed test

mod changing;
mod random;

use std::fs;
use std::path::Path;

use changing::Changing;
use kontract_compiler::{
    Cache, Isolated, Mode, Options, Output, Project, SourceFile, compile, compile_again,
};
use random::Random;

#[test]
fn any_sequence_of_edits_ends_where_a_fresh_compile_does() {
    let (mut good, mut bad) = (0, 0);
    for seed in 0..12 {
        let mut random = Random(seed);
        let mut project = Changing::new(&mut random);
        let mut options = Options::default();
        let mut cache = Cache::default();
        for step in 0..40 {
            let edit = project.edit(&mut random);
            if random.below(40) == 0 {
                options.mode = Mode::Production;
            }
            let now = project.render();
            let fresh = compile(&now, &options);
            let again = compile_again(&now, &options, &Isolated, &mut cache);
            same(&fresh, &again, &format!("seed {seed}, step {step}: {edit}"));
            if fresh.ok() {
                let lock = Some(fresh.lock.clone());
                let locked = compile(&Project { lock, ..now }, &options);
                same(&fresh, &locked, "with the lock file it gave");
            }
            *if fresh.ok() { &mut good } else { &mut bad } += 1;
        }
    }
    // Mistakes in between must not spoil what is remembered, but most of it should be a build.
    assert!(good > 300 && bad > 10, "{good} builds, {bad} with errors");
}

#[test]
fn every_case_compiles_the_same_with_a_cache_of_another() {
    let mut cache = Cache::default();
    let options = Options::default();
    for folder in folders() {
        let project = read(&folder);
        for variant in variants(&project) {
            let again = compile_again(&variant, &options, &Isolated, &mut cache);
            same(
                &compile(&variant, &options),
                &again,
                &folder.display().to_string(),
            );
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let options = Options::default();
    let pool = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
    };
    let (one, many) = (pool(1), pool(7));
    let mut random = Random(7);
    let mut projects: Vec<Project> = folders().iter().map(|folder| read(folder)).collect();
    projects.push(Changing::new(&mut random).render());
    for project in projects {
        let alone = one.install(|| compile(&project, &options));
        for _ in 0..3 {
            let together = many.install(|| compile(&project, &options));
            same(&alone, &together, &project.files[0].text);
        }
    }
}

#[test]
fn what_is_required_may_change_how_it_exports() {
    let file = |path: &str, text: &str| SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let project = |exports: &str| Project {
        files: vec![
            file(
                "src/a.ts",
                "import make = require('./b');\nexport const made = make;\n",
            ),
            file("src/b.ts", exports),
        ],
        ..Project::default()
    };
    let options = Options::default();
    let mut cache = Cache::default();
    let whole = project("export default function make() {}\n");
    let one = project("function make() {}\nexport = make;\n");
    for now in [&whole, &one, &whole] {
        let fresh = compile(now, &options);
        assert!(fresh.ok());
        let again = compile_again(now, &options, &Isolated, &mut cache);
        same(&fresh, &again, &now.files[1].text);
    }
}

#[test]
fn what_is_not_concerned_is_not_written_again() {
    let mut random = Random(3);
    let mut project = Changing::new(&mut random);
    let options = Options::default();
    let mut cache = Cache::default();
    let rewritten = |project: &Changing, cache: &mut Cache| -> Vec<String> {
        let before: Vec<(String, _)> = keys(cache);
        assert!(compile_again(&project.render(), &options, &Isolated, cache).ok());
        let after = keys(cache);
        let mut changed: Vec<String> = after
            .iter()
            .filter(|now| !before.contains(now))
            .map(|(path, _)| path.clone())
            .collect();
        changed.sort();
        changed
    };
    assert!(rewritten(&project, &mut cache).len() > 8);
    assert_eq!(rewritten(&project, &mut cache), Vec::<String>::new());
    project.comment("src/types0.ts");
    assert_eq!(rewritten(&project, &mut cache), ["src/types0.ts"]);
    project.body("src/view0.tsx");
    assert_eq!(rewritten(&project, &mut cache), ["src/view0.tsx"]);
}

/// What is kept for each file, by path.
fn keys(cache: &Cache) -> Vec<(String, kontract_compiler::Digest)> {
    cache
        .written()
        .map(|(path, written)| (path.to_owned(), written.key))
        .collect()
}

/// A project as it is, without each of its files, and with each of them moved down by a line.
fn variants(project: &Project) -> Vec<Project> {
    let mut all = vec![project.clone()];
    for index in 0..project.files.len() {
        let mut without = project.clone();
        without.files.remove(index);
        let mut moved = project.clone();
        moved.files[index].text.insert_str(0, "// moved\n");
        all.extend([without, moved, project.clone()]);
    }
    all
}

fn same(fresh: &Output, again: &Output, what: &str) {
    let frames = |output: &Output| -> Vec<String> {
        output.diagnostics.iter().map(|d| d.frame.clone()).collect()
    };
    assert_eq!(frames(fresh), frames(again), "{what}");
    assert_eq!(
        fresh.files.keys().collect::<Vec<_>>(),
        again.files.keys().collect::<Vec<_>>(),
        "{what}"
    );
    for (path, text) in &fresh.files {
        assert_eq!(*text, again.files[path], "{path}: {what}");
    }
    assert_eq!(fresh.lock, again.lock, "{what}");
}

fn folders() -> Vec<std::path::PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut all: Vec<_> = fs::read_dir(root)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    all.sort();
    all
}

fn read(folder: &Path) -> Project {
    let mut names: Vec<_> = fs::read_dir(folder.join("src"))
        .unwrap()
        .map(|e| e.unwrap())
        .filter(|e| e.file_type().unwrap().is_file())
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let file = |name: &String| SourceFile {
        path: format!("src/{name}"),
        text: fs::read_to_string(folder.join("src").join(name)).unwrap(),
    };
    Project {
        files: names.iter().map(file).collect(),
        lock: fs::read_to_string(folder.join("kontract.lock.json")).ok(),
    }
}
