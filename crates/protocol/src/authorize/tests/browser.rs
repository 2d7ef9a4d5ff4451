//! Who is there, and since when: `prompt`, `max_age`, `id_token_hint`, and what ends between a page and its form.

use serde_json::json;

use super::{Scene, Shown};
use crate::authorize::{Answer, Hint, Next};
use crate::code::AuthorizationCode;
use crate::facts::{ClientStatus, SessionFacts};
use crate::fixtures::{Changes, NOW, bob, client, user};
use crate::ids::SessionId;
use crate::refusal::{Named, Refusal};
use crate::session;

fn scene() -> Scene {
    Scene::new(client(json!({})))
}

/// Ada, who signed in so many seconds ago; `fresh` when that was during this request.
fn aged(seconds: i64, fresh: bool) -> Scene {
    let mut scene = scene();
    scene.login = Some(scene.world.signed_in(user(), seconds).0);
    scene.authenticated_as = fresh.then(|| scene.session());
    scene
}

#[test]
fn az_24_no_page_is_shown_with_prompt_none() {
    let mut nobody = scene();
    nobody.login = None;
    assert_eq!(nobody.shown(&[("prompt", "none")]), Shown::Refuse(Refusal::LoginRequired));
    assert_eq!(scene().shown(&[("prompt", "none")]), Shown::Issue);
    let mut unasked = scene().allowed(None);
    assert_eq!(unasked.shown(&[("prompt", "none")]), Shown::Refuse(Refusal::ConsentRequired));
    let mut partly = scene().allowed(Some("openid"));
    assert_eq!(partly.shown(&[("prompt", "none")]), Shown::Refuse(Refusal::ConsentRequired));
}

