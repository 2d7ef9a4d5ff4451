use proofkey_oauth::{Issuer, ResourceUri};
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn server(sends_iss: bool) -> Server {
    let document = json!({"issuer": "https://id.example", "authorization_endpoint": "https://id.example/authorize",
        "token_endpoint": "https://id.example/token", "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": sends_iss});
    let issuer = Issuer::parse("https://id.example").unwrap();
    Server::from_metadata(&issuer, document.to_string().as_bytes()).unwrap()
}

fn begin(sends_iss: bool) -> Attempt {
    let mut app = Application::new("https://id.example", "app").unwrap();
    app.resource = Some(ResourceUri::parse("https://api.example/notes").unwrap());
    let options = SignInOptions {
        max_age_seconds: Some(60),
        login_hint: Some("ada & co".into()),
        ..SignInOptions::default()
    };
    Attempt::begin(&server(sends_iss), &app, &options, "http://127.0.0.1:7/callback").unwrap()
}

fn sent(attempt: &Attempt) -> Params {
    Params::parse(attempt.url().as_str().split_once('?').unwrap().1.as_bytes()).unwrap()
}

#[test]
fn cl_02_each_attempt_has_a_fresh_verifier_state_and_nonce() {
    let (a, b) = (begin(true), begin(true));
    let (sent_a, sent_b) = (sent(&a), sent(&b));
    for name in ["state", "nonce", "code_challenge"] {
        assert_eq!(sent_a.first(name).unwrap().len(), 43, "{name}");
        assert_ne!(sent_a.first(name), sent_b.first(name), "{name}");
    }
    assert_eq!(a.verifier.expose().len(), 43);
    assert_eq!(sent_a.first("code_challenge"), Some(a.verifier.challenge().to_string().as_str()));
}

#[test]
fn cl_09_the_resource_is_in_both_requests_and_parameters_survive_encoding() {
    let attempt = begin(true);
    let sent = sent(&attempt);
    assert_eq!(sent.first("resource"), Some("https://api.example/notes"));
    assert_eq!(sent.first("login_hint"), Some("ada & co"));
    assert_eq!((sent.first("max_age"), sent.first("code_challenge_method")), (Some("60"), Some("S256")));
    let mut app = Application::new("https://id.example", "app").unwrap();
    app.resource = Some(ResourceUri::parse("https://api.example/notes").unwrap());
    let form = attempt.token_form(&app, &AuthorizationCode(Secret::new("c&d".into())));
    let form = Params::parse(form.expose().as_bytes()).unwrap();
    assert_eq!(
        (form.first("code"), form.first("resource")),
        (Some("c&d"), Some("https://api.example/notes"))
    );
    assert_eq!(form.first("code_verifier"), Some(attempt.verifier.expose()));
}

#[test]
fn cl_08_the_app_is_public_and_sends_no_secret_of_its_own() {
    let app = Application::new("https://id.example", "app").unwrap();
    let form = begin(true).token_form(&app, &AuthorizationCode(Secret::new("c".into())));
    let form = Params::parse(form.expose().as_bytes()).unwrap();
    assert_eq!(form.first("client_id"), Some("app"));
    assert!(!form.contains("client_secret") && !form.contains("client_assertion"));
}

