//! Users with their sessions, and with the consent and the client that a request concerns.

use proofkey_oauth::Timestamp;
use proofkey_protocol::{ConsentFacts, SessionFacts, SubjectFacts, UserFacts};

use super::grants::SUSPECT;
use super::versions::VERSIONS_OF_DECISIONS;
use super::{statements, text};
use crate::fault::Fault;
use crate::row::{Cells, FromRow};

impl FromRow for SubjectFacts {
    const COLUMNS: &str = text!(
        UserFacts::COLUMNS,
        ", ",
        SessionFacts::COLUMNS,
        ", ",
        ConsentFacts::COLUMNS,
        ", clients.disabled, clients.valid_from"
    );

    fn from_row(cells: &mut Cells<'_>) -> Result<Self, Fault> {
        let (user, session, consent) = (cells.row()?, cells.joined()?, cells.joined()?);
        let (client, valid_from): (_, Option<Timestamp>) = (cells.of("clients").cell()?, cells.cell()?);
        Ok(Self { user, session, consent, client, client_valid_from: valid_from.unwrap_or(Timestamp(0)) })
    }
}

statements! {
    /// A session with its user.
    SESSION = text!("
        SELECT ", SessionFacts::COLUMNS, ", ", UserFacts::COLUMNS, VERSIONS_OF_DECISIONS, "
        FROM sessions
        JOIN users ON users.id = sessions.user_id
        WHERE sessions.id = $1");

    /// A session with its user, the consent for one client, how that client stands, and whether it holds a suspect grant.
    SESSION_WITH_CONSENT = text!("
        SELECT ", SubjectFacts::COLUMNS, ", ", SUSPECT, VERSIONS_OF_DECISIONS, "
        FROM sessions
        JOIN users ON users.id = sessions.user_id
        LEFT JOIN consents ON consents.user_id = sessions.user_id AND consents.client_id = $2
        LEFT JOIN clients ON clients.id = $2
        WHERE sessions.id = $1");
}
