//! What each commit writes, and when it is a conflict.

use proofkey_oauth::SecretHash;
use proofkey_protocol::sign_in::{PasswordProof, Proof};
use proofkey_protocol::{
    AuthorizationCode, Commit, Committed, FailureFacts, GrantFacts, RedemptionFacts, SessionFacts,
    SessionProof, UserId,
};

use super::World;
use crate::support::same::{assert_same_grant, assert_same_session};
use crate::support::{
    ACCOUNT, FAILURES_MAX, GRANTS_SESSION, NOW, ada, app, by_password, code, failure, grant, grant_id,
    redeem, session, session_id, sign_in, sign_in_over, token_id, user, verified,
};

#[tokio::test]
async fn a_grant_reads_back_as_it_was_written() {
    let world = World::new().await;
    let written = grant(1);
    world.applied(redeem(written.clone())).await;
    let row = world.store.grant(written.id).await.unwrap().unwrap();
    let (read, subject) = (row.grant(), row.subject().clone());
    assert_same_grant(read, &written);
    assert_eq!((subject.user.id, subject.user.display_name), (ada(), "Ada Lovelace".to_owned()));
    assert_eq!(subject.session.unwrap().id, session_id(GRANTS_SESSION));
    assert!(subject.consent.is_none());
    assert!(world.grant(2).await.is_none());
}

#[tokio::test]
async fn tk_05_all_that_a_redemption_depends_on_is_read_at_once() {
    let world = World::new().await;
    let unused = world.store.code(&code(1)).await.unwrap();
    let subject = unused.subject.unwrap();
    assert_eq!((subject.user.id, subject.session.unwrap().id), (ada(), session_id(GRANTS_SESSION)));
    assert_eq!((unused.redemption, unused.failures), (None, 0));
    assert!(subject.consent.is_none());
    // What is known of one code is not told of another.
    world.applied(redeem(grant(1))).await;
    world.applied(Commit::CountCodeFailure { code: grant_id(1), keep_until: NOW + 60 }).await;
    world.applied(Commit::EndSession { session: session_id(GRANTS_SESSION) }).await;
    for (number, redemption, failures) in [(1, Some(RedemptionFacts { revoked_at: None }), 1), (2, None, 0)] {
        let found = world.store.code(&code(number)).await.unwrap();
        assert_eq!((found.redemption, found.failures), (redemption, failures), "{number}");
        assert!(found.subject.unwrap().session.is_none());
    }
    world.applied(Commit::RevokeGrant { grant: grant_id(1), at: NOW + 5 }).await;
    let revoked = world.store.code(&code(1)).await.unwrap().redemption.unwrap();
    assert_eq!(revoked.revoked_at, Some(NOW + 5));
    let of_a_stranger = AuthorizationCode { user_id: UserId::new("u-gone"), ..code(1) };
    assert!(world.store.code(&of_a_stranger).await.unwrap().subject.is_none());
}

#[tokio::test]
async fn lo_04_az_35_a_code_whose_session_has_ended_meanwhile_cannot_be_redeemed() {
    let world = World::new().await;
    world.applied(redeem(grant(1))).await;
    world.applied(Commit::EndSession { session: session_id(GRANTS_SESSION) }).await;
    assert_eq!(world.commit(redeem(grant(2))).await, Committed::Conflict);
    assert!(world.grant(2).await.is_none());
}

#[tokio::test]
async fn v_30_a_code_from_before_an_end_of_all_grants_of_its_client_cannot_be_redeemed() {
    let world = World::new().await;
    world.store.end_grants_of_client(&app(), || NOW + 60).await.unwrap();
    assert_eq!(world.commit(redeem(grant(1))).await, Committed::Conflict);
    let since = GrantFacts { client_valid_from: Some(NOW + 60), ..grant(2) };
    world.applied(redeem(since)).await;
    // A code of a release that kept no marks goes by what the rule found.
    world.applied(redeem(GrantFacts { client_valid_from: None, ..grant(3) })).await;
}

#[tokio::test]
async fn tk_06_a_code_is_redeemed_once_and_the_first_grant_stays() {
    let world = World::new().await;
    world.applied(redeem(grant(1))).await;
    let mut second = grant(1);
    second.client_id = proofkey_protocol::ClientId::new("another");
    assert_eq!(world.commit(redeem(second)).await, Committed::Conflict);
    assert_eq!(world.grant(1).await.unwrap().client_id, app());
}

