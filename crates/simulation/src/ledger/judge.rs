//! What was answered: whether it may have been, by what had happened when its facts were read.

use proofkey_jose::Algorithm;
use proofkey_jose::claims::AccessTokenClaims;
use proofkey_oauth::{Sha256, Timestamp, sha256, standard_scope};
use proofkey_protocol::token::{Issue, IssuedRefresh};
use proofkey_protocol::{ApiId, AuthorizationCode, ClientId, Commit, GrantId, Refusal};

use super::Ledger;
use super::identity::says_this_user;
use super::life::{Life, Standing, any_between, last_before};
use crate::model::Id;
use crate::world::{Answer, Sent, Who};

/// How far ahead a thing may have been made.
const AHEAD_SECONDS_MAX: i64 = 180;
/// How long ended rows stay.
const GRACE_SECONDS: i64 = 3_700;

impl Ledger {
    /// A decision: what is refused spends nothing.
    pub(crate) fn decided(&mut self, answer: &Answer, commit: Option<&Commit>) {
        let spends = matches!(commit, Some(Commit::RedeemCode { .. } | Commit::UseRefreshToken { .. }));
        if let (Answer::Refused(refusal), true) = (answer, spends) {
            self.violated("C2", format!("something is spent, and the answer is {refusal:?}"));
        }
    }

    /// Judges an answer that was decided by what was read at `loaded`, at a node whose clock showed `now`.
    pub(crate) fn judge(&mut self, sent: &Sent, answer: &Answer, loaded: u64, now: Timestamp) {
        match (sent, answer) {
            (Sent::Authorize(asked), Answer::Code { code, by_memory, .. }) => {
                self.code_issued(code, &asked.ask.verifier, *by_memory, loaded);
            }
            (Sent::Redeem { client, id, verifier, who, .. }, Answer::Tokens(issue)) => {
                self.code_answered(*id, (client, verifier, *who), loaded);
                self.issued(id.0, client, issue, loaded);
            }
            (Sent::SignIn(form), Answer::SignedIn { cookie, .. }) => self.session_begun(form, cookie),
            (
                Sent::Redeem { .. } | Sent::Refresh { .. } | Sent::OwnToken(_),
                Answer::Refused(Refusal::AlgorithmOff(_)),
            ) => self.algorithm_refused(loaded),
            (Sent::Redeem { id, .. }, Answer::Refused(refusal)) => self.code_refused(*id, refusal),
            (Sent::Refresh { client, token, .. }, Answer::Tokens(issue)) => {
                if let Some(grant) = self.refresh_answered(client, token, loaded) {
                    self.issued(grant, client, issue, loaded);
                }
            }
            (Sent::Refresh { id: Some(id), client, who: Who::Honest, .. }, Answer::Refused(refusal)) => {
                self.refresh_refused(*id, client, refusal, (loaded, now));
            }
            (Sent::Introspect { client, token, .. }, Answer::Active(true)) => {
                let _ = self.refresh_answered(client, token, loaded);
            }
            (Sent::Use(claims), Answer::Active(active)) => self.token_judged(claims, *active, loaded, now),
            (Sent::OwnToken(client), Answer::Tokens(issue)) => {
                let client = ClientId::new(*client);
                if self.client(&client).standing(loaded) != Standing::Active {
                    self.violated("C5", format!("{client} got a token while it was closed"));
                }
                self.check_algorithms(issue, loaded);
                self.own.insert(issue.access.jti.clone(), (client, loaded));
            }
            _ => {}
        }
    }

