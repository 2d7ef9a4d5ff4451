//! The order in which sign-ins are hashed, and who gives way when no more may wait.
//!
//! Three rules: one hash at a time for one account; who tries the same account again goes behind who has not been served yet,
//! and within that, addresses take turns; what comes last in this order gives way when the line is full. So neither an
//! account nor an address holds more than what no other asks for, and no count has to be set for that.
//!
//! It reads no clock and holds no lock.

use proofkey_oauth::Sha256;

use crate::limit::AddressKey;

/// In which of four groups a sign-in waits. A group waits while a sign-in of an earlier one does, but for
/// [`SECOND_IN_A_ROW_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// All of them, as long as few sign-ins fail and few wait; then browsers that are known to the account or signed in.
    First,
    /// Of the others, networks from which of late sign-ins succeeded and none failed.
    Second,
    /// Networks from which none did either, or both.
    Third,
    /// Networks from which of late they only failed.
    Fourth,
}

/// What the order knows of a sign-in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) rank: Rank,
    /// The account: one hash at a time.
    pub(crate) account: Sha256,
    /// Under which key its failures are counted: the account, or one known device of it. These take turns.
    pub(crate) counted_as: Sha256,
    /// The address that it came from. Addresses take turns too.
    pub(crate) address: AddressKey,
}

/// So many in a row are hashed for networks where people sign in, while others of a later group wait: a stranger with accounts of
/// his own there must not keep newcomers out.
pub(crate) const SECOND_IN_A_ROW_MAX: u32 = 7;

/// Names a sign-in in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ticket(u64);

/// Sign-ins that wait, and the accounts of those that have a place.
#[derive(Debug)]
pub(super) struct Line {
    waiting: Vec<(Candidate, Order)>,
    /// Accounts that have a place; as many as there are places at most.
    served: Vec<Sha256>,
    places: usize,
    tickets: u64,
    /// How many of the second group got a place since one of a later group did.
    second_in_a_row: u32,
    /// The rounds of the latest that got a place: who comes now takes part in the same.
    round: Rounds,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Rounds {
    of_account: u64,
    of_address: u64,
}

/// The place in the order; the ticket makes it total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Order {
    rank: Rank,
    rounds: Rounds,
    ticket: Ticket,
}

impl Line {
    pub(super) const fn new(places: usize) -> Self {
        let round = Rounds { of_account: 0, of_address: 0 };
        Self { waiting: Vec::new(), served: Vec::new(), places, tickets: 0, second_in_a_row: 0, round }
    }

    /// How many wait.
    pub(super) const fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Adds one at its place in the order.
    pub(super) fn join(&mut self, candidate: Candidate) -> Ticket {
        let behind = |of: fn(&Rounds) -> u64, same: &dyn Fn(&Candidate) -> bool| {
            let ahead = self.waiting.iter().filter(|(other, _)| same(other));
            let last = ahead.map(|(_, order)| of(&order.rounds) + 1).max();
            last.unwrap_or_default().max(of(&self.round))
        };
        let rounds = Rounds {
            of_account: behind(|rounds| rounds.of_account, &|other| other.counted_as == candidate.counted_as),
            of_address: behind(|rounds| rounds.of_address, &|other| other.address == candidate.address),
        };
        let ticket = Ticket(self.tickets);
        self.tickets += 1;
        self.waiting.push((candidate, Order { rank: candidate.rank, rounds, ticket }));
        ticket
    }

    /// Gives a place to the first whose account has none. `None` if there is none, or no place.
    pub(super) fn admit(&mut self) -> Option<Ticket> {
        if self.served.len() >= self.places {
            return None;
        }
        let (candidate, order) = self.next()?;
        self.leave(order.ticket);
        match order.rank {
            Rank::First => {}
            Rank::Second => self.second_in_a_row += 1,
            Rank::Third | Rank::Fourth => self.second_in_a_row = 0,
        }
        self.served.push(candidate.account);
        self.round.of_account = self.round.of_account.max(order.rounds.of_account);
        self.round.of_address = self.round.of_address.max(order.rounds.of_address);
        Some(order.ticket)
    }

    fn next(&self) -> Option<(Candidate, Order)> {
        let eligible =
            || self.waiting.iter().filter(|(candidate, _)| !self.served.contains(&candidate.account));
        let first = eligible().min_by_key(|(_, order)| *order)?;
        let is_over = first.1.rank == Rank::Second && self.second_in_a_row >= SECOND_IN_A_ROW_MAX;
        let later =
            || eligible().filter(|(_, order)| order.rank > Rank::Second).min_by_key(|(_, order)| *order);
        is_over.then(later).flatten().or(Some(first)).copied()
    }

    /// Removes the last in the order while more than `waiting_max` wait.
    pub(super) fn shed(&mut self, waiting_max: usize) -> Option<Ticket> {
        if self.waiting.len() <= waiting_max {
            return None;
        }
        let last = self.waiting.iter().map(|(_, order)| *order).max()?.ticket;
        self.leave(last);
        Some(last)
    }

