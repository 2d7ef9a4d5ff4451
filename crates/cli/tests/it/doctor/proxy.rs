//! A reverse proxy before a test server, with the faults that proxies have.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;

/// What a proxy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    /// It adds the address of its client, as it should.
    Sound,
    /// It takes X-Forwarded-For away and says nothing.
    NoForwarded,
    /// It passes X-Forwarded-For on as it came, and adds one only where there is none.
    PassesForwarded,
    /// The same, behind one that adds its address.
    PassesBeforeAnother,
    /// Another one stands before it, of an address that is not trusted.
    Chain,
    /// Its clients have addresses of a private network.
    PrivateClients,
    DropsWellKnown,
    Redirects,
    BlocksPosts,
    RefusesLongLines,
    /// It does not reach the server.
    BadGateway,
    /// It answers with a page of its own.
    Page,
    DropsKeySet,
    /// It says the time by a clock of its own.
    OldTime,
}

/// A proxy on a port of its own.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    habit: Arc<Mutex<Habit>>,
    target: Arc<Mutex<Option<SocketAddr>>>,
    seen: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
struct Passing {
    habit: Arc<Mutex<Habit>>,
    target: Arc<Mutex<Option<SocketAddr>>>,
    seen: Arc<Mutex<Vec<String>>>,
    http: reqwest::Client,
}

impl Proxy {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (habit, target) = (Arc::new(Mutex::new(Habit::Sound)), Arc::new(Mutex::new(None)));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        let http = http.tls_certs_only([]).build().unwrap();
        let state =
            Passing { habit: Arc::clone(&habit), target: Arc::clone(&target), seen: Arc::clone(&seen), http };
        let router = Router::new().fallback(pass).with_state(state);
        let served = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>());
        drop(tokio::spawn(async move { served.await.unwrap() }));
        Self { address, habit, target, seen }
    }

    pub(super) fn leads_to(&self, target: SocketAddr) {
        *self.target.lock().unwrap() = Some(target);
    }

    pub(super) fn behaves(&self, habit: Habit) {
        *self.habit.lock().unwrap() = habit;
    }

    /// Each request, head and body, as it came.
    pub(super) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

async fn pass(
    State(proxy): State<Passing>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let shown = format!("{} {} {:?} {}", head.method, head.uri, head.headers, String::from_utf8_lossy(&body));
    proxy.seen.lock().unwrap().push(shown);
    let habit = *proxy.habit.lock().unwrap();
    if let Some(refusal) = refuses(habit, &head.method, &head.uri.to_string()) {
        return refusal;
    }
    let target = proxy.target.lock().unwrap().unwrap();
    let mut headers = head.headers;
    headers.remove(header::HOST);
    forward(&mut headers, habit, from);
    let url = format!("http://{target}{}", head.uri);
    let answer = proxy.http.request(head.method, url).headers(headers).body(body).send().await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut response = Response::new(Body::from(answer.bytes().await.unwrap()));
    (*response.status_mut(), *response.headers_mut()) = (status, headers);
    if habit == Habit::OldTime {
        response.headers_mut().insert(header::DATE, "Thu, 01 Jan 2026 00:00:00 GMT".parse().unwrap());
    }
    response
}

fn refuses(habit: Habit, method: &Method, uri: &str) -> Option<Response> {
    let refusal = match habit {
        Habit::DropsWellKnown if uri.starts_with("/.well-known/") => StatusCode::NOT_FOUND.into_response(),
        Habit::DropsKeySet if uri == "/jwks" => StatusCode::NOT_FOUND.into_response(),
        Habit::Redirects => {
            let to = [(header::LOCATION, format!("https://elsewhere.example{uri}"))];
            (StatusCode::MOVED_PERMANENTLY, to).into_response()
        }
        Habit::BlocksPosts if *method == Method::POST => (StatusCode::FORBIDDEN, "blocked").into_response(),
        Habit::RefusesLongLines if uri.len() > 4_000 => StatusCode::URI_TOO_LONG.into_response(),
        Habit::BadGateway => StatusCode::BAD_GATEWAY.into_response(),
        Habit::Page => ([(header::CONTENT_TYPE, "text/html")], "<h1>It works</h1>").into_response(),
        _ => return None,
    };
    Some(refusal)
}

fn forward(headers: &mut HeaderMap, habit: Habit, from: SocketAddr) {
    const NAME: &str = "x-forwarded-for";
    let own = match habit {
        Habit::Chain => "203.0.113.7, 192.0.2.44".to_owned(),
        Habit::PrivateClients => "10.1.2.3".to_owned(),
        _ => from.ip().to_string(),
    };
    let sent = headers.get(NAME).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let value = match (habit, sent) {
        (Habit::NoForwarded, _) => {
            headers.remove(NAME);
            return;
        }
        (Habit::PassesForwarded, Some(sent)) => sent,
        (Habit::PassesBeforeAnother, None) => format!("203.0.113.7, {own}"),
        (_, Some(sent)) => format!("{sent}, {own}"),
        (_, None) => own,
    };
    headers.insert(NAME, value.parse().unwrap());
}
