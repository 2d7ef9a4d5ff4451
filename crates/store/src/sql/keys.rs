//! Signing keys.

use proofkey_protocol::KeyRecord;

use super::{statements, text};
use crate::row::{FromRow as _, row};

row! {
    KeyRecord in "signing_keys" {
        kid, algorithm, sequence, created_at, active_from, sealed, public_jwk, closed_at
    }
}

statements! {
    /// Every key in the order of its ring.
    KEYS = text!("SELECT ", KeyRecord::COLUMNS, " FROM signing_keys ORDER BY algorithm, sequence");

    /// Adds a key, unless another node took its place in the ring.
    INSERT_KEY = "
        INSERT INTO signing_keys (kid, algorithm, sequence, created_at, active_from, sealed, public_jwk)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT DO NOTHING";

    /// The algorithm `$1` is off: its keys sign nothing from now on.
    CLOSE_RING = "UPDATE signing_keys SET closed_at = $2 WHERE algorithm = $1 AND closed_at IS NULL";

    /// It is on: its keys sign.
    OPEN_RING = "UPDATE signing_keys SET closed_at = NULL WHERE algorithm = $1 AND closed_at IS NOT NULL";

    /// Removes a key.
    DELETE_KEY = "DELETE FROM signing_keys WHERE kid = $1";

    /// Replaces the sealed form of a private key.
    RESEAL_KEY = "UPDATE signing_keys SET sealed = $2 WHERE kid = $1";

    /// Keeps the public half of a key that is about to be removed.
    RETIRE_KEY = "
        INSERT INTO retired_keys (kid, public_jwk, keep_until)
        SELECT kid, public_jwk, $2 FROM signing_keys WHERE kid = $1
        ON CONFLICT (kid) DO NOTHING";

    /// The public halves that are kept after `$1`.
    RETIRED_KEYS = "SELECT kid, public_jwk FROM retired_keys WHERE keep_until > $1 ORDER BY keep_until, kid";

    /// Removes a public half.
    DELETE_RETIRED_KEY = "DELETE FROM retired_keys WHERE kid = $1";
}
