//! Redeeming a code: each check refuses alone, in the order of the contract, and only a replay that passes all revokes.

use proofkey_oauth::{CodeVerifier, Timestamp};
use serde_json::json;

use super::{AudienceCase, Redemption, Writes, granted, judged};
use crate::authentication::{Authentication, AuthenticationMethods};
use crate::commit::Commit;
use crate::fixtures::{
    CALLBACK, MAIL, NOTES, NOW, VERIFIER, client, client_named, confidential, implied, scope,
};
use crate::refresh_chain::RefreshChain;
use crate::refusal::{Named, Refusal};

type Spoil = fn(&mut Redemption);

/// The checks in their order: each spoils a redemption so that exactly this check fails.
const CHECKS: [(Refusal, Spoil, Writes); 13] = [
    (
        Refusal::GrantTypeUnregistered,
        |r| r.client = confidential(json!({"grant_types": ["client_credentials"]})),
        Writes::Nothing,
    ),
    (Refusal::CodeInvalid, |r| r.code = None, Writes::Nothing),
    (Refusal::CodeOfAnotherClient, |r| r.client = client_named("other", json!({})), Writes::Nothing),
    (Refusal::CodeExpired, |r| r.world.now = NOW + 60, Writes::Nothing),
    (Refusal::RedirectUriMismatch, |r| r.send("redirect_uri", "https://app.example/CB"), Writes::Nothing),
    (Refusal::VerifierMissing, |r| r.send("code_verifier", ""), Writes::Nothing),
    (Refusal::VerifierMalformed, |r| r.send("code_verifier", "short"), Writes::Failure),
    (Refusal::VerifierWrong, |r| r.send("code_verifier", &VERIFIER.replace('d', "e")), Writes::Failure),
    (Refusal::CodeRedeemed, Redemption::replayed, Writes::Revocation),
    (Refusal::CodeLocked, |r| r.facts.failures = 5, Writes::Nothing),
    (Refusal::UserDisabled, |r| r.facts.subject = None, Writes::Nothing),
    (Refusal::ApiRemoved, |r| r.world.apis = crate::api::Apis::default(), Writes::Nothing),
    (Refusal::ResourceUnknown, |r| r.send("resource", "https://other.example"), Writes::Nothing),
];

#[test]
fn tk_04_tk_05_tk_06_v_08_v_35_each_check_refuses_alone_and_the_first_of_any_two_speaks() {
    assert_eq!(judged(&Redemption::new().redeem()), (None, Writes::Grant));
    for (index, (refusal, spoil, writes)) in CHECKS.iter().enumerate() {
        let mut alone = Redemption::new();
        spoil(&mut alone);
        assert_eq!(judged(&alone.redeem()), (Some(refusal.clone()), *writes));
        for (later, spoil_too, _) in &CHECKS[index + 1..] {
            // A verifier can be spoilt in one way only.
            let verifiers = [Refusal::VerifierMissing, Refusal::VerifierMalformed, Refusal::VerifierWrong];
            if verifiers.contains(refusal) && verifiers.contains(later) {
                continue;
            }
            // So can the client.
            if *refusal == Refusal::GrantTypeUnregistered && *later == Refusal::CodeOfAnotherClient {
                continue;
            }
            let mut both = Redemption::new();
            spoil(&mut both);
            spoil_too(&mut both);
            assert_eq!(judged(&both.redeem()), (Some(refusal.clone()), *writes), "{refusal:?} and {later:?}");
        }
    }
}

#[test]
fn tk_05_v_06_a_replay_revokes_the_grant_that_has_the_codes_id() {
    let mut replay = Redemption::new();
    replay.replayed();
    let verdict = replay.redeem();
    let Some(Commit::RevokeGrant { grant, at }) = verdict.commit else { panic!("not revoked") };
    assert_eq!((grant, at), (replay.code().id, NOW));
}

