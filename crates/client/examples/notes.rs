//! A first app: signs in if there is no sign-in yet, then reads the notes of `proofkey dev`'s sample API.
//!
//! `cargo run -p proofkey-client --example notes -- http://127.0.0.1:4457/notes`
#![expect(clippy::print_stdout, reason = "that is what it is for")]

use proofkey_client::{Application, Client, ResourceUri, Scope};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let api = std::env::args().nth(1).ok_or("name the API's address")?;
    let mut app = Application::new("http://127.0.0.1:4455", "proofkey-cli")?;
    app.scope = Scope::parse("openid profile offline_access notes:read")?;
    app.resource = Some(ResourceUri::parse(&api)?);
    let client = Client::new(app)?;

    let session = match client.session().await {
        Ok(session) => session,
        Err(_) => {
            let sign_in = client.sign_in().await?;
            println!("Sign in at {}", sign_in.url().as_str());
            let _ = sign_in.open_browser().await;
            sign_in.finish().await?.session
        }
    };
    let notes = session.get(&api).await?;
    println!("{}", String::from_utf8_lossy(&notes.body));
    Ok(())
}
