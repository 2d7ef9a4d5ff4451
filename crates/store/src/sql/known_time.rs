//! The latest time that was known.

use super::statements;

statements! {
    /// That time, in seconds; 0 when none is known.
    KNOWN_TIME = "SELECT id, latest FROM known_time WHERE id = 1";

    /// Only ever forward.
    NOTE_TIME = "UPDATE known_time SET latest = $1 WHERE id = 1 AND latest < $1";
}
