//! A whole authorization server in this process, on a free port of the loopback address.

use std::net::SocketAddr;
use std::path::Path;

use proofkey_oauth::Timestamp;
use proofkey_protocol::ClientId;
use proofkey_server::admin::{self, Hashing, NewApi, NewClient};
use proofkey_server::clock::Clock;
use proofkey_server::config::Config;
use proofkey_server::trace::Tracer;
use proofkey_server::{Running, Start, username_key};
use proofkey_store::Store;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::answer::Answer;
use crate::fixtures::{TestApi, TestClient, TestUser};
use crate::process::Process;
use crate::template;

/// Base64 of 32 bytes: what the fixtures' keys are sealed with.
const SEALING_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// How a test server is made.
#[derive(Debug, Default)]
pub struct Builder {
    issuer: Option<String>,
    system_clock: bool,
    settings: Vec<(String, String)>,
    tracer: Tracer,
}

/// A running server.
#[derive(Debug)]
pub struct TestServer {
    /// Where it listens. What the issuer says may differ, see [`Builder::issuer`].
    pub address: SocketAddr,
    /// Its issuer identifier.
    pub issuer: String,
    /// Its clock.
    pub clock: Clock,
    pub(crate) http: reqwest::Client,
    running: Option<Running>,
    process: Option<Process>,
    settings: Vec<(String, String)>,
    tracer: Tracer,
    // Dropped last: the directory goes with it.
    directory: TempDir,
}

impl Builder {
    /// Another issuer than `http://127.0.0.1:<port>`. With an https one the server still speaks plain http, as behind a
    /// proxy that ends TLS: cookies are `__Host-` ones then.
    #[must_use]
    pub fn issuer(mut self, issuer: &str) -> Self {
        self.issuer = Some(issuer.to_owned());
        self
    }

    /// Runs by the machine's clock rather than by one that stands still.
    #[must_use]
    pub fn system_clock(mut self) -> Self {
        self.system_clock = true;
        self
    }

    /// A setting by its name in the configuration, such as `tokens.code_seconds`.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl ToString) -> Self {
        self.settings.push((name.to_owned(), value.to_string()));
        self
    }

    /// Where its trace goes, as `proofkey dev` has one.
    #[must_use]
    pub fn tracer(mut self, tracer: Tracer) -> Self {
        self.tracer = tracer;
        self
    }

    /// Starts it with the fixtures in its database.
    pub async fn start(self) -> TestServer {
        let directory = tempfile::tempdir().unwrap();
        let made_at = template::copy_to(&directory.path().join("data")).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let issuer = self.issuer.unwrap_or_else(|| format!("http://{address}"));
        let clock = if self.system_clock { Clock::System } else { Clock::manual(made_at) };
        let mut server = TestServer {
            address,
            issuer,
            clock,
            http: http_client(),
            running: None,
            process: None,
            settings: self.settings,
            tracer: self.tracer,
            directory,
        };
        server.run(listener).await;
        server
    }

    /// Starts the built command instead, as a process that can be killed, by the machine's clock. What a test asks of the
    /// inside ([`TestServer::store`]) is not there.
    pub async fn start_process(self, command: &Path) -> TestServer {
        let mut server = self.system_clock().start().await;
        server.stop().await;
        let text = config_text(&server.issuer, &server.data(), Some(server.address));
        let file = server.directory.path().join("proofkey.toml");
        std::fs::write(&file, text).unwrap();
        let environment = environment(&server.settings).collect();
        server.process = Some(Process::new(command, &file, environment));
        server.start_again().await;
        server
    }
}

impl TestServer {
    /// A server with the fixtures in its database, a clock that stands still, and default settings.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// A server made to measure.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Its store.
    pub fn store(&self) -> &Store {
        &self.running.as_ref().expect("the server runs").store
    }

    /// The directory of its database.
    pub fn data(&self) -> std::path::PathBuf {
        self.directory.path().join("data")
    }

