//! The installation that is measured: users, clients and an API, made by the same commands that an operator has.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::limits::{LIMIT, STARTS};
use super::served::{GENERATOR_CORE, SERVER_CORE, Served, pinned};
use crate::process;

const REDIRECT_URI: &str = "https://rp.example/cb";
const API: &str = "urn:bench:api";
const SCOPE: &str = "openid offline_access api";
const CLIENT: &str = "bench-public";

/// A fresh installation of one binary, with files of its own.
pub(super) struct BenchInstallation {
    /// What the report calls it.
    pub(super) name: &'static str,
    proofkey: PathBuf,
    directory: PathBuf,
    pub(super) address: &'static str,
    issuer: String,
    /// The certificate and its key, where it speaks TLS.
    tls: Option<[PathBuf; 2]>,
}

impl BenchInstallation {
    pub(super) fn new(
        name: &'static str,
        proofkey: &Path,
        directory: &Path,
        address: &'static str,
        users: usize,
    ) -> Result<Self> {
        let installation = Self::without_users(name, proofkey, directory, address, None)?;
        installation.add_users(users)?;
        Ok(installation)
    }

    /// Registers so many users and one more, each with a password.
    pub(super) fn add_users(&self, users: usize) -> Result<()> {
        (0..=users).try_for_each(|number| self.add_user(number))
    }

    /// One with clients and an API, in a PostgreSQL database where there is a URL.
    pub(super) fn without_users(
        name: &'static str,
        proofkey: &Path,
        directory: &Path,
        address: &'static str,
        url: Option<&str>,
    ) -> Result<Self> {
        let (proofkey, directory) = (proofkey.to_owned(), directory.to_owned());
        let issuer = format!("http://{address}");
        Self { name, proofkey, directory, address, issuer, tls: None }.filled(url)
    }

    /// The same in PostgreSQL and behind TLS, with a certificate and its key.
    pub(super) fn with_tls(
        proofkey: &Path,
        directory: &Path,
        (address, issuer): (&'static str, &str),
        url: &str,
        tls: [&Path; 2],
    ) -> Result<Self> {
        let (proofkey, directory) = (proofkey.to_owned(), directory.to_owned());
        let (issuer, tls) = (issuer.to_owned(), Some(tls.map(Path::to_owned)));
        Self { name: "published", proofkey, directory, address, issuer, tls }.filled(Some(url))
    }

    fn filled(self, url: Option<&str>) -> Result<Self> {
        fs::create_dir_all(&self.directory)?;
        self.fill(url).with_context(|| format!("{} cannot be set up", self.proofkey.display()))?;
        Ok(self)
    }

    fn fill(&self, url: Option<&str>) -> Result<()> {
        let mut init = self.command(&["init", "--issuer", &self.issuer, "--listen", self.address, "--json"]);
        json(init.arg("--data").arg(self.directory.join("data")))?;
        if let Some(url) = url {
            let text = fs::read_to_string(self.config())?;
            let lines = text.lines().map(|line| match line.strip_prefix("data = ") {
                Some(_) => format!("url = \"{url}\"\n"),
                None => format!("{line}\n"),
            });
            fs::write(self.config(), lines.collect::<String>())?;
        }
        let mut api = self.command(&["api", "add", "--resource", API, "--scope", "api", "--introspection"]);
        let api = json(api.arg("--json"))?;
        let public = json!({
            "client_id": CLIENT, "client_name": "Bench", "redirect_uris": [REDIRECT_URI], "scope": SCOPE,
            "token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"],
            "id_token_signed_response_alg": "ES256",
        });
        self.add_client("public", &public)?;
        let service = json!({
            "client_id": "bench-service", "client_name": "Bench service", "scope": "api",
            "token_endpoint_auth_method": "client_secret_basic", "grant_types": ["client_credentials"],
        });
        let service = self.add_client("service", &service)?;
        self.write_target("service", &service, "basic", "scope = \"api\"")?;
        self.write_target("api", api.get("introspection").context("an API that introspects")?, "post", "")
    }

