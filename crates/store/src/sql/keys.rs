//! Signing keys.

use proofkey_protocol::KeyRecord;

use super::{statements, text};
use crate::row::{FromRow as _, row};

row! {
    KeyRecord in "signing_keys" {
        kid, algorithm, sequence, created_at, active_from, sealed, public_jwk
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

    /// Removes a key.
    DELETE_KEY = "DELETE FROM signing_keys WHERE kid = $1";
}
