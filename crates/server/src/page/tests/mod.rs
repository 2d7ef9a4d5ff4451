//! Tests over all pages at once.

mod rules;
mod sample;

use std::collections::BTreeSet;

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use super::*;
use sample::{
    CODE, HOSTILE, all, all_hostile, consent, consent_for_everything, error, fault, hand_over, logout, pages,
    sign_in,
};

#[test]
fn v_23_reflected_markup_is_escaped_on_every_page() {
    let hostile_shell = Pages::new(HOSTILE, HOSTILE, "");
    for lang in [Lang::En, Lang::De] {
        for (name, html, expected) in
            all_hostile(&pages(), lang).into_iter().chain(all_hostile(&hostile_shell, lang))
        {
            assert!(!html.contains("<svg onload"), "{name} {lang:?}");
            let escaped = html.matches("&#34;&#62;&#60;svg onload=alert(1)&#62;").count();
            assert!(escaped >= expected, "{name} {lang:?}: {escaped} of {expected}");
        }
    }
}

#[test]
fn v_23_no_page_has_a_script_a_style_attribute_or_a_data_url() {
    for lang in [Lang::En, Lang::De] {
        for (name, html) in all(&pages(), lang) {
            for forbidden in [
                "<script",
                "style=",
                "data:",
                "javascript:",
                " onload",
                " onclick",
                "<style",
                "http-equiv=\"content",
            ] {
                assert!(!html.contains(forbidden), "{name}: {forbidden}");
            }
        }
    }
}

#[test]
fn pages_have_one_main_one_heading_one_title_and_at_most_one_form() {
    for lang in [Lang::En, Lang::De] {
        for (name, html) in all(&pages(), lang) {
            for (part, count) in [("<main", 1), ("<h1", 1), ("<title>", 1), ("<footer", 1)] {
                assert_eq!(html.matches(part).count(), count, "{name}: {part}");
            }
            assert!(html.contains(&format!("<html lang=\"{}\">", lang.tag())), "{name}");
            assert!(html.matches("<form").count() <= 1, "{name}");
            assert!(!html.contains("{ $"), "{name}: an argument is missing");
            let ids: Vec<&str> =
                html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
            assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "{name}: {ids:?}");
        }
    }
}

#[test]
fn az_16_the_code_is_in_link_and_refresh_but_never_shown() {
    let html = pages().hand_over(
        Lang::En,
        &hand_over(HandOverOutcome::Granted, Destination::ThisDevice("127.0.0.1".into())),
    );
    let target =
        format!("http://127.0.0.1:51004/cb?code={CODE}&#38;state=s&#38;iss=https%3A%2F%2Fid.example.com");
    assert!(html.contains(&format!("<meta http-equiv=\"refresh\" content=\"0; url={target}\">")));
    assert!(html.contains(&format!("href=\"{target}\"")));
    // Once more where the app listens on this device: folded, to be copied to another one.
    assert_eq!(html.matches(CODE).count(), 3);
    let (_, folded) = html.split_once("<details class=\"elsewhere\"").unwrap();
    assert!(folded.contains(CODE) && !folded.starts_with(" open"));
    let elsewhere = hand_over(HandOverOutcome::Granted, Destination::Host("notes.example".into()));
    assert_eq!(pages().hand_over(Lang::En, &elsewhere).matches(CODE).count(), 2);
    let (head, _) = html.split_once("</head>").unwrap();
    assert!(head.contains("http-equiv=\"refresh\""));
}

#[test]
fn az_32_consent_names_app_hosts_scopes_api_and_lifetime_and_denies_first() {
    let html = pages().consent(Lang::En, &consent());
    for shown in [
        "Notes for Desktop",
        ">notes.example<",
        ">api.example.com<",
        "127.0.0.1</strong>, this device",
        "22 December 2026</strong>, or when you end it",
        "Read your notes",
        "<code>notes:write</code>",
        "Ada Lovelace",
    ] {
        assert!(html.contains(shown), "{shown}");
    }
    assert!(html.find("consent-deny").unwrap() < html.find("consent-allow").unwrap());
    assert_eq!(html.matches("type=\"submit\"").count(), 3);
    let form = "<form class=\"choice\" id=\"consent\" method=\"post\" action=\"/interaction/consent\">";
    let (_, inside) = html.split_once(form).unwrap();
    assert!(!inside.contains("not_me"), "the way to another account is no button of the choice");
    let long = pages().consent(Lang::En, &consent_for_everything());
    assert!(long.contains("Grundstücksverkehrsgenehmigungszuständigkeitsübertragungsver…"));
    assert!(long.contains("a-very-long-host-name-that-must-be-shown-whole.department.apps.example.org"));
}

