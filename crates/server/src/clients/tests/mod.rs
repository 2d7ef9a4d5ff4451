//! What is remembered of clients and what is not, with stores that are as slow as a test wants.

mod limits;

use std::net::{IpAddr, Ipv4Addr};

use proofkey_oauth::Timestamp;
use proofkey_protocol::{ClientId, ClientRecord};
use proofkey_store::Fault;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{Clients, LookUpFailed, REMEMBERED_BYTES_MAX};
use crate::limit::AddressKey;

type Loaded = Result<Option<ClientRecord>, Fault>;

fn id(number: usize) -> ClientId {
    ClientId::new(format!("app-{number}"))
}

/// The address of one subscriber of many.
fn address(number: u8) -> AddressKey {
    AddressKey::of(IpAddr::V4(Ipv4Addr::new(192, 0, 2, number)))
}

fn with(id: &ClientId, changes: Value) -> ClientRecord {
    let mut metadata =
        json!({"token_endpoint_auth_method": "none", "redirect_uris": ["https://app.example/cb"]});
    metadata.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    ClientRecord {
        id: id.clone(),
        metadata: serde_json::from_value(metadata).unwrap(),
        secrets: vec![],
        disabled: false,
        created_at: Timestamp(0),
    }
}

fn registered(id: &ClientId) -> Loaded {
    Ok(Some(with(id, json!({}))))
}

impl Clients {
    /// Takes every place of an address until this is dropped.
    pub(crate) async fn look_up_for_ever(&self, address: AddressKey) {
        let slow = |number| self.ask(id(number), address, std::future::pending());
        let _answers = tokio::join!(slow(1), slow(2));
    }

    /// Looks up what is not remembered, and tells whether something was found.
    async fn ask(
        &self,
        id: ClientId,
        address: AddressKey,
        load: impl Future<Output = Loaded>,
    ) -> Result<bool, LookUpFailed> {
        let version = self.version.load(std::sync::atomic::Ordering::Acquire);
        self.look_up(&id, version, address, load).await.map(|found| found.is_some())
    }
}

#[tokio::test]
async fn what_one_request_loads_serves_those_that_wait_for_it_and_those_after() {
    let (clients, gate) = (Clients::new(), Notify::new());
    let first = clients.ask(id(1), address(1), async {
        gate.notified().await;
        registered(&id(1))
    });
    let second = clients.ask(id(1), address(2), async { panic!("loaded twice") });
    let (first, second, ()) = tokio::join!(first, second, async { gate.notify_one() });
    assert!(first.unwrap() && second.unwrap());
    assert!(clients.ask(id(1), address(3), async { panic!("loaded again") }).await.unwrap());
    assert!(clients.look_ups.is_idle());
}

#[tokio::test]
async fn absence_is_neither_remembered_nor_taken_over_from_another_request() {
    let (clients, gate) = (Clients::new(), Notify::new());
    // The first has read before the client was added, the second asks after.
    let first = clients.ask(id(1), address(1), async {
        gate.notified().await;
        Ok(None)
    });
    let second = clients.ask(id(1), address(2), async { registered(&id(1)) });
    let (first, second, ()) = tokio::join!(first, second, async { gate.notify_one() });
    assert_eq!((first.unwrap(), second.unwrap()), (false, true));
    assert!(!clients.ask(id(2), address(1), async { Ok(None) }).await.unwrap());
    assert!(clients.ask(id(2), address(1), async { registered(&id(2)) }).await.unwrap());
}

#[tokio::test]
async fn a_fault_is_the_fault_of_one_request() {
    let (clients, gate) = (Clients::new(), Notify::new());
    let first = clients.ask(id(1), address(1), async {
        gate.notified().await;
        Err(Fault::Locked)
    });
    let second = clients.ask(id(1), address(2), async { registered(&id(1)) });
    let (first, second, ()) = tokio::join!(first, second, async { gate.notify_one() });
    assert!(matches!(first, Err(LookUpFailed::Store(Fault::Locked))));
    assert!(second.unwrap());
    assert!(clients.look_ups.is_idle());
}

#[tokio::test]
async fn a_change_makes_what_was_remembered_before_it_unreachable() {
    let clients = Clients::new();
    assert!(clients.ask(id(1), address(1), async { registered(&id(1)) }).await.unwrap());
    clients.note_version(1);
    assert!(!clients.ask(id(1), address(1), async { Ok(None) }).await.unwrap());
    // A load that began before a change ends after it.
    let gate = Notify::new();
    let early = clients.ask(id(2), address(1), async {
        gate.notified().await;
        registered(&id(2))
    });
    let (early, ()) = tokio::join!(early, async {
        clients.note_version(2);
        gate.notify_one();
    });
    assert!(early.unwrap(), "the request itself came before the change");
    assert!(!clients.ask(id(2), address(1), async { Ok(None) }).await.unwrap());
}

#[tokio::test]
async fn a_stored_client_that_cannot_be_used_is_not_found() {
    let clients = Clients::new();
    let broken = || async { Ok(Some(with(&id(1), json!({"redirect_uris": ["http://app.example/"]})))) };
    assert!(!clients.ask(id(1), address(1), broken()).await.unwrap());
    assert!(clients.ask(id(1), address(1), async { registered(&id(1)) }).await.unwrap());
}

#[tokio::test]
async fn memory_is_bounded_however_large_clients_are() {
    let clients = Clients::new();
    let long = |at| format!("https://app.example/{at}/{}", "x".repeat(2_000));
    let uris: Vec<String> = (0..50).map(long).collect();
    for number in 0..600 {
        let record = with(&id(number), json!({"redirect_uris": uris}));
        assert!(clients.ask(id(number), address(1), async { Ok(Some(record)) }).await.unwrap());
    }
    clients.remembered.run_pending_tasks();
    assert!(clients.remembered.weighted_size() <= REMEMBERED_BYTES_MAX);
    assert!(clients.remembered.entry_count() < 400);
}
