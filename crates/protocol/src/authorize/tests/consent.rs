//! When consent is asked, what counts as given, and what is remembered of it.

use std::sync::Arc;

use serde_json::json;

use super::{Scene, Shown};
use crate::api::{Apis, GrantedApis};
use crate::authorize::{Answer, Lifetime, Next};
use crate::client::Client;
use crate::commit::Commit;
use crate::consent::ConsentFacts;
use crate::fixtures::{CALLBACK, MAIL, NOTES, NOW, api, client, confidential, consent, ids, native, user};
use crate::ids::{ClientId, SessionId, UserId};
use crate::refusal::Refusal;

const NATIVE_CALLBACK: (&str, &str) = ("redirect_uri", "http://127.0.0.1:4000/callback");

#[test]
fn az_30_consent_is_asked_once_for_each_scope() {
    for (remembered, asked, expected) in [
        (None, "openid", Shown::Consent),
        (Some("openid read"), "openid", Shown::Issue),
        (Some("openid read"), "openid read", Shown::Issue),
        (Some("openid"), "openid read", Shown::Consent),
        (Some("openid"), "openid offline_access", Shown::Consent),
        (Some("openid offline_access"), "openid offline_access", Shown::Issue),
        (Some(""), "openid", Shown::Consent),
    ] {
        for prompt in ["", "consent"] {
            let mut scene = Scene::new(client(json!({}))).allowed(remembered);
            let expected = if prompt.is_empty() { &expected } else { &Shown::Consent };
            let shown = scene.shown(&[("scope", asked), ("prompt", prompt)]);
            assert_eq!(shown, *expected, "{remembered:?} {asked} {prompt}");
        }
    }
}

#[test]
fn az_29_k_10_an_api_that_is_named_without_its_scopes_is_asked_about_once() {
    for (scope, resource, expected) in [
        ("openid read", NOTES, Shown::Issue),
        ("openid", crate::fixtures::ISSUER, Shown::Issue),
        ("openid", NOTES, Shown::Issue),
        ("openid", MAIL, Shown::Consent),
    ] {
        let changes = [("scope", scope), ("resource", resource)];
        let scene = || Scene::new(client(json!({}))).allowed(Some("openid read"));
        assert_eq!(scene().shown(&changes), expected, "{scope} {resource}");
        let answered = scene();
        let session = answered.session();
        let verdict = answered.answered(session, Answer::Allow).decide(&changes);
        assert!(matches!(verdict.outcome, Next::Issue(_)));
        if let Some(Commit::GiveConsent { after, .. }) = verdict.commit {
            let mut remembered = scene();
            remembered.consent = Some(after);
            assert_eq!(remembered.shown(&changes), Shown::Issue, "{scope} {resource} is remembered");
        } else {
            assert_eq!(expected, Shown::Issue, "what stands is not written again");
        }
    }
}

#[test]
fn az_31_an_app_that_any_other_could_pretend_to_be_is_asked_about_every_time() {
    let on_device = |uri: &str, public: bool| -> Arc<Client> {
        let metadata = json!({"redirect_uris": [uri], "application_type": "native"});
        if public { client(metadata) } else { confidential(metadata) }
    };
    for (uri, public, asked) in [
        ("http://127.0.0.1/callback", true, true),
        ("http://[::1]/callback", true, true),
        ("http://localhost/callback", true, true),
        ("com.example.app:/callback", true, true),
        ("https://app.example/callback", true, false),
        ("http://127.0.0.1/callback", false, false),
    ] {
        let scene = || Scene::new(on_device(uri, public));
        let expected = if asked { Shown::Consent } else { Shown::Issue };
        assert_eq!(scene().shown(&[("redirect_uri", uri)]), expected, "{uri} {public}");
        let silent = [("redirect_uri", uri), ("prompt", "none")];
        let expected = if asked { Shown::Refuse(Refusal::InteractionRequired) } else { Shown::Issue };
        assert_eq!(scene().shown(&silent), expected, "{uri} {public}");
        let answered = scene();
        let session = answered.session();
        assert_eq!(answered.answered(session, Answer::Allow).shown(&[("redirect_uri", uri)]), Shown::Issue);
    }
    assert_eq!(
        Scene::new(native()).allowed(None).shown(&[NATIVE_CALLBACK, ("prompt", "none")]),
        Shown::Refuse(Refusal::ConsentRequired)
    );
}

