//! What clients and APIs ask: the facts as an endpoint loads them, and the rule's decision.

use std::sync::Arc;

use proofkey_jose::claims::AccessTokenClaims;
use proofkey_oauth::{CodeRequest, CredentialsRequest, RefreshRequest, Secret};
use proofkey_protocol::bearer::{
    self, IntrospectionCaller, Revocable, TokenFacts, grant_named, introspect_refresh, live,
};
use proofkey_protocol::token::{self, CodeGrant, CredentialsGrant, GrantRequest, Issue, RefreshGrant};
use proofkey_protocol::{
    AuthorizationCode, ClientFacts, ClientId, CodeFacts, Named, RefreshToken, Refusal, TokenId, UserId,
    UserRecord, Verdict,
};

use super::answer::Answer;
use super::registered::{APIS, CALLBACK, user};
use super::sent::Sent;
use super::state::World;
use super::under_way::Request;
use crate::model::BrokenGate;

impl World {
    /// A code is redeemed.
    pub(super) fn decide_code(
        &mut self,
        request: &Request,
        (client, text, verifier): (&str, &str, &str),
    ) -> Verdict<Answer> {
        let (client, apis) = (self.registered.authenticated(client), Arc::clone(&self.apis));
        let code = AuthorizationCode::open(&self.cx(request.now, &apis, &request.keys), text);
        let facts = code.as_ref().map_or_else(CodeFacts::default, |code| self.model.code(code));
        let sent = CodeRequest {
            code: Secret::new(text.to_owned()),
            redirect_uri: Some(CALLBACK.to_owned()),
            code_verifier: Some(Secret::new(verifier.to_owned())),
            resource: Vec::new(),
        };
        let user = request.user.as_ref().and_then(Option::as_deref);
        let grant = CodeGrant { request: &sent, code: code.as_ref(), facts: &facts, user };
        let mut cx = self.cx(request.now, &apis, &request.keys);
        let verdict = answered(token::decide(&GrantRequest::Code(grant), &client, &mut cx));
        self.spent(verdict)
    }

    /// Whether this is the moment at which it is read of whom an ID token will say something: once, and apart from all that decides.
    pub(super) fn reads_user(&mut self, request: &mut Request) -> bool {
        if request.user.is_some() {
            return false;
        }
        let (client, of) = match &request.sent {
            Sent::Redeem { client, code, .. } => {
                let apis = Arc::clone(&self.apis);
                let code = AuthorizationCode::open(&self.cx(request.now, &apis, &request.keys), code);
                (client, code.map(|code| (code.user_id, code.scope)))
            }
            Sent::Refresh { client, token, .. } => {
                let token = RefreshToken::read(&request.keys, token);
                let row = token.and_then(|token| self.model.grant(token.grant));
                (client, row.map(|row| (row.grant().user_id.clone(), row.grant().scope.clone())))
            }
            _ => return false,
        };
        let client = self.registered.client(client);
        let needed = of.filter(|(_, scope)| client.needs_user(scope));
        request.user = Some(needed.as_ref().and_then(|(id, _)| self.record(id)));
        needed.is_some()
    }

    /// A user as registered, as far as claims tell.
    fn record(&self, id: &UserId) -> Option<Box<UserRecord>> {
        let claims = self.model.claims(id)?.clone();
        Some(Box::new(UserRecord { id: id.clone(), claims, ..user("", 0) }))
    }

    /// A refresh token is used.
    pub(super) fn decide_refresh(&mut self, request: &Request, client: &str, text: &str) -> Verdict<Answer> {
        let (client, apis) = (self.registered.authenticated(client), Arc::clone(&self.apis));
        let token = RefreshToken::read(&request.keys, text);
        let row = token.as_ref().and_then(|token| self.model.grant(token.grant));
        let sent =
            RefreshRequest { refresh_token: Secret::new(text.to_owned()), scope: None, resource: Vec::new() };
        let (token, grant) = (token.as_ref(), row.as_ref());
        let user = request.user.as_ref().and_then(Option::as_deref);
        let grant = RefreshGrant { request: &sent, token, grant, user };
        let mut cx = self.cx(request.now, &apis, &request.keys);
        let verdict = answered(token::decide(&GrantRequest::Refresh(grant), &client, &mut cx));
        self.spent(verdict)
    }