#[test]
fn az_25_a_fresh_authentication_is_one_that_came_after_the_request() {
    let cases: &[(Changes<'_>, i64, bool, bool)] = &[
        (&[], 86_000, false, true),
        (&[("prompt", "login")], 0, false, false),
        (&[("prompt", "login")], 0, true, true),
        (&[("prompt", "select_account")], 0, false, false),
        (&[("max_age", "60")], 60, false, true),
        (&[("max_age", "60")], 61, false, false),
        (&[("max_age", "60")], 61, true, true),
        (&[("max_age", "0")], 0, false, false),
        (&[("max_age", "0")], 0, true, true),
        (&[("prompt", "login"), ("max_age", "3600")], 1, false, false),
    ];
    for (changes, age, fresh, enough) in cases {
        let expected = if *enough { Shown::Issue } else { Shown::SignIn };
        assert_eq!(aged(*age, *fresh).shown(changes), expected, "{changes:?} {age} {fresh}");
        if !changes.iter().any(|(name, _)| *name == "prompt") {
            let silent: Vec<_> = changes.iter().copied().chain([("prompt", "none")]).collect();
            let expected = if *enough { Shown::Issue } else { Shown::Refuse(Refusal::LoginRequired) };
            assert_eq!(aged(*age, *fresh).shown(&silent), expected, "{changes:?} {age} {fresh} silent");
        }
    }
}

#[test]
fn lg_13_a_remembered_session_counts_as_the_lowest_class_and_more_asks_for_the_password() {
    let cases: &[(Changes<'_>, bool, bool, bool)] = &[
        (&[], true, false, true),
        (&[("acr_values", "0")], true, false, true),
        (&[("acr_values", "1 0")], true, false, true),
        (&[("acr_values", "1")], true, false, false),
        (&[("acr_values", " urn:x:2 1 ")], true, false, false),
        (&[("acr_values", "1")], true, true, true),
        (&[("acr_values", "1")], false, false, true),
    ];
    for (changes, remembered, fresh, enough) in cases {
        let mut scene = aged(60, *fresh);
        let (begun, session) = scene.world.sign_in(user());
        let session = SessionFacts { remembered: *remembered, ..session };
        scene.login = session::login(&begun.cookie, &session, &user(), NOW, &scene.world.policy);
        scene.authenticated_as = fresh.then(|| scene.session());
        let verdict = scene.decide(changes);
        match verdict.outcome {
            Next::Issue(issued) => {
                let (_, code) = issued.location().expose().split_once("code=").unwrap();
                let code =
                    AuthorizationCode::open(&scene.world.cx(), code.split('&').next().unwrap()).unwrap();
                let expected = (*remembered && !*fresh).then_some("0");
                assert_eq!(code.authentication.context.as_deref(), expected, "{changes:?}");
                assert!(*enough, "{changes:?} {remembered} {fresh}");
            }
            Next::SignIn(_) => assert!(!enough, "{changes:?} {remembered} {fresh}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn az_25_only_the_session_that_began_during_the_interaction_is_fresh() {
    for changes in [[("prompt", "login")], [("max_age", "0")]] {
        let mut own = scene();
        own.authenticated_as = Some(own.session());
        assert_eq!(own.shown(&changes), Shown::Issue);
        // A user authenticated here, and then another session's cookie came in.
        let mut other = scene();
        other.authenticated_as = Some(SessionId([9; 16]));
        assert_eq!(other.shown(&changes), Shown::SignIn);
    }
}

#[test]
fn az_26_a_hint_names_who_must_be_there() {
    let hinted = |login, authenticated_as| {
        let mut scene = scene();
        scene.hint = Hint::User(user().id);
        scene.login = login;
        scene.authenticated_as = authenticated_as;
        scene
    };
    let mut world = crate::fixtures::World::new();
    let (ada, other) = (world.signed_in(user(), 60).0, world.signed_in(bob(), 60).0);
    let (by_ada, by_other) = (Some(ada.session()), Some(other.session()));
    let refused = || Shown::Refuse(Refusal::LoginRequired);
    for (login, authenticated_as, prompt, expected) in [
        (Some(&ada), None, "", Shown::Issue),
        (Some(&ada), None, "none", Shown::Issue),
        (Some(&other), None, "none", refused()),
        (Some(&other), None, "", Shown::SignIn),
        (None, None, "", Shown::SignIn),
        (None, None, "none", refused()),
        // The session that began is gone, or another one is there now: no answer yet.
        (None, by_other, "", Shown::SignIn),
        (Some(&other), by_ada, "", Shown::SignIn),
        // A user has signed in, and it is the wrong one: asking again would go on for ever.
        (Some(&other), by_other, "", refused()),
        (Some(&other), by_other, "login", refused()),
        (Some(&ada), by_ada, "login", Shown::Issue),
    ] {
        let name = login.map(|login| login.user().username.clone());
        let shown = hinted(login.cloned(), authenticated_as).shown(&[("prompt", prompt)]);
        assert_eq!(shown, expected, "{name:?} {authenticated_as:?} {prompt:?}");
    }
}

#[test]
fn az_35_v_61_what_ends_between_page_and_form_leaves_no_code() {
    let allow = |scene: Scene| {
        let session = scene.session();
        scene.answered(session, Answer::Allow)
    };
    assert_eq!(allow(scene().allowed(None)).shown(&[]), Shown::Issue);
    // A disabled user has no login (see `session`), so the answer on the page counts for nothing.
    let mut gone = allow(scene());
    gone.login = None;
    assert_eq!(gone.shown(&[]), Shown::SignIn);
    let mut unknown = allow(scene());
    unknown.client = None;
    assert_eq!(unknown.shown(&[]), Shown::Page(Refusal::ClientUnknown));
    let mut disabled = allow(scene());
    let mut record = (*client(json!({}))).clone();
    record.disabled = true;
    disabled.client = Some(record.into());
    assert_eq!(disabled.shown(&[]), Shown::Page(Refusal::ClientDisabled));
    let mut disabled_since = allow(scene());
    disabled_since.client_status = Some(ClientStatus::Disabled);
    assert_eq!(disabled_since.shown(&[]), Shown::Page(Refusal::ClientDisabled));
    let mut removed_since = allow(scene());
    removed_since.client_status = Some(ClientStatus::Unregistered);
    assert_eq!(removed_since.shown(&[]), Shown::Page(Refusal::ClientUnknown));
    let mut narrowed = allow(scene());
    narrowed.client = Some(client(json!({"scope": "openid"})));
    assert_eq!(narrowed.shown(&[]), Shown::Refuse(Refusal::ScopeUnregistered(Named::of("read"))));
    let mut withdrawn = scene().allowed(None);
    assert_eq!(withdrawn.shown(&[]), Shown::Consent);
}
