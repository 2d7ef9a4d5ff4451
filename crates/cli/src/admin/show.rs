//! How lists look to people.

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use proofkey_oauth::Timestamp;

pub(super) use crate::terminal::plain;

/// What a command says that ends access tokens: APIs that do not ask this server learn nothing of it.
pub(super) const APIS_FOLLOW: &str = "This server refuses the tokens from before at once, an API that validates them by itself when they expire.";

/// A table without rules, so that `grep` and `awk` read it too; `none` where there is no row.
pub(super) fn table<const N: usize>(
    headings: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
    none: &str,
) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(headings);
    for row in rows {
        table.add_row(row.map(|cell| plain(&cell)));
    }
    if table.is_empty() {
        return none.to_owned();
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// An instant in UTC (RFC 3339).
pub(super) fn rfc3339(instant: Timestamp) -> String {
    jiff::Timestamp::from_second(instant.seconds())
        .map_or_else(|_| "(no time)".to_owned(), |at| at.to_string())
}

/// Whether a thing is in use.
pub(super) fn state(disabled: bool) -> String {
    if disabled { "disabled" } else { "enabled" }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ht_07_a_cell_cannot_steer_a_terminal_or_begin_a_line() {
        let rows = [["a\u{1b}[2J\nb".to_owned(), "\u{202e}c".to_owned()]];
        let text = table(["ONE", "TWO"], rows, "none");
        assert_eq!(text.lines().count(), 2, "{text:?}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
        assert_eq!(table(["ONE"], [], "none"), "none");
    }

    #[test]
    fn instants_are_utc() {
        assert_eq!(rfc3339(Timestamp(1_700_000_000)), "2023-11-14T22:13:20Z");
        assert_eq!(rfc3339(Timestamp(i64::MAX)), "(no time)");
    }
}
