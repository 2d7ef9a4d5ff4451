//! Refreshing: whose token, which scope, which audience, until when.

use proofkey_oauth::Timestamp;
use serde_json::json;

use super::{AudienceCase, Refreshing, Writes, granted, judged};
use crate::api::Apis;
use crate::commit::Commit;
use crate::fixtures::{ISSUER, MAIL, NOTES, NOW, api, client, client_named, scope};
use crate::refusal::{Named, Refusal};

type Spoil = fn(&mut Refreshing);

/// The checks in their order.
fn checks() -> [(Refusal, Spoil, Writes); 11] {
    [
        (
            Refusal::GrantTypeUnregistered,
            |r| r.client = client(json!({"grant_types": ["authorization_code"]})),
            Writes::Nothing,
        ),
        (Refusal::RefreshTokenInvalid, |r| r.token = None, Writes::Nothing),
        (
            Refusal::RefreshTokenOfAnotherClient,
            |r| r.client = client_named("other", json!({})),
            Writes::Nothing,
        ),
        (Refusal::GrantRevoked, |r| r.grant().revoked_at = Some(NOW), Writes::Nothing),
        (
            Refusal::RefreshTokenAhead,
            |r| r.token.iter_mut().for_each(|token| token.generation = 9),
            Writes::Nothing,
        ),
        (Refusal::RefreshTokenRetired, |r| r.grant().refresh.generation = 2, Writes::Revocation),
        (Refusal::RefreshTokenExpired, |r| r.grant().expires_at = NOW, Writes::Nothing),
        (Refusal::UserDisabled, |r| r.subject().user.disabled = true, Writes::Nothing),
        (Refusal::ApiRemoved, |r| r.world.apis = Apis::default(), Writes::Nothing),
        (Refusal::ScopeBeyondGrant(Named::of("write")), |r| r.send("scope", "openid write"), Writes::Nothing),
        (Refusal::ResourceUnknown, |r| r.send("resource", "https://other.example"), Writes::Nothing),
    ]
}

#[test]
fn rt_05_v_07_v_35_each_check_refuses_alone_and_the_first_of_any_two_speaks() {
    assert_eq!(judged(&Refreshing::new().refresh()), (None, Writes::Use));
    for (index, (refusal, spoil, writes)) in checks().iter().enumerate() {
        let mut alone = Refreshing::new();
        spoil(&mut alone);
        assert_eq!(judged(&alone.refresh()), (Some(refusal.clone()), *writes));
        for (later, spoil_too, _) in &checks()[index + 1..] {
            let clients = [Refusal::GrantTypeUnregistered, Refusal::RefreshTokenOfAnotherClient];
            if clients.contains(refusal) && clients.contains(later) {
                continue;
            }
            let mut both = Refreshing::new();
            spoil(&mut both);
            spoil_too(&mut both);
            assert_eq!(
                judged(&both.refresh()),
                (Some(refusal.clone()), *writes),
                "{refusal:?} and {later:?}"
            );
        }
    }
    let mut swept = Refreshing::new();
    swept.facts = None;
    assert_eq!(judged(&swept.refresh()), (Some(Refusal::RefreshTokenExpired), Writes::Nothing));
}

#[test]
fn rt_02_a_replay_is_noticed_though_the_user_cannot_be_served() {
    let spoils: [Spoil; 4] = [
        |r| r.subject().user.disabled = true,
        |r| r.subject().consent = None,
        |r| r.subject().user.valid_from = NOW + 1,
        |r| {
            r.grant().session_bound = true;
            r.subject().session = None;
        },
    ];
    for spoil in spoils {
        let mut replay = Refreshing::new();
        spoil(&mut replay);
        replay.grant().refresh.generation = 2;
        assert_eq!(judged(&replay.refresh()), (Some(Refusal::RefreshTokenRetired), Writes::Revocation));
    }
}

#[test]
fn rt_01_every_refresh_brings_a_token_of_the_next_generation() {
    let mut refreshing = Refreshing::new();
    let (one, two) = (refreshing.refresh().outcome.unwrap(), refreshing.refresh().outcome.unwrap());
    let (one, two) = (one.refresh.unwrap(), two.refresh.unwrap());
    assert_eq!((one.generation, two.generation), (2, 2));
    assert_eq!(one.token.expose(), two.token.expose(), "nothing was written between the two");
    assert!(!one.repeated);
}

#[test]
fn rt_06_v_35_a_narrower_scope_narrows_the_access_token_alone() {
    let cases: [(&str, Result<&str, Refusal>); 6] = [
        ("", Ok("openid offline_access read")),
        ("read", Ok("read")),
        ("openid", Ok("openid")),
        ("openid read write", Err(Refusal::ScopeBeyondGrant(Named::of("write")))),
        ("send", Err(Refusal::ScopeBeyondGrant(Named::of("send")))),
        ("read\"", Err(Refusal::ScopeMalformed)),
    ];
    for (sent, expected) in cases {
        let mut refreshing = Refreshing::new();
        refreshing.send("scope", sent);
        let verdict = refreshing.refresh();
        assert_eq!(
            verdict.outcome.map(|issue| issue.scope.to_string()),
            expected.map(str::to_owned),
            "{sent}"
        );
        assert!(
            verdict.commit.is_none_or(|commit| matches!(commit, Commit::UseRefreshToken { .. })),
            "the grant keeps its own scope"
        );
    }
}

