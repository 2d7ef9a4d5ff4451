//! Administration: every verb of every noun leaves one line in the log, and every refusal names its member.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use proofkey_oauth::{ResourceUri, Secret};
use proofkey_protocol::{ApiScope, ClientId, Commit, Committed, ConsentFacts, UserRecord};
use proofkey_server::admin::{
    Actor, Admin, AdminRefused, AdminSettings, ApiEdit, ClientDocument, ClientEdit, NewApi, NewUser, UserEdit,
};
use proofkey_server::clock::Clock;
use proofkey_server::config::Config;
use proofkey_store::{Options, Store};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tracing::subscriber::DefaultGuard;

const NOW: i64 = 1_790_000_000;
const PASSWORD: &str = "tangle-orchid-viaduct-plum";

/// An installation without a server, and the log of what is done to it on this thread.
struct Installation {
    admin: Admin,
    store: Store,
    log: Lines,
    _guard: DefaultGuard,
    _directory: TempDir,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// The administrative lines since the last look, each as level, actor, verb, noun and id.
    fn take(&self) -> Vec<String> {
        let text = String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let members = ["level", "actor", "verb", "noun", "id"];
        let shown = |line: Value| members.map(|name| line[name].as_str().unwrap().to_owned()).join(" ");
        lines.filter(|line| line.get("actor").is_some()).map(shown).collect()
    }
}

impl Installation {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let text = format!(
            "issuer = \"https://id.example\"\n[store]\ndata = {:?}\n[passwords]\nmemory_kib = 64\niterations = 1\n",
            directory.path().display().to_string()
        );
        let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned();
        let environment = [("PROOFKEY_KEYS__SEALING_KEY".to_owned(), key)];
        let config = Config::parse(&text, &directory.path().join("proofkey.toml"), environment).unwrap();
        let store = Store::open(config.store.place().as_ref(), &Options::default()).unwrap();
        let settings = AdminSettings::from_config(&config).unwrap();
        let admin = Admin::new(store.clone(), settings, Clock::manual(NOW), Actor::cli("ada"));
        let log = Lines::default();
        let writer = log.clone();
        let subscriber =
            tracing_subscriber::fmt().json().flatten_event(true).with_max_level(tracing::Level::DEBUG);
        let subscriber = subscriber.with_writer(move || writer.clone()).finish();
        Self {
            admin,
            store,
            log,
            _guard: tracing::subscriber::set_default(subscriber),
            _directory: directory,
        }
    }

    /// One line was written since the last look, and it says this.
    fn logged(&self, line: &str) {
        assert_eq!(self.log.take(), [line]);
    }

    async fn add_client(&self, metadata: Value) -> Result<(), AdminRefused> {
        let document = ClientDocument::parse(&metadata.to_string())?;
        self.admin.add_client(document).await.map(drop)
    }

    async fn update_client(&self, id: &str, metadata: Value) -> Result<(), AdminRefused> {
        let document = ClientDocument::parse(&metadata.to_string())?;
        self.admin.update_client(&ClientId::new(id.to_owned()), document).await.map(drop)
    }

    async fn add_user(
        &self,
        username: &str,
        password: &str,
        claims: Value,
    ) -> Result<UserRecord, AdminRefused> {
        let claims: Map<String, Value> = claims.as_object().cloned().unwrap();
        let password = Some(Secret::new(password.to_owned()));
        self.admin.add_user(NewUser { username: username.to_owned(), password, claims }).await
    }

    async fn add_api(&self, new: NewApi) -> Result<(), AdminRefused> {
        self.admin.add_api(new).await.map(drop)
    }

    async fn give_consent(&self, user: &UserRecord, client: &ClientId) {
        let after = ConsentFacts::parse(&format!("0 {NOW} openid")).unwrap();
        let (user, client) = (user.id.clone(), client.clone());
        let given = Commit::GiveConsent { user, client, before: None, after };
        assert_eq!(self.store.commit(given).await, Ok(Committed::Applied));
    }
}

