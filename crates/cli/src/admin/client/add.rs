//! `proofkey client add`: by the kind of the app, with questions where something is missing and a terminal is there, or from a file.

use std::io::{self, IsTerminal as _};

use anyhow::Context as _;
use proofkey_oauth::{ResourceUri, Scope};
use proofkey_server::admin::{AddedClient, AdminRefused, AppKind, AppRefused, ClientDocument, NewApp};

use super::document::read;
use super::metadata::METADATA;
use super::questions::Questions;
use super::snippet::{Framework, Snippet};
use super::told::told;
use super::unbound::warn_of_unbound_scopes;
use super::view::ClientView;
use crate::admin::input::secret_on_stdin;
use crate::admin::installation::Installation;
use crate::admin::refusal::{by_flag, explain, explain_by, kind_that_can};
use crate::admin::show::plain;
use crate::output::{WrongCommandLine, note};

/// The flags that give the members of a client.
const FLAGS: [(&str, &str); 6] = [
    ("client_name", "--name"),
    ("client_id", "--id"),
    ("client_secret", "--secret-stdin"),
    ("redirect_uris", "--redirect"),
    ("post_logout_redirect_uris", "--post-logout"),
    ("scope", "--scope"),
];

/// A client to be registered: the metadata in a file, or the kind of its app with what that needs.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("kind"))]
pub(crate) struct Add {
    /// RFC 7591 metadata as JSON, in place of all other flags; `-` is standard input
    #[arg(long_help = METADATA, conflicts_with_all = ["kind", "name", "redirects", "post_logout", "scopes", "apis", "id", "secret_stdin"])]
    file: Option<String>,
    /// An app that runs in the browser (a single-page app); it has no secret
    #[arg(long, group = "kind")]
    spa: bool,
    /// An installed app or a command line; it has no secret
    #[arg(long, group = "kind")]
    native: bool,
    /// An app on a web server, which keeps a secret there
    #[arg(long, group = "kind")]
    web: bool,
    /// A program that acts by itself, for no person; it keeps a secret
    #[arg(long, group = "kind")]
    service: bool,
    /// What people call the app: the consent page says it
    #[arg(long)]
    name: Option<String>,
    /// Where the browser brings its codes, exactly as the app sends it; once for each address
    #[arg(long = "redirect", value_name = "URI")]
    redirects: Vec<String>,
    /// Where the browser may go after a sign-out; once for each address
    #[arg(long, value_name = "URI")]
    post_logout: Vec<String>,
    /// Scopes of APIs that it may ask for, beside those for signing in; several with spaces between them, or once for each
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// An API that it may ask for; once for each [default: those that have one of its scopes]
    #[arg(long = "api", value_name = "URL")]
    apis: Vec<String>,
    /// Its client_id [default: a new one]
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    id: Option<String>,
    /// Read the secret that the app has already from standard input [default: a new one]
    #[arg(long)]
    secret_stdin: bool,
    /// Print a ready file for an app that is written with this, too
    #[arg(long, value_name = "FRAMEWORK")]
    snippet: Option<Framework>,
}

pub(super) async fn run(installation: &Installation, new: Add) -> anyhow::Result<()> {
    let mut framework = new.snippet;
    let check = |document: &ClientDocument, framework: Option<Framework>| {
        framework.map_or(Ok(()), |of| of.check(document.metadata()))
    };
    let added = match &new.file {
        Some(file) => {
            let document = read(file)?;
            check(&document, framework)?;
            installation.admin.add_client(document).await.map_err(explain)?
        }
        None => {
            let (document, answered) = described(installation, new).await?;
            framework = framework.or(answered);
            check(&document, framework)?;
            let added = installation.admin.add_client(document).await;
            added.map_err(|refused| explain_by(&FLAGS, &refused))?
        }
    };
    print(installation, &added, framework).await
}

/// Prints the client with its secret. Where that fails the client is removed: the operator has not seen its secret, and often not even
/// its id.
async fn print(
    installation: &Installation,
    added: &AddedClient,
    framework: Option<Framework>,
) -> anyhow::Result<()> {
    let issuer = installation.admin.issuer().as_str();
    let made = snippet_of(issuer, added, framework);
    let secret = added.secret.as_ref();
    let view = ClientView::new(&added.record).with_secret(secret).at(issuer).with_snippet(made.as_ref());
    let printed = installation.output.secret(&view, || {
        let snippet = made.as_ref().and_then(|made| made.as_ref().ok());
        let shown = snippet.map(|snippet| format!("\n\n{}:\n\n{}", snippet.file, snippet.text));
        told(&added.record, secret, issuer) + &shown.unwrap_or_default()
    });
    let Err(error) = printed else {
        warn_of_unbound_scopes(installation, &added.record).await;
        return Ok(());
    };
    installation.admin.remove_client(&added.record.id).await.map_err(explain)?;
    Err(explain(AdminRefused::Undelivered(error)))
}

