//! What a store remembers of subjects is what stands: each write that changes one is seen by the next read.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use proofkey_oauth::{ClientMetadata, SecretHash, Timestamp};
use proofkey_protocol::session::SessionUse;
use proofkey_protocol::sign_in::{PasswordProof, Proof};
use proofkey_protocol::{ClientRecord, Commit, Committed, ConsentFacts, SessionId, SessionProof};
use proofkey_store::{ProtocolStore, RememberedCode};

use super::World;
use crate::support::{
    ACCOUNT, GRANTS_SESSION, NOW, ada, app, client, code, consent, grant, grant_id, redeem, session,
    session_id, sign_in, sign_in_over, spend, suspect, token_id, verified,
};

type Change = for<'w> fn(&'w World) -> Pin<Box<dyn Future<Output = ()> + 'w>>;

/// What a subject and an access token are made of, in words.
async fn words(store: &ProtocolStore) -> String {
    let subject = store.session_with_consent(session_id(GRANTS_SESSION), &app()).await.unwrap();
    let token = store.granted_access_token(grant_id(1), token_id(1)).await.unwrap();
    format!("{subject:?} {token:?}")
}

/// The same as this store tells it, and as one tells it that has never read it before.
async fn told(world: &World) -> (String, String) {
    let other = world.second_handle().await;
    (words(&world.store).await, words(&other).await)
}

async fn consent_of(world: &World) -> Option<ConsentFacts> {
    let found = world.store.session_with_consent(session_id(GRANTS_SESSION), &app()).await.unwrap();
    found.and_then(|found| found.consent)
}

const CHANGES: [(&str, Change); 22] = [
    ("a session is renewed", |world| {
        let renewed = proofkey_protocol::SessionFacts {
            id: session_id(GRANTS_SESSION),
            secret: SecretHash([9; 32]),
            seen_at: NOW + 5,
            ..session(0)
        };
        let factors = Proof::Password(verified("$argon2id$old")).into();
        let secret = SecretHash([3; 32]);
        Box::pin(world.applied(Commit::Reauthenticate { session: Box::new(renewed), secret, factors }))
    }),
    ("a session ends", |world| {
        Box::pin(world.applied(Commit::EndSession { session: session_id(GRANTS_SESSION) }))
    }),
    ("a session is replaced", |world| {
        let replaced = SessionProof { id: session_id(GRANTS_SESSION), secret: SecretHash([3; 32]) };
        Box::pin(world.applied(sign_in_over(session(7), Some(replaced), verified("$argon2id$old"))))
    }),
    ("a session is one too many", |world| {
        let factors = Proof::Password(verified("$argon2id$old")).into();
        let session = Box::new(proofkey_protocol::SessionFacts { seen_at: NOW + 5, ..session(8) });
        Box::pin(world.applied(Commit::SignIn { session, replaces: None, factors, sessions_max: 1 }))
    }),
    ("the user signs in elsewhere under a stronger hash", |world| {
        let rehashed = Some("$argon2id$new".to_owned());
        let password = PasswordProof { stored: "$argon2id$old".to_owned(), rehashed, counted_as: ACCOUNT };
        Box::pin(world.applied(sign_in_over(session(9), None, password)))
    }),
    ("a refresh token is used", |world| Box::pin(world.applied(spend(1, 1, 1)))),
    ("a grant is suspect", |world| Box::pin(world.applied(suspect(1, 1)))),
    ("a grant is revoked", |world| {
        Box::pin(world.applied(Commit::RevokeGrant { grant: grant_id(1), at: NOW + 5 }))
    }),
    ("a token is revoked", |world| {
        Box::pin(world.applied(Commit::RevokeAccessToken { token: token_id(1), keep_until: NOW + 600 }))
    }),
    ("suspect grants end with a sign-in", |world| {
        Box::pin(async {
            world.applied(suspect(1, 1)).await;
            told(world).await;
            let grant = Box::new(grant(2));
            world.applied(Commit::RedeemCode { grant, failures_max: 3, ends_suspects: true }).await;
        })
    }),
    ("more is allowed", |world| {
        Box::pin(async {
            let before = consent_of(world).await;
            world.applied(consent("openid read write", before, NOW + 3)).await;
        })
    }),
    ("less is allowed", |world| {
        Box::pin(async {
            let before = consent_of(world).await.unwrap();
            let after = ConsentFacts::parse("1 1790000000 openid").unwrap();
            world.store.narrow_consent(&ada(), &app(), before, after).await.unwrap();
        })
    }),
    ("nothing is allowed", |world| {
        Box::pin(async { world.store.revoke_consent(&ada(), &app()).await.unwrap() })
    }),
    ("the account is disabled", |world| {
        Box::pin(async { world.store.set_user_disabled("ada", true, || NOW + 9).await.unwrap() })
    }),
    ("the password is set", |world| {
        Box::pin(async {
            world.store.set_user_password("ada", "$argon2id$set", || NOW + 9, &ACCOUNT).await.unwrap();
        })
    }),
    ("the user's sessions end", |world| {
        Box::pin(async { world.store.end_sessions_of_user("ada").await.unwrap() })
    }),
    ("the user's grants end", |world| {
        Box::pin(async { world.store.end_grants_of_user("ada", || NOW + 9).await.unwrap() })
    }),
    ("the user is called otherwise", |world| {
        Box::pin(async {
            let before = world.store.user(&ada()).await.unwrap().unwrap();
            let mut claims = before.claims.clone();
            claims.insert("name".to_owned(), serde_json::json!("Ada King"));
            world.store.update_user_claims(&before, &claims, NOW + 9).await.unwrap();
        })
    }),
    ("the user is removed", |world| {
        Box::pin(async {
            let removed = world.store.user(&ada()).await.unwrap().unwrap();
            world.store.remove_user(&removed, || NOW + 9, &ACCOUNT).await.unwrap();
        })
    }),
    ("the client is disabled", |world| {
        Box::pin(async { world.store.set_client_disabled(&app(), true).await.unwrap() })
    }),
    ("the client's grants end", |world| {
        Box::pin(async { world.store.end_grants_of_client(&app(), || NOW + 9).await.unwrap() })
    }),
    ("the client is removed and added again", |world| {
        Box::pin(async {
            world.store.remove_client(&app(), || NOW + 9).await.unwrap();
            let again = ClientRecord { metadata: ClientMetadata::default(), ..client("app") };
            world.store.add_client(again).await.unwrap();
        })
    }),
];

