//! Point reads of what rules judge.

use proofkey_oauth::{SecretHash, Sha256, Timestamp};
use proofkey_protocol::{
    AuthorizationCode, ClientId, CodeFacts, ConsentFacts, CredentialFacts, FailureFacts, GrantFacts, GrantId,
    GrantWithSubject, RedemptionFacts, SessionFacts, SessionId, SubjectFacts, TokenId, UserFacts, UserId,
};
use rusqlite::Row;

use super::cells::Cells;
use super::engine::Engine;
use super::query::{many, one};
use crate::encode::{parse_resources, parse_scope};
use crate::fault::Fault;
use crate::sql;

/// Where the columns of each table begin in a row of `subject_columns!()`, and how many there are.
const SESSION_AT: usize = 5;
const CONSENT_AT: usize = 11;
const SUBJECT_COLUMNS: usize = 13;

/// The newest grants that are looked through for the clients of a session.
const SESSION_GRANTS_MAX: i64 = 1000;
/// Clients that are named.
const SESSION_CLIENTS_MAX: i64 = 20;

impl Engine {
    pub(crate) fn session(&self, id: SessionId, client: &ClientId) -> Result<Option<SubjectFacts>, Fault> {
        self.readers.read(|connection| {
            one(connection, sql::sessions::SESSION, &[&id.0, &client.as_str()], |row| subject(row, &id))
        })
    }

    pub(crate) fn subject(
        &self,
        user: &UserId,
        session: SessionId,
        client: &ClientId,
    ) -> Result<Option<SubjectFacts>, Fault> {
        self.readers.read(|connection| {
            let values: [&dyn rusqlite::ToSql; 3] = [&user.as_str(), &session.0, &client.as_str()];
            one(connection, sql::users::SUBJECT, &values, |row| subject(row, user))
        })
    }

    pub(crate) fn credentials(&self, username_key: &str) -> Result<Option<CredentialFacts>, Fault> {
        let found = self.readers.read(|connection| {
            one(connection, sql::users::CREDENTIALS, &[&username_key], |row| {
                let cells = Cells::new(row, "users", 0, &"?");
                Ok(CredentialFacts { password: cells.optional(5, Cells::owned)?, user: user_facts(cells)? })
            })
        })?;
        Ok(found.filter(|found| !found.user.id.as_str().is_empty()))
    }

    pub(crate) fn grant(&self, id: GrantId) -> Result<Option<GrantWithSubject>, Fault> {
        self.readers
            .read(|connection| one(connection, sql::grants::GRANT, &[&id.0], |row| with_subject(row, &id)))
    }

    pub(crate) fn code(&self, code: &AuthorizationCode) -> Result<CodeFacts, Fault> {
        let values: [&dyn rusqlite::ToSql; 4] =
            [&code.id.0, &code.user_id.as_str(), &code.session_id.0, &code.client_id.as_str()];
        let found = self.readers.read(|connection| {
            one(connection, sql::grants::CODE, &values, |row| code_facts(row, &code.id))
        })?;
        Ok(found.unwrap_or_default())
    }

    pub(crate) fn code_failures(&self, code: GrantId) -> Result<i64, Fault> {
        let found = self.readers.read(|connection| {
            one(connection, sql::grants::CODE_FAILURES, &[&code.0], |row| {
                Cells::new(row, "code_failures", 0, &code).integer(0)
            })
        })?;
        Ok(found.unwrap_or(0))
    }

    pub(crate) fn access_token_revoked(&self, token: TokenId) -> Result<bool, Fault> {
        let found = self
            .readers
            .read(|connection| one(connection, sql::grants::ACCESS_TOKEN_REVOKED, &[&token.0], |_| Ok(())))?;
        Ok(found.is_some())
    }

    pub(crate) fn sign_in_failures(&self, account: &Sha256) -> Result<FailureFacts, Fault> {
        let found = self.readers.read(|connection| {
            one(connection, sql::failures::SIGN_IN_FAILURES, &[account], |row| {
                let cells = Cells::new(row, "sign_in_failures", 0, &"?");
                Ok(FailureFacts { failures: cells.integer(0)?, last_at: cells.integer(1)? })
            })
        })?;
        Ok(found.unwrap_or_default())
    }

