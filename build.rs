//! Links the addon, and gives the compile cache a build id: the digest of everything that decides
//! what the compiler emits, so that a new compiler never answers from an old one's cache.

use std::{fmt::Write as _, fs, io, path::Path};

use sha2::{Digest, Sha256};

fn main() -> io::Result<()> {
    napi_build::setup();
    let mut digest = Sha256::new();
    for input in ["Cargo.lock", "crates/compiler/src", "src/project"] {
        println!("cargo:rerun-if-changed={input}");
        feed(&mut digest, Path::new(input))?;
    }
    let mut id = String::new();
    for byte in digest.finalize().iter().take(8) {
        // Writing to a String can't fail.
        let _ = write!(id, "{byte:02x}");
    }
    println!("cargo:rustc-env=KONTRACT_BUILD_ID={id}");
    Ok(())
}

fn feed(digest: &mut Sha256, path: &Path) -> io::Result<()> {
    if !path.is_dir() {
        digest.update(fs::read(path)?);
        return Ok(());
    }
    let mut entries = fs::read_dir(path)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    entries.iter().try_for_each(|entry| feed(digest, entry))
}
