//! Signs in, and prints the notes of the person.

use proofkey_client::{Application, Client, Remedy, ResourceUri, Scope, Session};

const ISSUER: &str = __ISSUER__;
const CLIENT_ID: &str = __CLIENT_ID__;
const SCOPE: &str = __SCOPE__;
const API: &str = __API__;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn client() -> Outcome<Client> {
    let mut app = Application::new(ISSUER, CLIENT_ID)?;
    app.scope = Scope::parse(SCOPE)?;
    app.resource = Some(ResourceUri::parse(API)?);
    Ok(Client::new(app)?)
}

async fn sign_in(client: &Client) -> Outcome<Session> {
    let sign_in = client.sign_in().await?;
    println!("Sign in at {}", sign_in.url().as_str());
    if std::env::var_os("NO_BROWSER").is_none() {
        let _ = sign_in.open_browser().await;
    }
    let session = sign_in.finish().await?.session;
    if let Some(person) = session.identity().await {
        println!("Hello, {}.", person.name.unwrap_or(person.subject));
    }
    Ok(session)
}

async fn notes(client: &Client) -> Outcome<String> {
    let session = match client.session().await {
        Ok(session) => session,
        Err(error) if error.remedy() == Remedy::SignIn => sign_in(client).await?,
        Err(error) => return Err(error.into()),
    };
    let answer = session.get(API).await?;
    Ok(format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body)))
}

async fn sign_out(client: &Client) -> Outcome<()> {
    let signed_out = client.sign_out().await?;
    signed_out.revoked?;
    if let Some(url) = signed_out.end_session_url {
        println!("Signed out here. In the browser too: {}", url.as_str());
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let client = client()?;
    if std::env::args().nth(1).as_deref() == Some("sign-out") {
        return sign_out(&client).await;
    }
    println!("{}", notes(&client).await?);
    Ok(())
}
