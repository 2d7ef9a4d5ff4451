//! Every query text, and beside it the columns that it selects with their decoder.
//!
//! The texts are written for SQLite and PostgreSQL alike: `$n` placeholders, no `now()`, no `SELECT *`, no JSON operators,
//! no engine's own functions. Tests see that both engines prepare each text, that its plan finds rows by an index, and that
//! no text holds a word that one of the two does not know, or that engines of PostgreSQL's protocol may lack. A text cannot
//! promise that its conditions on other tables (`WHERE EXISTS …`) still hold when it is committed: on SQLite they do because
//! writes come one after another, and PostgreSQL runs such scripts serializable.
//!
//! Data definitions, and the table in which applied migrations are noted, are not here and not shared: they differ per
//! engine, and stand in `migrations/` and in the engine's `migrate.rs`.

pub(crate) mod apis;
pub(crate) mod clients;
pub(crate) mod consents;
pub(crate) mod epoch;
pub(crate) mod failures;
pub(crate) mod grants;
pub(crate) mod keys;
pub(crate) mod known_time;
pub(crate) mod nodes;
pub(crate) mod refusals;
pub(crate) mod sessions;
pub(crate) mod state;
pub(crate) mod subjects;
pub(crate) mod sweep;
pub(crate) mod tables;
pub(crate) mod users;
pub(crate) mod versions;

/// Declares query texts, and lists all of them for the tests so that none can be left out.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)+) => {
        $($(#[$doc])* pub(crate) static $name: $crate::value::Statement =
            $crate::value::Statement {
                name: stringify!($name),
                text: $text,
                decides: $crate::value::Decides::of($text),
                forgets: $crate::value::Forgets::of($text),
            };)+

        #[cfg(test)]
        pub(crate) static ALL: &[&$crate::value::Statement] = &[$(&$name),+];
    };
}
use statements;

/// One text made of several while this is compiled: columns of a row between words.
macro_rules! text {
    ($($part:expr),+ $(,)?) => {{
        const PARTS: &[&str] = &[$($part),+];
        const BYTES: [u8; super::length(PARTS)] = super::joined(PARTS);
        match str::from_utf8(&BYTES) {
            Ok(text) => text,
            // Whole texts one after another are text.
            Err(_) => "",
        }
    }};
}
use text;

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time, where a wrong index is an error")]
const fn length(parts: &[&str]) -> usize {
    let (mut part, mut length) = (0, 0);
    while part < parts.len() {
        length += parts[part].len();
        part += 1;
    }
    length
}

#[expect(clippy::indexing_slicing, reason = "evaluated at compile time, where a wrong index is an error")]
const fn joined<const N: usize>(parts: &[&str]) -> [u8; N] {
    let mut all = [0; N];
    let (mut part, mut at) = (0, 0);
    while part < parts.len() {
        let mut bytes = parts[part].as_bytes();
        while let [byte, rest @ ..] = bytes {
            all[at] = *byte;
            at += 1;
            bytes = rest;
        }
        part += 1;
    }
    all
}

/// Texts that walk a table on purpose: whole directories, lists for operators, rare changes, and one bounded walk. They are the
/// same on every engine.
#[cfg(test)]
const WALKS: [&str; 16] = [
    "CLIENTS",
    "APIS",
    "KEYS",
    "NODES",
    "SEALING_KEYS",
    "END_SEALING_KEYS",
    "USERS",
    "CONSENTS",
    "SESSION_CLIENTS",
    "REFUSALS_HELD",
    "CROWDED_REFUSALS",
    "REVOKE_GRANTS_OF_CLIENT",
    "DELETE_CONSENTS_OF_CLIENT",
    "SET_MARK_OF_USERS",
    "SET_MARK_OF_CLIENTS",
    "SET_MARK_OF_REMOVED_CLIENTS",
];

/// Whether a text walks a table on purpose: those of [`WALKS`], and those that move a whole table.
#[cfg(test)]
pub(crate) fn may_walk(statement: &crate::value::Statement) -> bool {
    let moves = tables::all().iter().flat_map(tables::TableTexts::walking);
    WALKS.contains(&statement.name) || moves.into_iter().any(|text| text.name == statement.name)
}

/// All texts, module by module.
#[cfg(test)]
pub(crate) fn all() -> Vec<&'static crate::value::Statement> {
    let moving: Vec<_> =
        tables::all().iter().flat_map(|of| [of.walking().to_vec(), of.by_key().to_vec()].concat()).collect();
    [
        apis::ALL,
        clients::ALL,
        consents::ALL,
        epoch::ALL,
        failures::ALL,
        grants::ALL,
        keys::ALL,
        known_time::ALL,
        nodes::ALL,
        refusals::ALL,
        sessions::ALL,
        state::ALL,
        subjects::ALL,
        sweep::ALL,
        users::ALL,
        versions::ALL,
        &moving,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    /// Words that one of the two engines does not know, or that make a text depend on more than its parameters.
    const BANNED: [&str; 13] = [
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
    ];

    /// What engines that speak PostgreSQL's protocol may lack, or by whose clock a text would decide. The schema is held to it
    /// as well.
    const NOT_PORTABLE: [&str; 17] = [
        "ANY(",
        "LISTEN",
        "NOTIFY",
        "ADVISORY",
        "CREATE SEQUENCE",
        "NEXTVAL",
        "SERIAL",
        "IDENTITY",
        "TRIGGER",
        "TEMP ",
        "TEMPORARY",
        "UNLOGGED",
        "SKIP LOCKED",
        "CLOCK_TIMESTAMP",
        "_TIMESTAMP(",
        "LOCALTIME",
        "NOW(",
    ];

    #[test]
    fn st_05_no_text_and_no_migration_wants_more_than_is_assumed_of_an_engine() {
        let migrations = crate::postgres::MIGRATIONS.iter().map(|migration| (migration.name, migration.text));
        let texts = super::all().into_iter().map(|statement| (statement.name, statement.text));
        for (name, text) in texts.chain(migrations) {
            let statements = text.lines().filter(|line| !line.trim_start().starts_with("--"));
            let upper = statements.collect::<Vec<_>>().join("\n").to_uppercase();
            for banned in NOT_PORTABLE {
                assert!(!upper.contains(banned), "{name} holds {banned}");
            }
        }
    }

    #[test]
    fn no_text_holds_a_banned_word() {
        for statement in super::all() {
            let upper = statement.text.to_uppercase();
            for banned in BANNED {
                assert!(!upper.contains(banned), "{} holds {banned}", statement.name);
            }
        }
    }
}
