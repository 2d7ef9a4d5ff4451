//! The resource library against a small issuer of its own, over real sockets, with a clock that tests move.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod attacks;
mod fixture;
mod http;
mod introspection;
mod keys;
mod metadata;
mod remembered;
mod validation;
