//! Many connections from 127.0.0.2 and up that all do one hostile thing, until this program is ended.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// Until a connection that was closed is opened again.
const AGAIN: Duration = Duration::from_millis(1000);
/// Between two requests of a connection that asks again and again.
const PACE: Duration = Duration::from_millis(1000);
/// Between two of one that only keeps itself alive.
const KEPT_ALIVE: Duration = Duration::from_secs(6);

#[derive(Parser)]
struct Args {
    /// The server.
    #[arg(long)]
    address: SocketAddr,
    #[arg(long, value_enum)]
    kind: Kind,
    #[arg(long, default_value_t = 1000)]
    connections: u32,
    /// A file that says, in JSON and anew each second, how many connections were opened and how many people signed in.
    #[arg(long)]
    report: Option<std::path::PathBuf>,
    /// Seconds until the first one opens.
    #[arg(long, default_value_t = 0)]
    after: u64,
    /// So many addresses from 127.0.0.2 on, in turn.
    #[arg(long, default_value_t = 1000)]
    addresses: u32,
    /// A registered user, for guesses: one whom no honest flow signs in.
    #[arg(long, default_value = "user100")]
    user: String,
    /// Registered users `user0`, `user1` and so on, for a storm, and their password, in which `{n}` stands for the number.
    #[arg(long, default_value_t = 100)]
    users: u32,
    #[arg(long, default_value = "wooden lantern harbour {n}")]
    password: String,
    /// A registered confidential client, for guesses.
    #[arg(long, default_value = "bench-service")]
    client: String,
}

#[derive(Clone, Copy, ValueEnum, PartialEq)]
enum Kind {
    /// Requests that are refused, each with a long text of control characters for the log.
    Refusals,
    /// HTTP/2: as many requests at once as there may be, each with 5 KB of header fields, whose bodies never come.
    Streams,
    /// HTTP/1: forms of 63 KB that stop before their last byte.
    Forms,
    /// HTTP/1: heads of 30 KB that stop before their end.
    Heads,
    /// HTTP/1: `GET /livez` every six seconds.
    Livez,
    /// HTTP/2: silence after the preface.
    Silent,
    /// TCP: silence.
    Mute,
    /// Guesses at one user's password.
    Guesses,
    /// Guesses at passwords of users that do not exist.
    Names,
    /// Guesses at one client's secret.
    Secrets,
    /// HTTP/2: pages asked for and never taken.
    Untaken,
    /// People who sign in with the right password, all at once and again a second later, or when they are told to come back.
    Storm,
    /// The same people, who come again a second later whatever they are told.
    Impatient,
}

struct Hostile {
    args: Args,
    opened: AtomicU64,
    signed_in: AtomicU64,
}

fn main() -> Result<()> {
    let hostile =
        Arc::new(Hostile { args: Args::parse(), opened: AtomicU64::new(0), signed_in: AtomicU64::new(0) });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        sleep(Duration::from_secs(hostile.args.after)).await;
        for number in 0..hostile.args.connections {
            let hostile = hostile.clone();
            tokio::spawn(async move {
                // Not all in the same moment, for that would measure the moment.
                sleep(AGAIN * number / hostile.args.connections.max(1)).await;
                loop {
                    let _ended = hostile.once(number).await;
                    sleep(AGAIN).await;
                }
            });
        }
        loop {
            sleep(Duration::from_secs(1)).await;
            let [opened, signed_in] =
                [&hostile.opened, &hostile.signed_in].map(|count| count.load(Ordering::Relaxed));
            match &hostile.args.report {
                Some(file) => {
                    let said = serde_json::json!({"opened": opened, "signed_in": signed_in});
                    // Whole at any moment at which it is read.
                    let whole = file.with_extension("new");
                    std::fs::write(&whole, said.to_string())?;
                    std::fs::rename(&whole, file)?;
                }
                None => println!("{opened} connections opened, {signed_in} signed in"),
            }
        }
    })
}

