//! Writing a compile's output: only what changed, whole or not at all, and nothing left over.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs,
    path::{Component, Path},
    sync::atomic::{AtomicU32, Ordering},
};

use walkdir::WalkDir;

use super::{ProjectError, cache::sha256, discover::relative};

/// Where editors and `tsc` find the generated types; kept beside the sources.
const TYPES: [(&str, &str); 2] = [
    ("types/types.d.ts", ".kontract/types.d.ts"),
    ("types/types.d.ts.map", ".kontract/types.d.ts.map"),
];

/// Writes `files` below `out_dir`, removes what an earlier compile left there, and answers the
/// digest of each file, keyed by its path in the output folder.
pub fn write(
    root: &Path,
    out_dir: &str,
    files: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, ProjectError> {
    let folder = root.join(out_dir);
    let mut digests = BTreeMap::new();
    for (path, text) in files {
        let text = placed(out_dir, path, text);
        replace(&folder.join(path), &text)
            .map_err(ProjectError::io(format!("{out_dir}/{path}")))?;
        digests.insert(path.clone(), sha256(text.as_bytes()));
    }
    for (emitted, path) in TYPES {
        if let Some(text) = files.get(emitted) {
            let text = placed("src", path, text);
            replace(&root.join("src").join(path), &text)
                .map_err(ProjectError::io(format!("src/{path}")))?;
        }
    }
    remove_stale(&folder, files).map_err(ProjectError::io(out_dir))?;
    Ok(digests)
}

/// A file as it stands where it is written. The compiler names a map's sources from the project's
/// root; here is known how to get there (source map specification, `sourceRoot`).
fn placed<'a>(out_dir: &str, path: &str, text: &'a str) -> Cow<'a, str> {
    const START: &str = r#"{"version":3,"#;
    let Some(rest) = text
        .strip_prefix(START)
        .filter(|_| Path::new(path).extension().is_some_and(|e| e == "map"))
    else {
        return Cow::Borrowed(text);
    };
    let is_folder = |part: &Component<'_>| matches!(part, Component::Normal(_));
    let depth =
        Path::new(out_dir).components().filter(is_folder).count() + path.matches('/').count();
    Cow::Owned(format!(
        r#"{START}"sourceRoot":"{}",{rest}"#,
        "../".repeat(depth)
    ))
}

/// True for a relative path that stays below where it starts.
pub fn is_inside(path: &str) -> bool {
    Path::new(path)
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// Replaces a file by renaming a complete one over it, so that a reader sees the old or the new text.
pub fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    static SERIAL: AtomicU32 = AtomicU32::new(0);
    if fs::read(path).is_ok_and(|present| present == text.as_bytes()) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_extension(format!("{}-{serial}.tmp", std::process::id()));
    fs::write(&temporary, text)?;
    fs::rename(&temporary, path)
}

/// The folders a compile owns; anything else in `out_dir` (a bundled page) is not ours to remove.
const OWNED: [&str; 5] = ["client", "server", "codecs", "schemas", "types"];

fn remove_stale(folder: &Path, files: &BTreeMap<String, String>) -> std::io::Result<()> {
    for owned in OWNED {
        for entry in WalkDir::new(folder.join(owned))
            .into_iter()
            .filter_map(Result::ok)
        {
            let name = relative(folder, entry.path());
            // Another process may be about to rename its temporary file.
            let temporary = entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "tmp");
            let ours = files.contains_key(&name) || temporary;
            if entry.file_type().is_file() && !ours {
                fs::remove_file(entry.path())?;
            }
        }
    }
    Ok(())
}