#[test]
fn tk_07_a_grant_is_revoked_once_however_many_replays_lose() {
    let mut replay = Redemption::new();
    replay.replayed();
    replay.facts.redemption.as_mut().unwrap().revoked_at = Some(NOW);
    assert_eq!(judged(&replay.redeem()), (Some(Refusal::CodeRedeemed), Writes::Nothing));
}

#[test]
fn tk_08_v_01_v_02_v_05_a_challenge_demands_its_verifier_and_a_verifier_its_challenge() {
    let other = CodeVerifier::from_random(&[1; 32]);
    let cases: [(bool, &str, Option<Refusal>, Writes); 5] = [
        (true, VERIFIER, None, Writes::Grant),
        (true, "", Some(Refusal::VerifierMissing), Writes::Nothing),
        (true, other.expose(), Some(Refusal::VerifierWrong), Writes::Failure),
        (false, "", None, Writes::Grant),
        (false, VERIFIER, Some(Refusal::VerifierUnexpected), Writes::Nothing),
    ];
    for (challenged, verifier, refusal, writes) in cases {
        let mut redemption = Redemption::by(confidential(json!({"pkce": "optional"})));
        if !challenged {
            redemption.code().challenge = None;
        }
        redemption.send("code_verifier", verifier);
        assert_eq!(judged(&redemption.redeem()), (refusal, writes), "{challenged} {verifier}");
    }
}

#[test]
fn tk_09_v_03_a_verifier_keeps_to_its_grammar_and_wrong_ones_burn_the_code() {
    for bad in ["a", &"a".repeat(42), &"a".repeat(129), &format!("{VERIFIER}="), &format!("{VERIFIER} ")] {
        let mut redemption = Redemption::new();
        redemption.send("code_verifier", bad);
        assert_eq!(
            judged(&redemption.redeem()),
            (Some(Refusal::VerifierMalformed), Writes::Failure),
            "{bad}"
        );
    }
    for (failures, refusal) in
        [(0, None), (4, None), (5, Some(Refusal::CodeLocked)), (9, Some(Refusal::CodeLocked))]
    {
        let mut redemption = Redemption::new();
        redemption.facts.failures = failures;
        assert_eq!(judged(&redemption.redeem()).0, refusal, "{failures}");
    }
}

#[test]
fn tk_09_the_count_of_failures_outlives_the_code_and_bounds_the_commit() {
    let mut redemption = Redemption::new();
    let Some(Commit::RedeemCode { failures_max, .. }) = redemption.redeem().commit else { panic!() };
    assert_eq!(failures_max, redemption.world.policy.code_failures_max);
    redemption.send("code_verifier", "short");
    let Some(Commit::CountCodeFailure { code, keep_until }) = redemption.redeem().commit else { panic!() };
    assert_eq!(code, redemption.code().id);
    assert!(keep_until > redemption.code().expires_at);
}

#[test]
fn tk_10_a_redirect_uri_is_the_same_or_left_out() {
    let strict = || client(json!({"require_redirect_uri": true}));
    let lenient = || client(json!({}));
    let mismatch = Some(Refusal::RedirectUriMismatch);
    for (client, sent_before, sent_now, refusal) in [
        (lenient(), true, CALLBACK, None),
        (lenient(), true, "", None),
        (lenient(), true, "https://app.example/cb/", mismatch.clone()),
        (lenient(), false, CALLBACK, None),
        (lenient(), false, "https://app.example/other", mismatch.clone()),
        (strict(), true, CALLBACK, None),
        (strict(), true, "", mismatch),
        (strict(), false, "", None),
    ] {
        let mut redemption = Redemption::by(client);
        redemption.code().redirect_uri_sent = sent_before;
        redemption.send("redirect_uri", sent_now);
        assert_eq!(judged(&redemption.redeem()).0, refusal, "{sent_before} {sent_now:?}");
    }
}

