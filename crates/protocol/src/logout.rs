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
    /// The client of [`client_of`].
    pub client: Option<Arc<Client>>,
    /// The user who is signed in in this browser.
    pub login: Option<Login>,
}

/// Proof that an address was registered for after a logout by the client that the request names.
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

/// Where the browser goes after a logout.
#[derive(Debug)]
pub enum WayBack {
    /// Nowhere: the request names no address.
    None,
    /// To the client: an ID token shows that it asks.
    Redirect(PostLogoutTarget),
    /// To the client that the request names, if the person goes there: any request can name a client (§3).
    Link(PostLogoutTarget),
    /// Nowhere, and the person is told why.
    Refused(WayBackRefused),
}

/// An address that the browser is not led to.
#[derive(Debug)]
pub struct WayBackRefused {
    /// As it was sent.
    pub sent: String,
    /// The client that has not registered it; `None` where the request names no client that is registered.
    pub client: Option<Arc<Client>>,
}

/// What the browser sees next.
#[derive(Debug)]
pub enum LogoutNext {
    /// Ask this user whether to sign out.
    Confirm {
        /// Who is signed in.
        login: Box<Login>,
        /// What comes afterwards.
        back: WayBack,
    },
    /// There is no session any more.
    SignedOut {
        /// The user whose session has ended, unless there was none.
        user: Option<UserId>,
        /// Where the browser goes.
        back: WayBack,
    },
}

/// The client that a request comes from, for the shell to look up: the one that the hint was issued to, else the one that the
/// request names. A stranger may have named it.
pub fn client_of(request: &LogoutRequest, hint: Option<&IdTokenClaims>) -> Option<ClientId> {
    match (hint, &request.client_id) {
        (Some(hint), None) => hint.aud.as_slice().first().map(ClientId::new),
        (_, named) => named.as_deref().map(ClientId::new),
    }
}

/// Decides a logout request.
pub fn decide(request: &LogoutRequest, facts: LogoutFacts) -> Verdict<LogoutNext> {
    let back = way_back(request, &facts);
    // Without a hint for this very user any page could sign people out by a link. One for another client than the request
    // names is none (§2). Where the way back is refused the person would not know where they are, and so is told and asked.
    let is_of_user = facts.hint.as_ref().zip(facts.login.as_ref()).is_some_and(|(claims, login)| {
        claims.sub == login.user().id.as_str() && is_for_sender(claims, request)
    });
    let may_end = is_of_user && !matches!(back, WayBack::Refused(_));
    end(facts.login, back, may_end)
}

/// Decides once the person has confirmed. The page's step names the session that it showed; another one is left alone.
pub fn confirmed(page: &Sealed<Logout>, request: &LogoutRequest, facts: LogoutFacts) -> Verdict<LogoutNext> {
    let back = way_back(request, &facts);
    let may_end = facts.login.as_ref().is_some_and(|login| login.session() == page.step().session);
    end(facts.login, back, may_end)
}

fn end(login: Option<Login>, back: WayBack, may_end: bool) -> Verdict<LogoutNext> {
    match login {
        None => Verdict::unchanged(LogoutNext::SignedOut { user: None, back }),
        Some(login) if may_end => {
            let user = Some(login.user().id.clone());
            Verdict::after(
                Commit::EndSession { session: login.session() },
                LogoutNext::SignedOut { user, back },
            )
        }
        Some(login) => Verdict::unchanged(LogoutNext::Confirm { login: Box::new(login), back }),
    }
}