#[test]
fn v_56_an_answer_counts_only_in_the_session_that_saw_the_page() {
    let swapped =
        |answer| Scene::new(native()).answered(SessionId([8; 16]), answer).shown(&[NATIVE_CALLBACK]);
    assert_eq!(swapped(Answer::Allow), Shown::Consent);
    assert_eq!(swapped(Answer::Deny), Shown::Consent);
    let own = |answer| {
        let scene = Scene::new(native());
        let session = scene.session();
        scene.answered(session, answer).shown(&[NATIVE_CALLBACK])
    };
    assert_eq!(own(Answer::Allow), Shown::Issue);
    assert_eq!(own(Answer::Deny), Shown::Refuse(Refusal::AccessDenied));
}

#[test]
fn az_30_what_is_allowed_on_the_page_is_remembered() {
    let scene = Scene::new(client(json!({}))).allowed(Some("openid email"));
    let session = scene.session();
    let verdict = scene.answered(session, Answer::Allow).decide(&[]);
    let Some(Commit::GiveConsent { user, client: to, before, after }) = verdict.commit else {
        panic!("not remembered")
    };
    assert_eq!((user, to), (UserId::new("u-ada"), ClientId::new("app")));
    let (then, now) = (NOW.seconds() - 100, NOW.seconds());
    assert_eq!(after.as_str(), format!("0 {then} openid email\n1 {now} read"));
    assert_eq!(before.unwrap().as_str(), format!("0 {then} openid email"), "as it was when this was decided");
    let covered = Scene::new(client(json!({}))).decide(&[]);
    assert!(
        covered.commit.is_none(),
        "nothing is written at /authorize for a signed-in user who has allowed it"
    );
}

#[test]
fn az_32_the_page_knows_client_scope_apis_and_where_the_answer_goes() {
    let mut scene = Scene::new(native());
    let changes = [NATIVE_CALLBACK, ("resource", NOTES), ("resource", MAIL)];
    scene.consent = Some(consent("openid read"));
    let Next::Consent(asked) = scene.decide(&changes).outcome else { panic!("not asked") };
    assert_eq!(asked.client().id, ClientId::new("app"));
    assert_eq!(asked.scope().to_string(), "openid read");
    assert_eq!(asked.apis(), &GrantedApis::named(ids(&[NOTES, MAIL])));
    let terms = asked.consent_terms(&scene.world.apis, &scene.world.policy);
    let apis: Vec<_> = terms.apis.iter().map(|shown| (shown.api.resource(), shown.is_new)).collect();
    assert_eq!(apis, [(NOTES, false), (MAIL, true)]);
    assert_eq!(terms.lifetime, Lifetime::AccessToken { seconds: 600 });
    assert_eq!(asked.target().uri(), "http://127.0.0.1:4000/callback");
    assert!(asked.target().is_on_device());
    assert_eq!(asked.login().user().display_name, "Ada Lovelace");
}

