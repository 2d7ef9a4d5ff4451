//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0): who may end a session unasked, and where the browser goes.

use proofkey_jose::claims::IdTokenClaims;
use proofkey_oauth::{LogoutRequest, form_encode};

use crate::client::Client;
use crate::commit::{Commit, Verdict};
use crate::interaction::{Interaction, Step};
use crate::session::Login;

/// Proof that an address was registered for after a logout by the client that the hint names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostLogoutTarget(String);

impl PostLogoutTarget {
    /// The address, with the state that the client sent.
    pub fn location(&self) -> &str {
        &self.0
    }
}

/// What the browser sees next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Ask whether to sign out.
    Confirm,
    /// The session has ended, or there was none.
    SignedOut(Option<PostLogoutTarget>),
}

/// Decides a logout request. `hint` are the claims of an ID token of ours, expired or not; `client` is the one it was
/// issued to.
pub fn decide(
    request: &LogoutRequest,
    hint: Option<&IdTokenClaims>,
    client: Option<&Client>,
    login: Option<&Login>,
) -> Verdict<Next> {
    let target = target(request, hint, client);
    let Some(login) = login else { return Verdict::unchanged(Next::SignedOut(target)) };
    // Without a hint for this very user anybody could sign people out by a link. One for another client than the request
    // names is none (§2).
    let hinted =
        |claims: &IdTokenClaims| claims.sub == login.user().id.as_str() && is_for_sender(claims, request);
    if hint.is_some_and(hinted) {
        return Verdict::after(Commit::EndSession { session: login.session() }, Next::SignedOut(target));
    }
    Verdict::unchanged(Next::Confirm)
}

/// Decides once the person has confirmed. The page's step names the session that it showed; another one is left alone.
pub fn confirmed(
    step: &Interaction,
    request: &LogoutRequest,
    hint: Option<&IdTokenClaims>,
    client: Option<&Client>,
    login: Option<&Login>,
) -> Verdict<Next> {
    let target = target(request, hint, client);
    match login {
        Some(login) if step.step == Step::Logout && step.session == Some(login.session()) => {
            Verdict::after(Commit::EndSession { session: login.session() }, Next::SignedOut(target))
        }
        Some(_) => Verdict::unchanged(Next::Confirm),
        None => Verdict::unchanged(Next::SignedOut(target)),
    }
}

fn target(
    request: &LogoutRequest,
    hint: Option<&IdTokenClaims>,
    client: Option<&Client>,
) -> Option<PostLogoutTarget> {
    let (hint, client) = (hint?, client?);
    let sent = request.post_logout_redirect_uri.as_deref()?;
    let of_client = hint.aud.contains(client.id.as_str()) && is_for_sender(hint, request);
    if !of_client || client.disabled || !client.post_logout_redirect_uris.iter().any(|uri| uri == sent) {
        return None;
    }
    let mut location = sent.to_owned();
    if let Some(state) = &request.state {
        location.push(if sent.contains('?') { '&' } else { '?' });
        form_encode(&mut location, "state", state);
    }
    Some(PostLogoutTarget(location))
}

/// Whether a hint was issued to the client that the request names, if it names one.
fn is_for_sender(hint: &IdTokenClaims, request: &LogoutRequest) -> bool {
    request.client_id.as_deref().is_none_or(|id| hint.aud.contains(id))
}

#[cfg(test)]
mod tests {
    use proofkey_jose::claims::{Audience, NumericDate};
    use proofkey_oauth::Params;
    use serde_json::json;

    use super::*;
    use crate::fixtures::{NOW, World, bob, client, client_named, form, user};
    use crate::ids::SessionId;

    const AFTER: &str = "https://app.example/bye?x=1";

    fn request(changes: &[(&str, &str)]) -> LogoutRequest {
        let params: Params = form(&[("post_logout_redirect_uri", AFTER), ("state", "a b")], changes);
        LogoutRequest::from_params(&params)
    }

    /// An ID token of so many seconds ago.
    fn hint(sub: &str, aud: &str) -> IdTokenClaims {
        IdTokenClaims {
            iss: "https://id.example".into(),
            sub: sub.into(),
            aud: Audience::one(aud),
            azp: None,
            exp: NumericDate::from(NOW.seconds() - 86_400),
            iat: NumericDate::from(NOW.seconds() - 90_000),
            auth_time: None,
            nonce: None,
            at_hash: None,
            sid: None,
            acr: None,
            amr: None,
        }
    }

    fn app() -> std::sync::Arc<Client> {
        client(json!({"post_logout_redirect_uris": [AFTER]}))
    }