#[tokio::test]
async fn a_code_locked_by_wrong_verifiers_cannot_be_redeemed() {
    let world = World::new().await;
    for failures in 1..=FAILURES_MAX {
        world.applied(Commit::CountCodeFailure { code: grant_id(1), keep_until: NOW + 60 }).await;
        assert_eq!(world.store.code(&code(1)).await.unwrap().failures, failures);
        let expected = if failures < FAILURES_MAX { Committed::Applied } else { Committed::Conflict };
        // Another code with as many failures is as far from locked.
        let other = failures.unsigned_abs() + 10;
        for _ in 0..failures {
            world.applied(Commit::CountCodeFailure { code: grant_id(other), keep_until: NOW + 60 }).await;
        }
        assert_eq!(world.commit(redeem(grant(other))).await, expected, "{failures}");
    }
    assert_eq!(world.commit(redeem(grant(1))).await, Committed::Conflict);
    assert!(world.grant(1).await.is_none());
    assert_eq!(world.store.code(&code(2)).await.unwrap().failures, 0);
}

#[tokio::test]
async fn rv_03_a_revoked_grant_stays_revoked_since_the_first_time() {
    let world = World::new().await;
    world.applied(redeem(grant(1))).await;
    for at in [NOW + 5, NOW + 9] {
        world.applied(Commit::RevokeGrant { grant: grant_id(1), at }).await;
    }
    assert_eq!(world.grant(1).await.unwrap().revoked_at, Some(NOW + 5));
    world.applied(Commit::RevokeGrant { grant: grant_id(9), at: NOW }).await;
}

#[tokio::test]
async fn rv_03_an_access_token_is_revoked_alone() {
    let world = World::new().await;
    for _ in 0..2 {
        world.applied(Commit::RevokeAccessToken { token: token_id(1), keep_until: NOW + 600 }).await;
    }
    assert!(world.store.access_token(&app(), token_id(1)).await.unwrap().revoked);
    assert!(!world.store.access_token(&app(), token_id(2)).await.unwrap().revoked);
    assert!(world.store.granted_access_token(grant_id(1), token_id(1)).await.unwrap().is_none());
    world.applied(redeem(grant(1))).await;
    for (number, revoked) in [(1, true), (2, false)] {
        let read = world.store.granted_access_token(grant_id(1), token_id(number)).await.unwrap();
        let (row, token) = read.unwrap();
        assert_eq!((row.grant().id, row.grant().revoked_at, token.revoked), (grant_id(1), None, revoked));
    }
}

#[tokio::test]
async fn a_sign_in_replaces_the_old_session_clears_failures_and_strengthens_the_hash() {
    let world = World::new().await;
    let account = ACCOUNT;
    world.applied(failure(account, NOW)).await;
    world.applied(sign_in(session(1))).await;
    world.applied(failure(account, NOW + 1)).await;
    let mut second = session(2);
    second.authentication.at = NOW + 2;
    let stronger = PasswordProof { rehashed: Some("$argon2id$new".to_owned()), ..verified("$argon2id$old") };
    world.applied(sign_in_over(second.clone(), Some(proof(1, 3)), stronger)).await;
    assert!(world.store.session(session_id(1)).await.unwrap().is_none());
    let (read, user) = world.store.session(session_id(2)).await.unwrap().unwrap();
    assert_same_session(&read, &second);
    assert_eq!(user.id, second.user_id);
    let subject = world.store.session_with_consent(session_id(2), &app()).await.unwrap().unwrap();
    assert_same_session(&subject.session.unwrap(), &second);
    assert_eq!(subject.user.id, second.user_id);
    assert_eq!(world.store.sign_in_failures(&account).await.unwrap(), FailureFacts::default());
    assert_eq!(password(&world).await, "$argon2id$new");
    let again = sign_in_over(session(2), None, verified("$argon2id$new"));
    assert_eq!(world.commit(again).await, Committed::Conflict, "the id is taken");
}

/// A session as a browser claims it, with a secret of these bytes.
fn proof(number: u64, secret: u8) -> SessionProof {
    SessionProof { id: session_id(number), secret: SecretHash([secret; 32]) }
}

