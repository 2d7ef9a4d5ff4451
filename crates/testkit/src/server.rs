//! A whole authorization server in this process, on a free port of the loopback address.

use std::net::SocketAddr;
use std::sync::Arc;

use proofkey_oauth::Timestamp;
use proofkey_server::clock::Clock;
use proofkey_server::trace::Tracer;
use proofkey_server::{Randomness, Running, Start};
use proofkey_store::Store;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::configuration::{config, sealing_key_file, write_private};
use crate::postgres::TestDatabase;
use crate::process::Process;
use crate::seed::Seed;

/// A server that runs in this process or in one of its own.
#[derive(Debug)]
pub struct TestServer {
    /// Where it listens. What the issuer says may differ, see [`crate::Builder::issuer`].
    pub address: SocketAddr,
    /// The issuer identifier in its metadata and tokens.
    pub issuer: String,
    /// The clock by which it runs; still unless [`crate::Builder::system_clock`] was chosen.
    pub clock: Clock,
    pub(crate) http: reqwest::Client,
    pub(crate) running: Option<Running>,
    pub(crate) process: Option<Process>,
    pub(crate) settings: Vec<(String, String)>,
    pub(crate) tracer: Tracer,
    pub(crate) seed: Option<Seed>,
    /// Its database, where that is no file.
    pub(crate) postgres: Option<Arc<TestDatabase>>,
    // Dropped last: the directory goes with it.
    pub(crate) directory: TempDir,
}

impl TestServer {
    /// The store of the running server, for what a test asks of the inside.
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

    /// What is drawn from now on follows from this seed alone. Two requests under one seed would get the same ids.
    pub fn reseed(&self, seed: &str) {
        self.seed.as_ref().expect("the server is seeded").set(seed);
    }

    /// Stops it cleanly: requests under way are finished.
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

    /// A setting that holds from its next start on, or none of that name.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        self.settings.retain(|(set, _)| set != name);
        self.settings.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }

    /// Takes over what was changed in the directory of clients and APIs, at once.
    pub async fn refresh_directory(&self) {
        self.running.as_ref().expect("the server runs").refreshed().await.expect("the directory can be read");
    }

    /// What stands in the file of its sealing key, see [`crate::Builder::sealing_key_in_file`].
    pub fn sealing_key_file(&self) -> String {
        std::fs::read_to_string(sealing_key_file(self.directory.path())).expect("a sealing key")
    }

    /// Puts another text there.
    pub fn write_sealing_key_file(&self, text: &str) {
        write_private(&sealing_key_file(self.directory.path()), text);
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

    /// Stops it; returns the message with which it refuses to start again under one more setting.
    pub async fn refusal_to_start(&mut self, name: &str, value: &str) -> String {
        self.stop().await;
        self.settings.push((name.to_owned(), value.to_owned()));
        let listener = TcpListener::bind(self.address).await.expect("the address is free again");
        let refused = self.start_of(listener).run().await.expect_err("the server must not start");
        self.settings.pop();
        refused.to_string()
    }

    pub(crate) async fn run(&mut self, listener: TcpListener) {
        self.running = Some(self.start_of(listener).run().await.expect("the server starts"));
    }

    fn start_of(&self, listener: TcpListener) -> Start {
        let config = config(&self.issuer, &self.data(), &self.settings);
        let (clock, tracer) = (self.clock.clone(), self.tracer.clone());
        let randomness = self.seed.as_ref().map_or(Randomness::System, Seed::randomness);
        Start { config, clock, randomness, tracer, listener: Some(listener) }
    }
}

impl Drop for TestServer {
    /// What runs in this process ends, and gives its connections back.
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.stop();
        }
    }
}

/// A client that follows no redirects and trusts no certificate: the server speaks plain http.
pub(crate) fn http_client() -> reqwest::Client {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    builder.tls_certs_only([]).build().expect("an HTTP client")
}
