//! `proofkey token preview`: the tokens that a client would be issued, without signatures, and what gave or withheld each part.

use std::process::ExitCode;

use proofkey_server::admin::{
    Part, PreviewRequest, PreviewedConsent, PreviewedToken, PreviewedTokens, Reason, TokenPreview,
};
use serde_json::{Value, json};

use super::installation::{Installation, InstallationArgs};
use super::refusal::explain;
use super::show::plain;

/// Say which tokens a client would be issued, and why
///
/// The decisions are those of /authorize and /token, on what is stored now, for a user who signs in now and allows what is asked.
/// Settings, keys.algorithms among them, are those of the configuration file that this reads, and not of running servers.
/// Nothing is stored or issued: tokens are shown without signatures. That it was asked is logged. An example:
///
/// proofkey token preview --client notes --user ada --scope "openid profile offline_access"
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    installation: InstallationArgs,
    /// The client
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    client: String,
    /// The user who signs in; without one the client asks for a token of its own (client_credentials)
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The scope that the request asks for; without it the request asks for none, not even openid
    #[arg(long, value_name = "SCOPES")]
    scope: Option<String>,
    /// An API that the request names as resource; may be repeated
    #[arg(long, value_name = "URL")]
    resource: Vec<String>,
    /// An API that the token request of a user's code names as resource
    #[arg(long, value_name = "URL", requires = "user")]
    token_resource: Vec<String>,
}

/// Whether tokens would be issued is the exit code: 0 or 1.
pub(crate) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let Args { installation, client, user, scope, resource, token_resource } = args;
    let request = PreviewRequest {
        client,
        username: user,
        scope,
        resources: resource,
        token_resources: token_resource,
    };
    let mut exit = ExitCode::SUCCESS;
    let show = async |installation: &Installation| {
        let preview = installation.admin.preview_token(&request).await.map_err(explain)?;
        if matches!(preview, TokenPreview::Refused { .. }) {
            exit = ExitCode::FAILURE;
        }
        installation.output.result(&view(&preview), || plain_lines(&text(&preview, request.scope.is_some())))
    };
    installation.on(show).await?;
    Ok(exit)
}

fn view(preview: &TokenPreview) -> Value {
    match preview {
        TokenPreview::Refused { endpoint, refusal } => {
            let words = refusal.explain();
            json!({
                "issued": false, "refused_by": endpoint, "error": refusal.code().as_str(), "rule": words.rule,
                "cause": refusal.cause(), "fix": words.fix, "standard": words.standard, "obstacle": preview.obstacle(),
            })
        }
        TokenPreview::Issued(tokens) => {
            let token = |token: &PreviewedToken| json!({"header": token.header, "claims": token.claims});
            let reasons: Vec<Value> = tokens.reasons.iter().map(reason).collect();
            json!({
                "issued": true, "access_token": token(&tokens.access_token), "id_token": tokens.id_token.as_ref().map(token),
                "refresh_token": tokens.has_refresh_token, "refresh_token_withheld": tokens.refresh_withheld,
                "client_scope": tokens.client_scope, "userinfo": tokens.userinfo, "expires_in": tokens.expires_in,
                "consent": tokens.consent.map(consent), "reasons": reasons,
            })
        }
    }
}

fn reason(reason: &Reason) -> Value {
    json!({
        "of": part(reason.part), "name": reason.name, "given": reason.is_given, "why": reason.why, "standard": reason.standard,
    })
}

const fn part(part: Part) -> &'static str {
    match part {
        Part::Scope => "scope",
        Part::Audience => "audience",
        Part::AccessTokenClaim => "access_token",
        Part::IdTokenClaim => "id_token",
        Part::UserinfoClaim => "userinfo",
    }
}

const fn consent(consent: PreviewedConsent) -> &'static str {
    match consent {
        PreviewedConsent::Remembered => "remembered",
        PreviewedConsent::Asked => "asked",
    }
}

fn text(preview: &TokenPreview, has_scope: bool) -> String {
    match preview {
        TokenPreview::Refused { endpoint, refusal } => {
            let words = refusal.explain();
            let obstacle =
                preview.obstacle().map(|obstacle| format!("\nobstacle  {obstacle}")).unwrap_or_default();
            format!(
                "{endpoint} would refuse this: {} ({})\nrule      {}\nfix       {}\nstandard  {}{obstacle}",
                refusal.cause(),
                refusal.code().as_str(),
                words.rule,
                words.fix,
                words.standard
            )
        }
        TokenPreview::Issued(tokens) => issued(tokens, has_scope),
    }
}

fn issued(tokens: &PreviewedTokens, has_scope: bool) -> String {
    let mut text = String::new();
    if !has_scope {
        let registered = match tokens.client_scope.as_str() {
            "" => "no scope",
            scope => scope,
        };
        text.push_str(&format!(
            "No scope is asked for (--scope). The client is registered for: {registered}\n\n"
        ));
    }
    match tokens.consent {
        Some(PreviewedConsent::Asked) => {
            text.push_str("The user would be asked; this supposes that the answer is yes.\n\n")
        }
        Some(PreviewedConsent::Remembered) => {
            text.push_str("The user would not be asked: it is remembered.\n\n")
        }
        None => {}
    }
    text.push_str(&token("Access token", &tokens.access_token));
    match &tokens.id_token {
        Some(id_token) => text.push_str(&token("ID token", id_token)),
        None => text.push_str("No ID token: the scope openid is not granted.\n\n"),
    }
    match tokens.refresh_withheld {
        None => text.push_str("A refresh token.\n"),
        Some(why) => text.push_str(&format!("No refresh token: {why}.\n")),
    }
    let mut last = None;
    for reason in &tokens.reasons {
        if last != Some(reason.part) {
            text.push_str(heading(reason.part));
            last = Some(reason.part);
        }
        let sign = if reason.is_given { '+' } else { '-' };
        text.push_str(&format!("  {sign} {}: {} ({})\n", reason.name, reason.why, reason.standard));
    }
    text.truncate(text.trim_end().len());
    text
}

const fn heading(part: Part) -> &'static str {
    match part {
        Part::Scope => "\nScope of the access token\n",
        Part::Audience => "\nAudience of the access token\n",
        Part::AccessTokenClaim => "\nClaims of the access token\n",
        Part::IdTokenClaim => "\nClaims of the ID token\n",
        Part::UserinfoClaim => "\nUserinfo with this access token\n",
    }
}

fn token(name: &str, token: &PreviewedToken) -> String {
    let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default();
    format!("{name}, without its signature\n{}\n{}\n\n", pretty(&token.header), pretty(&token.claims))
}

/// What others wrote cannot steer the terminal.
fn plain_lines(text: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}
