//! Grants, locked codes and revoked access tokens.

use proofkey_protocol::{CodeFacts, GrantFacts, GrantId, GrantWithSubject, RedemptionFacts, SubjectFacts};

use super::versions::VERSIONS_OF_DECISIONS;
use super::{statements, text};
use crate::fault::Fault;
use crate::row::{Cells, FromRow, row};

row! {
    GrantFacts in "grants" {
        id, client_id, user_id, session_id, scope, apis, authentication: [auth_time, amr, acr], created_at, expires_at,
        ends_at, session_bound, refresh: [generation, used, used_at, child_key, forked, suspect, recent, revision], revoked_at,
        user_valid_from, client_valid_from
    }
}

impl FromRow for GrantWithSubject {
    const COLUMNS: &str = text!(GrantFacts::COLUMNS, ", ", SubjectFacts::COLUMNS);

    fn from_row(cells: &mut Cells<'_>) -> Result<Self, Fault> {
        let (grant, subject): (GrantFacts, _) = (cells.row()?, cells.row()?);
        let key = grant.id;
        // The statement joins the user by the grant's own column.
        let of_another =
            || Fault::Impossible { table: "grants", column: "user_id".to_owned(), key: key.to_string() };
        Self::new(grant, subject).ok_or_else(of_another)
    }
}

impl FromRow for CodeFacts {
    const COLUMNS: &str =
        text!(SubjectFacts::COLUMNS, ", grants.id, grants.revoked_at, code_failures.failures, ", SUSPECT);

    fn from_row(cells: &mut Cells<'_>) -> Result<Self, Fault> {
        let subject = Some(cells.row()?);
        let (redeemed, revoked_at): (Option<GrantId>, _) = (cells.of("grants").cell()?, cells.cell()?);
        let failures: Option<i64> = cells.of("code_failures").cell()?;
        let suspect = cells.of("grants").cell()?;
        let redemption = redeemed.map(|_| RedemptionFacts { revoked_at });
        Ok(Self { subject, redemption, failures: failures.unwrap_or_default(), suspect })
    }
}

/// Whether a live grant of the user to the client, as they are joined, is suspect.
pub(super) const SUSPECT: &str = "EXISTS (SELECT 1 FROM grants AS suspects
            WHERE suspects.user_id = users.id AND suspects.client_id = clients.id
              AND suspects.suspect = 1 AND suspects.revoked_at IS NULL)";

/// The tables of a [`GrantWithSubject`].
const GRANT_AND_SUBJECT: &str = "
        FROM grants
        JOIN users ON users.id = grants.user_id
        LEFT JOIN sessions ON sessions.id = grants.session_id AND sessions.user_id = grants.user_id
        LEFT JOIN consents ON consents.user_id = grants.user_id AND consents.client_id = grants.client_id
        LEFT JOIN clients ON clients.id = grants.client_id";

/// The grant that a code makes, of which no refresh token has been used.
const NEW_GRANT: &str = "
        INSERT INTO grants (id, client_id, user_id, session_id, scope, apis, auth_time, amr, acr, created_at,
                            expires_at, ends_at, session_bound, user_valid_from, client_valid_from, generation)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0";

/// Whether a code is not locked, and was not redeemed before.
const UNSPENT: &str = "
          AND NOT EXISTS (SELECT 1 FROM code_failures WHERE id = $1 AND failures >= $16)
        ON CONFLICT (id) DO NOTHING";

