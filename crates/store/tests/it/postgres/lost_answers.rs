//! A link that breaks while a commit is being made durable: no success is told as a failure, and nothing happens twice.

use std::time::Duration;

use proofkey_oauth::{ClientMetadata, ResourceUri, SecretHash};
use proofkey_protocol::sign_in::Proof;
use proofkey_protocol::{
    ApiId, ApiRecord, ClientId, ClientRecord, Commit, Committed, ConsentFacts, GrantFacts, SessionFacts,
    UserId, UserRecord,
};
use proofkey_store::{AdminFault, ConnectOptions, Fault, Store};
use proofkey_testkit::postgres;

use super::proxy::{Break, Proxy};
use super::{PostgresDatabase, World, read};
use crate::support::{
    NOW, ada, app, client, consent, failure, grant, grant_id, redeem, redeem_and_end_suspects, secret,
    session, session_id, sign_in, spend, suspect, token_id, user, verified,
};

/// How often the link breaks in each way at each kind of commit; `cargo xtask faults lost-answers` does it more often.
fn times() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let asked = std::env::var("PROOFKEY_CYCLES").ok().and_then(|count| count.parse().ok());
    asked.unwrap_or(4)
}

/// A world whose store is behind a proxy, over as few connections as there can be.
pub(super) async fn behind_proxy() -> (World, Store, Proxy) {
    behind(ConnectOptions::default().with_few_connections()).await
}

pub(super) async fn behind(options: ConnectOptions) -> (World, Store, Proxy) {
    let world = World::new().await;
    let server = postgres::server().port();
    let proxy = Proxy::start(server).await;
    let url = world.database.url().replace(&format!(":{server}/"), &format!(":{}/", proxy.port));
    let store = Store::connect(&url, &options).await.unwrap();
    (world, store, proxy)
}

impl PostgresDatabase {
    pub(super) fn url(&self) -> String {
        self.0.url()
    }
}

/// How a commit is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It is applied however often it is written.
    Repeated,
    /// It is applied once, and then is a conflict.
    Once,
    /// The same, by what the store reads before.
    OnceAsRead,
}

impl Way {
    async fn write(
        self,
        store: &Store,
        commit: &Commit,
        broken: (&Proxy, Break),
    ) -> Result<Committed, Fault> {
        let (proxy, at) = broken;
        match self {
            Self::OnceAsRead => {
                let basis = read(store).await;
                proxy.arm(at);
                store.commit_remembered(commit.clone(), basis).await
            }
            Self::Repeated | Self::Once => {
                proxy.arm(at);
                store.commit(commit.clone()).await
            }
        }
    }
}

/// One commit of each kind, each of which is applied at first.
async fn commits(world: &World, number: u64) -> Vec<(Commit, Way)> {
    let own = |kind: u64| number * 100 + kind;
    for kind in [2, 3, 4] {
        world.applied(redeem(grant(own(kind)))).await;
    }
    for kind in [6, 7, 8] {
        world.applied(sign_in(session(own(kind)))).await;
    }
    let renewed = SessionFacts { secret: SecretHash([9; 32]), ..session(own(6)) };
    let factors = Proof::Password(verified("$argon2id$old")).into();
    let renewal = Commit::Reauthenticate { session: Box::new(renewed), secret: session(0).secret, factors };
    let mut app = consent("openid", None, NOW);
    if let Commit::GiveConsent { client, .. } = &mut app {
        *client = ClientId::new(format!("app-{number}"));
        world.store.add_client(crate::support::client(client.as_str())).await.unwrap();
    }
    vec![
        (redeem(grant(own(1))), Way::Once),
        (redeem(grant(own(10))), Way::OnceAsRead),
        (spend(own(2), 1, 1), Way::Once),
        (suspect(own(3), 1), Way::Once),
        // What is suspect is not redeemed as read.
        (redeem_and_end_suspects(grant(own(9))), Way::Once),
        (Commit::RevokeGrant { grant: grant_id(own(4)), at: NOW }, Way::Repeated),
        (Commit::RevokeAccessToken { token: token_id(own(5)), keep_until: NOW + 600 }, Way::Repeated),
        (sign_in(session(own(5))), Way::Once),
        (renewal, Way::Once),
        (Commit::TouchSession { session: session_id(own(7)), at: NOW + 60 }, Way::Repeated),
        (Commit::EndSession { session: session_id(own(8)) }, Way::Repeated),
        (app, Way::Once),
    ]
}