    /// The instant on its clock.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.clock.now())
    }

    /// Moves its clock, unless it is the machine's.
    pub fn advance(&self, seconds: i64) {
        self.clock.advance(seconds);
    }

    /// Stops it cleanly.
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
            running.stopped().await.expect("the server stops cleanly");
        }
    }

    /// Stops it and starts it again with the same database, settings, clock and address.
    pub async fn restart(&mut self) {
        self.stop().await;
        let listener = TcpListener::bind(self.address).await.expect("the address is free again");
        self.http = http_client();
        self.run(listener).await;
    }

    /// Kills the process, without warning.
    pub fn kill(&mut self) {
        self.process.as_mut().expect("it runs as a process").kill();
    }

    /// Waits until the process ends by itself.
    pub async fn end(&mut self) -> std::process::ExitStatus {
        self.process.as_mut().expect("it runs as a process").end().await
    }

    /// Starts the process again after it was killed, and waits until it is ready; milliseconds that took.
    pub async fn start_again(&mut self) -> u128 {
        self.http = http_client();
        let (address, process) = (self.address, self.process.as_mut().expect("it runs as a process"));
        process.start(address).await
    }

    /// Posts a form with a client's credentials to a server that may die meanwhile; nothing when no answer came.
    pub fn try_token(
        &self,
        client: &TestClient,
        form: &[(&str, &str)],
    ) -> impl Future<Output = Option<Answer>> + Send + use<> {
        self.try_post("/token", client, form)
    }

    /// The same at the revocation endpoint.
    pub fn try_revoke(
        &self,
        client: &TestClient,
        token: &str,
    ) -> impl Future<Output = Option<Answer>> + Send + use<> {
        self.try_post("/revoke", client, &[("token", token)])
    }

    fn try_post(
        &self,
        path: &str,
        client: &TestClient,
        form: &[(&str, &str)],
    ) -> impl Future<Output = Option<Answer>> + Send + use<> {
        let credentials = crate::flow::basic(&client.id, client.secret.as_deref().unwrap_or_default());
        let request = self.http.post(self.url(path)).header("authorization", credentials);
        let body = crate::request::form_body(form);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        async move { Answer::try_of(request).await.ok() }
    }

    /// Takes over what was changed in the directory of clients and APIs, at once.
    pub async fn refresh_directory(&self) {
        self.running.as_ref().expect("the server runs").refreshed().await.expect("the directory can be read");
    }

    /// Registers a client; returns its secret.
    pub async fn client(&self, metadata: &Value) -> Option<String> {
        let new = NewClient::parse(&metadata.to_string()).expect("client metadata");
        let added = admin::add_client(self.store(), new, self.now()).await.expect("the client can be added");
        self.refresh_directory().await;
        added.secret.map(|secret| secret.expose().to_owned())
    }

    /// Registers an API.
    pub async fn api(&self, resource: &str, scopes: &[&str], introspection: bool) -> TestApi {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self.api_with(NewApi { resource: resource.to_owned(), scopes, introspection, ..NewApi::default() })
            .await
    }

    /// Registers an API with everything that one can have.
    pub async fn api_with(&self, new: NewApi) -> TestApi {
        let resource = new.resource.clone();
        let added = admin::add_api(self.store(), new).await.expect("the API can be added");
        self.refresh_directory().await;
        TestApi { resource, secret: added.introspection.map(|secret| secret.expose().to_owned()) }
    }

    /// Adds a user with claims; returns the `sub`.
    pub async fn user(&self, user: &TestUser, claims: Value) -> String {
        let hashing = self.hashing();
        template::add_user(self.store(), &hashing, user, claims, self.now()).await
    }

    /// Sets a user's password as an operator does.
    pub async fn set_password(&self, username: &str, password: &str) {
        let hashing = self.hashing();
        let password = proofkey_oauth::Secret::new(password.to_owned());
        admin::set_password(self.store(), &hashing, username, &password, &self.clock)
            .await
            .expect("the password can be set");
    }

    /// Disables or enables a user.
    pub async fn disable_user(&self, user: &TestUser, disabled: bool) {
        let key = username_key(&user.username).expect("a username");
        let now = self.now();
        self.store().set_user_disabled(&key, disabled, move || now).await.expect("the user exists");
    }

    /// Disables or enables a client.
    pub async fn disable_client(&self, id: &str, disabled: bool) {
        self.store()
            .set_client_disabled(&ClientId::new(id.to_owned()), disabled)
            .await
            .expect("the client exists");
        self.refresh_directory().await;
    }

    /// Withdraws a user's remembered consent to a client.
    pub async fn withdraw_consent(&self, user: &TestUser, client_id: &str) {
        let key = username_key(&user.username).expect("a username");
        let user = self.store().user_by_name(&key).await.expect("the store reads").expect("the user exists");
        let client = ClientId::new(client_id.to_owned());
        self.store().revoke_consent(&user.id, &client).await.expect("the consent exists");
    }

    /// The address of one of its paths.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{}{path}", self.address, self.issuer_path())
    }

    /// The path of the issuer; empty for most.
    pub fn issuer_path(&self) -> &str {
        let at = self.issuer.match_indices('/').nth(2).map_or(self.issuer.len(), |(at, _)| at);
        &self.issuer[at..]
    }

    /// Why it does not start again with one more setting.
    pub async fn refusal_to_start(&mut self, name: &str, value: &str) -> String {
        self.stop().await;
        self.settings.push((name.to_owned(), value.to_owned()));
        let listener = TcpListener::bind(self.address).await.expect("the address is free again");
        let refused = self.start_of(listener).run().await.expect_err("the server must not start");
        self.settings.pop();
        refused.to_string()
    }

    fn hashing(&self) -> Hashing {
        let config = config(&self.issuer, &self.data(), &self.settings);
        Hashing::from_config(&config).expect("password settings")
    }

    async fn run(&mut self, listener: TcpListener) {
        self.running = Some(self.start_of(listener).run().await.expect("the server starts"));
    }

    fn start_of(&self, listener: TcpListener) -> Start {
        let config = config(&self.issuer, &self.data(), &self.settings);
        let (clock, tracer) = (self.clock.clone(), self.tracer.clone());
        Start { config, clock, tracer, listener: Some(listener) }
    }
}