#[test]
fn k_10_an_answer_to_a_page_that_showed_something_else_is_asked_again() {
    type Change = (&'static str, fn(&mut Scene), bool);
    let changes: [Change; 15] = [
        ("nothing", |_| {}, true),
        ("the session was used", |s| s.world.now = NOW + 60, true),
        ("the consent was withdrawn", |s| s.consent = None, true),
        ("the client's name", |s| s.client = Some(client(json!({"client_name": "Other"}))), false),
        (
            "the client's home page",
            |s| s.client = Some(client(json!({"client_uri": "https://other.example"}))),
            false,
        ),
        (
            "another address beside it",
            |s| s.client = Some(client(json!({"redirect_uris": [CALLBACK, "https://x.example/"]}))),
            true,
        ),
        (
            "the host that the client is shown with",
            |s| s.client = Some(client(json!({"redirect_uris": ["https://x.example/", CALLBACK]}))),
            false,
        ),
        ("a secret, so that it is no public client", |s| s.client = Some(confidential(json!({}))), false),
        (
            "no refresh tokens any more",
            |s| s.client = Some(client(json!({"grant_types": ["authorization_code"]}))),
            false,
        ),
        (
            "an app on the device, whose refresh tokens outlive the session",
            |s| s.client = Some(client(json!({"application_type": "native"}))),
            false,
        ),
        ("longer refreshing", |s| s.world.policy.refresh_absolute_seconds += 1, false),
        (
            "another API under the same resource",
            |s| {
                s.world.apis = Apis::new(vec![api(3, NOTES, &["read", "write"]), api(2, MAIL, &["send"])]);
            },
            false,
        ),
        (
            "the scope at another API",
            |s| {
                s.world.apis = Apis::new(vec![api(1, NOTES, &["write"]), api(2, MAIL, &["send", "read"])]);
            },
            false,
        ),
        (
            "the API's scopes beside it",
            |s| {
                s.world.apis =
                    Apis::new(vec![api(1, NOTES, &["read", "write", "more"]), api(2, MAIL, &["send"])]);
            },
            true,
        ),
        (
            "another session, which lives longer",
            |s| {
                s.login = Some(s.world.signed_in(user(), 0).0);
            },
            false,
        ),
    ];
    for (name, change, still_counts) in changes {
        let request = [("scope", "openid read offline_access")];
        for answer in [Answer::Allow, Answer::Deny] {
            let mut scene = Scene::new(client(json!({}))).allowed(Some("openid"));
            let (session, page) = (scene.session(), scene.page_of(&request));
            change(&mut scene);
            scene.answer = Some((session, answer, page));
            let elsewhere = name.starts_with("another session");
            let expected = match answer {
                Answer::Allow if still_counts => Shown::Issue,
                Answer::Deny if !elsewhere => Shown::Refuse(Refusal::AccessDenied),
                _ => Shown::Consent,
            };
            assert_eq!(scene.shown(&request), expected, "{name} {answer:?}");
        }
    }
}

#[test]
fn k_10_the_page_marks_what_comes_to_what_is_allowed_already() {
    let marked = |held: Option<&str>, changes: &[(&str, &str)]| {
        let mut scene = Scene::new(client(json!({}))).allowed(held);
        let Next::Consent(asked) = scene.decide(changes).outcome else { panic!("not asked") };
        let terms = asked.consent_terms(&scene.world.apis, &scene.world.policy);
        let new = terms.scopes.iter().filter(|scope| scope.is_new);
        new.map(|scope| scope.token.to_owned()).collect::<Vec<_>>().join(" ")
    };
    let asked = [("scope", "openid email read offline_access")];
    assert_eq!(marked(None, &asked), "", "all of it is new");
    assert_eq!(marked(Some("openid"), &asked), "email read offline_access");
    assert_eq!(marked(Some("openid email read"), &asked), "offline_access");
    let held = Some("openid email offline_access");
    assert_eq!(
        marked(held, &asked),
        "read offline_access",
        "offline_access is allowed at each API by itself"
    );
}

#[test]
fn k_10_more_than_can_be_remembered_is_not_asked_about() {
    let scopes: Vec<String> = (0..10).map(|n| n.to_string().repeat(4000)).collect();
    let names: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let scene = |held: &str| {
        let mut scene = Scene::new(client(json!({"scope": names[9]})));
        scene.world.apis = Apis::new(vec![api(1, NOTES, &names)]);
        scene.consent = ConsentFacts::parse(held);
        scene
    };
    let held = |count: usize| format!("1 5 {}", names[..count].join(" "));
    let changes = [("scope", names[9])];
    assert_eq!(scene(&held(7)).shown(&changes), Shown::Consent);
    assert_eq!(scene(&held(8)).shown(&changes), Shown::Refuse(Refusal::ConsentTooLarge));
    let again = held(7) + " " + names[9];
    assert_eq!(scene(&again).shown(&changes), Shown::Issue, "what is allowed already goes on");
}