fn shop() -> Value {
    json!({"client_id": "shop", "redirect_uris": ["https://shop.example/cb"]})
}

fn notes() -> NewApi {
    let scopes = vec![ApiScope { name: "read".to_owned(), description: None }];
    NewApi { resource: "https://api.example/notes".to_owned(), scopes, ..NewApi::default() }
}

#[tokio::test]
async fn every_verb_on_a_client_leaves_one_line_with_its_actor() {
    let at = Installation::new();
    let id = ClientId::new("shop");
    at.add_client(shop()).await.unwrap();
    at.logged("INFO cli:ada add client shop");
    at.admin.clients().await.unwrap();
    at.logged("DEBUG cli:ada list client *");
    at.admin.client(&id).await.unwrap();
    at.logged("DEBUG cli:ada show client shop");
    at.update_client("shop", shop()).await.unwrap();
    at.logged("INFO cli:ada update client shop");
    at.admin.edit_client(&id, ClientEdit { bind: true, ..ClientEdit::default() }).await.unwrap();
    at.logged("INFO cli:ada edit client shop");
    at.admin.rotate_client_secret(&id, 60, |_| Ok(())).await.unwrap();
    at.logged("INFO cli:ada rotate-secret client shop");
    at.admin.disable_client(&id).await.unwrap();
    at.logged("INFO cli:ada disable client shop");
    at.admin.enable_client(&id).await.unwrap();
    at.logged("INFO cli:ada enable client shop");
    at.admin.revoke_grants_of_client(&id).await.unwrap();
    at.logged("INFO cli:ada revoke-grants client shop");
    at.admin.remove_client(&id).await.unwrap();
    at.logged("INFO cli:ada remove client shop");
}

#[tokio::test]
async fn every_verb_on_an_api_or_a_key_leaves_one_line_with_its_actor() {
    let at = Installation::new();
    at.add_api(notes()).await.unwrap();
    at.logged("INFO cli:ada add API https://api.example/notes");
    at.admin.apis().await.unwrap();
    at.logged("DEBUG cli:ada list API *");
    let resource = ResourceUri::parse("https://api.example/notes").unwrap();
    let renamed = ApiEdit { name: Some("Notes".to_owned()), ..ApiEdit::default() };
    at.admin.edit_api(&resource, renamed, |_, _| Ok(())).await.unwrap();
    at.logged("INFO cli:ada edit API https://api.example/notes");
    at.admin.remove_api(&resource).await.unwrap();
    at.logged("INFO cli:ada remove API https://api.example/notes");
    let made = at.admin.rotate_keys().await.unwrap();
    let kids: Vec<&str> = made.iter().map(|key| key.record.kid.as_str()).collect();
    at.logged(&format!("INFO cli:ada rotate key {}", kids.join(" ")));
    at.admin.keys().await.unwrap();
    at.logged("DEBUG cli:ada list key *");
}

