//! Views that the tests show: every page in every shape, and every page with markup in every string.

use crate::page::{
    Api, CarryOn, Compare, Consent, ConsentScope, Destination, ErrorKind, ErrorPage, HandOver,
    HandOverOutcome, Lang, LogoutConfirm, Pages, RefusedReturn, Remember, ReturnLink, SignIn, SignInError,
    SignedOut, Validity,
};

pub(super) const HOSTILE: &str = "\"><svg onload=alert(1)>";
pub(super) const CODE: &str = "c0de-that-must-not-be-shown";

pub(super) fn pages() -> Pages {
    Pages::new("Proofkey", "id.example.com", "")
}

pub(super) fn sign_in() -> SignIn {
    SignIn {
        action: "/interaction/login".into(),
        flow: "f1".into(),
        app_name: Some("Notes for Desktop".into()),
        app_host: Some("notes.example".into()),
        username: String::new(),
        remember: Remember::Clear,
        error: None,
        is_resumed: false,
    }
}

pub(super) fn consent() -> Consent {
    let scopes = [
        ConsentScope::new("openid", None),
        ConsentScope::new("profile", None),
        ConsentScope::new("notes:read", Some("Read your notes".into())),
        ConsentScope::new("notes:write", Some("Change and delete your notes".into())),
        ConsentScope::new("offline_access", None),
    ];
    Consent {
        action: "/interaction/consent".into(),
        flow: "f1".into(),
        app_name: "Notes for Desktop".into(),
        app_host: "notes.example".into(),
        user_name: "Ada Lovelace".into(),
        apis: vec![Api { name: "Notes".into(), host: "api.example.com".into(), is_new: false }],
        scopes: scopes.to_vec(),
        destination: Destination::ThisDevice("127.0.0.1".into()),
        validity: Validity::Until { ends_at: 1_797_897_600 },
        loopback_only: false,
        is_resumed: false,
    }
}

pub(super) fn consent_for_everything() -> Consent {
    let raw = ["openid", "email", "address", "phone", "reports.export", "admin:users"];
    Consent {
        app_name: "Grundstücksverkehrsgenehmigungszuständigkeitsübertragungsverordnung".into(),
        app_host: "a-very-long-host-name-that-must-be-shown-whole.department.apps.example.org".into(),
        apis: Vec::new(),
        scopes: raw.map(|raw| ConsentScope::new(raw, None)).to_vec(),
        destination: Destination::AppScheme("com.example.notes".into()),
        validity: Validity::For { ttl_seconds: 600 },
        loopback_only: true,
        ..consent()
    }
}

pub(super) fn hand_over(outcome: HandOverOutcome, destination: Destination) -> HandOver {
    let target = format!("http://127.0.0.1:51004/cb?code={CODE}&state=s&iss=https%3A%2F%2Fid.example.com");
    HandOver { app_name: "Notes for Desktop".into(), target, destination, outcome }
}

pub(super) fn error(kind: ErrorKind) -> ErrorPage {
    ErrorPage {
        status: 400,
        kind,
        nothing_shared: true,
        error_id: "pk-7Q4M-2XKD".into(),
        code: "invalid_request".into(),
        about: None,
        what_happened: Some(
            "The redirect address in the request is not one that this client registered.".into(),
        ),
        compare: Some(Compare {
            sent: "http://127.0.0.1:51004/cb".into(),
            registered: Some("http://127.0.0.1/callback".into()),
        }),
        fix: Some(
            "Send a registered address, character for character. The port may differ on a loopback address; \
             the path may not."
                .into(),
        ),
        rule: Some("redirect_uri.unregistered".into()),
        rule_page: None,
        client_id: Some("notes-desktop".into()),
        endpoint: "GET /authorize".into(),
        occurred_at: 1_795_347_727,
        standard: Some("RFC 9700 §2.1, RFC 8252 §7.3".into()),
        return_to: None,
        retry_after_seconds: None,
    }
}

pub(super) fn fault() -> ErrorPage {
    ErrorPage {
        status: 500,
        code: "server_error".into(),
        what_happened: None,
        compare: None,
        fix: None,
        rule: None,
        client_id: None,
        standard: None,
        ..error(ErrorKind::Fault)
    }
}

pub(super) fn logout() -> LogoutConfirm {
    LogoutConfirm {
        action: "/interaction/logout".into(),
        flow: "f1".into(),
        user_name: "Ada Lovelace".into(),
        app_names: vec!["Notes for Desktop".into(), "Studio".into()],
        refused_return: None,
        is_resumed: false,
    }
}

