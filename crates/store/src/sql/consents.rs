//! Remembered consent.

use proofkey_protocol::{ConsentFacts, ConsentRecord};

use super::{statements, text};
use crate::row::{FromRow as _, row};

row! {
    ConsentFacts in "consents" { scope, since }
}

row! {
    ConsentRecord in "consents" { user_id, client_id, scope, since }
}

statements! {
    /// Begins a consent where none stands.
    BEGIN_CONSENT = "
        INSERT INTO consents (user_id, client_id, scope, since) VALUES ($1, $2, $3, $4)
        ON CONFLICT (user_id, client_id) DO NOTHING";

    /// Widens a consent and leaves its beginning as it is, if it is still the one that was read: of two pages that are
    /// answered at once neither may undo the other, nor bring back what was withdrawn meanwhile.
    WIDEN_CONSENT = "
        UPDATE consents SET scope = $3 WHERE user_id = $1 AND client_id = $2 AND scope = $4 AND since = $5";

    /// Consents of one user or of one client, or all: an absent parameter matches everything.
    CONSENTS = text!("
        SELECT ", ConsentRecord::COLUMNS, " FROM consents
        WHERE user_id = COALESCE($1, user_id) AND client_id = COALESCE($2, client_id)
        ORDER BY user_id, client_id LIMIT $3");

    /// Withdraws a consent, and with it the grants that rest on it: they compare their birth with its beginning.
    DELETE_CONSENT = "DELETE FROM consents WHERE user_id = $1 AND client_id = $2";

    /// Withdraws what was allowed to a client that is being removed.
    DELETE_CONSENTS_OF_CLIENT = "DELETE FROM consents WHERE client_id = $1";
}