#[tokio::test]
async fn f_05_st_01_st_03_whatever_becomes_of_the_answer_a_commit_is_applied_once_and_told_so() {
    let (world, store, proxy) = behind_proxy().await;
    let times = times();
    // Each commit executes something, and those of several steps say `COMMIT`: three of them.
    let ways = [
        (Break::BeforeExecution, 12),
        (Break::AfterExecution, 12),
        (Break::BeforeCommit, 3),
        (Break::AfterCommit, 3),
    ];
    for number in 1..=times {
        for (at, breaks) in ways {
            let before = proxy.broken();
            for (commit, way) in commits(&world, number * 10 + at as u64).await {
                let told = way.write(&store, &commit, (&proxy, at)).await;
                assert_eq!(told, Ok(Committed::Applied), "{at:?} {commit:?}");
                proxy.arm(Break::Never);
                let again = if way == Way::Repeated { Committed::Applied } else { Committed::Conflict };
                let told = way.write(&store, &commit, (&proxy, Break::Never)).await;
                assert_eq!(told, Ok(again), "{at:?} {commit:?}");
            }
            assert_eq!(proxy.broken() - before, breaks, "{at:?}: the links break");
        }
    }
    println!("cycles done: {times}");
}

#[tokio::test]
async fn st_01_a_commit_that_was_overtaken_while_its_answer_was_lost_is_a_conflict() {
    let (world, store, proxy) = behind_proxy().await;
    // Others had written what it would have, and it did not hear so.
    for (first, second) in [
        (redeem(grant(1)), redeem(later(1))),
        (spend(2, 1, 1), spend(2, 1, 2)),
        (consent("openid", None, NOW), consent("profile", None, NOW)),
    ] {
        if matches!(first, Commit::UseRefreshToken { .. }) {
            world.applied(redeem(grant(2))).await;
        }
        world.applied(first).await;
        proxy.arm(Break::AfterExecution);
        assert_eq!(store.commit(second).await, Ok(Committed::Conflict));
    }
    assert_eq!(proxy.broken(), 3);
}

