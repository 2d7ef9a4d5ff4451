//! A ready file for the framework of an app, with the values of its registration filled in.
//!
//! The files stand in `crates/cli/snippets`; they are the ones that the guides in `docs/guides` show and that `cargo xtask guides`
//! runs. A secret is in none of them: an app that has one reads it from its environment.

mod literal;

use anyhow::bail;
use clap::ValueEnum as _;
use proofkey_oauth::{AuthMethod, ClientMetadata};
use proofkey_protocol::{Client, ClientRecord};
use proofkey_server::admin::AppKind;
use serde::Serialize;

use literal::Language;

/// What an app is written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Framework {
    /// A browser app with Angular and angular-auth-oidc-client
    Angular,
    /// The flow by hand: a script for bash
    Curl,
    /// Python with Django and Authlib
    Django,
    /// Node with Express and openid-client
    Express,
    /// Python with Flask and Authlib
    Flask,
    /// Go with go-oidc
    Go,
    /// Node with Next.js and openid-client
    Next,
    /// A browser app with React and oidc-client-ts
    React,
    /// A command line in Rust
    Rust,
    /// Java with Spring Boot: its configuration
    Spring,
    /// A browser app with Vue and oidc-client-ts
    Vue,
}

/// What an app may be registered for and does not ask for before it needs it.
const UNASKED: [&str; 3] = ["email", "address", "phone"];

/// The snippet of a framework, with placeholders.
struct Template {
    file: &'static str,
    /// What kind of app it is; a public client may be written with any framework for public ones.
    kind: AppKind,
    language: Language,
    text: &'static str,
}

/// A file for an app.
#[derive(Debug, Serialize)]
pub(super) struct Snippet {
    /// The name that the guide gives it.
    pub(super) file: &'static str,
    /// What is in it.
    pub(super) text: String,
}

/// A file of `crates/cli/snippets`.
macro_rules! text {
    ($path:literal) => {
        include_str!(concat!("../../../../snippets/", $path))
    };
}

const fn spa(file: &'static str, language: Language, text: &'static str) -> Template {
    Template { file, kind: AppKind::Spa, language, text }
}

const fn native(file: &'static str, language: Language, text: &'static str) -> Template {
    Template { file, kind: AppKind::Native, language, text }
}

const fn web(file: &'static str, language: Language, text: &'static str) -> Template {
    Template { file, kind: AppKind::Web, language, text }
}

impl Framework {
    const fn template(self) -> Template {
        use Language::{Go, JavaScript, Python, Rust, Shell, SpringYaml};
        match self {
            Self::Angular => spa("src/main.ts", JavaScript, text!("angular/main.ts")),
            Self::Curl => native("flow.sh", Shell, text!("curl/flow.sh")),
            Self::Django => web("site_of_notes/views.py", Python, text!("django/views.py")),
            Self::Express => web("app.mjs", JavaScript, text!("express/app.mjs")),
            Self::Flask => web("app.py", Python, text!("flask/app.py")),
            Self::Go => web("main.go", Go, text!("go/main.go")),
            Self::Next => web("proofkey.js", JavaScript, text!("next/proofkey.js")),
            Self::React => spa("src/main.jsx", JavaScript, text!("react/main.jsx")),
            Self::Rust => native("src/main.rs", Rust, text!("rust/main.rs")),
            Self::Spring => web("application.yml", SpringYaml, text!("spring/application.yml")),
            Self::Vue => spa("src/App.vue", JavaScript, text!("vue/App.vue")),
        }
    }

    /// Whether an app of this registration can be written with it.
    ///
    /// # Errors
    /// If it lacks the secret that the snippet reads, has one that the snippet cannot keep, or no redirect URI.
    pub(super) fn check(self, metadata: &ClientMetadata) -> anyhow::Result<()> {
        let name = self.name();
        let has_secret = metadata.token_endpoint_auth_method != Some(AuthMethod::None);
        match (self.keeps_secret(), has_secret) {
            (true, true) | (false, false) => {}
            (true, false) => bail!(
                "the {name} snippet is for an app on a server, which has a secret, and this client is public: register it as a \
                 web app, or take a snippet of a public app ({})",
                names(|framework| !framework.keeps_secret())
            ),
            (false, true) => bail!(
                "the {name} snippet is for an app on the person's device, where a secret is none, and this client has one: \
                 register it as a browser app or a native app, or take a snippet of a web app ({})",
                names(Self::keeps_secret)
            ),
        }
        if metadata.redirect_uris.is_empty() {
            bail!("the {name} snippet signs people in, and this client has no redirect URI to come back to");
        }
        Ok(())
    }

