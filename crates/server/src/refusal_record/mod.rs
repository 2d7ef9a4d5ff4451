//! The record of refused requests: what `proofkey explain` tells of an error id.
//!
//! A refusal is noted in memory and written with those of its second in one batch, behind every other write. How many are noted
//! in a second and how many are kept is bounded, and what one network may have of either: strangers cause refusals at will, and
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

use crate::limit::NetworkKey;

/// Most refusals that are noted in a second, and so written.
pub(crate) const NOTED_MAX: usize = 100;
/// Most of them of one network.
pub(crate) const NOTED_OF_NETWORK_MAX: usize = 20;
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
    noted: Mutex<Noted>,
    dropped: Counter,
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
        Self { is_on, hasher: RandomState::new(), noted: Mutex::default(), dropped }
    }

    /// Notes a refusal of a request from this address. `make` gets the number by which the rows of its network are told from
    /// others, and is not called where there is no room.
    pub(crate) fn note(&self, address: IpAddr, make: impl FnOnce(i64) -> RefusalRecord) {
        if !self.is_on {
            return;
        }
        // A hash under a key of this process: no address is in the record.
        let network = self.hasher.hash_one(NetworkKey::of(address)).cast_signed();
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
        if own >= NOTED_OF_NETWORK_MAX {
            return Room { is_there: false, is_without_loss: false };
        }
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
        for number in numbers {
            records.note(from.parse().unwrap(), |network| row(number, network));
        }
    }

    #[test]
    fn pk_08_a_second_has_a_bound_and_a_share_for_each_network() {
        let dropped = Counter::default();
        let records = RefusalRecords::new(true, dropped.clone());
        noted(&records, "192.0.2.1", 0..1_000);
        assert_eq!(dropped.get(), 1_000 - NOTED_OF_NETWORK_MAX as u64);
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