#[tokio::test]
async fn every_verb_on_a_user_or_a_consent_leaves_one_line_that_names_no_person() {
    let at = Installation::new();
    let user = at.add_user("bob", PASSWORD, json!({})).await.unwrap();
    let id = &user.id;
    at.logged(&format!("INFO cli:ada add user {id}"));
    at.admin.users(10).await.unwrap();
    at.logged("DEBUG cli:ada list user *");
    at.admin.user("BOB").await.unwrap();
    at.logged(&format!("DEBUG cli:ada show user {id}"));
    assert!(at.admin.disable_user("bob").await.unwrap().disabled);
    at.logged(&format!("INFO cli:ada disable user {id}"));
    assert!(!at.admin.enable_user("bob").await.unwrap().disabled);
    at.logged(&format!("INFO cli:ada enable user {id}"));
    at.admin.set_password("bob", &Secret::new(PASSWORD.to_owned())).await.unwrap();
    at.logged(&format!("INFO cli:ada set-password user {id}"));
    assert_eq!(&at.admin.unlock_user("bob").await.unwrap().id, id);
    at.logged(&format!("INFO cli:ada unlock user {id}"));
    assert_eq!(&at.admin.sign_out_user("bob").await.unwrap().id, id);
    at.logged(&format!("INFO cli:ada sign-out user {id}"));
    assert_eq!(&at.admin.revoke_grants_of_user("bob").await.unwrap().id, id);
    at.logged(&format!("INFO cli:ada revoke-grants user {id}"));

    let client = ClientId::new("shop");
    at.add_client(shop()).await.unwrap();
    at.give_consent(&user, &client).await;
    at.log.take();
    let consents = at.admin.consents(Some("bob"), Some(&client)).await.unwrap();
    assert_eq!(consents.iter().map(|consent| consent.username.as_str()).collect::<Vec<_>>(), ["bob"]);
    at.logged("DEBUG cli:ada list consent *");
    at.admin.revoke_consent("bob", &client, None).await.unwrap();
    at.logged(&format!("INFO cli:ada revoke consent {id} shop"));

    let set = Map::from_iter([("name".to_owned(), json!("Bob"))]);
    assert_eq!(&at.admin.edit_user("bob", UserEdit { set, remove: vec![] }).await.unwrap().id, id);
    at.logged(&format!("INFO cli:ada edit user {id}"));
    assert_eq!(&at.admin.remove_user("bob").await.unwrap().id, id);
    at.logged(&format!("INFO cli:ada remove user {id}"));
    let new = NewUser { username: "bob".to_owned(), password: None, claims: Map::new() };
    let other = at.admin.add_user_under_freed_name(new).await.unwrap();
    at.logged(&format!("INFO cli:ada add user {}", other.id));
}

