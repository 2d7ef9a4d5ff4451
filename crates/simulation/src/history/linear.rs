//! The search of Wing and Gong: an order of operations that keeps to real time and to the rules of one object.
//!
//! An operation takes its effect at one moment between its invocation and its answer. One that was never answered takes effect at
//! any moment after its invocation, or never. What is known of a state is remembered, so each set of operations that is done is
//! looked at once for each state that it can lead to.

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;

/// Operations on one object in one history; more than a set of bits can hold are refused.
const OPERATIONS_MAX: usize = 128;
/// Places looked at before the search is given up.
const LOOKS_MAX: usize = 2_000_000;

/// What an object is, one operation after the other.
pub trait Rules {
    /// What can be asked.
    type Asked: Debug;
    /// What can be told.
    type Told: Debug;
    /// What it can be.
    type State: Clone + Eq + Hash;

    /// What it is before the first operation.
    fn initial(&self) -> Self::State;

    /// What it is after an operation that was told this, or of which no client was told anything: each state that it may have
    /// become, none if it cannot have been told so.
    fn after(&self, state: &Self::State, asked: &Self::Asked, told: Option<&Self::Told>) -> Vec<Self::State>;
}

/// An operation of a history.
#[derive(Clone, Debug)]
pub struct Operation<A, T> {
    /// When it was sent, in an order that holds for all clients.
    pub invoked: u64,
    /// When its answer came; without one the operation may be under way for ever.
    pub returned: Option<u64>,
    /// What was asked.
    pub asked: A,
    /// What was told; nothing where no answer came.
    pub told: Option<T>,
}

/// Why a history is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unexplained {
    /// No order explains it: how many operations the longest explained part has, and the operations that cannot follow.
    NoOrder(usize, String),
    /// There are more operations than can be looked at.
    TooMany(usize),
    /// The search was given up.
    GivenUp,
}

/// Looks for an order of the operations that keeps to real time and to the rules.
pub fn check<R: Rules>(rules: &R, history: &[Operation<R::Asked, R::Told>]) -> Result<(), Unexplained> {
    if history.len() > OPERATIONS_MAX {
        return Err(Unexplained::TooMany(history.len()));
    }
    let mut search = Search { rules, history, seen: HashSet::new(), longest: (0, 0) };
    let mut waiting = vec![(0_u128, rules.initial())];
    while let Some((done, state)) = waiting.pop() {
        if search.is_whole(done) {
            return Ok(());
        }
        if search.seen.len() >= LOOKS_MAX {
            return Err(Unexplained::GivenUp);
        }
        if search.seen.insert((done, state.clone())) {
            search.follow(done, &state, &mut waiting);
        }
    }
    let (length, done) = search.longest;
    let next: Vec<_> = search.next(done).map(|(_, operation)| operation).collect();
    Err(Unexplained::NoOrder(length, format!("{next:?}")))
}

struct Search<'a, R: Rules> {
    rules: &'a R,
    history: &'a [Operation<R::Asked, R::Told>],
    seen: HashSet<(u128, R::State)>,
    longest: (usize, u128),
}

impl<'a, R: Rules> Search<'a, R> {
    /// Whether every operation that was answered is done.
    fn is_whole(&self, done: u128) -> bool {
        let open = |(index, operation): (usize, &Operation<_, _>)| {
            operation.returned.is_some() && done & (1 << index) == 0
        };
        !self.history.iter().enumerate().any(open)
    }

    /// The operations that may come next: those that were sent before the first answer to one that is not done.
    fn next(&self, done: u128) -> impl Iterator<Item = (usize, &'a Operation<R::Asked, R::Told>)> {
        let history = self.history;
        let open = move || history.iter().enumerate().filter(move |(index, _)| done & (1 << index) == 0);
        let first = open().filter_map(|(_, operation)| operation.returned).min().unwrap_or(u64::MAX);
        open().filter(move |(_, operation)| operation.invoked <= first)
    }

    fn follow(&mut self, done: u128, state: &R::State, waiting: &mut Vec<(u128, R::State)>) {
        let next: Vec<_> = self.next(done).collect();
        for (index, operation) in next {
            let done = done | 1 << index;
            let told = operation.told.as_ref().filter(|_| operation.returned.is_some());
            for state in self.rules.after(state, &operation.asked, told) {
                let length = done.count_ones() as usize;
                if length > self.longest.0 {
                    self.longest = (length, done);
                }
                waiting.push((done, state));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A register that holds one number.
    struct Register;

    #[derive(Clone, Copy, Debug)]
    enum Asked {
        Write(u8),
        Read,
    }

    impl Rules for Register {
        type Asked = Asked;
        type Told = u8;
        type State = u8;

        fn initial(&self) -> u8 {
            0
        }

        fn after(&self, state: &u8, asked: &Asked, told: Option<&u8>) -> Vec<u8> {
            match asked {
                Asked::Write(value) => vec![*value],
                Asked::Read if told.is_none_or(|told| told == state) => vec![*state],
                Asked::Read => vec![],
            }
        }
    }

    fn check_all(history: &[(u64, Option<u64>, Asked, u8)]) -> bool {
        let history: Vec<_> = history
            .iter()
            .map(|(invoked, returned, asked, told)| Operation {
                invoked: *invoked,
                returned: *returned,
                asked: *asked,
                told: Some(*told),
            })
            .collect();
        check(&Register, &history).is_ok()
    }

    #[test]
    fn an_order_keeps_to_real_time_and_an_unanswered_write_may_have_been_or_not() {
        use Asked::{Read, Write};
        assert!(check_all(&[(1, Some(2), Write(1), 0), (3, Some(4), Read, 1)]));
        assert!(!check_all(&[(1, Some(2), Write(1), 0), (3, Some(4), Read, 0)]), "an old value");
        assert!(check_all(&[(1, Some(9), Write(1), 0), (3, Some(4), Read, 0), (5, Some(6), Read, 1)]));
        assert!(
            !check_all(&[(1, Some(9), Write(1), 0), (3, Some(4), Read, 1), (5, Some(6), Read, 0)]),
            "there and back"
        );
        for seen in [0, 1] {
            assert!(check_all(&[(1, None, Write(1), 0), (3, Some(4), Read, seen)]), "{seen}");
        }
        assert!(!check_all(&[(1, None, Write(1), 0), (3, Some(4), Read, 2)]), "out of nothing");
        assert!(!check_all(&[(5, None, Write(1), 0), (3, Some(4), Read, 1)]), "before it was sent");
    }
}
