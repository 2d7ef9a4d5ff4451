//! What each commit writes, or that it is a conflict.

use proofkey_oauth::{SecretHash, Timestamp};
use proofkey_protocol::sign_in::{Factors, PasswordProof, Proof};
use proofkey_protocol::{
    ClientId, Commit, Committed, ConsentFacts, GrantFacts, GrantId, RefreshChain, SessionFacts, SessionProof,
    SignInTry, UserId,
};

use super::{BrokenGate, FailureRow, Model};

/// Most sessions of one user that one sign-in ends.
const ENDED_MAX: usize = 1_000;

impl Model {
    /// Writes a commit, all of it or nothing.
    pub fn commit(&mut self, commit: &Commit) -> Committed {
        let is_written = match commit {
            Commit::RedeemCode { grant, failures_max, ends_suspects } => {
                self.redeem(grant, *failures_max, *ends_suspects)
            }
            Commit::CountCodeFailure { code, keep_until } => self.count_code_failure(*code, *keep_until),
            Commit::UseRefreshToken { grant, chain, expires_at } => {
                self.use_refresh_token(*grant, chain, *expires_at)
            }
            Commit::SuspectGrant { grant, revision } => self.suspect(*grant, *revision),
            Commit::RevokeGrant { grant, at } => self.revoke(*grant, *at),
            Commit::RevokeAccessToken { token, keep_until } => {
                if !self.is_broken(BrokenGate::TokenRevocationForgotten) {
                    self.revoked_tokens.entry(token.0).or_insert(*keep_until);
                }
                true
            }
            Commit::SignIn { session, replaces, factors, sessions_max } => {
                self.sign_in(session, *replaces, factors, *sessions_max)
            }
            Commit::Reauthenticate { session, secret, factors } => {
                self.reauthenticate(session, secret, factors)
            }
            Commit::ReserveSignInFailure(tried) => self.reserve(tried),
            Commit::TouchSession { session, at } => {
                if let Some(row) = self.sessions.get_mut(&session.0) {
                    row.seen_at = row.seen_at.max(*at);
                }
                true
            }
            Commit::EndSession { session } => {
                if !self.is_broken(BrokenGate::LogoutForgotten) {
                    self.sessions.remove(&session.0);
                }
                true
            }
            Commit::GiveConsent { user, client, before, after } => {
                self.give_consent(user, client, before.as_ref(), after)
            }
        };
        if is_written { Committed::Applied } else { Committed::Conflict }
    }

    fn redeem(&mut self, grant: &GrantFacts, failures_max: i64, ends_suspects: bool) -> bool {
        let is_spent = self.grants.contains_key(&grant.id.0) && !self.is_broken(BrokenGate::CodeSpentTwice);
        let has_session = self.sessions.contains_key(&grant.session_id.0);
        let is_open = |mark: Timestamp| grant.client_valid_from.is_none_or(|own| own == mark);
        let client = self.clients.get(&grant.client_id);
        let has_client = client.is_some_and(|row| !row.record.disabled && is_open(row.valid_from));
        let failures = self.code_failures.get(&grant.id.0).map_or(0, |(count, _)| *count);
        if is_spent
            || !(has_session || self.is_broken(BrokenGate::CodeWithoutSession))
            || !(has_client || self.is_broken(BrokenGate::CodeOfEndedClient))
            || (failures >= failures_max && !self.is_broken(BrokenGate::CodeLockIgnored))
        {
            return false;
        }
        self.grants.insert(grant.id.0, grant.clone());
        if ends_suspects {
            let own = |row: &&mut GrantFacts| {
                row.user_id == grant.user_id && row.client_id == grant.client_id && row.refresh.suspect
            };
            self.grants.values_mut().filter(own).for_each(|row| revoke(row, grant.created_at));
        }
        true
    }

    fn count_code_failure(&mut self, code: GrantId, keep_until: Timestamp) -> bool {
        if !self.is_broken(BrokenGate::VerifierNotCounted) {
            let (count, kept) = self.code_failures.entry(code.0).or_insert((0, keep_until));
            *count += 1;
            *kept = (*kept).max(keep_until);
        }
        true
    }

    fn use_refresh_token(&mut self, grant: GrantId, chain: &RefreshChain, expires_at: Timestamp) -> bool {
        let compares = !self.is_broken(BrokenGate::RefreshNotCompared);
        let stands_revoked = self.is_broken(BrokenGate::RefreshOverRevocation);
        let Some(row) = self.grants.get_mut(&grant.0) else { return false };
        let is_current = row.refresh.revision + 1 == chain.revision || !compares;
        if !is_current || (row.revoked_at.is_some() && !stands_revoked) {
            return false;
        }
        let suspect = row.refresh.suspect;
        row.refresh = RefreshChain { suspect, ..chain.clone() };
        row.expires_at = expires_at;
        if stands_revoked {
            row.revoked_at = None;
        }
        true
    }

    fn suspect(&mut self, grant: GrantId, revision: i64) -> bool {
        let Some(row) = self.grants.get_mut(&grant.0) else { return false };
        if row.refresh.revision + 1 != revision || row.revoked_at.is_some() {
            return false;
        }
        row.refresh.suspect = true;
        row.refresh.revision = revision;
        true
    }