    fn code_issued(&mut self, code: &AuthorizationCode, verifier: &str, by_memory: bool, loaded: u64) {
        let id = code.id;
        let mut needs: Vec<ApiId> = code.apis.iter().collect();
        if code.scope.contains(standard_scope::OPENID) && !needs.contains(&ApiId::ISSUER) {
            needs.push(ApiId::ISSUER);
        }
        if let Some(why) = self.session_ended(&code.session_id.0, loaded) {
            self.violated("C5", format!("code {id} was issued in a session, and {why}"));
        }
        if self.sessions.get(&code.session_id.0).is_some_and(|session| session.user != code.user_id) {
            self.violated("C6", format!("code {id} says another user than its session"));
        }
        if self.client(&code.client_id).standing(loaded) != Standing::Active {
            self.violated("C5", format!("code {id} was issued while its client was closed"));
        }
        let stood = |api: &ApiId| self.consent_stood(&code.user_id, &code.client_id, *api, loaded);
        if by_memory && !needs.iter().all(stood) {
            self.violated("C5", format!("code {id} was issued by a consent that does not stand"));
        }
        let life = Life {
            id,
            client: code.client_id.clone(),
            user: code.user_id.clone(),
            session: code.session_id,
            needs,
            verifier: verifier.to_owned(),
            born: loaded,
            created_at: id.issued_at(),
            expires_at: code.expires_at,
            ends_at: code.expires_at,
            is_bound: false,
            redeemed: 0,
            wrong_verifiers: 0,
            revoked: None,
            is_suspect: false,
            is_stolen: false,
            generation: 0,
            revision: 0,
            used: std::collections::BTreeMap::new(),
        };
        if self.lives.insert(id.0, life).is_some() {
            self.violated("C6", format!("two codes have the id {id}"));
        }
    }

    fn code_answered(&mut self, id: GrantId, (client, verifier, who): (&str, &str, Who), loaded: u64) {
        let Some(life) = self.lives.get_mut(&id.0) else {
            return self.violated("C6", format!("code {id} is good and was never issued"));
        };
        life.is_stolen |= who == Who::Thief;
        if life.client.as_str() != client || life.verifier != verifier {
            return self.violated("C6", format!("code {id} is good for another client or verifier"));
        }
        // The instant of the code itself is what its consent is compared with.
        let judged = Life { created_at: id.issued_at(), ..life.clone() };
        if let Some(why) = self.ended(&judged, loaded) {
            self.violated("C5", format!("code {id} was redeemed, and {why}"));
        }
    }

    fn code_refused(&mut self, id: GrantId, refusal: &Refusal) {
        let Some(life) = self.lives.get(&id.0) else { return };
        let is_wrong = match refusal {
            Refusal::CodeRedeemed => life.redeemed == 0,
            Refusal::CodeLocked => life.wrong_verifiers < self.code_failures_max,
            Refusal::CodeInvalid | Refusal::CodeOfAnotherClient | Refusal::RedirectUriMismatch => true,
            _ => false,
        };
        if is_wrong {
            self.violated("C2", format!("code {id} was refused without a reason: {refusal:?}"));
        }
    }

    /// Tokens of a grant are told.
    fn issued(&mut self, grant: Id, client: &str, issue: &Issue, loaded: u64) {
        self.check_algorithms(issue, loaded);
        let user = self.lives.get(&grant).map(|life| life.user.as_str().to_owned());
        if !user.is_some_and(|user| says_this_user(&user, client, issue)) {
            self.violated("C6", format!("a token of grant {} says another user", GrantId(grant)));
        }
        if issue.access.grant_id != Some(GrantId(grant).to_string()) {
            self.violated("C6", format!("a token names another grant than {}", GrantId(grant)));
        }
        self.access.insert(issue.access.jti.clone(), grant);
        if let Some(IssuedRefresh { token, generation, .. }) = &issue.refresh {
            self.refresh.insert(sha256(token.expose().as_bytes()), (grant, *generation));
        }
    }

    fn off_at(&self, at: u64) -> Option<Algorithm> {
        last_before(&self.off, at).flatten()
    }

    fn algorithm_refused(&mut self, loaded: u64) {
        if self.off_at(loaded).is_none() {
            self.violated("C2", "a token was refused for an algorithm, and all are on".to_owned());
        }
    }

    fn check_algorithms(&mut self, issue: &Issue, loaded: u64) {
        let off = self.off_at(loaded);
        let id = issue.id.as_ref().map(|_| issue.id_algorithm);
        if off.is_some() && (off == Some(issue.access_algorithm) || off == id) {
            self.violated("C7", format!("a token is of {off:?}, which is off"));
        }
    }

    /// A refresh token was good; the grant that it is of.
    fn refresh_answered(&mut self, client: &str, token: &str, loaded: u64) -> Option<Id> {
        let hash = sha256(token.as_bytes());
        let Some((grant, generation)) = self.refresh.get(&hash).copied() else {
            self.violated("C6", "a refresh token is good that was never issued".to_owned());
            return None;
        };
        let life = self.lives.get(&grant)?.clone();
        let id = life.id;
        if life.client.as_str() != client {
            self.violated("C6", format!("a token of grant {id} is good for {client}"));
        }
        if is_sibling(&life, generation, &hash) {
            self.violated("C4", format!("two tokens of generation {generation} are good of grant {id}"));
        }
        if let Some(why) = self.ended(&life, loaded) {
            self.violated("C5", format!("a refresh token of grant {id} is good, and {why}"));
        }
        Some(grant)
    }

