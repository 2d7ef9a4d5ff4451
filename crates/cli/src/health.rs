//! `proofkey health`: whether the server of a configuration lives, and whether it wants requests.
//!
//! It asks the server's own listener and reads of the configuration what is said of listeners: it needs no secret and shows none.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{bail, ensure};
use proofkey_server::config::{Server, process_environment};
use serde::Serialize;
use tokio::io::{self, AsyncReadExt as _, AsyncWriteExt as _, ErrorKind};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::output::Output;

/// How long it may take from the question to the answer: those that ask once a second must not wait for each other.
const WITHIN: Duration = Duration::from_millis(900);
/// The answers are a few words.
const ANSWER_BYTES_MAX: u64 = 4096;

const EXIT_CODES: &str = "Exit codes: 0 ready (with --alive: alive), 1 alive but not ready, or the configuration cannot be \
                          read, 2 wrong command line, 4 no answer";

/// Ask the server of this machine whether it wants requests, or whether it lives
///
/// Not ready is a server that starts, drains, or has lost its database or its keys; the answer says which. It asks
/// server.metrics_listen, or server.listen where that is off, in a second at most.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// The configuration file
    #[arg(long, value_name = "FILE", env = "PROOFKEY_CONFIG", default_value = "proofkey.toml")]
    config: PathBuf,
    /// Ask only whether it lives: for what would start it anew
    #[arg(long)]
    alive: bool,
    #[command(flatten)]
    output: Output,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report {
    listener: SocketAddr,
    alive: bool,
    /// Not known where only life was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    ready: Option<bool>,
    /// In words: why it is not ready, or why there is no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
}

/// Asks and says.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let listener = listener(&Server::load(&args.config, process_environment())?)?;
    let (path, word) = if args.alive { ("/livez", "alive") } else { ("/readyz", "ready") };
    let answer =
        timeout(WITHIN, ask(listener, path)).await.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()));
    let (report, code) = match answer.and_then(|answer| judge(answer, word)) {
        Ok(None) => {
            let ready = (!args.alive).then_some(true);
            (Report { listener, alive: true, ready, cause: None }, 0)
        }
        Ok(cause) => (Report { listener, alive: true, ready: Some(false), cause }, 1),
        Err(error) => {
            (Report { listener, alive: false, ready: Some(false), cause: Some(error.to_string()) }, 4)
        }
    };
    args.output.result(&report, || match &report {
        Report { alive: false, cause, .. } => {
            format!("no answer from {listener}: {}", cause.as_deref().unwrap_or_default())
        }
        Report { ready: Some(true), .. } => "ready".to_owned(),
        Report { cause: Some(cause), .. } => format!("not ready: {cause}"),
        _ => "alive".to_owned(),
    })?;
    Ok(ExitCode::from(code))
}

/// The address to ask: a listener on every address of this machine is asked on loopback.
fn listener(server: &Server) -> anyhow::Result<SocketAddr> {
    let address = match server.metrics_listen {
        Some(address) => address,
        None if server.tls.is_none() => server.listen,
        None => bail!(
            "server.metrics_listen is off, and server.listen speaks TLS: health asks in plain HTTP. Set server.metrics_listen to an \
             address of this machine, such as 127.0.0.1:9464"
        ),
    };
    ensure!(
        address.port() != 0,
        "the listener has port 0, so it is on a port that the configuration does not know"
    );
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    Ok(SocketAddr::new(ip, address.port()))
}

/// Why the server is not ready, `None` where the answer is the word that was asked for. What another program answers to a path that
/// it does not have is no sign of life of this one.
fn judge((status, text): (u16, String), word: &str) -> io::Result<Option<String>> {
    match status {
        200 if text == word => Ok(None),
        // One line in words: no page of a proxy.
        503 if word == "ready" && !text.is_empty() && !text.contains(['\n', '<']) => Ok(Some(text)),
        _ => Err(no_server()),
    }
}

fn no_server() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "what listens there is no server of this kind")
}

/// The status and the text of an answer.
async fn ask(listener: SocketAddr, path: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(listener).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {listener}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(no_server)?;
    let status =
        head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok());
    Ok((status.ok_or_else(no_server)?, body.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(lines: &str) -> anyhow::Result<String> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("proofkey.toml");
        std::fs::write(&path, format!("[server]\n{lines}\n"))?;
        Ok(listener(&Server::load(&path, [])?)?.to_string())
    }

    #[test]
    fn pk_06_the_limit_of_an_answer_is_below_a_second() {
        assert!(WITHIN < Duration::from_secs(1));
    }

    #[test]
    fn pk_06_only_the_answers_of_a_server_of_this_kind_are_signs_of_life() {
        let judged = |status, text: &str, word| judge((status, text.to_owned()), word).ok();
        assert_eq!(judged(200, "ready", "ready"), Some(None));
        assert_eq!(judged(200, "alive", "alive"), Some(None));
        assert_eq!(judged(503, "draining", "ready"), Some(Some("draining".to_owned())));
        for (status, text, word) in [
            (404, "", "alive"),
            (404, "not found", "ready"),
            (200, "<html>", "ready"),
            (200, "ready", "alive"),
            (301, "", "ready"),
            (500, "draining", "ready"),
            (503, "<html>\nService unavailable", "ready"),
            (503, "", "ready"),
            (503, "draining", "alive"),
        ] {
            assert_eq!(judged(status, text, word), None, "{status} {text}");
        }
    }

    #[test]
    fn pk_06_the_metrics_listener_is_asked_first_and_every_address_on_loopback() {
        assert_eq!(asked("").unwrap(), "127.0.0.1:9464");
        assert_eq!(asked("metrics_listen = \"off\"\nlisten = \"0.0.0.0:80\"").unwrap(), "127.0.0.1:80");
        assert_eq!(asked("metrics_listen = \"[::]:9464\"").unwrap(), "[::1]:9464");
        let tls = "metrics_listen = \"off\"\ntls_certificate = \"a\"\ntls_key = \"b\"";
        for (lines, words) in [(tls, "server.metrics_listen"), ("metrics_listen = \"127.0.0.1:0\"", "port 0")]
        {
            assert!(asked(lines).unwrap_err().to_string().contains(words));
        }
    }
}
