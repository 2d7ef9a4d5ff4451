//! Every table as a list of columns: what copies, backups and digests go by, whatever the rows mean.
//!
//! A test compares the list with the schemas of both engines, so that no table and no column can be left out.

use std::sync::LazyLock;

use crate::value::{Decides, Forgets, Statement};

/// A table whose rows are moved with the rest.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// Each column; those of the primary key come first, in its order.
    pub(crate) columns: &'static [&'static str],
    /// How many of them the primary key has.
    pub(crate) keys: usize,
    /// Whether a new database has a row in it already.
    pub(crate) is_begun: bool,
}

const fn table(name: &'static str, keys: usize, columns: &'static [&'static str]) -> Table {
    Table { name, columns, keys, is_begun: false }
}

const fn begun(name: &'static str, columns: &'static [&'static str]) -> Table {
    Table { name, columns, keys: 1, is_begun: true }
}

/// The tables in an order in which no row refers to one that is yet to come.
pub(crate) static TABLES: &[Table] = &[
    table(
        "users",
        1,
        &[
            "id",
            "username",
            "username_key",
            "display_name",
            "disabled",
            "valid_from",
            "password",
            "created_at",
            "updated_at",
            "claims",
        ],
    ),
    table("removed_users", 1, &["id", "name_hash", "removed_at"]),
    table("clients", 1, &["id", "metadata", "disabled", "created_at", "valid_from"]),
    table("removed_clients", 1, &["id", "ended_at", "keep_until"]),
    table("client_secrets", 2, &["client_id", "hash", "created_at", "expires_at"]),
    table("client_origins", 3, &["origin", "disabled", "client_id"]),
    table(
        "apis",
        1,
        &["id", "resource", "name", "scopes", "access_token_seconds", "algorithm", "introspection"],
    ),
    table(
        "signing_keys",
        1,
        &["kid", "algorithm", "sequence", "created_at", "active_from", "sealed", "public_jwk", "closed_at"],
    ),
    table("sealing_keys", 1, &["id", "read_until"]),
    table("retired_keys", 1, &["kid", "public_jwk", "keep_until"]),
    table("consents", 2, &["user_id", "client_id", "allowed"]),
    table(
        "sessions",
        1,
        &[
            "id",
            "secret",
            "user_id",
            "auth_time",
            "seen_at",
            "expires_at",
            "amr",
            "acr",
            "remembered",
            "valid_from",
        ],
    ),
    table(
        "grants",
        1,
        &[
            "id",
            "client_id",
            "user_id",
            "session_id",
            "scope",
            "auth_time",
            "created_at",
            "expires_at",
            "ends_at",
            "session_bound",
            "generation",
            "used",
            "revoked_at",
            "amr",
            "acr",
            "apis",
            "used_at",
            "child_key",
            "forked",
            "suspect",
            "recent",
            "revision",
            "user_valid_from",
            "client_valid_from",
        ],
    ),
    table("code_failures", 1, &["id", "failures", "keep_until"]),
    table("revoked_tokens", 1, &["id", "keep_until"]),
    table(
        "refusals",
        1,
        &[
            "error_id",
            "recorded_at",
            "keep_until",
            "address",
            "rule",
            "cause",
            "about",
            "client_id",
            "request",
            "status",
            "forwarded",
            "followed",
            "believed",
            "from_here",
        ],
    ),
    table("sign_in_failures", 1, &["account", "failures", "last_at", "unknown_name", "owner"]),
    begun("directory_versions", &["id", "clients", "apis", "keys", "pings", "api_ids", "sealing"]),
    begun("known_time", &["id", "latest", "ahead_by", "ahead_millis"]),
    begun("epoch", &["id", "mark", "backup_at", "restored_at"]),
];

/// Tables that say what a database is and who serves it, not what is in it: they stay where they are.
#[cfg(test)]
pub(crate) const OF_THE_DATABASE: [&str; 4] =
    ["schema_migrations", "schema_expansions", "database_state", "nodes"];

/// The texts that a table is moved by.
#[derive(Debug)]
pub(crate) struct TableTexts {
    pub(crate) table: &'static Table,
    /// The first `$1` rows in the order of the key.
    pub(crate) first: Statement,
    /// The next rows after the key `$1`, …: so many as the last parameter says.
    pub(crate) after: Statement,
    /// The key of the last row.
    pub(crate) last: Statement,
    /// How many rows there are.
    pub(crate) count: Statement,
    /// Adds a row, unless its key is there.
    pub(crate) insert: Statement,
    /// Removes every row.
    pub(crate) clear: Statement,
}

/// The texts of every table, in the order of [`TABLES`].
pub(crate) fn all() -> &'static [TableTexts] {
    static ALL: LazyLock<Vec<TableTexts>> = LazyLock::new(|| TABLES.iter().map(TableTexts::of).collect());
    &ALL
}

impl TableTexts {
    fn of(table: &'static Table) -> Self {
        let (name, columns) = (table.name, table.columns.join(", "));
        let keys = table.columns.get(..table.keys).unwrap_or_default().join(", ");
        let holders = |count: usize| (1..=count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
        let (key_holders, limit) = (holders(table.keys), table.keys + 1);
        let backwards = keys.replace(',', " DESC,");
        let read = format!("SELECT {columns} FROM {name}");
        Self {
            table,
            first: statement(format!("READ_{name}"), format!("{read} ORDER BY {keys} LIMIT $1")),
            after: statement(
                format!("READ_ON_{name}"),
                format!("{read} WHERE ({keys}) > ({key_holders}) ORDER BY {keys} LIMIT ${limit}"),
            ),
            last: statement(
                format!("LAST_OF_{name}"),
                format!("SELECT {keys} FROM {name} ORDER BY {backwards} DESC LIMIT 1"),
            ),
            count: statement(format!("COUNT_{name}"), format!("SELECT count(*) FROM {name}")),
            insert: statement(
                format!("MOVE_INTO_{name}"),
                format!(
                    "INSERT INTO {name} ({columns}) VALUES ({}) ON CONFLICT DO NOTHING",
                    holders(table.columns.len())
                ),
            ),
            clear: statement(format!("CLEAR_{name}"), format!("DELETE FROM {name}")),
        }
    }

    /// Adds so many rows by one text, each unless its key is there.
    pub(crate) fn insert_of(&self, rows: usize) -> &'static Statement {
        let (name, columns) = (self.table.name, self.table.columns.join(", "));
        let width = self.table.columns.len();
        let row = |row: usize| {
            let holders = (1..=width).map(|column| format!("${}", row * width + column));
            format!("({})", holders.collect::<Vec<_>>().join(", "))
        };
        let all = (0..rows).map(row).collect::<Vec<_>>().join(", ");
        let text = format!("INSERT INTO {name} ({columns}) VALUES {all} ON CONFLICT DO NOTHING");
        Box::leak(Box::new(statement(format!("MOVE_{rows}_INTO_{name}"), text)))
    }

    /// Whether it is one of these tables.
    pub(crate) fn is_of(&self, names: &[&str]) -> bool {
        names.contains(&self.table.name)
    }

    /// Those that read a table from its beginning, and so walk it.
    #[cfg(test)]
    pub(crate) const fn walking(&self) -> [&Statement; 3] {
        [&self.first, &self.last, &self.count]
    }

    /// Those that find their place by the key.
    #[cfg(test)]
    pub(crate) const fn by_key(&self) -> [&Statement; 2] {
        [&self.after, &self.insert]
    }
}

/// Made once in the life of a process: texts of statements are never given up.
fn statement(name: String, text: String) -> Statement {
    let text: &'static str = text.leak();
    Statement { name: name.leak(), text, decides: Decides::of(text), forgets: Forgets::of(text) }
}