    /// An honest client that sends one request after the other is refused for a reason alone.
    fn refresh_refused(
        &mut self,
        id: GrantId,
        client: &str,
        refusal: &Refusal,
        (loaded, now): (u64, Timestamp),
    ) {
        let Some(life) = self.lives.get(&id.0).cloned() else { return };
        // Who shares a sign-in may be refused a copy that is long retired; what a thief has used is no client's.
        if life.is_stolen || client == "shared" {
            return;
        }
        if let Some(doubt) = self.unexplained(&life, loaded, now) {
            self.violated("C3", format!("grant {id} was refused a refresh, {refusal:?}: {doubt}"));
        }
    }

    fn token_judged(&mut self, claims: &AccessTokenClaims, active: bool, loaded: u64, now: Timestamp) {
        let jti = &claims.jti;
        let is_revoked = self.revoked_tokens.get(jti).is_some_and(|seq| *seq < loaded);
        let in_time =
            now.seconds() < claims.exp.seconds() && claims.iat.seconds() - now.seconds() <= AHEAD_SECONDS_MAX;
        if active && (is_revoked || !in_time) {
            self.violated(
                if is_revoked { "C8" } else { "C6" },
                format!("token {jti} works, and it was revoked or is over"),
            );
        }
        if let Some((client, born)) = self.own.get(jti).cloned() {
            let life = self.client(&client);
            if active && (life.standing(loaded) != Standing::Active || any_between(&life.ends, born, loaded))
            {
                self.violated("C5", format!("{client}'s own token works, and all of it was ended"));
            }
            return;
        }
        let Some(life) = self.access.get(jti).and_then(|grant| self.lives.get(grant)).cloned() else {
            return self.violated("C6", format!("token {jti} was never issued"));
        };
        if active {
            if let Some(why) = self.ended(&life, loaded) {
                self.violated("C5", format!("token {jti} of grant {} works, and {why}", life.id));
            }
        } else if let Some(doubt) = self.unexplained(&life, loaded, now).filter(|_| in_time && !is_revoked) {
            self.violated("C2", format!("token {jti} of grant {} does not work: {doubt}", life.id));
        }
    }

    /// Why nothing explains that a grant is refused; `None` if something does.
    fn unexplained(&self, life: &Life, loaded: u64, now: Timestamp) -> Option<&'static str> {
        let session = self.sessions.get(&life.session.0);
        let is_over = now >= life.expires_at || now >= life.ends_at;
        let is_ahead = life.created_at - now > AHEAD_SECONDS_MAX;
        let is_swept = self.swept_by.is_some_and(|by| life.expires_at < by + -GRACE_SECONDS);
        let has_no_session = life.is_bound
            && (session.is_none_or(|session| now >= session.expires_at || session.ended.is_some())
                || self.users.get(&life.user).is_some_and(|user| user.has_evicted)
                || session.is_some_and(|session| {
                    self.swept_by.is_some_and(|by| session.expires_at < by + -GRACE_SECONDS)
                }));
        let is_explained = self.ended(life, loaded).is_some()
            || self.was_withdrawn(life, loaded)
            || is_over
            || is_ahead
            || is_swept
            || has_no_session;
        (!is_explained).then_some("nothing has ended it")
    }

    /// Whether what it rests on was ever withdrawn since.
    fn was_withdrawn(&self, life: &Life, at: u64) -> bool {
        let ended = |api: &ApiId| {
            let consent = self.consents.get(&(life.user.clone(), life.client.clone(), *api));
            consent.is_some_and(|consent| {
                consent.iter().any(|(seq, since)| since.is_none() && (life.born + 1..at).contains(seq))
            })
        };
        life.needs.iter().any(ended)
    }
}

/// Whether another token was used at this place.
fn is_sibling(life: &Life, generation: i64, hash: &Sha256) -> bool {
    life.used.get(&generation).is_some_and(|used| used != hash)
}
