//! Commits: the script of each, and the one write that protocol endpoints have.

use std::time::Instant;

use proofkey_protocol::session::SessionUse;
use proofkey_protocol::{Commit, Committed};

use super::settle::{settle, settle_as_read};
use super::{code, consent, grant, session};
use crate::basis::Basis;
use crate::fault::Fault;
use crate::script::{Script, ScriptOutcome};
use crate::store::ProtocolStore;

impl ProtocolStore {
    /// Writes a commit. When this returns [`Committed::Applied`] it is on the disk. With [`Fault::OutcomeUnknown`] it may be:
    /// the connection was lost, and what became of it could not be read.
    pub async fn commit(&self, commit: Commit) -> Result<Committed, Fault> {
        if let Commit::SignIn { session, .. } = &commit {
            self.write_uses_of(&session.user_id).await?;
        }
        let used = match &commit {
            Commit::TouchSession { session, .. } => Some(*session),
            _ => None,
        };
        let kept = self.backend.may_lose_answers().then(|| commit.clone());
        let settled = async {
            match &kept {
                Some(commit) => settle(self, commit).await,
                None => Err(Fault::OutcomeUnknown),
            }
        };
        let committed = self.run_or(script(commit), settled).await?;
        // What is read meanwhile may be of before.
        if let Some(session) = used {
            self.backend.doubt(session);
        }
        Ok(committed)
    }

    /// Writes the redemption of a code that was decided by [`ProtocolStore::remembered_code`]. Where the one writer knows (SQLite), it
    /// is written as by [`ProtocolStore::commit`]. Where the basis was read (PostgreSQL), it is a conflict as well when anything is no
    /// longer as it was then, and so is whatever is not compared: another commit, and one that ends suspect grants.
    pub async fn commit_remembered(&self, commit: Commit, basis: Basis) -> Result<Committed, Fault> {
        let Basis(Some(as_read)) = basis else { return self.commit(commit).await };
        let Commit::RedeemCode { grant, failures_max, ends_suspects: false } = commit else {
            return Ok(Committed::Conflict);
        };
        let settled = settle_as_read(self, grant.clone());
        self.run_or(code::redeem_as_read(*grant, failures_max, *as_read), settled).await
    }

    /// Runs the script of a commit. Should the answer to a run be lost, `settled` reads what became of it.
    async fn run_or(
        &self,
        script: Script,
        settled: impl Future<Output = Result<Committed, Fault>>,
    ) -> Result<Committed, Fault> {
        match self.backend.run(script).await? {
            ScriptOutcome::Written { .. } => Ok(Committed::Applied),
            ScriptOutcome::Undone(_) => Ok(Committed::Conflict),
            ScriptOutcome::Unsettled(_) => settled.await.map_err(|_| Fault::OutcomeUnknown),
        }
    }

    /// Notes the use of a session without waiting for it. This store tells it from now on; it is written by the next
    /// [`Store::write_uses`](crate::Store::write_uses) that finds it due, and soon where it is pressing or there is no room for it; or
    /// it is lost with the process.
    pub fn note_use(&self, used: SessionUse) {
        let waits = self.uses_noted.keep(&used, Instant::now());
        if waits && let Some(remembered) = self.backend.remembered() {
            remembered.note_use(used.session, used.at);
        }
        if used.is_pressing || !waits {
            // What was read meanwhile may be of before, and the note may be lost.
            self.backend.post(script(used.into()), move |backend| backend.doubt(used.session));
        }
    }
}

/// The script of a commit.
fn script(commit: Commit) -> Script {
    match commit {
        Commit::RedeemCode { grant, failures_max, ends_suspects } => {
            code::redeem(*grant, failures_max, ends_suspects)
        }
        Commit::CountCodeFailure { code, keep_until } => code::count_failure(code, keep_until),
        Commit::UseRefreshToken { grant, chain, expires_at } => {
            grant::use_refresh_token(grant, chain, expires_at)
        }
        Commit::SuspectGrant { grant, revision } => grant::suspect(grant, revision),
        Commit::RevokeGrant { grant, at } => grant::revoke(grant, at),
        Commit::RevokeAccessToken { token, keep_until } => grant::revoke_access_token(token, keep_until),
        Commit::SignIn { session, replaces, factors, sessions_max } => {
            session::sign_in(*session, replaces, &factors, sessions_max)
        }
        Commit::Reauthenticate { session, secret, factors } => {
            session::reauthenticate(*session, secret, &factors)
        }
        Commit::ReserveSignInFailure(tried) => session::reserve_failure(&tried),
        Commit::TouchSession { session, at } => session::touch(session, at),
        Commit::EndSession { session } => session::end(session),
        Commit::GiveConsent { user, client, before, after } => consent::give(user, client, before, after),
    }
}
