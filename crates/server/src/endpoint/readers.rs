//! Which pages may read a refusal that no endpoint made: the address takes no such method, the head is too large, there is no
//! room, or a handler panicked. The rule is that of the endpoint at the address, for an error.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};

use super::{cors, metadata};
use crate::app::App;
use crate::http::{AskingPage, Readers, Told};
use crate::metrics::Endpoint;

/// The endpoints whose errors every registered origin reads.
const REGISTERED: [Endpoint; 3] = [Endpoint::Token, Endpoint::Userinfo, Endpoint::Revoke];

/// Which pages read the errors of an endpoint.
enum Rule {
    /// Those of origins that some client has registered.
    Registered,
    /// All.
    All,
}

impl Rule {
    /// The rule of the endpoint at a path; none where other origins read nothing.
    fn at(app: &App, path: &str) -> Option<Self> {
        let is_at = |endpoint| app.path_of(endpoint) == path;
        if REGISTERED.into_iter().any(is_at) {
            return Some(Self::Registered);
        }
        let is_open =
            is_at(Endpoint::Jwks) || metadata::paths(&app.policy.issuer).iter().any(|open| open == path);
        is_open.then_some(Self::All)
    }
}

/// The readers of what the edge refuses.
#[derive(Debug)]
pub(super) struct OfEndpoints(pub(super) Arc<App>);

impl Readers for OfEndpoints {
    fn let_read(&self, page: AskingPage, mut refusal: Response<Body>) -> Told {
        let app = Arc::clone(&self.0);
        Box::pin(async move {
            let_read(&app, page.target.path(), page.origin, &mut refusal).await;
            refusal
        })
    }
}

/// Refuses a method that an address does not take; the router says which it does.
pub(super) async fn refuse_method(State(app): State<Arc<App>>, target: Uri, headers: HeaderMap) -> Response {
    let mut response = StatusCode::METHOD_NOT_ALLOWED.into_response();
    if let Some(origin) = headers.get(header::ORIGIN) {
        let_read(&app, target.path(), origin.clone(), &mut response).await;
    }
    response
}