#[tokio::test]
async fn st_01_a_commit_that_is_overtaken_between_two_attempts_is_a_conflict() {
    let (world, store, proxy) = behind_proxy().await;
    world.applied(redeem(grant(2))).await;
    // Each way in which scripts run, the last of several steps, whose `COMMIT` never arrives.
    for (at, first, second) in [
        (Break::BeforeExecution, spend(2, 1, 1), spend(2, 1, 2)),
        (Break::BeforeExecution, redeem(grant(1)), redeem(later(1))),
        (Break::BeforeCommit, redeem_and_end_suspects(grant(3)), redeem_and_end_suspects(later(3))),
    ] {
        // A connection of each kind is open, and there will be no other until the first one is written.
        assert!(store.grant(grant_id(2)).await.is_ok() && store.clients().await.is_ok());
        assert!(store.ping().await.is_ok());
        assert_eq!(store.commit(redeem(grant(2))).await, Ok(Committed::Conflict));
        let (broken, closed) = (proxy.broken(), proxy.close().await);
        proxy.arm(at);
        let told = {
            let (store, second) = (store.clone(), second.clone());
            tokio::spawn(async move { store.commit(second).await })
        };
        while proxy.broken() == broken {
            assert!(!told.is_finished(), "{at:?}: the link breaks");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        world.applied(first.clone()).await;
        drop(closed);
        assert_eq!(told.await.unwrap(), Ok(Committed::Conflict), "{at:?} {second:?}");
        assert_eq!(store.commit(first).await, Ok(Committed::Conflict), "{at:?}: the first one stands");
    }
    assert_eq!(proxy.broken(), 3);
}

/// What another attempt at the same code would have written.
fn later(number: u64) -> GrantFacts {
    GrantFacts { created_at: NOW + 2, ..grant(number) }
}

#[tokio::test]
async fn st_01_a_failure_whose_answer_was_lost_is_counted_and_perhaps_twice() {
    let (world, store, proxy) = behind_proxy().await;
    proxy.arm(Break::AfterExecution);
    assert_eq!(store.commit(failure([7; 32], NOW)).await, Ok(Committed::Applied));
    let counted = world.store.sign_in_failures(&[7; 32]).await.unwrap().failures;
    assert!((1..=2).contains(&counted), "{counted}");
}

/// An operator's change, told whether the answer to it is lost or not.
type Change<'s> = std::pin::Pin<Box<dyn Future<Output = Result<(), AdminFault>> + 's>>;

#[tokio::test]
async fn st_01_an_operators_change_whose_answer_was_lost_is_done_once_and_told_so() {
    let (world, store, proxy) = behind_proxy().await;
    let resource = ResourceUri::parse("https://api.example/").unwrap();
    let api = || ApiRecord {
        resource: resource.clone(),
        name: Some("An API".to_owned()),
        scopes: vec![],
        access_token_seconds: None,
        algorithm: None,
        introspection: None,
    };
    let (person, app, shop) = (ada(), app(), ClientId::new("shop"));
    let (bob, carol) = (user("bob"), user("carol"));
    let given = ConsentFacts::parse("1 5 openid\n2 5 openid").unwrap();
    let less = given.without(ApiId(1)).unwrap();
    let none = ConsentFacts::default();
    world.store.add_user(carol.clone()).await.unwrap();
    for user in [&person, &carol.id].map(Clone::clone) {
        let after = given.clone();
        world.applied(Commit::GiveConsent { user, client: app.clone(), before: None, after }).await;
    }
    let named = ClientMetadata { client_name: Some("A shop".to_owned()), ..ClientMetadata::default() };
    let rename = async {
        let version = world.store.directory_versions().await.unwrap().clients;
        store.update_client(&shop, &named, version).await
    };
    let reprice = async {
        let version = world.store.directory_versions().await.unwrap().apis;
        store.update_api(ApiRecord { access_token_seconds: Some(60), ..api() }, version).await
    };
    let claims = serde_json::Map::from_iter([("name".to_owned(), serde_json::json!("Bob"))]);
    let recall = async { store.update_user_claims(&bob, &claims, NOW + 1).await };
    let is_alone = Break::AfterExecution;
    let changes: Vec<(Break, Change<'_>)> = vec![
        (is_alone, Box::pin(store.add_user(bob.clone()))),
        (Break::AfterCommit, Box::pin(store.add_client(client("shop")))),
        (Break::AfterCommit, Box::pin(store.stage_client_secret(&shop, secret(2)))),
        (Break::AfterCommit, Box::pin(rename)),
        (Break::AfterCommit, Box::pin(store.add_api(api()))),
        (Break::AfterCommit, Box::pin(reprice)),
        (Break::AfterCommit, Box::pin(store.remove_api(&resource))),
        (is_alone, Box::pin(store.narrow_consent(&person, &app, given.clone(), less.clone()))),
        (is_alone, Box::pin(store.narrow_consent(&person, &app, less, none))),
        (is_alone, Box::pin(store.revoke_consent(&carol.id, &app))),
        (Break::AfterCommit, Box::pin(store.remove_client(&shop, || NOW))),
        (Break::AfterCommit, Box::pin(store.end_sessions_of_user("bob"))),
        (Break::AfterCommit, Box::pin(recall)),
        (Break::AfterCommit, Box::pin(store.remove_user(&carol, || NOW, &[1; 32]))),
    ];
    let count = changes.len();
    for (number, (at, change)) in changes.into_iter().enumerate() {
        proxy.arm(at);
        assert_eq!(change.await, Ok(()), "{number}");
        assert_eq!(proxy.broken(), number + 1, "{number}");
    }
    assert_eq!(count, proxy.broken());
    assert_eq!(store.add_user(bob.clone()).await, Err(AdminFault::Exists));
    assert_eq!(store.remove_user(&carol, || NOW, &[1; 32]).await, Err(AdminFault::Missing));
    assert_eq!(store.remove_api(&resource).await, Err(AdminFault::Missing));
    assert_eq!(store.revoke_consent(&person, &app).await, Err(AdminFault::Missing));
}

#[tokio::test]
async fn st_01_an_operators_change_that_was_overtaken_while_its_answer_was_lost_is_refused() {
    let (world, store, proxy) = behind_proxy().await;
    world.store.add_user(user("bob")).await.unwrap();
    let given = ConsentFacts::parse("1 5 openid\n2 5 openid").unwrap();
    let less = given.without(ApiId(1)).unwrap();
    let other_less = given.without(ApiId(2)).unwrap();
    world.applied(Commit::GiveConsent { user: ada(), client: app(), before: None, after: other_less }).await;
    let version = world.store.directory_versions().await.unwrap().clients;
    let other = UserRecord { id: UserId::new("u-other"), ..user("bob") };
    proxy.arm(Break::AfterExecution);
    assert_eq!(store.add_user(other).await, Err(AdminFault::Exists));
    proxy.arm(Break::AfterExecution);
    let renamed = ClientRecord { created_at: NOW + 1, ..client("app") };
    assert_eq!(store.add_client(renamed).await, Err(AdminFault::Exists));
    let named = ClientMetadata { client_name: Some("A shop".to_owned()), ..ClientMetadata::default() };
    proxy.arm(Break::AfterExecution);
    assert_eq!(store.update_client(&app(), &named, version - 1).await, Err(AdminFault::Conflict));
    proxy.arm(Break::AfterExecution);
    assert_eq!(store.narrow_consent(&ada(), &app(), given, less).await, Err(AdminFault::Conflict));
    assert_eq!(proxy.broken(), 4);
}

#[tokio::test]
async fn st_03_a_link_that_brings_nothing_any_more_is_given_up() {
    let statement_timeout = Duration::from_secs(1);
    let few = ConnectOptions::default().with_few_connections();
    let (world, store, proxy) = behind(ConnectOptions { statement_timeout, ..few }).await;
    proxy.arm(Break::SwallowCommit);
    // Its transaction holds the row until the server hears that the link has gone.
    assert_eq!(store.commit(redeem_and_end_suspects(grant(1))).await, Ok(Committed::Applied));
    assert!(world.grant(1).await.is_some());
    assert_eq!(proxy.broken(), 1);
}

#[tokio::test]
async fn a_transaction_whose_commit_never_comes_is_ended_by_the_server() {
    // Nobody here gives the link up.
    let statement_timeout = Duration::from_secs(3600);
    let idle_in_transaction_timeout = Duration::from_millis(100);
    let few = ConnectOptions::default().with_few_connections();
    let options = ConnectOptions { statement_timeout, idle_in_transaction_timeout, ..few };
    let (world, store, proxy) = behind(options).await;
    proxy.arm(Break::SwallowCommit);
    let told =
        tokio::time::timeout(Duration::from_secs(60), store.commit(redeem_and_end_suspects(grant(1)))).await;
    assert_eq!(told, Ok(Ok(Committed::Applied)));
    assert!(world.grant(1).await.is_some());
    assert_eq!(proxy.broken(), 1);
}
