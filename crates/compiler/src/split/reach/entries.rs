//! Where client code starts (the rule is in `docs/design/interfaces.md`, section 1).

use super::graph::{Graph, specifier};

/// Files that client code starts with.
pub(super) struct Entries {
    /// Those a page loads, and those with backend functions: their stubs are there to be imported.
    pub sure: Vec<usize>,
    /// Those nothing in the project imports: a page, a command or a test may.
    pub possible: Vec<usize>,
}

impl Entries {
    pub(super) fn find(graph: &Graph<'_>, pages: &[String]) -> Self {
        let count = graph.items.len();
        let imports: Vec<Vec<usize>> = (0..count).map(|file| imports(graph, file)).collect();
        let mut imported = vec![false; count];
        for (file, targets) in imports.iter().enumerate() {
            for &target in targets.iter().filter(|&&target| target != file) {
                imported[target] = true;
            }
        }
        let is_page = |file: usize| pages.contains(&graph.modules.files[file].path);
        let sure: Vec<usize> = (0..count)
            .filter(|&file| graph.has_routes[file] || is_page(file))
            .collect();
        let declares = |file: usize| graph.modules.files[file].path.ends_with(".d.ts");
        let mut possible: Vec<usize> = (0..count)
            .filter(|&file| !imported[file] && !graph.server_only[file] && !declares(file))
            .filter(|file| !sure.contains(file))
            .collect();
        // Files that import each other in a circle, and that no one else does: the first stands for them.
        let mut seen = vec![false; count];
        let on_server = (0..count).filter(|&file| graph.server_only[file]);
        let mut queue: Vec<usize> = sure
            .iter()
            .chain(&possible)
            .copied()
            .chain(on_server)
            .collect();
        for start in 0..=count {
            while let Some(file) = queue.pop() {
                if !std::mem::replace(&mut seen[file], true) {
                    queue.extend(&imports[file]);
                }
            }
            if start < count && !seen[start] && !declares(start) {
                possible.push(start);
                queue.push(start);
            }
        }
        Self { sure, possible }
    }
}

/// The project files a file imports, in any way.
fn imports(graph: &Graph<'_>, file: usize) -> Vec<usize> {
    let body = graph.halves[file].module.body.iter();
    let loaded = graph.items[file]
        .iter()
        .flat_map(|item| item.imports.iter().cloned());
    let specifiers = body.filter_map(specifier).chain(loaded);
    specifiers.filter_map(|s| graph.project(file, &s)).collect()
}
