//! Starting all three parties, and saying so.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use proofkey_server::admin::{Actor, Admin, AdminSettings};
use proofkey_server::clock::Clock;
use proofkey_server::config::{listen_address, process_environment};
use proofkey_server::http::{self, Edge, HttpLimits, Signals};
use proofkey_server::trace::{Event, Tracer};
use proofkey_server::{Randomness, Running, Start, StartFault, log};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::api::{self, ApiConfig};
use super::app::{self, AppConfig, ExpiredCode};
use super::configuration::{ENVIRONMENT, configuration};
use super::ready::{Ready, User};
use super::seed::{self, Addresses};
use super::trace_log::{TraceEvent, TraceLog};
use crate::admin::system_user;
use crate::output::{self, OPERATOR_EXIT_CODES};
use crate::private_file::write_private;

/// Where it listens unless it is told otherwise, and unless another program does.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4455);

/// Arguments of `dev`.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{ENVIRONMENT}\n\n{OPERATOR_EXIT_CODES}"))]
pub(crate) struct Args {
    /// Where the authorization server listens; port 0 takes a free one [default: 127.0.0.1:4455, or without --data a free port
    /// where that one is taken]
    #[arg(long, value_parser = loopback)]
    listen: Option<SocketAddr>,
    /// Where the sample app listens [default: the next port, or a free one]
    #[arg(long, value_parser = loopback)]
    app_listen: Option<SocketAddr>,
    /// Where the sample API listens [default: the port after that, or a free one]
    #[arg(long, value_parser = loopback)]
    api_listen: Option<SocketAddr>,
    /// Keep users, clients and keys in this directory; without it everything is gone at the end
    #[arg(long)]
    data: Option<PathBuf>,
    /// Write addresses, user and clients to this file as JSON once everything answers
    #[arg(long)]
    ready_file: Option<PathBuf>,
}

/// An address of this machine alone. Any program that reaches one of the three parties reads or uses what they hand out:
/// the ready user's password, the trace of sign-ins, the notes.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address = listen_address(text).map_err(|refused| refused.to_string())?;
    if address.ip().is_loopback() {
        return Ok(address);
    }
    Err("dev listens on loopback only, for it hands out passwords; see `proofkey init` and `proofkey serve`"
        .to_owned())
}

/// Runs `dev`.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (data, temporary) = directory(args.data.as_deref())?;
    let outcome = serve(&args, &data).await;
    if temporary {
        let _ = std::fs::remove_dir_all(&data);
    }
    outcome
}

