//! What a page is told. Plain values: the caller has decided everything, a page only shows it.

use super::ConsentScope;

/// The sign-in page.
#[derive(Clone, Debug, Default)]
pub struct SignIn {
    /// Where the form is posted.
    pub action: String,
    /// The hidden value that ties the post to this flow.
    pub flow: String,
    /// The app that the person continues to.
    pub app_name: Option<String>,
    /// The app's host, shown beside its name.
    pub app_host: Option<String>,
    /// What the username field holds; if not empty, the password field has the focus.
    pub username: String,
    /// What went wrong the last time.
    pub error: Option<SignInError>,
}

/// Why the person is asked again. Never says which of the two fields was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInError {
    /// Unknown user or wrong password.
    Wrong,
    /// A limit was reached.
    TooMany {
        /// How long to wait.
        retry_after_seconds: u64,
    },
    /// All places for password checks are taken.
    Busy {
        /// Seconds after which it is worth trying again; for the header, the page says "in a moment".
        retry_after_seconds: u64,
    },
    /// The page was too old to be accepted.
    StartAgain,
}

/// The consent page (OAuth 2.1 §7.9).
#[derive(Clone, Debug)]
pub struct Consent {
    /// Where the form is posted.
    pub action: String,
    /// The hidden value that ties the post to this flow.
    pub flow: String,
    /// The app's name, as the app or the operator gave it.
    pub app_name: String,
    /// The app's host (or its client id): the name is never shown without it.
    pub app_host: String,
    /// Who is signed in.
    pub user_name: String,
    /// Where *Not you?* leads.
    pub not_you: String,
    /// The APIs that the app may call; none means that it only signs the person in.
    pub apis: Vec<Api>,
    /// What the app asks for.
    pub scopes: Vec<ConsentScope>,
    /// Where the browser goes afterwards.
    pub destination: Destination,
    /// How long the permission lasts.
    pub validity: Validity,
    /// The app registered itself (RFC 7591): nobody vouches for it.
    pub self_registered: bool,
    /// All its redirect addresses are on loopback, so any program on the device could use its name.
    pub loopback_only: bool,
}

/// An API that an app may call.
#[derive(Clone, Debug)]
pub struct Api {
    /// Its name.
    pub name: String,
    /// Its host.
    pub host: String,
}

/// Where the browser goes when we are done.
#[derive(Clone, Debug)]
pub enum Destination {
    /// An https host.
    Host(String),
    /// A loopback address.
    ThisDevice(String),
    /// A private-use scheme (RFC 8252 §7.1).
    AppScheme(String),
}

/// How long a permission lasts.
#[derive(Clone, Copy, Debug)]
pub enum Validity {
    /// Until a day, in seconds since 1970.
    Until {
        /// The moment it ends.
        ends_at: i64,
    },
    /// For some time from now.
    For {
        /// How long.
        ttl_seconds: u64,
    },
    /// Until the person ends it.
    Ended,
}

/// The page that returns to the app.
#[derive(Clone, Debug)]
pub struct HandOver {
    /// The app's name.
    pub app_name: String,
    /// The whole redirect address with its answer; only ever in the link and the refresh, never shown.
    pub target: String,
    /// What of the address is shown.
    pub destination: Destination,
    /// What the app is about to learn.
    pub outcome: HandOverOutcome,
}

/// What a redirect tells the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandOverOutcome {
    /// It carries a code.
    Granted,
    /// The person said no.
    Denied,
    /// It carries another error.
    Failed,
}

/// The error page.
#[derive(Clone, Debug)]
pub struct ErrorPage {
    /// The HTTP status of the answer.
    pub status: u16,
    /// Who did what.
    pub kind: ErrorKind,
    /// Say that nothing was shared; only if it is true.
    pub nothing_shared: bool,
    /// The id that is also in the log: `pk-7Q4M-2XKD`.
    pub error_id: String,
    /// The protocol's error code.
    pub code: String,
    /// What happened, in English, for the developer; another language looks the rule up first.
    pub what_happened: Option<String>,
    /// The value that was sent, beside the one it was compared with.
    pub compare: Option<Compare>,
    /// What the developer must change, in English.
    pub fix: Option<String>,
    /// The rule that was broken: `redirect_uri.unregistered`.
    pub rule: Option<String>,
    /// The client id that was sent.
    pub client_id: Option<String>,
    /// Method and path: `GET /authorize`.
    pub endpoint: String,
    /// When, in seconds since 1970.
    pub occurred_at: i64,
    /// Where the rule stands: `RFC 9700 §2.1`.
    pub standard: Option<String>,
    /// The way to the app with the error, where the person may take it.
    pub return_to: Option<ReturnLink>,
}

/// Who did what.
#[derive(Clone, Debug)]
pub enum ErrorKind {
    /// A known app sent something that we refuse.
    App {
        /// The app's name.
        name: String,
        /// The app's host.
        host: String,
    },
    /// Somebody sent something that we refuse: no name, no way back.
    UnknownApp,
    /// Our fault.
    Fault,
    /// A page of ours that is too old, used, or another browser's.
    Expired,
    /// A limit was reached.
    Limited {
        /// How long to wait.
        retry_after_seconds: u64,
    },
    /// No such page.
    NotFound,
}

/// Two values that should have been equal.
#[derive(Clone, Debug)]
pub struct Compare {
    /// What was sent.
    pub sent: String,
    /// What is registered; only in development or for an administrator.
    pub registered: Option<String>,
}

/// The question before signing out.
#[derive(Clone, Debug)]
pub struct LogoutConfirm {
    /// Where the form is posted.
    pub action: String,
    /// The hidden value that ties the post to this flow.
    pub flow: String,
    /// Who is signed in.
    pub user_name: String,
    /// The apps whose sessions end too.
    pub app_names: Vec<String>,
}

/// The page after signing out.
#[derive(Clone, Debug, Default)]
pub struct SignedOut {
    /// A registered address to return to (OpenID RP-Initiated Logout §3).
    pub return_to: Option<ReturnLink>,
}

/// A link back to an app.
#[derive(Clone, Debug)]
pub struct ReturnLink {
    /// The app's name.
    pub app_name: String,
    /// The host of the link.
    pub host: String,
    /// The link.
    pub href: String,
}
