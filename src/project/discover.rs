//! The sources of a project: every TypeScript file below `src/`, sorted, generated ones left out.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use kontract_compiler::SourceFile;
use rayon::prelude::*;
use walkdir::{DirEntry, WalkDir};

use super::{ProjectError, disk::read_text};

const EXTENSIONS: [&str; 4] = ["ts", "tsx", "mts", "cts"];

/// Reads the project's sources; paths are project-relative with `/`.
pub fn sources(root: &Path) -> Result<Vec<SourceFile>, ProjectError> {
    let folder = root.join("src");
    if !folder.is_dir() {
        return Err(ProjectError::NoSources(root.display().to_string()));
    }
    let mut found = Vec::new();
    for entry in WalkDir::new(&folder)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(is_user_code)
    {
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
        let text = read_text(file).map_err(ProjectError::io(path.as_str()))?;
        Ok(SourceFile { path, text })
    };
    let mut files = found
        .par_iter()
        .map(source)
        .collect::<Result<Vec<_>, ProjectError>>()?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
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
