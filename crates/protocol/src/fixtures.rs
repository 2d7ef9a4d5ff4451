//! What the unit tests of this crate share: a fixed time, counted randomness, and a few rows.

use std::sync::Arc;

use proofkey_jose::Algorithm;
use proofkey_oauth::{
    AuthMethod, AuthorizationRequest, ClientCredentials, Issuer, Params, PresentedCredentials, ResourceUri,
    Scope, Secret, Timestamp, form_encode,
};
use serde_json::{Value, json};

use crate::api::{Apis, GrantedApis};
use crate::authentication::{Authentication, AuthenticationMethod};
use crate::client::{AuthenticatedClient, Client, authenticate};
use crate::commit::Commit;
use crate::consent::{Access, ConsentFacts};
use crate::cx::{Cx, Random};
use crate::facts::{ClientStatus, CredentialFacts, GrantFacts, SessionFacts, SubjectFacts, UserFacts};
use crate::ids::{ApiId, ClientId, GrantId, UserId};
use crate::interaction::{BoundStep, Opened, Sealed};
use crate::policy::{Policy, SessionLife, SignInLimit};
use crate::records::{ApiRecord, ApiScope, ClientRecord, ClientSecretRecord, RegisteredApi, UserRecord};
use crate::refresh_chain::RefreshChain;
use crate::seal::ArtefactKeys;
use crate::session::{self, Login};
use crate::sign_in::{
    Account, HashVerdict, SessionBegun, SignInBrowser, SignInFacts, SignInOutcome, Started, decide_password,
    reserve,
};

pub(crate) const NOW: Timestamp = Timestamp(1_790_000_000);
pub(crate) const ISSUER: &str = "https://id.example";
/// An API with the scopes `read` and `write`.
pub(crate) const NOTES: &str = "https://notes.example";
/// An API with the scope `send`.
pub(crate) const MAIL: &str = "https://mail.example";
pub(crate) const CALLBACK: &str = "https://app.example/cb";
/// The pair of RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Every scope that the clients below are registered for.
pub(crate) const SCOPES: &str = "openid profile email offline_access read write send";

/// Parameters to put in place of the good ones.
pub(crate) type Changes<'a> = &'a [(&'a str, &'a str)];

pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) policy: Policy,
    pub(crate) apis: Apis,
    pub(crate) signs: Vec<Algorithm>,
    keys: ArtefactKeys,
    random: Counter,
}

struct Counter(u64);

impl Random for Counter {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (self.0 >> 33) as u8;
        }
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let signs = Algorithm::ALL.to_vec();
        Self { now: NOW, policy: policy(), apis: apis(), signs, keys: keys(), random: Counter(1) }
    }

    pub(crate) fn cx(&mut self) -> Cx<'_> {
        let Self { now, policy, apis, signs, keys, random } = self;
        Cx { now: *now, random, policy, apis, keys, signs }
    }

    /// The login of a user who signed in so many seconds ago, and the session behind it.
    pub(crate) fn signed_in(&mut self, user: UserFacts, seconds_ago: i64) -> (Login, SessionFacts) {
        let now = self.now;
        self.now = now + -seconds_ago;
        let (begun, session) = self.sign_in(user.clone());
        self.now = now;
        let session = SessionFacts { seen_at: now, ..session };
        (session::login(&begun.cookie, &session, &user, now, &self.policy).unwrap(), session)
    }

    /// A sign-in with the right password, and the session that it would write.
    pub(crate) fn sign_in(&mut self, user: UserFacts) -> (SessionBegun, SessionFacts) {
        let started = started(user, self.cx());
        let verdict = HashVerdict::Matches { rehashed: None };
        let verdict = decide_password(started, verdict, SignInBrowser::default(), &mut self.cx());
        match (verdict.outcome, verdict.commit) {
            (SignInOutcome::Begun(begun), Some(Commit::SignIn { session, .. })) => (begun, *session),
            other => panic!("no session: {other:?}"),
        }
    }
}