#[test]
fn the_sign_in_error_keeps_the_username_and_never_says_which_field() {
    let view = SignIn { username: "ada".into(), error: Some(SignInError::Wrong), ..sign_in() };
    let html = pages().sign_in(Lang::En, &view);
    assert_eq!(html.matches("aria-invalid=\"true\" aria-describedby=\"sign-in-error\"").count(), 2);
    assert!(html.contains("id=\"sign-in-error\" role=\"alert\"") && html.contains("value=\"ada\""));
    let (before, after) = html.split_once("id=\"password\"").unwrap();
    assert!(!before.contains("autofocus") && after.contains(" autofocus>"));
    let first = pages().sign_in(Lang::En, &sign_in());
    assert!(!first.contains("role=\"alert\"") && !first.contains("aria-invalid"));
    assert!(first.split_once("id=\"password\"").unwrap().0.contains(" autofocus>"));
}

#[test]
fn lg_13_the_box_is_asked_for_as_the_person_left_it_or_not_at_all() {
    let ticked = |remember| {
        let html = pages().sign_in(Lang::De, &SignIn { remember, ..sign_in() });
        let (_, after) =
            html.split_once("<input id=\"remember\" name=\"remember\" type=\"checkbox\" value=\"yes\"")?;
        Some(after.starts_with(" checked>Angemeldet bleiben</label>"))
    };
    assert_eq!(ticked(Remember::Clear), Some(false));
    assert_eq!(ticked(Remember::Ticked), Some(true));
    assert_eq!(ticked(Remember::NotAsked), None);
}

#[test]
fn an_app_without_a_visible_name_is_spoken_of_in_good_german() {
    let nameless = LogoutConfirm { app_names: vec!["\u{200b}".into()], ..logout() };
    let html = pages().logout(Lang::De, &nameless);
    assert!(html.contains("auch von <strong dir=\"auto\">einer App ohne Namen</strong> ab."), "{html}");
    let nameless = Consent { app_name: "\u{200b}".into(), app_host: String::new(), ..consent() };
    let html = pages().consent(Lang::De, &nameless);
    assert!(html.contains("Darf <strong dir=\"auto\">eine App ohne Namen</strong> Ihr Konto"), "{html}");
}

#[test]
fn the_error_page_explains_in_the_language_that_it_has() {
    let app = ErrorKind::App { name: "Notes".into(), host: "notes.example".into() };
    let translated = pages().error(Lang::De, &error(app.clone()));
    assert!(translated.contains("Die Rücksprungadresse der Anfrage") && !translated.contains("lang=\"en\""));
    let view = ErrorPage { rule: Some("no.such.rule".into()), ..error(app) };
    let fallback = pages().error(Lang::De, &view);
    assert!(fallback.contains("<p lang=\"en\">The redirect address in the request"));
    assert!(fallback.contains("<mark class=\"sent\">cb</mark>") && fallback.contains("id=\"error-code\""));
    let unknown = pages().error(Lang::En, &error(ErrorKind::UnknownApp));
    assert!(!unknown.contains("<a "));
    let published = "https://docs.example/errors#redirect_uri.unregistered";
    let view = ErrorPage { rule_page: Some(published.into()), ..error(ErrorKind::UnknownApp) };
    let linked = pages().error(Lang::En, &view);
    assert!(
        linked.contains(&format!("<a href=\"{published}\"><code>redirect_uri.unregistered</code></a>")),
        "{linked}"
    );
    let nowhere = ErrorPage { kind: ErrorKind::NotFound, endpoint: String::new(), ..fault() };
    let nowhere = pages().error(Lang::En, &nowhere);
    assert!(!nowhere.contains("Endpoint"), "{nowhere}");
}