async fn password(world: &World) -> String {
    world.store.user(&ada()).await.unwrap().unwrap().password.unwrap()
}

#[tokio::test]
async fn lg_12_v_57_a_sign_in_ends_no_session_that_the_browser_cannot_prove() {
    let world = World::new().await;
    world.applied(sign_in(session(1))).await;
    // The id of a session is in every ID token; its secret is in one browser.
    let forged = sign_in_over(session(2), Some(proof(1, 4)), verified("$argon2id$old"));
    world.applied(forged).await;
    assert!(world.store.session(session_id(1)).await.unwrap().is_some());
    world.applied(sign_in_over(session(3), Some(proof(1, 3)), verified("$argon2id$old"))).await;
    assert!(world.store.session(session_id(1)).await.unwrap().is_none());
}

/// What a renewal of session 1 writes over the secret `before`.
fn reauthenticate(before: u8, after: u8, password: PasswordProof) -> Commit {
    let renewed = SessionFacts { secret: SecretHash([after; 32]), seen_at: NOW + 9, ..session(1) };
    let session = Box::new(SessionFacts { authentication: by_password(NOW + 9), ..renewed });
    let factors = Proof::Password(password).into();
    Commit::Reauthenticate { session, secret: SecretHash([before; 32]), factors }
}

#[tokio::test]
async fn k_13_lg_12_a_session_is_renewed_over_the_secret_that_was_read_and_keeps_the_rest() {
    let world = World::new().await;
    let first = SessionFacts { remembered: true, expires_at: NOW + 99, ..session(1) };
    world.applied(sign_in(first.clone())).await;
    world.applied(failure(ACCOUNT, NOW)).await;
    world.applied(reauthenticate(3, 4, verified("$argon2id$old"))).await;
    let (read, _) = world.store.session(session_id(1)).await.unwrap().unwrap();
    let renewed = SessionFacts {
        secret: SecretHash([4; 32]),
        authentication: by_password(NOW + 9),
        seen_at: NOW + 9,
        ..first
    };
    assert_same_session(&read, &renewed);
    assert_eq!(world.store.sign_in_failures(&ACCOUNT).await.unwrap(), FailureFacts::default());
    for (before, password) in [(3, "$argon2id$old"), (4, "$argon2id$other")] {
        let again = reauthenticate(before, 5, verified(password));
        assert_eq!(world.commit(again).await, Committed::Conflict, "{before} {password}");
    }
    let (read, _) = world.store.session(session_id(1)).await.unwrap().unwrap();
    assert_same_session(&read, &renewed);
    world.applied(Commit::EndSession { session: session_id(1) }).await;
    let ended = reauthenticate(4, 5, verified("$argon2id$old"));
    assert_eq!(world.commit(ended).await, Committed::Conflict, "nothing revives it");
}

#[tokio::test]
async fn k_03_beyond_the_limit_the_session_that_was_not_used_for_longest_ends() {
    let world = World::new().await;
    let one_of_five = |session| match sign_in(session) {
        Commit::SignIn { session, replaces, factors, .. } => {
            Commit::SignIn { session, replaces, factors, sessions_max: 5 }
        }
        other => other,
    };
    // The session of the grants is there already, and was used later than any of these.
    world.applied(Commit::TouchSession { session: session_id(GRANTS_SESSION), at: NOW + 1_000 }).await;
    world.store.add_user(user("bob")).await.unwrap();
    let of_bob = SessionFacts { user_id: UserId::new("u-bob"), seen_at: NOW + -999, ..session(50) };
    world.applied(sign_in(of_bob)).await;
    let used_at = [30, 10, 40, 20];
    for (number, used) in (1..).zip(used_at) {
        world.applied(one_of_five(SessionFacts { seen_at: NOW + used, ..session(number) })).await;
    }
    let live = async || {
        let mut live = Vec::new();
        for number in (1..=8).chain([50, GRANTS_SESSION]) {
            live.extend(world.store.session(session_id(number)).await.unwrap().map(|_| number));
        }
        live
    };
    assert_eq!(live().await, [1, 2, 3, 4, 50, GRANTS_SESSION]);
    // The new one stays, though the clock was set back before it.
    for (number, expected) in [(5, [1, 3, 4, 5, 50]), (6, [1, 3, 4, 6, 50])] {
        world.applied(one_of_five(SessionFacts { seen_at: NOW + -500, ..session(number) })).await;
        assert_eq!(live().await, [&expected[..], &[GRANTS_SESSION]].concat());
    }
}

