//! Sign-in, rule by rule: what counts, what is refused, and that a refusal always counts.

use proofkey_oauth::{Secret, TokenKind};

use super::{
    Account, DEVICE_SECONDS, HashVerdict, Pause, Proof, Reserved, SessionBegun, SignInBrowser, SignInFacts,
    SignInOutcome, SignInRefused, Started, account_key, decide_password, reserve,
};
use crate::commit::{Commit, SignInTry, Verdict};
use crate::cx::Cx;
use crate::facts::{CredentialFacts, FailureFacts, SessionFacts, UserFacts};
use crate::fixtures::{NOW, World, bob, keys, started, user};
use crate::session::{HeldSession, SessionCookie, login};

const MATCHES: fn() -> HashVerdict = || HashVerdict::Matches { rehashed: None };

fn facts() -> SignInFacts {
    let credentials = Some(CredentialFacts { user: user(), password: Some("$argon2id$".into()) });
    SignInFacts { credentials, failures: FailureFacts::default() }
}

fn tried(facts: &SignInFacts, cx: &Cx<'_>) -> (Result<Reserved, Pause>, Option<SignInTry>) {
    let verdict = reserve(Account::of("ada", None, cx), facts, cx);
    match verdict.commit {
        Some(Commit::ReserveSignInFailure(tried)) => (verdict.outcome, Some(tried)),
        None => (verdict.outcome, None),
        other => panic!("{other:?}"),
    }
}

fn begin(facts: SignInFacts, cx: &Cx<'_>) -> Started {
    tried(&facts, cx).0.unwrap().start(facts.credentials)
}

fn failed(failures: i64, ago: i64) -> SignInFacts {
    SignInFacts { failures: FailureFacts { failures, last_at: NOW.seconds() - ago }, ..facts() }
}

fn refusal(verdict: &Verdict<SignInOutcome>) -> Option<SignInRefused> {
    match verdict.outcome {
        SignInOutcome::Refused(refused) => Some(refused),
        SignInOutcome::Begun(_) => None,
    }
}

type Spoil = fn(&mut SignInFacts, &mut HashVerdict);

#[test]
fn lg_08_lg_09_k_04_every_try_is_counted_before_it_is_made_and_what_is_refused_begins_nothing() {
    let cases: [(Spoil, Option<SignInRefused>); 6] = [
        (|_, _| {}, None),
        (|_, verdict| *verdict = HashVerdict::Differs, Some(SignInRefused::Wrong)),
        (|facts, _| facts.credentials = None, Some(SignInRefused::Wrong)),
        (|facts, _| facts.credentials.as_mut().unwrap().password = None, Some(SignInRefused::Wrong)),
        (|facts, _| facts.credentials.as_mut().unwrap().user.disabled = true, Some(SignInRefused::Wrong)),
        (|facts, _| facts.failures = FailureFacts { failures: 100, last_at: 0 }, Some(SignInRefused::Wrong)),
    ];
    let mut world = World::new();
    for (index, (spoil, expected)) in cases.into_iter().enumerate() {
        let (mut facts, mut verdict) = (facts(), MATCHES());
        spoil(&mut facts, &mut verdict);
        let (reserved, tried) = tried(&facts, &world.cx());
        let tried = tried.unwrap();
        assert_eq!((tried.counted_as, tried.owner), (account_key(&keys(), "ada"), None), "case {index}");
        assert_eq!((tried.at, tried.is_unknown_name), (NOW, facts.credentials.is_none()), "case {index}");
        let started = reserved.unwrap().start(facts.credentials);
        let verdict = decide_password(started, verdict, SignInBrowser::default(), &mut world.cx());
        assert_eq!(refusal(&verdict), expected, "case {index}");
        match verdict.commit {
            None => assert!(expected.is_some(), "case {index}: it stays counted"),
            Some(Commit::SignIn { .. }) => assert!(expected.is_none(), "case {index}"),
            other => panic!("case {index}: {other:?}"),
        }
    }
}

#[test]
fn lg_08_only_an_open_account_is_worth_more_work_than_one_hash() {
    let mut world = World::new();
    let cx = world.cx();
    assert!(begin(facts(), &cx).is_open());
    let mut disabled = facts();
    disabled.credentials.as_mut().unwrap().user.disabled = true;
    for closed in [disabled, failed(100, 0), SignInFacts::default()] {
        assert!(!begin(closed, &cx).is_open());
    }
}

#[test]
fn lg_07_an_account_that_must_wait_is_not_tried_and_not_counted() {
    let mut world = World::new();
    let (reserved, tried) = tried(&failed(10, 0), &world.cx());
    assert_eq!(reserved.unwrap_err().seconds, 60);
    assert!(tried.is_none());
}

