//! `bench seed`: a database of so many made-up rows, the same on both engines, in which everybody is signed in.

use std::ops::ControlFlow;

use proofkey_protocol::session::SessionCookie;
use proofkey_protocol::{ClientId, ClientRecord};
use proofkey_store::Store;
use proofkey_store::moving::{self, Grown, Growth, MoveRefused, Place, TableDigest};

use super::{Folder, begun, connect, digests, open, server, silent};
use crate::support::{NOW, api, app, client, user};

const DAY: i64 = 24 * 3600;

fn growth() -> Growth {
    Growth {
        client: app(),
        users: 300,
        grants: 500,
        expired: 1_000,
        clients: 20,
        session_seconds: 90 * DAY,
        grant_seconds: 30 * DAY,
        seed: 7,
    }
}

/// Registers what a database needs before it can be grown.
async fn register(store: Store) {
    store.add_api(api("https://api.example")).await.unwrap();
    let scope = Some(proofkey_oauth::Scope::parse("openid offline_access read").unwrap());
    let registered = client("app");
    let metadata = proofkey_oauth::ClientMetadata { scope, ..registered.metadata };
    store.add_client(ClientRecord { metadata, secrets: Vec::new(), ..registered }).await.unwrap();
    store.close().await;
}

async fn grow(place: &Place, growth: &Growth) -> Result<(Grown, Vec<SessionCookie>), MoveRefused> {
    let mut sessions = Vec::new();
    let mut keep = |session: &SessionCookie| {
        let secret = proofkey_oauth::Secret::new(session.secret.expose().to_owned());
        sessions.push(SessionCookie { id: session.id, secret });
        Ok(())
    };
    let grown = moving::grow(place, growth, begun(1), &mut silent, &mut keep).await?;
    Ok((grown, sessions))
}

async fn assert_signed_in(store: &Store, sessions: &[SessionCookie]) {
    assert_eq!(sessions.len(), 300);
    let mut users = std::collections::BTreeSet::new();
    for cookie in sessions {
        let found = store.session_with_consent(cookie.id, &app()).await.unwrap().unwrap();
        let session = found.session.unwrap();
        assert!(session.secret.matches(&cookie.secret) && session.expires_at > NOW + DAY);
        assert!(session.valid_from == Some(found.user.valid_from) && session.user_id == found.user.id);
        assert!(
            found
                .consent
                .unwrap()
                .iter()
                .map(|at| at.scope().to_owned())
                .eq(["openid offline_access".to_owned(), "offline_access read".to_owned()])
        );
        users.insert(found.user.id.into_string());
    }
    assert_eq!(users.len(), 300, "each user has one");
}

fn rows(digests: &[TableDigest], name: &str) -> u64 {
    digests.iter().find(|digest| digest.table == name).unwrap().rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_37_both_engines_hold_the_same_rows_of_a_seed_and_a_sweep_leaves_those_that_live() {
    let folder = Folder::new();
    let file = folder.place("grown.db");
    register(open(&folder.path("grown.db"))).await;
    let (database, on_server) = server().await;
    register(connect(&database).await).await;
    let (grown, sessions) = grow(&file, &growth()).await.unwrap();
    let (same, _) = grow(&on_server, &growth()).await.unwrap();
    assert_eq!(grown.tables, same.tables);
    let made = |name: &str| grown.tables.iter().find(|(table, _)| *table == name).unwrap().1;
    assert_eq!((made("users"), made("sessions"), made("grants"), made("clients")), (300, 400, 1_200, 20));
    let stores = [open(&folder.path("grown.db")), connect(&database).await];
    let [before, others] = [digests(&stores[0]).await, digests(&stores[1]).await];
    assert_eq!(before, others);
    for store in stores {
        assert_signed_in(&store, &sessions).await;
        let mut swept = 0;
        for _ in 0..100 {
            let rows = store.sweep(NOW, 100).await.unwrap();
            assert!(rows <= 100, "in bounded batches");
            swept += rows;
            if rows < 100 {
                break;
            }
        }
        assert_eq!(swept, 1_000);
        let after = digests(&store).await;
        assert_eq!((rows(&after, "sessions"), rows(&after, "grants")), (300, 500));
        for emptied in ["code_failures", "revoked_tokens", "sign_in_failures"] {
            assert_eq!(rows(&after, emptied), 0, "{emptied}");
        }
        assert_signed_in(&store, &sessions).await;
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_somebody_is_never_grown() {
    let folder = Folder::new();
    let place = folder.place("used.db");
    let store = open(&folder.path("used.db"));
    store.add_user(user("ada")).await.unwrap();
    register(store).await;
    let digests_of = async || {
        let store = open(&folder.path("used.db"));
        let digests = digests(&store).await;
        store.close().await;
        digests
    };
    let before = digests_of().await;
    let refused = grow(&place, &growth()).await.unwrap_err();
    assert!(matches!(refused, MoveRefused::HasUsers { .. }), "{refused}");
    assert_eq!(digests_of().await, before);

    let place = folder.place("new.db");
    register(open(&folder.path("new.db"))).await;
    let unknown = Growth { client: ClientId::new("none"), ..growth() };
    assert!(matches!(grow(&place, &unknown).await.unwrap_err(), MoveRefused::NoClient { .. }));
    let serving = open(&folder.path("new.db"));
    serving.lock_for_serving().unwrap();
    assert!(matches!(grow(&place, &growth()).await.unwrap_err(), MoveRefused::Served { .. }));
    serving.close().await;

    // Cut off after the first batch, there are users.
    let mut cut = |_| ControlFlow::Break(());
    let cut_off = moving::grow(&place, &growth(), begun(2), &mut cut, &mut |_| Ok(())).await;
    assert!(matches!(cut_off.unwrap_err(), MoveRefused::Stopped));
    assert!(matches!(grow(&place, &growth()).await.unwrap_err(), MoveRefused::HasUsers { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_of_whoever_takes_the_sessions_ends_the_work() {
    let folder = Folder::new();
    register(open(&folder.path("new.db"))).await;
    let mut full = |_: &SessionCookie| Err(std::io::ErrorKind::StorageFull.into());
    let grown = moving::grow(&folder.place("new.db"), &growth(), begun(1), &mut silent, &mut full).await;
    assert!(matches!(grown.unwrap_err(), MoveRefused::Cookies { .. }));
}