    fn add_user(&self, number: usize) -> Result<()> {
        let mut add = self.command(&["user", "add", "--password-stdin", "--json"]);
        let mut child = add
            .arg("--username")
            .arg(format!("user{number}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        let mut stdin = child.stdin.take().context("standard input is piped")?;
        stdin.write_all(password(&number.to_string()).as_bytes())?;
        drop(stdin);
        ensure!(child.wait()?.success(), "user {number} could not be added");
        Ok(())
    }

    fn add_client(&self, name: &str, metadata: &Value) -> Result<Value> {
        let file = self.directory.join(format!("{name}.json"));
        fs::write(&file, metadata.to_string())?;
        json(self.command(&["client", "add", "--json"]).arg(file))
    }

    fn write_target(&self, name: &str, credential: &Value, auth: &str, extra: &str) -> Result<()> {
        let member = |name| credential.get(name).with_context(|| format!("the credential has no {name}"));
        let (id, secret) = (member("client_id")?, member("client_secret")?);
        let text = format!(
            "name = \"proofkey\"\nissuer = \"{}\"\nredirect_uri = \"{REDIRECT_URI}\"\n\
             [public_client]\nid = \"{CLIENT}\"\nscope = \"{SCOPE}\"\n\
             [confidential_client]\nid = {id}\nsecret = {secret}\nauth = \"{auth}\"\n{extra}\n\
             [login]\nkind = \"form\"\n\
             fields = {{ username = \"user{{n}}\", password = \"{}\", decision = \"allow\" }}\n",
            self.issuer,
            password("{n}")
        );
        Ok(fs::write(self.directory.join(format!("{name}.toml")), text)?)
    }

    /// The description of our server for a scenario: an API introspects, a service has client credentials.
    pub(super) fn target(&self, scenario: &str) -> PathBuf {
        self.directory.join(if scenario == "introspect" { "api.toml" } else { "service.toml" })
    }

    /// The server on its core, with no limit in the way of the load.
    pub(super) fn serve(&self) -> Result<Served> {
        self.serve_with_metrics("off")
    }

    /// The same, with its metrics at an address.
    pub(super) fn serve_with_metrics(&self, metrics: &str) -> Result<Served> {
        self.served(&[("PROOFKEY_LIMITS__FACTOR", "1000"), ("PROOFKEY_SERVER__METRICS_LISTEN", metrics)])
    }

    /// The same, with room in memory for so many subjects.
    pub(super) fn serve_remembering(&self, subjects: u64) -> Result<Served> {
        let subjects = subjects.to_string();
        self.served(&[
            ("PROOFKEY_LIMITS__FACTOR", "1000"),
            ("PROOFKEY_SERVER__METRICS_LISTEN", "off"),
            ("PROOFKEY_STORE__REMEMBERED_MAX", &subjects),
        ])
    }

    /// The same, with every limit as an operator gets it.
    pub(super) fn serve_at_defaults(&self) -> Result<Served> {
        self.served(&[("PROOFKEY_SERVER__METRICS_LISTEN", "off")])
    }

    /// A second node on the generator's core, which answers at another address.
    pub(super) fn serve_second_node(&self, address: &str) -> Result<Served> {
        let settings = [("PROOFKEY_SERVER__LISTEN", address), ("PROOFKEY_LIMITS__FACTOR", "1000")];
        let mut command = self.serving(GENERATOR_CORE);
        command.envs(settings).env("PROOFKEY_SERVER__METRICS_LISTEN", "off");
        Served::start(&mut command, address)
    }

    fn served(&self, settings: &[(&str, &str)]) -> Result<Served> {
        Served::start(self.serving(SERVER_CORE).envs(settings.iter().copied()), self.address)
    }

    fn serving(&self, core: u8) -> Command {
        let mut command = pinned(core, &self.proofkey);
        command.arg("serve").arg("--config").arg(self.config());
        if let Some([certificate, key]) = &self.tls {
            command.env("PROOFKEY_SERVER__TLS_CERTIFICATE", certificate).env("PROOFKEY_SERVER__TLS_KEY", key);
        }
        command
    }

    /// Milliseconds from starting the server to its first answer.
    pub(super) fn start_millis(&self) -> Result<u128> {
        let began = Instant::now();
        let _served = self.serve()?;
        Ok(began.elapsed().as_millis())
    }

    /// Grows its database by `bench seed`, and writes a description of it for browsers drawn from all of its users.
    pub(super) fn seed(&self, rows: &[(&str, u64)]) -> Result<PathBuf> {
        let (cookies, target) = (self.directory.join("cookies"), self.directory.join("users.toml"));
        let mut seed = self.command(&["bench", "seed", "--for-measuring", "--json", "--client", CLIENT]);
        seed.stderr(Stdio::inherit()).arg("--cookies").arg(&cookies);
        seed.args(rows.iter().flat_map(|(of, count)| [format!("--{of}"), count.to_string()]));
        json(&mut seed)?;
        let text = format!(
            "name = \"{}\"\nissuer = \"{}\"\nredirect_uri = \"{REDIRECT_URI}\"\n\
             [public_client]\nid = \"{CLIENT}\"\nscope = \"{SCOPE}\"\n\
             [login]\nkind = \"cookies\"\nfile = {:?}\n",
            self.name,
            self.issuer,
            cookies.display().to_string()
        );
        fs::write(&target, text)?;
        Ok(target)
    }

    /// Bytes of its database file, and of the log beside it.
    pub(super) fn file_sizes(&self) -> [u64; 2] {
        ["proofkey.db", "proofkey.db-wal"].map(|file| {
            fs::metadata(self.directory.join("data").join(file)).map_or(0, |metadata| metadata.len())
        })
    }

    fn config(&self) -> PathBuf {
        self.directory.join("proofkey.toml")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.proofkey);
        command.args(arguments).arg("--config").arg(self.config()).stderr(Stdio::null());
        command
    }
}

fn password(number: &str) -> String {
    format!("wooden lantern harbour {number}")
}

/// One value that a command prints as JSON.
fn json(command: &mut Command) -> Result<Value> {
    serde_json::from_slice(&process::output(command, LIMIT)?).context("the command printed no JSON")
}

/// Milliseconds to the first answer of each installation, the median of the starts; an unmeasured one has made the keys.
pub(in crate::bench) fn starts<'i>(
    installations: impl IntoIterator<Item = &'i BenchInstallation>,
) -> Result<Vec<u128>> {
    let mut all: Vec<_> = installations.into_iter().map(|one| (one, Vec::new())).collect();
    for (installation, _) in &all {
        drop(installation.serve()?);
    }
    for _ in 0..STARTS {
        for (installation, millis) in &mut all {
            millis.push(installation.start_millis()?);
        }
    }
    let median = |(_, mut millis): (_, Vec<u128>)| {
        millis.sort_unstable();
        millis.get(STARTS / 2).copied().context("there was no start")
    };
    all.into_iter().map(median).collect()
}
