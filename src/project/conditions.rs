//! `customConditions` of `tsconfig.json` and what it extends: names by which packages of a workspace
//! offer their sources (typescriptlang.org/tsconfig, "customConditions").

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// A chain of `extends` longer than this goes in a circle.
const MOST: usize = 32;

/// The conditions one file says, or what it extends; of several the last one has its way.
///
/// `find` looks a package's file up, as seen from a folder. A file that cannot be read says nothing:
/// whoever asks for the rest of it reports that.
pub fn custom(tsconfig: &Path, find: &dyn Fn(&Path, &str) -> Option<PathBuf>) -> Vec<String> {
    read(tsconfig, find, 0).unwrap_or_default()
}

fn read(
    path: &Path,
    find: &dyn Fn(&Path, &str) -> Option<PathBuf>,
    depth: usize,
) -> Option<Vec<String>> {
    let mut text = fs::read_to_string(path).ok()?;
    json_strip_comments::strip(&mut text).ok()?;
    let config: Value = serde_json::from_str(&text).ok()?;
    let strings = |list: &[Value]| {
        let all = list.iter().filter_map(|one| one.as_str());
        all.map(str::to_owned).collect::<Vec<_>>()
    };
    if let Some(own) = config["compilerOptions"]["customConditions"].as_array() {
        return Some(strings(own));
    }
    let extended = match &config["extends"] {
        Value::String(one) => vec![one.clone()],
        Value::Array(several) => strings(several),
        _ => Vec::new(),
    };
    let folder = path.parent().filter(|_| depth < MOST)?;
    extended.iter().rev().find_map(|specifier| {
        let target = if specifier.starts_with('.') || Path::new(specifier).is_absolute() {
            let target = folder.join(specifier);
            if target.is_file() {
                target
            } else {
                folder.join(format!("{specifier}.json"))
            }
        } else {
            find(folder, specifier)?
        };
        read(&target, find, depth + 1)
    })
}