pub(crate) fn policy() -> Policy {
    let sign_in = SignInLimit { burst: 10, pause_seconds: 60, pause_seconds_max: 900, failures_max: 100 };
    Policy {
        issuer: Issuer::parse(ISSUER).unwrap(),
        code_seconds: 60,
        access_token_seconds: 600,
        id_token_seconds: 3600,
        refresh_idle_seconds: 30 * 86_400,
        refresh_absolute_seconds: 180 * 86_400,
        refresh_skew_seconds: 0,
        session: SessionLife { idle_seconds: 43_200, absolute_seconds: 86_400 },
        session_remembered: SessionLife { idle_seconds: 30 * 86_400, absolute_seconds: 90 * 86_400 },
        sessions_per_user_max: 100,
        interaction_seconds: 1800,
        code_failures_max: 5,
        sign_in,
        sign_in_known_device: sign_in,
    }
}

pub(crate) fn keys() -> ArtefactKeys {
    ArtefactKeys::derive(&[7; 32])
}

pub(crate) fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

pub(crate) fn resource(text: &str) -> ResourceUri {
    ResourceUri::parse(text).unwrap()
}

/// The ids of `ISSUER`, `NOTES` and `MAIL`.
pub(crate) fn ids(resources: &[&str]) -> Vec<ApiId> {
    let apis = apis();
    let id = |text: &&str| apis.named(text, &policy().issuer).unwrap();
    resources.iter().map(id).collect()
}

/// The APIs of a grant for which the request named none.
pub(crate) fn implied(text: &str) -> GrantedApis {
    let (apis, scope) = (apis(), scope(text));
    let owners = scope.iter().flat_map(|token| apis.owners(token).to_vec());
    GrantedApis::implied(owners.chain(scope.contains("openid").then_some(ApiId::ISSUER)))
}

/// A client with the secret "the secret", unless it is public.
pub(crate) fn client_record(id: &str, metadata: Value) -> ClientRecord {
    let public = metadata["token_endpoint_auth_method"] == "none";
    let hash = Secret::new("the secret".into()).hash();
    let secret = ClientSecretRecord { hash, created_at: NOW, expires_at: None };
    ClientRecord {
        id: ClientId::new(id),
        metadata: serde_json::from_value(metadata).unwrap(),
        secrets: if public { vec![] } else { vec![secret] },
        disabled: false,
        created_at: NOW,
    }
}

/// The client `app`: a browser app with every user grant and every scope, but for the metadata given here.
pub(crate) fn client(changes: Value) -> Arc<Client> {
    client_named("app", changes)
}

pub(crate) fn client_named(id: &str, changes: Value) -> Arc<Client> {
    let mut metadata = json!({
        "token_endpoint_auth_method": "none",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": SCOPES,
        "resources": [NOTES, MAIL],
    });
    metadata.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    Arc::new(Client::try_from(&client_record(id, metadata)).unwrap())
}

/// A client with a secret.
pub(crate) fn confidential(changes: Value) -> Arc<Client> {
    let mut metadata = json!({
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    });
    metadata.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    client(metadata)
}

/// An app on the person's device.
pub(crate) fn native() -> Arc<Client> {
    client(json!({"redirect_uris": ["http://127.0.0.1/callback"]}))
}

pub(crate) fn authenticated(client: &Arc<Client>) -> AuthenticatedClient {
    let (client_id, secret) = (client.id.to_string(), Secret::new("the secret".into()));
    let credentials = match client.authentication {
        AuthMethod::None => ClientCredentials::None { client_id },
        AuthMethod::ClientSecretBasic => ClientCredentials::Basic { client_id, secret },
        AuthMethod::ClientSecretPost => ClientCredentials::Post { client_id, secret },
    };
    authenticate(&PresentedCredentials::Present(credentials), Some(Arc::clone(client)), NOW).result().unwrap()
}

pub(crate) fn apis() -> Apis {
    Apis::new(vec![api(1, NOTES, &["read", "write"]), api(2, MAIL, &["send"])])
}

pub(crate) fn api(id: i64, resource: &str, scopes: &[&str]) -> RegisteredApi {
    let scopes = scopes.iter().map(|name| ApiScope { name: (*name).to_owned(), description: None }).collect();
    let record = ApiRecord {
        resource: ResourceUri::parse(resource).unwrap(),
        name: None,
        scopes,
        access_token_seconds: None,
        algorithm: None,
        introspection: None,
    };
    RegisteredApi { id: ApiId(id), record }
}

pub(crate) fn user() -> UserFacts {
    UserFacts {
        id: UserId::new("u-ada"),
        username: "ada".into(),
        display_name: "Ada Lovelace".into(),
        disabled: false,
        valid_from: Timestamp(0),
    }
}

