//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0): who may end a session unasked, and where the browser goes.

use std::sync::Arc;

use proofkey_jose::claims::IdTokenClaims;
use proofkey_oauth::{LogoutRequest, form_encode};

use crate::client::Client;
use crate::commit::{Commit, Verdict};
use crate::ids::{ClientId, UserId};
use crate::interaction::{Logout, Sealed};
use crate::session::Login;

/// What the shell loaded for a logout request.
#[derive(Debug)]
pub struct LogoutFacts {
    /// The claims of an ID token of ours, expired or not.
    pub hint: Option<IdTokenClaims>,
    /// The client that the hint was issued to.
    pub client: Option<Arc<Client>>,
    /// The user who is signed in in this browser.
    pub login: Option<Login>,
}

/// Proof that an address was registered for after a logout by the client that the hint names.
#[derive(Debug)]
pub struct PostLogoutTarget {
    location: String,
    client: Arc<Client>,
}

impl PostLogoutTarget {
    /// The address, with the state that the client sent.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// The client that registered it.
    pub fn client(&self) -> &Client {
        &self.client
    }
}

/// What the browser sees next.
#[derive(Debug)]
pub enum LogoutNext {
    /// Ask this user whether to sign out.
    Confirm(Box<Login>),
    /// There is no session any more.
    SignedOut {
        /// The user whose session has ended, unless there was none.
        user: Option<UserId>,
        /// Where the browser goes.
        target: Option<PostLogoutTarget>,
    },
}

/// The client that a hint was issued to, for the shell to look up.
pub fn client_hinted(hint: &IdTokenClaims) -> Option<ClientId> {
    hint.aud.as_slice().first().map(ClientId::new)
}

/// Decides a logout request.
pub fn decide(request: &LogoutRequest, facts: LogoutFacts) -> Verdict<LogoutNext> {
    // Without a hint for this very user any page could sign people out by a link. One for another client than the request
    // names is none (§2).
    let may_end = facts.hint.as_ref().zip(facts.login.as_ref()).is_some_and(|(claims, login)| {
        claims.sub == login.user().id.as_str() && is_for_sender(claims, request)
    });
    end(request, facts, may_end)
}

/// Decides once the person has confirmed. The page's step names the session that it showed; another one is left alone.
pub fn confirmed(page: &Sealed<Logout>, request: &LogoutRequest, facts: LogoutFacts) -> Verdict<LogoutNext> {
    let may_end = facts.login.as_ref().is_some_and(|login| login.session() == page.step().session);
    end(request, facts, may_end)
}

fn end(request: &LogoutRequest, facts: LogoutFacts, may_end: bool) -> Verdict<LogoutNext> {
    let target = target(request, facts.hint.as_ref(), facts.client);
    match facts.login {
        None => Verdict::unchanged(LogoutNext::SignedOut { user: None, target }),
        Some(login) if may_end => {
            let user = Some(login.user().id.clone());
            Verdict::after(
                Commit::EndSession { session: login.session() },
                LogoutNext::SignedOut { user, target },
            )
        }
        Some(login) => Verdict::unchanged(LogoutNext::Confirm(Box::new(login))),
    }
}

