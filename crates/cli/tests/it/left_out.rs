//! What `cargo test` leaves out because it needs more than Rust. Each is named in the list of tests with what runs it, and
//! runs here too when asked for (`cargo test -- --ignored left_out`).

use std::process::Command;

#[test]
#[ignore = "left out: it needs Node and Chromium, which `cargo xtask test --only browser` installs"]
fn the_pages_and_the_sample_app_in_chromium() {
    run("browser");
}

#[test]
#[ignore = "left out: it needs Node and Python, which `cargo xtask test --only interop` installs"]
fn clients_that_others_wrote() {
    run("interop");
}

#[test]
#[ignore = "left out: it takes minutes; `cargo xtask test --only full` runs it"]
fn races_and_timing_in_full_counts() {
    run("full");
}

fn run(stage: &str) {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let status = Command::new("cargo").args(["xtask", "test", "--only", stage]).current_dir(root).status();
    assert!(status.unwrap().success(), "{stage}");
}
