//! Who is asking and where the answer may go: before both are known to be right, only the person is told anything.

use proofkey_oauth::{Params, RequiredParameter, sha256, wire_text};
use serde_json::json;

use super::{Scene, Shown};
use crate::api::GrantedApis;
use crate::authorize::Next;
use crate::code::AuthorizationCode;
use crate::fixtures::{CALLBACK, CHALLENGE, ISSUER, NOTES, NOW, World, client, client_named, ids, native};
use crate::ids::{ClientId, UserId};
use crate::refusal::{Named, Refusal};

/// Refused on a page of ours, with a user signed in and without, and whatever else the request says.
fn check_page(scene: impl Fn() -> Scene, changes: &[(&str, &str)], refusal: Refusal) {
    let others: [&[(&str, &str)]; 4] =
        [&[], &[("prompt", "none")], &[("response_mode", "fragment")], &[("scope", "openid \"")]];
    for more in others {
        let all: Vec<_> = changes.iter().chain(more).copied().collect();
        let mut nobody = scene();
        nobody.login = None;
        for mut scene in [scene(), nobody] {
            assert_eq!(scene.shown(&all), Shown::Page(refusal.clone()), "{all:?}");
        }
    }
}

#[test]
fn az_01_az_35_an_unknown_disabled_or_missing_client_is_told_to_the_person_alone() {
    assert_eq!(Scene::new(client(json!({}))).shown(&[]), Shown::Issue);
    let unknown = || {
        let mut scene = Scene::new(client(json!({})));
        scene.client = None;
        scene
    };
    check_page(unknown, &[], Refusal::ClientUnknown);
    let missing = Refusal::from(RequiredParameter::ClientId);
    check_page(unknown, &[("client_id", "")], missing);
    let disabled = || {
        let mut disabled = (*client(json!({}))).clone();
        disabled.disabled = true;
        Scene::new(disabled.into())
    };
    check_page(disabled, &[], Refusal::ClientDisabled);
}

#[test]
fn az_02_v_12_v_13_v_14_v_15_v_18_v_19_v_22_only_the_registered_bytes_redirect_in_any_response_mode() {
    let scene = || Scene::new(client(json!({})));
    assert_eq!(scene().shown(&[("redirect_uri", CALLBACK)]), Shown::Issue);
    for sent in [
        "https://app.example/cb/",
        "https://app.example/CB",
        "https://APP.example/cb",
        "HTTPS://app.example/cb",
        "https://app.example/cb?x=1",
        "https://app.example/cb?",
        "https://app.example/%2e%2e/cb",
        "https://app.example/cb/..;/x",
        "https://u@app.example/cb",
        "https://app.example@evil.example/cb",
        "https://a@b@evil/",
        "https://app.example\\@evil/cb",
        "https://app.example:443/cb",
        "https://xn--pp-eka.example/cb",
        "https://app.example/cb#",
        "https://app.example/cb#code=x",
        "https://app.example/cb\t",
        "https://app.example/cb\n",
        " https://app.example/cb",
        "https://appXexample/cb",
        "https://app.example.evil.example/cb",
        "http://app.example/cb",
        "//app.example/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "\"><svg onload=alert(1)>",
    ] {
        check_page(scene, &[("redirect_uri", sent)], Refusal::RedirectUriUnregistered);
    }
}

#[test]
fn az_03_az_04_v_16_only_the_port_of_a_native_apps_loopback_address_is_free() {
    let scene = || Scene::new(native());
    for port in ["", ":1", ":51004", ":65535"] {
        let sent = format!("http://127.0.0.1{port}/callback");
        let mut scene = scene();
        assert_eq!(scene.shown(&[("redirect_uri", &sent)]), Shown::Consent, "{sent}");
    }
    for sent in [
        "http://127.0.0.1.evil.com/callback",
        "http://127.0.0.1:1@evil.com/callback",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:1/callback?x=1",
        "http://127.0.0.1:1/Callback",
        "https://127.0.0.1:1/callback",
        "http://localhost:1/callback",
        "http://[::1]:1/callback",
        "http://0.0.0.0/callback",
        "http://127.1/callback",
    ] {
        check_page(scene, &[("redirect_uri", sent)], Refusal::RedirectUriUnregistered);
    }
}

#[test]
fn az_07_a_redirect_uri_may_be_left_out_only_where_it_is_the_only_one_and_without_openid() {
    let one = || Scene::new(client(json!({})));
    let two = || Scene::new(client(json!({"redirect_uris": [CALLBACK, "https://app.example/other"]})));
    assert_eq!(one().shown(&[("redirect_uri", ""), ("scope", "read")]), Shown::Issue);
    check_page(one, &[("redirect_uri", "")], Refusal::RedirectUriMissing);
    assert_eq!(
        two().shown(&[("redirect_uri", ""), ("scope", "read")]),
        Shown::Page(Refusal::RedirectUriMissing)
    );
}

