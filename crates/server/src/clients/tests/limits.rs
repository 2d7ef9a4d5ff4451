//! The limits on looking clients up: each alone, and all together.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::yield_now;

use super::{address, id, registered};
use crate::clients::look_ups::{LOOK_UPS_MAX, LOOK_UPS_PER_ADDRESS_MAX, LookUps, Turn};
use crate::clients::{Clients, LookUpFailed};
use crate::limit::AddressKey;

#[tokio::test]
async fn a_second_look_up_of_an_id_waits_so_long_and_no_longer() {
    let clients = Clients::new();
    let slow = clients.ask(id(1), address(1), std::future::pending());
    let waits = async {
        let refused = clients.ask(id(1), address(2), async { panic!("two at once") }).await;
        assert!(matches!(refused, Err(LookUpFailed::Busy)));
        assert!(clients.ask(id(2), address(2), async { registered(&id(2)) }).await.unwrap(), "another id");
    };
    tokio::select! {
        biased;
        _ = slow => unreachable!("the store never answers"),
        () = waits => {}
    }
    assert!(clients.look_ups.is_idle());
}

#[tokio::test]
async fn one_address_has_two_look_ups_and_an_ipv6_network_is_one_address() {
    let clients = Clients::new();
    let of_v6 = |last| AddressKey::of(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 7, 0, 0, 0, last)));
    let slow = async {
        tokio::join!(
            clients.ask(id(1), of_v6(1), std::future::pending()),
            clients.ask(id(2), of_v6(2), std::future::pending()),
        )
    };
    let waits = async {
        let refused = clients.ask(id(3), of_v6(3), async { panic!("three at once") }).await;
        assert!(matches!(refused, Err(LookUpFailed::Busy)));
        assert!(
            clients.ask(id(3), address(1), async { registered(&id(3)) }).await.unwrap(),
            "another address"
        );
        // What is remembered needs no turn.
        assert!(clients.ask(id(3), of_v6(3), async { panic!("loaded again") }).await.unwrap());
    };
    tokio::select! {
        biased;
        _ = slow => unreachable!("the store never answers"),
        () = waits => {}
    }
    assert!(clients.look_ups.is_idle());
}

/// What is under way at once, and the most that was.
#[derive(Default)]
struct Seen {
    now: HashMap<String, usize>,
    most: HashMap<&'static str, usize>,
}

impl Seen {
    fn change(&mut self, kind: &'static str, key: String, by: isize) {
        let now = self.now.entry(key).or_default();
        *now = now.checked_add_signed(by).unwrap();
        let most = self.most.entry(kind).or_default();
        *most = (*most).max(*now);
    }

    fn step(&mut self, id: usize, address: u8, by: isize) {
        self.change("id", format!("id {id}"), by);
        self.change("address", format!("address {address}"), by);
        self.change("all", "all".to_owned(), by);
    }
}

#[tokio::test]
async fn the_three_limits_hold_together_and_every_request_has_a_turn() {
    let (look_ups, seen) = (LookUps::default(), RefCell::new(Seen::default()));
    let requests = (0..1_000_usize).map(|number| {
        let (of_id, of_address) = (number % 79, u8::try_from(number * 7 % 31).unwrap());
        let (look_ups, seen) = (&look_ups, &seen);
        async move {
            let turn = look_ups.turn(&id(of_id), address(of_address), || None::<()>).await;
            assert!(matches!(turn, Turn::Ours(_)));
            seen.borrow_mut().step(of_id, of_address, 1);
            for _ in 0..number % 5 {
                yield_now().await;
            }
            seen.borrow_mut().step(of_id, of_address, -1);
        }
    });
    let _turns = all(requests.collect()).await;
    let most = seen.into_inner().most;
    assert_eq!(most["id"], 1);
    assert_eq!(most["address"], LOOK_UPS_PER_ADDRESS_MAX);
    assert_eq!(most["all"], LOOK_UPS_MAX);
    assert!(look_ups.is_idle());
}

#[tokio::test]
async fn thirty_two_look_ups_run_and_the_next_waits_for_one_of_them_to_end() {
    let (clients, gate) = (Clients::new(), Notify::new());
    let slow = (0..LOOK_UPS_MAX).map(|number| {
        let (clients, gate) = (&clients, &gate);
        let from = address(u8::try_from(number).unwrap());
        async move {
            let load = async {
                gate.notified().await;
                Ok(None)
            };
            clients.ask(id(number), from, load).await
        }
    });
    let waits = async {
        let more = id(LOOK_UPS_MAX);
        let refused = clients.ask(more.clone(), address(99), async { panic!("33 at once") }).await;
        assert!(matches!(refused, Err(LookUpFailed::Busy)));
        gate.notify_one();
        assert!(!clients.ask(more.clone(), address(99), async { Ok(None) }).await.unwrap());
    };
    tokio::select! {
        biased;
        _ = all(slow.collect()) => unreachable!("all but one wait for ever"),
        () = waits => {}
    }
    assert!(clients.look_ups.is_idle());
}

#[tokio::test]
async fn a_request_that_is_cancelled_gives_its_place_to_those_that_wait() {
    let clients = Clients::new();
    for waited_for in [1, 2] {
        let slow = clients.ask(id(1), address(1), std::future::pending());
        let more = clients.ask(id(3), address(1), std::future::pending());
        let cancelled = async {
            tokio::time::timeout(Duration::from_millis(1), async { tokio::join!(slow, more) }).await
        };
        // The first waits for the look-up of its id, the second for a place of its address.
        let waits = clients.ask(id(waited_for), address(1), async { registered(&id(waited_for)) });
        let (cancelled, waited) = tokio::join!(cancelled, waits);
        assert!(cancelled.is_err() && waited.unwrap());
        assert!(clients.look_ups.is_idle());
        clients.note_version(7);
    }
}

/// Runs futures side by side on this task until all have ended.
async fn all<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut pending: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|cx| {
        for (future, output) in pending.iter_mut().filter(|(_, output)| output.is_none()) {
            if let Poll::Ready(ready) = future.as_mut().poll(cx) {
                *output = Some(ready);
            }
        }
        if pending.iter().all(|(_, output)| output.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    pending.into_iter().filter_map(|(_, output)| output).collect()
}
