//! Benchmarks of the pure hot functions: `cargo bench -p proofkey-bench`.
//!
//! The whole server is measured against a ceiling in `docs/benchmarks.md`; what stands here tells which function a change made
//! slower.