impl Hostile {
    /// One connection, from opening to its end.
    async fn once(&self, number: u32) -> Result<()> {
        let mut stream = self.connect(number).await?;
        self.opened.fetch_add(1, Ordering::Relaxed);
        let host = self.args.address;
        match self.args.kind {
            Kind::Refusals => {
                let text = "%01".repeat(4_000);
                let request = format!("GET /authorize?client_id={text} HTTP/1.1\r\nhost: {host}\r\n\r\n");
                ask_again(&mut stream, &request, PACE).await
            }
            Kind::Livez => {
                let request = format!("GET /livez HTTP/1.1\r\nhost: {host}\r\n\r\n");
                ask_again(&mut stream, &request, KEPT_ALIVE).await
            }
            Kind::Secrets => {
                let body = format!(
                    "grant_type=client_credentials&client_id={}&client_secret=x{number}",
                    self.args.client
                );
                ask_again(&mut stream, &post(host, "/token", &[], &body), PACE).await
            }
            Kind::Streams => {
                let heads: Vec<u8> = (0..16).flat_map(|n| head(2 * n + 1, 4, b"/token", 5_000)).collect();
                stream.write_all(PREFACE).await?;
                stream.write_all(&heads).await?;
                hold(&mut stream).await
            }
            Kind::Untaken => {
                // SETTINGS_INITIAL_WINDOW_SIZE 0, after the empty SETTINGS of the preface.
                let settings = frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]);
                let asked: Vec<u8> = (0..16).flat_map(|n| head(2 * n + 1, 5, b"/authorize", 0)).collect();
                stream.write_all(&[PREFACE, &settings, &asked].concat()).await?;
                hold(&mut stream).await
            }
            Kind::Forms => {
                let head = format!(
                    "POST /token HTTP/1.1\r\nhost: {host}\r\ncontent-length: 63001\r\n\
                     content-type: application/x-www-form-urlencoded\r\n\r\n"
                );
                stream.write_all(head.as_bytes()).await?;
                stream.write_all(&[b'x'; 63_000]).await?;
                hold(&mut stream).await
            }
            Kind::Heads => {
                let head = format!("GET / HTTP/1.1\r\nhost: {host}\r\nx: {}", "x".repeat(30_000));
                stream.write_all(head.as_bytes()).await?;
                hold(&mut stream).await
            }
            Kind::Silent => {
                stream.write_all(PREFACE).await?;
                hold(&mut stream).await
            }
            Kind::Mute => hold(&mut stream).await,
            Kind::Guesses => self.guess(&mut stream, &self.args.user).await,
            Kind::Storm | Kind::Impatient => {
                let user = number % self.args.users.max(1);
                let password = self.args.password.replace("{n}", &user.to_string());
                let form = self.form(&mut stream).await?;
                let answer = form.post(&mut stream, host, &format!("user{user}"), &password).await?;
                // On to the consent page or to the app; a refusal is a page of its own.
                if answer.starts_with("HTTP/1.1 3") || answer.contains("http-equiv=\"refresh\"") {
                    self.signed_in.fetch_add(1, Ordering::Relaxed);
                }
                drop(stream);
                if self.args.kind == Kind::Storm {
                    sleep(told_to_wait(&answer).saturating_sub(AGAIN)).await;
                }
                Ok(())
            }
            Kind::Names => {
                self.guess(&mut stream, &format!("nobody-{number}-{}", self.opened.load(Ordering::Relaxed)))
                    .await
            }
        }
    }

    async fn connect(&self, number: u32) -> Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        let offset = 2 + number % self.args.addresses.max(1);
        let from = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 0, 0, 0)) + offset);
        socket.bind(SocketAddr::from((from, 0)))?;
        Ok(socket.connect(self.args.address).await?)
    }

    /// Signs in with a wrong password, again and again: page, form, answer.
    async fn guess(&self, stream: &mut TcpStream, user: &str) -> Result<()> {
        let form = self.form(stream).await?;
        loop {
            let password = format!("guess-after-guess-{}", rand::random::<u32>());
            form.post(stream, self.args.address, user, &password).await?;
            sleep(PACE).await;
        }
    }

    /// The form of the sign-in page, as a browser that was never here gets it.
    async fn form(&self, stream: &mut TcpStream) -> Result<Form> {
        let host = self.args.address;
        let target = "/authorize?response_type=code&client_id=bench-public&scope=openid&state=x\
             &redirect_uri=https%3A%2F%2Frp.example%2Fcb&code_challenge_method=S256\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let mut page = exchange(stream, &format!("GET {target} HTTP/1.1\r\nhost: {host}\r\n\r\n")).await?;
        let cookies = cookies(&page);
        if let Some(location) = header(&page, "location") {
            let path = location.replacen(&format!("http://{host}"), "", 1);
            page = exchange(
                stream,
                &format!("GET {path} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookies}\r\n\r\n"),
            )
            .await?;
        }
        let action = between(&page, "action=\"", "\"").context("a form")?.replace("&amp;", "&");
        let flow = between(&page, "name=\"flow\" value=\"", "\"").unwrap_or_default().to_owned();
        Ok(Form { action, flow, cookies })
    }
}

