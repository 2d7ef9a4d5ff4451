//! What an operator takes away holds from the next request that decides, at every door, and comes back only where it was put aside
//! and not ended. Nothing tells the server of it.

use std::sync::Arc;

use proofkey_oauth::ResourceUri;
use proofkey_protocol::ClientId;
use proofkey_server::admin::{AdminRefused, Noun};
use proofkey_testkit::{
    AuthorizeRequest, Browser, Code, Navigated, Page, TestApi, TestClient, TestServer, Tokens, fixtures,
};
use serde_json::{Value, json};

const REPORTS: &str = "https://reports.example/api";
const CALLBACK: &str = "https://desk.example/callback";
const SCOPE: &str = "openid email offline_access reports:read";
const SECRET: &str = "a secret of more than thirty-two characters";

fn registration() -> Value {
    json!({
        "client_id": "desk", "client_name": "Desk", "client_secret": SECRET, "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"], "scope": SCOPE,
    })
}

fn desk() -> TestClient {
    TestClient {
        id: "desk".into(),
        secret: Some(SECRET.into()),
        redirect_uri: CALLBACK.into(),
        scope: SCOPE.into(),
        ..fixtures::web()
    }
}

/// What is left of all that a user gave a client, and of what the client has by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) session: bool,
    pub(crate) consents: usize,
    pub(crate) code: bool,
    pub(crate) refresh: bool,
    pub(crate) userinfo: bool,
    pub(crate) introspected: bool,
    pub(crate) own: bool,
    /// Whether the answer on a page that stood open brings a code.
    pub(crate) page: bool,
}

pub(crate) const ALL: Left = Left {
    session: true,
    consents: 2,
    code: true,
    refresh: true,
    userinfo: true,
    introspected: true,
    own: true,
    page: true,
};
pub(crate) const NOTHING: Left = Left {
    session: false,
    consents: 0,
    code: false,
    refresh: false,
    userinfo: false,
    introspected: false,
    own: false,
    page: false,
};

pub(crate) struct Held {
    /// Where everything was given, and is looked at.
    server: Arc<TestServer>,
    api: TestClient,
    browser: Browser,
    tokens: Tokens,
    own: String,
    code: Code,
    waiting: Page,
}

impl Held {
    async fn new() -> Self {
        Self::at(Arc::new(TestServer::start().await)).await
    }

    pub(crate) async fn at(server: Arc<TestServer>) -> Self {
        let desk = desk();
        let TestApi { resource, secret } = server.api(REPORTS, &["reports:read"], true).await;
        let api = TestClient { id: resource, secret, ..fixtures::service() };
        let _ = server.client(&registration()).await;
        let mut browser = Browser::new(&server);
        let request = AuthorizeRequest::new(&desk).set("scope", SCOPE);
        let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
        let tokens = Tokens::of(&server.redeem(&desk, &code).await);
        let code = server.code_by(&mut browser, &request, &fixtures::ada()).await;
        let waiting = browser.authorize(&request.set("prompt", "consent")).await.page();
        assert!(waiting.is_consent());
        let own = Tokens::of(&server.client_credentials(&desk, &[]).await).access_token;
        Self { server, api, browser, tokens, own, code, waiting }
    }

    /// Whether the API or the client learns that a token is active; either may be gone.
    async fn is_active(&self, token: &str) -> bool {
        let mut active = false;
        for asker in [&self.api, &desk()] {
            let answer = self.server.introspect(asker, token).await;
            active |= answer.status == 200 && answer.json()["active"] == true;
        }
        active
    }

