//! Files as they are on disk: read with a budget, replaced whole, recognised by content.

use std::{
    fs,
    io::{self, Write as _},
    path::{Component, Path},
    sync::atomic::{AtomicU32, Ordering},
};

use sha2::{Digest, Sha256};

/// The largest file that is read, of ours or of the user's.
pub const MAX_BYTES: u64 = 64 << 20;

/// Reads a regular file of at most [`MAX_BYTES`]; memory is only taken for what is really there.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let facts = fs::metadata(path)?;
    if !facts.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "is no file"));
    }
    if facts.len() > MAX_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "is larger than 64 MB",
        ));
    }
    fs::read(path)
}

/// The same as text.
pub fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read(path)?)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "is no UTF-8 text"))
}

/// Replaces a file by renaming a complete one over it, so that a reader sees the old or the new text.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    static SERIAL: AtomicU32 = AtomicU32::new(0);
    if read(path).is_ok_and(|present| present == text.as_bytes()) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_extension(format!("{}-{serial}.tmp", std::process::id()));
    fs::write(&temporary, text)?;
    fs::rename(&temporary, path).inspect_err(|_| {
        // What cannot be put in its place is of no use to anybody.
        let _ = fs::remove_file(&temporary);
    })
}

/// Writes a file that nobody has read yet, or replaces the one that is there.
///
/// One that is new is written in place, for half of the work. Whoever sees it half-written, after a
/// crash too, sees that it isn't what `cache.json` says.
pub fn put(path: &Path, text: &str) -> io::Result<()> {
    let create = || fs::File::options().write(true).create_new(true).open(path);
    let created = create().or_else(|error| match (error.kind(), path.parent()) {
        (io::ErrorKind::NotFound, Some(parent)) => {
            fs::create_dir_all(parent)?;
            create()
        }
        _ => Err(error),
    });
    match created {
        Ok(mut file) => file.write_all(text.as_bytes()).inspect_err(|_| {
            // What is not whole is of no use to anybody.
            let _ = fs::remove_file(path);
        }),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => replace(path, text),
        Err(error) => Err(error),
    }
}

/// True for a relative path that stays below where it starts.
pub fn is_inside(path: &str) -> bool {
    let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    !path.contains('\0') && Path::new(path).components().all(inside)
}

/// `sha256:` and the digest in lower-case hex.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes.as_ref())))
}

/// Bytes in lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