#[tokio::test]
async fn v_30_each_change_of_a_subject_is_seen_by_the_next_read() {
    for (name, change) in CHANGES {
        let world = World::new().await;
        world.applied(consent("openid read", None, NOW + 2)).await;
        world.applied(redeem(grant(1))).await;
        // A write, so that the writer has looked, and two reads: the second may be of what is remembered.
        world.store.ping().await.unwrap();
        let (before, _) = told(&world).await;
        assert_eq!(told(&world).await.0, before, "{name}");
        change(&world).await;
        let (known, read) = told(&world).await;
        assert_eq!(known, read, "{name}");
        let is_in_no_subject = name.ends_with("stronger hash");
        assert_eq!(known == before, is_in_no_subject, "{name}: {before}");
    }
}

/// Whether this code would be redeemed by what is remembered without an end of the suspect grants.
async fn overlooks_suspects(world: &World, number: u64) -> bool {
    match world.store.remembered_code(&code(number)) {
        Some(RememberedCode { facts, basis }) if !facts.suspect => {
            let commit = redeem(grant(number));
            world.store.commit_remembered(commit, basis).await.unwrap() == Committed::Applied
        }
        _ => false,
    }
}

#[tokio::test]
async fn rt_02_a_suspect_grant_is_known_when_the_next_code_is_redeemed() {
    let world = World::new().await;
    world.applied(redeem(grant(1))).await;
    told(&world).await;
    world.applied(suspect(1, 1)).await;
    assert!(world.store.code(&code(2)).await.unwrap().suspect);
    assert!(!overlooks_suspects(&world, 2).await, "as it was read before");
    told(&world).await;
    assert!(!overlooks_suspects(&world, 2).await, "as it was read since");
    assert!(world.grant(1).await.is_some_and(|grant| grant.id == grant_id(1)));
}

#[tokio::test]
async fn tk_07_a_write_that_nobody_waits_for_is_not_overlooked() {
    let world = World::new().await;
    world.applied(redeem(grant(1))).await;
    for number in 0..50 {
        world.applied(sign_in(session(100 + number))).await;
        told(&world).await;
        let generation = i64::try_from(number).unwrap() + 1;
        let mut commit = Box::pin(world.store.commit(spend(1, generation, 1)));
        // Polled once, so that it is on its way, and then given up.
        let polled = poll_fn(|cx| Poll::Ready(commit.as_mut().poll(cx))).await;
        drop((polled, commit));
        told(&world).await;
        // What comes behind it in the same queue has its answer after it.
        world.store.ping().await.unwrap();
        let (known, read) = told(&world).await;
        assert_eq!(known, read, "{number}");
    }
}

/// The note makes nothing untrue but when the session was used last.
#[tokio::test]
async fn lg_13_the_use_of_a_session_is_known_to_whoever_goes_by_it() {
    let world = World::new().await;
    let (id, at) = (session_id(GRANTS_SESSION), NOW + 90);
    let seen_at = async || {
        let found = world.store.session_with_consent(id, &app()).await.unwrap().unwrap();
        found.session.unwrap().seen_at
    };
    world.store.ping().await.unwrap();
    assert_eq!((seen_at().await, seen_at().await), (NOW, NOW));
    world.applied(Commit::TouchSession { session: id, at }).await;
    assert_eq!(seen_at().await, at);
    let (noted, other) = (at + 60, world.second_handle().await);
    world.store.note_use(SessionUse { session: id, at: noted, is_pressing: false });
    assert_eq!((seen_at().await, seen_at().await), (noted, noted), "it is told from then on");
    assert_eq!(written(&other, id).await, at, "and waits for others");
    world.store.write_uses().await.unwrap();
    assert_eq!(written(&other, id).await, at, "it is not due");
    world.store.write_all_uses().await.unwrap();
    assert_eq!(written(&other, id).await, noted);
    assert_eq!((seen_at().await, seen_at().await), (noted, noted));
    let earlier = SessionUse { session: id, at: NOW, is_pressing: false };
    world.store.note_use(earlier);
    assert_eq!(seen_at().await, noted, "an earlier one makes it no earlier");
}

/// When the database says that a session was used: as a store that has noted nothing reads it.
async fn written(other: &ProtocolStore, id: SessionId) -> Timestamp {
    let (session, _) = other.session(id).await.unwrap().unwrap();
    session.seen_at
}

/// Half of the time after which it ends unused has passed: another server may be asked for it next, and would end it.
#[tokio::test]
async fn lg_13_a_use_that_others_must_know_of_is_written_soon() {
    let world = World::new().await;
    let (id, at, other) = (session_id(GRANTS_SESSION), NOW + 90, world.second_handle().await);
    world.store.note_use(SessionUse { session: id, at, is_pressing: true });
    // What comes behind it in the same queue has its answer after it; over connections of its own it may take longer.
    for _ in 0..1_000 {
        world.store.ping().await.unwrap();
        if written(&other, id).await == at {
            return;
        }
    }
    panic!("the note was lost");
}