    /// The snippet for a registered client.
    ///
    /// # Errors
    /// As [`Self::check`], and if no API is open to the client: the snippet calls one.
    pub(super) fn snippet(self, issuer: &str, record: &ClientRecord) -> anyhow::Result<Snippet> {
        self.check(&record.metadata)?;
        let client = Client::try_from(record)?;
        let Some(api) = client.resources.first() else {
            bail!(
                "the {name} snippet calls an API, and none is open to {id}: `proofkey client edit {id} --add-scope SCOPE --bind` opens one; \
                 afterwards: `proofkey client snippet {id} {name}`",
                name = self.name(),
                id = record.id
            );
        };
        let first = |texts: &[String]| texts.first().cloned().unwrap_or_default();
        let values = Values {
            issuer: issuer.to_owned(),
            client_id: record.id.to_string(),
            name: client.name.clone().unwrap_or_else(|| record.id.to_string()),
            redirect_uri: first(&record.metadata.redirect_uris),
            signed_out_uri: first(&client.post_logout_redirect_uris),
            scope: client.scope.filter(|token| !UNASKED.contains(&token)).to_string(),
            api: api.to_string(),
        };
        let Template { file, language, text, .. } = self.template();
        Ok(Snippet { file, text: values.fill(text, language) })
    }

    /// The framework of this name, if apps of the kind are written with it.
    pub(super) fn named(name: &str, kind: AppKind) -> Option<Self> {
        Self::value_variants()
            .iter()
            .copied()
            .find(|framework| framework.fits(kind) && framework.name() == name)
    }

    /// The names of the frameworks for apps of this kind, with commas between them; none for a service, which signs no person in.
    pub(super) fn names_for(kind: AppKind) -> String {
        names(|framework| framework.fits(kind))
    }

    fn fits(self, kind: AppKind) -> bool {
        self.template().kind == kind
    }

    const fn keeps_secret(self) -> bool {
        self.template().kind.keeps_secret()
    }

    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// The names of some of the frameworks.
fn names(of: impl Fn(Framework) -> bool) -> String {
    let all = Framework::value_variants().iter().copied().filter(|framework| of(*framework));
    all.map(Framework::name).collect::<Vec<_>>().join(", ")
}

/// What is filled in.
struct Values {
    issuer: String,
    client_id: String,
    name: String,
    redirect_uri: String,
    signed_out_uri: String,
    scope: String,
    api: String,
}

impl Values {
    /// The text with a literal of its language for each placeholder, and several with commas between them for the scopes one by one.
    /// What is filled in is not looked through again.
    fn fill(&self, text: &str, language: Language) -> String {
        let scopes: Vec<String> = self.scope.split(' ').map(|scope| language.literal(scope)).collect();
        let placeholders = [
            ("__ISSUER__", language.literal(&self.issuer)),
            ("__CLIENT_ID__", language.literal(&self.client_id)),
            ("__NAME__", language.literal(&self.name)),
            ("__REDIRECT_URI__", language.literal(&self.redirect_uri)),
            ("__SIGNED_OUT_URI__", language.literal(&self.signed_out_uri)),
            ("__SCOPE__", language.literal(&self.scope)),
            ("__SCOPES__", scopes.join(", ")),
            ("__API__", language.literal(&self.api)),
        ];
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("__") {
            let (before, from) = rest.split_at(at);
            filled.push_str(before);
            let known =
                placeholders.iter().find_map(|(name, literal)| Some((from.strip_prefix(name)?, literal)));
            if let Some((behind, literal)) = known {
                filled.push_str(literal);
                rest = behind;
            } else {
                filled.push_str("__");
                rest = from.get(2..).unwrap_or_default();
            }
        }
        filled.push_str(rest);
        filled
    }
}

#[cfg(test)]
mod tests;