#[test]
fn every_message_exists_in_both_languages_and_is_used() {
    let files = |dir: &str| -> String {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
        let mut paths: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
            .iter()
            .filter(|path| path.is_file())
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect()
    };
    let messages = |source: &str| -> BTreeSet<String> {
        source
            .lines()
            .filter(|line| line.starts_with(|char: char| char.is_ascii_lowercase()))
            .filter_map(|line| line.split_once(" =").map(|(key, _)| key.to_owned()))
            .collect()
    };
    let english = messages(include_str!("../../../locales/en/pages.ftl"));
    let german = messages(include_str!("../../../locales/de/pages.ftl"));
    assert_eq!(english, german);
    let used = files("templates") + &files("src/page");
    let quoted: BTreeSet<&str> = used.split('"').collect();
    for key in &english {
        assert!(quoted.contains(key.as_str()), "{key} is not used");
    }
    for call in ["say(\"", "say_with(\"", "rich(\""] {
        for key in used.split(call).skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(english.contains(key), "{key} does not exist");
        }
    }
}

#[test]
fn az_33_ht_02_pages_carry_every_security_header() {
    let page = |form: bool| -> Response {
        let html = pages().sign_in(Lang::De, &sign_in());
        if form {
            respond_with_form(StatusCode::OK, Lang::De, html, None)
        } else {
            respond(StatusCode::OK, Lang::De, html)
        }
    };
    for (form, referrer) in [(true, "same-origin"), (false, "no-referrer")] {
        let response = page(form);
        let value = |name: &str| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
        for (name, expected) in [
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
            ("content-type", "text/html; charset=utf-8"),
            ("content-language", "de"),
            ("referrer-policy", referrer),
        ] {
            assert_eq!(value(name), expected, "{name}");
            assert_eq!(response.headers().get_all(name).iter().count(), 1, "{name}");
        }
        let policy = value("content-security-policy");
        let rules: BTreeSet<&str> = policy.split(';').map(str::trim).collect();
        for rule in [
            "default-src 'none'",
            "style-src 'self'",
            "img-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "object-src 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(rules.contains(rule), "{rule}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("data:") && !policy.contains('*'));
        assert!(value("permissions-policy").contains("camera=()"));
    }
}

#[test]
fn assets_are_immutable_under_their_hash() {
    let html = pages().signed_out(Lang::En, &SignedOut::default());
    let paths: Vec<&str> = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(paths.len(), 2);
    for path in paths {
        let found = asset(path).unwrap();
        assert_eq!(found.path(), path);
        let response = found.into_response();
        assert_eq!(response.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert!(!found.bytes().is_empty());
    }
    for wrong in ["/assets/proofkey.css", "/assets/", "/assets/../Cargo.toml", ""] {
        assert!(asset(wrong).is_none(), "{wrong}");
    }
    let _: axum::Router = routes("");
}

#[test]
fn pages_are_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&pages());
}

/// With `PROOFKEY_WRITE_PAGES=DIR` the pages are written there, to be looked at.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "asked by hand, for looking at the pages; nothing depends on it"
)]
fn every_page_renders_in_both_languages() {
    let dir = std::env::var_os("PROOFKEY_WRITE_PAGES").map(std::path::PathBuf::from);
    for lang in [Lang::En, Lang::De] {
        for (name, html) in all(&pages(), lang) {
            assert!(html.trim_end().ends_with("</html>"), "{name}");
            if let Some(dir) = &dir {
                std::fs::create_dir_all(dir.join("assets")).unwrap();
                std::fs::write(dir.join(format!("{name}.{}.html", lang.tag())), html).unwrap();
            }
        }
    }
    for path in [asset::stylesheet_path(), asset::favicon_path()] {
        if let Some(dir) = &dir {
            std::fs::write(dir.join(path.trim_start_matches('/')), asset(path).unwrap().bytes()).unwrap();
        }
    }
}
