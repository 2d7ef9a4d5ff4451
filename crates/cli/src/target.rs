//! Which server, app and API a command is about: the command line and environment first, then the last sign-in, then
//! what `proofkey dev` offers.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use proofkey_client::{Application, ResourceUri, Scope, TokenStore};
use serde::{Deserialize, Serialize};

use crate::output::note;
use crate::private_file::write_private;

/// Where `proofkey dev` listens.
const ISSUER_DEFAULT: &str = "http://127.0.0.1:4455";
/// The native client that `proofkey dev` registers.
const CLIENT_ID_DEFAULT: &str = "proofkey-cli";
/// Remembers the last sign-in; holds no secret.
const FILE_NAME: &str = "last-login.json";

/// What the command line says about server, app and API.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct TargetArgs {
    /// The authorization server [default: that of the last sign-in, else http://127.0.0.1:4455]
    #[arg(long, value_name = "URL", env = "PROOFKEY_LOGIN_ISSUER")]
    issuer: Option<String>,
    /// The variable of release 0.1, which named the server's own issuer as well; read for one more release
    #[arg(long, hide = true, value_name = "URL", env = "PROOFKEY_ISSUER")]
    issuer_of_0_1: Option<String>,
    /// The app's client id [default: that of the last sign-in, else proofkey-cli]
    #[arg(long, value_name = "ID", env = "PROOFKEY_CLIENT_ID")]
    client_id: Option<String>,
    /// The API that tokens are for; they are sent nowhere else. Empty: the sign-in that is for no API
    #[arg(long, value_name = "URL")]
    resource: Option<String>,
}

/// The last sign-in, so that other commands need not be told again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastLogin {
    issuer: String,
    client_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource: Option<String>,
}

impl TargetArgs {
    /// The server that the command line or the environment names.
    fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref().or(self.issuer_of_0_1.as_deref())
    }

    /// Tells of the old variable where it is what counts.
    fn note_old_variable(&self) {
        if self.issuer.is_none() && self.issuer_of_0_1.is_some() {
            note(
                "PROOFKEY_ISSUER will not be read by the next release: set PROOFKEY_LOGIN_ISSUER, or use --issuer",
            );
        }
    }

    /// The app to sign in: the last server and client count, its API does not, for a new sign-in asks for what it says.
    pub(crate) fn for_login(
        &self,
        last: Option<&LastLogin>,
        scope: Option<&str>,
    ) -> anyhow::Result<Application> {
        let mut app = self.application(last, self.resource.as_deref())?;
        if let Some(scope) = scope {
            app.scope = Scope::parse(scope).context("--scope")?;
        }
        Ok(app)
    }

    /// The app that is signed in already. What it may do was settled then, so no scope is asked for.
    pub(crate) fn for_session(&self, last: Option<&LastLogin>) -> anyhow::Result<Application> {
        let same = last.filter(|last| self.is_about(last));
        let resource = self.resource.as_deref().or_else(|| same.and_then(|last| last.resource.as_deref()));
        let mut app = self.application(last, resource)?;
        app.scope = Scope::default();
        Ok(app)
    }

    /// Whether a stored sign-in is at the server and of the app that are named, where they are.
    pub(crate) fn covers(&self, app: &Application) -> bool {
        self.issuer().is_none_or(|issuer| issuer == app.issuer.as_str())
            && self.client_id.as_ref().is_none_or(|id| *id == app.client_id)
    }

    /// Whether the server is a remembered one: worth saying when it is gone.
    pub(crate) fn is_from_memory(&self, last: Option<&LastLogin>) -> bool {
        self.issuer().is_none() && last.is_some()
    }

    fn application(&self, last: Option<&LastLogin>, resource: Option<&str>) -> anyhow::Result<Application> {
        self.note_old_variable();
        let issuer = self.issuer().or_else(|| last.map(|last| last.issuer.as_str()));
        let same_server = last.filter(|last| self.issuer().is_none_or(|issuer| issuer == last.issuer));
        let client_id = self.client_id.as_deref().or_else(|| same_server.map(|last| last.client_id.as_str()));
        let mut app =
            Application::new(issuer.unwrap_or(ISSUER_DEFAULT), client_id.unwrap_or(CLIENT_ID_DEFAULT))?;
        // The last sign-in may be for an API: without a way to say "none", the one that is for none is out of reach.
        let resource = resource.filter(|resource| !resource.is_empty());
        app.resource = resource.map(ResourceUri::parse).transpose().context("--resource")?;
        Ok(app)
    }

    fn is_about(&self, last: &LastLogin) -> bool {
        let agrees = |said: Option<&str>, known: &str| said.is_none_or(|said| said == known);
        agrees(self.issuer(), &last.issuer) && agrees(self.client_id.as_deref(), &last.client_id)
    }
}

