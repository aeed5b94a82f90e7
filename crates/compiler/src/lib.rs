//! TypeScript in, everything a Kontract build emits out.