/// Every page, in each of its shapes.
pub(super) fn all(pages: &Pages, lang: Lang) -> Vec<(&'static str, String)> {
    let app = || ErrorKind::App { name: "Notes for Desktop".into(), host: "notes.example".into() };
    let failed = |error| SignIn { username: "ada".into(), error: Some(error), ..sign_in() };
    let limited = || ErrorKind::Limited { retry_after_seconds: 90 };
    let return_to = Some(ReturnLink {
        app_name: "Notes for Desktop".into(),
        host: "notes.example".into(),
        href: "https://notes.example/bye?state=x&y=z".into(),
    });
    let device = || Destination::ThisDevice("127.0.0.1".into());
    let host = || Destination::Host("notes.example".into());
    vec![
        ("sign-in", pages.sign_in(lang, &sign_in())),
        ("sign-in-resumed", pages.sign_in(lang, &SignIn { is_resumed: true, ..sign_in() })),
        ("carry-on", pages.carry_on(lang, &CarryOn { action: "/authorize".into(), flow: "f1".into() })),
        ("sign-in-plain", pages.sign_in(lang, &SignIn { app_name: None, ..sign_in() })),
        ("sign-in-wrong", pages.sign_in(lang, &failed(SignInError::Wrong))),
        ("sign-in-too-many", pages.sign_in(lang, &failed(SignInError::TooMany { retry_after_seconds: 130 }))),
        ("sign-in-busy", pages.sign_in(lang, &failed(SignInError::Busy { retry_after_seconds: 2 }))),
        ("consent", pages.consent(lang, &consent())),
        ("consent-everything", pages.consent(lang, &consent_for_everything())),
        ("hand-over", pages.hand_over(lang, &hand_over(HandOverOutcome::Granted, device()))),
        ("hand-over-denied", pages.hand_over(lang, &hand_over(HandOverOutcome::Denied, host()))),
        (
            "hand-over-failed",
            pages.hand_over(lang, &hand_over(HandOverOutcome::Failed, Destination::AppScheme("app".into()))),
        ),
        ("error", pages.error(lang, &error(app()))),
        ("error-unknown", pages.error(lang, &ErrorPage { compare: None, ..error(ErrorKind::UnknownApp) })),
        ("error-fault", pages.error(lang, &fault())),
        ("error-expired", pages.error(lang, &ErrorPage { kind: ErrorKind::Expired, ..fault() })),
        ("error-limited", pages.error(lang, &ErrorPage { kind: limited(), ..fault() })),
        ("error-not-found", pages.error(lang, &ErrorPage { kind: ErrorKind::NotFound, ..fault() })),
        ("logout", pages.logout(lang, &logout())),
        ("logout-alone", pages.logout(lang, &LogoutConfirm { app_names: Vec::new(), ..logout() })),
        ("logout-resumed", pages.logout(lang, &LogoutConfirm { is_resumed: true, ..logout() })),
        (
            "logout-refused",
            pages.logout(lang, &LogoutConfirm { refused_return: Some(refused_return()), ..logout() }),
        ),
        ("stayed", pages.stayed(lang)),
        ("signed-out", pages.signed_out(lang, &SignedOut::default())),
        (
            "signed-out-refused",
            pages.signed_out(
                lang,
                &SignedOut {
                    refused_return: Some(RefusedReturn { app_name: None, ..refused_return() }),
                    return_to: None,
                },
            ),
        ),
        ("signed-out-return", pages.signed_out(lang, &SignedOut { return_to, refused_return: None })),
    ]
}

fn refused_return() -> RefusedReturn {
    RefusedReturn { sent: "https://notes.example/goodbye".into(), app_name: Some("Notes for Desktop".into()) }
}

/// Every page with markup in every string, and how many of those strings reach the page.
pub(super) fn all_hostile(pages: &Pages, lang: Lang) -> Vec<(&'static str, String, usize)> {
    let bad = || HOSTILE.to_owned();
    let places = [Destination::Host(bad()), Destination::ThisDevice(bad()), Destination::AppScheme(bad())];
    let mut rendered = Vec::new();
    let view = SignIn {
        action: bad(),
        flow: bad(),
        app_name: Some(bad()),
        app_host: Some(bad()),
        username: bad(),
        remember: Remember::Ticked,
        error: Some(SignInError::Wrong),
        is_resumed: true,
    };
    rendered.push(("sign-in", pages.sign_in(lang, &view), 5));
    for place in places {
        let view = Consent {
            action: bad(),
            flow: bad(),
            app_name: bad(),
            app_host: bad(),
            user_name: bad(),
            apis: vec![Api { name: bad(), host: bad(), is_new: true }],
            scopes: vec![ConsentScope::new(HOSTILE, Some(bad())), ConsentScope::new(HOSTILE, None)],
            destination: place.clone(),
            ..consent()
        };
        rendered.push(("consent", pages.consent(lang, &view), 11));
        let view = HandOver {
            app_name: bad(),
            target: bad(),
            destination: place,
            outcome: HandOverOutcome::Granted,
        };
        rendered.push(("hand-over", pages.hand_over(lang, &view), 4));
    }
    for kind in [ErrorKind::App { name: bad(), host: bad() }, ErrorKind::UnknownApp] {
        let named = if matches!(kind, ErrorKind::App { .. }) { 2 } else { 0 };
        let view = ErrorPage {
            error_id: bad(),
            code: bad(),
            what_happened: Some(bad()),
            compare: Some(Compare { sent: bad(), registered: Some(bad()) }),
            fix: Some(bad()),
            rule: Some(bad()),
            client_id: Some(bad()),
            endpoint: bad(),
            standard: Some(bad()),
            ..error(kind)
        };
        // Client id and addresses are no ids and no addresses here, and not repeated.
        rendered.push(("error", pages.error(lang, &view), 7 + named));
    }
    let refused_return = Some(RefusedReturn { sent: format!("https://{HOSTILE}"), app_name: Some(bad()) });
    let view = LogoutConfirm {
        action: bad(),
        flow: bad(),
        user_name: bad(),
        app_names: vec![bad(), bad()],
        refused_return: refused_return.clone(),
        is_resumed: true,
    };
    rendered.push(("logout", pages.logout(lang, &view), 6));
    let view = CarryOn { action: bad(), flow: bad() };
    rendered.push(("carry-on", pages.carry_on(lang, &view), 2));
    let link = ReturnLink { app_name: bad(), host: bad(), href: bad() };
    rendered.push((
        "signed-out",
        pages.signed_out(lang, &SignedOut { return_to: Some(link), refused_return }),
        4,
    ));
    rendered
}
