//! The configuration: one TOML file, environment overrides, secrets from files.
//!
//! It owns what can be set, the defaults and the ranges. `file` is what was written, [`Config`] what it means: paths are
//! absolute, the issuer is checked, the sealing key is read. `policy` alone says what the values are used for.

mod database_url;
mod environment;
mod error;
mod file;
mod listen;
mod nearest;
mod policy;
mod ranges;
mod reference;
mod resolve;
mod resolved;
mod sealing_key;
mod sealing_keys;
mod secret_file;
mod sections;
mod template;
mod warnings;

pub use database_url::DatabaseUrl;
pub use environment::process_environment;
pub use error::ConfigError;
pub use listen::{ListenRefused, listen_address};
pub use policy::ACCESS_TOKEN_SECONDS_MAX;
pub use reference::{Explained, Setting, settings};
pub use resolved::{Config, Keys, Server, Store, TlsFiles, database_file};
pub use sealing_key::{SealingKey, SealingKeyRefused};
#[cfg(test)]
pub(crate) use sealing_keys::OLD_MAX as OLD_SEALING_KEYS_MAX;
pub use sealing_keys::{SealingKeySource, SealingKeys};
pub use sections::{Limits, Log, LogFormat, Pages, Passwords, Sessions, Tokens};
pub use template::{SEALING_KEY_FILE, template};

use std::path::Path;

impl Config {
    /// Reads the file and applies overrides from `environment` (pass [`process_environment`]).
    pub fn load(
        path: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        Self::parse(&read(path)?, path, environment)
    }

    /// Like [`Config::load`] with the text at hand; `path` names it in errors, and relative paths start at its directory.
    pub fn parse(
        text: &str,
        path: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let overlay = environment::Overlay::collect(environment)?;
        let table = file::parse(text, path)?;
        let file = overlay.apply(table)?;
        let context = resolve::Context { text, path, overlay: &overlay };
        resolve::resolve(file, &context)
    }

    /// What is allowed but worth a second look, one sentence each.
    pub fn check(&self) -> Vec<String> {
        warnings::warnings(self)
    }
}

impl Server {
    /// Reads what the file and `environment` say of listeners, and nothing else: no secret, no database.
    pub fn load(
        path: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let text = read(path)?;
        let overlay = environment::Overlay::collect(environment)?;
        let file = overlay.apply(file::parse(&text, path)?)?;
        resolve::listeners(&file, &resolve::Context { text: &text, path, overlay: &overlay })
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|cause| ConfigError::Unreadable { path: path.to_owned(), cause })
}

/// The names of all settings that are numbers: `section.key`.
#[cfg(test)]
pub(crate) fn numbers() -> Vec<&'static str> {
    ranges::ranges(&file::File::default()).iter().map(|range| range.name).collect()
}