impl LastLogin {
    /// What is remembered, if it can be read; it is a convenience, so a broken file is no error.
    pub(crate) fn read(store: &TokenStore) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path(store)).ok()?).ok()
    }

    /// Writes down a sign-in for later commands.
    pub(crate) fn write(store: &TokenStore, app: &Application) -> anyhow::Result<()> {
        let path = path(store);
        write_private(&path, &Self::of(app)).with_context(|| path.display().to_string())
    }

    /// What to remember once `ended` is no sign-in any more: nothing else, unless it was the remembered one and others
    /// remain. Then one of those, of the same server and client rather than of another.
    pub(crate) fn after<'a>(
        last: Option<&Self>,
        ended: &Application,
        remaining: &'a [Application],
    ) -> Option<&'a Application> {
        if last.is_some_and(|last| {
            *last != Self::of(ended) && remaining.iter().any(|app| *last == Self::of(app))
        }) {
            return None;
        }
        // Only the default account can be named on a command line.
        let mut mine = remaining.iter().filter(|app| app.account == ended.account);
        let is_near = |app: &&Application| app.issuer == ended.issuer && app.client_id == ended.client_id;
        mine.clone().find(is_near).or_else(|| mine.next())
    }

    fn of(app: &Application) -> Self {
        Self {
            issuer: app.issuer.to_string(),
            client_id: app.client_id.clone(),
            resource: app.resource.as_ref().map(ToString::to_string),
        }
    }
}

fn path(store: &TokenStore) -> PathBuf {
    store.directory().join(FILE_NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_wins_over_memory_and_memory_over_defaults() {
        let last = LastLogin {
            issuer: "https://id.example".into(),
            client_id: "app".into(),
            resource: Some("https://api.example".into()),
        };
        let args = |issuer: Option<&str>, client_id: Option<&str>, resource: Option<&str>| TargetArgs {
            issuer: issuer.map(str::to_owned),
            issuer_of_0_1: None,
            client_id: client_id.map(str::to_owned),
            resource: resource.map(str::to_owned),
        };
        let (id, api) = ("https://id.example", Some("https://api.example"));
        let cases = [
            // arguments, memory, expected issuer, client and resource
            (args(None, None, None), None, (ISSUER_DEFAULT, CLIENT_ID_DEFAULT, None)),
            (args(None, None, None), Some(&last), (id, "app", api)),
            (
                args(Some("https://b.example"), None, None),
                Some(&last),
                ("https://b.example", CLIENT_ID_DEFAULT, None),
            ),
            (args(Some(id), None, None), Some(&last), (id, "app", api)),
            (args(None, Some("other"), None), Some(&last), (id, "other", None)),
            (args(None, None, Some("urn:x")), Some(&last), (id, "app", Some("urn:x"))),
            (args(None, None, Some("")), Some(&last), (id, "app", None)),
        ];
        for (args, last, (issuer, client_id, resource)) in cases {
            let app = args.for_session(last).unwrap();
            assert_eq!((app.issuer.as_str(), app.client_id.as_str()), (issuer, client_id), "{args:?}");
            assert_eq!(app.resource.as_ref().map(ResourceUri::as_str), resource, "{args:?}");
            assert!(app.scope.is_empty());
        }
        let app = args(None, None, None).for_login(Some(&last), None).unwrap();
        assert_eq!((app.resource, app.scope.to_string().as_str()), (None, proofkey_client::SCOPE_DEFAULT));
    }

    #[test]
    fn k_33_the_old_variable_names_the_server_and_yields_to_the_new_one() {
        let (old, new) = (Some("https://old.example".to_owned()), Some("https://new.example".to_owned()));
        let args = TargetArgs { issuer_of_0_1: old.clone(), ..TargetArgs::default() };
        assert_eq!(args.for_session(None).unwrap().issuer.as_str(), "https://old.example");
        let args = TargetArgs { issuer: new, issuer_of_0_1: old, ..TargetArgs::default() };
        assert_eq!(args.for_session(None).unwrap().issuer.as_str(), "https://new.example");
    }

    #[test]
    fn cl_18_after_a_sign_out_another_sign_in_is_remembered() {
        let app = |issuer: &str, resource: &str| {
            let mut app = Application::new(issuer, "app").unwrap();
            app.resource = ResourceUri::parse(resource).ok();
            app
        };
        let (a, b) = ("https://a.example", "https://b.example");
        let (plain, api, elsewhere) = (app(a, ""), app(a, "urn:x"), app(b, ""));
        let mut of_another_program = plain.clone();
        of_another_program.account = "other".to_owned();
        let cases = [
            // remembered, ended, remaining, to be remembered
            (Some(&api), &api, vec![plain.clone()], Some(&plain)),
            (Some(&api), &api, vec![elsewhere.clone(), plain.clone()], Some(&plain)),
            (Some(&api), &api, vec![elsewhere.clone()], Some(&elsewhere)),
            (Some(&api), &api, vec![], None),
            (Some(&api), &api, vec![of_another_program], None),
            (Some(&api), &plain, vec![api.clone(), elsewhere.clone()], None),
            (None, &plain, vec![api.clone()], Some(&api)),
            (Some(&elsewhere), &plain, vec![api.clone()], Some(&api)),
        ];
        for (at, (last, ended, remaining, expected)) in cases.into_iter().enumerate() {
            let last = last.map(LastLogin::of);
            assert_eq!(LastLogin::after(last.as_ref(), ended, &remaining), expected, "case {at}");
        }
    }

    #[test]
    fn what_is_remembered_is_read_again_and_garbage_is_nothing() {
        let directory = std::env::temp_dir().join(format!("proofkey-target-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let store = TokenStore::in_directory(&directory);
        assert_eq!(LastLogin::read(&store), None);
        let app = Application::new("https://id.example", "app").unwrap();
        LastLogin::write(&store, &app).unwrap();
        assert_eq!(LastLogin::read(&store).unwrap().issuer, "https://id.example");
        std::fs::write(path(&store), b"{").unwrap();
        assert_eq!(LastLogin::read(&store), None);
        std::fs::remove_dir_all(directory).unwrap();
    }
}