    pub(crate) async fn left(&self) -> Left {
        let Self { server, browser, tokens, own, code, waiting, .. } = self;
        // First of all: what the server had read for it is then as old as the verb.
        let redeemed = server.redeem(&desk(), code).await.status == 200;
        let userinfo = server.userinfo(&tokens.access_token).await.status == 200;
        let introspected = self.is_active(&tokens.access_token).await;
        assert_eq!(self.is_active(&tokens.refresh_token).await, introspected);
        let own = self.is_active(own).await;
        let unasked = AuthorizeRequest::new(&fixtures::web()).set("prompt", "none");
        let session = browser.clone().authorize(&unasked).await.redirect().param("error") != "login_required";
        let page = match browser.clone().allow(waiting).await {
            Navigated::Redirect(departure) => !departure.param("code").is_empty(),
            Navigated::Page(_) => false,
        };
        let admin = server.admin();
        let consents = match admin.consents(Some("ada"), Some(&ClientId::new("desk"))).await {
            Ok(consents) => consents.len(),
            // Of a user who is gone there is none to list.
            Err(AdminRefused::Missing { noun: Noun::User, .. }) => {
                let all = admin.consents(None, Some(&ClientId::new("desk"))).await.unwrap();
                assert_eq!(all.len(), 0, "of a user who is not there");
                0
            }
            Err(refused) => panic!("{refused}"),
        };
        Left {
            session,
            consents,
            userinfo,
            introspected,
            own,
            page,
            code: redeemed,
            refresh: server.refresh(&desk(), &tokens.refresh_token).await.status == 200,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Verb {
    RemoveClient,
    DisableClient,
    DisableUser,
    RemoveUser,
    RemoveApi,
}

impl Verb {
    pub(crate) async fn run(self, server: &TestServer) {
        let (admin, desk) = (server.admin(), ClientId::new("desk"));
        match self {
            Self::RemoveClient => admin.remove_client(&desk).await.unwrap(),
            Self::DisableClient => admin.disable_client(&desk).await.unwrap(),
            Self::DisableUser => drop(admin.disable_user("ada").await.unwrap()),
            Self::RemoveUser => drop(admin.remove_user("Ada").await.unwrap()),
            Self::RemoveApi => admin.remove_api(&ResourceUri::parse(REPORTS).unwrap()).await.unwrap(),
        }
    }

    async fn undo(self, server: &TestServer) {
        match self {
            Self::RemoveClient => drop(server.client(&registration()).await),
            Self::DisableClient => server.disable_client("desk", false).await,
            Self::DisableUser => server.disable_user(&fixtures::ada(), false).await,
            Self::RemoveUser => drop(server.user_under_freed_name(&fixtures::ada()).await),
            Self::RemoveApi => drop(server.api(REPORTS, &["reports:read"], true).await),
        }
    }
}

#[tokio::test]
async fn k_10_k_16_what_is_taken_away_is_gone_at_every_door_and_what_has_ended_stays_ended() {
    let with_session = Left { session: true, ..NOTHING };
    // The page that stood open is answered by the person, now, and shows what it showed.
    let answered = Left { page: true, ..with_session };
    let only_own = Left { consents: 2, own: true, ..NOTHING };
    let of_nobody = Left { own: true, ..NOTHING };
    let disabled = Left { consents: 2, ..with_session };
    let without_api = Left { consents: 1, ..with_session };
    let cases = [
        (Verb::RemoveClient, with_session, answered),
        (Verb::DisableClient, disabled, ALL),
        (Verb::DisableUser, only_own, only_own),
        // Another person under the same name has nothing of the one before.
        (Verb::RemoveUser, of_nobody, of_nobody),
        (Verb::RemoveApi, without_api, without_api),
    ];
    for (verb, taken, put_back) in cases {
        // In the same second as everything before it, and later.
        for later in [0, 5] {
            let held = Held::new().await;
            held.server.advance(later);
            verb.run(&held.server).await;
            assert_eq!(held.left().await, taken, "{verb:?} after {later} seconds");
            verb.undo(&held.server).await;
            let left = held.left().await;
            // An answer on the page is a consent of its own.
            let left = Left { consents: put_back.consents, ..left };
            assert_eq!(left, put_back, "{verb:?} undone after {later} seconds");
        }
    }
    assert_eq!(Held::new().await.left().await, ALL);
}

#[tokio::test]
async fn k_10_k_16_what_is_given_after_a_client_or_an_api_was_added_again_is_good_at_once() {
    for verb in [Verb::RemoveClient, Verb::RemoveApi] {
        let mut held = Held::new().await;
        verb.run(&held.server).await;
        if matches!(verb, Verb::RemoveApi) {
            let TestApi { secret, .. } = held.server.api(REPORTS, &["reports:read"], true).await;
            held.api.secret = secret;
        } else {
            verb.undo(&held.server).await;
        }
        let (server, desk) = (&held.server, desk());
        let own = Tokens::of(&server.client_credentials(&desk, &[]).await).access_token;
        assert!(held.is_active(&own).await, "{verb:?}");
        let request = AuthorizeRequest::new(&desk).set("scope", SCOPE);
        let code = server.code_by(&mut held.browser, &request, &fixtures::ada()).await;
        let tokens = Tokens::of(&server.redeem(&desk, &code).await);
        let tokens = Tokens::of(&server.refresh(&desk, &tokens.refresh_token).await);
        assert_eq!(server.userinfo(&tokens.access_token).await.status, 200, "{verb:?}");
        assert!(held.is_active(&tokens.access_token).await, "{verb:?}");
        assert!(
            !held.is_active(&held.own).await && !held.is_active(&held.tokens.access_token).await,
            "{verb:?}"
        );
    }
}
