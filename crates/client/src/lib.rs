//! OAuth client for native apps: Authorization Code with PKCE through the system's browser, tokens kept safe and fresh.
//!
//! A first app in twenty lines:
//!
//! ```no_run
//! use proofkey_client::{Application, Client, ResourceUri, Scope};
//!
//! # async fn app() -> Result<(), Box<dyn std::error::Error>> {
//! let api = "http://127.0.0.1:4457/notes";
//! let mut app = Application::new("http://127.0.0.1:4455", "proofkey-cli")?;
//! app.scope = Scope::parse("openid profile offline_access notes:read")?;
//! app.resource = Some(ResourceUri::parse(api)?);
//! let client = Client::new(app)?;
//!
//! // A session of an earlier run, or a sign-in in the browser.
//! let session = match client.session().await {
//!     Ok(session) => session,
//!     Err(_) => {
//!         let sign_in = client.sign_in().await?;
//!         println!("Opening {}", sign_in.url().as_str());
//!         let _ = sign_in.open_browser().await;
//!         sign_in.finish().await?.session
//!     }
//! };
//!
//! let notes = session.get(api).await?; // refreshes by itself
//! println!("{}", String::from_utf8_lossy(&notes.body));
//! # Ok(()) }
//! ```
//!
//! What it will not do, and there is no switch for: talk to a server that names its PKCE methods without S256, or under another
//! name than the one it was asked by, follow a redirect with a secret, skip a certificate check, take a token from a browser, send a
//! token to an address outside the resource it was asked for, or put one into a URL. Everything that decides is sans-I/O
//! ([`Server::from_metadata`], [`Attempt`]); time comes in as an argument except in one file.

mod application;
mod attempt;
mod authentication;
mod browser;
mod call;
mod client;
mod clock;
mod discovery;
mod error;
mod form;
mod id_token;
mod identity;
mod listener;
mod logout;
mod random;
mod refresh;
mod revocation;
mod session;
mod shared;
mod sign_in;
mod signed_userinfo;
mod store;
mod token;
mod transport;
mod url;
mod userinfo;

pub use application::{Application, SCOPE_DEFAULT};
pub use attempt::{Attempt, AuthorizationCode, CallbackOutcome, SignInOptions};
pub use authentication::{ClientAuthentication, ClientSecret};
pub use browser::open as open_browser;
pub use call::{ApiAnswer, ApiRequest};
pub use client::Client;
pub use discovery::Server;
pub use error::{Error, Remedy};
pub use id_token::IdTokenError;
pub use identity::Identity;
pub use logout::{SignedOut, WayBack};
pub use session::Session;
pub use sign_in::{SIGN_IN_TIMEOUT, SignIn, SignedIn};
pub use signed_userinfo::UserInfoError;
pub use store::{StoredAt, TokenStore};
pub use token::AccessToken;
pub use url::{BrowserUrl, SecureUrl};

// The words in which an `Application` is written, and the type its secrets come in.
pub use http::Method;
pub use proofkey_oauth::{Issuer, ResourceUri, Scope, Secret};
