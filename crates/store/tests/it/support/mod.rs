//! A store under test, and rows to put into it.

pub(crate) mod same;

use std::future::Future;

use proofkey_oauth::{ClientMetadata, ResourceUri, Scope, SecretHash, Sha256, Timestamp};
use proofkey_protocol::sign_in::{PasswordProof, Proof};
use proofkey_protocol::{
    Algorithm, ApiId, ApiRecord, ApiScope, Authentication, AuthenticationMethod, AuthorizationCode, ClientId,
    ClientRecord, ClientSecretRecord, Commit, Committed, ConsentFacts, FailureFacts, GrantFacts, GrantId,
    GrantedApis, KeyRecord, RefreshChain, RefusalRecord, SealingKeyId, SessionFacts, SessionId, SessionProof,
    SignInTry, TokenId, UserId, UserRecord,
};
use proofkey_store::Store;

pub(crate) const NOW: Timestamp = Timestamp(1_790_000_000);

/// Wrong verifiers at which a code is locked.
pub(crate) const FAILURES_MAX: i64 = 3;

/// Sessions of one user at once.
const SESSIONS_MAX: i64 = 100;

/// The session in which every grant of these tests was given.
pub(crate) const GRANTS_SESSION: u64 = 1_000_000;

/// The limiter's key of the user `ada`.
pub(crate) const ACCOUNT: [u8; 32] = [8; 32];

/// An engine under test: a database, and any number of stores on it.
pub(crate) trait Database: Sized {
    /// How many times fewer races are run than on the fastest engine.
    const SLOWER: u64;

    /// A new database.
    async fn create() -> Self;

    /// A handle of its own on it, as each process has one.
    async fn open(&self) -> Store;
}

/// A database with the client `app` and the user `ada`, who is signed in.
pub(crate) struct World<D> {
    pub(crate) database: D,
    pub(crate) store: Store,
}

impl<D: Database> World<D> {
    pub(crate) const SLOWER: u64 = D::SLOWER;

    pub(crate) async fn new() -> Self {
        let database = D::create().await;
        let store = database.open().await;
        Self::with(database, store).await
    }

    /// The same over an empty store of this database.
    pub(crate) async fn with(database: D, store: Store) -> Self {
        store.add_user(user("ada")).await.unwrap();
        store.add_client(client("app")).await.unwrap();
        let of_grants = SessionFacts { id: session_id(GRANTS_SESSION), ..session(0) };
        assert_eq!(store.commit(sign_in(of_grants)).await, Ok(Committed::Applied));
        Self { database, store }
    }

    /// A second handle on the same database, as another process would have.
    pub(crate) async fn second_handle(&self) -> Store {
        self.database.open().await
    }

    /// Ends the store and opens the database again.
    pub(crate) async fn reopened(self) -> Self {
        let Self { database, store } = self;
        store.close().await;
        let store = database.open().await;
        Self { database, store }
    }

    pub(crate) async fn commit(&self, commit: Commit) -> Committed {
        self.store.commit(commit).await.unwrap()
    }

    pub(crate) async fn applied(&self, commit: Commit) {
        assert_eq!(self.commit(commit).await, Committed::Applied);
    }

    /// Gives the client `app` another registration.
    pub(crate) async fn register(&self, client: &ClientId, metadata: &ClientMetadata) {
        let version = self.store.directory_versions().await.unwrap().clients;
        self.store.update_client(client, metadata, version).await.unwrap();
    }

    pub(crate) async fn grant(&self, number: u64) -> Option<GrantFacts> {
        self.store.grant(grant_id(number)).await.unwrap().map(|row| row.grant().clone())
    }
}

/// Runs a test body where property tests cannot be async.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