#[test]
fn az_21_a_code_is_good_until_the_second_before_its_end() {
    for (after, refusal) in
        [(0, None), (59, None), (60, Some(Refusal::CodeExpired)), (61, Some(Refusal::CodeExpired))]
    {
        let mut redemption = Redemption::new();
        redemption.world.now = NOW + after;
        assert_eq!(judged(&redemption.redeem()).0, refusal, "{after}");
    }
}

#[test]
fn tk_05_what_was_spent_is_kept_until_no_replay_can_arrive() {
    for offline in [true, false] {
        for access_seconds in [5, 600] {
            let mut redemption = Redemption::new();
            redemption.world.policy.access_token_seconds = access_seconds;
            redemption.code().scope = scope(if offline { "openid offline_access" } else { "openid" });
            let code_ends = redemption.code().expires_at;
            let Some(Commit::RedeemCode { grant, .. }) = redemption.redeem().commit else { panic!() };
            assert!(grant.expires_at > code_ends && grant.expires_at > NOW + access_seconds);
            assert!(grant.expires_at <= grant.ends_at);
        }
    }
}

#[test]
fn rt_07_az_30_the_grant_lives_as_its_refresh_tokens_do() {
    let policy = crate::fixtures::World::new().policy;
    let (idle, absolute) = (policy.refresh_idle_seconds, policy.refresh_absolute_seconds);
    let only_codes = json!({"grant_types": ["authorization_code"]});
    for (client, text, refreshes) in [
        (client(json!({})), "openid offline_access", true),
        (client(json!({})), "openid", false),
        (client(only_codes), "openid offline_access", false),
    ] {
        let mut redemption = Redemption::by(client);
        redemption.code().scope = scope(text);
        let verdict = redemption.redeem();
        let (issue, Some(Commit::RedeemCode { grant, .. })) = (verdict.outcome.unwrap(), verdict.commit)
        else {
            panic!("not redeemed")
        };
        assert_eq!(issue.refresh.map(|refresh| refresh.generation), refreshes.then_some(1), "{text}");
        let ends: (Timestamp, Timestamp) = (grant.expires_at, grant.ends_at);
        let expected = if refreshes { (NOW + idle, NOW + absolute) } else { (NOW + 660, NOW + 660) };
        assert_eq!(ends, expected, "{text}");
        assert_eq!((&grant.refresh, grant.revoked_at), (&RefreshChain::default(), None));
    }
}

#[test]
fn rt_09_only_a_browser_apps_grant_is_bound_to_the_session() {
    for (client, bound) in [
        (client(json!({})), true),
        (client(json!({"application_type": "native"})), false),
        (confidential(json!({})), false),
    ] {
        let mut redemption = Redemption::by(client);
        let Some(Commit::RedeemCode { grant, .. }) = redemption.redeem().commit else { panic!() };
        assert_eq!(grant.session_bound, bound);
        assert_eq!(grant.session_id, redemption.code().session_id);
    }
}

