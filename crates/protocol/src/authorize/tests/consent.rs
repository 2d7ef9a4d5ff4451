//! When consent is asked, what counts as given, and what is remembered of it.

use std::sync::Arc;

use serde_json::json;

use super::{Scene, Shown};
use crate::authorize::{Answer, Next};
use crate::client::Client;
use crate::commit::Commit;
use crate::fixtures::{MAIL, NOTES, NOW, client, confidential, native, resources};
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
fn az_32_an_api_that_owns_nothing_of_the_scope_is_asked_about_every_time() {
    for (scope, resource, expected) in [
        ("openid read", NOTES, Shown::Issue),
        ("openid read", crate::fixtures::ISSUER, Shown::Issue),
        ("openid", NOTES, Shown::Consent),
        ("openid read", MAIL, Shown::Consent),
    ] {
        let changes = [("scope", scope), ("resource", resource)];
        let scene = || Scene::new(client(json!({}))).allowed(Some("openid read"));
        assert_eq!(scene().shown(&changes), expected, "{scope} {resource}");
        let answered = scene();
        let session = answered.session();
        assert_eq!(answered.answered(session, Answer::Allow).shown(&changes), Shown::Issue);
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
    let Some(Commit::GiveConsent { user, client: to, scope, before, at }) = verdict.commit else {
        panic!("not remembered")
    };
    assert_eq!((user, to), (UserId::new("u-ada"), ClientId::new("app")));
    assert_eq!((scope.to_string().as_str(), at), ("openid read", NOW));
    let before = before.map(|consent| consent.scope.to_string());
    assert_eq!(before.as_deref(), Some("openid email"), "as it was when this was decided");
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
    let Next::Consent(asked) = scene.decide(&changes).outcome else { panic!("not asked") };
    assert_eq!(asked.client().id, ClientId::new("app"));
    assert_eq!(asked.scope().to_string(), "openid read");
    assert_eq!(asked.resources(), resources(&[NOTES, MAIL]));
    assert_eq!(asked.target().uri(), "http://127.0.0.1:4000/callback");
    assert!(asked.target().is_on_device());
    assert_eq!(asked.login().user().display_name, "Ada Lovelace");
}
