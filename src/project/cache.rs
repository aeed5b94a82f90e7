//! `node_modules/.kontract/cache.json`: what the last compile read and wrote, as digests.
//!
//! A compile is skipped only if the compiler, its options, the lock file and every source are the
//! same and every output is still there with the bytes it had. A damaged cache is a missing one.

use std::{collections::BTreeMap, fs, path::Path};

use kontract_compiler::{Options, SourceFile};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    Finding, ProjectError, emit,
    resolve::{Input, unchanged},
};

/// Where an output folder has its manifest.
pub const MANIFEST: &str = "manifest.json";
const PATH: &str = "node_modules/.kontract/cache.json";
/// The largest cache file that is read; a project of ten thousand files stays below it.
const MAX_BYTES: u64 = 64 << 20;

/// The file, in the shape of the specification's section 6.4.1 with what else the answer needs.
#[derive(Serialize, Deserialize)]
pub struct Cache {
    version: String,
    key: String,
    #[serde(rename = "outDir")]
    out_dir: String,
    files: BTreeMap<String, Entry>,
    /// What resolving imports depended on.
    inputs: Vec<Input>,
    outputs: BTreeMap<String, String>,
    diagnostics: Vec<Finding>,
    lock: String,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    hash: String,
    #[serde(default)]
    outputs: Outputs,
}

#[derive(Default, Serialize, Deserialize)]
struct Outputs {
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<String>,
}

/// What a warm cache answers.
pub struct Hit {
    pub files: Vec<String>,
    pub diagnostics: Vec<Finding>,
    pub manifest: String,
    pub lock: String,
}

impl Cache {
    /// Reads the cache of the project at `root`; `None` when it is missing, damaged or of another compiler.
    pub fn read(root: &Path) -> Option<Self> {
        let path = root.join(PATH);
        if fs::metadata(&path).ok()?.len() > MAX_BYTES {
            return None;
        }
        let cache: Self = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        (cache.version == version()).then_some(cache)
    }

    /// The recorded result, if it is the result for these inputs and still on disk unharmed.
    pub fn answer(
        self,
        root: &Path,
        out_dir: &str,
        key: &str,
        hashes: &BTreeMap<String, String>,
    ) -> Option<Hit> {
        let same_sources = self.files.len() == hashes.len()
            && hashes.iter().all(|(path, hash)| {
                self.files
                    .get(path)
                    .is_some_and(|entry| entry.hash == *hash)
            });
        let same_inputs = same_sources && unchanged(root, &self.inputs);
        if self.key != key || self.out_dir != out_dir || !same_inputs {
            return None;
        }
        let folder = root.join(out_dir);
        let mut manifest = None;
        for (path, digest) in &self.outputs {
            let bytes = emit::is_inside(path)
                .then(|| fs::read(folder.join(path)).ok())
                .flatten()?;
            if sha256(&bytes) != *digest {
                return None;
            }
            if path == MANIFEST {
                manifest = String::from_utf8(bytes).ok();
            }
        }
        Some(Hit {
            files: self.outputs.into_keys().collect(),
            diagnostics: self.diagnostics,
            manifest: manifest?,
            lock: self.lock,
        })
    }

    /// What to remember of a compile that had no errors.
    pub fn record(
        key: String,
        out_dir: &str,
        hashes: &BTreeMap<String, String>,
        inputs: Vec<Input>,
        emitted: &BTreeMap<String, String>,
        diagnostics: &[Finding],
        lock: &str,
    ) -> Self {
        let emitted_as = |half: &str, path: &str| {
            let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
            let candidate = format!("{half}/{stem}.js");
            emitted.contains_key(&candidate).then_some(candidate)
        };
        let files = hashes
            .iter()
            .map(|(path, hash)| {
                let outputs = Outputs {
                    client: emitted_as("client", path),
                    server: emitted_as("server", path),
                };
                (
                    path.clone(),
                    Entry {
                        hash: hash.clone(),
                        outputs,
                    },
                )
            })
            .collect();
        Self {
            version: version(),
            key,
            out_dir: out_dir.to_owned(),
            files,
            inputs,
            outputs: emitted.clone(),
            diagnostics: diagnostics.to_vec(),
            lock: lock.to_owned(),
        }
    }

    /// Writes the cache; whichever of two processes is last wins, both wrote the truth.
    pub fn write(&self, root: &Path) -> Result<(), ProjectError> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| ProjectError::io(PATH)(error.into()))?;
        emit::replace(&root.join(PATH), &text).map_err(ProjectError::io(PATH))
    }
}

/// Digest of every source, by path.
pub fn hash_sources(files: &[SourceFile]) -> BTreeMap<String, String> {
    files
        .iter()
        .map(|file| (file.path.clone(), sha256(&file.text)))
        .collect()
}

/// Digest of everything besides the sources that decides the output.
pub fn key(options: &Options, out_dir: &str, lock: Option<&str>) -> String {
    sha256(format!("{options:?}\0{out_dir}\0{lock:?}"))
}

/// `sha256:` and the digest in lower-case hex.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(71);
    text.push_str("sha256:");
    for byte in Sha256::digest(bytes.as_ref()) {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn version() -> String {
    format!(
        "{}+{}",
        env!("CARGO_PKG_VERSION"),
        env!("KONTRACT_BUILD_ID")
    )
}
