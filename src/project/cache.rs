//! `node_modules/.kontract/cache.json`: what the last compile read and wrote, as digests.
//!
//! A compile is skipped only if the compiler, its options, the lock file, what imports resolve by
//! and every source are the same, and every output is still there with the bytes it had. Failing
//! that, what was written for a file is used again if the compiler finds the same key for it. A
//! damaged cache is a missing one: the last line is a digest of everything before it.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use kontract_compiler::{Digest, Options, Written};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    Finding, ProjectError,
    disk::{hex, is_inside, read, read_text, replace, sha256},
    emit,
    emit::{Emitted, Intact, KnownOutput},
    resolve::{Input, unchanged},
    stamp::Stamp,
};

/// Where an output folder has its manifest.
pub const MANIFEST: &str = "manifest.json";
const PATH: &str = "node_modules/.kontract/cache.json";
/// Before the digest that ends the file.
const SEAL: &str = ",\n\"digest\":\"";

/// The file, in the shape of the specification's section 6.4.1 with what else the answer needs.
#[derive(Clone, Serialize, Deserialize)]
pub struct Cache {
    version: String,
    key: String,
    /// The same with the lock file that this compile gave: whoever writes it changes nothing by it.
    locked: String,
    #[serde(rename = "outDir")]
    out_dir: String,
    files: BTreeMap<String, Entry>,
    /// What resolving imports depended on.
    inputs: Vec<Input>,
    outputs: BTreeMap<String, String>,
    /// How outputs looked when they had these digests, those that were old enough to tell.
    #[serde(default)]
    stamps: BTreeMap<String, String>,
    /// What was written beside the sources.
    beside: BTreeMap<String, String>,
    diagnostics: Vec<Finding>,
    lock: String,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Entry {
    hash: String,
    /// Files of the build that it imports.
    #[serde(default)]
    dependencies: Vec<String>,
    #[serde(default)]
    outputs: Outputs,
    /// What its outputs were made from, as the compiler says it.
    #[serde(default)]
    key: String,
}

#[derive(Clone, Default, Serialize, Deserialize)]
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
    /// How the outputs look that were found unharmed.
    pub intact: Intact,
}

/// Everything a compile depends on beside the compiler itself.
pub struct Question<'a> {
    pub root: &'a Path,
    pub out_dir: &'a str,
    pub options: &'a Options,
    pub key: &'a str,
    pub hashes: &'a BTreeMap<String, String>,
}

impl Cache {
    /// Reads the cache of the project at `root`; `None` when it is missing, damaged or of another compiler.
    ///
    /// `known` is what this process has read or written before: the same bytes are not taken apart again.
    pub fn read(root: &Path, known: Option<&Kept>) -> Option<Kept> {
        let text = read_text(&root.join(PATH)).ok()?;
        let digest = sha256(&text);
        if let Some(known) = known.filter(|known| known.digest == digest) {
            return Some(known.clone());
        }
        let cache: Self = serde_json::from_str(unsealed(&text)?).ok()?;
        let cache = Arc::new(cache);
        (cache.version == version()).then_some(Kept { digest, cache })
    }

    /// The recorded result, if it is the result for these inputs and still on disk unharmed.
    pub fn answer(&self, question: &Question<'_>, known: &Intact) -> Option<Hit> {
        let Question {
            root,
            out_dir,
            key,
            hashes,
            ..
        } = *question;
        let of_project = |entry: &&Entry| !entry.hash.is_empty();
        let same_sources = self.files.values().filter(of_project).count() == hashes.len()
            && hashes.iter().all(|(path, hash)| {
                self.files
                    .get(path)
                    .is_some_and(|entry| entry.hash == *hash)
            });
        let same_inputs = same_sources && unchanged(root, &self.inputs);
        if ![self.key.as_str(), &self.locked].contains(&key)
            || self.out_dir != out_dir
            || !same_inputs
        {
            return None;
        }
        let folder = root.join(out_dir);
        let intact = |(path, digest): (&String, &String)| {
            let target = folder.join(is_inside(path).then_some(path)?);
            // Taken before reading: a change in between shows next time.
            let stamp = Stamp::of(&target);
            let known = known.get(path).filter(|known| known.digest == *digest);
            let recorded = stamp.is_some_and(|stamp| {
                known.is_some_and(|known| known.stamp == Some(stamp))
                    || self.stamps.get(path) == Some(&stamp.to_string())
            });
            if !recorded && digest_of(&target).as_ref() != Some(digest) {
                return None;
            }
            let digest = digest.clone();
            let text = known.and_then(|known| known.text.clone());
            Some((
                path.clone(),
                KnownOutput {
                    digest,
                    stamp,
                    text,
                },
            ))
        };
        let sources = root.join("src");
        let types_intact = emit::TYPES.iter().all(|(emitted, path)| {
            let known = self.beside.get(*path);
            known.is_some() == self.outputs.contains_key(*emitted)
                && digest_of(&sources.join(path)).as_ref() == known
        });
        if !types_intact {
            return None;
        }
        let intact: Option<Vec<_>> = self.outputs.par_iter().map(intact).collect();
        Some(Hit {
            files: self.outputs.keys().cloned().collect(),
            diagnostics: self.diagnostics.clone(),
            manifest: read_text(&folder.join(MANIFEST)).ok()?,
            lock: self.lock.clone(),
            intact: intact?.into_iter().collect(),
        })
    }

