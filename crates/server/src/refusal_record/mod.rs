//! The record of refused requests: what `proofkey explain` tells of an error id.
//!
//! A refusal is noted in memory and written with those of its second, in transactions of a few rows, behind every other write. How
//! many are noted in a second and how many are kept is bounded, and what one network may have of either: strangers cause refusals at will, and
//! must crowd out none of others. Of what strangers write it holds what is known here: see [`redacted`]. Only the command reads it.

#[cfg(test)]
mod bounds;
mod redacted;
mod write;

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use prometheus_client::metrics::counter::Counter;
use proofkey_protocol::RefusalRecord;

#[cfg(test)]
pub(crate) use bounds::LIMITS;
pub(crate) use redacted::{beginning, known_about, known_address};
pub(crate) use write::{finish, run};

use crate::limit::{Limiter, NetworkKey};

/// Most refusals that are noted in a second, and so written.
pub(crate) const NOTED_MAX: usize = 100;
/// So many of one network at once, and then one in so many milliseconds: what one stranger makes this server write.
pub(crate) const OF_NETWORK_BURST: u32 = 20;
pub(crate) const OF_NETWORK_EVERY_MILLIS: u32 = 1_000;
/// The same of requests for addresses at which nothing answers: those who ask for such ask for many.
pub(crate) const UNKNOWN_BURST: u32 = 5;
pub(crate) const UNKNOWN_EVERY_MILLIS: u32 = 10_000;
/// Networks whose shares are remembered.
pub(crate) const NETWORKS_MAX: usize = 10_000;
/// Most refusals that are kept; one node counts those of the others.
pub(crate) const KEPT_MAX: u32 = 10_000;
/// For how long they are kept.
pub(crate) const KEPT_SECONDS: i64 = 7 * 24 * 3_600;

/// Digits of an error id, without its beginning and its hyphens: those that a request id begins with.
const ID_DIGITS: usize = 8;
/// Digits of the id of a request.
const REQUEST_ID_DIGITS: usize = 16;

/// What was noted and is not written yet.
#[derive(Debug)]
pub(crate) struct RefusalRecords {
    is_on: bool,
    hasher: RandomState,
    /// What each network may have noted.
    shares: Limiter<i64>,
    /// The same of requests for unknown addresses.
    unknown_shares: Limiter<i64>,
    noted: Mutex<Noted>,
    dropped: Counter,
}

/// Where a refused request came from, and when by a clock that is not set.
pub(crate) struct Origin {
    pub(crate) address: IpAddr,
    pub(crate) passed_millis: i64,
    /// Whether nothing answers at the address that it asked for.
    pub(crate) is_unknown: bool,
}

#[derive(Debug, Default)]
struct Noted {
    rows: Vec<RefusalRecord>,
    /// How many of them each network has.
    of_network: HashMap<i64, usize>,
}

impl RefusalRecords {
    /// `dropped` counts what was not recorded.
    pub(crate) fn new(is_on: bool, dropped: Counter) -> Self {
        let share = |burst, every_millis| Limiter::new(burst, every_millis, NETWORKS_MAX, 1.0);
        Self {
            is_on,
            hasher: RandomState::new(),
            shares: share(OF_NETWORK_BURST, OF_NETWORK_EVERY_MILLIS),
            unknown_shares: share(UNKNOWN_BURST, UNKNOWN_EVERY_MILLIS),
            noted: Mutex::default(),
            dropped,
        }
    }

    /// Notes a refusal of a request. `make` gets the number by which the rows of its network are told from others, and is not
    /// called where there is no room.
    pub(crate) fn note(&self, origin: &Origin, make: impl FnOnce(i64) -> RefusalRecord) {
        if !self.is_on {
            return;
        }
        // A hash under a key of this process: no address is in the record.
        let network = self.hasher.hash_one(NetworkKey::of(origin.address)).cast_signed();
        let shares = if origin.is_unknown { &self.unknown_shares } else { &self.shares };
        if shares.check(network, origin.passed_millis).is_err() {
            self.dropped.inc();
            return;
        }
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room = noted.make_room(network);
        if !has_room.is_without_loss {
            self.dropped.inc();
        }
        if has_room.is_there {
            noted.add(network, make(network));
        }
    }

