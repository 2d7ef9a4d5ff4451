//! The connections of a listener: how many one address may have, how many there may be, and which one goes when there is no
//! place left.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::activity::Activity;
use super::budget::{Account, AddressBytes, Budget};
use super::members::Members;
use super::pace::{Pace, Standing};
use super::{Edge, TrustedProxies};
use crate::limit::AddressKey;

/// The two lists that a connection is on: all of the listener's, and its address's.
const ALL: usize = 0;
const OF_ADDRESS: usize = 1;

/// The places for connections.
#[derive(Debug)]
pub(super) struct Pool {
    max: usize,
    address_max: usize,
    trusted: TrustedProxies,
    budget: Arc<Budget>,
    pace: Arc<Pace>,
    open: Mutex<Open>,
    /// A connection has ended. The accept loop alone waits for it.
    ended: Notify,
}

#[derive(Debug, Default)]
struct Open {
    all: Members,
    addresses: HashMap<AddressKey, Address>,
    /// Connections that are shed and have not gone yet.
    leaving: usize,
}

#[derive(Debug, Default)]
struct Address {
    connections: Members,
    bytes: Arc<AddressBytes>,
}

/// A place that a connection has, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    pool: Arc<Pool>,
    address: Option<AddressKey>,
    pub(super) activity: Arc<Activity>,
}

/// What became of a new connection.
enum Admission {
    Admitted(Place),
    /// Its address has all that it may have, and this server works for each of them.
    Refused,
    /// Another connection has to go first; whether one was told to.
    Full {
        shed: bool,
    },
}

impl Pool {
    pub(super) fn new(edge: &Edge) -> Self {
        let limits = &edge.limits;
        Self {
            max: limits.connections_max,
            address_max: limits.connections_address_max(),
            trusted: edge.trusted_proxies.clone(),
            budget: Arc::clone(&edge.budget),
            pace: Arc::clone(&edge.pace),
            open: Mutex::default(),
            ended: Notify::new(),
        }
    }

    /// A place for a connection of this peer: where there is none left, the longest idle one goes, and where none is idle the
    /// peer waits. `None` if its address has its share, and none of those is idle. `shed` is called for each that goes.
    pub(super) async fn place(self: &Arc<Self>, peer: IpAddr, shed: impl Fn()) -> Option<Place> {
        loop {
            match self.admit(peer) {
                Admission::Admitted(place) => return Some(place),
                Admission::Refused => return None,
                Admission::Full { shed: is_shed } => {
                    if is_shed {
                        shed();
                    }
                    self.ended.notified().await;
                }
            }
        }
    }

    fn admit(self: &Arc<Self>, peer: IpAddr) -> Admission {
        let key = (!self.trusted.contains(peer.to_canonical())).then(|| AddressKey::of(peer));
        let mut open = self.open();
        let open = &mut *open;
        let full_address = key
            .and_then(|key| open.addresses.get_mut(&key))
            .filter(|address| address.connections.len() >= self.address_max);
        let idle = match full_address {
            Some(_) if open.leaving > 0 => return Admission::Full { shed: false },
            Some(address) => match address.connections.longest_idle() {
                None => return Admission::Refused,
                idle => idle,
            },
            None if open.all.len() < self.max => return Admission::Admitted(self.enter(open, key)),
            None if open.leaving > 0 => return Admission::Full { shed: false },
            None => open.all.longest_idle(),
        };
        if let Some(idle) = &idle {
            idle.shed();
            open.leaving += 1;
        }
        Admission::Full { shed: idle.is_some() }
    }

    fn enter(self: &Arc<Self>, open: &mut Open, key: Option<AddressKey>) -> Place {
        let mut address = key.map(|key| open.addresses.entry(key).or_default());
        let bytes = address.as_ref().map(|address| Arc::clone(&address.bytes));
        let account = Account::new(Arc::clone(&self.budget), bytes);
        let activity = Arc::new(Activity::new(account, Standing::new(Arc::clone(&self.pace), key)));
        open.all.insert(ALL, &activity);
        if let Some(address) = &mut address {
            address.connections.insert(OF_ADDRESS, &activity);
        }
        Place { pool: Arc::clone(self), address: key, activity }
    }

    /// A panic while the lock was held would leave a list as it was before or after one change.
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.pool.open();
        open.all.remove(ALL, &self.activity);
        if let Some(key) = self.address
            && let Some(address) = open.addresses.get_mut(&key)
        {
            address.connections.remove(OF_ADDRESS, &self.activity);
            if address.connections.len() == 0 {
                open.addresses.remove(&key);
            }
        }
        if self.activity.is_shed() {
            open.leaving = open.leaving.saturating_sub(1);
        }
        drop(open);
        self.pool.ended.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::http::limits::HttpLimits;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn pool(max: usize, address_max: usize) -> Arc<Pool> {
        let limits = HttpLimits {
            connections_max: max,
            connections_address_max: Some(address_max),
            ..HttpLimits::default()
        };
        let trusted = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        Arc::new(Pool::new(&Edge { limits, trusted_proxies: trusted, ..Edge::default() }))
    }

