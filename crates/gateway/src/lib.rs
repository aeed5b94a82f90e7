//! One request's life, whichever host carries it.
