//! The gateway's database trait over tokio-postgres, for any byte stream.
