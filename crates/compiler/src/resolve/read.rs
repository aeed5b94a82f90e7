//! Reading a project: its own files, and the files from elsewhere that these lead to.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::json::json_module;
use super::relative::find;
use super::{Resolution, Resolve};
use crate::SourceFile;
use crate::cache::{Cache, Read, at};
use crate::diagnostics::Report;
use crate::modules::Source;

/// What every specifier of a file leads to; a specifier that isn't there leads nowhere.
#[derive(Debug, Default)]
pub(crate) struct Links(Vec<HashMap<String, Source>>);

impl Links {
    pub(crate) fn get(&self, file: usize, specifier: &str) -> Option<&Source> {
        self.0.get(file)?.get(specifier)
    }

    /// All of one file's, in the order of the specifiers.
    pub(crate) fn of(&self, file: usize) -> Vec<(&str, &Source)> {
        let mut all: Vec<_> = self.0[file]
            .iter()
            .map(|(s, to)| (s.as_str(), to))
            .collect();
        all.sort_unstable_by_key(|(specifier, _)| *specifier);
        all
    }
}

/// A source file with the path that messages and maps show.
pub(crate) struct Input<'a> {
    pub file: Cow<'a, SourceFile>,
    pub shown: String,
}

/// Parses the project's files, then the files their imports lead to outside of it, until none is
/// new. The order is that of the names in each round, whoever is read first.
///
/// `None` when a file cannot be parsed: there is nothing to link then.
pub(crate) fn read_all(
    inputs: &mut Vec<Input<'_>>,
    resolve: &dyn Resolve,
    cache: &Cache,
    reports: &mut Vec<Report>,
) -> Option<(Vec<Arc<Read>>, Links)> {
    let mut names: HashMap<String, usize> = HashMap::new();
    let mut all: Vec<Arc<Read>> = Vec::new();
    let mut links = Links::default();
    let mut broken = false;
    let mut start = 0;
    while start < inputs.len() {
        for (index, input) in inputs.iter().enumerate().skip(start) {
            names.insert(input.file.path.clone(), index);
        }
        let read: Vec<_> = inputs[start..]
            .par_iter()
            .map(|input| cache.read(input))
            .collect();
        let mut round = Vec::new();
        for (index, result) in (start..).zip(read) {
            match result {
                Ok(read) => {
                    reports.extend(read.reports(index));
                    round.push(read);
                }
                Err(found) => {
                    reports.extend(found.iter().map(|report| at(index, report)));
                    broken = true;
                }
            }
        }
        start = inputs.len();
        // With a file missing, indices and files no longer agree.
        if broken {
            return None;
        }
        let mut wanted: Vec<(usize, String, String)> = Vec::new();
        let meanings = |Read { parsed, .. }: &Read| -> Vec<Meaning> {
            let specifiers = parsed.specifiers.iter();
            specifiers
                .map(|specifier| meaning(&names, resolve, &parsed.path, specifier))
                .collect()
        };
        let found: Vec<_> = round.par_iter().map(|read| meanings(read)).collect();
        for (read, found) in round.iter().zip(found) {
            let file = links.0.len();
            let mut of_file = HashMap::new();
            for (specifier, meaning) in read.parsed.specifiers.iter().zip(found) {
                match meaning {
                    Meaning::Known(source) => {
                        of_file.insert(specifier.clone(), source);
                    }
                    Meaning::Outside(name) => wanted.push((file, specifier.clone(), name)),
                    Meaning::Nothing => {}
                }
            }
            links.0.push(of_file);
        }
        all.append(&mut round);
        let mut new: Vec<&String> = wanted.iter().map(|(_, _, name)| name).collect();
        new.sort();
        new.dedup();
        for name in new {
            if let Some(outside) = resolve.outside(name) {
                names.insert(name.clone(), inputs.len());
                let is_json = has_extension(name, "json");
                let file = SourceFile {
                    path: name.clone(),
                    text: if is_json {
                        json_module(&outside.text)
                    } else {
                        outside.text
                    },
                };
                inputs.push(Input {
                    file: Cow::Owned(file),
                    shown: outside.shown,
                });
            }
        }
        for (file, specifier, name) in wanted {
            if let Some(&target) = names.get(&name) {
                links.0[file].insert(specifier, Source::Project(target));
            }
        }
    }
    Some((all, links))
}

/// Whether a path ends in `.extension`.
pub(crate) fn has_extension(path: &str, extension: &str) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(_, end)| end == extension)
}

enum Meaning {
    Known(Source),
    /// A file that has not been read yet.
    Outside(String),
    Nothing,
}

fn meaning(
    names: &HashMap<String, usize>,
    resolve: &dyn Resolve,
    importer: &str,
    specifier: &str,
) -> Meaning {
    let is_relative = specifier.starts_with('.');
    if is_relative && let Some(target) = find(names, importer, specifier) {
        return Meaning::Known(Source::Project(target));
    }
    let package = || Meaning::Known(Source::Bare(specifier.to_owned()));
    if specifier == "kontract" || specifier.starts_with("kontract/") || specifier.contains(':') {
        return package();
    }
    match resolve.resolve(importer, specifier) {
        Resolution::File(name) => match names.get(&name) {
            Some(&target) => Meaning::Known(Source::Project(target)),
            None => Meaning::Outside(name),
        },
        Resolution::Package => package(),
        Resolution::Missing => Meaning::Nothing,
    }
}