#[test]
fn tk_14_v_36_a_refresh_stays_within_the_resources_of_the_grant() {
    let beyond = || Err(Refusal::ResourceBeyondGrant);
    let ambiguous = || Err(Refusal::ResourceAmbiguous(Named::list([NOTES, MAIL].into_iter())));
    let cases: [AudienceCase; 10] = [
        (&[], &[], "openid read", Ok(&[NOTES, ISSUER])),
        (&[NOTES], &[NOTES], "openid read", Ok(&[NOTES])),
        (&[NOTES], &[MAIL], "openid read", beyond()),
        (&[], &[MAIL], "openid read", beyond()),
        (&[NOTES, MAIL], &[MAIL], "read send", Ok(&[MAIL])),
        (&[NOTES], &[], "openid read", Ok(&[NOTES])),
        (&[NOTES], &[ISSUER], "openid read", Ok(&[ISSUER])),
        (&[NOTES], &[ISSUER], "read", beyond()),
        (&[NOTES, MAIL], &[], "read send", ambiguous()),
        (&[NOTES, MAIL], &[NOTES, MAIL], "read send", Err(Refusal::ResourceSeveral)),
    ];
    for (named, requested, text, expected) in cases {
        let mut refreshing = Refreshing::new();
        refreshing.grant().apis = granted(named, text);
        refreshing.grant().scope = scope(text);
        requested.iter().for_each(|resource| refreshing.send("resource", resource));
        let found = refreshing.refresh().outcome.map(|issue| issue.access.aud.as_slice().to_vec());
        let expected = expected.map(|aud| aud.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
        assert_eq!(found, expected, "{named:?} {text} {requested:?}");
    }
    let mut removed = Refreshing::new();
    removed.world.apis = Apis::new(vec![api(3, NOTES, &["read", "write"])]);
    assert_eq!(
        judged(&removed.refresh()),
        (Some(Refusal::ApiRemoved), Writes::Nothing),
        "another took its place"
    );
}

#[test]
fn rt_07_idle_and_absolute_end_and_rotation_moves_only_the_first() {
    for (now, refused) in [(NOW, false), (NOW + 999, false), (NOW + 1000, true), (NOW + 5000, true)] {
        let mut refreshing = Refreshing::new();
        refreshing.world.now = now;
        let expected = refused.then_some(Refusal::RefreshTokenExpired);
        assert_eq!(judged(&refreshing.refresh()).0, expected, "{now:?}");
    }
    for (idle, expected) in [(2000, NOW + 2000), (9000, NOW + 5000)] {
        let mut refreshing = Refreshing::new();
        refreshing.world.policy.refresh_idle_seconds = idle;
        let Some(Commit::UseRefreshToken { expires_at, .. }) = refreshing.refresh().commit else { panic!() };
        assert_eq!(expires_at, expected);
    }
    let mut past: Refreshing = Refreshing::new();
    past.grant().ends_at = NOW;
    assert_eq!(judged(&past.refresh()).0, Some(Refusal::RefreshTokenExpired));
}

#[test]
fn rt_12_the_refreshed_id_token_is_of_the_same_sign_in() {
    let mut refreshing = Refreshing::new();
    refreshing.world.now = NOW + 500;
    let auth_time: Timestamp = refreshing.grant().authentication.at;
    let sid = refreshing.grant().session_id.to_string();
    let id = refreshing.refresh().outcome.unwrap().id.unwrap();
    assert_eq!((id.iss.as_str(), id.sub.as_str()), (ISSUER, "u-ada"));
    assert!(id.aud.contains("app"));
    assert_eq!(id.auth_time.map(|at| at.seconds()), Some(auth_time.seconds()));
    assert_eq!(id.iat.seconds(), NOW.seconds() + 500);
    assert_eq!((id.sid, id.nonce), (Some(sid), None));
}

#[test]
fn rt_12_an_id_token_comes_where_openid_was_granted_and_is_asked_for() {
    // The scope granted, the scope and the API asked for, and whether an ID token comes.
    for (granted, asked, resource, comes) in [
        ("openid offline_access read", "", "", true),
        ("openid offline_access read", "openid", "", true),
        ("openid offline_access read", "openid read", NOTES, true),
        ("openid offline_access read", "", NOTES, true),
        ("openid offline_access read", "read", "", false),
        ("openid offline_access read", "offline_access read", NOTES, false),
        ("offline_access read", "", "", false),
        ("offline_access read", "read", "", false),
    ] {
        let mut refreshing = Refreshing::new();
        refreshing.grant().scope = scope(granted);
        refreshing.send("scope", asked);
        refreshing.send("resource", resource);
        let issue = refreshing.refresh().outcome.unwrap();
        assert_eq!(issue.id.is_some(), comes, "{granted:?} {asked:?} {resource:?}");
    }
}