    pub(crate) fn session_clients(&self, session: SessionId) -> Result<Vec<ClientId>, Fault> {
        self.readers.read(|connection| {
            let values: [&dyn rusqlite::ToSql; 3] = [&session.0, &SESSION_GRANTS_MAX, &SESSION_CLIENTS_MAX];
            many(connection, sql::grants::SESSION_CLIENTS, &values, |row| {
                Cells::new(row, "grants", 0, &session).owned(0).map(ClientId::new)
            })
        })
    }
}

fn subject(row: &Row<'_>, key: &dyn std::fmt::Display) -> Result<SubjectFacts, Fault> {
    let session = Cells::new(row, "sessions", SESSION_AT, key);
    let consent = Cells::new(row, "consents", CONSENT_AT, key);
    Ok(SubjectFacts {
        user: user_facts(Cells::new(row, "users", 0, key))?,
        session: if session.absent(0) { None } else { Some(session_facts(session)?) },
        consent: if consent.absent(0) { None } else { Some(consent_facts(consent)?) },
    })
}

fn with_subject(row: &Row<'_>, key: &GrantId) -> Result<GrantWithSubject, Fault> {
    // The statement joins the user by the grant's own column.
    let of_another =
        || Fault::Impossible { table: "grants", column: "user_id".to_owned(), key: key.to_string() };
    GrantWithSubject::new(grant(row, key)?, subject(row, key)?).ok_or_else(of_another)
}

fn code_facts(row: &Row<'_>, key: &GrantId) -> Result<CodeFacts, Fault> {
    let grant = Cells::new(row, "grants", SUBJECT_COLUMNS, key);
    let revoked_at = || grant.optional(1, Cells::integer).map(|at| at.map(Timestamp));
    let failures = Cells::new(row, "code_failures", SUBJECT_COLUMNS + 2, key);
    Ok(CodeFacts {
        subject: Some(subject(row, key)?),
        redemption: if grant.absent(0) { None } else { Some(RedemptionFacts { revoked_at: revoked_at()? }) },
        failures: failures.optional(0, Cells::integer)?.unwrap_or_default(),
    })
}

fn user_facts(cells: Cells<'_>) -> Result<UserFacts, Fault> {
    Ok(UserFacts {
        id: UserId::new(cells.text(0)?),
        username: cells.owned(1)?,
        display_name: cells.owned(2)?,
        disabled: cells.flag(3)?,
        valid_from: Timestamp(cells.integer(4)?),
    })
}

fn session_facts(cells: Cells<'_>) -> Result<SessionFacts, Fault> {
    Ok(SessionFacts {
        id: SessionId(cells.bytes(0)?),
        secret: SecretHash(cells.bytes(1)?),
        user_id: UserId::new(cells.text(2)?),
        auth_time: Timestamp(cells.integer(3)?),
        seen_at: Timestamp(cells.integer(4)?),
        expires_at: Timestamp(cells.integer(5)?),
    })
}

fn consent_facts(cells: Cells<'_>) -> Result<ConsentFacts, Fault> {
    Ok(ConsentFacts { scope: cells.parsed(0, parse_scope)?, since: Timestamp(cells.integer(1)?) })
}

fn grant(row: &Row<'_>, key: &GrantId) -> Result<GrantFacts, Fault> {
    let cells = Cells::new(row, "grants", SUBJECT_COLUMNS, key);
    Ok(GrantFacts {
        id: GrantId(cells.bytes(0)?),
        client_id: ClientId::new(cells.text(1)?),
        user_id: UserId::new(cells.text(2)?),
        session_id: SessionId(cells.bytes(3)?),
        scope: cells.parsed(4, parse_scope)?,
        resources: cells.parsed(5, parse_resources)?,
        auth_time: Timestamp(cells.integer(6)?),
        created_at: Timestamp(cells.integer(7)?),
        expires_at: Timestamp(cells.integer(8)?),
        ends_at: Timestamp(cells.integer(9)?),
        session_bound: cells.flag(10)?,
        generation: cells.integer(11)?,
        used: cells.optional(12, Cells::bytes)?,
        revoked_at: cells.optional(13, Cells::integer)?.map(Timestamp),
    })
}