/// A sign-in page that waits for a name and a password.
struct Form {
    action: String,
    flow: String,
    cookies: String,
}

impl Form {
    async fn post(
        &self,
        stream: &mut TcpStream,
        host: SocketAddr,
        user: &str,
        password: &str,
    ) -> Result<String> {
        let password: String = url::form_urlencoded::byte_serialize(password.as_bytes()).collect();
        let body = format!("flow={}&username={user}&password={password}", self.flow);
        let origin = format!("http://{host}");
        let fields = [
            ("cookie", self.cookies.as_str()),
            ("origin", origin.as_str()),
            ("sec-fetch-site", "same-origin"),
        ];
        exchange(stream, &post(host, self.action.trim_start_matches(&origin), &fields, &body)).await
    }
}

/// One answer after the other, at this pace, until the server closes.
async fn ask_again(stream: &mut TcpStream, request: &str, pace: Duration) -> Result<()> {
    loop {
        exchange(stream, request).await?;
        sleep(pace).await;
    }
}

/// Stays until the server closes; what it says is read and not answered.
async fn hold(stream: &mut TcpStream) -> Result<()> {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

/// Sends a request of HTTP/1.1 and reads its whole answer, which has a length.
async fn exchange(stream: &mut TcpStream, request: &str) -> Result<String> {
    stream.write_all(request.as_bytes()).await?;
    let (mut answer, mut buffer) = (Vec::new(), [0; 8192]);
    loop {
        let length = timeout(Duration::from_secs(30), stream.read(&mut buffer)).await??;
        anyhow::ensure!(length > 0, "closed");
        answer.extend_from_slice(&buffer[..length]);
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let expected = header(head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            if body.len() >= expected {
                return Ok(text.into_owned());
            }
        }
    }
}

fn post(host: SocketAddr, path: &str, fields: &[(&str, &str)], body: &str) -> String {
    let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/x-www-form-urlencoded\r\n{fields}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// How long the answer wants its reader to wait, if it does.
fn told_to_wait(answer: &str) -> Duration {
    let seconds = header(answer, "retry-after").and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or_default())
}

fn cookies(answer: &str) -> String {
    let head = answer.split("\r\n\r\n").next().unwrap_or_default();
    let set = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let pairs: Vec<&str> = set.filter_map(|(_, value)| value.split(';').next()).collect();
    pairs.join("; ")
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once(end).map(|(found, _)| found)
}

/// A frame of HTTP/2 (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// HEADERS of a request with so many bytes of header fields, each a literal without indexing (RFC 7541, section 6.2.2).
fn head(stream: u32, flags: u8, path: &[u8], bytes: usize) -> Vec<u8> {
    let method = if flags & 1 == 1 { 0x82 } else { 0x83 };
    let mut block = vec![method, 0x86, 0x04, path.len() as u8];
    block.extend(path);
    block.extend(b"\x01\x01x");
    for number in 0..bytes / 152 {
        block.extend(b"\x00\x04");
        block.extend(format!("h{number:03}").as_bytes());
        block.push(116);
        block.extend([b'v'; 116]);
    }
    frame(1, flags, stream, &block)
}