    /// What becomes of a logout request: asked, or signed out and sent where.
    fn check(changes: &[(&str, &str)], hint: Option<&IdTokenClaims>, login: Option<&Login>) -> (Next, bool) {
        let app = app();
        let client = hint.map(|_| &*app);
        let verdict = decide(&request(changes), hint, client, login);
        if let Some(Commit::EndSession { session }) = &verdict.commit {
            assert_eq!(Some(*session), login.map(Login::session));
        }
        (verdict.outcome, verdict.commit.is_some())
    }

    fn there(location: &str) -> Next {
        Next::SignedOut(Some(PostLogoutTarget(location.into())))
    }

    #[test]
    fn lo_01_lo_03_only_a_hint_of_this_very_user_signs_out_unasked() {
        let mut world = World::new();
        let (ada, bob) = (world.signed_in(user(), 60).0, world.signed_in(bob(), 60).0);
        let location = format!("{AFTER}&state=a%20b");
        let hint = hint("u-ada", "app");
        assert_eq!(check(&[], Some(&hint), Some(&ada)), (there(&location), true), "an expired hint is good");
        assert_eq!(check(&[], None, Some(&ada)), (Next::Confirm, false));
        assert_eq!(check(&[], Some(&hint), Some(&bob)), (Next::Confirm, false));
        assert_eq!(check(&[], Some(&hint), None), (there(&location), false));
        assert_eq!(check(&[], None, None), (Next::SignedOut(None), false));
    }

    #[test]
    fn lo_01_lo_02_a_client_id_beside_a_hint_for_another_client_makes_the_hint_void() {
        let ada = World::new().signed_in(user(), 60).0;
        let hint = hint("u-ada", "app");
        assert!(check(&[("client_id", "app")], Some(&hint), Some(&ada)).1);
        assert_eq!(check(&[("client_id", "other")], Some(&hint), Some(&ada)), (Next::Confirm, false));
        assert_eq!(check(&[("client_id", "other")], Some(&hint), None), (Next::SignedOut(None), false));
    }

    #[test]
    fn lo_02_the_browser_goes_only_where_the_hinted_client_registered_byte_for_byte() {
        let hint = hint("u-ada", "app");
        let signed_out = |changes: &[(&str, &str)]| check(changes, Some(&hint), None).0;
        assert_eq!(signed_out(&[("state", "")]), there(AFTER));
        assert_eq!(signed_out(&[("post_logout_redirect_uri", "")]), Next::SignedOut(None));
        for sent in
            ["https://app.example/bye", "https://app.example/bye?x=1&y", "https://evil.example/", "/bye"]
        {
            assert_eq!(signed_out(&[("post_logout_redirect_uri", sent)]), Next::SignedOut(None), "{sent}");
        }
        assert_eq!(
            signed_out(&[("post_logout_redirect_uri", AFTER), ("post_logout_redirect_uri", AFTER)]),
            Next::SignedOut(None)
        );
        let app = app();
        let target = |client: &Client, aud: &str| {
            decide(&request(&[]), Some(&super::tests::hint("u-ada", aud)), Some(client), None).outcome
        };
        assert_eq!(target(&app, "other"), Next::SignedOut(None), "a hint for another client");
        assert_eq!(target(&client_named("app", json!({})), "app"), Next::SignedOut(None), "none registered");
        let mut disabled = (*app).clone();
        disabled.disabled = true;
        assert_eq!(target(&disabled, "app"), Next::SignedOut(None), "disabled");
    }

    #[test]
    fn lo_01_v_57_a_confirmation_ends_the_session_that_its_page_showed() {
        let mut world = World::new();
        let ada = world.signed_in(user(), 60).0;
        let mut check = |step, session, login: Option<&Login>| {
            let step = Interaction::begin(step, String::new(), [0; 32], session, &world.cx());
            let verdict = confirmed(&step, &request(&[]), None, None, login);
            (verdict.outcome, verdict.commit.is_some())
        };
        let own = Some(ada.session());
        assert_eq!(check(Step::Logout, own, Some(&ada)), (Next::SignedOut(None), true));
        assert_eq!(check(Step::Logout, Some(SessionId([9; 16])), Some(&ada)), (Next::Confirm, false));
        assert_eq!(check(Step::Logout, None, Some(&ada)), (Next::Confirm, false));
        assert_eq!(check(Step::Consent, own, Some(&ada)), (Next::Confirm, false));
        assert_eq!(check(Step::Logout, own, None), (Next::SignedOut(None), false));
    }
}
