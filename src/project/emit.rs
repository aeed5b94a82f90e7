//! Writing a compile's output: only what changed, whole or not at all, and nothing left over.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs, io,
    path::{Component, Path},
    sync::Arc,
    time::Duration,
};

use rayon::prelude::*;
use walkdir::WalkDir;

use super::{
    ProjectError,
    discover::relative,
    disk::{put, replace, sha256},
    stamp::Stamp,
};

/// Where editors and `tsc` find the generated types; kept beside the sources.
pub const TYPES: [(&str, &str); 2] = [
    ("types/types.d.ts", ".kontract/types.d.ts"),
    ("types/types.d.ts.map", ".kontract/types.d.ts.map"),
];

/// Output files whose bytes are known, by path.
#[derive(Default)]
pub struct Intact(BTreeMap<String, KnownOutput>);

/// One of them.
pub struct KnownOutput {
    pub digest: String,
    /// How it looked when it had this digest; `None` for one that was too young to tell.
    pub stamp: Option<Stamp>,
    /// As the compiler wrote it, if this process did.
    pub text: Option<Arc<str>>,
}

impl Intact {
    /// What is known of the file called `path`.
    pub fn get(&self, path: &str) -> Option<&KnownOutput> {
        self.0.get(path)
    }

    /// How the outputs look that can be recognised by it, as [`Stamp`] writes it.
    pub fn stamps(&self) -> BTreeMap<String, String> {
        let stamp =
            |(path, known): (&String, &KnownOutput)| Some((path.clone(), known.stamp?.to_string()));
        self.0.iter().filter_map(stamp).collect()
    }

    /// Whether these files are the ones that were there before.
    fn are_all(&self, digests: &BTreeMap<String, String>) -> bool {
        self.0.len() == digests.len() && digests.keys().all(|path| self.0.contains_key(path))
    }
}

impl FromIterator<(String, KnownOutput)> for Intact {
    fn from_iter<I: IntoIterator<Item = (String, KnownOutput)>>(files: I) -> Self {
        Self(files.into_iter().collect())
    }
}

/// Writes `files` below `out_dir`, removes what an earlier compile left there, and answers the
/// digest of each file. What `intact` knows to be there is not looked at.
pub fn write(
    root: &Path,
    out_dir: &str,
    files: &BTreeMap<String, Arc<str>>,
    intact: &mut Intact,
) -> Result<Emitted, ProjectError> {
    let folder = root.join(out_dir);
    // Until all is written nothing is known.
    let known = std::mem::take(intact);
    let write = |(path, text): (&String, &Arc<str>)| {
        let target = folder.join(path);
        let before = known.get(path);
        let is_there = |digest: &str| {
            let before = before.filter(|known| known.digest == digest)?;
            before
                .stamp
                .filter(|stamp| Stamp::of(&target) == Some(*stamp))
        };
        let same = |known: &&KnownOutput| {
            known
                .text
                .as_ref()
                .is_some_and(|known| Arc::ptr_eq(known, text))
        };
        let unchanged = before.filter(same).map(|known| known.digest.clone());
        let mut stamp = unchanged.as_deref().and_then(is_there);
        let digest = if let Some(digest) = unchanged.filter(|_| stamp.is_some()) {
            digest
        } else {
            let text = placed(out_dir, path, text);
            let digest = sha256(text.as_bytes());
            stamp = is_there(&digest);
            if stamp.is_none() {
                put(&target, &text).map_err(ProjectError::io(format!("{out_dir}/{path}")))?;
            }
            digest
        };
        let text = Some(Arc::clone(text));
        Ok((
            path.clone(),
            KnownOutput {
                digest,
                stamp,
                text,
            },
        ))
    };
    let mut written = files
        .par_iter()
        .map(write)
        .collect::<Result<Vec<_>, ProjectError>>()?;
    // Only now most of them are old enough.
    written.par_iter_mut().for_each(|(path, known)| {
        known.stamp = known.stamp.or_else(|| Stamp::of(&folder.join(path)));
    });
    let digests = written
        .iter()
        .map(|(path, known)| (path.clone(), known.digest.clone()))
        .collect();
    let mut beside = BTreeMap::new();
    for (emitted, path) in TYPES {
        if let Some(text) = files.get(emitted) {
            let text = placed("src", path, text);
            replace(&root.join("src").join(path), &text)
                .map_err(ProjectError::io(format!("src/{path}")))?;
            beside.insert(path.to_owned(), sha256(text.as_bytes()));
        }
    }
    if !known.are_all(&digests) {
        remove_stale(&folder, files).map_err(ProjectError::io(out_dir))?;
    }
    *intact = written.into_iter().collect();
    Ok(Emitted {
        outputs: digests,
        beside,
    })
}

/// Digests of what was written.
#[derive(Default)]
pub struct Emitted {
    /// By path in the output folder.
    pub outputs: BTreeMap<String, String>,
    /// By path in `src`.
    pub beside: BTreeMap<String, String>,
}

/// How a source map starts, as the compiler writes it.
const START: &str = r#"{"version":3,"#;

/// A file as it stands where it is written. The compiler names a map's sources from the project's
/// root; here is known how to get there (source map specification, `sourceRoot`).
fn placed<'a>(out_dir: &str, path: &str, text: &'a str) -> Cow<'a, str> {
    match text.strip_prefix(START).filter(|_| is_map(path)) {
        Some(rest) => Cow::Owned(format!("{START}{}{rest}", source_root(out_dir, path))),
        None => Cow::Borrowed(text),
    }
}

/// The file as the compiler wrote it, from what [`placed`] made of it.
pub fn as_compiled(out_dir: &str, path: &str, text: String) -> String {
    let root = source_root(out_dir, path);
    let rest = |text: &str| Some(text.strip_prefix(START)?.strip_prefix(&root)?.to_owned());
    match rest(&text).filter(|_| is_map(path)) {
        Some(rest) => format!("{START}{rest}"),
        None => text,
    }
}

fn is_map(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|end| end == "map")
}

fn source_root(out_dir: &str, path: &str) -> String {
    let depth = depth(out_dir) + path.matches('/').count();
    format!(r#""sourceRoot":"{}","#, "../".repeat(depth))
}

/// How many folders deep the output folder lies.
pub fn depth(out_dir: &str) -> usize {
    let is_folder = |part: &Component<'_>| matches!(part, Component::Normal(_));
    Path::new(out_dir).components().filter(is_folder).count()
}

/// The folders a compile owns; anything else in `out_dir` (a bundled page) is not ours to remove.
const OWNED: [&str; 5] = ["client", "server", "codecs", "schemas", "types"];

/// A temporary file of this age belongs to a process that is gone.
const ABANDONED: Duration = Duration::from_mins(10);

fn remove_stale(folder: &Path, files: &BTreeMap<String, Arc<str>>) -> io::Result<()> {
    for owned in OWNED {
        for entry in WalkDir::new(folder.join(owned))
            .into_iter()
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_file())
        {
            let stale = if entry.path().extension().is_some_and(|end| end == "tmp") {
                // Another process may be about to rename it.
                let modified = entry
                    .metadata()
                    .ok()
                    .and_then(|facts| facts.modified().ok());
                modified.is_some_and(|at| at.elapsed().is_ok_and(|age| age > ABANDONED))
            } else {
                !files.contains_key(&relative(folder, entry.path()))
            };
            if stale && let Err(error) = fs::remove_file(entry.path()) {
                // Another process was faster.
                if error.kind() != io::ErrorKind::NotFound {
                    return Err(error);
                }
            }
        }
    }
    Ok(())
}
