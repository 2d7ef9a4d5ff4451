//! `proofkey bench`: a database as it is after years, to measure what an operation costs there.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use proofkey_protocol::session::SessionCookie;
use proofkey_protocol::{ClientId, Random as _};
use proofkey_server::clock::Clock;
use proofkey_server::{SystemRandom, config, log, session_header};
use proofkey_store::moving::{self, Grown, Growth};
use serde_json::{Map, Value, json};

use super::installation::{EXIT_CODES, InstallationArgs, load};
use super::moving::{Bar, begun, place_of};
use super::refusal::message;

const DAY: i64 = 24 * 3600;

/// Fill a database that is for measuring and for nothing else
#[derive(Debug, clap::Args)]
#[command(mut_subcommands(|action| action.after_help(EXIT_CODES)))]
pub(crate) struct Args {
    #[command(flatten)]
    installation: InstallationArgs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make up users who are signed in, grants, clients, and rows that have expired
    ///
    /// In the database that the configuration names, while no server runs. It must have no users yet, and the client must be
    /// registered, with a scope and the API that owns it: each user allows it all of that. The users have no password; the
    /// session of each is known to every holder of the cookies or the seed.
    Seed(Seed),
}

/// How much is made up.
#[derive(Debug, clap::Args)]
struct Seed {
    /// Users, each with a session and a consent
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    users: u64,
    /// Live grants, over users and clients
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = count)]
    grants: u64,
    /// Expired rows: 70 % grants, the rest sessions, wrong verifiers, revoked tokens and failed sign-ins
    #[arg(long, value_name = "N", default_value_t = 10_000_000, value_parser = count)]
    expired: u64,
    /// Clients beside the one that is registered
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = count)]
    clients: u64,
    /// The registered client that each user allows all of its scope
    #[arg(long, value_name = "ID", default_value = "bench-public")]
    client: String,
    /// A new file for the `Cookie` header of each user, one a line
    #[arg(long, value_name = "FILE")]
    cookies: Option<PathBuf>,
    /// Make the rows of an earlier run again: what it was given, or said
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Yes, this database is for measuring and for nothing else: knowing the seed is enough to be signed in as any of its users
    #[arg(long, required = true)]
    for_measuring: bool,
}

fn count(argument: &str) -> Result<u64, String> {
    argument
        .parse()
        .ok()
        .filter(|count| *count <= 1_000_000_000)
        .ok_or_else(|| "0 to 1,000,000,000".to_owned())
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let Args { installation, action: Action::Seed(seed) } = args;
    let config = load(&installation.config)?;
    let _logging = log::init(&config.log, Clock::System).map_err(message)?;
    let place = place_of(&config.store)?;
    let growth = growth(&seed, &config);
    let mut cookies = seed.cookies.as_deref().map(new_file).transpose()?;
    let mut bar = Bar::start();
    let mut write = |session: &SessionCookie| match &mut cookies {
        Some(file) => writeln!(file, "{}", session_header(&config.issuer, session).expose()),
        None => Ok(()),
    };
    let grown = moving::grow(&place, &growth, begun(), &mut |progress| bar.show(progress), &mut write).await;
    if let (Err(_), Some(path)) = (&grown, &seed.cookies) {
        // A file of this call: the next one makes it anew.
        let _gone = std::fs::remove_file(path);
    }
    let grown = grown.map_err(message)?;
    drop(bar);
    let written = cookies.map_or(Ok(()), |mut file| file.flush());
    written.with_context(|| format!("{:?} cannot be written", seed.cookies.unwrap_or_default()))?;
    let report = json!({
        "database": place.to_string(), "client": seed.client, "seed": growth.seed, "rows": rows(&grown),
    });
    installation.output.result(&report, || {
        let tables: Vec<String> =
            grown.tables.iter().map(|(table, rows)| format!("  {table}: {rows}")).collect();
        format!(
            "{place} is grown, from the seed {}:\n{}\nIt is for measuring and for nothing else.",
            growth.seed,
            tables.join("\n")
        )
    })
}

fn growth(seed: &Seed, config: &config::Config) -> Growth {
    let drawn = || {
        let mut bytes = [0; 8];
        SystemRandom.fill(&mut bytes);
        u64::from_be_bytes(bytes)
    };
    Growth {
        client: ClientId::new(seed.client.clone()),
        users: seed.users,
        grants: seed.grants,
        expired: seed.expired,
        clients: seed.clients,
        session_seconds: config.sessions.remembered_absolute_seconds,
        grant_seconds: config.tokens.refresh_idle_days * DAY,
        seed: seed.seed.unwrap_or_else(drawn),
    }
}

/// A file that was not there, for its owner alone: who reads it is signed in as any of the users.
fn new_file(path: &Path) -> anyhow::Result<BufWriter<File>> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let opened: io::Result<File> = options.open(path);
    opened.map(BufWriter::new).with_context(|| format!("--cookies: {} cannot be made", path.display()))
}

fn rows(grown: &Grown) -> Map<String, Value> {
    grown.tables.iter().map(|(table, rows)| ((*table).to_owned(), json!(rows))).collect()
}