fn target(
    request: &LogoutRequest,
    hint: Option<&IdTokenClaims>,
    client: Option<Arc<Client>>,
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
    Some(PostLogoutTarget { location, client })
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
    use crate::fixtures::{NOW, World, bob, came_back, client, client_named, form, user};
    use crate::ids::SessionId;

    const AFTER: &str = "https://app.example/bye?x=1";

    fn request(changes: &[(&str, &str)]) -> LogoutRequest {
        let params: Params = form(&[("post_logout_redirect_uri", AFTER), ("state", "a b")], changes);
        LogoutRequest::from_params(&params).unwrap()
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

    #[derive(Debug, PartialEq, Eq)]
    enum Shown {
        Confirm,
        SignedOut(Option<String>),
    }

    /// What the browser sees, and whether a session ends: that of the user who is named as signed out.
    fn shown(verdict: Verdict<LogoutNext>, login: Option<&Login>) -> (Shown, bool) {
        let ended = verdict.commit.map(|commit| match commit {
            Commit::EndSession { session } => session,
            other => panic!("{other:?}"),
        });
        assert!(ended.is_none() || ended == login.map(Login::session));
        let shown = match verdict.outcome {
            LogoutNext::Confirm(asked) => {
                assert_eq!(Some(asked.session()), login.map(Login::session));
                Shown::Confirm
            }
            LogoutNext::SignedOut { user, target } => {
                assert_eq!(user, login.filter(|_| ended.is_some()).map(|login| login.user().id.clone()));
                Shown::SignedOut(target.map(|target| target.location().to_owned()))
            }
        };
        (shown, ended.is_some())
    }

    /// What becomes of a logout request: asked, or signed out and sent where.
    fn check(changes: &[(&str, &str)], hint: Option<&IdTokenClaims>, login: Option<&Login>) -> (Shown, bool) {
        let facts = LogoutFacts { hint: hint.cloned(), client: hint.map(|_| app()), login: login.cloned() };
        shown(decide(&request(changes), facts), login)
    }

    fn there(location: &str) -> Shown {
        Shown::SignedOut(Some(location.into()))
    }

    #[test]
    fn lo_01_lo_03_only_a_hint_of_this_very_user_signs_out_unasked() {
        let mut world = World::new();
        let (ada, bob) = (world.signed_in(user(), 60).0, world.signed_in(bob(), 60).0);
        let location = format!("{AFTER}&state=a%20b");
        let hint = hint("u-ada", "app");
        assert_eq!(check(&[], Some(&hint), Some(&ada)), (there(&location), true), "an expired hint is good");
        assert_eq!(check(&[], None, Some(&ada)), (Shown::Confirm, false));
        assert_eq!(check(&[], Some(&hint), Some(&bob)), (Shown::Confirm, false));
        assert_eq!(check(&[], Some(&hint), None), (there(&location), false));
        assert_eq!(check(&[], None, None), (Shown::SignedOut(None), false));
    }

    #[test]
    fn lo_01_lo_02_a_client_id_beside_a_hint_for_another_client_makes_the_hint_void() {
        let ada = World::new().signed_in(user(), 60).0;
        let hint = hint("u-ada", "app");
        assert!(check(&[("client_id", "app")], Some(&hint), Some(&ada)).1);
        assert_eq!(check(&[("client_id", "other")], Some(&hint), Some(&ada)), (Shown::Confirm, false));
        assert_eq!(check(&[("client_id", "other")], Some(&hint), None), (Shown::SignedOut(None), false));
    }

    #[test]
    fn lo_02_the_browser_goes_only_where_the_hinted_client_registered_byte_for_byte() {
        let hint = hint("u-ada", "app");
        let signed_out = |changes: &[(&str, &str)]| check(changes, Some(&hint), None).0;
        assert_eq!(signed_out(&[("state", "")]), there(AFTER));
        assert_eq!(signed_out(&[("post_logout_redirect_uri", "")]), Shown::SignedOut(None));
        for sent in
            ["https://app.example/bye", "https://app.example/bye?x=1&y", "https://evil.example/", "/bye"]
        {
            assert_eq!(signed_out(&[("post_logout_redirect_uri", sent)]), Shown::SignedOut(None), "{sent}");
        }
        let app = app();
        let target = |client: Arc<Client>, aud: &str| {
            let hint = Some(super::tests::hint("u-ada", aud));
            shown(decide(&request(&[]), LogoutFacts { hint, client: Some(client), login: None }), None).0
        };
        assert_eq!(target(Arc::clone(&app), "other"), Shown::SignedOut(None), "a hint for another client");
        assert_eq!(target(client_named("app", json!({})), "app"), Shown::SignedOut(None), "none registered");
        let mut disabled = (*app).clone();
        disabled.disabled = true;
        assert_eq!(target(disabled.into(), "app"), Shown::SignedOut(None), "disabled");
    }

    #[test]
    fn lo_01_v_57_a_confirmation_ends_the_session_that_its_page_showed() {
        let mut world = World::new();
        let ada = world.signed_in(user(), 60).0;
        let mut check = |session, login: Option<&Login>| {
            let page = came_back(Logout { session }, &mut world.cx());
            let facts = LogoutFacts { hint: None, client: None, login: login.cloned() };
            shown(confirmed(&page, &request(&[]), facts), login)
        };
        let own = ada.session();
        assert_eq!(check(own, Some(&ada)), (Shown::SignedOut(None), true));
        assert_eq!(check(SessionId([9; 16]), Some(&ada)), (Shown::Confirm, false));
        assert_eq!(check(own, None), (Shown::SignedOut(None), false));
    }
}
