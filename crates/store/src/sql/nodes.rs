//! The servers that work on one database, and what their sealing keys are good for.

use proofkey_protocol::{NodeRecord, SealingKeyRecord};

use super::{statements, text};
use crate::row::{FromRow as _, row};

row! {
    NodeRecord in "nodes" { id, name, version, sealing_keys, started_at, seen_at }
}

row! {
    SealingKeyRecord in "sealing_keys" { id, read_until }
}

statements! {
    /// Every server that has said that it is there.
    NODES = text!("SELECT ", NodeRecord::COLUMNS, " FROM nodes ORDER BY id");

    /// Notes that a server is there, and what it holds.
    NOTE_NODE = "
        INSERT INTO nodes (id, name, version, sealing_keys, started_at, seen_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (id) DO UPDATE SET sealing_keys = excluded.sealing_keys, seen_at = excluded.seen_at";

    /// A server has stopped.
    REMOVE_NODE = "DELETE FROM nodes WHERE id = $1";

    /// Servers that did not say that they stopped.
    SWEEP_NODES = "
        DELETE FROM nodes WHERE id IN
            (SELECT id FROM nodes WHERE seen_at < $1 ORDER BY seen_at LIMIT $2)";

    /// What is known of sealing keys.
    SEALING_KEYS = text!("SELECT ", SealingKeyRecord::COLUMNS, " FROM sealing_keys ORDER BY id");

    /// No sealing key is read for longer than until then.
    END_SEALING_KEYS = "UPDATE sealing_keys SET read_until = $1 WHERE read_until > $1";

    /// Says of a sealing key until when it is read, unless something is known of it.
    ADD_SEALING_KEY = "
        INSERT INTO sealing_keys (id, read_until) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";

    /// Says which sealing key writes.
    USE_SEALING_KEY = "
        INSERT INTO sealing_keys (id, read_until) VALUES ($1, $2)
        ON CONFLICT (id) DO UPDATE SET read_until = excluded.read_until";
}