#[test]
fn tk_14_v_36_the_token_is_for_the_resource_that_was_granted() {
    const ISSUER: &str = crate::fixtures::ISSUER;
    let beyond = || Err(Refusal::ResourceBeyondGrant);
    let ambiguous = || Err(Refusal::ResourceAmbiguous(Named::list([NOTES, MAIL].into_iter())));
    let cases: [AudienceCase; 14] = [
        (&[], &[], "openid read", Ok(&[NOTES, ISSUER])),
        (&[], &[NOTES], "openid read", Ok(&[NOTES])),
        (&[], &[ISSUER], "openid read", Ok(&[ISSUER])),
        (&[NOTES], &[], "openid read", Ok(&[NOTES])),
        (&[NOTES, ISSUER], &[], "openid read", Ok(&[NOTES])),
        (&[NOTES], &[NOTES], "openid read", Ok(&[NOTES])),
        (&[NOTES, MAIL], &[MAIL], "openid read send", Ok(&[MAIL])),
        (&[NOTES, MAIL], &[], "openid read send", ambiguous()),
        (&[NOTES], &[MAIL], "openid read", beyond()),
        (&[NOTES, MAIL], &[NOTES, MAIL], "openid read send", Err(Refusal::ResourceSeveral)),
        (&[NOTES], &[ISSUER], "openid read", Ok(&[ISSUER])),
        (&[NOTES], &[ISSUER], "read", beyond()),
        // Nothing was named before: what was granted are the APIs whose scopes were.
        (&[], &[MAIL], "openid read", beyond()),
        (&[], &[MAIL], "openid read send", Ok(&[MAIL])),
    ];
    for (named, requested, text, expected) in cases {
        let mut redemption = Redemption::new();
        redemption.code().apis = granted(named, text);
        redemption.code().scope = scope(text);
        requested.iter().for_each(|resource| redemption.send("resource", resource));
        let found = redemption.redeem().outcome.map(|issue| issue.access.aud.as_slice().to_vec());
        let expected = expected.map(|aud| aud.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
        assert_eq!(found, expected, "{named:?} {requested:?} {text}");
    }
}

#[test]
fn tk_14_an_api_that_was_removed_gets_no_more_tokens() {
    let mut redemption = Redemption::new();
    redemption.world.apis = crate::api::Apis::new(vec![crate::fixtures::api(3, NOTES, &["read", "write"])]);
    assert_eq!(
        judged(&redemption.redeem()),
        (Some(Refusal::ApiRemoved), Writes::Nothing),
        "another took its place"
    );
}

#[test]
fn tk_18_tk_17_the_id_token_says_who_when_and_for_whom() {
    let mut redemption = Redemption::new();
    let session = redemption.code().session_id.to_string();
    let issue = redemption.redeem().outcome.unwrap();
    let id = issue.id.unwrap();
    assert_eq!((id.iss.as_str(), id.sub.as_str()), ("https://id.example", "u-ada"));
    assert!(id.sub.len() <= 255 && id.sub.is_ascii());
    assert_eq!((id.aud.as_slice(), id.nonce.as_deref()), (&["app".to_owned()][..], Some("n")));
    assert_eq!(id.auth_time.map(|at| at.seconds()), Some(NOW.seconds() - 60));
    assert_eq!((id.iat.seconds(), id.exp.seconds()), (NOW.seconds(), NOW.seconds() + 3600));
    assert_eq!(id.sid, Some(session));
    assert_eq!((id.amr, id.acr), (Some(vec!["pwd".to_owned()]), None));
    assert_eq!((issue.expires_in, issue.id_algorithm.name()), (600, "RS256"));
    assert_eq!(issue.access.grant_id, Some(redemption.code().id.to_string()));
    let mut without = Redemption::new();
    without.code().scope = scope("read");
    without.code().apis = implied("read");
    assert!(without.redeem().outcome.unwrap().id.is_none());
}

#[test]
fn tk_18_the_id_token_claims_no_more_of_the_authentication_than_is_known() {
    for (methods, context) in [("", None), ("pwd", Some("urn:example:two"))] {
        let mut redemption = Redemption::new();
        let authentication = Authentication {
            at: NOW,
            methods: AuthenticationMethods::parse(methods).unwrap(),
            context: context.map(str::to_owned),
        };
        redemption.code().authentication = authentication.clone();
        let verdict = redemption.redeem();
        let Some(Commit::RedeemCode { grant, .. }) = verdict.commit else { panic!("no grant") };
        assert_eq!(grant.authentication, authentication);
        let id = verdict.outcome.unwrap().id.unwrap();
        assert_eq!((id.amr, id.acr.as_deref()), (authentication.methods.claim(), context));
    }
}

#[test]
fn tk_17_a_client_has_a_ceiling_for_the_life_of_its_tokens() {
    for (ceiling, seconds) in [(None, 600), (Some(30), 30), (Some(6000), 600)] {
        let issue =
            Redemption::by(client(json!({"access_token_seconds": ceiling}))).redeem().outcome.unwrap();
        assert_eq!((issue.expires_in, issue.access.exp.seconds()), (seconds, NOW.seconds() + seconds));
    }
}