#[tokio::test]
async fn lg_09_a_sign_in_that_was_overtaken_by_disabling_or_a_new_password_is_a_conflict() {
    let world = World::new().await;
    world.store.set_user_password("ada", "$argon2id$reset", || NOW + 10, &ACCOUNT).await.unwrap();
    // However late the check of the old password ends: neither a session nor its stronger hash may come of it.
    for late in [0, 10, 11, 5_000] {
        let mut overtaken = session(1);
        overtaken.authentication.at = NOW + late;
        let stronger =
            PasswordProof { rehashed: Some("$argon2id$strong".to_owned()), ..verified("$argon2id$old") };
        assert_eq!(world.commit(sign_in_over(overtaken, None, stronger)).await, Committed::Conflict);
        assert_eq!(password(&world).await, "$argon2id$reset");
    }
    let renewed = |number| sign_in_over(session(number), None, verified("$argon2id$reset"));
    world.applied(renewed(2)).await;
    world.store.set_user_disabled("ada", true, || NOW + 20).await.unwrap();
    assert!(world.store.session(session_id(2)).await.unwrap().is_none(), "disabling ends sessions");
    assert_eq!(world.commit(renewed(3)).await, Committed::Conflict);
}

#[tokio::test]
async fn a_session_is_touched_forward_only_and_ends() {
    let world = World::new().await;
    world.applied(sign_in(session(1))).await;
    for (at, expected) in [(NOW + 60, NOW + 60), (NOW + 30, NOW + 60), (NOW + 90, NOW + 90)] {
        world.applied(Commit::TouchSession { session: session_id(1), at }).await;
        let (read, _) = world.store.session(session_id(1)).await.unwrap().unwrap();
        assert_eq!(read.seen_at, expected);
    }
    for _ in 0..2 {
        world.applied(Commit::EndSession { session: session_id(1) }).await;
        assert!(world.store.session(session_id(1)).await.unwrap().is_none());
    }
    world.applied(Commit::TouchSession { session: session_id(1), at: NOW + 99 }).await;
    assert!(world.store.session(session_id(1)).await.unwrap().is_none(), "nothing revives it");
}

#[tokio::test]
async fn a_subject_never_comes_with_the_session_of_someone_else() {
    let world = World::new().await;
    world.store.add_user(crate::support::user("bob")).await.unwrap();
    world.applied(sign_in(session(1))).await;
    let bob = proofkey_protocol::UserId::new("u-bob");
    let session_of = async |user| {
        let code = AuthorizationCode { user_id: user, session_id: session_id(1), ..code(1) };
        world.store.code(&code).await.unwrap().subject.unwrap().session
    };
    assert!(session_of(bob.clone()).await.is_none());
    let mut stolen = grant(1);
    stolen.user_id = bob;
    world.applied(redeem(stolen)).await;
    let row = world.store.grant(grant_id(1)).await.unwrap().unwrap();
    let subject = row.subject().clone();
    assert!(subject.session.is_none());
    assert!(session_of(ada()).await.is_some());
}

#[tokio::test]
async fn the_clients_of_a_session_are_named_once() {
    let world = World::new().await;
    for number in [1, 2] {
        world.applied(sign_in(session(number))).await;
    }
    for id in ["other", "revoked", "elsewhere"] {
        world.store.add_client(crate::support::client(id)).await.unwrap();
    }
    for (number, client) in [(1, "app"), (2, "app"), (3, "other"), (4, "revoked"), (5, "elsewhere")] {
        let mut grant = grant(number);
        grant.client_id = proofkey_protocol::ClientId::new(client);
        grant.session_id = session_id(if client == "elsewhere" { 2 } else { 1 });
        world.applied(redeem(grant)).await;
    }
    world.applied(Commit::RevokeGrant { grant: grant_id(4), at: NOW }).await;
    let clients = world.store.session_clients(session_id(1)).await.unwrap();
    let mut names: Vec<&str> = clients.iter().map(|client| client.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["app", "other"]);
}