/// What the store lets through: fewer failures than the burst, or exactly those that were seen.
#[test]
fn k_04_lg_07_tries_at_once_are_let_through_as_those_one_after_another_are() {
    let mut world = World::new();
    world.policy.sign_in.failures_max = 20;
    let seen = |facts: &SignInFacts| (facts.failures.failures, facts.failures.last_at);
    for (facts, below) in
        [(facts(), 10), (failed(9, 0), 10), (failed(12, 900), 10), (failed(20, 0), i64::MAX)]
    {
        let tried = tried(&facts, &world.cx()).1.unwrap();
        assert_eq!(
            (tried.below, (tried.seen.failures, tried.seen.last_at)),
            (below, seen(&facts)),
            "{facts:?}"
        );
    }
    // Where the stop comes before the burst ends, the burst ends there.
    world.policy.sign_in.failures_max = 5;
    assert_eq!(tried(&facts(), &world.cx()).1.unwrap().below, 5);
}

#[test]
fn lg_07_k_07_each_known_device_has_a_count_of_its_own_and_another_account_does_not_share_it() {
    let mut world = World::new();
    let (one, two) = (world.sign_in(user()).0.device, world.sign_in(user()).0.device);
    let elsewhere = account_key(&keys(), "ada");
    let counted = |name, device: Option<&Secret>, cx: &Cx<'_>| {
        let account = Account::of(name, device.map(Secret::expose), cx).confirmed(Some(&user()));
        (account.counted_as(cx), account.is_on_known_device())
    };
    let garbage = Secret::new("pkd_garbage".into());
    // What releases before sealed: the account alone, without an end; and all but whose it is.
    let endless = world.cx().seal(TokenKind::Device, &elsewhere);
    let unsaid = [&elsewhere[..], &[7; 18], &NOW.seconds().to_be_bytes(), &[0; 8]].concat();
    let unsaid = world.cx().seal(TokenKind::Device, &unsaid);
    let other_kind = world.cx().seal(TokenKind::Interaction, &elsewhere);
    let cx = world.cx();
    let (here, there) = (counted("ada", Some(&one), &cx).0, counted("ada", Some(&two), &cx).0);
    assert!(here != elsewhere && there != elsewhere && here != there);
    for unknown in [None, Some(&garbage), Some(&endless), Some(&unsaid), Some(&other_kind)] {
        assert_eq!(counted("ada", unknown, &cx), (elsewhere, false));
    }
    assert_eq!(counted("bob", Some(&one), &cx), (account_key(cx.keys, "bob"), false));
    let account = Account::of("ada", Some(one.expose()), &cx).confirmed(Some(&user()));
    let verdict = reserve(account, &facts(), &cx);
    let Some(Commit::ReserveSignInFailure(tried)) = verdict.commit else { panic!("{verdict:?}") };
    assert_eq!((tried.counted_as, tried.owner), (here, Some(elsewhere)));
}

#[test]
fn k_07_a_device_stays_the_same_at_each_sign_in_and_ends_by_time_and_with_the_accounts_sessions() {
    let mut world = World::new();
    let device = world.sign_in(user()).0.device;
    let account = |device: &Secret, user: Option<&UserFacts>, cx: &Cx<'_>| {
        Account::of("ada", Some(device.expose()), cx).confirmed(user)
    };
    let ended = UserFacts { valid_from: NOW, ..user() };
    // Another person, who got the name of one who was removed: nothing of either began at another instant.
    let next = UserFacts { id: bob().id, ..user() };
    for (after, user, known) in [
        (DEVICE_SECONDS - 1, Some(&user()), true),
        (DEVICE_SECONDS, Some(&user()), false),
        (-5_000, Some(&user()), true),
        (0, Some(&ended), false),
        (0, Some(&next), false),
        (0, None, false),
    ] {
        world.now = NOW + after;
        assert_eq!(account(&device, user, &world.cx()).is_on_known_device(), known, "{after} {user:?}");
    }
    world.now = NOW + 1_000;
    let known = account(&device, Some(&user()), &world.cx());
    let again = known.remember(&user(), &mut world.cx());
    world.now = NOW + DEVICE_SECONDS;
    let cx = world.cx();
    let renewed = account(&again, Some(&user()), &cx);
    assert!(renewed.is_on_known_device(), "counted from the last sign-in");
    assert_eq!(renewed.counted_as(&cx), known.counted_as(&cx));
}

fn held(begun: &SessionBegun, session: &SessionFacts) -> HeldSession {
    HeldSession::of(&begun.cookie, session.clone()).unwrap()
}

/// What a sign-in of `user` with the right password makes of what the browser brings.
fn signed_in(user: UserFacts, browser: SignInBrowser, world: &mut World) -> (SessionBegun, Commit) {
    let started = started(user, world.cx());
    let verdict = decide_password(started, MATCHES(), browser, &mut world.cx());
    match (verdict.outcome, verdict.commit) {
        (SignInOutcome::Begun(begun), Some(commit)) => (begun, commit),
        other => panic!("no session: {other:?}"),
    }
}