/// Refused, and the member that the refusal names; `None` where no member is at fault.
type Refusals = Vec<(Result<(), AdminRefused>, Option<&'static str>)>;

fn check(at: &Installation, refusals: Refusals) {
    for (number, (outcome, member)) in refusals.into_iter().enumerate() {
        let refused = outcome.expect_err(&format!("case {number}"));
        let named = refused.member().map(|member| member.to_string());
        assert_eq!(named.as_deref(), member, "case {number}: {refused}");
        assert!(!refused.to_string().contains("--"), "no flag: {refused}");
    }
    assert_eq!(at.log.take(), [""; 0], "what is refused was not done");
}

#[tokio::test]
async fn a_refusal_names_the_member_of_a_client() {
    let at = Installation::new();
    let uris = ["https://shop.example/cb"];
    at.add_client(shop()).await.unwrap();
    let public = json!({"client_id": "app", "token_endpoint_auth_method": "none", "redirect_uris": uris});
    at.add_client(public).await.unwrap();
    at.log.take();
    let (shop_id, app, none) = (ClientId::new("shop"), ClientId::new("app"), ClientId::new("none"));
    let refusals: Refusals = vec![
        (at.add_client(shop()).await, Some("client_id")),
        (at.add_client(json!([])).await, None),
        (at.add_client(json!({"redirect_uris": [1]})).await, Some("redirect_uris")),
        (at.add_client(json!({"redirect_uris": [uris[0], "nowhere"]})).await, Some("redirect_uris[1]")),
        (
            at.add_client(json!({"client_secret": "short", "redirect_uris": uris})).await,
            Some("client_secret"),
        ),
        (at.add_client(json!({"code_seconds": 0, "redirect_uris": uris})).await, Some("code_seconds")),
        (
            at.update_client("shop", json!({"client_id": "app", "redirect_uris": uris})).await,
            Some("client_id"),
        ),
        (at.update_client("shop", json!({"client_secret": PASSWORD})).await, Some("client_secret")),
        (at.update_client("app", json!({"redirect_uris": uris})).await, Some("token_endpoint_auth_method")),
        (
            at.update_client("shop", json!({"token_endpoint_auth_method": "none"})).await,
            Some("token_endpoint_auth_method"),
        ),
        (at.update_client("none", shop_without_id()).await, None),
        (at.admin.client(&none).await.map(drop), None),
        (at.admin.remove_client(&none).await, None),
        (at.admin.disable_client(&none).await, None),
        (at.admin.enable_client(&none).await, None),
        (at.admin.revoke_grants_of_client(&none).await, None),
        (at.admin.rotate_client_secret(&none, 0, |_| Ok(())).await, None),
        (at.admin.rotate_client_secret(&shop_id, -1, |_| Ok(())).await, Some("keep_seconds")),
        (at.admin.rotate_client_secret(&app, 0, |_| Ok(())).await, Some("token_endpoint_auth_method")),
    ];
    check(&at, refusals);
}

fn shop_without_id() -> Value {
    json!({"redirect_uris": ["https://shop.example/cb"]})
}

#[tokio::test]
async fn a_refusal_names_the_member_of_an_api() {
    let at = Installation::new();
    at.add_api(notes()).await.unwrap();
    at.log.take();
    let other = |names: &[&str]| NewApi {
        resource: "https://other.example".to_owned(),
        scopes: names.iter().map(|name| ApiScope { name: (*name).to_owned(), description: None }).collect(),
        ..NewApi::default()
    };
    let again = NewApi { scopes: other(&["x"]).scopes, ..notes() };
    let relative = NewApi { resource: "/notes".to_owned(), ..other(&["x"]) };
    let lasting = NewApi { access_token_seconds: Some(0), ..other(&["x"]) };
    let symmetric = NewApi { algorithm: Some("HS256".to_owned()), ..other(&["x"]) };
    let gone = ResourceUri::parse("https://gone.example").unwrap();
    let refusals: Refusals = vec![
        (at.add_api(again).await, Some("resource")),
        (at.add_api(relative).await, Some("resource")),
        (at.add_api(other(&[])).await, Some("scopes")),
        (at.add_api(other(&["x", "y z"])).await, Some("scopes[1]")),
        (at.add_api(other(&["x", "y", "a\"b"])).await, Some("scopes[2]")),
        (at.add_api(other(&["openid"])).await, Some("scopes[0]")),
        (at.add_api(lasting).await, Some("access_token_seconds")),
        (at.add_api(symmetric).await, Some("algorithm")),
        (at.admin.remove_api(&gone).await, None),
        (at.admin.edit_api(&gone, ApiEdit::default(), |_, _| Ok(())).await.map(drop), None),
    ];
    check(&at, refusals);
}

#[tokio::test]
async fn a_refusal_names_the_member_of_a_user() {
    let at = Installation::new();
    at.add_user("bob", PASSWORD, json!({})).await.unwrap();
    at.log.take();
    let (shop, weak) = (ClientId::new("shop"), Secret::new("short".to_owned()));
    let _removed = at.add_user("gone", PASSWORD, json!({})).await.unwrap();
    let _removed = at.admin.remove_user("gone").await.unwrap();
    at.log.take();
    let role = UserEdit { set: Map::from_iter([("role".to_owned(), json!("admin"))]), remove: vec![] };
    let refusals: Refusals = vec![
        (at.add_user("Gone", PASSWORD, json!({})).await.map(drop), Some("username")),
        (at.admin.edit_user("bob", role.clone()).await.map(drop), Some("claims.role")),
        (at.admin.edit_user("eve", role).await.map(drop), None),
        (at.admin.remove_user("eve").await.map(drop), None),
        (at.add_user("BOB", PASSWORD, json!({})).await.map(drop), Some("username")),
        (at.add_user(" ", PASSWORD, json!({})).await.map(drop), Some("username")),
        (at.add_user("eve", "short", json!({})).await.map(drop), Some("password")),
        (at.add_user("eve", &"a b".repeat(500), json!({})).await.map(drop), Some("password")),
        (at.add_user("eve", PASSWORD, json!({"role": "admin"})).await.map(drop), Some("claims.role")),
        (at.add_user("eve", PASSWORD, json!({"name": ""})).await.map(drop), Some("claims.name")),
        (at.admin.set_password("bob", &weak).await.map(drop), Some("password")),
        (at.admin.set_password("eve", &weak).await.map(drop), None),
        (at.admin.user("eve").await.map(drop), None),
        (at.admin.user("").await.map(drop), Some("username")),
        (at.admin.disable_user("eve").await.map(drop), None),
        (at.admin.enable_user("eve").await.map(drop), None),
        (at.admin.unlock_user("eve").await.map(drop), None),
        (at.admin.sign_out_user("eve").await.map(drop), None),
        (at.admin.revoke_grants_of_user("eve").await.map(drop), None),
        (at.admin.consents(Some("eve"), None).await.map(drop), None),
        (at.admin.revoke_consent("eve", &shop, None).await.map(drop), None),
        (at.admin.revoke_consent("bob", &shop, None).await.map(drop), None),
    ];
    check(&at, refusals);
}

#[tokio::test]
async fn k_23_a_client_has_a_hundred_apis_at_most_by_whichever_door() {
    let at = Installation::new();
    let resource = |number: usize| format!("https://{number}.example");
    for number in 0..=100 {
        let scopes = vec![ApiScope { name: "read".to_owned(), description: None }];
        at.add_api(NewApi { resource: resource(number), scopes, ..NewApi::default() }).await.unwrap();
    }
    let uris = ["https://shop.example/cb"];
    let named = |count: usize| (0..count).map(resource).collect::<Vec<_>>();
    let document = |resources: usize| json!({"client_id": "shop", "redirect_uris": uris, "scope": "read", "resources": named(resources)});
    let unnamed = json!({"client_id": "all", "redirect_uris": uris, "scope": "read"});
    at.add_client(document(100)).await.unwrap();
    at.log.take();
    let (id, last) = (ClientId::new("shop"), ResourceUri::parse(&resource(100)).unwrap());
    let add = ClientEdit { add: vec![last], ..ClientEdit::default() };
    let many = json!({"client_id": "many", "redirect_uris": uris, "resources": named(101)});
    let implied = json!({"redirect_uris": uris, "scope": "read"});
    let refusals: Refusals = vec![
        (at.add_client(unnamed).await, Some("resources")),
        (at.add_client(many).await, Some("resources")),
        (at.update_client("shop", implied).await, Some("resources")),
        (at.update_client("shop", document(101)).await, Some("resources")),
        (at.admin.edit_client(&id, add).await.map(drop), Some("resources")),
    ];
    check(&at, refusals);
    let swap = ClientEdit {
        add: vec![ResourceUri::parse(&resource(100)).unwrap()],
        remove: vec![ResourceUri::parse(&resource(0)).unwrap()],
        ..ClientEdit::default()
    };
    at.admin.edit_client(&id, swap).await.unwrap();
}

#[tokio::test]
async fn k_16_changes_of_many_operators_at_once_are_all_made_or_told_to_be_made_again() {
    let at = Installation::new();
    for number in 0..8 {
        let scopes = vec![ApiScope { name: format!("read{number}"), description: None }];
        let resource = format!("https://{number}.example");
        at.add_api(NewApi { resource, scopes, ..NewApi::default() }).await.unwrap();
    }
    at.add_client(shop()).await.unwrap();
    let id = ClientId::new("shop");
    let add = async |number: usize| {
        let resource = ResourceUri::parse(&format!("https://{number}.example")).unwrap();
        let edit = ClientEdit { add: vec![resource.clone()], ..ClientEdit::default() };
        match at.admin.edit_client(&id, edit).await {
            Ok(_) => Some(resource),
            Err(AdminRefused::Conflict { .. }) => None,
            Err(other) => panic!("{other}"),
        }
    };
    let made = tokio::join!(add(0), add(1), add(2), add(3), add(4), add(5), add(6), add(7));
    let made: [Option<ResourceUri>; 8] = made.into();
    let mut made: Vec<ResourceUri> = made.into_iter().flatten().collect();
    made.sort();
    assert!(!made.is_empty(), "of those at once one is always the first");
    let mut stands = at.admin.client(&id).await.unwrap().metadata.resources.unwrap();
    stands.sort();
    assert_eq!(stands, made, "what was said to be made was made, and nothing else");
}