    /// Takes what was noted.
    fn take(&self) -> Vec<RefusalRecord> {
        std::mem::take(&mut *self.noted.lock().unwrap_or_else(PoisonError::into_inner)).rows
    }
}

/// Whether a row finds room, and whether none is lost by it.
struct Room {
    is_there: bool,
    is_without_loss: bool,
}

impl Noted {
    /// Makes room for a row of this network: where all is full, of the network that has most the latest row goes, if that has
    /// more than this one would have.
    fn make_room(&mut self, network: i64) -> Room {
        let own = self.of_network.get(&network).copied().unwrap_or_default();
        if self.rows.len() < NOTED_MAX {
            return Room { is_there: true, is_without_loss: true };
        }
        let most = self.of_network.iter().max_by_key(|(_, count)| **count).map(|(of, count)| (*of, *count));
        let taken = most.filter(|(_, count)| *count > own + 1).and_then(|(of, _)| {
            let at = self.rows.iter().rposition(|row| row.address == of)?;
            Some((of, self.rows.remove(at)))
        });
        if let Some((of, _)) = &taken {
            self.of_network.entry(*of).and_modify(|count| *count -= 1);
        }
        Room { is_there: taken.is_some(), is_without_loss: false }
    }

    fn add(&mut self, network: i64, row: RefusalRecord) {
        *self.of_network.entry(network).or_default() += 1;
        self.rows.push(row);
    }
}

/// The id of an error by the id of its request: short enough to be read out.
pub(crate) fn error_id(request_id: &str) -> String {
    let id = request_id.to_ascii_uppercase();
    format!("pk-{}-{}", id.get(..4).unwrap_or_default(), id.get(4..ID_DIGITS).unwrap_or_default())
}

/// An error id as a person copied it, or the id of its request: with or without `pk` and hyphens, in letters of either size, with
/// letters that look like digits. `None` for any other text.
pub fn parse_error_id(text: &str) -> Option<String> {
    let mut digits = text.trim().to_ascii_lowercase();
    digits.retain(|c| c != '-');
    // Digits may begin with `pk` themselves: of a whole id of a request they are part.
    let is_whole = |digits: &str| matches!(digits.len(), ID_DIGITS | REQUEST_ID_DIGITS);
    let digits = digits.strip_prefix("pk").filter(|_| !is_whole(&digits)).unwrap_or(&digits);
    let digits: String = digits.chars().map(read_digit).collect::<Option<_>>()?;
    is_whole(&digits).then(|| error_id(&digits))
}