#[test]
fn az_12_v_12_a_repeated_client_id_or_redirect_uri_is_told_to_the_person_alone() {
    let scene = || Scene::new(client(json!({})));
    for name in ["client_id", "redirect_uri"] {
        let value = if name == "client_id" { "app" } else { CALLBACK };
        check_page(scene, &[(name, value), (name, value)], Refusal::ParameterRepeated(Named::ours(name)));
        check_page(
            scene,
            &[(name, value), (name, "https://evil.example/")],
            Refusal::ParameterRepeated(Named::ours(name)),
        );
    }
}

/// The parameters behind a location, which goes to the callback.
fn answer(location: &str, callback: &str) -> Params {
    let query = location.strip_prefix(callback).unwrap();
    Params::parse(&query.as_bytes()[1..]).unwrap()
}

#[test]
fn az_06_az_19_az_20_az_23_state_and_issuer_come_with_success_and_error_alike() {
    let long = "x".repeat(1024);
    let callback = "https://app.example/cb?tenant=1";
    for state in [None, Some("s"), Some("a+b%2B %25&=#\"<>"), Some("é\u{1F512}"), Some(long.as_str())] {
        for (mode, prompt) in [("query", ""), ("fragment", ""), ("query", "none")] {
            let mut scene = Scene::new(client(json!({"redirect_uris": [callback]})));
            scene = scene.allowed((prompt != "none").then_some(crate::fixtures::SCOPES));
            let changes = [
                ("redirect_uri", callback),
                ("response_mode", mode),
                ("prompt", prompt),
                ("state", state.unwrap_or_default()),
            ];
            let (location, error) = match scene.decide(&changes).outcome {
                Next::Issue(issued) => (issued.location().expose().to_owned(), None),
                Next::Refuse(response) => {
                    (response.target.with_error(&response.refusal, None), Some(response.refusal))
                }
                other => panic!("{other:?}"),
            };
            let answer = answer(&location, callback);
            assert_eq!(answer.first("state"), state);
            assert_eq!(answer.first("iss"), Some(ISSUER));
            assert_eq!(answer.first("error"), error.as_ref().map(|refusal| refusal.code().as_str()));
            let description = error.as_ref().map(|refusal| wire_text(refusal.explain().cause));
            assert_eq!(answer.first("error_description"), description.as_deref());
            assert_eq!(answer.first("code").is_some(), error.is_none());
            let front_channel = ["access_token", "id_token", "token_type", "expires_in"];
            assert!(front_channel.iter().all(|name| !answer.contains(name)), "az_08 {location}");
            assert!(
                location.is_ascii() && !location.contains(['\n', '\r', ' ', '"', '<', '#']),
                "{location}"
            );
        }
    }
}

#[test]
fn az_21_az_22_the_code_is_bound_to_all_that_was_decided_and_lives_a_minute() {
    let mut scene = Scene::new(client(json!({})));
    let session = scene.session();
    let Next::Issue(issued) = scene.decide(&[("resource", NOTES)]).outcome else { panic!("no code") };
    let answer = answer(issued.location().expose(), CALLBACK);
    let code = AuthorizationCode::open(&World::new().cx(), answer.first("code").unwrap()).unwrap();
    assert_eq!(code.id, issued.id());
    assert_eq!(code.client_id, ClientId::new("app"));
    assert_eq!((code.redirect_uri, code.redirect_uri_sent), (sha256(CALLBACK.as_bytes()), true));
    assert_eq!(code.challenge.unwrap().to_string(), CHALLENGE);
    assert_eq!((code.scope.to_string().as_str(), code.nonce.as_deref()), ("openid read", Some("n")));
    assert_eq!(code.apis, GrantedApis::named(ids(&[NOTES])));
    assert_eq!((code.user_id, code.session_id), (UserId::new("u-ada"), session));
    assert_eq!((code.authentication.at, code.expires_at), (NOW + -60, NOW + 60));
}

#[test]
fn az_21_a_client_may_have_shorter_codes_but_never_longer_ones() {
    for (own, expected) in [(None, 60), (Some(10), 10), (Some(600), 60)] {
        let mut scene = Scene::new(client(json!({"code_seconds": own})));
        let Next::Issue(issued) = scene.decide(&[]).outcome else { panic!("no code") };
        let answer = answer(issued.location().expose(), CALLBACK);
        let code = AuthorizationCode::open(&World::new().cx(), answer.first("code").unwrap()).unwrap();
        assert_eq!(code.expires_at, NOW + expected, "{own:?}");
    }
}

#[test]
fn az_07_az_22_a_code_for_an_unsent_redirect_uri_says_so() {
    let mut scene = Scene::new(client_named("app", json!({})));
    let Next::Issue(issued) = scene.decide(&[("redirect_uri", ""), ("scope", "read")]).outcome else {
        panic!()
    };
    let answer = answer(issued.location().expose(), CALLBACK);
    let code = AuthorizationCode::open(&World::new().cx(), answer.first("code").unwrap()).unwrap();
    assert!(!code.redirect_uri_sent && code.was_redirected_to(CALLBACK));
}