/// The whole check order as one table: rows CL-04, CL-05, V-76, V-77.
#[test]
fn cl_04_cl_05_v_76_v_77_responses_are_judged_in_order() {
    const HERE: &str = "iss=https%3A%2F%2Fid.example";
    let cases = [
        // sends iss, response without `state=`, expected
        (true, format!("code=c&{HERE}"), "granted"),
        (false, "code=c".into(), "granted"),
        (false, format!("code=c&{HERE}"), "granted"),
        (true, "code=c".into(), "ResponseIssuerMissing"),
        (true, "code=c&iss=".into(), "ResponseIssuerMissing"),
        (true, "code=c&iss=https%3A%2F%2Fevil.example".into(), "ResponseIssuerDiffers"),
        (false, "code=c&iss=https%3A%2F%2Fevil.example".into(), "ResponseIssuerDiffers"),
        (true, "code=c&iss=https%3A%2F%2Fid.example%2F".into(), "ResponseIssuerDiffers"),
        (true, "code=c&iss=https%3A%2F%2FID.example".into(), "ResponseIssuerDiffers"),
        (
            true,
            "error=access_denied&error_description=SECRET&iss=https%3A%2F%2Fevil.example".into(),
            "ResponseIssuerDiffers",
        ),
        (true, format!("error=access_denied&error_description=no%1b%5b2J&{HERE}"), "AuthorizationRefused"),
        (true, format!("code=c&code=d&{HERE}"), "ResponseAmbiguous"),
        (true, format!("access_token=t&token_type=bearer&{HERE}"), "TokenInResponse"),
        (true, format!("code=c&id_token=t&{HERE}"), "TokenInResponse"),
        (true, HERE.into(), "CodeMissing"),
    ];
    for (sends_iss, response, expected) in cases {
        let attempt = begin(sends_iss);
        let judged = |text: String| attempt.receive(&Params::parse(text.as_bytes()).unwrap());
        let outcome = match judged(format!("{response}&state={}", attempt.state)) {
            Ok(CallbackOutcome::Granted(code)) => format!("granted {}", code.0.expose()),
            Ok(CallbackOutcome::Ignored) => "ignored".into(),
            Err(error) => {
                assert!(!error.to_string().contains("SECRET") && !error.to_string().contains('\u{1b}'));
                format!("{error:?}")
            }
        };
        assert!(outcome.starts_with(expected), "{response}: {outcome}");
        // Without our state a response is not for this attempt, whatever else it says.
        for foreign in [
            response.clone(),
            format!("{response}&state=x"),
            format!("{response}&state="),
            format!("{response}&state={}&state=x", attempt.state),
        ] {
            assert!(matches!(judged(foreign.clone()), Ok(CallbackOutcome::Ignored)), "{foreign}");
        }
    }
}

#[test]
fn k_54_a_pasted_address_is_judged_as_if_the_browser_had_brought_it() {
    let attempt = begin(true);
    let state = &attempt.state;
    let here = "iss=https%3A%2F%2Fid.example";
    let front = "http://127.0.0.1:7/callback";
    for (pasted, expected) in [
        (format!("{front}?code=c&state={state}&{here}"), "granted"),
        (format!("  {front}?code=c&state={state}&{here}#\r\n"), "granted"),
        (format!("{front}?code=c&state=x&{here}"), "ignored"),
        (format!("code=c&state={state}&{here}"), "ignored"),
        (format!("http://127.0.0.1:8/callback?code=c&state={state}&{here}"), "ignored"),
        (format!("{front}2?code=c&state={state}&{here}"), "ignored"),
        (format!("{front}?code=%zz&state={state}&{here}"), "ignored"),
        (String::new(), "ignored"),
        (format!("{front}?code=c&state={state}&iss=https%3A%2F%2Fevil.example"), "ResponseIssuerDiffers"),
        (format!("{front}?code=c&state={state}"), "ResponseIssuerMissing"),
        (format!("{front}?error=access_denied&state={state}&{here}"), "AuthorizationRefused"),
    ] {
        let outcome = match attempt.receive_pasted(&pasted) {
            Ok(CallbackOutcome::Granted(_)) => "granted".to_owned(),
            Ok(CallbackOutcome::Ignored) => "ignored".to_owned(),
            Err(error) => format!("{error:?}"),
        };
        assert!(outcome.starts_with(expected), "{pasted}: {outcome}");
    }
}

#[test]
fn k_54_pkce_is_assumed_only_where_it_is_said_and_the_server_does_not_deny_it() {
    let issuer = Issuer::parse("https://id.example").unwrap();
    for (methods, assumed, begins) in [
        (json!(["S256"]), false, true),
        (json!([]), false, false),
        (json!([]), true, true),
        (json!(["plain"]), true, false),
    ] {
        let document = json!({"issuer": "https://id.example", "authorization_endpoint": "https://id.example/authorize",
            "token_endpoint": "https://id.example/token", "code_challenge_methods_supported": methods});
        let server = Server::from_metadata(&issuer, document.to_string().as_bytes()).unwrap();
        let app =
            Application { assume_pkce: assumed, ..Application::new("https://id.example", "app").unwrap() };
        let begun = Attempt::begin(&server, &app, &SignInOptions::default(), "http://127.0.0.1:7/callback");
        assert_eq!(begun.is_ok(), begins, "{methods} {assumed}");
        if let Ok(attempt) = begun {
            assert!(sent(&attempt).contains("code_challenge"));
        }
    }
}

proptest! {
    #[test]
    fn any_response_without_our_state_is_ignored(text in "(state|iss|code|error)=[a-z%&=]{0,30}") {
        if let Ok(params) = Params::parse(text.as_bytes()) {
            prop_assert!(matches!(begin(true).receive(&params), Ok(CallbackOutcome::Ignored)));
        }
    }
}
