//! A test server that runs as a process: killed, started again, and asked while it may be dying.

use std::path::Path;
use std::process::{ExitStatus, Output};

use rustix::process::Signal;

use crate::answer::Answer;
use crate::fixtures::TestClient;
use crate::process::{Process, is_ready};
use crate::request::{basic, form_body};
use crate::server::{TestServer, http_client};

impl TestServer {
    /// Kills the process, without warning.
    pub fn kill(&self) {
        self.process().kill();
    }

    /// Asks the process to stop, as a supervisor does.
    pub fn ask_to_stop(&self) {
        self.process().signal(Signal::TERM);
    }

    /// Waits until the process ends by itself.
    pub async fn end(&self) -> ExitStatus {
        self.process().end().await
    }

    /// Asks the process to stop, as a supervisor does, and waits until it has.
    pub async fn terminate(&self) -> ExitStatus {
        self.ask_to_stop();
        self.end().await
    }

    /// Lets the process stand still, and returns when it does.
    pub fn pause(&self) {
        self.process().pause();
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.process().signal(Signal::CONT);
    }

    /// Starts the process again after it has stopped, for those who hold on to their connections, and waits until it is ready.
    pub async fn start_beside(&self) {
        let _millis = self.process().start(self.address).await;
    }

    /// Whether it says that it wants requests, as a load balancer asks.
    pub async fn is_ready(&self) -> bool {
        is_ready(self.address).await
    }

    /// How the process has ended, if it has.
    pub fn ended(&self) -> Option<ExitStatus> {
        self.process().ended()
    }

    /// The id of the process.
    pub fn pid(&self) -> i32 {
        self.process().pid().as_raw_nonzero().get()
    }

    /// Starts the process again by another program, which runs the command as it likes, and waits until it is ready; how it
    /// ended if it did before that.
    pub async fn start_by(&mut self, program: &Path) -> Result<u128, ExitStatus> {
        self.http = http_client();
        self.process().start_by(program, self.address).await
    }

    /// Runs another command of the program on the configuration of this server.
    pub fn command(&self, words: &[&str]) -> Output {
        self.process().command(words).output().expect("the command runs")
    }

    fn process(&self) -> &Process {
        self.process.as_ref().expect("it runs as a process")
    }

    /// Starts the process again after it was killed, and waits until it is ready; milliseconds that took.
    pub async fn start_again(&mut self) -> u128 {
        self.http = http_client();
        self.process().start(self.address).await
    }

    /// Posts a form with a client's credentials to a server that may die meanwhile; `None` if no whole answer came.
    pub fn try_token(
        &self,
        client: &TestClient,
        form: &[(&str, &str)],
    ) -> impl Future<Output = Option<Answer>> + Send + use<> {
        self.try_post("/token", client, form)
    }

    /// Revokes a token at a server that may die meanwhile; `None` if no whole answer came.
    pub fn try_revoke(
        &self,
        client: &TestClient,
        token: &str,
    ) -> impl Future<Output = Option<Answer>> + Send + use<> {
        self.try_post("/revoke", client, &[("token", token)])
    }

    /// The same server as its clients have it, who go on by themselves.
    pub fn remote(&self) -> Remote {
        Remote { http: self.http.clone(), base: self.url("") }
    }

    fn try_post(
        &self,
        path: &'static str,
        client: &TestClient,
        form: &[(&str, &str)],
    ) -> impl Future<Output = Option<Answer>> + Send + use<> {
        let (remote, client) = (self.remote(), client.clone());
        let body = form_body(form);
        async move { remote.post_body(path, &client, body).await }
    }
}

/// The way to a server that may die meanwhile.
#[derive(Clone, Debug)]
pub struct Remote {
    http: reqwest::Client,
    base: String,
}

impl Remote {
    /// Posts a form with a client's credentials; `None` if no whole answer came.
    pub async fn post(&self, path: &str, client: &TestClient, form: &[(&str, &str)]) -> Option<Answer> {
        self.post_body(path, client, form_body(form)).await
    }

    async fn post_body(&self, path: &str, client: &TestClient, body: String) -> Option<Answer> {
        let credentials = basic(&client.id, client.secret.as_deref().unwrap_or_default());
        let request = self.http.post(format!("{}{path}", self.base)).header("authorization", credentials);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        Answer::try_of(request).await.ok()
    }
}
