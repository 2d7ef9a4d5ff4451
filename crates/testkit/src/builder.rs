//! How a test server is made: settings first, then a start with the fixtures in its database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use proofkey_server::clock::Clock;
use proofkey_server::trace::Tracer;
use tokio::net::TcpListener;

use crate::configuration::{SEALING_KEY, config_text, environment, sealing_key_file, write_private};
use crate::database::Engine;
use crate::postgres::TestDatabase;
use crate::process::Process;
use crate::seed::Seed;
use crate::server::{TestServer, http_client};
use crate::template;

/// How a test server is made.
#[derive(Debug, Default)]
pub struct Builder {
    issuer: Option<String>,
    /// A manual one that begins when the database was made, where none is given.
    clock: Option<Clock>,
    settings: Vec<(String, String)>,
    tracer: Tracer,
    seed: Option<Seed>,
    sealing_key_in_file: bool,
    database: Database,
}

/// What a server starts with.
#[derive(Debug, Default)]
enum Database {
    /// A copy of the fixtures, in the engine of this run.
    #[default]
    OfThisRun,
    /// The same in one engine.
    Of(Engine),
    /// A copy of this file, and the instant at which it was made.
    File(PathBuf, i64),
    /// An empty database of a PostgreSQL server that the test started itself.
    Elsewhere(String),
    /// The database of another server.
    Shared(Arc<TestDatabase>),
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
        self.clock = Some(Clock::System);
        self
    }

    /// Runs by this clock.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
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

    /// Has a file, whatever engine this run is about.
    #[must_use]
    pub fn sqlite(mut self) -> Self {
        self.database = Database::Of(Engine::Sqlite);
        self
    }

    /// Has a database in PostgreSQL, whatever engine this run is about.
    #[must_use]
    pub fn postgres(mut self) -> Self {
        self.database = Database::Of(Engine::Postgres);
        self
    }

    /// Has this empty database of a PostgreSQL server that the test started itself, with the fixtures put into it.
    #[must_use]
    pub fn postgres_at(mut self, url: &str) -> Self {
        self.database = Database::Elsewhere(url.to_owned());
        self.set("store.url", url)
    }

    /// Is another node of the same issuer, on the PostgreSQL database of this server and by its clock.
    #[must_use]
    pub fn beside(self, server: &TestServer) -> Self {
        let database = server.postgres.as_ref().expect("a file is served by one process");
        let (issuer, clock) =
            (Some(server.issuer.clone()), self.clock.or_else(|| Some(server.clock.clone())));
        Self { issuer, clock, database: Database::Shared(Arc::clone(database)), ..self }
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
        self.database = Database::File(file, made_at);
        self
    }

    /// Starts it with the fixtures in its database.
    pub async fn start(self) -> TestServer {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let (postgres, made_at) = self.database.prepared(&data).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let issuer = self.issuer.unwrap_or_else(|| format!("http://{address}"));
        let clock = self.clock.unwrap_or_else(|| Clock::manual(made_at));
        let mut settings = self.settings;
        settings.extend(postgres.iter().map(|database| ("store.url".to_owned(), database.url())));
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
            postgres,
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
        let text = config_text(&server.issuer, &server.data(), &server.settings, Some(server.address));
        let file = server.directory.path().join("proofkey.toml");
        std::fs::write(&file, text).unwrap();
        let environment = environment(&server.settings).collect();
        server.process = Some(Process::new(command, &file, environment));
        server.start_again().await;
        server
    }
}

impl Database {
    /// Makes it, and says in which PostgreSQL database it is, if in one, and when its content was made.
    async fn prepared(self, data: &Path) -> (Option<Arc<TestDatabase>>, i64) {
        let engine = match &self {
            Self::Of(engine) => *engine,
            _ => Engine::of_this_run(),
        };
        match self {
            Self::OfThisRun | Self::Of(_) if engine == Engine::Sqlite => {
                (None, template::copy_to(data).await)
            }
            Self::OfThisRun | Self::Of(_) => {
                let (database, made_at) = template::copy_in_postgres().await;
                (Some(Arc::new(database)), made_at)
            }
            Self::File(file, made_at) => {
                let _bytes = std::fs::copy(file, data.join("proofkey.db")).unwrap();
                (None, made_at)
            }
            Self::Elsewhere(url) => (None, template::put_into(&url).await),
            Self::Shared(database) => (Some(database), Clock::System.now()),
        }
    }
}
