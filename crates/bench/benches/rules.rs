//! The decisions of the hot path: authorize with a session, redeem, refresh.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a benchmark that cannot be set up has nothing to measure"
)]

use std::sync::Arc;

use proofkey_oauth::{
    AuthorizationRequest, CodeRequest, CodeVerifier, Issuer, Params, PresentedCredentials, RefreshRequest,
    Secret, Timestamp,
};
use proofkey_protocol::authorize::{self, AuthorizeFacts, Hint, Next, Progress};
use proofkey_protocol::session;
use proofkey_protocol::sign_in::{
    Account, HashVerdict, SignInBrowser, SignInFacts, SignInOutcome, decide_password, reserve,
};
use proofkey_protocol::token::{self, CodeGrant, GrantRequest, RefreshGrant};
use proofkey_protocol::{
    Algorithm, Apis, ArtefactKeys, AuthenticatedClient, AuthorizationCode, Client, ClientId, ClientRecord,
    ClientStatus, CodeFacts, Commit, ConsentFacts, CredentialFacts, Cx, GrantWithSubject, Judged, Policy,
    Random, RefreshToken, SessionLife, SignInLimit, SubjectFacts, UserFacts, UserId, authenticate,
};

const NOW: Timestamp = Timestamp(1_790_000_000);

fn main() {
    divan::main();
}

/// Enough randomness for a benchmark: a counter.
struct Counter(u64);

impl Random for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = (self.0 >> 33) as u8;
        }
    }
}

struct World {
    policy: Policy,
    keys: ArtefactKeys,
    apis: Apis,
    client: Arc<Client>,
    subject: SubjectFacts,
    cookie: session::SessionCookie,
    request: AuthorizationRequest,
    verifier: CodeVerifier,
}

impl World {
    fn new() -> Self {
        let policy = policy();
        let metadata = serde_json::json!({
            "token_endpoint_auth_method": "none", "redirect_uris": ["https://app.example/cb"], "scope": "openid offline_access",
            "grant_types": ["authorization_code", "refresh_token"], "id_token_signed_response_alg": "ES256",
        });
        let metadata = serde_json::from_value(metadata).unwrap();
        let id = ClientId::new("app");
        let record = ClientRecord { id, metadata, secrets: vec![], disabled: false, created_at: NOW };
        let user = UserFacts {
            id: UserId::new("u-ada"),
            username: "ada".into(),
            display_name: "Ada".into(),
            disabled: false,
            valid_from: Timestamp(0),
        };
        let mut random = Counter(1);
        let (apis, keys) = (Apis::default(), ArtefactKeys::derive(&[1; 32]));
        let signs = &Algorithm::ALL;
        let mut cx = Cx { now: NOW, random: &mut random, policy: &policy, apis: &apis, keys: &keys, signs };
        let credentials = Some(CredentialFacts { user: user.clone(), password: Some("$argon2id$".into()) });
        let reserved = reserve(Account::of("ada", None, &cx), &SignInFacts::default(), &cx);
        let started = reserved.outcome.unwrap().start(credentials);
        let verdict = decide_password(
            started,
            HashVerdict::Matches { rehashed: None },
            SignInBrowser::default(),
            &mut cx,
        );
        let Some(Commit::SignIn { session, .. }) = verdict.commit else { panic!("a session begins") };
        let SignInOutcome::Begun(begun) = verdict.outcome else { panic!("a session begins") };
        let verifier = CodeVerifier::from_random(&[7; 32]);
        let query = format!(
            "client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&response_type=code&scope=openid+offline_access&state=s&nonce=n&code_challenge={}&code_challenge_method=S256",
            verifier.challenge()
        );
        Self {
            keys,
            apis,
            client: Arc::new(Client::try_from(&record).unwrap()),
            subject: SubjectFacts {
                user,
                session: Some(*session),
                consent: ConsentFacts::parse("0 0 openid offline_access"),
                client: ClientStatus::Active,
                client_valid_from: Timestamp(0),
            },
            cookie: begun.cookie,
            request: AuthorizationRequest::from_params(&Params::parse(query.as_bytes()).unwrap()),
            verifier,
            policy,
        }
    }

    fn cx<'a>(&'a self, random: &'a mut Counter) -> Cx<'a> {
        let signs = &Algorithm::ALL;
        Cx { now: NOW, random, policy: &self.policy, apis: &self.apis, keys: &self.keys, signs }
    }

