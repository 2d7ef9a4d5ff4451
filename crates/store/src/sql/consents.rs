//! Remembered consent.

use proofkey_protocol::{ConsentFacts, ConsentRecord};

use super::{statements, text};
use crate::fault::Fault;
use crate::row::{Cells, FromRow, row};

impl FromRow for ConsentFacts {
    const COLUMNS: &str = "consents.allowed";

    fn from_row(cells: &mut Cells<'_>) -> Result<Self, Fault> {
        cells.of("consents").cell()
    }
}

row! {
    ConsentRecord in "consents" { user_id, client_id, consent: [allowed] }
}

statements! {
    /// Begins a consent where none stands, while its client is registered and the user's account is open: of what is gone by
    /// then nothing may stay, for the client's id may be given again.
    BEGIN_CONSENT = "
        INSERT INTO consents (user_id, client_id, allowed)
        SELECT $1, $2, $3
        WHERE EXISTS (SELECT 1 FROM clients WHERE id = $2 AND disabled = 0)
          AND EXISTS (SELECT 1 FROM users WHERE id = $1 AND disabled = 0)
        ON CONFLICT (user_id, client_id) DO NOTHING";

    /// Changes a consent, if it is still the one that was read: of two pages that are answered at once neither may undo the
    /// other, nor bring back what was withdrawn meanwhile.
    CHANGE_CONSENT = "
        UPDATE consents SET allowed = $3 WHERE user_id = $1 AND client_id = $2 AND allowed = $4";

    /// The consent of a user for a client.
    CONSENT = text!("
        SELECT user_id, ", ConsentFacts::COLUMNS, " FROM consents WHERE user_id = $1 AND client_id = $2");

    /// Consents of one user or of one client, or all: an absent parameter matches everything.
    CONSENTS = text!("
        SELECT ", ConsentRecord::COLUMNS, " FROM consents
        WHERE user_id = COALESCE($1, user_id) AND client_id = COALESCE($2, client_id)
        ORDER BY user_id, client_id LIMIT $3");

    /// Withdraws all that a user allows a client, and with it the grants that rest on it: they compare their birth with its
    /// beginning.
    DELETE_CONSENT = "DELETE FROM consents WHERE user_id = $1 AND client_id = $2";

    /// Withdraws the last of what a user allows a client, if it is still what was read.
    END_CONSENT = "DELETE FROM consents WHERE user_id = $1 AND client_id = $2 AND allowed = $3";

    /// Withdraws all that a user allowed who is being removed.
    DELETE_CONSENTS_OF_USER = "DELETE FROM consents WHERE user_id = $1";

    /// Withdraws what was allowed to a client that is being removed.
    DELETE_CONSENTS_OF_CLIENT = "DELETE FROM consents WHERE client_id = $1";
}
