//! The configuration of the authorization server that `dev` starts.

use std::net::SocketAddr;
use std::path::Path;

use proofkey_server::config::{Config, SealingKey};

/// What is logged unless `PROOFKEY_LOG__LEVEL` says otherwise: faults, and the requests that were refused. Their error ids are
/// shown to the developer, and no other record of them can be asked for.
const LOG_LEVEL: &str = "warn,proofkey_server::endpoint::failure=info";

/// The server's configuration, with a sealing key of its own in its directory.
pub(super) fn configuration(
    issuer: &str,
    listen: SocketAddr,
    data: &Path,
    environment: impl Iterator<Item = (String, String)>,
) -> anyhow::Result<Config> {
    let key_path = data.join("sealing.key");
    if !key_path.exists() {
        SealingKey::generate()?.write_new(&key_path)?;
    }
    let text = format!(
        "issuer = {issuer:?}\n[server]\nlisten = \"{listen}\"\nmetrics_listen = \"off\"\n[store]\ndata = {:?}\n[keys]\nalgorithms = [\"ES256\", \"RS256\"]\nsealing_key_file = {:?}\n[log]\nlevel = {LOG_LEVEL:?}\n",
        data.display().to_string(),
        key_path.display().to_string(),
    );
    let tried_out = environment.filter(|(name, _)| TRIED_OUT.iter().any(|section| name.starts_with(section)));
    Ok(Config::parse(&text, &data.join("proofkey dev"), tried_out)?)
}

/// The settings that the environment may change here: what a developer tries out. Everything else is left to the server that
/// the variable was set for: `PROOFKEY_STORE__DATA` above all would lead `dev`, which brings a user with a printed password,
/// into a real database.
const TRIED_OUT: [&str; 5] = [
    "PROOFKEY_LIMITS__",
    "PROOFKEY_LOG__",
    "PROOFKEY_PASSWORDS__",
    "PROOFKEY_SESSIONS__",
    "PROOFKEY_TOKENS__",
];

/// The same in the words of `--help`.
pub(super) const ENVIRONMENT: &str = "\
Environment: PROOFKEY_LIMITS__*, PROOFKEY_LOG__*, PROOFKEY_PASSWORDS__*, PROOFKEY_SESSIONS__* and PROOFKEY_TOKENS__* change \
what they change for `proofkey serve`. The log, on standard error, has the requests that were refused; \
PROOFKEY_LOG__LEVEL=info shows more. No other variable is read: none leads dev to another database, key or address.";

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 4455);

    fn configured(data: &Path, environment: &[(&str, &str)]) -> anyhow::Result<Config> {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        configuration("http://127.0.0.1:4455", LISTEN, data, environment)
    }

    #[test]
    fn no_variable_leads_dev_to_a_real_installation() {
        let (own, real) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let data = real.path().display().to_string();
        let environment = [
            ("PROOFKEY_STORE__DATA", data.as_str()),
            ("PROOFKEY_ISSUER", "https://id.example"),
            ("PROOFKEY_KEYS__SEALING_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
            ("PROOFKEY_SERVER__LISTEN", "0.0.0.0:443"),
            ("PROOFKEY_SERVER__METRICS_LISTEN", "0.0.0.0:9464"),
            ("PROOFKEY_SERVER__TLS_CERTIFICATE", "/etc/tls.pem"),
            ("PROOFKEY_CONFIG", "/etc/proofkey.toml"),
            ("PROOFKEY_NO_SUCH_SETTING", "1"),
        ];
        assert_eq!(
            format!("{:?}", configured(own.path(), &environment).unwrap()),
            format!("{:?}", configured(own.path(), &[]).unwrap()),
        );
    }

    #[test]
    fn what_a_developer_tries_out_is_taken_from_the_environment() {
        let own = tempfile::tempdir().unwrap();
        let environment = [
            ("PROOFKEY_LIMITS__FACTOR", "1000"),
            ("PROOFKEY_LOG__LEVEL", "debug"),
            ("PROOFKEY_PASSWORDS__ITERATIONS", "3"),
            ("PROOFKEY_TOKENS__ACCESS_SECONDS", "77"),
            ("PROOFKEY_SESSIONS__IDLE_SECONDS", "777"),
        ];
        let config = configured(own.path(), &environment).unwrap();
        assert!((config.limits.factor - 1000.0).abs() < f64::EPSILON);
        assert_eq!((config.log.level.as_str(), config.passwords.iterations), ("debug", 3));
        assert_eq!((config.tokens.access_seconds, config.sessions.idle_seconds), (77, 777));
        let refused = configured(own.path(), &[("PROOFKEY_LIMITS__FACTORR", "1")]).unwrap_err();
        assert!(refused.to_string().contains("PROOFKEY_LIMITS__FACTORR"), "{refused}");
    }
}
