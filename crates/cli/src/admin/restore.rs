//! `proofkey restore`: a backup becomes the database, and what cannot be known is said.

use std::path::PathBuf;

use proofkey_oauth::Timestamp;
use proofkey_protocol::ClientId;
use proofkey_server::admin::{Actor, Admin, AdminSettings};
use proofkey_server::clock::Clock;
use proofkey_server::config::Config;
use proofkey_server::log;
use proofkey_store::moving::{Ends, Restoration, RestorePlan, Restored, TakenAway};
use serde_json::{Value, json};

use super::installation::{InstallationArgs, load};
use super::moving::{Bar, begun, place_of};
use super::refusal::{explain, message};
use super::show::rfc3339;
use super::system_user::system_user;

/// Make the database of a backup, while no server runs
///
/// Everything that was given before ends: sessions, refresh tokens, codes and clients' own tokens, also those that are not in the
/// backup. Every user signs in again. What was taken away since the backup stands in it again, and no command can know what that
/// was: the options end it before the first server starts, and the command says what else there may be.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    installation: InstallationArgs,
    /// The backup
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Replace the database that is there; it is kept beside the new one (SQLite)
    #[arg(long)]
    replace: bool,
    /// Revoke every signing key of the backup, for one of them may have been revoked since; the first start makes new ones
    #[arg(long)]
    revoke_keys: bool,
    /// Withdraw every consent of the backup, for some may have been withdrawn since; people are asked again
    #[arg(long)]
    end_consents: bool,
    /// Disable this user, who was disabled since [can be repeated]
    #[arg(long, value_name = "NAME")]
    disable_user: Vec<String>,
    /// Remove this user, who was removed since [can be repeated]
    #[arg(long, value_name = "NAME")]
    remove_user: Vec<String>,
    /// Remove this client, which was removed since [can be repeated]
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    remove_client: Vec<String>,
}

pub(super) async fn run(args: &Args) -> anyhow::Result<()> {
    let config = load(&args.installation.config)?;
    let _logging = log::init(&config.log, Clock::System).map_err(message)?;
    let place = place_of(&config.store)?;
    let ends = Ends { keys: args.revoke_keys, consents: args.end_consents };
    let plan = RestorePlan { from: &args.from, into: &place, replace: args.replace, ends, begun: begun() };
    let restoration = Restoration::prepare(plan).await.map_err(message)?;
    take_away(&restoration, &config, args).await?;
    let told = Told::of(&restoration, args);
    let mut bar = Bar::start();
    let restored = restoration.put_in_place(&mut |progress| bar.show(progress)).await.map_err(message)?;
    drop(bar);
    let database = place.to_string();
    args.installation.output.result(&told.report(&database, &restored), || told.text(&database, &restored))
}

/// What the operator knows to have been taken away since, before a server serves from the database.
async fn take_away(restoration: &Restoration<'_>, config: &Config, args: &Args) -> anyhow::Result<()> {
    let settings = AdminSettings::from_config(config).map_err(message)?;
    let admin = Admin::new(restoration.store().clone(), settings, Clock::System, Actor::cli(&system_user()));
    for name in &args.disable_user {
        let _disabled = admin.disable_user(name).await.map_err(explain)?;
    }
    for name in &args.remove_user {
        let _removed = admin.remove_user(name).await.map_err(explain)?;
    }
    for id in &args.remove_client {
        admin.remove_client(&ClientId::new(id.clone())).await.map_err(explain)?;
    }
    Ok(())
}