    /// The halves that are on disk unharmed, by the source file they were made for.
    pub fn halves(&self, root: &Path, out_dir: &str) -> Vec<(String, Written)> {
        if self.out_dir != out_dir {
            return Vec::new();
        }
        let folder = root.join(out_dir);
        let half = |(source, entry): (&String, &Entry)| {
            let key = digest(&entry.key)?;
            let code = [&entry.outputs.server, &entry.outputs.client];
            let paths = code.into_iter().flatten();
            let files = paths.flat_map(|path| [path.clone(), format!("{path}.map")]);
            let files = files.map(|path| {
                let bytes = read(&folder.join(is_inside(&path).then_some(&path)?)).ok()?;
                let known = sha256(&bytes) == *self.outputs.get(&path)?;
                let text = String::from_utf8(bytes).ok().filter(|_| known)?;
                let text = emit::as_compiled(out_dir, &path, text);
                Some((path, Arc::from(text)))
            });
            let files = files.collect::<Option<Vec<_>>>()?;
            let dependencies = entry.dependencies.clone();
            Some((
                source.clone(),
                Written {
                    key,
                    dependencies,
                    files,
                },
            ))
        };
        self.files.par_iter().filter_map(half).collect()
    }

    /// The same with what outputs look like now, if that is worth writing down.
    pub fn stamped(&self, intact: &Intact) -> Option<Self> {
        let stamps = intact.stamps();
        (stamps != self.stamps).then(|| Self {
            stamps,
            ..self.clone()
        })
    }

    /// What to remember of a compile that had no errors.
    pub fn record<'a>(
        question: &Question<'_>,
        inputs: Vec<Input>,
        emitted: &Emitted,
        intact: &Intact,
        halves: impl Iterator<Item = (&'a str, &'a Written)>,
        diagnostics: &[Finding],
        lock: &str,
    ) -> Self {
        let mut files: BTreeMap<String, Entry> = BTreeMap::new();
        for (path, hash) in question.hashes {
            files.entry(path.clone()).or_default().hash.clone_from(hash);
        }
        for (path, written) in halves {
            let code = |half: &str| {
                let mut paths = written.files.iter().map(|(path, _)| path);
                let is_code = |path: &&String| path.starts_with(half) && has_extension(path, "js");
                paths.find(is_code).cloned()
            };
            // Files from outside of `src` are among the inputs: here they have no hash.
            let entry = files.entry(path.to_owned()).or_default();
            entry.dependencies.clone_from(&written.dependencies);
            entry.key = hex(&written.key);
            entry.outputs = Outputs {
                client: code("client/"),
                server: code("server/"),
            };
        }
        Self {
            version: version(),
            key: question.key.to_owned(),
            locked: key(question.options, question.out_dir, Some(lock)),
            out_dir: question.out_dir.to_owned(),
            files,
            inputs,
            outputs: emitted.outputs.clone(),
            stamps: intact.stamps(),
            beside: emitted.beside.clone(),
            diagnostics: diagnostics.to_vec(),
            lock: lock.to_owned(),
        }
    }

    /// Writes the cache; whichever of two processes is last wins, both wrote the truth.
    pub fn write(self, root: &Path) -> Result<Kept, ProjectError> {
        let text =
            serde_json::to_string(&self).map_err(|error| ProjectError::io(PATH)(error.into()))?;
        let text = sealed(&text);
        replace(&root.join(PATH), &text).map_err(ProjectError::io(PATH))?;
        Ok(Kept {
            digest: sha256(text),
            cache: Arc::new(self),
        })
    }
}

/// The cache with the digest of the file it is in.
#[derive(Clone)]
pub struct Kept {
    digest: String,
    pub cache: Arc<Cache>,
}

/// Puts the digest of an object's text into it, as its last member.
fn sealed(text: &str) -> String {
    let head = text.strip_suffix('}').unwrap_or(text);
    format!("{head}{SEAL}{}\"}}\n", sha256(head))
}

/// The text, if it is as [`sealed`] left it.
fn unsealed(text: &str) -> Option<&str> {
    let (head, _) = text.rsplit_once(SEAL)?;
    (sealed(&format!("{head}}}")) == text).then_some(text)
}

/// Whether a path ends in `.extension`.
fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|end| end == extension)
}

fn digest_of(path: &Path) -> Option<String> {
    read(path).ok().map(sha256)
}

/// 32 bytes from hex.
fn digest(text: &str) -> Option<Digest> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let mut digest = Digest::default();
    if pairs.len() != digest.len() || !rest.is_empty() {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(pairs) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(digest)
}

/// Digest of everything besides the sources that decides the output.
pub fn key(options: &Options, out_dir: &str, lock: Option<&str>) -> String {
    sha256(format!("{options:?}\0{out_dir}\0{lock:?}"))
}

fn version() -> String {
    format!(
        "{}+{}",
        env!("CARGO_PKG_VERSION"),
        env!("KONTRACT_BUILD_ID")
    )
}
