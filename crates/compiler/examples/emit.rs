//! Compiles the project in one folder and writes everything it emits into another:
//! `cargo run -p kontract-compiler --example emit -- examples/todo out`.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;

use kontract_compiler::{Options, Project, SourceFile, compile};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (root, out) = (
        arguments.next().ok_or("which project?")?,
        arguments.next().ok_or("into which folder?")?,
    );
    let mut project = Project::default();
    collect(Path::new(&root), Path::new("src"), &mut project)?;
    let output = compile(&project, &Options::default());
    for diagnostic in &output.diagnostics {
        write!(std::io::stderr(), "{}", diagnostic.frame)?;
    }
    for (path, text) in &output.files {
        let path = Path::new(&out).join(path);
        fs::create_dir_all(path.parent().ok_or("no folder")?)?;
        fs::write(path, text.as_bytes())?;
    }
    fs::write(Path::new(&out).join("kontract.lock.json"), &output.lock)?;
    if output.ok() {
        Ok(())
    } else {
        Err("the project does not compile".into())
    }
}

fn collect(root: &Path, folder: &Path, project: &mut Project) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(root.join(folder))? {
        let name = entry?.file_name();
        let path = folder.join(&name);
        let full = root.join(&path);
        let name = name.to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        if full.is_dir() {
            collect(root, &path, project)?;
        } else if [".ts", ".tsx", ".js", ".jsx"]
            .iter()
            .any(|end| name.ends_with(end))
        {
            let path = path.to_string_lossy().replace('\\', "/");
            project.files.push(SourceFile {
                path,
                text: fs::read_to_string(full)?,
            });
        }
    }
    Ok(())
}