fn way_back(request: &LogoutRequest, facts: &LogoutFacts) -> WayBack {
    let Some(sent) = request.post_logout_redirect_uri.clone() else { return WayBack::None };
    let client = match &facts.client {
        Some(client) if !client.disabled && client.allows_after_logout(&sent) => Arc::clone(client),
        client => return WayBack::Refused(WayBackRefused { sent, client: client.clone() }),
    };
    let shown = facts
        .hint
        .as_ref()
        .is_some_and(|hint| hint.aud.contains(client.id.as_str()) && is_for_sender(hint, request));
    let mut location = sent;
    if let Some(state) = &request.state {
        location.push(if location.contains('?') { '&' } else { '?' });
        form_encode(&mut location, "state", state);
    }
    let target = PostLogoutTarget { location, client };
    if shown { WayBack::Redirect(target) } else { WayBack::Link(target) }
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
            user: serde_json::Map::new(),
        }
    }

    fn app() -> std::sync::Arc<Client> {
        client(json!({"post_logout_redirect_uris": [AFTER]}))
    }

    #[derive(Debug, PartialEq, Eq)]
    enum Shown {
        Confirm(Back),
        SignedOut(Back),
    }

    #[derive(Debug, PartialEq, Eq)]
    enum Back {
        Nowhere,
        Redirect(String),
        Link(String),
        Refused,
    }

    fn back(way: WayBack) -> Back {
        match way {
            WayBack::None => Back::Nowhere,
            WayBack::Redirect(target) => Back::Redirect(target.location().to_owned()),
            WayBack::Link(target) => Back::Link(target.location().to_owned()),
            WayBack::Refused(_) => Back::Refused,
        }
    }

    /// What the browser sees, and whether a session ends: that of the user who is named as signed out.
    fn shown(verdict: Verdict<LogoutNext>, login: Option<&Login>) -> (Shown, bool) {
        let ended = verdict.commit.map(|commit| match commit {
            Commit::EndSession { session } => session,
            other => panic!("{other:?}"),
        });
        assert!(ended.is_none() || ended == login.map(Login::session));
        let shown = match verdict.outcome {
            LogoutNext::Confirm { login: asked, back: way } => {
                assert_eq!(Some(asked.session()), login.map(Login::session));
                Shown::Confirm(back(way))
            }
            LogoutNext::SignedOut { user, back: way } => {
                assert_eq!(user, login.filter(|_| ended.is_some()).map(|login| login.user().id.clone()));
                Shown::SignedOut(back(way))
            }
        };
        (shown, ended.is_some())
    }

    /// What becomes of a logout request: asked, or signed out and sent where. Two clients are registered: `app`, and `other`
    /// without an address for after a logout.
    fn check(changes: &[(&str, &str)], hint: Option<&IdTokenClaims>, login: Option<&Login>) -> (Shown, bool) {
        let request = request(changes);
        let client = client_of(&request, hint).and_then(|id| match id.as_str() {
            "app" => Some(app()),
            "other" => Some(client_named("other", json!({}))),
            _ => None,
        });
        shown(decide(&request, LogoutFacts { hint: hint.cloned(), client, login: login.cloned() }), login)
    }

    fn there() -> String {
        format!("{AFTER}&state=a%20b")
    }

    #[test]
    fn lo_01_lo_03_only_a_hint_of_this_very_user_signs_out_unasked() {
        let mut world = World::new();
        let (ada, bob) = (world.signed_in(user(), 60).0, world.signed_in(bob(), 60).0);
        let hint = hint("u-ada", "app");
        let led = || Back::Redirect(there());
        assert_eq!(
            check(&[], Some(&hint), Some(&ada)),
            (Shown::SignedOut(led()), true),
            "an expired hint is good"
        );
        assert_eq!(check(&[], None, Some(&ada)), (Shown::Confirm(Back::Refused), false));
        assert_eq!(check(&[], Some(&hint), Some(&bob)), (Shown::Confirm(led()), false));
        assert_eq!(check(&[], Some(&hint), None), (Shown::SignedOut(led()), false));
        assert_eq!(check(&[], None, None), (Shown::SignedOut(Back::Refused), false));
        let nowhere = [("post_logout_redirect_uri", "")];
        assert_eq!(check(&nowhere, Some(&hint), Some(&ada)), (Shown::SignedOut(Back::Nowhere), true));
    }

    #[test]
    fn lo_02_k_19_a_client_that_only_names_itself_gets_a_link_and_no_redirect() {
        let ada = World::new().signed_in(user(), 60).0;
        let named = [("client_id", "app")];
        assert_eq!(check(&named, None, Some(&ada)), (Shown::Confirm(Back::Link(there())), false));
        assert_eq!(check(&named, None, None), (Shown::SignedOut(Back::Link(there())), false));
        for unknown in ["other", "nobody"] {
            let refused = (Shown::Confirm(Back::Refused), false);
            assert_eq!(check(&[("client_id", unknown)], None, Some(&ada)), refused, "{unknown}");
        }
    }

    #[test]
    fn lo_01_lo_02_a_client_id_beside_a_hint_for_another_client_makes_the_hint_void() {
        let ada = World::new().signed_in(user(), 60).0;
        let hint = hint("u-ada", "app");
        assert!(check(&[("client_id", "app")], Some(&hint), Some(&ada)).1);
        let other = [("client_id", "other")];
        assert_eq!(check(&other, Some(&hint), Some(&ada)), (Shown::Confirm(Back::Refused), false));
        assert_eq!(check(&other, Some(&hint), None), (Shown::SignedOut(Back::Refused), false));
        let of_other = super::tests::hint("u-ada", "other");
        let app = [("client_id", "app")];
        assert_eq!(check(&app, Some(&of_other), Some(&ada)), (Shown::Confirm(Back::Link(there())), false));
    }

    #[test]
    fn lo_02_k_19_an_address_that_was_not_registered_byte_for_byte_is_asked_about_first() {
        let ada = World::new().signed_in(user(), 60).0;
        let hint = hint("u-ada", "app");
        assert_eq!(
            check(&[("state", "")], Some(&hint), None).0,
            Shown::SignedOut(Back::Redirect(AFTER.into()))
        );
        for sent in
            ["https://app.example/bye", "https://app.example/bye?x=1&y", "https://evil.example/", "/bye"]
        {
            let changes = [("post_logout_redirect_uri", sent)];
            assert_eq!(check(&changes, Some(&hint), None).0, Shown::SignedOut(Back::Refused), "{sent}");
            let asked = (Shown::Confirm(Back::Refused), false);
            assert_eq!(
                check(&changes, Some(&hint), Some(&ada)),
                asked,
                "{sent}: no session ends without a word"
            );
        }
        let target = |client: Arc<Client>, aud: &str| {
            let hint = Some(super::tests::hint("u-ada", aud));
            shown(decide(&request(&[]), LogoutFacts { hint, client: Some(client), login: None }), None).0
        };
        assert_eq!(
            target(client_named("app", json!({})), "app"),
            Shown::SignedOut(Back::Refused),
            "none registered"
        );
        let mut disabled = (*app()).clone();
        disabled.disabled = true;
        assert_eq!(target(disabled.into(), "app"), Shown::SignedOut(Back::Refused), "disabled");
    }

    #[test]
    fn lo_02_k_19_a_loopback_address_of_a_native_app_matches_on_any_port() {
        for (application, goes) in [("native", true), ("web", false)] {
            let after = json!(["http://127.0.0.1:80/bye"]);
            let app = client(json!({"post_logout_redirect_uris": after, "application_type": application}));
            for (sent, on_port) in
                [("http://127.0.0.1:4001/bye", goes), ("http://127.0.0.1:4001/other", false)]
            {
                assert_eq!(app.allows_after_logout(sent), on_port, "{application} {sent}");
            }
            assert!(app.allows_after_logout("http://127.0.0.1:80/bye"), "{application}");
        }
    }

    #[test]
    fn lo_01_v_57_a_confirmation_ends_the_session_that_its_page_showed() {
        let mut world = World::new();
        let ada = world.signed_in(user(), 60).0;
        let mut check = |session, login: Option<&Login>| {
            let page = came_back(Logout { session }, &mut world.cx());
            let facts = LogoutFacts { hint: None, client: Some(app()), login: login.cloned() };
            shown(confirmed(&page, &request(&[("client_id", "app")]), facts), login)
        };
        let own = ada.session();
        let led = || Back::Link(there());
        assert_eq!(check(own, Some(&ada)), (Shown::SignedOut(led()), true));
        assert_eq!(check(SessionId([9; 16]), Some(&ada)), (Shown::Confirm(led()), false));
        assert_eq!(check(own, None), (Shown::SignedOut(led()), false));
    }
}
