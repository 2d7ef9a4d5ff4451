//! Commits: one function per variant, on statements that stay prepared.

use proofkey_oauth::{Scope, Sha256, Timestamp};
use proofkey_protocol::session::{SessionProof, VerifiedPassword};
use proofkey_protocol::{Commit, Committed, GrantFacts, GrantId, SessionFacts};
use rusqlite::types::Type;
use rusqlite::{Connection, Error, Result};

use super::bind::Prepared;
use crate::encode::{parse_scope, resources};
use crate::sql::{consents, failures, grants, sessions, users};

/// The statements of the writer.
pub(super) struct Statements<'c> {
    redeem_code: Prepared<'c>,
    count_code_failure: Prepared<'c>,
    use_refresh_token: Prepared<'c>,
    revoke_grant: Prepared<'c>,
    revoke_access_token: Prepared<'c>,
    insert_session: Prepared<'c>,
    delete_session: Prepared<'c>,
    replace_session: Prepared<'c>,
    touch_session: Prepared<'c>,
    clear_sign_in_failures: Prepared<'c>,
    count_sign_in_failure: Prepared<'c>,
    rehash_password: Prepared<'c>,
    consented: Prepared<'c>,
    give_consent: Prepared<'c>,
}

/// Whether a commit is more than one statement. A single statement undoes itself when it fails; several need a savepoint,
/// so that a failure leaves the rest of the batch alone.
pub(super) const fn needs_savepoint(commit: &Commit) -> bool {
    matches!(commit, Commit::SignIn { .. })
}

impl<'c> Statements<'c> {
    pub(super) fn prepare(connection: &'c Connection) -> Result<Self> {
        let prepare = |text| Prepared::new(connection, text);
        Ok(Self {
            redeem_code: prepare(grants::REDEEM_CODE)?,
            count_code_failure: prepare(grants::COUNT_CODE_FAILURE)?,
            use_refresh_token: prepare(grants::USE_REFRESH_TOKEN)?,
            revoke_grant: prepare(grants::REVOKE_GRANT)?,
            revoke_access_token: prepare(grants::REVOKE_ACCESS_TOKEN)?,
            insert_session: prepare(sessions::INSERT_SESSION)?,
            delete_session: prepare(sessions::DELETE_SESSION)?,
            replace_session: prepare(sessions::REPLACE_SESSION)?,
            touch_session: prepare(sessions::TOUCH_SESSION)?,
            clear_sign_in_failures: prepare(failures::CLEAR_SIGN_IN_FAILURES)?,
            count_sign_in_failure: prepare(failures::COUNT_SIGN_IN_FAILURE)?,
            rehash_password: prepare(users::REHASH_PASSWORD)?,
            consented: prepare(consents::CONSENTED)?,
            give_consent: prepare(consents::GIVE_CONSENT)?,
        })
    }

    /// Runs a commit inside the transaction that is open.
    pub(super) fn apply(&mut self, commit: &Commit) -> Result<Committed> {
        match commit {
            Commit::RedeemCode { grant, failures_max } => self.redeem_code(grant, *failures_max),
            Commit::CountCodeFailure { code, keep_until } => self.count_code_failure(*code, *keep_until),
            Commit::UseRefreshToken { grant, generation, token, expires_at } => {
                self.use_refresh_token(*grant, *generation, token, *expires_at)
            }
            Commit::RevokeGrant { grant, at } => {
                // Revoked already, or gone: either way it is not live, which is what was asked for.
                self.revoke_grant.execute(&[&grant.0, &at.seconds()]).map(applied)
            }
            Commit::RevokeAccessToken { token, keep_until } => {
                self.revoke_access_token.execute(&[&token.0, &keep_until.seconds()]).map(applied)
            }
            Commit::SignIn { session, replaces, verified } => {
                self.sign_in(session, replaces.as_ref(), verified)
            }
            Commit::CountSignInFailure { account, at } => {
                self.count_sign_in_failure.execute(&[account, &at.seconds()]).map(applied)
            }
            Commit::TouchSession { session, at } => {
                // No row: a later request came first, or the session has ended. Nothing is left to note.
                self.touch_session.execute(&[&session.0, &at.seconds()]).map(applied)
            }
            Commit::EndSession { session } => self.delete_session.execute(&[&session.0]).map(applied),
            Commit::GiveConsent { user, client, scope, at } => {
                let (user, client) = (user.as_str(), client.as_str());
                // Read where it is written: of two pages that are answered at once neither may undo the other, nor bring
                // back what was withdrawn meanwhile.
                let before =
                    self.consented.text(&[&user, &client])?.map_or(Ok(Scope::default()), consented)?;
                let scope = before.union(scope).to_string();
                self.give_consent.execute(&[&user, &client, &scope, &at.seconds()]).map(applied)
            }
        }
    }

    fn redeem_code(&mut self, grant: &GrantFacts, failures_max: i64) -> Result<Committed> {
        let rows = self.redeem_code.execute(&[
            &grant.id.0,
            &grant.client_id.as_str(),
            &grant.user_id.as_str(),
            &grant.session_id.0,
            &grant.scope.to_string(),
            &resources(&grant.resources),
            &grant.auth_time.seconds(),
            &grant.created_at.seconds(),
            &grant.expires_at.seconds(),
            &grant.ends_at.seconds(),
            &grant.session_bound,
            &grant.generation,
            &grant.used,
            &grant.revoked_at.map(Timestamp::seconds),
            &failures_max,
        ])?;
        Ok(decided(rows))
    }

    fn count_code_failure(&mut self, code: GrantId, keep_until: Timestamp) -> Result<Committed> {
        self.count_code_failure.execute(&[&code.0, &keep_until.seconds()]).map(applied)
    }

    fn use_refresh_token(
        &mut self,
        grant: GrantId,
        generation: i64,
        token: &Sha256,
        expires_at: Timestamp,
    ) -> Result<Committed> {
        self.use_refresh_token.execute(&[&grant.0, &generation, token, &expires_at.seconds()]).map(decided)
    }

    fn sign_in(
        &mut self,
        session: &SessionFacts,
        replaces: Option<&SessionProof>,
        verified: &VerifiedPassword,
    ) -> Result<Committed> {
        let user = session.user_id.as_str();
        let begun = self.insert_session.execute(&[
            &session.id.0,
            &session.secret.0,
            &user,
            &session.auth_time.seconds(),
            &session.seen_at.seconds(),
            &session.expires_at.seconds(),
            &verified.stored,
            &verified.account,
            &verified.failures_max,
        ])?;
        if begun == 0 {
            return Ok(Committed::Conflict);
        }
        if let Some(replaced) = replaces {
            self.replace_session.execute(&[&replaced.id.0, &replaced.secret.0])?;
        }
        self.clear_sign_in_failures.execute(&[&verified.account])?;
        if let Some(password) = &verified.rehashed {
            self.rehash_password.execute(&[&user, password, &verified.stored])?;
        }
        Ok(Committed::Applied)
    }
}

/// The scope of a stored consent. One that is none is named, and nothing is written over it.
fn consented(text: String) -> Result<Scope> {
    let impossible = || Error::InvalidColumnType(0, format!("consents.scope: {text:?}"), Type::Text);
    parse_scope(&text).ok_or_else(impossible)
}

/// The row count decides.
const fn decided(rows: usize) -> Committed {
    if rows == 0 { Committed::Conflict } else { Committed::Applied }
}

/// Whatever the row count: the state asked for is the state that is.
const fn applied(_rows: usize) -> Committed {
    Committed::Applied
}
