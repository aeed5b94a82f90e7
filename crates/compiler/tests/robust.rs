//! Whatever the files say, the compiler answers: with an output or with diagnostics, never with a panic.
#![allow(clippy::unwrap_used)] // a case that cannot be read is a failed test

use std::fs;
use std::path::Path;

use kontract_compiler::{Options, Project, SourceFile, compile};

#[test]
fn damaged_projects_are_diagnosed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut random = Random(1);
    let mut folders: Vec<_> = fs::read_dir(root)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    folders.sort();
    for folder in folders {
        let mut files: Vec<_> = fs::read_dir(folder.join("src"))
            .unwrap()
            .map(|e| e.unwrap().path())
            .filter(|path| path.is_file())
            .collect();
        files.sort();
        for _ in 0..20 {
            let files = files
                .iter()
                .map(|path| SourceFile {
                    path: format!("src/{}", path.file_name().unwrap().to_string_lossy()),
                    text: damage(&fs::read_to_string(path).unwrap(), &mut random),
                })
                .collect();
            let output = compile(&Project { files, lock: None }, &Options::default());
            assert_eq!(output.ok(), output.files.contains_key("manifest.json"));
        }
    }
}

/// Cuts something out, or puts something in.
fn damage(text: &str, random: &mut Random) -> String {
    const NOISE: [&str; 12] = [
        "@backend(",
        "@primkey ",
        "`",
        "${",
        "{",
        "}",
        "'",
        "</",
        "/*",
        "é😀",
        "export default ",
        "(ctx, env) =>",
    ];
    let mut chars: Vec<char> = text.chars().collect();
    let start = random.below(chars.len());
    let end = (start + random.below(12)).min(chars.len());
    let noise = if random.below(2) == 0 {
        ""
    } else {
        NOISE[random.below(NOISE.len())]
    };
    chars.splice(start..end, noise.chars());
    chars.into_iter().collect()
}

/// A linear congruential generator (Knuth's MMIX constants): a failure can be run again.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }
}