pub(crate) fn id(number: u64) -> [u8; 16] {
    let mut id = [0x5a; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    id
}

pub(crate) fn grant_id(number: u64) -> GrantId {
    GrantId(id(number))
}

pub(crate) fn session_id(number: u64) -> SessionId {
    SessionId(id(number))
}

pub(crate) fn token_id(number: u64) -> TokenId {
    TokenId(id(number))
}

pub(crate) fn ada() -> UserId {
    UserId::new("u-ada")
}

pub(crate) fn app() -> ClientId {
    ClientId::new("app")
}

pub(crate) fn user(name: &str) -> UserRecord {
    UserRecord {
        id: UserId::new(format!("u-{name}")),
        username: name.to_owned(),
        username_key: name.to_lowercase(),
        password: Some("$argon2id$old".to_owned()),
        claims: serde_json::from_value(serde_json::json!({"name": "Ada Lovelace", "email": "ada@example"}))
            .unwrap(),
        disabled: false,
        valid_from: NOW,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(crate) fn api(resource: &str) -> ApiRecord {
    ApiRecord {
        resource: ResourceUri::parse(resource).unwrap(),
        name: None,
        scopes: vec![ApiScope { name: "read".to_owned(), description: None }],
        access_token_seconds: None,
        algorithm: None,
        introspection: None,
    }
}

pub(crate) fn key(kid: &str, sequence: i64) -> KeyRecord {
    KeyRecord {
        kid: kid.to_owned(),
        algorithm: Algorithm::Es256,
        sequence,
        created_at: NOW,
        active_from: NOW + 1,
        sealed: vec![1, 2, 3],
        public_jwk: format!("{{\"kid\":\"{kid}\"}}"),
        closed_at: None,
    }
}

pub(crate) fn client(id: &str) -> ClientRecord {
    ClientRecord {
        id: ClientId::new(id),
        metadata: ClientMetadata { client_name: Some("An app".to_owned()), ..ClientMetadata::default() },
        secrets: vec![secret(1)],
        disabled: false,
        created_at: NOW,
    }
}

pub(crate) fn secret(number: u8) -> ClientSecretRecord {
    ClientSecretRecord {
        hash: SecretHash([number; 32]),
        created_at: NOW + i64::from(number),
        expires_at: None,
    }
}

/// An authentication of a class, so that each of its columns is read back.
pub(crate) fn by_password(at: Timestamp) -> Authentication {
    let methods = [AuthenticationMethod::Password].into_iter().collect();
    Authentication { at, methods, context: Some("urn:example:one".to_owned()) }
}

pub(crate) fn session(number: u64) -> SessionFacts {
    SessionFacts {
        id: session_id(number),
        secret: SecretHash([3; 32]),
        user_id: ada(),
        authentication: by_password(NOW),
        seen_at: NOW,
        expires_at: NOW + 3600,
        remembered: false,
        valid_from: Some(NOW),
    }
}

pub(crate) fn sign_in(session: SessionFacts) -> Commit {
    sign_in_over(session, None, verified("$argon2id$old"))
}

pub(crate) fn sign_in_over(
    session: SessionFacts,
    replaces: Option<SessionProof>,
    password: PasswordProof,
) -> Commit {
    let factors = Proof::Password(password).into();
    Commit::SignIn { session: Box::new(session), replaces, factors, sessions_max: SESSIONS_MAX }
}

/// A password that was right against this stored hash.
pub(crate) fn verified(stored: &str) -> PasswordProof {
    PasswordProof { stored: stored.to_owned(), rehashed: None, counted_as: ACCOUNT }
}

/// A failure that is counted whatever was counted before.
pub(crate) fn failure(counted_as: Sha256, at: Timestamp) -> Commit {
    Commit::ReserveSignInFailure(tried(counted_as, at))
}

/// The same as a value, to be changed.
pub(crate) fn tried(counted_as: Sha256, at: Timestamp) -> SignInTry {
    let seen = FailureFacts::default();
    SignInTry { counted_as, owner: None, is_unknown_name: false, at, below: i64::MAX, seen }
}

pub(crate) fn grant(number: u64) -> GrantFacts {
    GrantFacts {
        id: grant_id(number),
        client_id: app(),
        user_id: ada(),
        session_id: session_id(GRANTS_SESSION),
        scope: Scope::parse("openid offline_access read").unwrap(),
        apis: GrantedApis::named([ApiId(1), ApiId(3)]),
        authentication: by_password(NOW),
        created_at: NOW + 1,
        user_valid_from: Some(NOW),
        client_valid_from: Some(Timestamp(0)),
        expires_at: NOW + 600,
        ends_at: NOW + 6000,
        session_bound: true,
        refresh: RefreshChain::default(),
        revoked_at: None,
    }
}

/// A code of Ada's for `app`, which becomes the grant of the same number.
pub(crate) fn code(number: u64) -> AuthorizationCode {
    let grant = grant(number);
    AuthorizationCode {
        id: grant.id,
        client_id: grant.client_id,
        redirect_uri: [0; 32],
        redirect_uri_sent: true,
        challenge: None,
        scope: grant.scope,
        apis: grant.apis,
        nonce: None,
        user_id: grant.user_id,
        session_id: grant.session_id,
        authentication: grant.authentication,
        expires_at: NOW + 60,
        user_valid_from: grant.user_valid_from,
        client_valid_from: grant.client_valid_from,
    }
}

/// A consent by `ada` for `app` at one API, given over what stood before.
pub(crate) fn consent(scope: &str, before: Option<ConsentFacts>, at: Timestamp) -> Commit {
    let entry = before.as_ref().and_then(|before| before.iter().next());
    let (since, held) = entry.map_or((at, ""), |entry| (entry.since, entry.scope()));
    let scope = Scope::parse(held).unwrap().union(&Scope::parse(scope).unwrap());
    let after = ConsentFacts::parse(&format!("1 {} {scope}", since.seconds())).unwrap();
    Commit::GiveConsent { user: ada(), client: app(), before, after }
}

pub(crate) fn redeem(grant: GrantFacts) -> Commit {
    Commit::RedeemCode { grant: Box::new(grant), failures_max: FAILURES_MAX, ends_suspects: false }
}

/// A redemption that ends what is suspect as well: a script of several steps.
pub(crate) fn redeem_and_end_suspects(grant: GrantFacts) -> Commit {
    Commit::RedeemCode { grant: Box::new(grant), failures_max: FAILURES_MAX, ends_suspects: true }
}

/// A chain that has only ever advanced, so that its revision is its generation.
pub(crate) fn chain(generation: i64, token: u8) -> RefreshChain {
    let (used, used_at) = (Some([token; 32]), Some(NOW + generation));
    let child_key = Some(SealingKeyId([6; 16]));
    RefreshChain { generation, used, used_at, child_key, revision: generation, ..RefreshChain::default() }
}

/// The use of a token of this generation, of a grant that has only ever advanced.
pub(crate) fn spend(number: u64, generation: i64, token: u8) -> Commit {
    write(number, chain(generation, token))
}

pub(crate) fn write(number: u64, chain: RefreshChain) -> Commit {
    let expires_at = NOW + 600 + chain.revision;
    Commit::UseRefreshToken { grant: grant_id(number), chain, expires_at }
}

pub(crate) fn suspect(number: u64, revision: i64) -> Commit {
    Commit::SuspectGrant { grant: grant_id(number), revision }
}

/// A refusal of a network, so many seconds after the first.
pub(crate) fn refusal(number: usize, network: i64) -> RefusalRecord {
    let at = NOW + i64::try_from(number).unwrap();
    RefusalRecord {
        error_id: format!("pk-{number:04}-{network:04}"),
        recorded_at: at,
        keep_until: at + 7 * 86_400,
        address: network,
        rule: "scope.unregistered".to_owned(),
        cause: "The client may not ask for this scope.".to_owned(),
        about: Some("notes:read".to_owned()),
        client_id: number.is_multiple_of(2).then(|| "app".to_owned()),
        request: "GET /authorize".to_owned(),
        status: 400,
        forwarded: 0,
        followed: 0,
        believed: false,
        from_here: false,
    }
}
