//! The rules of the request: response type and mode, PKCE, scope, resource, prompt, and how each refusal is told.

use serde_json::json;

use super::{Scene, Shown};
use crate::api::Apis;
use crate::authorize::Hint;
use crate::consent::ConsentFacts;
use crate::fixtures::{CHALLENGE, Changes, ISSUER, MAIL, NOTES, api, client, confidential};
use crate::ids::UserId;
use crate::refusal::{Named, Refusal};

/// Judges a request three times: signed in, the client is told; not signed in, only the person is; with `prompt=none`,
/// the client again (AZ-17).
fn check(scene: impl Fn() -> Scene, changes: Changes<'_>, expected: Option<Refusal>) {
    let nobody = |mut scene: Scene| {
        scene.login = None;
        scene
    };
    let Some(refusal) = expected else {
        assert_eq!(scene().shown(changes), Shown::Issue, "{changes:?}");
        assert_eq!(nobody(scene()).shown(changes), Shown::SignIn, "{changes:?}");
        return;
    };
    assert_eq!(scene().shown(changes), Shown::Refuse(refusal.clone()), "{changes:?}");
    let page = Shown::PageWithReturn(refusal.clone());
    if !changes.iter().any(|(name, _)| *name == "prompt") {
        assert_eq!(nobody(scene()).shown(changes), page, "{changes:?}");
        let silent: Vec<_> = changes.iter().copied().chain([("prompt", "none")]).collect();
        assert_eq!(nobody(scene()).shown(&silent), Shown::Refuse(refusal), "{changes:?}");
    }
}