    fn revoke(&mut self, grant: GrantId, at: Timestamp) -> bool {
        let moves = !self.is_broken(BrokenGate::RefreshOverRevocation);
        if !self.is_broken(BrokenGate::RevocationForgotten)
            && let Some(row) = self.grants.get_mut(&grant.0)
        {
            let before = row.refresh.revision;
            revoke(row, at);
            if !moves {
                row.refresh.revision = before;
            }
        }
        true
    }

    fn sign_in(
        &mut self,
        session: &SessionFacts,
        replaces: Option<SessionProof>,
        factors: &Factors,
        sessions_max: i64,
    ) -> bool {
        if self.sessions.contains_key(&session.id.0) || !self.factors_hold(&session.user_id, factors) {
            return false;
        }
        self.sessions.insert(session.id.0, session.clone());
        self.follow_factors(&session.user_id, factors);
        if let Some(SessionProof { id, secret }) = replaces
            && self.sessions.get(&id.0).is_some_and(|row| row.secret.0 == secret.0)
        {
            self.sessions.remove(&id.0);
        }
        self.end_unused(session, usize::try_from(sessions_max.saturating_sub(1)).unwrap_or_default());
        true
    }

    /// Ends the sessions of the user beyond so many beside this one, those that were not used for longest.
    fn end_unused(&mut self, beside: &SessionFacts, kept: usize) {
        let others =
            self.sessions.values().filter(|row| row.user_id == beside.user_id && row.id != beside.id);
        let mut others: Vec<_> = others.map(|row| (row.seen_at, row.id.0)).collect();
        others.sort_unstable_by(|one, other| other.cmp(one));
        for (_, id) in others.into_iter().skip(kept).take(ENDED_MAX) {
            self.sessions.remove(&id);
        }
    }

    fn reauthenticate(&mut self, session: &SessionFacts, secret: &SecretHash, factors: &Factors) -> bool {
        let compares = !self.is_broken(BrokenGate::SessionSecretNotCompared);
        if !self.factors_hold(&session.user_id, factors) {
            return false;
        }
        let Some(row) = self.sessions.get_mut(&session.id.0) else { return false };
        if compares && row.secret.0 != secret.0 {
            return false;
        }
        row.secret = session.secret;
        row.authentication = session.authentication.clone();
        row.seen_at = session.seen_at;
        self.follow_factors(&session.user_id, factors);
        true
    }

    fn factors_hold(&self, user: &UserId, factors: &Factors) -> bool {
        let Some(row) = self.users.get(user) else {
            return self.is_broken(BrokenGate::SignInOfRemovedUser);
        };
        let holds = |proof: &Proof| match proof {
            Proof::Password(PasswordProof { stored, .. }) => {
                !row.facts.disabled && row.password.as_ref() == Some(stored)
            }
        };
        self.is_broken(BrokenGate::PasswordNotHeld) || factors.iter().all(holds)
    }

    fn follow_factors(&mut self, user: &UserId, factors: &Factors) {
        for proof in factors.iter() {
            let Proof::Password(PasswordProof { rehashed, counted_as, .. }) = proof;
            self.failures.remove(counted_as);
            if let (Some(row), Some(stronger)) = (self.users.get_mut(user), rehashed) {
                row.password = Some(stronger.clone());
            }
        }
    }

    fn reserve(&mut self, tried: &SignInTry) -> bool {
        let SignInTry { counted_as, owner, at, below, seen, .. } = *tried;
        let compares = !self.is_broken(BrokenGate::FailuresNotCompared);
        let Some(row) = self.failures.get_mut(&counted_as) else {
            self.failures.insert(counted_as, FailureRow { owner, failures: 1, last_at: at.seconds() });
            return true;
        };
        let is_seen = (row.failures, row.last_at) == (seen.failures, seen.last_at);
        if compares && row.failures >= below && !is_seen {
            return false;
        }
        row.failures += 1;
        if at.seconds() > row.last_at || row.last_at == seen.last_at {
            row.last_at = at.seconds();
        }
        true
    }

    fn give_consent(
        &mut self,
        user: &UserId,
        client: &ClientId,
        before: Option<&ConsentFacts>,
        after: &ConsentFacts,
    ) -> bool {
        let key = (user.clone(), client.clone());
        let stands = self.consents.get(&key);
        let may = match before {
            None => {
                let is_open = self.clients.get(client).is_some_and(|row| !row.record.disabled);
                let is_user = self
                    .users
                    .get(user)
                    .map_or(self.is_broken(BrokenGate::ConsentOfRemovedUser), |row| !row.facts.disabled);
                stands.is_none() && ((is_open && is_user) || self.is_broken(BrokenGate::ConsentOfEndedClient))
            }
            Some(_) if self.is_broken(BrokenGate::ConsentNotCompared) => stands.is_some(),
            Some(before) => stands == Some(before),
        };
        if may {
            self.consents.insert(key, after.clone());
        }
        may
    }
}

/// Revokes once; the first instant stays.
pub(super) fn revoke(row: &mut GrantFacts, at: Timestamp) {
    if row.revoked_at.is_none() {
        row.revoked_at = Some(at);
        row.refresh.revision += 1;
    }
}
