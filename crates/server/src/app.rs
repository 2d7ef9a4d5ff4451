//! The server's state: everything a request may use, made once at start.

use std::sync::Arc;

use proofkey_oauth::Timestamp;
use proofkey_protocol::Policy;
use proofkey_store::{Fault, ProtocolStore, Store};

use crate::clients::{Clients, ShortSecrets};
use crate::clock::Clock;
use crate::cookies::CookieNames;
use crate::directory::Directory;
use crate::keys::Keyring;
use crate::keys::rotation::RotationPolicy;
use crate::limit::Limiters;
use crate::log::Ceiling;
use crate::metadata::MetadataDocument;
use crate::metrics::{Endpoint, Metrics};
use crate::page::Pages;
use crate::password::Passwords;
use crate::random::Randomness;
use crate::refresh_uses::RefreshUses;
use crate::refusal_record::RefusalRecords;
use crate::remembered::LastLook;
use crate::rules::ErrorsPage;
use crate::trace::Tracer;

/// The state of one server.
#[derive(Debug)]
pub(crate) struct App {
    pub policy: Policy,
    pub rotation: RotationPolicy,
    /// What endpoints may do with the store: read, commit what was decided, and note the use of a session. Administration, keys and sweeping take the
    /// whole store, which is not here (I6).
    pub store: ProtocolStore,
    pub clients: Clients,
    /// Clients whose short secret the log has named.
    pub short_secrets: ShortSecrets,
    /// The APIs: a snapshot that is read again when operators change them.
    pub directory: Directory,
    /// The keys that sign and verify, and those under which codes, steps and refresh tokens are made.
    pub keyring: Keyring,
    /// When the version of the keys was looked at last for the key set.
    pub published_keys: LastLook,
    /// A pool of its own: a hash takes the whole of a processor and tens of megabytes for a while.
    pub passwords: Passwords,
    pub limits: Limiters,
    /// Which refresh tokens were used a moment ago, and from where: for the log alone.
    pub refresh_uses: RefreshUses,
    /// Whether the sign-in page comes with *Keep me signed in* ticked.
    pub remember_default: bool,
    pub pages: Pages,
    /// Where the rules are explained, if the operator has published that.
    pub errors_page: ErrorsPage,
    pub metadata: MetadataDocument,
    pub cookies: CookieNames,
    /// Refusals that are to be recorded.
    pub refusals: RefusalRecords,
    /// How many lines a second strangers may cause.
    pub refusal_lines: Ceiling,
    pub metrics: Arc<Metrics>,
    pub clock: Clock,
    pub randomness: Randomness,
    /// The trace of `proofkey dev`; off in any other server.
    pub tracer: Tracer,
}

impl App {
    /// The path at which an endpoint answers, below the issuer's. Routes and links are made from it.
    pub(crate) fn path_of(&self, endpoint: Endpoint) -> String {
        format!("{}{}", self.policy.issuer.path(), endpoint.path())
    }

    /// The time, read once per request.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(self.clock.now())
    }

    /// Looks at the versions of what is kept in memory: forgets clients and reads APIs again if they have changed. Returns
    /// the version of the keys, which take longer to read.
    pub(crate) async fn refresh(&self, store: &Store) -> Result<i64, Fault> {
        store.check_file()?;
        let versions = store.directory_versions().await?;
        self.clients.note_version(versions.clients);
        self.directory.take_over(store, versions.apis).await?;
        Ok(versions.keys)
    }
}
