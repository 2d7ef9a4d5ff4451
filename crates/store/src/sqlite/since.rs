//! What was taken away in a database since a backup of it was made, as far as the database can still be read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::connection::open_reader;
use super::severity::fault;
use crate::fault::Fault;

const BUSY: Duration = Duration::from_secs(5);
const DOING: &str = "compare the backup with the database";

/// Names of each kind that are listed when it is told; the rest is a number.
const NAMED_MAX: usize = 20;

// By what each is known for good, what people call it, and what is compared. The name of a removed user may be another one's now.
const USERS: &str = "SELECT id, username, disabled || ' ' || COALESCE(password, '') FROM users";
const CLIENTS: &str = "SELECT id, id, disabled || ' ' FROM clients";
const KEYS: &str = "SELECT kid, kid, '' FROM signing_keys";
const RETIRED: &str = "SELECT kid, kid, '' FROM retired_keys";
const CONSENTS: &str = "SELECT users.id || ' ' || consents.client_id, users.username || ' for ' || consents.client_id, consents.allowed
    FROM consents JOIN users ON users.id = consents.user_id";

/// What was taken away since a backup: it stands in the backup, and not in the database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakenAway {
    /// Users who were removed, by name.
    pub removed_users: Vec<String>,
    /// Users who were disabled.
    pub disabled_users: Vec<String>,
    /// Users whose passwords were changed.
    pub changed_passwords: Vec<String>,
    /// Clients that were removed, by id.
    pub removed_clients: Vec<String>,
    /// Clients that were disabled.
    pub disabled_clients: Vec<String>,
    /// Signing keys that were revoked.
    pub revoked_keys: Vec<String>,
    /// Consents that were withdrawn: who gave it, and the client.
    pub withdrawn_consents: Vec<String>,
}

/// By id, the name and what is compared.
type Named = BTreeMap<String, (String, String)>;

impl TakenAway {
    /// Compares a database with a backup of it.
    pub(crate) fn between(backup: &Path, database: &Path) -> Result<Self, Fault> {
        let (before, now) = (open_reader(backup, BUSY)?, open_reader(database, BUSY)?);
        let of = |text: &str| Ok::<_, Fault>((named(&before, text)?, named(&now, text)?));
        let (users, users_now) = of(USERS)?;
        let (clients, clients_now) = of(CLIENTS)?;
        let (keys, keys_now) = of(KEYS)?;
        let retired: BTreeSet<String> = named(&now, RETIRED)?.into_keys().collect();
        let (consents, consents_now) = of(CONSENTS)?;
        Ok(Self {
            removed_users: gone(&users, &users_now),
            disabled_users: disabled(&users, &users_now),
            changed_passwords: changed_passwords(&users, &users_now),
            removed_clients: gone(&clients, &clients_now),
            disabled_clients: disabled(&clients, &clients_now),
            revoked_keys: gone(&keys, &keys_now).into_iter().filter(|kid| !retired.contains(kid)).collect(),
            withdrawn_consents: gone(&consents, &consents_now),
        })
    }

    /// Each kind with its names.
    pub fn kinds(&self) -> [(&'static str, &[String]); 7] {
        [
            ("removed users", &self.removed_users),
            ("disabled users", &self.disabled_users),
            ("changed passwords", &self.changed_passwords),
            ("removed clients", &self.removed_clients),
            ("disabled clients", &self.disabled_clients),
            ("revoked signing keys", &self.revoked_keys),
            ("withdrawn consents", &self.withdrawn_consents),
        ]
    }
}

impl fmt::Display for TakenAway {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = false;
        for (kind, names) in self.kinds().into_iter().filter(|(_, names)| !names.is_empty()) {
            let listed = names.iter().take(NAMED_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = names.len().saturating_sub(NAMED_MAX);
            let separator = if told { "; " } else { "" };
            write!(out, "{separator}{kind}: {listed}")?;
            if more > 0 {
                write!(out, " and {more} more")?;
            }
            told = true;
        }
        if told { Ok(()) } else { out.write_str("none of users, clients, signing keys and whole consents") }
    }
}

fn named(file: &Connection, text: &str) -> Result<Named, Fault> {
    let mut statement = file.prepare(text).map_err(fault(DOING))?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))));
    rows.and_then(Iterator::collect).map_err(fault(DOING))
}

fn gone(before: &Named, now: &Named) -> Vec<String> {
    sorted(before.iter().filter(|(id, _)| !now.contains_key(*id)))
}

fn disabled(before: &Named, now: &Named) -> Vec<String> {
    let is_disabled = |(_, found): &(String, String)| found.starts_with('1');
    sorted(before.iter().filter(|(id, was)| !is_disabled(was) && now.get(*id).is_some_and(is_disabled)))
}

fn changed_passwords(before: &Named, now: &Named) -> Vec<String> {
    let password =
        |(_, found): &(String, String)| found.split_once(' ').map(|(_, password)| password.to_owned());
    sorted(before.iter().filter(|(id, was)| now.get(*id).is_some_and(|is| password(is) != password(was))))
}

/// Their names, in order.
fn sorted<'a>(found: impl Iterator<Item = (&'a String, &'a (String, String))>) -> Vec<String> {
    let mut names: Vec<String> = found.map(|(_, (name, _))| name.clone()).collect();
    names.sort();
    names
}