/// What is said of a restore.
struct Told {
    /// The instant after which nothing is known, if it is.
    since: Option<Timestamp>,
    is_backup: bool,
    rows: Vec<(&'static str, i64)>,
    replaces: Option<String>,
    taken_away: Option<TakenAway>,
    unknown: Vec<(&'static str, &'static str)>,
}

/// What may have been taken away since, and what takes it away again.
const UNKNOWN: [(&str, &str); 5] = [
    ("passwords that were changed: the ones from before are good again", "proofkey user set-password NAME"),
    (
        "users that were disabled, removed or added: they are enabled, there again, or gone, and a name that was refused because its \
         user was added and removed since is free",
        "proofkey user disable NAME, proofkey user remove NAME",
    ),
    (
        "clients and APIs that were removed, disabled or changed, and secrets that were replaced: they are as they were",
        "proofkey client remove ID, proofkey client rotate-secret ID",
    ),
    (
        "sealing keys that were replaced or revoked: they are as good as they were",
        "proofkey sealing-key rotate --revoke-old",
    ),
    ("failed sign-ins that were counted: pauses and locks are as they were", "they are counted anew"),
];
const UNKNOWN_CONSENTS: (&str, &str) = (
    "consents that were withdrawn: they stand again",
    "proofkey consent revoke, or restore with --end-consents",
);
const UNKNOWN_KEYS: (&str, &str) = (
    "signing keys that were revoked: they sign again",
    "proofkey key revoke --all, or restore with --revoke-keys",
);

impl Told {
    fn of(restoration: &Restoration<'_>, args: &Args) -> Self {
        let known = (restoration.last_known > Timestamp(0)).then_some(restoration.last_known);
        let mut unknown = UNKNOWN.to_vec();
        unknown.extend((!args.end_consents).then_some(UNKNOWN_CONSENTS));
        unknown.extend((!args.revoke_keys).then_some(UNKNOWN_KEYS));
        Self {
            since: restoration
                .note
                .as_ref()
                .map(|note| note.made_at)
                .filter(|at| *at > Timestamp(0))
                .or(known),
            is_backup: restoration.note.is_some(),
            rows: restoration.rows.clone(),
            replaces: restoration.replaces.clone(),
            taken_away: restoration.taken_away.clone(),
            unknown,
        }
    }

    fn rows_of(&self, table: &str) -> i64 {
        self.rows.iter().find(|(name, _)| *name == table).map_or(0, |(_, count)| *count)
    }

    fn since(&self) -> String {
        self.since.map_or_else(|| "an instant that the file does not tell".to_owned(), rfc3339)
    }

    fn report(&self, database: &str, restored: &Restored) -> Value {
        let unknown: Vec<Value> =
            self.unknown.iter().map(|(what, cure)| json!({"what": what, "cure": cure})).collect();
        json!({
            "database": database, "made_at": self.since.map(rfc3339), "is_backup": self.is_backup,
            "users": self.rows_of("users"), "clients": self.rows_of("clients"), "apis": self.rows_of("apis"),
            "consents": self.rows_of("consents"), "signing_keys": self.rows_of("signing_keys"),
            "replaced": self.replaces, "kept": restored.kept, "unknown": unknown,
            "taken_away": self.taken_away.as_ref().map(|taken_away| Value::from_iter(taken_away.kinds())),
        })
    }

    fn text(&self, database: &str, restored: &Restored) -> String {
        let mut lines = vec![format!(
            "Restored {database} as of {}: {} users, {} clients, {} APIs, {} consents, {} signing keys.",
            self.since(),
            self.rows_of("users"),
            self.rows_of("clients"),
            self.rows_of("apis"),
            self.rows_of("consents"),
            self.rows_of("signing_keys"),
        )];
        if !self.is_backup {
            lines.push(
                "The file was no backup of `proofkey backup`: the instant is the last that a server has noted in it.".to_owned(),
            );
        }
        if let Some(kept) = &restored.kept {
            let what = self.replaces.as_deref().unwrap_or("nothing in it");
            lines.push(format!("The database that was there ({what}) is kept as {}.", kept.display()));
        }
        if let Some(taken_away) = &self.taken_away {
            lines.push(format!(
                "What was taken away in it since the backup, as far as it tells: {taken_away}."
            ));
        }
        lines.push(
            "Every session, refresh token, code and client's own token from before has ended: everybody signs in again. APIs that \
             validate tokens by themselves take access tokens from before until they expire."
                .to_owned(),
        );
        lines.push(format!("\nWhat was changed after {} cannot be known:", self.since()));
        for (what, cure) in &self.unknown {
            lines.push(format!("  {what}\n      {cure}"));
        }
        lines.join("\n")
    }
}
