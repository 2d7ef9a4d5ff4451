//! What was written: what must not have been, and what follows from it.

use proofkey_oauth::{Sha256, Timestamp};
use proofkey_protocol::sign_in::{Factors, Proof};
use proofkey_protocol::{
    ClientId, Commit, ConsentFacts, GrantFacts, GrantId, RefreshChain, SessionFacts, SessionProof, SignInTry,
    UserId,
};

use super::Ledger;
use super::life::{SessionLife, Standing, any_between};

impl Ledger {
    /// A commit is durable. It was decided by what was read at `loaded`, at a node whose clock showed `now`.
    pub(crate) fn written(&mut self, commit: &Commit, loaded: u64, now: Timestamp) {
        match commit {
            Commit::RedeemCode { grant, ends_suspects, .. } => self.redeemed(grant, *ends_suspects),
            Commit::CountCodeFailure { code, .. } => {
                if let Some(life) = self.lives.get_mut(&code.0) {
                    life.wrong_verifiers += 1;
                }
            }
            Commit::UseRefreshToken { grant, chain, expires_at } => self.used(*grant, chain, *expires_at),
            Commit::SuspectGrant { grant, revision } => {
                if let Some(life) = self.lives.get_mut(&grant.0) {
                    (life.is_suspect, life.revision) = (true, *revision);
                }
            }
            Commit::RevokeGrant { grant, .. } => self.revoked(*grant),
            Commit::RevokeAccessToken { token, .. } => {
                self.revoked_tokens.entry(token.to_string()).or_insert(self.seq);
            }
            Commit::SignIn { session, replaces, factors, sessions_max } => {
                self.signed_in(session, *replaces, loaded, *sessions_max);
                self.proved(&session.user_id, factors, loaded);
            }
            Commit::Reauthenticate { session, secret, factors } => {
                self.renewed(session, secret.0);
                self.proved(&session.user_id, factors, loaded);
            }
            Commit::ReserveSignInFailure(tried) => self.reserved(tried),
            Commit::TouchSession { .. } => {}
            Commit::EndSession { session } => {
                let seq = self.seq;
                if let Some(session) = self.sessions.get_mut(&session.0) {
                    session.ended.get_or_insert(seq);
                }
            }
            Commit::GiveConsent { user, client, before, after } => {
                self.consented((user, client), before.as_ref(), after, now);
            }
        }
    }

    /// The answer to a first run was lost, which wrote nothing, and the second met a conflict: another request had written the very
    /// same, and it was taken for this one's.
    pub(crate) fn taken_for_own(&mut self, commit: &Commit, loaded: u64, now: Timestamp) {
        let is_anothers = match commit {
            // Two redemptions of one code in the same second are not told apart: both have passed all checks, and both hold the
            // same grant (decision 30).
            Commit::RedeemCode { grant, .. } => self
                .lives
                .get(&grant.id.0)
                .is_some_and(|life| life.redeemed > 0 && life.created_at == grant.created_at),
            Commit::UseRefreshToken { grant, chain, .. } => self.lives.get(&grant.0).is_some_and(|life| {
                life.revision == chain.revision && life.used.get(&chain.generation) == chain.used.as_ref()
            }),
            Commit::GiveConsent { .. } | Commit::SuspectGrant { .. } => true,
            _ => false,
        };
        if !is_anothers {
            self.written(commit, loaded, now);
        }
    }

    fn redeemed(&mut self, grant: &GrantFacts, ends_suspects: bool) {
        let (seq, failures_max) = (self.seq, self.code_failures_max);
        let session = self.session_ended_alone(grant);
        let client = self.clients.get(&grant.client_id).cloned().unwrap_or_default();
        let Some(life) = self.lives.get_mut(&grant.id.0) else {
            return self.violated("C6", format!("a code was redeemed that was never issued: {}", grant.id));
        };
        life.redeemed += 1;
        let (id, born, redeemed, wrong) = (life.id, life.born, life.redeemed, life.wrong_verifiers);
        (life.created_at, life.expires_at, life.ends_at) =
            (grant.created_at, grant.expires_at, grant.ends_at);
        life.is_bound = grant.session_bound;
        if ends_suspects {
            let own = |other: &&mut super::life::Life| {
                other.is_suspect && other.user == grant.user_id && other.client == grant.client_id
            };
            self.lives.values_mut().filter(own).for_each(|other| {
                other.revoked.get_or_insert(seq);
                other.revision += 1;
            });
        }
        if redeemed > 1 {
            self.violated("C1", format!("code {id} was redeemed {redeemed} times"));
        }
        if wrong >= failures_max {
            self.violated("C8", format!("code {id} was redeemed after {wrong} wrong verifiers"));
        }
        if session {
            self.violated("C5", format!("code {id} was redeemed after its session had ended"));
        }
        if self.users.get(&grant.user_id).is_some_and(|user| user.is_removed(seq)) {
            self.violated("C5", format!("code {id} was redeemed after its user was removed"));
        }
        if client.standing(seq) != Standing::Active || any_between(&client.ends, born, seq) {
            self.violated("C5", format!("code {id} was redeemed after its client had ended"));
        }
    }

    fn session_ended_alone(&self, grant: &GrantFacts) -> bool {
        let session = self.sessions.get(&grant.session_id.0);
        session.is_none_or(|session| session.ended.is_some_and(|seq| seq < self.seq))
    }