/// The snippet that was asked for, or why there is none. That is said beside the result too: the client is registered all the same.
fn snippet_of(
    issuer: &str,
    added: &AddedClient,
    framework: Option<Framework>,
) -> Option<Result<Snippet, String>> {
    let made = framework?.snippet(issuer, &added.record).map_err(|reason| reason.to_string());
    Some(made.inspect_err(|reason| note(&plain(&format!("No snippet: {reason}")))))
}

/// The document of the app that the flags, and the answers to questions, describe, and what was answered that it is written with.
async fn described(
    installation: &Installation,
    new: Add,
) -> anyhow::Result<(ClientDocument, Option<Framework>)> {
    let mut framework = None;
    let is_asked = !installation.output.is_json()
        && !new.secret_stdin
        && io::stdin().is_terminal()
        && io::stderr().is_terminal();
    let app = if is_asked {
        let (is_bare, is_written) = (new.is_bare(), new.snippet.is_some());
        let mut questions = Questions::new(io::stdin().lock(), io::stderr());
        let kind = new.kind().map_or_else(|| questions.kind(), Ok)?;
        drop(questions);
        let mut app = new.app(kind)?;
        app.check().map_err(refused)?;
        let known = known_scopes(installation).await?;
        let mut questions = Questions::new(io::stdin().lock(), io::stderr());
        questions.complete(&mut app, is_bare, &known)?;
        if is_bare && !is_written {
            framework = questions.framework(kind)?;
        }
        app
    } else {
        let Some(kind) = new.kind() else { return Err(without_kind(&new)) };
        new.app(kind)?
    };
    Ok((app.document().map_err(refused)?, framework))
}

/// The scopes that APIs have here, as a hint.
async fn known_scopes(installation: &Installation) -> anyhow::Result<Vec<String>> {
    let apis = installation.admin.apis().await.map_err(explain)?;
    Ok(apis.into_iter().flat_map(|api| api.scopes).map(|scope| scope.name).collect())
}

impl Add {
    fn kind(&self) -> Option<AppKind> {
        let flags = [
            (self.spa, AppKind::Spa),
            (self.native, AppKind::Native),
            (self.web, AppKind::Web),
            (self.service, AppKind::Service),
        ];
        flags.into_iter().find_map(|(is_given, kind)| is_given.then_some(kind))
    }

    /// Whether nothing was given: then what may be left out is asked for too.
    const fn is_bare(&self) -> bool {
        let is_described = self.spa || self.native || self.web || self.service;
        let is_listed = !self.redirects.is_empty()
            || !self.post_logout.is_empty()
            || !self.scopes.is_empty()
            || !self.apis.is_empty();
        !is_described && !is_listed && self.name.is_none() && self.id.is_none()
    }

    /// What the flags say of an app of this kind.
    fn app(self, kind: AppKind) -> anyhow::Result<NewApp> {
        let scope = Scope::parse(&self.scopes.join(" "));
        let wrong = |cause: String| anyhow::Error::new(WrongCommandLine(plain(&cause)));
        let resource = |text: &String| {
            ResourceUri::parse(text).map_err(|cause| wrong(format!("--api: `{text}`: {cause}")))
        };
        Ok(NewApp {
            name: self.name,
            client_id: self.id,
            redirect_uris: self.redirects,
            post_logout_redirect_uris: self.post_logout,
            scope: scope.map_err(|cause| wrong(format!("--scope: {cause}")))?,
            resources: self.apis.iter().map(resource).collect::<Result<_, _>>()?,
            client_secret: if self.secret_stdin { Some(given_secret(kind)?) } else { None },
            ..NewApp::new(kind)
        })
    }
}

/// The secret that comes by standard input; not even read where the app cannot keep one.
fn given_secret(kind: AppKind) -> anyhow::Result<proofkey_oauth::Secret> {
    if kind.keeps_secret() {
        return secret_on_stdin().context("the secret on standard input");
    }
    Err(refused(AppRefused::Secret { kind }))
}

/// A command line that says of no app what kind it is, and cannot ask.
fn without_kind(new: &Add) -> anyhow::Error {
    let name = if new.name.is_none() { " and --name" } else { "" };
    WrongCommandLine(format!(
        "what kind of app is it? Missing: one of --spa, --native, --web and --service{name} (or <FILE>, with RFC 7591 metadata as \
         JSON); --help says more"
    ))
    .into()
}

/// An app that cannot be so: the command line has to change.
fn refused(refused: AppRefused) -> anyhow::Error {
    let text = match &refused {
        AppRefused::Missing(members) => {
            let flag = |member: &'static str| {
                FLAGS.iter().find(|(name, _)| *name == member).map_or(member, |(_, flag)| *flag)
            };
            let flags: Vec<&str> = members.iter().copied().map(flag).collect();
            format!("missing: {}", flags.join(", "))
        }
        other => {
            let cure = other.instead().map(|kind| format!("; {}", kind_that_can(kind))).unwrap_or_default();
            format!("{}{cure}", by_flag(&FLAGS, &AdminRefused::App(other.clone())))
        }
    };
    WrongCommandLine(plain(&text)).into()
}
