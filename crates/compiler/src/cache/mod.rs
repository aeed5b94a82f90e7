//! What one compile leaves for the next: the files it read, and what it wrote for each with the key
//! it was written under.
//!
//! Nothing of it can change an output, because everything that ties files together (links, types,
//! routes, reach) is worked out anew each time. Only two things are kept, each under a digest of all
//! it was made from: a file as read, from its text ([`crate::parse`]), and the halves of a file
//! ([`keys`]). Types are not part of a half: where they matter, in codecs and schemas, nothing is kept.

mod closure;
mod keys;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

pub(crate) use keys::Keys;

use crate::codec::Layout;
use crate::diagnostics::Report;
use crate::parse::{Parsed, parse, without_mark};
use crate::resolve::Input;
use crate::{Options, decorators};

/// A SHA-256.
pub type Digest = [u8; 32];

/// The memory of a project's compiles. An empty one is always right; a full one is only faster.
#[derive(Default)]
pub struct Cache {
    /// Digest of the options everything below was made with.
    options: Digest,
    read: HashMap<String, Arc<Read>>,
    written: BTreeMap<String, Written>,
    codecs: HashMap<String, Arc<KnownCodecs>>,
}

/// The halves of one file.
#[derive(Debug, Clone)]
pub struct Written {
    /// Digest of everything they were made from.
    pub key: Digest,
    /// Paths of the files of the build that it names.
    pub dependencies: Vec<String>,
    /// Path in the output and text.
    pub files: Vec<(String, Arc<str>)>,
}

/// The codecs and the schema of one file, with the layout they were made from.
pub(crate) struct KnownCodecs {
    pub layout: Layout,
    /// Routes with their schema hashes.
    pub hashes: Vec<(String, String)>,
    /// Codecs and schema: path and text.
    pub texts: [(String, Arc<str>); 2],
}

/// A file as it was read.
pub(crate) struct Read {
    digest: Digest,
    shown: String,
    pub parsed: Arc<Parsed>,
    /// Found while reading, as if the file were the project's first.
    reports: Vec<Report>,
}

impl Cache {
    /// What is written for each source file, by its path.
    pub fn written(&self) -> impl Iterator<Item = (&str, &Written)> {
        self.written
            .iter()
            .map(|(path, written)| (path.as_str(), written))
    }

    /// Takes what an earlier process wrote under `key`: the caller has made sure that these are its bytes.
    pub fn restore(&mut self, path: String, written: Written) {
        self.written.insert(path, written);
    }

    /// Forgets the syntax of files: what is left takes a hundredth of the memory.
    pub fn forget_syntax(&mut self) {
        self.read = HashMap::new();
    }

    /// Forgets what was read with other options. What was written has them in its key.
    pub(crate) fn be_for(&mut self, options: &Options) {
        let digest = digest_of(&[format!("{options:?}").as_bytes()]);
        if self.options != digest {
            self.options = digest;
            self.forget_syntax();
        }
    }

    /// Reads a file, or remembers it. Errors are not remembered: there is nothing to gain.
    pub(crate) fn read(&self, input: &Input<'_>) -> Result<Arc<Read>, Vec<Report>> {
        let file = &input.file;
        let known = self.read.get(&file.path);
        if let Some(known) = known.filter(|known| known.is_of(input)) {
            return Ok(Arc::clone(known));
        }
        let digest = digest_of(&[input.shown.as_bytes(), file.text.as_bytes()]);
        let (parsed, mut reports) = parse(0, file, &input.shown)?;
        let found = parsed.bindings.every();
        reports.extend(found.flat_map(|found| decorators::check(0, &parsed, found)));
        Ok(Arc::new(Read {
            digest,
            shown: input.shown.clone(),
            parsed: Arc::new(parsed),
            reports,
        }))
    }

    pub(crate) fn options(&self) -> Digest {
        self.options
    }

    /// Keeps these files, and of others nothing.
    pub(crate) fn keep(&mut self, files: Vec<Arc<Read>>) {
        self.read = files
            .into_iter()
            .map(|read| (read.parsed.path.clone(), read))
            .collect();
    }

    pub(crate) fn known(&self, path: &str, key: &Digest) -> Option<&Written> {
        self.written.get(path).filter(|written| written.key == *key)
    }

    /// The codecs of the file at `path`, if they were made from this layout.
    pub(crate) fn codecs_of(
        &self,
        path: &str,
        layout: &Layout,
        routes: &[String],
    ) -> Option<Arc<KnownCodecs>> {
        let known = self.codecs.get(path)?;
        let same_routes = known.hashes.iter().map(|(route, _)| route).eq(routes);
        // Code for a union asks the types themselves.
        let by_layout = layout.unions.is_empty() && known.layout == *layout;
        (same_routes && by_layout).then(|| Arc::clone(known))
    }

    /// Keeps these codecs, and no others.
    pub(crate) fn keep_codecs(&mut self, codecs: impl Iterator<Item = (String, Arc<KnownCodecs>)>) {
        self.codecs = codecs.collect();
    }

    pub(crate) fn keep_written(&mut self, written: BTreeMap<String, Written>) {
        self.written = written;
    }
}

impl Read {
    /// Whether this is what reading `input` gives.
    fn is_of(&self, input: &Input<'_>) -> bool {
        let text = without_mark(&input.file.text);
        // What `import x = require('./y')` becomes is up to y.
        self.parsed.text == text && self.shown == input.shown && !self.parsed.summary().requires
    }

    /// What was found while reading, said of the file at `index`.
    pub(crate) fn reports(&self, index: usize) -> Vec<Report> {
        self.reports
            .iter()
            .map(|report| at(index, report))
            .collect()
    }

    pub(crate) fn digest(&self) -> &Digest {
        &self.digest
    }
}

/// Moves a report from the first file to the one at `index`.
pub(crate) fn at(index: usize, report: &Report) -> Report {
    let mut report = report.clone();
    report.file = index;
    if let Some((file, ..)) = &mut report.other {
        *file = index;
    }
    report
}

/// The digest of several texts, none of which can pass for a part of another.
pub(crate) fn digest_of(parts: &[&[u8]]) -> Digest {
    let mut all = Sha256::new();
    for part in parts {
        all.update((part.len() as u64).to_le_bytes());
        all.update(part);
    }
    all.finalize().into()
}