    /// Removes one that waits; whether it did.
    pub(super) fn leave(&mut self, ticket: Ticket) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|(_, order)| order.ticket != ticket);
        self.waiting.len() < before
    }

    /// Frees the place of an account.
    pub(super) fn free(&mut self, account: &Sha256) {
        if let Some(at) = self.served.iter().position(|served| served == account) {
            self.served.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn candidate(rank: Rank, account: u8, address: u8) -> Candidate {
        let address = AddressKey::of(std::net::Ipv4Addr::new(192, 0, 2, address).into());
        Candidate { rank, account: [account; 32], counted_as: [account; 32], address }
    }

    fn first(account: u8, address: u8) -> Candidate {
        candidate(Rank::First, account, address)
    }

    /// The accounts in the order in which they are served, one after another.
    fn served(line: &mut Line, candidates: &[Candidate]) -> Vec<u8> {
        let tickets: Vec<_> = candidates.iter().map(|one| (line.join(*one), one.account)).collect();
        let mut order = Vec::new();
        while let Some(ticket) = line.admit() {
            let account = tickets.iter().find(|(known, _)| *known == ticket).unwrap().1;
            order.push(account[0]);
            line.free(&account);
        }
        order
    }

    #[test]
    fn k_03_accounts_and_addresses_take_turns() {
        let many_of_one = [first(1, 1), first(1, 1), first(1, 1), first(2, 1), first(3, 2)];
        assert_eq!(served(&mut Line::new(1), &many_of_one), [1, 3, 2, 1, 1]);
        let many_names = [first(1, 1), first(2, 1), first(3, 1), first(4, 2), first(5, 2), first(6, 3)];
        assert_eq!(served(&mut Line::new(1), &many_names), [1, 4, 6, 2, 5, 3]);
    }

    #[test]
    fn k_03_one_account_has_one_place_however_many_there_are() {
        let mut line = Line::new(4);
        for _ in 0..8 {
            let _ticket = line.join(first(1, 1));
        }
        let other = line.join(first(2, 1));
        assert!(line.admit().is_some_and(|ticket| ticket != other));
        assert_eq!(line.admit(), Some(other), "the next is of another account");
        assert_eq!(line.admit(), None);
        line.free(&[1; 32]);
        assert!(line.admit().is_some());
    }

    #[test]
    fn k_05_who_is_known_goes_first_and_who_failed_goes_last() {
        let mixed = [
            candidate(Rank::Fourth, 6, 4),
            candidate(Rank::Third, 1, 1),
            candidate(Rank::Second, 2, 2),
            candidate(Rank::First, 3, 1),
            candidate(Rank::Third, 4, 3),
            candidate(Rank::First, 5, 1),
        ];
        assert_eq!(served(&mut Line::new(1), &mixed), [3, 5, 2, 1, 4, 6]);
    }

    #[test]
    fn k_05_of_eight_hashes_one_is_for_networks_of_which_nothing_is_known() {
        let known = (1..=20).map(|account| candidate(Rank::Second, account, account));
        let strangers = [candidate(Rank::Fourth, 91, 91), candidate(Rank::Third, 92, 92)];
        let mixed: Vec<_> = known.chain(strangers).collect();
        let order = served(&mut Line::new(1), &mixed);
        let places = |account| order.iter().position(|served| *served == account);
        assert_eq!((places(92), places(91), order.len()), (Some(7), Some(15), 22), "{order:?}");
    }

    #[test]
    fn k_03_the_longest_row_of_one_address_gives_way_to_a_newcomer() {
        let mut line = Line::new(1);
        let held: Vec<_> = (1..=8).map(|account| line.join(first(account, 1))).collect();
        let newcomer = line.join(first(9, 2));
        assert_eq!(line.shed(8), held.last().copied(), "the last of the longest row");
        assert_eq!(line.shed(8), None);
        let again = line.join(first(10, 1));
        assert_eq!(line.shed(8), Some(again), "who holds most gets no more");
        assert!(line.leave(newcomer) && !line.leave(newcomer));
    }

    proptest! {
        /// Whatever comes: no account gets two places, no place is left empty while a sign-in may have it, and a newcomer of an
        /// address and account that no other waits for is served within one round.
        #[test]
        fn k_03_places_are_filled_and_a_newcomer_is_served_within_one_round(
            flood in prop::collection::vec((1_u8..6, 1_u8..6), 0..60),
            places in 1_usize..4,
        ) {
            let mut line = Line::new(places);
            for (account, address) in &flood {
                let _ticket = line.join(first(*account, *address));
            }
            let newcomer = line.join(first(99, 99));
            let mut before = 0;
            loop {
                let mut running = Vec::new();
                while let Some(ticket) = line.admit() {
                    running.push(ticket);
                }
                prop_assert!(running.len() <= places);
                let accounts = std::mem::take(&mut line.served);
                let mut once = accounts.clone();
                once.sort_unstable();
                once.dedup();
                prop_assert_eq!(once.len(), accounts.len());
                if running.contains(&newcomer) {
                    break;
                }
                prop_assert!(!running.is_empty());
                before += running.len();
            }
            prop_assert!(before <= 5, "{} were served before it", before);
        }
    }
}
