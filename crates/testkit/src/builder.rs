//! How a test server is made: settings first, then a start with the fixtures in its database.

use std::path::{Path, PathBuf};

use proofkey_server::clock::Clock;
use proofkey_server::trace::Tracer;
use tokio::net::TcpListener;

use crate::configuration::{
    SEALING_KEY, config_text, environment, is_elsewhere, sealing_key_file, write_private,
};
use crate::process::Process;
use crate::seed::Seed;
use crate::server::{TestServer, http_client};
use crate::template;

/// How a test server is made.
#[derive(Debug, Default)]
pub struct Builder {
    issuer: Option<String>,
    system_clock: bool,
    settings: Vec<(String, String)>,
    tracer: Tracer,
    seed: Option<Seed>,
    sealing_key_in_file: bool,
    /// A database to copy instead of the fixtures', and the instant at which it was made.
    database: Option<(PathBuf, i64)>,
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

    /// Has an empty PostgreSQL database behind this URL, and puts the fixtures into it, rather than a file of its own.
    #[must_use]
    pub fn postgres(self, url: &str) -> Self {
        self.set("store.url", url)
    }

    /// Draws what answers show from a seed instead of the system, see [`TestServer::reseed`].
    #[must_use]
    pub fn seeded(mut self) -> Self {
        self.seed = Some(Seed::default());
        self
    }

    /// Has the sealing key in a file of its own, where commands can replace it, instead of the environment.
    #[must_use]
    pub fn sealing_key_in_file(mut self) -> Self {
        self.sealing_key_in_file = true;
        self
    }

    /// Starts with a copy of this database, at the instant when it was made.
    #[must_use]
    pub(crate) fn database(mut self, file: PathBuf, made_at: i64) -> Self {
        self.database = Some((file, made_at));
        self
    }

    /// Starts it with the fixtures in its database.
    pub async fn start(self) -> TestServer {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let is_elsewhere = is_elsewhere(&self.settings);
        let made_at = match &self.database {
            None if is_elsewhere => Clock::System.now(),
            Some((file, made_at)) => {
                let _bytes = std::fs::copy(file, data.join("proofkey.db")).unwrap();
                *made_at
            }
            None => template::copy_to(&data).await,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let issuer = self.issuer.unwrap_or_else(|| format!("http://{address}"));
        let clock = if self.system_clock { Clock::System } else { Clock::manual(made_at) };
        let mut settings = self.settings;
        if self.sealing_key_in_file {
            let file = sealing_key_file(directory.path());
            write_private(&file, SEALING_KEY);
            settings.push(("keys.sealing_key_file".to_owned(), file.display().to_string()));
        }
        let mut server = TestServer {
            address,
            issuer,
            clock,
            http: http_client(),
            running: None,
            process: None,
            settings,
            tracer: self.tracer,
            seed: self.seed,
            directory,
        };
        server.run(listener).await;
        if is_elsewhere {
            server.seed_fixtures().await;
        }
        server
    }

    /// Starts the built command instead, as a process that can be killed, by the machine's clock. What a test asks of the
    /// inside ([`TestServer::store`]) is not there.
    pub async fn start_process(self, command: &Path) -> TestServer {
        let mut server = self.system_clock().start().await;
        server.stop().await;
        let mut text = config_text(&server.issuer, &server.data(), Some(server.address));
        if is_elsewhere(&server.settings) {
            text = text.replace("[store]\ndata", "[store]\n# data");
        }
        let file = server.directory.path().join("proofkey.toml");
        std::fs::write(&file, text).unwrap();
        let environment = environment(&server.settings).collect();
        server.process = Some(Process::new(command, &file, environment));
        server.start_again().await;
        server
    }
}
