//! What became of a commit whose answer was lost: it has run again, and met a conflict.

use proofkey_protocol::{Commit, Committed, GrantFacts, RefreshChain, SessionFacts};

use super::Model;

/// What became of a commit that has run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It is written now.
    Written,
    /// It had been written, or another had written the very same.
    WasWritten,
    /// Neither.
    Conflict,
}

impl Model {
    /// Runs a commit again whose first answer was lost, and reads by its own key what became of it where it meets a conflict.
    pub fn commit_again(&mut self, commit: &Commit) -> Again {
        match self.commit(commit) {
            Committed::Applied => Again::Written,
            Committed::Conflict if self.was_written(commit) => Again::WasWritten,
            Committed::Conflict => Again::Conflict,
        }
    }

    fn was_written(&self, commit: &Commit) -> bool {
        match commit {
            Commit::RedeemCode { grant, .. } => self.grants.get(&grant.id.0).is_some_and(|row| {
                (&row.client_id, &row.user_id, row.session_id)
                    == (&grant.client_id, &grant.user_id, grant.session_id)
                    && (&row.scope, &row.apis) == (&grant.scope, &grant.apis)
                    && row.authentication == grant.authentication
                    && (row.created_at, row.expires_at, row.ends_at)
                        == (grant.created_at, grant.expires_at, grant.ends_at)
                    && (&row.refresh, row.revoked_at) == (&grant.refresh, None)
            }),
            Commit::UseRefreshToken { grant, chain, expires_at } => {
                self.grants.get(&grant.0).is_some_and(|row| {
                    let GrantFacts { refresh, expires_at: ends, revoked_at, .. } = row;
                    let ours = RefreshChain { suspect: refresh.suspect, ..chain.clone() };
                    (refresh, ends, revoked_at) == (&ours, expires_at, &None)
                })
            }
            Commit::SuspectGrant { grant, revision } => self
                .grants
                .get(&grant.0)
                .is_some_and(|row| row.refresh.suspect && row.refresh.revision == *revision),
            Commit::SignIn { session, .. } | Commit::Reauthenticate { session, .. } => {
                self.has_secret_of(session)
            }
            Commit::GiveConsent { user, client, after, .. } => {
                self.consents.get(&(user.clone(), client.clone())) == Some(after)
            }
            Commit::ReserveSignInFailure(_)
            | Commit::CountCodeFailure { .. }
            | Commit::RevokeGrant { .. }
            | Commit::RevokeAccessToken { .. }
            | Commit::TouchSession { .. }
            | Commit::EndSession { .. } => false,
        }
    }

    fn has_secret_of(&self, ours: &SessionFacts) -> bool {
        self.sessions.get(&ours.id.0).is_some_and(|row| row.secret.0 == ours.secret.0)
    }
}
