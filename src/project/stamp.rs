//! Whether anybody has touched a file, without reading it.

use std::{
    fmt, fs,
    path::Path,
    time::{Duration, SystemTime},
};

/// What the system says of a file: equal for a file that nobody has touched.
///
/// Not only size and times that anybody can set, also the time of the last change to the file's
/// entry, which nobody can, and which file it is: a copy has another stamp. As git's index does it
/// (git-scm.com/docs/racy-git), with the same care for files that have only just been written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    size: u64,
    /// Since 1970.
    modified: Duration,
    changed: Duration,
    /// Device and file.
    identity: [u64; 2],
}

/// Older than this, a file can't be changed any more in the tick of the clock it was last changed in.
/// Systems tick at least every 16 ms, or they tell whole seconds, FAT every second one.
const TICK: Duration = Duration::from_millis(50);
const COARSE_TICK: Duration = Duration::from_millis(2500);

impl Stamp {
    /// `None` where the system does not tell enough, and for a file that is too young.
    pub fn of(path: &Path) -> Option<Self> {
        let facts = fs::symlink_metadata(path).ok()?;
        let stamp = Self::told(&facts).filter(|_| facts.is_file())?;
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .ok()?;
        let is_coarse = stamp.changed.subsec_nanos() == 0;
        let tick = if is_coarse { COARSE_TICK } else { TICK };
        (now.checked_sub(stamp.changed)? > tick).then_some(stamp)
    }

    #[cfg(unix)]
    fn told(facts: &fs::Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let since = |seconds: i64, nanos: i64| {
            Some(Duration::new(
                seconds.try_into().ok()?,
                nanos.try_into().ok()?,
            ))
        };
        Some(Self {
            size: facts.len(),
            modified: since(facts.mtime(), facts.mtime_nsec())?,
            changed: since(facts.ctime(), facts.ctime_nsec())?,
            identity: [facts.dev(), facts.ino()],
        })
    }

    #[cfg(not(unix))]
    fn told(_: &fs::Metadata) -> Option<Self> {
        None
    }
}

/// As `cache.json` has it.
impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [device, file] = self.identity;
        let (modified, changed) = (self.modified.as_nanos(), self.changed.as_nanos());
        write!(f, "{} {modified} {changed} {device}:{file}", self.size)
    }
}
