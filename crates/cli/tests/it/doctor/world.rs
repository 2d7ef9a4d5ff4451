//! A server, a proxy before it, and the command that looks at both.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proofkey_testkit::{Builder, TestServer};
use serde_json::Value;
use tempfile::TempDir;

use super::proxy::Proxy;

/// What the command said.
pub(super) struct Said {
    pub(super) code: Option<i32>,
    pub(super) report: Value,
}

impl Said {
    /// The checks that found something.
    pub(super) fn found(&self) -> Vec<&str> {
        let found = self.report["found"].as_array().unwrap().iter();
        found.map(|found| found["check"].as_str().unwrap()).collect()
    }

    /// Fails unless exactly this was found, with a cure, and the exit code says so.
    #[track_caller]
    pub(super) fn names(&self, check: &str) {
        assert_eq!(self.found(), [check], "{:#}", self.report);
        assert_eq!((self.code, &self.report["sound"]), (Some(1), &Value::Bool(false)));
        let found = &self.report["found"][0];
        assert!(
            found["cure"].as_str().unwrap().len() > 10 && found["what"].as_str().unwrap().len() > 10,
            "{found}"
        );
    }

    #[track_caller]
    pub(super) fn is_sound(&self) {
        assert_eq!((self.found(), self.code), (vec![], Some(0)), "{:#}", self.report);
    }
}

/// An installation under a public name that leads through a proxy.
pub(super) struct World {
    pub(super) server: TestServer,
    pub(super) proxy: Proxy,
    pub(super) folder: TempDir,
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(TestServer::builder().set("server.trusted_proxies", "127.0.0.1")).await
    }

    pub(super) async fn with(builder: Builder) -> Self {
        Self::of(builder.sqlite()).await
    }

    /// With the database that the builder names.
    pub(super) async fn of(builder: Builder) -> Self {
        let proxy = Proxy::start().await;
        let issuer = format!("http://{}", proxy.address);
        let server = builder.issuer(&issuer).system_clock().sealing_key_in_file().start().await;
        proxy.leads_to(server.address);
        close(&server.data(), 0o700);
        Self { server, proxy, folder: tempfile::tempdir().unwrap() }
    }

    pub(super) fn sealing_key(&self) -> PathBuf {
        self.server.data().with_file_name("sealing.key")
    }

    /// The configuration of a sound installation, in parts that tests replace.
    pub(super) fn config(&self) -> String {
        format!(
            "issuer = {:?}\n[server]\nlisten = {:?}\nmetrics_listen = \"off\"\ntrusted_proxies = [\"127.0.0.1\"]\n\
             [store]\ndata = {:?}\n[keys]\nsealing_key_file = {:?}\n",
            self.server.issuer,
            self.server.address.to_string(),
            self.server.data().display().to_string(),
            self.sealing_key().display().to_string(),
        )
    }

    pub(super) async fn doctor(&self) -> Said {
        self.doctor_of(&self.config()).await
    }

    /// The same by another configuration.
    pub(super) async fn doctor_of(&self, config: &str) -> Said {
        self.doctor_in("", config, &[]).await
    }

    /// The same in a shell that runs a line before it, with variables.
    pub(super) async fn doctor_in(&self, line: &str, config: &str, environment: &[(&str, &str)]) -> Said {
        let file = self.folder.path().join("proofkey.toml");
        std::fs::write(&file, config).unwrap();
        run(line, &file, environment).await
    }
}

/// Runs the command on a configuration file.
pub(super) async fn run(line: &str, file: &Path, environment: &[(&str, &str)]) -> Said {
    let line = format!("{line}\nexec \"$0\" doctor --json --config \"$1\"");
    let mut command = Command::new("sh");
    command.args(["-c", &line, env!("CARGO_BIN_EXE_proofkey")]).arg(file).env_clear();
    command.envs(environment.iter().copied()).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"));
    Said { code: output.status.code(), report }
}

/// The mode of a file, and what it holds, read by another process: a handle that this one closes would drop the locks of the
/// server's database.
pub(super) fn stands(path: &Path) -> (u32, String) {
    let mode = std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let output = Command::new("sha256sum").arg(path).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    (mode, String::from_utf8(output.stdout).unwrap())
}

pub(super) fn close(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