#[test]
fn lg_12_v_56_a_session_that_begins_says_how_it_was_proved_and_replaces_the_one_of_another_user() {
    let mut world = World::new();
    let (before, of_bob) = world.sign_in(bob());
    let browser = SignInBrowser { held: Some(held(&before, &of_bob)), remember: false };
    let started = started(user(), world.cx());
    let matches = HashVerdict::Matches { rehashed: Some("$argon2id$stronger".into()) };
    let verdict = decide_password(started, matches, browser, &mut world.cx());
    let Some(Commit::SignIn { session, replaces, factors, sessions_max }) = verdict.commit else {
        panic!("no session")
    };
    let SignInOutcome::Begun(begun) = verdict.outcome else { panic!("refused") };
    assert_eq!((session.id, session.user_id), (begun.cookie.id, user().id));
    assert!(session.secret.matches(&begun.cookie.secret) && session.id != of_bob.id);
    assert_eq!(session.authentication.at, NOW);
    assert_eq!(session.authentication.methods.claim(), Some(vec!["pwd".to_owned()]));
    let replaced = replaces.map(|proof| (proof.id, proof.secret.matches(&before.cookie.secret)));
    assert_eq!((replaced, sessions_max), (Some((of_bob.id, true)), world.policy.sessions_per_user_max));
    let [Proof::Password(password)] = factors.iter().collect::<Vec<_>>()[..] else { panic!("{factors:?}") };
    assert_eq!(password.stored, "$argon2id$");
    assert_eq!(password.rehashed.as_deref(), Some("$argon2id$stronger"));
    assert_eq!(password.counted_as, account_key(&keys(), "ada"));
}

#[test]
fn k_13_lg_12_the_same_user_keeps_the_sid_its_end_and_what_was_chosen_and_gets_another_secret() {
    for remembered in [false, true] {
        let mut world = World::new();
        let choose = |remember| SignInBrowser { held: None, remember };
        let (first, Commit::SignIn { session, .. }) = signed_in(user(), choose(remembered), &mut world)
        else {
            panic!("no session")
        };
        // An hour later, or idle for as long as it lives: the password is what an idle session asks for.
        for later in [3600, world.policy.session_life(remembered).absolute_seconds - 1] {
            world.now = NOW + later;
            let held = Some(held(&first, &session));
            let browser = SignInBrowser { held, remember: !remembered };
            let (again, commit) = signed_in(user(), browser, &mut world);
            let Commit::Reauthenticate { session: renewed, secret, .. } = commit else {
                panic!("{commit:?}")
            };
            assert_eq!((renewed.id, again.cookie.id), (session.id, session.id));
            assert_eq!((renewed.expires_at, renewed.remembered), (session.expires_at, remembered));
            assert_eq!((renewed.authentication.at, renewed.seen_at), (NOW + later, NOW + later));
            assert!(secret.matches(&first.cookie.secret) && renewed.secret.matches(&again.cookie.secret));
            assert!(!renewed.secret.matches(&first.cookie.secret), "the old secret is worth nothing");
            let keep = remembered.then(|| session.expires_at - world.now);
            assert_eq!(again.keep_seconds, keep, "the cookie ends with the session or with the browser");
        }
    }
}

#[test]
fn k_13_lg_13_a_session_that_has_ended_does_not_go_on() {
    let mut world = World::new();
    let (begun, session) = world.sign_in(user());
    let ended = UserFacts { valid_from: NOW + 1, ..user() };
    let over = world.policy.session.absolute_seconds;
    for (later, user) in [(over, user()), (2, ended), (2, bob())] {
        world.now = NOW + later;
        let browser = SignInBrowser { held: Some(held(&begun, &session)), remember: false };
        let (next, commit) = signed_in(user, browser, &mut world);
        let Commit::SignIn { replaces, .. } = commit else { panic!("{commit:?}") };
        assert!(replaces.is_some_and(|proof| proof.id == session.id) && next.cookie.id != session.id);
    }
    let forged = SessionCookie { id: begun.cookie.id, secret: Secret::new("A".repeat(43)) };
    assert!(HeldSession::of(&forged, session).is_none(), "the id alone proves nothing");
}

#[test]
fn lg_13_k_15_a_session_begins_now_and_lives_by_its_mark_wherever_the_clock_of_the_last_end_stood() {
    let mut world = World::new();
    for ahead in [0, 60, 86_400, 400 * 86_400] {
        let user = UserFacts { valid_from: NOW + ahead, ..user() };
        let (begun, commit) = signed_in(user.clone(), SignInBrowser::default(), &mut world);
        let Commit::SignIn { session, .. } = commit else { panic!("{commit:?}") };
        assert_eq!(session.authentication.at, NOW, "{ahead}");
        let life = world.policy.session.absolute_seconds;
        let used = SessionFacts { seen_at: NOW + (life - 1), ..(*session).clone() };
        let live = |at| login(&begun.cookie, &used, &user, at, &world.policy).is_some();
        assert!(live(NOW) && live(NOW + (life - 1)) && !live(NOW + life), "{ahead}");
        let again = UserFacts { valid_from: NOW + ahead + 1, ..user.clone() };
        assert!(login(&begun.cookie, &used, &again, NOW, &world.policy).is_none(), "{ahead}: ended again");
    }
}