/// The record of a user, as an operator sees one.
pub(crate) fn user_record(username: &str) -> UserRecord {
    UserRecord {
        id: UserId::new("u-ada"),
        username: username.into(),
        username_key: username.to_lowercase(),
        password: None,
        claims: serde_json::Map::new(),
        disabled: false,
        valid_from: Timestamp(0),
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
    }
}

/// A sign-in of a user with a stored password, in a browser that the account does not know.
pub(crate) fn started(user: UserFacts, cx: Cx<'_>) -> Started {
    let account = Account::of(&user.username, None, &cx);
    let credentials = Some(CredentialFacts { user, password: Some("$argon2id$".into()) });
    reserve(account, &SignInFacts::default(), &cx).outcome.unwrap().start(credentials)
}

/// A step that came back from its page, in the browser that it was sealed for.
pub(crate) fn came_back<S: BoundStep>(step: S, cx: &mut Cx<'_>) -> Sealed<S> {
    let text = Sealed::seal(step, "", [0; 32], cx);
    match Sealed::open(cx.keys, text.expose(), &[[0; 32]], cx.now).unwrap() {
        Opened::Fits(page) => page,
        Opened::Stale(stale) => panic!("{stale:?}"),
    }
}

/// An authentication with a password.
pub(crate) fn by_password(at: Timestamp) -> Authentication {
    Authentication { at, methods: [AuthenticationMethod::Password].into_iter().collect(), context: None }
}

/// Another user.
pub(crate) fn bob() -> UserFacts {
    UserFacts { id: UserId::new("u-bob"), username: "bob".into(), display_name: "Bob".into(), ..user() }
}

/// What a user allows who allowed a scope at the APIs that own it, or at the issuer if none of its scopes belongs to an API.
pub(crate) fn consent(text: &str) -> ConsentFacts {
    consent_since(NOW + -100, text)
}

pub(crate) fn consent_since(since: Timestamp, text: &str) -> ConsentFacts {
    let (scope, granted) = (scope(text), implied(text));
    let access = Access { scope: &scope, apis: &granted };
    access.allowed_beside(None, &apis(), since).unwrap()
}

/// Ada, signed in a minute ago, who allows `app` everything.
pub(crate) fn subject(world: &mut World) -> (Login, SubjectFacts) {
    let (login, session) = world.signed_in(user(), 60);
    let (session, consent) = (Some(session), Some(consent(SCOPES)));
    let client_valid_from = Timestamp(0);
    (login, SubjectFacts { user: user(), session, consent, client: ClientStatus::Active, client_valid_from })
}

/// Ada's refreshable grant to `app`, an hour old.
pub(crate) fn grant(session: &SessionFacts, text: &str) -> GrantFacts {
    GrantFacts {
        id: GrantId([5; 16]),
        client_id: ClientId::new("app"),
        user_id: UserId::new("u-ada"),
        session_id: session.id,
        scope: scope(text),
        apis: implied(text),
        authentication: session.authentication.clone(),
        created_at: NOW + -30,
        user_valid_from: Some(Timestamp(0)),
        client_valid_from: Some(Timestamp(0)),
        expires_at: NOW + 1000,
        ends_at: NOW + 5000,
        session_bound: false,
        refresh: RefreshChain::default(),
        revoked_at: None,
    }
}

/// A form out of `base`, with the members of `changes` put in place of those of the same name; an empty value takes a
/// parameter away.
pub(crate) fn form(base: &[(&str, &str)], changes: &[(&str, &str)]) -> Params {
    let changed = |name: &str| changes.iter().any(|(other, _)| *other == name);
    let kept = base.iter().filter(|(name, _)| !changed(name));
    let mut text = String::new();
    for (name, value) in kept.chain(changes).filter(|(_, value)| !value.is_empty()) {
        form_encode(&mut text, name, value);
        text.push('&');
    }
    Params::parse(text.as_bytes()).unwrap()
}

/// A valid authorization request of `app`, but for `changes`.
pub(crate) fn authorization_request(changes: &[(&str, &str)]) -> AuthorizationRequest {
    let base = [
        ("client_id", "app"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid read"),
        ("state", "s"),
        ("nonce", "n"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    AuthorizationRequest::from_params(&form(&base, changes))
}
