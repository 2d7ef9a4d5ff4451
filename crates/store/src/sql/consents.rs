//! Remembered consent.

use super::statements;

statements! {
    /// Widens a consent that stands, and leaves its beginning as it is; or begins one.
    GIVE_CONSENT = "
        INSERT INTO consents (user_id, client_id, scope, since) VALUES ($1, $2, $3, $4)
        ON CONFLICT (user_id, client_id) DO UPDATE SET scope = excluded.scope";

    /// What stands, to be widened in the same transaction.
    CONSENTED = "SELECT scope FROM consents WHERE user_id = $1 AND client_id = $2";

    /// Consents of one user or of one client, or all: an absent parameter matches everything.
    CONSENTS = "
        SELECT user_id, client_id, scope, since FROM consents
        WHERE user_id = COALESCE($1, user_id) AND client_id = COALESCE($2, client_id)
        ORDER BY user_id, client_id LIMIT $3";

    /// Withdraws a consent, and with it the grants that rest on it: they compare their birth with its beginning.
    DELETE_CONSENT = "DELETE FROM consents WHERE user_id = $1 AND client_id = $2";

    /// Withdraws what was allowed to a client that is being removed.
    DELETE_CONSENTS_OF_CLIENT = "DELETE FROM consents WHERE client_id = $1";
}
