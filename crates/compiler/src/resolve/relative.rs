//! Relative imports among the files of the project (typescriptlang.org, "Module Resolution":
//! extension substitution and folders).

use std::collections::HashMap;

/// What is written, and what may stand for it in the sources.
const SUBSTITUTES: [(&str, &[&str]); 4] = [
    (".js", &[".ts", ".tsx", ".d.ts"]),
    (".jsx", &[".tsx", ".d.ts"]),
    (".mjs", &[".mts", ".d.mts"]),
    (".cjs", &[".cts", ".d.cts"]),
];
const EXTENSIONS: [&str; 7] = [
    ".ts",
    ".tsx",
    ".d.ts",
    ".js",
    ".jsx",
    "/index.ts",
    "/index.tsx",
];

/// The file a relative specifier leads to.
pub(super) fn find(
    names: &HashMap<String, usize>,
    importer: &str,
    specifier: &str,
) -> Option<usize> {
    let path = join(importer, specifier)?;
    let known = |candidate: &str| names.get(candidate).copied();
    let substituted = || {
        SUBSTITUTES.iter().find_map(|(written, sources)| {
            let stem = path.strip_suffix(written)?;
            sources
                .iter()
                .find_map(|source| known(&format!("{stem}{source}")))
        })
    };
    let exact = known(&path).filter(|_| !specifier.ends_with('/'));
    exact
        .or_else(substituted)
        .or_else(|| {
            EXTENSIONS
                .iter()
                .find_map(|end| known(&format!("{path}{end}")))
        })
        .or_else(|| known(&format!("{path}/index.js")))
}

/// The path a relative specifier names, `None` when it leaves the project.
fn join(importer: &str, specifier: &str) -> Option<String> {
    let mut parts: Vec<&str> = importer.split('/').collect();
    parts.pop();
    for part in specifier.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::find;
    use std::collections::HashMap;

    #[test]
    fn what_typescript_finds_is_found() {
        let files = [
            "src/a.ts",
            "src/b.tsx",
            "src/c/index.ts",
            "src/d.mts",
            "src/e.js",
            "src/e.d.ts",
            "src/f.cts",
        ];
        let names: HashMap<String, usize> = files
            .iter()
            .enumerate()
            .map(|(i, f)| ((*f).to_owned(), i))
            .collect();
        let found =
            |importer: &str, specifier: &str| find(&names, importer, specifier).map(|i| files[i]);
        for (specifier, expected) in [
            ("./a", Some("src/a.ts")),
            ("./a.js", Some("src/a.ts")),
            ("./a.ts", Some("src/a.ts")),
            ("./b.jsx", Some("src/b.tsx")),
            ("./b.js", Some("src/b.tsx")),
            ("./c", Some("src/c/index.ts")),
            ("./c/", Some("src/c/index.ts")),
            (".", None),
            ("./d.mjs", Some("src/d.mts")),
            ("./d.js", None),
            ("./e.js", Some("src/e.js")),
            ("./f.cjs", Some("src/f.cts")),
            ("../../a", None),
        ] {
            assert_eq!(found("src/main.ts", specifier), expected, "{specifier}");
        }
        assert_eq!(found("src/c/x.ts", "."), Some("src/c/index.ts"));
        assert_eq!(found("src/c/x.ts", "../a"), Some("src/a.ts"));
    }
}
