//! The latest time that was known, and how long the clock has been ahead of it.

use super::{statements, text};
use crate::known_time::NotedTime;
use crate::row::{FromRow as _, row};

row! {
    NotedTime in "known_time" { latest, ahead_by, ahead_millis }
}

statements! {
    /// That time, in seconds; 0 when none is known.
    KNOWN_TIME = text!("SELECT id, ", NotedTime::COLUMNS, " FROM known_time WHERE id = 1");

    /// The time only ever moves forward.
    NOTE_TIME = "
        UPDATE known_time SET latest = CASE WHEN $1 > latest THEN $1 ELSE latest END, ahead_by = $2, ahead_millis = $3
        WHERE id = 1";
}