#[cfg(test)]
mod grammar;
#[cfg(test)]
mod names;
#[cfg(test)]
mod reference_page;

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: (&str, &str) = ("PROOFKEY_KEYS__SEALING_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");

    pub(super) fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let pairs =
            environment.iter().chain([&KEY]).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::parse(text, Path::new("/etc/proofkey/proofkey.toml"), pairs)
    }

    pub(super) fn refusal(text: &str, environment: &[(&str, &str)]) -> String {
        parse(text, environment).unwrap_err().to_string()
    }

    pub(super) const MINIMAL: &str = "issuer = \"https://id.example\"\n[store]\ndata = \"data\"\n";

    #[test]
    fn what_a_file_leaves_out_has_its_default_and_paths_start_at_the_file() {
        let config = parse(MINIMAL, &[]).unwrap();
        assert_eq!(config.issuer.as_str(), "https://id.example");
        assert_eq!(config.store.place(), "/etc/proofkey/data/proofkey.db");
        assert_eq!(config.server.metrics_listen, Some("127.0.0.1:9464".parse().unwrap()));
        assert_eq!((config.tokens.code_seconds, config.tokens.access_seconds), (60, 600));
        assert_eq!((config.passwords.memory_kib, config.passwords.length_min), (19_456, 15));
        assert_eq!(config.keys.sealing_key_source, SealingKeySource::Environment);
    }

    #[test]
    fn a_database_is_in_a_directory_or_behind_a_url_that_is_never_shown() {
        let text = |store: &str| format!("issuer = \"https://id.example\"\n[store]\n{store}\n");
        let url = "postgres://u:s3cret@db.example,other.example:7/x";
        let config = parse(&text(&format!("url = \"{url}\"")), &[]).unwrap();
        assert_eq!(config.store.place(), "db.example:5432, other.example:7");
        assert!(!format!("{config:?}").contains("s3cret"));
        let by_environment = parse(&text(""), &[("PROOFKEY_STORE__URL", url)]).unwrap();
        assert_eq!(by_environment.store.place(), config.store.place());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("url");
        std::fs::write(&file, format!("{url}\n")).unwrap();
        let in_file = text(&format!("url_file = {:?}", file.display().to_string()));
        let mode = |mode| std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(mode));
        mode(0o644).unwrap();
        assert!(refusal(&in_file, &[]).contains("chmod 600"));
        mode(0o640).unwrap();
        assert_eq!(parse(&in_file, &[]).unwrap().store.place(), config.store.place());
        for (store, expected) in [
            ("", "store.data is missing"),
            ("data = \"d\"\nurl = \"postgres://u:s3cret@db/x\"", "one of them"),
            ("url = \"mysql://u:s3cret@db/x\"", "does not begin with postgres://"),
            ("url = \"postgres://u:s3cret@db/x?sslmode=prefer\"", "sslmode"),
            ("url_file = \"/nonexistent/url\"", "/nonexistent/url: "),
        ] {
            let message = refusal(&text(store), &[]);
            assert!(message.contains(expected) && !message.contains("s3cret"), "{message}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_place_and_the_known_ones() {
        let text = format!("{MINIMAL}[tokens]\ncode_seconds = 30\n  cod_seconds = 30\n");
        let message = refusal(&text, &[]);
        assert!(message.starts_with("/etc/proofkey/proofkey.toml:6:3: "), "{message}");
        assert!(
            message.contains("unknown field `cod_seconds`") && message.contains("`code_seconds`"),
            "{message}"
        );
        assert!(refusal("isuer = 1\n", &[]).contains("proofkey.toml:1:1: unknown field `isuer`"));
        assert!(refusal("issuer = \"https://a\n", &[]).contains("proofkey.toml:1:"));
    }

    #[test]
    fn a_value_out_of_range_is_refused_with_its_place() {
        let text = format!("{MINIMAL}[tokens]\ncode_seconds = 900\n");
        let message = refusal(&text, &[]);
        assert!(message.starts_with("/etc/proofkey/proofkey.toml:5:1: tokens.code_seconds"), "{message}");
        assert!(message.contains("between 10 and 600 seconds"), "{message}");
        let from_environment = refusal(MINIMAL, &[("PROOFKEY_TOKENS__CODE_SECONDS", "900")]);
        assert!(from_environment.contains("PROOFKEY_TOKENS__CODE_SECONDS"), "{from_environment}");
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let text = format!("{MINIMAL}[limits]\nfactor = 2.0\n");
        let config = parse(
            &text,
            &[
                ("PROOFKEY_LIMITS__FACTOR", "1000"),
                ("PROOFKEY_SERVER__ISSUER", "https://other.example"),
                ("PROOFKEY_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1"),
                ("PROOFKEY_PAGES__OPERATOR_NAME", "1984"),
                ("PROOFKEY_SERVER__METRICS_LISTEN", "off"),
                ("HOME", "/root"),
            ],
        );
        let config = config.unwrap();
        assert_eq!(config.limits.factor, 1_000.0);
        assert_eq!(config.issuer.as_str(), "https://other.example");
        assert_eq!(config.server.trusted_proxies.len(), 2);
        assert_eq!(config.pages.operator_name.as_deref(), Some("1984"));
        assert_eq!(config.server.metrics_listen, None);
    }

    #[test]
    fn an_unknown_override_is_refused_by_name() {
        for name in [
            "PROOFKEY_LIMITS__FACTORR",
            "PROOFKEY_LIMIT__FACTOR",
            "PROOFKEY_SERVER__PORT",
            "PROOFKEY_ISSUER__ISSUER",
            "PROOFKEY_A__B__C",
        ] {
            assert!(refusal(MINIMAL, &[(name, "1")]).contains(name), "{name}");
        }
    }

    #[test]
    fn the_issuer_is_https_or_loopback() {
        for bad in
            ["http://id.example", "https://id.example?x=1", "https://id.example#f", "ftp://id.example", ""]
        {
            let message = refusal(&format!("issuer = \"{bad}\"\n[store]\ndata = \"d\"\n"), &[]);
            assert!(message.contains("proofkey.toml:1:1: issuer"), "{bad}: {message}");
        }
        assert!(parse("issuer = \"http://127.0.0.1:4455\"\n[store]\ndata = \"d\"\n", &[]).is_ok());
        assert!(refusal("[store]\ndata = \"d\"\n", &[]).contains("issuer"), "an issuer must be given");
    }

    #[test]
    fn pk_08_the_page_of_rules_is_a_url_that_an_error_uri_may_be_made_of() {
        let with = |url: &str| parse(&format!("{MINIMAL}[pages]\nerrors_url = {url:?}\n"), &[]);
        for good in ["https://docs.example/errors", "http://127.0.0.1:8000/errors.html?v=1"] {
            assert_eq!(with(good).unwrap().pages.errors_url.as_deref(), Some(good));
        }
        for bad in [
            "",
            "docs/errors.md",
            "ftp://a.example",
            "https://a.example/#b",
            "https://a:b@c.example",
            "https://a.example/\u{e9}",
            "https://a.example/ b",
            "https://a.example/?\"",
            "javascript:alert(1)",
        ] {
            let message = with(bad).unwrap_err().to_string();
            assert!(
                message.contains("pages.errors_url") && message.contains("https://docs.example"),
                "{bad}: {message}"
            );
        }
    }

    #[test]
    fn keys_that_belong_together_are_checked_together() {
        let with = |section: &str| refusal(&format!("{MINIMAL}{section}"), &[]);
        assert!(with("[server]\ntls_certificate = \"a.pem\"\n").contains("tls_key"));
        assert!(
            with("[tokens]\nrefresh_idle_days = 100\nrefresh_absolute_days = 99\n")
                .contains("refresh_idle_days")
        );
        assert!(
            with("[keys]\npublish_ahead_hours = 1\njwks_max_age_seconds = 3600\n")
                .contains("publish_ahead_hours")
        );
        assert!(
            with("[keys]\nrotation_days = 2\npublish_ahead_hours = 48\n")
                .contains("less than keys.rotation_days")
        );
        assert!(with("[server]\ntrusted_proxies = [\"ten\"]\n").contains("trusted_proxies"));
    }

    #[test]
    fn lg_13_what_is_said_of_sessions_bounds_what_is_not() {
        let (hour, day) = (3_600, 86_400);
        let (month, quarter) = (30 * day, 90 * day);
        let cases = [
            ("", [12 * hour, day, month, quarter]),
            ("idle=3600", [hour, day, hour, quarter]),
            ("absolute=3600", [hour, hour, hour, hour]),
            ("idle=3600 absolute=604800", [hour, 7 * day, hour, 7 * day]),
            ("idle=1728000 absolute=17280000", [20 * day, 200 * day, 20 * day, 200 * day]),
            ("idle=3600 remembered_idle=86400", [hour, day, day, quarter]),
            ("remembered_absolute=86400", [12 * hour, day, day, day]),
        ];
        for (set, expected) in cases {
            let set: Vec<(&str, &str)> = set.split(' ').filter_map(|pair| pair.split_once('=')).collect();
            let lines: String = set.iter().map(|(key, value)| format!("{key}_seconds = {value}\n")).collect();
            let by_file = parse(&format!("{MINIMAL}[sessions]\n{lines}"), &[]);
            let variable = |key: &str| format!("PROOFKEY_SESSIONS__{}_SECONDS", key.to_uppercase());
            let names: Vec<String> = set.iter().map(|(key, _)| variable(key)).collect();
            let values = names.iter().map(String::as_str).zip(set.iter().map(|(_, value)| *value));
            let by_environment = parse(MINIMAL, &values.collect::<Vec<_>>());
            for found in [by_file, by_environment] {
                let found = found.unwrap().sessions;
                let passing = [found.idle_seconds, found.absolute_seconds];
                let remembered = [found.remembered_idle_seconds, found.remembered_absolute_seconds];
                assert_eq!([passing, remembered].concat(), expected, "{set:?}");
                assert!(!found.remember_default);
            }
        }
        let refused = refusal(&format!("{MINIMAL}[sessions]\nremembered_idle_seconds = 7776001\n"), &[]);
        assert!(refused.contains("more than sessions.remembered_absolute_seconds"), "{refused}");
    }

    #[test]
    fn check_warns_but_does_not_refuse() {
        let config = parse(MINIMAL, &[("PROOFKEY_LIMITS__FACTOR", "1000")]).unwrap();
        let warnings = config.check();
        assert!(warnings.iter().any(|warning| warning.contains("limits.factor")), "{warnings:?}");
        assert!(warnings.iter().any(|warning| warning.contains("trusted_proxies")), "{warnings:?}");
    }

    #[test]
    fn ht_07_debug_of_a_configuration_hides_the_sealing_key() {
        let shown = format!("{:?}", parse(MINIMAL, &[]).unwrap());
        assert!(shown.contains("SealingKey(…)") && !shown.contains("AAEC"), "{shown}");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,120}", at in 0_usize..40, junk in "\\PC{0,4}") {
            let _ = parse(&text, &[]);
            let mut mutated = MINIMAL.to_owned();
            mutated.insert_str(at, &junk);
            let _ = parse(&mutated, &[("PROOFKEY_PAGES__OPERATOR_NAME", &text)]);
        }
    }
}