statements! {
    /// Spends a code, and makes the grant that its tokens are revoked by: one durable row for both, of which no refresh token
    /// has been used. No row changed means that the code was redeemed before, that wrong verifiers have locked it, or that
    /// meanwhile its session has ended, its client was disabled or removed, or all that the client had been given was ended.
    REDEEM_CODE = text!(NEW_GRANT, "
        WHERE EXISTS (SELECT 1 FROM sessions WHERE id = $4)
          AND EXISTS (SELECT 1 FROM clients
                      WHERE id = $2 AND disabled = 0 AND valid_from = COALESCE($15, valid_from))", UNSPENT);

    /// Spends a code in the same way, if all that it was decided by stands as it was read: the user with `$17`; the session with `$18`
    /// to `$22`, which may have been used since; the client with `$23`; the consent, or that there is none, as `$24`; no live grant
    /// of the user to the client that is suspect; no keys or APIs later than the versions `$25` and `$26` that this node had seen. No
    /// row changed means that one of these, or what [`REDEEM_CODE`] checks, is otherwise.
    REDEEM_CODE_AS_READ = text!(NEW_GRANT, "
        WHERE EXISTS (SELECT 1 FROM users WHERE id = $3 AND disabled = 0 AND valid_from = $17)
          AND EXISTS (SELECT 1 FROM sessions
                      WHERE id = $4 AND user_id = $3 AND auth_time = $18 AND expires_at = $19
                        AND remembered = $20 AND valid_from IS NOT DISTINCT FROM $21 AND seen_at >= $22)
          AND EXISTS (SELECT 1 FROM clients WHERE id = $2 AND disabled = 0 AND valid_from = $23)
          AND (SELECT allowed FROM consents WHERE user_id = $3 AND client_id = $2) IS NOT DISTINCT FROM $24
          AND NOT EXISTS (SELECT 1 FROM grants AS suspects
                          WHERE suspects.user_id = $3 AND suspects.client_id = $2
                            AND suspects.suspect = 1 AND suspects.revoked_at IS NULL)
          AND EXISTS (SELECT 1 FROM directory_versions WHERE id = 1 AND keys <= $25 AND apis <= $26)", UNSPENT);

    /// Counts a wrong verifier. The later of two ends wins, so that a count is never forgotten while the code lives.
    COUNT_CODE_FAILURE = "
        INSERT INTO code_failures (id, failures, keep_until) VALUES ($1, 1, $2)
        ON CONFLICT (id) DO UPDATE SET failures = code_failures.failures + 1,
            keep_until = CASE WHEN excluded.keep_until > code_failures.keep_until
                              THEN excluded.keep_until ELSE code_failures.keep_until END";

    /// The compare-and-set of a grant's refresh tokens: the row must have the revision before `$9`. `revision + 1 = $9` rather
    /// than `$9 - 1`, so that both engines take the parameter for a 64-bit integer.
    USE_REFRESH_TOKEN = "
        UPDATE grants SET expires_at = $2, generation = $3, used = $4, used_at = $5, child_key = $6, forked = $7,
                          recent = $8, revision = $9
        WHERE id = $1 AND revision + 1 = $9 AND revoked_at IS NULL";

    /// Marks a grant as suspect, by the same comparison.
    SUSPECT_GRANT = "
        UPDATE grants SET suspect = 1, revision = $2 WHERE id = $1 AND revision + 1 = $2 AND revoked_at IS NULL";

    /// Ends the suspect grants of a user to a client. The columns are compared as the index has them.
    REVOKE_SUSPECT_GRANTS = "
        UPDATE grants SET revoked_at = $3, revision = revision + 1
        WHERE user_id = $1 AND client_id = $2 AND suspect = 1 AND revoked_at IS NULL";

    /// Revokes once; the first instant stays.
    REVOKE_GRANT = "
        UPDATE grants SET revoked_at = $2, revision = revision + 1 WHERE id = $1 AND revoked_at IS NULL";

    /// Ends every grant of a client that is being removed.
    REVOKE_GRANTS_OF_CLIENT = "
        UPDATE grants SET revoked_at = $2, revision = revision + 1 WHERE client_id = $1 AND revoked_at IS NULL";

    /// Remembers an access token that must not be accepted any more.
    REVOKE_ACCESS_TOKEN = "
        INSERT INTO revoked_tokens (id, keep_until) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";

    /// A grant with its user, with its session and consent while they exist, and how its client stands.
    GRANT = text!("
        SELECT ", GrantWithSubject::COLUMNS, VERSIONS_OF_DECISIONS, GRANT_AND_SUBJECT, " WHERE grants.id = $1");

    /// The same for an access token of the grant, and whether that was revoked by itself.
    GRANT_OF_TOKEN = text!("
        SELECT ", GrantWithSubject::COLUMNS, ", revoked_tokens.id", VERSIONS_OF_DECISIONS, GRANT_AND_SUBJECT, "
        LEFT JOIN revoked_tokens ON revoked_tokens.id = $2
        WHERE grants.id = $1");

    /// All that redeeming a code depends on: the user, session, consent and client that it names, the grant under its id,
    /// and the wrong verifiers sent for it. Each but the user may be missing.
    CODE = text!("
        SELECT ", CodeFacts::COLUMNS, VERSIONS_OF_DECISIONS, "
        FROM users
        LEFT JOIN sessions ON sessions.id = $3 AND sessions.user_id = users.id
        LEFT JOIN consents ON consents.user_id = users.id AND consents.client_id = $4
        LEFT JOIN clients ON clients.id = $4
        LEFT JOIN grants ON grants.id = $1
        LEFT JOIN code_failures ON code_failures.id = $1
        WHERE users.id = $2");

    /// How the client stands that an access token of no grant was issued to, and whether the token was revoked: always one
    /// row.
    ACCESS_TOKEN = text!("
        SELECT (SELECT disabled FROM clients WHERE id = $1), (SELECT valid_from FROM clients WHERE id = $1),
            EXISTS (SELECT 1 FROM revoked_tokens WHERE id = $2)",
        VERSIONS_OF_DECISIONS);

    /// Clients of the newest grants that were given in a session. Walks the primary key backwards for a bounded number
    /// of rows: an index by session would cost one more page per code redeemed, for one line of the sign-out page.
    SESSION_CLIENTS = "
        SELECT DISTINCT newest.client_id
        FROM (SELECT client_id, session_id, revoked_at FROM grants ORDER BY id DESC LIMIT $2) AS newest
        WHERE newest.session_id = $1 AND newest.revoked_at IS NULL
        LIMIT $3";
}
