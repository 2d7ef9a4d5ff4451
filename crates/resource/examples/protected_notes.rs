//! A protected API in two lines. Arguments: the issuer, and this API's address (which is also its name).
//!
//! `cargo run -p proofkey-resource --example protected_notes -- http://127.0.0.1:4455 http://127.0.0.1:4457/notes`

use axum::{Router, routing::get};
use proofkey_resource::{AccessToken, Protect};

async fn notes(token: AccessToken) -> String {
    format!("the notes of {}", token.subject())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let issuer = arguments.next().unwrap_or_else(|| "http://127.0.0.1:4455".to_owned());
    let audience = arguments.next().unwrap_or_else(|| "http://127.0.0.1:4457/notes".to_owned());

    let protect = Protect::new(issuer, audience).scopes(["notes:read"]).build()?;
    let app = Router::new().route("/notes", get(notes)).layer(protect);

    let listener = tokio::net::TcpListener::bind("127.0.0.1:4457").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
