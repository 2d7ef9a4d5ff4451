//! The token endpoint, grant by grant: every case is data, and one `check` of its file judges it.

mod algorithms;
mod check_active;
mod client_credentials;
mod code;
mod id_token_claims;
mod lossless;
mod overlap;
mod refresh;
mod row;
mod simulation;
mod token_kinds;

use std::sync::Arc;

use proofkey_oauth::{CodeChallenge, CodeRequest, RefreshRequest, Timestamp, TokenRequest, sha256};
use serde_json::json;

use super::{CodeGrant, GrantRequest, Issue, RefreshGrant, decide};
use crate::api::GrantedApis;
use crate::client::Client;
use crate::code::AuthorizationCode;
use crate::commit::{Commit, Verdict};
use crate::facts::{CodeFacts, GrantFacts, RedemptionFacts, SubjectFacts};
use crate::fixtures::{
    CALLBACK, CHALLENGE, NOW, VERIFIER, World, authenticated, client, form, grant, ids, implied, keys, scope,
    subject,
};
use crate::grant::GrantWithSubject;
use crate::ids::{ClientId, GrantId};
use crate::records::UserRecord;
use crate::refresh_token::RefreshToken;
use crate::refusal::Refusal;

/// Resources that the authorization request named, resources of the token request, scope, and the audience that comes of it.
type AudienceCase = (
    &'static [&'static str],
    &'static [&'static str],
    &'static str,
    Result<&'static [&'static str], Refusal>,
);

/// The APIs of a grant of `text`, where the authorization request named these.
fn granted(named: &[&str], text: &str) -> GrantedApis {
    if named.is_empty() { implied(text) } else { GrantedApis::named(ids(named)) }
}

/// What a verdict writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writes {
    Nothing,
    Grant,
    Failure,
    Revocation,
    Suspicion,
    Use,
}

fn judged(verdict: &Verdict<Result<Box<Issue>, Refusal>>) -> (Option<Refusal>, Writes) {
    let writes = match &verdict.commit {
        None => Writes::Nothing,
        Some(Commit::RedeemCode { .. }) => Writes::Grant,
        Some(Commit::CountCodeFailure { .. }) => Writes::Failure,
        Some(Commit::RevokeGrant { .. }) => Writes::Revocation,
        Some(Commit::SuspectGrant { .. }) => Writes::Suspicion,
        Some(Commit::UseRefreshToken { .. }) => Writes::Use,
        Some(other) => panic!("{other:?}"),
    };
    (verdict.outcome.as_ref().err().cloned(), writes)
}

/// A redemption that succeeds, to be spoilt one part at a time.
struct Redemption {
    world: World,
    client: Arc<Client>,
    code: Option<AuthorizationCode>,
    facts: CodeFacts,
    record: Option<UserRecord>,
    form: Vec<(&'static str, String)>,
}

impl Redemption {
    fn new() -> Self {
        Self::by(client(json!({})))
    }

    fn by(client: Arc<Client>) -> Self {
        let mut world = World::new();
        let (login, subject) = subject(&mut world);
        let code = AuthorizationCode {
            id: GrantId(world.cx().time_ordered_id(NOW + -1)),
            client_id: ClientId::new("app"),
            redirect_uri: sha256(CALLBACK.as_bytes()),
            redirect_uri_sent: true,
            challenge: Some(CodeChallenge::parse(CHALLENGE).unwrap()),
            scope: scope("openid offline_access read"),
            apis: implied("openid offline_access read"),
            nonce: Some("n".into()),
            user_id: login.user().id.clone(),
            session_id: login.session(),
            authentication: login.authentication().clone(),
            expires_at: NOW + 60,
            user_valid_from: Some(Timestamp(0)),
            client_valid_from: Some(Timestamp(0)),
        };
        let facts = CodeFacts { subject: Some(subject), redemption: None, failures: 0, suspect: false };
        Self { world, client, code: Some(code), facts, record: None, form: vec![] }
    }

    /// Puts one parameter in place of the good one; an empty value takes it away.
    fn send(&mut self, name: &'static str, value: &str) {
        self.form.push((name, value.to_owned()));
    }

    fn code(&mut self) -> &mut AuthorizationCode {
        self.code.as_mut().unwrap()
    }

    /// The code was redeemed before.
    fn replayed(&mut self) {
        self.facts.redemption = Some(RedemptionFacts { revoked_at: None });
    }

    fn request(&self) -> CodeRequest {
        let base = [
            ("grant_type", "authorization_code"),
            ("code", "opened elsewhere"),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let changes: Vec<_> = self.form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        match TokenRequest::from_params(&form(&base, &changes)).unwrap() {
            TokenRequest::AuthorizationCode(request) => request,
            other => panic!("{other:?}"),
        }
    }

    fn redeem(&mut self) -> Verdict<Result<Box<Issue>, Refusal>> {
        let (request, client) = (self.request(), authenticated(&self.client));
        let Self { code, facts, record, .. } = self;
        let (code, user) = (code.as_ref(), record.as_ref());
        let grant = CodeGrant { request: &request, code, facts, user };
        decide(&GrantRequest::Code(grant), &client, &mut self.world.cx())
    }
}

/// A refresh that succeeds, to be spoilt one part at a time.
struct Refreshing {
    world: World,
    client: Arc<Client>,
    token: Option<RefreshToken>,
    facts: Option<GrantWithSubject>,
    record: Option<UserRecord>,
    form: Vec<(&'static str, String)>,
}

impl Refreshing {
    fn new() -> Self {
        Self::by(client(json!({})))
    }

    fn by(client: Arc<Client>) -> Self {
        let mut world = World::new();
        let (_, subject) = subject(&mut world);
        let grant = grant(subject.session.as_ref().unwrap(), "openid offline_access read");
        let token = token_of(grant.id, 1, &mut world);
        let facts = GrantWithSubject::new(grant, subject);
        Self { world, client, token: Some(token), facts, record: None, form: vec![] }
    }

    fn send(&mut self, name: &'static str, value: &str) {
        self.form.push((name, value.to_owned()));
    }

    fn grant(&mut self) -> &mut GrantFacts {
        self.facts.as_mut().unwrap().grant_mut()
    }

    fn subject(&mut self) -> &mut SubjectFacts {
        self.facts.as_mut().unwrap().subject_mut()
    }

    fn request(&self) -> RefreshRequest {
        let base = [("grant_type", "refresh_token"), ("refresh_token", "read elsewhere")];
        let changes: Vec<_> = self.form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        match TokenRequest::from_params(&form(&base, &changes)).unwrap() {
            TokenRequest::RefreshToken(request) => request,
            other => panic!("{other:?}"),
        }
    }

    fn refresh(&mut self) -> Verdict<Result<Box<Issue>, Refusal>> {
        let (request, client) = (self.request(), authenticated(&self.client));
        let Self { token, facts, record, .. } = self;
        let (token, user) = (token.as_ref(), record.as_ref());
        let grant = RefreshGrant { request: &request, token, grant: facts.as_ref(), user };
        decide(&GrantRequest::Refresh(grant), &client, &mut self.world.cx())
    }
}

fn token_of(grant: GrantId, generation: i64, world: &mut World) -> RefreshToken {
    let text = RefreshToken::issue(grant, generation, &mut world.cx());
    RefreshToken::read(&keys(), text.expose()).unwrap()
}
