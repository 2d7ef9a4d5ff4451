//! The configuration of the authorization server that `dev` starts.

use std::net::SocketAddr;
use std::path::Path;

use proofkey_server::config::{Config, SealingKey, process_environment};

/// The server's configuration, with a sealing key of its own in its directory.
pub(super) fn configuration(issuer: &str, listen: SocketAddr, data: &Path) -> anyhow::Result<Config> {
    let key_path = data.join("sealing.key");
    let key = match SealingKey::read(&key_path) {
        Ok(key) => key,
        Err(_) if !key_path.exists() => {
            let key = SealingKey::generate()?;
            key.write_new(&key_path)?;
            key
        }
        Err(refused) => return Err(refused.into()),
    };
    let text = format!(
        "issuer = {issuer:?}\n[server]\nlisten = \"{listen}\"\nmetrics_listen = \"off\"\n[store]\ndata = {:?}\n[log]\nlevel = \"warn\"\n",
        data.display().to_string()
    );
    let key = ("PROOFKEY_KEYS__SEALING_KEY".to_owned(), key.to_base64().to_string());
    let environment = process_environment().filter(|(name, _)| !OWN.contains(&name.as_str())).chain([key]);
    Ok(Config::parse(&text, &data.join("proofkey dev"), environment)?)
}

/// Variables of the client commands, which are no settings of a server.
const OWN: [&str; 2] = ["PROOFKEY_KEYS__SEALING_KEY", "PROOFKEY_ISSUER"];