    fn used(&mut self, grant: GrantId, chain: &RefreshChain, expires_at: Timestamp) {
        let Some(life) = self.lives.get_mut(&grant.0) else {
            return self.violated("C6", format!("a token was used of a grant that never was: {grant}"));
        };
        let (revoked, before, revision) = (life.revoked, life.generation, life.revision);
        let sibling = life.used.get(&chain.generation).copied();
        (life.generation, life.revision, life.expires_at) = (chain.generation, chain.revision, expires_at);
        if let Some(used) = chain.used {
            life.used.insert(chain.generation, used);
        }
        if revoked.is_some() {
            self.violated("C5", format!("a token of grant {grant} was used after the grant was revoked"));
        }
        if revision + 1 != chain.revision || !(before..=before + 1).contains(&chain.generation) {
            let (now, then) = (chain.revision, chain.generation);
            self.violated(
                "C4",
                format!(
                    "grant {grant} went from revision {revision} to {now}, generation {before} to {then}"
                ),
            );
        }
        if sibling.is_some() && sibling != chain.used {
            let place = chain.generation;
            self.violated("C4", format!("two tokens of generation {place} were used of grant {grant}"));
        }
    }

    fn revoked(&mut self, grant: GrantId) {
        let seq = self.seq;
        if let Some(life) = self.lives.get_mut(&grant.0)
            && life.revoked.is_none()
            && life.redeemed > 0
        {
            life.revoked = Some(seq);
            life.revision += 1;
        }
    }

    fn signed_in(
        &mut self,
        session: &SessionFacts,
        replaces: Option<SessionProof>,
        born: u64,
        sessions_max: i64,
    ) {
        let seq = self.seq;
        if let Some(SessionProof { id, secret }) = replaces
            && let Some(replaced) = self.sessions.get_mut(&id.0).filter(|row| row.secret == secret.0)
        {
            replaced.ended.get_or_insert(seq);
        }
        let user = session.user_id.clone();
        let (secret, expires_at) = (session.secret.0, session.expires_at);
        let life = SessionLife { user: user.clone(), born, secret, expires_at, ended: None };
        self.sessions.insert(session.id.0, life);
        let live = self.sessions.values().filter(|row| row.user == user && row.ended.is_none()).count();
        if i64::try_from(live).unwrap_or(i64::MAX) > sessions_max {
            self.user(&user).has_evicted = true;
        }
    }

    fn renewed(&mut self, session: &SessionFacts, presented: Sha256) {
        let id = session.id;
        let Some(life) = self.sessions.get_mut(&id.0) else {
            return self.violated("C6", format!("session {id} goes on and never began"));
        };
        let (secret, ended) = (life.secret, life.ended);
        life.secret = session.secret.0;
        if ended.is_some() {
            self.violated("C5", format!("session {id} goes on after it had ended"));
        }
        if secret != presented {
            self.violated("C6", format!("session {id} goes on by a secret that it had no more"));
        }
    }

    /// A password was right: of an account that is open, and while it was the password.
    fn proved(&mut self, user: &UserId, factors: &Factors, loaded: u64) {
        let seq = self.seq;
        for Proof::Password(proof) in factors.iter() {
            self.failures.remove(&proof.counted_as);
        }
        let life = self.user(user);
        if life.is_removed(seq) || life.is_disabled(seq) || any_between(&life.resets, loaded, seq) {
            self.violated("C5", format!("{user} was signed in by what was right no more"));
        }
    }

    fn reserved(&mut self, tried: &SignInTry) {
        let (count, _) = self.failures.entry(tried.counted_as).or_insert((0, tried.owner));
        let before = *count;
        *count += 1;
        if before >= tried.below && before > tried.seen.failures {
            let seen = tried.seen.failures;
            self.violated(
                "C8",
                format!("a try was let through after {before} failures, of which it saw {seen}"),
            );
        }
    }

    fn consented(
        &mut self,
        (user, client): (&UserId, &ClientId),
        before: Option<&ConsentFacts>,
        after: &ConsentFacts,
        now: Timestamp,
    ) {
        let seq = self.seq;
        let stood = |api| self.consent_stood(user, client, api, seq);
        let is_withdrawn = before.is_some_and(|before| before.iter().any(|entry| !stood(entry.api)));
        let standing = self.clients.get(client).map(|life| life.standing(seq));
        let is_open = standing.is_none_or(|standing| standing == Standing::Active)
            && !self.users.get(user).is_some_and(|life| life.is_removed(seq) || life.is_disabled(seq));
        for entry in after.iter() {
            let consent = self.consents.entry((user.clone(), client.clone(), entry.api)).or_default();
            let since = match consent.last() {
                Some((_, Some(since))) => (*since).min(now),
                Some((_, None)) | None => now,
            };
            if consent.last().is_none_or(|(_, stands)| *stands != Some(since)) {
                consent.push((seq, Some(since)));
            }
        }
        if is_withdrawn {
            self.violated("C5", format!("what {user} had withdrawn from {client} was written again"));
        }
        if before.is_none() && !is_open {
            self.violated("C5", format!("{user} allows {client} something, and one of the two is closed"));
        }
    }
}
