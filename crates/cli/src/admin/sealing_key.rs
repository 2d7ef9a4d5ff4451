//! `proofkey sealing-key`: the key that codes, pages and refresh tokens are made under, and that seals the signing keys.

use std::path::Path;

use proofkey_protocol::SealingKeyId;
use proofkey_server::admin::SealingKeyRotation;
use serde_json::json;

use super::installation::Installation;
use super::key::LEAKS;
use super::refusal::explain;
use super::show::rfc3339;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Make a new sealing key, which writes from the next request on
    ///
    /// With a database in a file that is one step. On PostgreSQL it takes two, with one command: the first call adds the new key
    /// to the file of the sealing key, which you copy to every node; the second one uses it, once each node has reported that
    /// it has read it, and is refused until then.
    ///
    /// The one before is read until every refresh token that it made has ended (tokens.refresh_idle_days): no user is signed out.
    /// Both stand in the file of the sealing key, which is replaced: keep a copy of the new one, and the old one for as long as
    /// there are backups of the database from before. Access tokens are signed by other keys: here and at APIs they go on until they
    /// expire, unless `proofkey key revoke` ends those too. The counts of failed sign-ins begin anew, and so do the browsers that
    /// an account knows: for a while wrong passwords from elsewhere can make an owner wait in a browser of their own, too.
    #[command(after_long_help = LEAKS)]
    Rotate {
        /// The one before has leaked: this server refuses all that it made from the next request on. Every user has to give
        /// their apps access anew; browser sessions stay
        #[arg(long)]
        revoke_old: bool,
    },
}

pub(super) async fn run(installation: &Installation, action: Action) -> anyhow::Result<()> {
    match action {
        Action::Rotate { revoke_old } => rotate(installation, revoke_old).await,
    }
}

async fn rotate(installation: &Installation, revoke_old: bool) -> anyhow::Result<()> {
    let rotated = installation.admin.rotate_sealing_key(revoke_old).await.map_err(explain)?;
    let rotated = match rotated {
        SealingKeyRotation::Rotated(rotated) => rotated,
        SealingKeyRotation::Prepared { id, file } => return prepared(installation, id, &file),
    };
    let until = rotated.old_read_until.map(rfc3339);
    let report = json!({"old_read_until": until, "resealed": rotated.resealed});
    installation.output.result(&report, || match &until {
        Some(until) => format!("A new sealing key writes; what the one before made is read until {until}."),
        None => "A new sealing key writes; what the one before made is refused.".to_owned(),
    })
}

fn prepared(installation: &Installation, id: SealingKeyId, file: &Path) -> anyhow::Result<()> {
    let report = json!({"prepared": id.to_string(), "file": file.display().to_string()});
    installation.output.result(&report, || {
        format!(
            "A new sealing key {id} stands in {} and writes nothing yet. Copy that file to every node, then run this again.",
            file.display()
        )
    })
}
