//! Starting and stopping: from a configuration to a server that answers.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use proofkey_protocol::SealingKeyId;
use proofkey_store::{Fault, Store};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::algorithms::{self, AlgorithmsRefused};
use crate::app::App;
use crate::background::{self, spawn_metrics, spawn_vital};
use crate::clients::{Clients, ShortSecrets};
use crate::clock::Clock;
use crate::config::Config;
use crate::cookies::CookieNames;
use crate::database::{DatabaseRefused, open_to_serve};
use crate::directory::Directory;
use crate::endpoint;
use crate::http::{
    Budget, Edge, HttpLimits, Pace, Phase, Readiness, SecurityHeaders, Tls, TlsRefused, TrustedProxies,
    raise_file_limit,
};
use crate::keys::{self, Keyring, KeysFault};
use crate::known_time::KnownTime;
use crate::log::Ceiling;
use crate::metadata::MetadataDocument;
use crate::metrics::Metrics;
use crate::node::{self, Node};
use crate::page::Pages;
use crate::password::{PasswordParams, Passwords};
use crate::random::Randomness;
use crate::refresh_uses::RefreshUses;
use crate::refusal_record::{self, RefusalRecords};
use crate::remembered::LastLook;
use crate::rules::ErrorsPage;
use crate::session_uses;
use crate::shared_time;
use crate::tasks::{self, Watch};
use crate::trace::Tracer;