/// The configuration of a test server.
pub(crate) fn config(issuer: &str, data: &Path, settings: &[(String, String)]) -> Config {
    let text = config_text(issuer, data, None);
    Config::parse(&text, &data.join("test.toml"), environment(settings)).expect("the configuration is valid")
}

/// Cheap passwords, no metrics listener.
fn config_text(issuer: &str, data: &Path, listen: Option<SocketAddr>) -> String {
    let listen = listen.map(|address| format!("listen = \"{address}\"\n")).unwrap_or_default();
    format!(
        "issuer = {issuer:?}\n[server]\n{listen}metrics_listen = \"off\"\ndrain_seconds = 2\n[store]\ndata = {:?}\n\
         [passwords]\nmemory_kib = 64\niterations = 1\nhashes_max = 1\nqueue_max = 1000\nqueue_seconds = 30\n",
        data.display().to_string()
    )
}

/// The settings of a test, over the sealing key of the fixtures.
fn environment(settings: &[(String, String)]) -> impl Iterator<Item = (String, String)> + '_ {
    let variable = |name: &str| format!("PROOFKEY_{}", name.replacen('.', "__", 1).to_ascii_uppercase());
    let key = ("PROOFKEY_KEYS__SEALING_KEY".to_owned(), SEALING_KEY.to_owned());
    [key].into_iter().chain(settings.iter().map(move |(name, value)| (variable(name), value.clone())))
}

/// A client that follows nothing and trusts nobody: the server speaks plain http.
pub(crate) fn http_client() -> reqwest::Client {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    builder.tls_certs_only([]).build().expect("an HTTP client")
}
