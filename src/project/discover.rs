//! The sources of a project: every TypeScript file below `src/`, sorted, generated ones left out.

use std::{
    collections::{BTreeMap, HashMap},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use kontract_compiler::SourceFile;
use rayon::prelude::*;
use walkdir::{DirEntry, WalkDir};

use super::{
    ProjectError,
    disk::{read_text, sha256},
    session::KnownSource,
    stamp::Stamp,
};

const EXTENSIONS: [&str; 4] = ["ts", "tsx", "mts", "cts"];

/// The project's sources, sorted by path.
pub struct Sources {
    /// Paths are project-relative with `/`.
    pub files: Vec<SourceFile>,
    /// Digest of each file's text, by path.
    pub digests: BTreeMap<String, String>,
}

/// Reads the project's sources. What `known` has is not read again while nobody has touched it.
pub fn sources(
    root: &Path,
    known: &mut HashMap<String, KnownSource>,
) -> Result<Sources, ProjectError> {
    let folder = root.join("src");
    if !folder.is_dir() {
        return Err(ProjectError::NoSources(root.display().to_string()));
    }
    let mut found = Vec::new();
    for entry in WalkDir::new(&folder).into_iter().filter_entry(is_user_code) {
        let entry = entry.map_err(|error| ProjectError::Io {
            path: "src".to_owned(),
            source: error.into(),
        })?;
        if entry.file_type().is_file() && is_source(entry.path()) {
            found.push(entry.into_path());
        }
    }
    let source = |file: &PathBuf| {
        let path = relative(root, file);
        // The stamp is older than what is read: a change in between shows next time.
        let stamp = Stamp::of(file);
        if let Some(known) = known.get(&path)
            && stamp == Some(known.stamp)
        {
            return Ok((path, known.text.to_string(), known.digest.clone(), stamp));
        }
        let text = read_text(file).map_err(ProjectError::io(path.as_str()))?;
        let digest = sha256(&text);
        Ok((path, text, digest, stamp))
    };
    let mut read = found
        .par_iter()
        .map(source)
        .collect::<Result<Vec<_>, ProjectError>>()?;
    read.sort_by(|a, b| a.0.cmp(&b.0));
    let mut sources = Sources {
        files: Vec::with_capacity(read.len()),
        digests: BTreeMap::new(),
    };
    let mut now = HashMap::new();
    for (path, text, digest, stamp) in read {
        if let Some(stamp) = stamp {
            let text = match known.remove(&path).filter(|known| known.stamp == stamp) {
                Some(known) => known.text,
                None => text.as_str().into(),
            };
            let digest = digest.clone();
            now.insert(
                path.clone(),
                KnownSource {
                    stamp,
                    text,
                    digest,
                },
            );
        }
        sources.digests.insert(path.clone(), digest);
        sources.files.push(SourceFile { path, text });
    }
    *known = now;
    Ok(sources)
}

/// The scripts that the project's `index.html` loads from the project, by path.
pub fn pages(root: &Path) -> Result<Vec<String>, ProjectError> {
    let html = optional(root, "index.html")?.unwrap_or_default();
    let scripts = html.split("<script").skip(1).filter_map(|rest| {
        let tag = rest.split('>').next()?;
        let value = tag.split_once("src=")?.1;
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let src = value[1..].split(quote).next()?;
        Some(
            src.trim_start_matches("./")
                .trim_start_matches('/')
                .to_owned(),
        )
    });
    Ok(scripts.filter(|src| src.starts_with("src/")).collect())
}

/// A file's text, or `None` when there is no such file.
pub fn optional(root: &Path, path: &str) -> Result<Option<String>, ProjectError> {
    match read_text(&root.join(path)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ProjectError::io(path)(error)),
    }
}

fn is_user_code(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    !(entry.file_type().is_dir()
        && (name == "node_modules" || (name.starts_with('.') && entry.depth() > 0)))
}

fn is_source(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let declaration = [".d.ts", ".d.mts", ".d.cts"]
        .iter()
        .any(|suffix| name.ends_with(suffix));
    !declaration
        && path
            .extension()
            .is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known))
}

/// A path as seen from `root`, with `/` on every system.
pub fn relative(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    path.components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}