/// A digit of Crockford's base 32.
fn read_digit(c: char) -> Option<char> {
    match c {
        'o' => Some('0'),
        'i' | 'l' => Some('1'),
        'u' => None,
        c if c.is_ascii_digit() || c.is_ascii_lowercase() => Some(c),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proofkey_oauth::Timestamp;

    use super::*;

    fn row(number: usize, network: i64) -> RefusalRecord {
        RefusalRecord {
            error_id: format!("pk-{number}"),
            recorded_at: Timestamp(1_790_000_000),
            keep_until: Timestamp(1_790_000_000 + KEPT_SECONDS),
            address: network,
            rule: "code.expired".into(),
            cause: "The code has expired.".into(),
            about: None,
            client_id: None,
            request: "POST /token".into(),
            status: 400,
            forwarded: 0,
            followed: 0,
            believed: false,
            from_here: false,
        }
    }

    fn noted(records: &RefusalRecords, from: &str, numbers: std::ops::Range<usize>) {
        noted_at(records, &origin(from, 0), numbers);
    }

    fn noted_at(records: &RefusalRecords, origin: &Origin, numbers: std::ops::Range<usize>) {
        for number in numbers {
            records.note(origin, |network| row(number, network));
        }
    }

    fn origin(from: &str, passed_millis: i64) -> Origin {
        Origin { address: from.parse().unwrap(), passed_millis, is_unknown: false }
    }

    #[test]
    fn pk_08_a_second_has_a_bound_and_a_share_for_each_network() {
        let dropped = Counter::default();
        let records = RefusalRecords::new(true, dropped.clone());
        noted(&records, "192.0.2.1", 0..1_000);
        assert_eq!(dropped.get(), 1_000 - u64::from(OF_NETWORK_BURST));
        // One /48 is one network.
        for site in 0..1_000 {
            noted(&records, &format!("2001:db8:1:{site:x}::1"), 1_000 + site..1_001 + site);
        }
        for host in 2..=4 {
            noted(&records, &format!("192.0.2.{host}"), 3_000 * host..3_000 * host + 1_000);
        }
        assert_eq!(records.noted.lock().unwrap().rows.len(), NOTED_MAX);
        noted(&records, "198.51.100.7", 90_000..90_001);
        let rows = records.take();
        assert_eq!(rows.len(), NOTED_MAX);
        assert!(rows.iter().any(|row| row.error_id == "pk-90000"), "a stranger crowds out no one");
        let networks: std::collections::HashSet<_> = rows.iter().map(|row| row.address).collect();
        assert_eq!(networks.len(), 6);
        assert_eq!(dropped.get() + NOTED_MAX as u64, 5_001);
        assert!(records.take().is_empty());
    }

    #[test]
    fn pk_08_of_one_network_one_a_second_goes_on_and_of_unknown_addresses_fewer() {
        for (is_unknown, burst, every_millis) in
            [(false, OF_NETWORK_BURST, OF_NETWORK_EVERY_MILLIS), (true, UNKNOWN_BURST, UNKNOWN_EVERY_MILLIS)]
        {
            let records = RefusalRecords::new(true, Counter::default());
            let mut written = 0;
            // An hour of a thousand a minute, written once a second.
            for second in 0..3_600 {
                let origin = Origin { is_unknown, ..origin("192.0.2.1", second * 1_000) };
                noted_at(&records, &origin, 0..17);
                written += records.take().len();
            }
            let share = burst + 3_600_000 / every_millis;
            assert!((share - 1..=share).contains(&u32::try_from(written).unwrap()), "{written} of {share}");
            // One who was refused little meanwhile has all of a share.
            noted_at(&records, &Origin { is_unknown, ..origin("198.51.100.7", 3_600_000) }, 0..1);
            assert_eq!(records.take().len(), 1);
        }
    }

    #[test]
    fn pk_08_where_it_is_off_nothing_is_noted() {
        let records = RefusalRecords::new(false, Counter::default());
        noted(&records, "192.0.2.1", 0..10);
        assert!(records.take().is_empty());
    }

    #[test]
    fn pk_08_an_error_id_is_read_however_it_was_copied() {
        let id = error_id("7q4m2xkd0123456z");
        assert_eq!(id, "pk-7Q4M-2XKD");
        for text in
            ["pk-7Q4M-2XKD", " PK-7q4m-2xkd\n", "7Q4M-2XKD", "7q4m2xkd", "7q4m2xkd0123456z", "pk7q4m2xkd"]
        {
            assert_eq!(parse_error_id(text).as_deref(), Some(&*id), "{text}");
        }
        assert_eq!(parse_error_id("pk-O1IL-0000").as_deref(), Some("pk-0111-0000"));
        assert_eq!(parse_error_id("pkkk-0000").as_deref(), Some("pk-PKKK-0000"));
        assert_eq!(parse_error_id("pkkk00000123456z").as_deref(), Some("pk-PKKK-0000"));
        for text in ["", "pk-7Q4M", "7q4m2xkd0", "pk-7Q4M-2XKU", "pk-7Q4M-2X/D", "é"] {
            assert_eq!(parse_error_id(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn pk_08_every_id_that_is_made_is_read(id in "[0-9a-hjkmnp-tv-z]{16}|pk[0-9a-hjkmnp-tv-z]{14}") {
            let shown = error_id(&id);
            for text in [id.clone(), shown.clone(), shown.to_ascii_lowercase(), format!("pk-{id}"), shown.replace('-', "")] {
                proptest::prop_assert_eq!(parse_error_id(&text), Some(shown.clone()), "{}", text);
            }
            // Without `pk` it is read as well.
            proptest::prop_assert_eq!(parse_error_id(&shown["pk-".len()..]), Some(shown.clone()));
        }
    }
}