/// Why a server does not start, or ends. Each says the cause and the cure.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the message of a variant says what its fields are")]
#[non_exhaustive]
pub enum StartFault {
    /// The database cannot be opened, or is served by another process.
    #[error(transparent)]
    Database(#[from] DatabaseRefused),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] Fault),
    /// The signing keys cannot be read or made.
    #[error(transparent)]
    Keys(#[from] KeysFault),
    /// A client or an API is registered for an algorithm that is off.
    #[error(transparent)]
    Algorithms(#[from] AlgorithmsRefused),
    /// The certificate or its key cannot be used.
    #[error("server.tls_certificate: {0}")]
    Tls(TlsRefused),
    /// The private keys would be sealed by a key that another server cannot open them with.
    #[error(
        "the sealing key {id} is new, and would write at once; not on every server yet: {nodes}. Give it to each of them as `next` \
         first (in a file a line `next KEY` below the one before; by environment the one before, a comma and `next KEY`), then \
         let it write"
    )]
    SealingKeyNotHeld { id: SealingKeyId, nodes: String },
    /// A hash of that cost cannot be computed.
    #[error("[passwords]: {0}")]
    Passwords(String),
    /// An address cannot be listened on.
    #[error("{setting}: {address} cannot be listened on: {cause}{}", cure(setting, cause))]
    Listen { setting: &'static str, address: SocketAddr, cause: io::Error },
    /// Anything else of the system.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The setting of the listener that can be left out.
const METRICS_LISTEN: &str = "server.metrics_listen";

/// A server about to start.
#[derive(Debug)]
pub struct Start {
    /// Resolved: defaults, file and environment are put together already.
    pub config: Config,
    /// The source of every instant that is judged; tests move it by hand.
    pub clock: Clock,
    /// The source of every id, code and nonce; tests seed it.
    pub randomness: Randomness,
    /// Where its trace goes; nowhere but in `proofkey dev`.
    pub tracer: Tracer,
    /// A listener that is bound already; else `server.listen` is bound.
    pub listener: Option<TcpListener>,
}

/// A server that answers.
#[derive(Debug)]
pub struct Running {
    /// The address of its public listener; the port is the real one where 0 was asked for.
    pub address: SocketAddr,
    /// Its store, for commands in the same process.
    pub store: Store,
    app: Arc<App>,
    node: Node,
    /// How long requests are still taken once readiness is denied.
    unready: Duration,
    shutdown: CancellationToken,
    tasks: Tasks,
    /// Stops what must outlive the drain: a load balancer asks there whether the server drains.
    observed: CancellationToken,
    readiness: Arc<Readiness>,
    tls: Option<Arc<Tls>>,
}

/// What runs until the server stops.
#[derive(Debug)]
struct Tasks {
    server: JoinHandle<io::Result<()>>,
    store_failed: JoinHandle<Option<Fault>>,
    background: Vec<JoinHandle<()>>,
}

impl Start {
    /// Opens the store, makes or opens the keys, and begins to answer.
    pub async fn run(self) -> Result<Running, StartFault> {
        let Self { config, clock, randomness, tracer, listener } = self;
        raise_file_limit();
        let store = open_to_serve(&config.store).await?;
        algorithms::check_to_serve(&store, &config.keys.algorithms).await?;
        let clock = shared_time::clock_of(&store, clock).await?;
        let app = Arc::new(build(&config, &store, clock, randomness, tracer)?);
        app.refresh(&store).await?;
        let mut known = KnownTime::new(store.known_time().await?, &app.clock);
        // Stored keys must open before any is made: one made under a wrong sealing key would lock the right one out.
        tasks::load_keys(&app, &store).await?;
        let node = Node::begin(&app);
        node.report(&app, &store).await?;
        if keys::has_to_reseal(&app.keyring.now()) {
            check_all_hold(&app, &store).await?;
            let _count = keys::reseal(&store, app.keyring.now().sealer()).await?;
        }
        if tasks::rotate_keys(&app, &store, known.now(&app.clock)).await?.moved() {
            tasks::load_keys(&app, &store).await?;
        }
        let listener = match listener {
            Some(listener) => listener,
            None => bind("server.listen", config.server.listen).await?,
        };
        let address = listener.local_addr()?;
        let tls = config
            .server
            .tls
            .as_ref()
            .map(|files| Tls::load(&files.certificate, &files.key))
            .transpose()
            .map_err(StartFault::Tls)?
            .map(Arc::new);
        let (shutdown, observed) = (CancellationToken::new(), CancellationToken::new());
        let readiness = Arc::new(Readiness::default());
        let budget = Arc::new(Budget::default());
        let watch =
            Watch { app: Arc::clone(&app), readiness: Arc::clone(&readiness), shutdown: shutdown.clone() };
        let mut background = background::spawn(&watch, &store, known, tls.as_ref());
        background.extend(background::spawn_node(&watch, &store, &node));
        let store_failed = spawn_vital(store_failure(store.clone(), shutdown.clone()), &shutdown);
        if let Some(address) = config.server.metrics_listen {
            let (listener, stop) = (bind(METRICS_LISTEN, address).await?, observed.clone());
            background.push(spawn_metrics(&watch, listener, Arc::clone(&budget), stop)?);
        }
        let edge = Edge {
            limits: HttpLimits::from_config(&config.server),
            trusted_proxies: TrustedProxies::new(config.server.trusted_proxies.clone()),
            budget,
            pace: Arc::new(Pace::new(config.limits.paced_turns_per_second, config.limits.factor.max(1.0))),
            security_headers: SecurityHeaders { strict_transport: config.issuer.is_https() },
            readers: Some(endpoint::readers(Arc::clone(&app))),
            metrics: app.metrics.http.clone(),
            randomness: app.randomness.clone(),
        };
        let router = endpoint::router(Arc::clone(&app)).merge(Arc::clone(&readiness).routes());
        let served = crate::http::serve(listener, tls.clone(), router, edge, shutdown.clone());
        let server = spawn_vital(served, &shutdown);
        readiness.enter(Phase::Ready);
        tracing::info!(issuer = %config.issuer, node = %node.id(), %address, "ready");
        let tasks = Tasks { server, store_failed, background };
        let unready = Duration::from_secs(config.server.unready_seconds);
        Ok(Running { address, store, app, node, unready, shutdown, tasks, observed, readiness, tls })
    }
}

impl Running {
    /// Denies readiness, and takes requests for as long as those need who look at that and send them.
    pub async fn leave(&self) {
        self.readiness.enter(Phase::Draining);
        // No caller is told by it of a server that ends by a fault.
        let _ = self.shutdown.run_until_cancelled(tokio::time::sleep(self.unready)).await;
    }

    /// Begins to drain: new connections are refused, requests in flight finish.
    pub fn stop(&self) {
        self.readiness.enter(Phase::Draining);
        self.shutdown.cancel();
    }

    /// Takes over what was just changed of clients and APIs, without waiting for the next look.
    pub async fn refreshed(&self) -> Result<(), StartFault> {
        self.app.refresh(&self.store).await?;
        Ok(())
    }

    /// Its TLS identity, where it ends TLS itself.
    pub fn certificate(&self) -> Option<Arc<Tls>> {
        self.tls.clone()
    }

    /// What stops the server when it is cancelled.
    pub fn shutdown(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// Waits until the server has stopped and everything is written. A store that failed for good is the fault that ended
    /// it: a supervisor must see that this server did not end well.
    pub async fn stopped(self) -> Result<(), StartFault> {
        let ended = self.tasks.server.await;
        self.shutdown.cancel();
        self.observed.cancel();
        for task in self.tasks.background {
            // Each ends by the cancelled token; a stuck one must not keep the process.
            let _ = tokio::time::timeout(Duration::from_secs(5), task).await;
        }
        let mut store_failed = self.tasks.store_failed.await.map_err(io::Error::other)?;
        if store_failed.is_none() {
            // The watch ended before the last commits of the drain were written.
            store_failed = tokio::time::timeout(Duration::ZERO, self.store.failed()).await.ok();
        }
        // The drain may have refused what the task that writes such did not see.
        refusal_record::finish(&self.app, &self.store).await;
        session_uses::finish(&self.store).await;
        self.node.leave(&self.store).await;
        self.store.close().await;
        ended.map_err(io::Error::other)??;
        store_failed.map_or(Ok(()), |fault| Err(fault.into()))
    }
}

/// Refuses to seal the private keys anew while another server that is there could not open them any more.
async fn check_all_hold(app: &App, store: &Store) -> Result<(), StartFault> {
    if !store.is_shared() {
        return Ok(());
    }
    let id = app.keyring.now().sealing_key_id();
    let nodes = node::lacking(store, id, app.now()).await?;
    if nodes.is_empty() { Ok(()) } else { Err(StartFault::SealingKeyNotHeld { id, nodes }) }
}

pub(crate) fn build(
    config: &Config,
    store: &Store,
    clock: Clock,
    randomness: Randomness,
    tracer: Tracer,
) -> Result<App, StartFault> {
    let metrics = Arc::new(Metrics::new());
    let issuer = &config.issuer;
    let params = PasswordParams::from_config(&config.passwords)
        .map_err(|refused| StartFault::Passwords(refused.to_string()))?;
    let operator = config.pages.operator_name.as_deref().unwrap_or("Proofkey");
    Ok(App {
        policy: config.policy(),
        rotation: config.rotation(),
        store: store.protocol().clone(),
        clients: Clients::new(),
        short_secrets: ShortSecrets::default(),
        directory: Directory::default(),
        keyring: Keyring::new(
            config.signers(),
            Arc::clone(&config.keys.sealing_keys),
            config.keys.sealing_key_source.clone(),
        )?,
        published_keys: LastLook::default(),
        passwords: Passwords::new(params, metrics.passwords.clone())?,
        limits: config.limiters(),
        refresh_uses: RefreshUses::default(),
        remember_default: config.sessions.remember_default,
        pages: Pages::new(operator, issuer.authority(), issuer.path()),
        metadata: MetadataDocument::new(issuer, &config.keys.algorithms, config.keys.jwks_max_age_seconds),
        errors_page: ErrorsPage::at(config.pages.errors_url.as_deref()),
        cookies: CookieNames::new(issuer),
        refusal_lines: Ceiling::new(config.log.refusals_per_second, metrics.log_lines_withheld.clone()),
        refusals: RefusalRecords::new(config.log.record_refusals, metrics.refusals_not_recorded.clone()),
        metrics,
        clock,
        randomness,
        tracer,
    })
}

async fn bind(setting: &'static str, address: SocketAddr) -> Result<TcpListener, StartFault> {
    TcpListener::bind(address).await.map_err(|cause| StartFault::Listen { setting, address, cause })
}

/// What helps against an address that cannot be listened on.
fn cure(setting: &str, cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::AddrInUse if setting == METRICS_LISTEN => {
            "; is another server running there? Choose another port, or \"off\" to have no metrics"
        }
        io::ErrorKind::AddrInUse => "; is another server running there? Stop it, or choose another port",
        io::ErrorKind::AddrNotAvailable => "; no interface of this machine has it",
        io::ErrorKind::PermissionDenied => {
            "; a port below 1024 needs the right to bind it (CAP_NET_BIND_SERVICE)"
        }
        _ => "",
    }
}

/// What made the store fail for good. After an error of the disk nothing that the process believes about its database is
/// certain: the server stops.
async fn store_failure(store: Store, shutdown: CancellationToken) -> Option<Fault> {
    let fault = shutdown.run_until_cancelled(store.failed()).await?;
    tracing::error!(%fault, "the store has failed for good: stopping");
    Some(fault)
}