    fn authorize(&self, cx: &mut Cx<'_>) -> Secret {
        let SubjectFacts { user, session, consent, client, client_valid_from } = &self.subject;
        let session = session.as_ref().unwrap();
        let facts = AuthorizeFacts {
            client: Some(Arc::clone(&self.client)),
            client_status: Some(*client),
            client_valid_from: *client_valid_from,
            hint: Hint::Absent,
            login: session::login(&self.cookie, session, user, NOW, &self.policy),
            consent: consent.clone(),
        };
        let verdict = authorize::decide(&self.request, facts, Progress::default(), cx);
        let Next::Issue(issued) = verdict.outcome else { panic!("a code is issued") };
        Secret::new(issued.location().expose().to_owned())
    }

    fn authenticated(&self) -> AuthenticatedClient {
        let form = Params::parse(b"client_id=app").unwrap();
        let presented = PresentedCredentials::find(None, &form);
        match authenticate(&presented, Some(Arc::clone(&self.client)), NOW) {
            Judged::Named(client) | Judged::Compared(client) => client.unwrap(),
        }
    }

    fn code_request(&self, cx: &mut Cx<'_>) -> CodeRequest {
        let location = self.authorize(cx);
        let query = location.expose().split_once('?').unwrap().1;
        let code = Params::parse(query.as_bytes()).unwrap().first("code").unwrap().to_owned();
        CodeRequest {
            code: Secret::new(code),
            redirect_uri: Some("https://app.example/cb".into()),
            code_verifier: Some(Secret::new(self.verifier.expose().to_owned())),
            resource: vec![],
        }
    }
}

fn policy() -> Policy {
    let sign_in = SignInLimit { burst: 10, pause_seconds: 60, pause_seconds_max: 900, failures_max: 100 };
    Policy {
        issuer: Issuer::parse("https://id.example").unwrap(),
        code_seconds: 60,
        access_token_seconds: 600,
        id_token_seconds: 3600,
        refresh_idle_seconds: 30 * 86_400,
        refresh_absolute_seconds: 180 * 86_400,
        session: SessionLife { idle_seconds: 43_200, absolute_seconds: 86_400 },
        session_remembered: SessionLife { idle_seconds: 2_592_000, absolute_seconds: 7_776_000 },
        sessions_per_user_max: 100,
        refresh_skew_seconds: 0,
        interaction_seconds: 1800,
        code_failures_max: 5,
        sign_in,
        sign_in_known_device: sign_in,
    }
}

#[divan::bench]
fn authorize_with_a_session(bencher: divan::Bencher<'_, '_>) {
    let world = World::new();
    let mut random = Counter(2);
    let mut cx = world.cx(&mut random);
    bencher.bench_local(|| world.authorize(&mut cx));
}

#[divan::bench]
fn redeem_a_code(bencher: divan::Bencher<'_, '_>) {
    let world = World::new();
    let mut random = Counter(2);
    let mut cx = world.cx(&mut random);
    let request = world.code_request(&mut cx);
    let client = world.authenticated();
    let facts = CodeFacts { subject: Some(world.subject.clone()), ..CodeFacts::default() };
    bencher.bench_local(|| {
        let code = AuthorizationCode::open(&cx, request.code.expose());
        let grant = CodeGrant { request: &request, code: code.as_ref(), facts: &facts, user: None };
        token::decide(&GrantRequest::Code(grant), &client, &mut cx).outcome.unwrap()
    });
}

#[divan::bench]
fn refresh(bencher: divan::Bencher<'_, '_>) {
    let world = World::new();
    let mut random = Counter(2);
    let mut cx = world.cx(&mut random);
    let request = world.code_request(&mut cx);
    let client = world.authenticated();
    let facts = CodeFacts { subject: Some(world.subject.clone()), ..CodeFacts::default() };
    let code = AuthorizationCode::open(&cx, request.code.expose());
    let grant = CodeGrant { request: &request, code: code.as_ref(), facts: &facts, user: None };
    let verdict = token::decide(&GrantRequest::Code(grant), &client, &mut cx);
    let Some(Commit::RedeemCode { grant, .. }) = verdict.commit else { panic!("a grant is made") };
    let text = verdict.outcome.unwrap().refresh.unwrap().token;
    let request = RefreshRequest { refresh_token: text, scope: None, resource: vec![] };
    let row = GrantWithSubject::new(*grant, world.subject.clone());
    bencher.bench_local(|| {
        let token = RefreshToken::read(&world.keys, request.refresh_token.expose());
        let grant =
            RefreshGrant { request: &request, token: token.as_ref(), grant: row.as_ref(), user: None };
        token::decide(&GrantRequest::Refresh(grant), &client, &mut cx).outcome.unwrap()
    });
}