    fn address(number: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, number])
    }

    fn admitted(pool: &Arc<Pool>, peer: IpAddr) -> Place {
        match pool.admit(peer) {
            Admission::Admitted(place) => place,
            Admission::Refused | Admission::Full { .. } => panic!("there is a place for {peer}"),
        }
    }

    /// Begins and answers a request on each, in this order.
    fn request(places: &[&Place]) {
        for (millis, place) in (0..).zip(places) {
            let at = Instant::now() + Duration::from_millis(10 * millis);
            place.activity.begin(1, at).unwrap().answer(0);
        }
    }

    #[tokio::test]
    async fn k_03_the_longest_idle_connection_makes_room() {
        let pool = pool(3, 3);
        let places = [1, 2, 3].map(|number| admitted(&pool, address(number)));
        request(&[&places[1], &places[2], &places[0]]);
        let working = places[1].activity.begin(1, Instant::now());
        let newcomer = pool.place(address(4), || ());
        let mut newcomer = std::pin::pin!(newcomer);
        assert!(tokio::time::timeout(Duration::from_millis(1), &mut newcomer).await.is_err(), "it waits");
        let shed = places.each_ref().map(|place| place.activity.is_shed());
        assert_eq!(shed, [false, false, true], "the first that is idle: the other works");
        drop((working, places));
        assert!(tokio::time::timeout(PATIENCE, newcomer).await.unwrap().is_some());
    }

    #[test]
    fn k_03_who_never_sent_a_request_goes_before_who_did_and_a_trusted_proxy_last() {
        let pool = pool(3, 3);
        let proxy = admitted(&pool, IpAddr::from([10, 0, 0, 1]));
        let (asked, silent) = (admitted(&pool, address(1)), admitted(&pool, address(2)));
        request(&[&asked]);
        for gone in [&silent, &asked, &proxy] {
            assert!(matches!(pool.admit(address(3)), Admission::Full { shed: true }));
            assert!(gone.activity.is_shed());
            pool.open().leaving = 0;
        }
        assert!(matches!(pool.admit(address(3)), Admission::Full { shed: false }));
    }

    #[test]
    fn k_03_an_address_has_a_share_and_its_own_longest_idle_connection_makes_room() {
        let pool = pool(100, 2);
        let other = admitted(&pool, address(1));
        let mine = [2, 2].map(|number| admitted(&pool, address(number)));
        request(&[&other, &mine[1], &mine[0]]);
        assert!(matches!(pool.admit(address(2)), Admission::Full { shed: true }));
        assert_eq!([&other, &mine[0], &mine[1]].map(|place| place.activity.is_shed()), [false, false, true]);
        let [kept, shed] = mine;
        drop(shed);
        let _newcomer = admitted(&pool, address(2));
        let _working = kept.activity.begin(1, Instant::now());
        let _other_working = _newcomer.activity.begin(1, Instant::now());
        assert!(matches!(pool.admit(address(2)), Admission::Refused));
        let _proxies: Vec<_> = (0..10).map(|_| admitted(&pool, IpAddr::from([10, 0, 0, 1]))).collect();
    }

    #[test]
    fn k_03_a_slash_64_is_one_address() {
        let pool = pool(100, 2);
        let of = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]);
        let _places = [1, 2].map(|last| admitted(&pool, of(last)));
        assert!(matches!(pool.admit(of(3)), Admission::Full { shed: true }));
    }

    #[test]
    fn places_are_found_again_in_any_order() {
        let pool = pool(1_000, 1_000);
        let mut places: Vec<_> = (0..200).map(|number| admitted(&pool, address(number % 7))).collect();
        while !places.is_empty() {
            drop(places.swap_remove((places.len() * 7 + 3) % places.len()));
            let open = pool.open();
            for (list, members) in [(ALL, &open.all)]
                .into_iter()
                .chain(open.addresses.values().map(|address| (OF_ADDRESS, &address.connections)))
            {
                for (slot, connection) in members.connections.iter().enumerate() {
                    assert_eq!(connection.slots[list].load(Ordering::Relaxed), slot);
                }
            }
            assert_eq!(open.all.len(), places.len());
        }
        assert!(pool.open().addresses.is_empty());
    }
}
