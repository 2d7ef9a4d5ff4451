//! The configuration of a test server: cheap passwords, and what the test sets.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use proofkey_server::config::Config;

/// Base64 of 32 bytes: what the fixtures' keys are sealed with.
pub(crate) const SEALING_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// The configuration of a test server.
pub(crate) fn config(issuer: &str, data: &Path, settings: &[(String, String)]) -> Config {
    let text = config_text(issuer, data, settings, None);
    Config::parse(&text, &data.join("test.toml"), environment(settings)).expect("the configuration is valid")
}

/// Cheap passwords, no metrics listener, and no wait for those whose requests are refused: that is what many tests send.
pub(crate) fn config_text(
    issuer: &str,
    data: &Path,
    settings: &[(String, String)],
    listen: Option<SocketAddr>,
) -> String {
    let listen = listen.map(|address| format!("listen = \"{address}\"\n")).unwrap_or_default();
    let is_elsewhere = settings.iter().any(|(name, _)| name == "store.url");
    let data =
        if is_elsewhere { String::new() } else { format!("data = {:?}\n", data.display().to_string()) };
    format!(
        "issuer = {issuer:?}\n[server]\n{listen}metrics_listen = \"off\"\ndrain_seconds = 2\n[store]\n{data}\
         [passwords]\nmemory_kib = 64\niterations = 1\nhashes_max = 1\nqueue_max = 1000\nqueue_seconds = 30\n\
         [limits]\npaced_turns_per_second = 1000000\n",
    )
}

/// The settings of a test, over the sealing key of the fixtures.
pub(crate) fn environment(settings: &[(String, String)]) -> impl Iterator<Item = (String, String)> + '_ {
    let variable = |name: &str| format!("PROOFKEY_{}", name.replacen('.', "__", 1).to_ascii_uppercase());
    let in_file = settings.iter().any(|(name, _)| name == "keys.sealing_key_file");
    (!in_file)
        .then(|| sealed_under(SEALING_KEY))
        .into_iter()
        .chain(settings.iter().map(move |(name, value)| (variable(name), value.clone())))
}

/// The variable that gives a sealing key.
pub(crate) fn sealed_under(sealing_key: &str) -> (String, String) {
    ("PROOFKEY_KEYS__SEALING_KEY".to_owned(), sealing_key.to_owned())
}

/// The file of a sealing key, in the directory of a server.
pub(crate) fn sealing_key_file(directory: &Path) -> PathBuf {
    directory.join("sealing.key")
}

/// Writes a file that only its owner may read.
pub(crate) fn write_private(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).expect("a file can be written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("a mode can be set");
}