async fn serve(args: &Args, data: &Path) -> anyhow::Result<ExitCode> {
    let signals = Signals::listen()?;
    let listener = listen(args).await?;
    let at = listener.local_addr()?;
    let app_listener = listen_near((args.app_listen, "--app-listen"), at, 1).await?;
    let api_listener = listen_near((args.api_listen, "--api-listen"), at, 2).await?;
    let addresses = Addresses {
        issuer: format!("http://{at}"),
        app: format!("http://{}", app_listener.local_addr()?),
        api: format!("http://{}/notes", api_listener.local_addr()?),
    };
    let config = configuration(&addresses.issuer, at, data, process_environment())?;
    let _logging = log::init(&config.log, Clock::System)?;
    let settings = AdminSettings::from_config(&config)?;
    let trace = Arc::new(TraceLog::default());
    let (clock, randomness) = (Clock::System, Randomness::System);
    let tracer = tracer(Arc::clone(&trace));
    let start = Start { config, clock, randomness, tracer, listener: Some(listener) };
    let running = start.run().await.context("the server does not start")?;
    let actor = Actor::cli(&system_user());
    let admin = Admin::new(running.store.clone(), settings, Clock::System, actor);
    let ready = seed::seed(&admin, &addresses, data).await?;
    drop(admin);
    running.refreshed().await?;
    let stop = running.shutdown();
    let app = app::router(app_config(&addresses), Arc::clone(&trace), stop.clone())?;
    let api = api::router(api_config(&addresses), trace)?;
    let beside = [spawn(app_listener, app, &stop), spawn(api_listener, api, &stop)];
    if let Some(path) = &args.ready_file {
        write_private(path, &ready).with_context(|| format!("writing {}", path.display()))?;
    }
    print_welcome(&ready);
    let abort = CancellationToken::new();
    // Its terminal has gone: so do the printed passwords and the temporary directory.
    let hung_up = stop.clone();
    let signals = tokio::spawn(signals.answer(stop.clone(), abort.clone(), move || hung_up.cancel()));
    stop.cancelled().await;
    running.stop();
    let ended = abort.run_until_cancelled(ended(running, beside)).await;
    signals.abort();
    match ended {
        Some(ended) => ended.context("the server ended by a fault")?,
        None => anyhow::bail!("stopped at once by a second signal: requests in flight were cut off"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Waits until all three have finished what was in flight.
async fn ended(running: Running, beside: [JoinHandle<()>; 2]) -> Result<(), StartFault> {
    running.stopped().await?;
    for task in beside {
        let _ = task.await;
    }
    Ok(())
}

/// The directory of this run, and whether it goes at the end.
fn directory(given: Option<&Path>) -> anyhow::Result<(PathBuf, bool)> {
    let (path, temporary) = match given {
        Some(path) => (std::path::absolute(path)?, false),
        None => (std::env::temp_dir().join(format!("proofkey-dev-{}", std::process::id())), true),
    };
    if temporary {
        let _ = std::fs::remove_dir_all(&path);
    }
    let mut builder = std::fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && !temporary => {}
        created => created.with_context(|| format!("making {}", path.display()))?,
    }
    Ok((path, temporary))
}

/// What is kept in a directory was made by a server of one name, so there no other port is taken for one that is not free.
async fn listen(args: &Args) -> anyhow::Result<TcpListener> {
    if args.listen.is_some() || args.data.is_some() {
        return bind(args.listen.unwrap_or(LISTEN), "--listen").await;
    }
    match TcpListener::bind(LISTEN).await {
        Ok(listener) => Ok(listener),
        Err(_) => bind(SocketAddr::new(LISTEN.ip(), 0), "--listen").await,
    }
}

async fn bind(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    bound.with_context(|| {
        format!("listening on {address}: choose another address with {flag}, or port 0 for a free one")
    })
}

/// A listener at the given address, else at a port near the server's, else at any.
async fn listen_near(
    (given, flag): (Option<SocketAddr>, &str),
    server: SocketAddr,
    distance: u16,
) -> anyhow::Result<TcpListener> {
    if let Some(address) = given {
        return bind(address, flag).await;
    }
    let near = server.port().checked_add(distance).unwrap_or_default();
    match TcpListener::bind(SocketAddr::new(server.ip(), near)).await {
        Ok(listener) => Ok(listener),
        Err(_) => bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), flag).await,
    }
}

fn tracer(log: Arc<TraceLog>) -> Tracer {
    Tracer::to(Arc::new(move |event: Event| {
        let page_event =
            TraceEvent::new(event.step, event.outcome, event.at_millis, event.took_micros, event.values);
        log.push(&event.state, page_event);
    }))
}

fn app_config(addresses: &Addresses) -> AppConfig {
    AppConfig {
        issuer: addresses.issuer.clone(),
        client_id: seed::APP.to_owned(),
        redirect_uri: format!("{}/callback", addresses.app),
        api: addresses.api.clone(),
        scope: "openid profile offline_access notes:read".to_owned(),
        expired_code: Some(ExpiredCode {
            client_id: seed::APP_SHORT.to_owned(),
            wait_seconds: seed::SHORT_CODE_WAIT_SECONDS,
        }),
    }
}

fn api_config(addresses: &Addresses) -> ApiConfig {
    ApiConfig {
        issuer: addresses.issuer.clone(),
        api: addresses.api.clone(),
        app_origin: addresses.app.clone(),
        now_millis: || Clock::System.now_millis(),
    }
}

fn spawn(listener: TcpListener, router: Router, stop: &CancellationToken) -> JoinHandle<()> {
    let stop = stop.clone();
    // The sample app listens to an endless stream of events.
    let limits = HttpLimits { endless_answers: true, ..HttpLimits::default() };
    let edge = Edge { limits, ..Edge::default() };
    tokio::spawn(async move {
        if let Err(error) = http::serve(listener, None, router, edge, stop).await {
            output::note(&format!("proofkey: a sample ended: {error}"));
        }
    })
}

/// What the command line asks for to read the sample API, and to stay signed in.
const TERMINAL_SCOPE: &str = "openid profile offline_access notes:read";

fn print_welcome(ready: &Ready) {
    let Ready { app, issuer, api, .. } = ready;
    let Some(User { username, password }) = ready.users.first() else { return };
    output::note(&format!(
        "
  Sample app            {app}   open this in a browser
  Authorization server  {issuer}
  Sample API            {api}

  Sign in as            {username}
  Password              {password}

  From a terminal       proofkey login --issuer {issuer} --resource {api} --scope \"{TERMINAL_SCOPE}\"
                        proofkey call {api}
  Log                   follows here: what was refused, by its error id
  Stop                  Ctrl-C
"
    ));
}
