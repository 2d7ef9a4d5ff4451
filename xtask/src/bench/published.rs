//! `cargo xtask bench --published`: the shape in which others publish. TLS, a million users in PostgreSQL, and minutes: how long an
//! answer takes, what fails, and what an operation costs the server and the database. Passwords are hashed as they are by default.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::installation::BenchInstallation;
use super::limits::{HOSTILE_USERS, LIMIT, USERS};
use super::postgres::Postgres;
use super::report::number;
use super::tools::Tools;
use crate::process;

const ADDRESS: &str = "127.0.0.1:9203";
const ISSUER: &str = "https://localhost:9203";
/// People who have an account and a session.
const REGISTERED: u64 = 1_000_000;
/// Seconds of load before each operation, which do not count.
const WARM_SECONDS: u32 = 3;
/// What is measured, and for how many of ten parts of the time.
const PARTS: [(&str, u32); 5] =
    [("code-flow", 6), ("refresh", 1), ("client-credentials", 1), ("introspect", 1), ("ten-steps", 1)];

/// What of the command is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PublishedOptions {
    minutes: u32,
}

impl PublishedOptions {
    /// `None` for what is no option.
    pub(super) fn parse(options: &[&str]) -> Option<Self> {
        match options {
            [] => Some(Self { minutes: 10 }),
            ["--minutes", minutes] => {
                Some(Self { minutes: minutes.parse().ok().filter(|minutes| *minutes > 0)? })
            }
            _ => None,
        }
    }
}

/// Sets it up, measures each operation and prints the table.
pub(super) fn measure(
    tools: &Tools,
    proofkey: &Path,
    directory: &Path,
    options: &PublishedOptions,
) -> Result<()> {
    let postgres = Postgres::start(directory)?;
    let url = postgres.database("published")?;
    let home = directory.join("published");
    let [certificate, key] = certificate(directory)?;
    let ours = BenchInstallation::with_tls(proofkey, &home, (ADDRESS, ISSUER), &url, [&certificate, &key])?;
    let browsers = ours.seed(&[("users", REGISTERED), ("grants", 0), ("expired", 0), ("clients", 0)])?;
    ours.add_users(HOSTILE_USERS)?;
    postgres.analyze("published")?;
    let served = ours.serve()?;
    println!(
        "{} minutes, TLS, {REGISTERED} users, {USERS} virtual users; the server on one core, PostgreSQL and the generator on the other",
        options.minutes
    );
    println!(
        "\n| operation | seconds | done | failed | a second | p50 ms | p95 ms | p99 ms | server µs/op | database µs/op |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for (scenario, parts) in PARTS {
        let target = match scenario {
            "code-flow" | "refresh" => browsers.clone(),
            "client-credentials" => ours.target(scenario),
            _ => ours.target("introspect"),
        };
        let load = |seconds| tools.load_over_tls(&served, (&target, &certificate), scenario, seconds);
        load(WARM_SECONDS)?;
        let before = postgres.cpu_seconds();
        let run = load(options.minutes * 6 * parts)?;
        let ops = number(&run, "ops")?;
        let [rate, p50, p95, p99, server] =
            ["ops_per_s", "p50", "p95", "p99", "server_cpu_us_per_op"].map(|name| number(&run, name));
        println!(
            "| {scenario} | {:.0} | {ops} | {} | {:.0} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} |",
            number(&run, "seconds")?,
            number(&run, "errors")?,
            rate?,
            p50?,
            p95?,
            p99?,
            server?,
            (postgres.cpu_seconds() - before) * 1e6 / ops
        );
    }
    Ok(())
}

/// A certificate for `localhost`, which vouches for itself, and its key.
fn certificate(directory: &Path) -> Result<[PathBuf; 2]> {
    let files = ["certificate.pem", "key.pem"].map(|name| directory.join(name));
    let [certificate, key] = &files;
    let mut make = Command::new("openssl");
    make.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]);
    make.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
    make.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    make.arg("-out").arg(certificate).arg("-keyout").arg(key);
    process::output(&mut make, LIMIT).context("a certificate is made by openssl: install it")?;
    fs::metadata(key).context("openssl wrote no key")?;
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_ten_unless_they_are_given() {
        assert_eq!(PublishedOptions::parse(&[]), Some(PublishedOptions { minutes: 10 }));
        assert_eq!(PublishedOptions::parse(&["--minutes", "1"]), Some(PublishedOptions { minutes: 1 }));
        for refused in [&["--minutes", "0"][..], &["--minutes"], &["10"]] {
            assert_eq!(PublishedOptions::parse(refused), None, "{refused:?}");
        }
        assert_eq!(PARTS.map(|(_, parts)| parts).iter().sum::<u32>(), 10);
    }
}
