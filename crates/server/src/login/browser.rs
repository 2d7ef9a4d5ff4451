//! A browser, by its cookies.

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, header};
use proofkey_oauth::{Secret, Sha256, sha256};
use proofkey_protocol::Cx;
use proofkey_protocol::session::SessionCookie;
use proofkey_protocol::sign_in::SessionBegun;

use crate::cookies::{Cookie, CookieNames};

/// The length of a flow cookie: 32 bytes in base64url.
const FLOW_CHARS: usize = 43;

/// What a request's cookies say, and what the answer must set.
#[derive(Debug)]
pub(crate) struct Browser {
    session: Option<SessionCookie>,
    /// The flow cookies, the newest last.
    flows: Vec<Secret>,
    device: Option<String>,
    fresh_flow: bool,
    old_flows: Vec<HeaderValue>,
    new_session: Option<(Secret, Option<i64>)>,
    new_device: Option<Secret>,
    signed_out: bool,
}

impl Browser {
    /// Reads the cookies of a request.
    pub(crate) fn of(names: &CookieNames, headers: &HeaderMap) -> Self {
        let find = |cookie| names.find(headers, cookie);
        let flows = names.flows(headers).into_iter().filter(|(_, value)| value.len() == FLOW_CHARS);
        Self {
            session: find(Cookie::Session).and_then(SessionCookie::parse),
            flows: flows.map(|(_, value)| Secret::new(value.to_owned())).collect(),
            device: find(Cookie::Device).map(str::to_owned),
            fresh_flow: false,
            old_flows: names.remove_old_flows(headers),
            new_session: None,
            new_device: None,
            signed_out: false,
        }
    }

    /// The session that the browser claims to have.
    pub(crate) const fn session(&self) -> Option<&SessionCookie> {
        self.session.as_ref()
    }

    /// The hashes by which steps are bound to this browser: one for each flow cookie.
    pub(crate) fn flows(&self) -> Vec<Sha256> {
        self.flows.iter().map(|secret| sha256(secret.expose().as_bytes())).collect()
    }

    /// The hash for a new step. A browser without a flow cookie gets one.
    pub(crate) fn flow_or_new(&mut self, cx: &mut Cx<'_>) -> Sha256 {
        if self.flows.is_empty() {
            self.flows.push(Secret::new(URL_SAFE_NO_PAD.encode(cx.random::<32>())));
            self.fresh_flow = true;
        }
        self.flows.last().map(|secret| sha256(secret.expose().as_bytes())).unwrap_or_default()
    }

    /// The device cookie's text.
    pub(crate) fn device(&self) -> Option<&str> {
        self.device.as_deref()
    }

    /// A user has signed in in this browser, which keeps the cookie for so many seconds or until it closes.
    pub(crate) fn signed_in(&mut self, begun: SessionBegun) {
        let SessionBegun { cookie, keep_seconds, device, .. } = begun;
        self.new_session = Some((cookie.value(), keep_seconds));
        self.new_device = Some(device);
        self.session = Some(cookie);
        self.signed_out = false;
    }

    /// Lets the answer remove the session cookie: the session has ended.
    pub(crate) fn signed_out(&mut self) {
        self.session = None;
        self.new_session = None;
        self.signed_out = true;
    }

    /// Puts what changed onto the answer.
    pub(crate) fn apply(&self, names: &CookieNames, response: &mut Response) {
        let set = |cookie, value: &Option<Secret>| {
            value.as_ref().and_then(|value| names.set(cookie, value.expose()))
        };
        let session = self.new_session.as_ref();
        let headers = [
            self.flows.last().filter(|_| self.fresh_flow).and_then(|value| names.set_flow(value.expose())),
            session.and_then(|(value, keep_seconds)| names.set_session(value.expose(), *keep_seconds)),
            set(Cookie::Device, &self.new_device),
            self.signed_out.then(|| names.remove(Cookie::Session)).flatten(),
        ];
        for header in headers.into_iter().flatten().chain(self.old_flows.iter().cloned()) {
            response.headers_mut().append(header::SET_COOKIE, header);
        }
    }
}
