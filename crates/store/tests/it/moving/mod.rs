//! A database as a whole, on both engines: copied, backed up, restored, upgraded; cut off at every step.

mod backups;
mod copies;
mod growth;
mod kept;
mod restores;
mod upgrades;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use proofkey_oauth::ClientMetadata;
use proofkey_protocol::{Algorithm, ClientId, Commit, Committed, KeyRecord, SealingKeyId, SessionFacts};
use proofkey_store::moving::{self, Begun, Copied, MoveRefused, Phase, Place, Progress, TableDigest};
use proofkey_store::{CopyId, NotedTime, Options, Store};
use tempfile::TempDir;

use crate::support::{
    GRANTS_SESSION, NOW, api, app, client, consent, failure, grant, grant_id, redeem, refusal, session,
    session_id, sign_in, spend, token_id, user,
};
use proofkey_testkit::postgres::TestDatabase;

/// Grants of a filled database: several batches.
const GRANTS: u64 = 1_200;

/// A move of its own.
pub(crate) fn begun(number: u8) -> Begun {
    Begun { id: CopyId([number; 16]), at: NOW + i64::from(number) }
}

/// A place for a database in a file, in a folder of its own.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn place(&self, name: &str) -> Place {
        Place::File(self.path(name))
    }

    /// What stands in it.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// An empty database on a server.
pub(crate) async fn server() -> (TestDatabase, Place) {
    let database = TestDatabase::create("template0").await;
    let place = Place::server(&database.url()).unwrap();
    (database, place)
}

pub(crate) fn open(path: &Path) -> Store {
    Store::open(path, &Options::default()).unwrap()
}

pub(crate) async fn connect(database: &TestDatabase) -> Store {
    Store::connect(&database.url(), &proofkey_store::ConnectOptions::default()).await.unwrap()
}

/// Has rows in every table, and in some of them more than a batch.
pub(crate) async fn fill(store: &Store) {
    let applied = async |commit| assert_eq!(store.commit(commit).await, Ok(Committed::Applied));
    store.add_user(user("ada")).await.unwrap();
    store.add_user(user("İstanbul")).await.unwrap();
    store.add_user(user("gone")).await.unwrap();
    store.remove_user(&user("gone"), || NOW, &[9; 32]).await.unwrap();
    for id in ["app", "gone", "Ä"] {
        store.add_client(client(id)).await.unwrap();
    }
    store.remove_client(&ClientId::new("gone"), || NOW).await.unwrap();
    let redirect_uris = vec!["https://app.example/cb".to_owned()];
    let metadata = ClientMetadata { redirect_uris, ..client("app").metadata };
    let version = store.directory_versions().await.unwrap().clients;
    store.update_client(&app(), &metadata, version).await.unwrap();
    store.add_api(api("https://api.example")).await.unwrap();
    let key = |kid: &str, sequence| KeyRecord {
        kid: kid.to_owned(),
        algorithm: Algorithm::Es256,
        sequence,
        created_at: NOW,
        active_from: NOW + 1,
        sealed: vec![0, 255, 2],
        public_jwk: "{}".to_owned(),
        closed_at: None,
    };
    let sealing = store.directory_versions().await.unwrap().sealing;
    let added = store.replace_keys(vec![key("a", 1), key("b", 2)], &[], sealing).await;
    assert_eq!(added, Ok(Committed::Applied));
    store.retire_keys(&["a".to_owned()], NOW + 9_000).await.unwrap();
    let keys = store.directory_versions().await.unwrap().keys;
    store.close_ring(Algorithm::Es256, NOW + 7).await.unwrap();
    let rotated = store.rotate_sealing_key(Vec::new(), keys, SealingKeyId([7; 16]), Vec::new()).await;
    assert_eq!(rotated, Ok(Committed::Applied));
    let of_grants = SessionFacts { id: session_id(GRANTS_SESSION), ..session(0) };
    applied(sign_in(of_grants)).await;
    applied(consent("openid offline_access read", None, NOW)).await;
    applied(Commit::CountCodeFailure { code: grant_id(7_000), keep_until: NOW + 60 }).await;
    applied(Commit::RevokeAccessToken { token: token_id(1), keep_until: NOW + 60 }).await;
    applied(failure([4; 32], NOW)).await;
    store.note_time(NotedTime { latest: NOW, ahead_by: 0, ahead_millis: 0 }).await.unwrap();
    for from in (1..=GRANTS).step_by(100) {
        let redeeming = (from..from + 100).map(|number| store.commit(redeem(grant(number))));
        for outcome in futures_util::future::join_all(redeeming).await {
            assert_eq!(outcome, Ok(Committed::Applied));
        }
    }
    applied(spend(3, 1, 1)).await;
    let refusals = [refusal(1, 1), refusal(2, -1)];
    store.record_refusals(refusals.to_vec(), 10).await.unwrap();
}

/// What a store holds, table by table.
pub(crate) async fn digests(store: &Store) -> Vec<TableDigest> {
    moving::digests(store).await.unwrap()
}

/// Hears nothing.
pub(crate) fn silent(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Cuts a copy off after each batch, and goes on, until it is whole; says how often.
pub(crate) async fn copied_in_pieces(from: &Place, to: &Place) -> (usize, Vec<TableDigest>) {
    for round in 0..100 {
        let number = u8::try_from(round).unwrap();
        let cut = |progress: Progress| match progress.phase {
            Phase::Copying => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        match moving::copy(from, to, begun(number), &mut { cut }).await {
            Err(MoveRefused::Stopped) => {}
            Ok(Copied::Whole { tables, resumed }) => {
                assert!(resumed);
                return (round, tables);
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("it never ends");
}
