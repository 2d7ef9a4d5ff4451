//! The installation that is measured: users, clients and an API, made by the same commands that an operator has.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{LIMIT, Served, USERS, json, last_line, pinned};
use crate::process;

const ADDRESS: &str = "127.0.0.1:9200";
const LIMITD_PORT: &str = "9100";
const REDIRECT_URI: &str = "https://rp.example/cb";
const API: &str = "urn:bench:api";
const SCOPE: &str = "openid offline_access api";

/// A fresh installation below `target`.
pub(super) struct Site {
    directory: PathBuf,
    proofkey: PathBuf,
    authbench: PathBuf,
    limitd: PathBuf,
    limitd_target: PathBuf,
}

impl Site {
    pub(super) fn new(root: &Path) -> Result<Self> {
        let directory = root.join("target/bench");
        if directory.exists() {
            std::fs::remove_dir_all(&directory).context("the last run's files cannot be removed")?;
        }
        std::fs::create_dir_all(&directory)?;
        let tools = root.join("target/authbench/release");
        let site = Self {
            proofkey: root.join("target/dist/proofkey"),
            authbench: tools.join("authbench"),
            limitd: tools.join("limitd"),
            limitd_target: root.join("tools/authbench/targets/limitd.toml"),
            directory,
        };
        site.fill()?;
        Ok(site)
    }

    fn fill(&self) -> Result<()> {
        let issuer = format!("http://{ADDRESS}");
        let mut init = self.command(&["init", "--issuer", &issuer, "--listen", ADDRESS, "--json"]);
        json(init.arg("--data").arg(self.directory.join("data")))?;
        for number in 0..=USERS {
            self.add_user(number)?;
        }
        let api = json(&mut self.command(&[
            "api",
            "add",
            "--resource",
            API,
            "--scope",
            "api",
            "--introspection",
            "--json",
        ]))?;
        let public = json!({
            "client_id": "bench-public", "client_name": "Bench", "redirect_uris": [REDIRECT_URI], "scope": SCOPE,
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
        std::fs::write(&file, metadata.to_string())?;
        json(self.command(&["client", "add", "--json"]).arg(file))
    }

    fn write_target(&self, name: &str, credential: &Value, auth: &str, extra: &str) -> Result<()> {
        let member = |name| credential.get(name).with_context(|| format!("the credential has no {name}"));
        let (id, secret) = (member("client_id")?, member("client_secret")?);
        let text = format!(
            "name = \"proofkey\"\nissuer = \"http://{ADDRESS}\"\nredirect_uri = \"{REDIRECT_URI}\"\n\
             [public_client]\nid = \"bench-public\"\nscope = \"{SCOPE}\"\n\
             [confidential_client]\nid = {id}\nsecret = {secret}\nauth = \"{auth}\"\n{extra}\n\
             [login]\nkind = \"form\"\n\
             fields = {{ username = \"user{{n}}\", password = \"{}\", decision = \"allow\" }}\n",
            password("{n}")
        );
        Ok(std::fs::write(self.directory.join(format!("{name}.toml")), text)?)
    }

    /// The description of our server for a scenario: an API introspects, a service has client credentials.
    pub(super) fn target(&self, scenario: &str) -> PathBuf {
        self.directory.join(if scenario == "introspect" { "api.toml" } else { "service.toml" })
    }

    pub(super) fn limitd_target(&self) -> PathBuf {
        self.limitd_target.clone()
    }

    /// Our server on the first core.
    pub(super) fn serve(&self) -> Result<Served> {
        let mut command = pinned(0, &self.proofkey);
        command.arg("serve").arg("--config").arg(self.config()).env("PROOFKEY_LIMITS__FACTOR", "1000");
        command.env("PROOFKEY_SERVER__METRICS_LISTEN", "off");
        Served::start(&mut command, ADDRESS)
    }

    /// The ceiling on the same core.
    pub(super) fn limitd(&self) -> Result<Served> {
        let mut command = pinned(0, &self.limitd);
        command.args([
            "--alg",
            "es256",
            "--store",
            "sqlite-full",
            "--threads",
            "1",
            "--port",
            LIMITD_PORT,
            "--db",
        ]);
        Served::start(command.arg(self.directory.join("limitd.db")), &format!("127.0.0.1:{LIMITD_PORT}"))
    }

    /// One run of the load generator on the second core.
    pub(super) fn load(&self, served: &Served, target: &Path, scenario: &str, seconds: u32) -> Result<Value> {
        let lines = self.directory.join("runs.jsonl");
        let mut command = pinned(1, &self.authbench);
        command.arg("--target").arg(target).args(["--scenario", scenario, "--vus", &USERS.to_string()]);
        command.args(["--duration", &seconds.to_string(), "--warmup", "1", "--runs", "1"]);
        command.args(["--server-pid", &served.0.id().to_string()]).arg("--json").arg(&lines);
        process::output(&mut command, LIMIT)?;
        last_line(&lines)
    }

    /// Milliseconds from starting the server to its first answer, the median of so many starts; the first one made the keys.
    pub(super) fn start_millis(&self, starts: usize) -> Result<u128> {
        drop(self.serve()?);
        let mut millis = Vec::new();
        for _ in 0..starts {
            let began = Instant::now();
            let _served = self.serve()?;
            millis.push(began.elapsed().as_millis());
        }
        millis.sort_unstable();
        millis.get(starts / 2).copied().context("there was no start")
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
