//! A few ids of each kind, so that changes meet one another, and the rows that stand at the beginning.

use proofkey_oauth::{ClientMetadata, ResourceUri, Scope, SecretHash, Timestamp};
use proofkey_protocol::sign_in::{Factors, PasswordProof, Proof};
use proofkey_protocol::{
    ApiId, ApiRecord, ApiScope, Authentication, AuthenticationMethod, AuthorizationCode, ClientId,
    ClientRecord, ConsentFacts, GrantFacts, GrantId, GrantedApis, RefreshChain, SealingKeyId, SessionFacts,
    SessionId, TokenId, UserId, UserRecord,
};
use proofkey_simulation::dice::Dice;
use proofkey_simulation::model::Model;
use proofkey_store::Store;

pub(super) const NOW: i64 = 1_790_000_000;
pub(super) const USERS: [&str; 2] = ["ada", "bob"];
pub(super) const CLIENTS: [&str; 2] = ["app", "other"];
pub(super) const RESOURCES: [&str; 2] = ["https://notes.example", "https://mail.example"];
pub(super) const PASSWORDS: [&str; 3] = ["$one", "$two", "$three"];
/// Sessions, grants and tokens, each of so many ids.
pub(super) const IDS: u8 = 4;
/// Keys of failures.
pub(super) const ACCOUNTS: u8 = 3;

pub(super) async fn begin(store: &Store, model: &mut Model) {
    for name in USERS {
        store.add_user(user(name)).await.unwrap();
        model.add_user(user(name)).unwrap();
    }
    for name in CLIENTS {
        store.add_client(client(name)).await.unwrap();
        model.add_client(client(name)).unwrap();
    }
}

pub(super) fn user_id(name: &str) -> UserId {
    UserId::new(format!("u-{name}"))
}

pub(super) fn user(name: &str) -> UserRecord {
    UserRecord {
        id: user_id(name),
        username: name.to_owned(),
        username_key: name.to_owned(),
        password: Some("$one".to_owned()),
        claims: [("nickname".to_owned(), name.into())].into_iter().collect(),
        disabled: false,
        valid_from: Timestamp(NOW),
        created_at: Timestamp(NOW),
        updated_at: Timestamp(NOW),
    }
}

/// Another person under the same name.
pub(super) fn user_anew(name: &str) -> UserRecord {
    let claims = [("nickname".to_owned(), "anew".into())].into_iter().collect();
    UserRecord { id: UserId::new(format!("u-{name}-anew")), claims, ..user(name) }
}

pub(super) fn client(id: &str) -> ClientRecord {
    ClientRecord {
        id: ClientId::new(id),
        metadata: ClientMetadata::default(),
        secrets: vec![],
        disabled: false,
        created_at: Timestamp(NOW),
    }
}

pub(super) fn api(resource: &str) -> ApiRecord {
    ApiRecord {
        resource: ResourceUri::parse(resource).unwrap(),
        name: None,
        scopes: vec![ApiScope { name: "read".to_owned(), description: None }],
        access_token_seconds: None,
        algorithm: None,
        introspection: None,
    }
}

pub(super) fn id(dice: &mut Dice) -> [u8; 16] {
    numbered(u8::try_from(dice.below(usize::from(IDS))).unwrap())
}

pub(super) fn numbered(number: u8) -> [u8; 16] {
    [number + 1; 16]
}

pub(super) fn account(dice: &mut Dice) -> [u8; 32] {
    [u8::try_from(dice.below(usize::from(ACCOUNTS))).unwrap() + 1; 32]
}

/// An instant within a few seconds, so that the same one comes often.
pub(super) fn at(dice: &mut Dice) -> Timestamp {
    Timestamp(NOW + i64::try_from(dice.below(6)).unwrap())
}

pub(super) fn small(dice: &mut Dice, bound: usize) -> i64 {
    i64::try_from(dice.below(bound)).unwrap()
}

fn authentication(dice: &mut Dice) -> Authentication {
    let methods = [AuthenticationMethod::Password].into_iter().collect();
    Authentication { at: at(dice), methods, context: None }
}

pub(super) fn session(dice: &mut Dice, user: &str) -> SessionFacts {
    let number = u8::try_from(dice.below(3)).unwrap();
    SessionFacts {
        id: SessionId(id(dice)),
        secret: SecretHash([number; 32]),
        user_id: user_id(user),
        authentication: authentication(dice),
        seen_at: at(dice),
        expires_at: at(dice),
        remembered: dice.per_mille(500),
        valid_from: Some(at(dice)),
    }
}

pub(super) fn factors(dice: &mut Dice) -> Factors {
    let stored = (*dice.pick(&PASSWORDS).unwrap()).to_owned();
    let rehashed = dice.per_mille(200).then(|| (*dice.pick(&PASSWORDS).unwrap()).to_owned());
    Proof::Password(PasswordProof { stored, rehashed, counted_as: account(dice) }).into()
}

pub(super) fn grant(dice: &mut Dice, user: &str, client: &str) -> GrantFacts {
    GrantFacts {
        id: GrantId(id(dice)),
        client_id: ClientId::new(client),
        user_id: user_id(user),
        session_id: SessionId(id(dice)),
        scope: Scope::parse("openid offline_access").unwrap(),
        apis: GrantedApis::named([ApiId(0), ApiId(1)]),
        authentication: authentication(dice),
        created_at: at(dice),
        user_valid_from: Some(at(dice)),
        client_valid_from: if dice.per_mille(700) {
            Some(Timestamp(0))
        } else {
            dice.per_mille(500).then(|| at(dice))
        },
        expires_at: at(dice),
        ends_at: at(dice),
        session_bound: dice.per_mille(500),
        refresh: RefreshChain::default(),
        revoked_at: None,
    }
}

pub(super) fn chain(dice: &mut Dice, revision: i64) -> RefreshChain {
    RefreshChain {
        generation: small(dice, 3),
        used: Some([u8::try_from(dice.below(3)).unwrap(); 32]),
        used_at: Some(at(dice)),
        child_key: Some(SealingKeyId([6; 16])),
        forked: dice.per_mille(500),
        suspect: false,
        recent: vec![],
        revision,
    }
}

pub(super) fn consent(dice: &mut Dice) -> ConsentFacts {
    let texts = ["0 1790000000 openid", "1 1790000001 read", "0 1790000000 openid\n1 1790000001 read"];
    ConsentFacts::parse(dice.pick(&texts).unwrap()).unwrap()
}

pub(super) fn code(number: u8, user: &str, client: &str) -> AuthorizationCode {
    AuthorizationCode {
        id: GrantId(numbered(number)),
        client_id: ClientId::new(client),
        redirect_uri: [1; 32],
        redirect_uri_sent: true,
        challenge: None,
        scope: Scope::parse("openid").unwrap(),
        apis: GrantedApis::named([ApiId(0)]),
        nonce: None,
        user_id: user_id(user),
        session_id: SessionId(numbered(number)),
        authentication: Authentication {
            at: Timestamp(NOW),
            methods: [AuthenticationMethod::Password].into_iter().collect(),
            context: None,
        },
        expires_at: Timestamp(NOW),
        user_valid_from: None,
        client_valid_from: None,
    }
}

pub(super) const fn token(number: u8) -> TokenId {
    TokenId([number + 1; 16])
}
