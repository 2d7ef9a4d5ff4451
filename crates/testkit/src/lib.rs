//! What end-to-end tests share: a whole authorization server in the process, a browser double, and complete flows.
//!
//! A dev-dependency only. Everything here speaks to the server over HTTP as strangers do; what a test needs from inside
//! (the store, the clock) it takes from [`TestServer`]. It asserts little itself: tests do. There are no sleeps, no
//! fixed ports and nothing that two tests share.
//!
//! ```no_run
//! # async fn example() {
//! use proofkey_testkit::{AuthorizeRequest, Browser, TestServer, fixtures};
//!
//! let server = TestServer::start().await;
//! let client = fixtures::web();
//! let tokens = server.tokens(&client, "openid notes:read").await;
//! assert!(server.is_active(&client, &tokens.access_token).await);
//!
//! let mut browser = Browser::new(&server);
//! let page = browser.authorize(&AuthorizeRequest::new(&client)).await.page();
//! let _ = browser.sign_in(&page, &fixtures::ada()).await;
//! # }
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a fixture that fails ends the test"
)]

mod admin;
mod answer;
mod browser;
mod builder;
mod configuration;
mod database;
pub mod fixtures;
mod flow;
mod html;
mod jar;
mod jwt;
mod killable;
mod logs;
mod museum;
mod page;
pub mod postgres;
mod process;
mod raw;
mod request;
mod seed;
mod server;
mod template;

pub use answer::Answer;
pub use browser::Browser;
pub use builder::Builder;
pub use database::{Engine, Sibling};
pub use fixtures::{TestApi, TestClient, TestUser};
pub use flow::{Code, Tokens};
pub use html::{Form, Tag, tags, unescape};
pub use jar::{Jar, StoredCookie};
pub use jwt::{Jwt, decode};
pub use killable::Remote;
pub use logs::Logs;
pub use museum::Museum;
pub use page::{Departure, Navigated, Page, RedirectKind};
pub use raw::exchange as raw_exchange;
pub use request::{AuthorizeRequest, basic, form_body};
pub use server::TestServer;
