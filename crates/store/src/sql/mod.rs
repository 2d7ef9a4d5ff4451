//! Every query text, valid on SQLite and PostgreSQL alike.
//!
//! `$n` placeholders, no `now()`, no `SELECT *`, no JSON operators, no engine's own functions. Data definitions are not
//! here: they differ per engine and stand in `migrations/`. A test prepares each text and looks at its plan.

pub(crate) mod apis;
pub(crate) mod clients;
pub(crate) mod consents;
pub(crate) mod failures;
pub(crate) mod grants;
pub(crate) mod keys;
pub(crate) mod sessions;
pub(crate) mod sweep;
pub(crate) mod users;
pub(crate) mod versions;

/// Declares query texts, and lists all of them for the tests so that none can be left out.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)+) => {
        $($(#[$doc])* pub(crate) const $name: &str = $text;)+

        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}
use statements;

/// The columns of a user with a session and a consent, in the order in which every read of a subject decodes them.
macro_rules! subject_columns {
    () => {
        "users.id, users.username, users.display_name, users.disabled, users.valid_from,
         sessions.id, sessions.secret, sessions.user_id, sessions.auth_time, sessions.seen_at, sessions.expires_at,
         consents.scope, consents.since"
    };
}
use subject_columns;

/// All texts by name, module by module.
#[cfg(test)]
pub(crate) fn all() -> Vec<(&'static str, &'static str)> {
    [
        apis::ALL,
        clients::ALL,
        consents::ALL,
        failures::ALL,
        grants::ALL,
        keys::ALL,
        sessions::ALL,
        sweep::ALL,
        users::ALL,
        versions::ALL,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    /// What one of the two engines does not know, or what would make a text depend on more than its parameters.
    const NOT_PORTABLE: [&str; 14] = [
        "SELECT *",
        "NOW()",
        "CURRENT_",
        "->",
        "DATETIME",
        "STRFTIME",
        "?",
        "INSERT OR",
        "REPLACE INTO",
        "IFNULL",
        "ROWID",
        "MAX(",
        "::",
        "ANY(",
    ];

    #[test]
    fn every_text_is_portable() {
        for (name, text) in super::all() {
            let upper = text.to_uppercase();
            for odd in NOT_PORTABLE {
                assert!(!upper.contains(odd), "{name} holds {odd}");
            }
        }
    }
}
