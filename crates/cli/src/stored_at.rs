//! Where tokens are kept, as commands report it.

use proofkey_client::{Session, StoredAt};
use serde::Serialize;

use crate::output::note;

/// What `--json` prints of it, as members of a report.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct KeptIn {
    kept_in: &'static str,
    file: Option<String>,
}

impl From<&StoredAt> for KeptIn {
    fn from(stored_at: &StoredAt) -> Self {
        match stored_at {
            StoredAt::File(path) => Self { kept_in: "file", file: Some(path.display().to_string()) },
            _ => Self { kept_in: "keyring", file: None },
        }
    }
}

/// Where the tokens were when a command began, to notice that they moved during it.
pub(crate) struct StorageMove(Option<StoredAt>);

impl StorageMove {
    /// Looks before anything is refreshed.
    pub(crate) async fn of(session: &Session) -> anyhow::Result<Self> {
        Ok(Self(session.stored_at().await?))
    }

    /// Tells the person if the tokens have left the keyring for a file, as `proofkey login` would have.
    pub(crate) async fn note_move(&self, session: &Session) -> anyhow::Result<()> {
        if let Some(notice) = self.notice(session.stored_at().await?.as_ref()) {
            note(&notice);
        }
        Ok(())
    }

    fn notice(&self, now: Option<&StoredAt>) -> Option<String> {
        let stored_at = now.filter(|stored_at| matches!(stored_at, StoredAt::File(_)))?;
        let has_moved = self.0.as_ref() != Some(stored_at);
        has_moved
            .then(|| format!("The keyring did not take the refreshed tokens: they are kept in {stored_at}."))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn cl_12_only_a_move_to_a_file_is_worth_a_notice() {
        let file = || StoredAt::File(PathBuf::from("/data/x.json"));
        let cases = [
            // before, after, told
            (Some(StoredAt::Keyring), Some(file()), true),
            (Some(StoredAt::Keyring), Some(StoredAt::Keyring), false),
            (Some(file()), Some(file()), false),
            (Some(file()), Some(StoredAt::Keyring), false),
            (Some(StoredAt::Keyring), None, false),
        ];
        for (before, after, told) in cases {
            let notice = StorageMove(before).notice(after.as_ref());
            assert_eq!(notice.is_some(), told, "{notice:?}");
            assert!(notice.is_none_or(|notice| notice.contains("/data/x.json (no keyring: any program")));
        }
        let report = serde_json::to_string(&KeptIn::from(&file())).unwrap();
        assert_eq!(report, r#"{"kept_in":"file","file":"/data/x.json"}"#);
    }
}