fn check_all(scene: impl Fn() -> Scene, cases: &[(Changes<'_>, Option<Refusal>)]) {
    for (changes, expected) in cases {
        check(&scene, changes, expected.clone());
    }
}

fn browser_app() -> Scene {
    Scene::new(client(json!({})))
}

#[test]
fn az_08_az_34_v_22_v_38_only_a_code_and_only_in_the_query() {
    check_all(
        browser_app,
        &[
            (&[], None),
            (&[("response_type", "")], Some(Refusal::ResponseTypeMissing)),
            (&[("response_type", "token")], Some(Refusal::ResponseTypeUnsupported)),
            (&[("response_type", "code token")], Some(Refusal::ResponseTypeUnsupported)),
            (&[("response_type", "code id_token")], Some(Refusal::ResponseTypeUnsupported)),
            (&[("response_type", "id_token")], Some(Refusal::ResponseTypeUnsupported)),
            (&[("response_type", "none")], Some(Refusal::ResponseTypeUnsupported)),
            (&[("response_type", "CODE")], Some(Refusal::ResponseTypeUnsupported)),
            (&[("response_mode", "query")], None),
            (&[("response_mode", "fragment")], Some(Refusal::ResponseModeUnsupported)),
            (&[("response_mode", "form_post")], Some(Refusal::ResponseModeUnsupported)),
            (&[("response_mode", "query.jwt")], Some(Refusal::ResponseModeUnsupported)),
        ],
    );
    let service = || {
        let metadata =
            json!({"grant_types": ["client_credentials"], "redirect_uris": [crate::fixtures::CALLBACK]});
        Scene::new(confidential(metadata))
    };
    check(service, &[], Some(Refusal::GrantTypeUnregistered));
}

#[test]
fn az_09_az_10_az_11_v_01_v_02_v_04_a_challenge_is_s256_and_cannot_be_stripped() {
    let long = format!("{CHALLENGE}A");
    let cases: &[(Changes<'_>, Option<Refusal>)] = &[
        (&[("code_challenge_method", "plain")], Some(Refusal::ChallengeMethodUnsupported)),
        (&[("code_challenge_method", "")], Some(Refusal::ChallengeMethodUnsupported)),
        (&[("code_challenge_method", "s256")], Some(Refusal::ChallengeMethodUnsupported)),
        (&[("code_challenge_method", "S512")], Some(Refusal::ChallengeMethodUnsupported)),
        (&[("code_challenge", "short")], Some(Refusal::ChallengeMalformed)),
        (&[("code_challenge", &long)], Some(Refusal::ChallengeMalformed)),
        (&[("code_challenge", &CHALLENGE.replace('-', "+"))], Some(Refusal::ChallengeMalformed)),
        (&[("code_challenge", "")], Some(Refusal::ChallengeMissing)),
    ];
    let optional = || Scene::new(confidential(json!({"pkce": "optional"})));
    for scene in [&browser_app as &dyn Fn() -> Scene, &|| Scene::new(confidential(json!({}))), &optional] {
        check_all(scene, cases);
    }
    let without: Changes<'_> = &[("code_challenge", ""), ("code_challenge_method", "")];
    check(browser_app, without, Some(Refusal::ChallengeMissing));
    check(
        browser_app,
        &[without[0], without[1], ("client_secret", "made up")],
        Some(Refusal::ChallengeMissing),
    );
    check(|| Scene::new(confidential(json!({}))), without, Some(Refusal::ChallengeMissing));
    check(optional, without, None);
    // Registration refuses this one too (V-35); a row that says so all the same gains nothing.
    let exempt_public = || {
        let mut exempt = (*client(json!({}))).clone();
        exempt.pkce = proofkey_oauth::PkcePolicy::Optional;
        Scene::new(exempt.into())
    };
    check(exempt_public, without, Some(Refusal::ChallengeMissing));
}

#[test]
fn az_29_az_30_v_35_a_scope_is_well_formed_registered_and_known() {
    check_all(
        browser_app,
        &[
            (&[("scope", "openid read write")], None),
            (&[("scope", "read")], None),
            (&[("scope", "openid read\"")], Some(Refusal::ScopeMalformed)),
            (&[("scope", "openid \\")], Some(Refusal::ScopeMalformed)),
            (&[("scope", "openid\tread")], Some(Refusal::ScopeMalformed)),
            (&[("scope", "openid address")], Some(unregistered("address"))),
            (&[("scope", "openid admin")], None),
            (&[("scope", "read admin")], Some(Refusal::ScopeUnowned(Named::of("admin")))),
            (&[("scope", "OPENID")], Some(Refusal::ScopeUnowned(Named::of("OPENID")))),
            (&[("scope", " ")], Some(Refusal::ScopeMissing)),
        ],
    );
    let without = || Scene::new(client(json!({"scope": "openid read"})));
    check(without, &[("scope", "openid write")], Some(unregistered("write")));
    let at_mail = || Scene::new(client(json!({"resources": [MAIL]})));
    check(at_mail, &[("scope", "openid read")], Some(unregistered("read")));
    let no_refresh = || Scene::new(client(json!({"grant_types": ["authorization_code"]})));
    check(no_refresh, &[("scope", "offline_access")], Some(Refusal::ScopeMissing));
}

fn unregistered(scope: &str) -> Refusal {
    Refusal::ScopeUnregistered(Named::of(scope))
}

#[test]
fn k_18_az_29_a_scope_that_nobody_knows_is_ignored_in_an_openid_request_and_told_in_the_log() {
    // Registered for the client or not: no API owns it.
    for registered in ["openid email groups", "openid email"] {
        let mut scene = Scene::new(client(json!({"scope": registered})));
        let changes = [("scope", "groups openid email roles")];
        let crate::authorize::Next::Issue(issued) = scene.decide(&changes).outcome else { panic!() };
        assert_eq!(issued.scope().to_string(), "openid email");
        assert_eq!(issued.ignored().to_string(), "groups roles");
        let alone = || Scene::new(client(json!({"scope": registered})));
        check(alone, &[("scope", "groups")], Some(Refusal::ScopeUnowned(Named::of("groups"))));
        check(alone, &[("scope", "email groups")], Some(Refusal::ScopeUnowned(Named::of("groups"))));
    }
}

#[test]
fn k_23_az_29_the_resource_says_which_api_a_scope_is_meant_at() {
    const FILES: &str = "https://files.example";
    let two = |resources: &[&str]| {
        let metadata = json!({"resources": resources});
        move || {
            let mut scene = Scene::new(client(metadata.clone()));
            scene.world.apis = Apis::new(vec![
                api(1, NOTES, &["read", "write"]),
                api(2, MAIL, &["send"]),
                api(3, FILES, &["read"]),
            ]);
            scene.consent = ConsentFacts::parse("0 1 openid\n1 1 read write\n2 1 send\n3 1 read");
            scene
        }
    };
    let among = |names: &[&str]| Some(Refusal::ResourceAmbiguous(Named::list(names.iter().copied())));
    check(two(&[NOTES, FILES]), &[("scope", "openid read")], among(&[NOTES, FILES]));
    // Only what is open to the client counts.
    check(two(&[NOTES, MAIL]), &[("scope", "openid read")], None);
    check(two(&[MAIL]), &[("scope", "openid read")], Some(unregistered("read")));
    check(two(&[NOTES, FILES]), &[("scope", "openid write")], None);
    check_all(
        two(&[NOTES, MAIL, FILES]),
        &[
            (&[("resource", NOTES)], None),
            (&[("resource", FILES)], None),
            (&[("resource", NOTES), ("resource", FILES)], None),
            (&[("resource", MAIL)], Some(Refusal::ScopeOfOtherApi(Named::of("read")))),
            (&[("resource", ISSUER)], Some(Refusal::ScopeOfOtherApi(Named::of("read")))),
            (
                &[("resource", FILES), ("scope", "openid write")],
                Some(Refusal::ScopeOfOtherApi(Named::of("write"))),
            ),
            (&[("resource", FILES), ("scope", "openid")], None),
        ],
    );
    check(two(&[NOTES]), &[("resource", FILES)], Some(Refusal::ResourceUnregistered(Named::of(FILES))));
}

#[test]
fn k_11_az_22_the_grant_is_for_what_was_named_or_follows_from_the_scope() {
    let granted = |changes: Changes<'_>| {
        let scene = Scene::new(client(json!({})));
        let crate::authorize::Next::Consent(asked) = scene.allowed(None).decide(changes).outcome else {
            panic!()
        };
        asked.apis().to_string()
    };
    assert_eq!(granted(&[("scope", "openid read")]), "implied 0 1");
    assert_eq!(granted(&[("scope", "send offline_access read")]), "implied 1 2");
    assert_eq!(granted(&[("scope", "openid email")]), "implied 0");
    assert_eq!(granted(&[("scope", "email")]), "implied 0");
    assert_eq!(granted(&[("resource", NOTES)]), "named 1");
    assert_eq!(granted(&[("resource", MAIL), ("resource", NOTES), ("resource", MAIL)]), "named 1 2");
    assert_eq!(granted(&[("resource", ISSUER), ("scope", "openid")]), "named 0");
}

#[test]
fn az_29_az_30_what_is_granted_is_what_was_asked_for_and_can_be_used() {
    let granted = |client, changes: Changes<'_>| {
        let crate::authorize::Next::Issue(issued) = Scene::new(client).decide(changes).outcome else {
            panic!()
        };
        issued.scope().to_string()
    };
    let offline = [("scope", "openid offline_access")];
    let unable = json!({"grant_types": ["authorization_code"]});
    assert_eq!(granted(client(json!({})), &offline), "openid offline_access");
    assert_eq!(granted(client(unable), &offline), "openid");
    assert_eq!(granted(client(json!({})), &[("scope", "")]), "");
    assert_eq!(granted(client(json!({})), &[("scope", ""), ("resource", MAIL)]), "send");
    assert_eq!(granted(client(json!({"scope": "read"})), &[("scope", ""), ("resource", NOTES)]), "read");
}

#[test]
fn az_28_a_resource_is_absolute_and_known_and_may_repeat() {
    check_all(
        browser_app,
        &[
            (&[("resource", NOTES)], None),
            (&[("resource", NOTES), ("resource", ISSUER)], None),
            (&[("resource", ISSUER), ("scope", "openid")], None),
            (&[("resource", "/notes")], Some(Refusal::ResourceMalformed)),
            (&[("resource", "https://notes.example#x")], Some(Refusal::ResourceMalformed)),
            (&[("resource", "https://notes.example/x")], Some(Refusal::ResourceUnknown)),
            (&[("resource", NOTES), ("resource", "https://other.example")], Some(Refusal::ResourceUnknown)),
        ],
    );
}

#[test]
fn az_27_a_request_object_is_refused_and_not_ignored() {
    check_all(
        browser_app,
        &[
            (&[("request", "eyJhbGciOiJub25lIn0.e30.")], Some(Refusal::RequestObjectUnsupported)),
            (&[("request_uri", "https://app.example/r")], Some(Refusal::RequestUriUnsupported)),
            (&[("request_uri", "urn:ietf:params:oauth:request_uri:x")], Some(Refusal::RequestUriUnsupported)),
        ],
    );
}

#[test]
fn az_12_az_13_a_parameter_comes_once_and_an_unknown_one_is_ignored() {
    check_all(
        browser_app,
        &[
            (&[("whatever", "1"), ("claims", "{\"x\"")], None),
            (&[("whatever", "1"), ("whatever", "1")], None),
        ],
    );
}

#[test]
fn az_12_k_38_every_parameter_that_is_known_comes_once_and_the_refusal_names_it() {
    for name in [
        "response_type",
        "response_mode",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "prompt",
        "max_age",
        "login_hint",
        "id_token_hint",
        "ui_locales",
        "request",
        "request_uri",
    ] {
        let repeated = Refusal::ParameterRepeated(Named::ours(name));
        check(browser_app, &[(name, "1"), (name, "1")], Some(repeated));
    }
}

#[test]
fn az_24_az_25_prompt_and_max_age_have_a_grammar() {
    check_all(
        browser_app,
        &[
            (&[("prompt", "none login")], Some(Refusal::PromptMalformed)),
            (&[("prompt", "consent none")], Some(Refusal::PromptMalformed)),
            (&[("prompt", "create")], Some(Refusal::PromptMalformed)),
            (&[("max_age", "3600")], None),
            (&[("max_age", "-1")], Some(Refusal::MaxAgeMalformed)),
            (&[("max_age", "+3600")], Some(Refusal::MaxAgeMalformed)),
            (&[("max_age", "1e3")], Some(Refusal::MaxAgeMalformed)),
            (&[("max_age", "4294967296")], None),
            (&[("max_age", &"9".repeat(40))], None),
            (&[("max_age", "")], None),
        ],
    );
}

#[test]
fn az_26_a_hint_that_is_no_id_token_of_ours_is_refused() {
    let hinted = |hint: Hint| {
        move || {
            let mut scene = browser_app();
            scene.hint = hint.clone();
            scene
        }
    };
    check(hinted(Hint::Invalid), &[], Some(Refusal::IdTokenHintInvalid));
    check(hinted(Hint::User(UserId::new("u-ada"))), &[], None);
}

#[test]
fn az_17_az_24_a_request_that_wants_no_page_gets_none_even_when_it_is_wrong() {
    for prompt in ["none", "none login", " none"] {
        let mut scene = browser_app();
        scene.login = None;
        let shown = scene.shown(&[("prompt", prompt), ("response_mode", "fragment")]);
        assert_eq!(shown, Shown::Refuse(Refusal::ResponseModeUnsupported), "{prompt:?}");
    }
}