async fn let_read(app: &App, path: &str, origin: HeaderValue, refusal: &mut Response) {
    match Rule::at(app, path) {
        Some(Rule::Registered) => cors::Page::at(origin).let_read(app, refusal, None).await,
        Some(Rule::All) => cors::open(refusal),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::net::SocketAddr;
    use std::time::Duration;

    use axum::Router;
    use proofkey_store::{Options, Store};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::admin::{Actor, Admin, AdminSettings, ClientDocument};
    use crate::clock::Clock;
    use crate::endpoint::{self, tests::config};
    use crate::http::{Budget, Edge, HttpLimits};
    use crate::random::Randomness;
    use crate::trace::Tracer;

    const OWN: &str = "https://app.example";
    const ORIGINS: [&str; 3] = [OWN, "https://evil.example", "null"];
    const CLIENT: &str = r#"{"client_id": "spa", "token_endpoint_auth_method": "none", "scope": "openid",
        "redirect_uris": ["https://app.example/cb"]}"#;

    /// Where a request is sent that is to be refused in a certain way.
    #[derive(Clone, Copy)]
    enum At {
        Served,
        /// No room for anything beyond what a connection has for itself.
        Full,
        /// Whatever is asked panics.
        Panicking,
    }

    /// What all endpoints refuse: where, method, what follows the path, header fields and body, status.
    type Kind = (At, &'static str, fn() -> String, fn() -> String, u16);

    const KINDS: [Kind; 7] = [
        (At::Served, "DELETE", String::new, || "\r\n".to_owned(), 405),
        (At::Served, "TRACE", String::new, || "\r\n".to_owned(), 405),
        (At::Served, "GET", || format!("?{}", "x".repeat(19 * 1024)), || "\r\n".to_owned(), 414),
        (At::Served, "GET", String::new, || format!("cookie: {}\r\n\r\n", "x".repeat(33 * 1024)), 431),
        (At::Served, "GET", String::new, || "host: b\r\n\r\n".to_owned(), 400),
        (At::Full, "POST", String::new, || form("content-length: 60000"), 503),
        (At::Panicking, "GET", String::new, || "\r\n".to_owned(), 500),
    ];

    /// What endpoints refuse that take forms.
    const OF_FORMS: [Kind; 3] = [
        (At::Served, "POST", String::new, || form("content-length: 10737418240"), 413),
        (At::Served, "POST", String::new, || form("content-encoding: gzip\r\ncontent-length: 1"), 415),
        (At::Served, "POST", String::new, || form("content-length: 10"), 408),
    ];

    fn form(fields: &str) -> String {
        format!("content-type: application/x-www-form-urlencoded\r\n{fields}\r\n\r\nx")
    }

    async fn app(folder: &tempfile::TempDir) -> Arc<App> {
        let config = config(folder);
        let store = Store::open(config.store.place().as_ref(), &Options::default()).unwrap();
        let clock = Clock::manual(1_790_000_000);
        let settings = AdminSettings::from_config(&config).unwrap();
        let admin = Admin::new(store.clone(), settings, clock.clone(), Actor::cli("test"));
        let _added = admin.add_client(ClientDocument::parse(CLIENT).unwrap()).await.unwrap();
        Arc::new(crate::run::build(&config, &store, clock, Randomness::System, Tracer::default()).unwrap())
    }

    async fn serve(app: &Arc<App>, at: At) -> SocketAddr {
        let routed = endpoint::router(Arc::clone(app));
        let (router, budget) = match at {
            At::Served => (routed, Budget::default()),
            At::Full => (routed, Budget::exhausted()),
            At::Panicking => (Router::new().fallback(panicking), Budget::default()),
        };
        let edge = Edge {
            limits: HttpLimits { body_read: Duration::from_millis(50), ..HttpLimits::default() },
            budget: Arc::new(budget),
            readers: Some(endpoint::readers(Arc::clone(app))),
            ..Edge::default()
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(tokio::spawn(crate::http::serve(listener, None, router, edge, CancellationToken::new())));
        address
    }

    async fn panicking() -> StatusCode {
        if true {
            panic!("as meant")
        }
        StatusCode::OK
    }

    async fn exchange(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A server that has refused may close before everything is read.
        let _cut_off = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    /// The headers that CORS is made of, in the order of their names.
    fn cors_of(answer: &str) -> String {
        let head = answer.split("\r\n\r\n").next().unwrap_or_default();
        let mut lines: Vec<_> = head
            .lines()
            .filter(|line| line.starts_with("access-control-") || *line == "vary: origin")
            .collect();
        lines.sort_unstable();
        lines.join("\n")
    }

    fn expected(rule: Option<&Rule>, origin: &str) -> String {
        const EXPOSE: &str = "access-control-expose-headers: www-authenticate, retry-after, x-request-id";
        match rule {
            None => String::new(),
            Some(Rule::All) => format!("access-control-allow-origin: *\n{EXPOSE}"),
            Some(Rule::Registered) if origin == OWN => format!(
                "access-control-allow-credentials: true\naccess-control-allow-origin: {OWN}\n{EXPOSE}\nvary: origin"
            ),
            Some(Rule::Registered) => "vary: origin".to_owned(),
        }
    }

    #[tokio::test]
    async fn tk_19_k_32_every_refusal_of_every_endpoint_is_read_by_whom_its_errors_are_for() {
        let folder = tempfile::tempdir().unwrap();
        let app = app(&folder).await;
        let servers =
            [serve(&app, At::Served).await, serve(&app, At::Full).await, serve(&app, At::Panicking).await];
        let mut wrong = String::new();
        for (path, rule, forms) in [
            ("/token", Some(Rule::Registered), true),
            ("/userinfo", Some(Rule::Registered), true),
            ("/revoke", Some(Rule::Registered), true),
            ("/jwks", Some(Rule::All), false),
            ("/.well-known/openid-configuration", Some(Rule::All), false),
            ("/.well-known/oauth-authorization-server", Some(Rule::All), false),
            ("/introspect", None, true),
            ("/authorize", None, false),
            ("/sign-in", None, false),
        ] {
            let kinds = KINDS.iter().chain(OF_FORMS.iter().filter(|_| forms));
            for ((at, method, query, rest, status), origin) in
                kinds.flat_map(|kind| ORIGINS.map(|origin| (kind, origin)))
            {
                let request = format!(
                    "{method} {path}{} HTTP/1.1\r\nhost: a\r\nconnection: close\r\norigin: {origin}\r\n{}",
                    query(),
                    rest()
                );
                let answer = exchange(servers[*at as usize], &request).await;
                let is_status = answer.starts_with(&format!("HTTP/1.1 {status} "));
                if !is_status || cors_of(&answer) != expected(rule.as_ref(), origin) {
                    writeln!(wrong, "{method} {path} {status} {origin}: {answer:.700}").unwrap();
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong}");
    }

    #[tokio::test]
    async fn k_32_a_method_that_is_not_taken_is_told_which_are() {
        let folder = tempfile::tempdir().unwrap();
        let app = app(&folder).await;
        let address = serve(&app, At::Served).await;
        let answer = exchange(address, "PUT /token HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
        assert!(answer.contains("\r\nallow: POST,OPTIONS\r\n"), "{answer}");
        assert_eq!(cors_of(&answer), "", "no page asked");
    }
}
