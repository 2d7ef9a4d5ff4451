//! The database: its schema, its keys under the sealing key, who is registered for which algorithm, and the time that it knows.

use proofkey_oauth::Timestamp;
use proofkey_server::admin::{Actor, Admin, AdminRefused, AdminSettings};
use proofkey_server::algorithms::{self, AlgorithmsRefused};
use proofkey_server::clock::Clock;
use proofkey_server::config::{self, Config, database_file};
use proofkey_store::Store;

use super::report::Report;
use crate::admin::database::{LookRefused, Looked, look};
use crate::admin::moving::place_of;

/// A difference that is worth a word: above what time services correct in their course.
const NOTABLE_SECONDS: i64 = 30;
/// No clock that is right shows an earlier time: 2025-01-01.
const EARLIEST: i64 = 1_735_689_600;

/// A database that is open, and what can be said of its keys.
pub(super) struct Opened {
    pub(super) store: Store,
    /// The ids of the signing keys; empty if they cannot be opened, or were never made.
    pub(super) key_ids: Vec<String>,
}

/// Opens it if that changes nothing.
pub(super) async fn examine(config: &Config, report: &mut Report) -> Option<Opened> {
    let now = Timestamp(Clock::System.now());
    if now.seconds() < EARLIEST {
        report.find(
            "clock",
            "the clock of this machine shows a year before 2025",
            "set it, and let a time service (NTP) keep it",
        );
    }
    let store = open(config, report).await?;
    let key_ids = keys(config, &store, report).await;
    registered(config, &store, report).await;
    clock(&store, now, report).await;
    Some(Opened { store, key_ids })
}

async fn open(config: &Config, report: &mut Report) -> Option<Store> {
    let place = match place_of(&config.store) {
        Ok(place) => place,
        Err(error) => {
            let cure = "write store.url as postgres://USER:PASSWORD@HOST:PORT/DATABASE";
            report.find("database", format!("{error:#}"), cure);
            return None;
        }
    };
    match look(&place).await {
        Ok(Looked::Open { store, schema }) => {
            report.pass(format!("the database has the schema of this version ({})", schema.newest));
            return Some(store);
        }
        Ok(Looked::Absent) => absent(config, report),
        Ok(Looked::Older(schema)) => {
            let what =
                format!("{place}: the schema is {}, this version has {}", schema.version, schema.newest);
            let cure = "`proofkey upgrade --check` rehearses the upgrade, `proofkey upgrade` does it";
            report.find("database.schema", what, cure);
        }
        Err(LookRefused::Schema(what)) => {
            let cure = "start PostgreSQL or let this machine reach it; a database of a newer version wants \
                that version of proofkey";
            report.find("database", what, cure);
        }
        Err(LookRefused::Open(what)) => {
            report.find("database", what, "do what the message says; run this as the user of the server");
        }
    }
    None
}

/// There is no file. Where there is no directory either, that was told of with the other files.
fn absent(config: &Config, report: &mut Report) {
    let config::Store::Directory { data, .. } = &config.store else { return };
    if data.is_dir() {
        let cure = "`proofkey serve` and `proofkey user add` make it; where it was moved, name its directory in \
            store.data";
        report.find(
            "database.missing",
            format!("there is no database at {}", database_file(data).display()),
            cure,
        );
    }
}

/// Whether keys.algorithms has what the clients and APIs are registered for. A server does not start otherwise.
async fn registered(config: &Config, store: &Store, report: &mut Report) {
    let on = &config.keys.algorithms;
    match algorithms::check_registered(store, on).await {
        Ok(()) => report.pass("keys.algorithms has what the clients and APIs are registered for"),
        Err(AlgorithmsRefused::Registered { what, cure }) => report.find("keys.algorithms", what, cure),
        Err(refused) => report.note(format!("the clients and APIs cannot be read: {refused}")),
    }
    match algorithms::followers(store, on).await {
        Ok(followers) => followers.into_iter().for_each(|warning| report.note(warning)),
        Err(fault) => report.note(format!("the APIs cannot be read: {fault}")),
    }
}

/// The ids of the signing keys.
async fn keys(config: &Config, store: &Store, report: &mut Report) -> Vec<String> {
    let settings = match AdminSettings::from_config(config) {
        Ok(settings) => settings,
        // That is a fault of its own, which is told of already.
        Err(AdminRefused::PasswordCost(_)) => return Vec::new(),
        Err(refused) => {
            report.find("keys", refused.to_string(), "do what the message says");
            return Vec::new();
        }
    };
    let admin = Admin::new(store.clone(), settings, Clock::System, Actor::cli("doctor"));
    match admin.check_keys().await {
        Ok(key_ids) if key_ids.is_empty() => {
            report.find(
                "keys.missing",
                "there is no signing key yet",
                "the first start of `proofkey serve` makes them",
            );
            key_ids
        }
        Ok(key_ids) => {
            report.pass(format!("{} signing keys open under the sealing key", key_ids.len()));
            key_ids
        }
        Err(refused) => {
            let cure = "give the sealing key that sealed them (keys.sealing_key_file or \
                PROOFKEY_KEYS__SEALING_KEY): it is kept beside the backups";
            report.find("keys.sealed", refused.to_string(), cure);
            Vec::new()
        }
    }
}

async fn clock(store: &Store, now: Timestamp, report: &mut Report) {
    let cure = "set the clocks by a time service (NTP) on every machine";
    match store.server_time().await {
        Ok(Some(millis)) if (millis / 1_000 - now.seconds()).abs() > NOTABLE_SECONDS => {
            let ahead = now.seconds() - millis / 1_000;
            report.find(
                "clock.database",
                format!("the clock of this machine is {ahead} seconds ahead of the database's"),
                cure,
            );
        }
        Ok(_) => {}
        Err(fault) => report.note(format!("the database did not tell the time: {fault}")),
    }
    match store.known_time().await {
        Ok(Some(known)) if known.latest - now > NOTABLE_SECONDS => {
            let what = format!(
                "the clock of this machine is {} seconds behind the time that the server has known: it was \
                 set back, or ran ahead before",
                known.latest - now
            );
            report.find("clock.behind", what, cure);
        }
        Ok(_) => report.pass("the clock agrees with what the database knows of the time"),
        Err(fault) => report.note(format!("what is known of the time cannot be read: {fault}")),
    }
}
