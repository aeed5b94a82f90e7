//! Load generator that speaks raystream and plain HTTP JSON.