    /// What is decided; where a gate is broken, what nothing signs is refused and spent.
    fn spent(&self, verdict: Verdict<Answer>) -> Verdict<Answer> {
        let is_broken = self.model.has_broken(BrokenGate::SpentWhereNothingSigns);
        verdict.map(|answer| match answer {
            Answer::Tokens(issue) if is_broken && !self.signs.contains(&issue.access_algorithm) => {
                Answer::Refused(Refusal::AlgorithmOff(Named::NOTHING))
            }
            answer => answer,
        })
    }

    /// A client asks for a token of its own.
    pub(super) fn decide_own(&mut self, request: &Request, client: &str) -> Verdict<Answer> {
        let apis = Arc::clone(&self.apis);
        let ClientFacts { status, valid_from } = self.model.client_facts(&ClientId::new(client));
        let client = self.registered.authenticated(client);
        let [(notes, _), _] = APIS;
        let sent = CredentialsRequest { scope: None, resource: vec![notes.to_owned()] };
        let grant = CredentialsGrant { request: &sent, client: status, client_valid_from: valid_from };
        let mut cx = self.cx(request.now, &apis, &request.keys);
        answered(token::decide(&GrantRequest::ClientCredentials(grant), &client, &mut cx))
    }

    /// A refresh token is revoked, and its grant with it.
    pub(super) fn decide_revoke_refresh(
        &self,
        request: &Request,
        client: &str,
        text: &str,
    ) -> Verdict<Answer> {
        let client = self.registered.authenticated(client);
        let token = RefreshToken::read(&request.keys, text);
        let row = token.as_ref().and_then(|token| self.model.grant(token.grant));
        let found = match token.as_ref().zip(row.as_ref()) {
            Some((token, row)) => Revocable::Refresh(token, &row.grant().client_id),
            None => Revocable::Unknown,
        };
        done(bearer::revoke(&found, &client, request.now))
    }

    /// An access token is revoked alone.
    pub(super) fn decide_revoke_access(
        &self,
        request: &Request,
        client: &str,
        claims: &AccessTokenClaims,
    ) -> Verdict<Answer> {
        let client = self.registered.authenticated(client);
        done(bearer::revoke(&Revocable::Access(claims), &client, request.now))
    }

    /// An access token is used.
    pub(super) fn decide_use(&mut self, request: &Request, claims: &AccessTokenClaims) -> Verdict<Answer> {
        let (apis, client) = (Arc::clone(&self.apis), self.registered.client(&claims.client_id));
        let Some(id) = TokenId::parse(&claims.jti) else { return Verdict::unchanged(Answer::Active(false)) };
        let (grant, token) = match grant_named(claims) {
            Some(grant) => match self.model.granted_access_token(grant, id) {
                Some((grant, token)) => (Some(grant), token),
                None => return Verdict::unchanged(Answer::Active(false)),
            },
            None => (None, self.model.access_token(&ClientId::new(&*claims.client_id), id)),
        };
        let facts = TokenFacts { grant: grant.as_ref(), token, client: Some(&client) };
        let cx = self.cx(request.now, &apis, &request.keys);
        Verdict::unchanged(Answer::Active(live(claims, &facts, &cx).is_ok()))
    }

    /// A client asks about a refresh token of its own.
    pub(super) fn decide_introspect(
        &mut self,
        request: &Request,
        client: &str,
        text: &str,
    ) -> Verdict<Answer> {
        let (client, apis) = (self.registered.authenticated(client), Arc::clone(&self.apis));
        let caller = IntrospectionCaller::Client(client);
        let Some(token) = RefreshToken::read(&request.keys, text) else {
            return Verdict::unchanged(Answer::Active(false));
        };
        let row = self.model.grant(token.grant);
        let cx = self.cx(request.now, &apis, &request.keys);
        let told = introspect_refresh(&caller, &token, row.as_ref(), &cx);
        Verdict::unchanged(Answer::Active(told.active))
    }
}

fn answered(verdict: Verdict<Result<Box<Issue>, Refusal>>) -> Verdict<Answer> {
    verdict.map(|outcome| match outcome {
        Ok(issue) => Answer::Tokens(issue),
        Err(refusal) => Answer::Refused(refusal),
    })
}

fn done(verdict: Verdict<Result<(), Refusal>>) -> Verdict<Answer> {
    verdict.map(|outcome| outcome.map_or_else(Answer::Refused, |()| Answer::Done))
}
