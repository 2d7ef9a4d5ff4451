//! Which refresh token is good, for whom and for how long: the five rules one by one (RT-02, RT-03, RT-14, RT-15, K-12).

use proofkey_oauth::Timestamp;
use serde_json::{Value, json};

use super::row::Row;
use super::token_of;
use crate::fixtures::{World, keys, policy};
use crate::ids::{GrantId, SealingKeyId};
use crate::refresh_chain::{
    OVERLAP_SECONDS, RECENT_MAX, RefreshChain, RefreshOverlap, RefreshUse, RetiredToken, Unusable,
};
use crate::refusal::Refusal;

const NOW: Timestamp = Timestamp(1_790_000_000);
/// Of the chain below.
const GENERATION: i64 = 7;

fn shared() -> Value {
    json!({"refresh_shared": true})
}

fn overlap_of(metadata: Value) -> RefreshOverlap {
    RefreshOverlap::of(&crate::fixtures::client(metadata), &policy())
}

/// Where a token stands in a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A child of the token used, itself unused.
    Child,
    /// The token used.
    Current,
    /// A sibling of it, which came too late.
    Sibling,
    /// Its parent, on the list of those that were retired a moment ago.
    Recent,
    /// Long retired.
    Old,
    /// Of a generation that cannot be yet.
    Ahead,
}

/// Judges a token at a place of a chain that went on so many seconds ago.
fn judge(
    place: Place,
    metadata: Value,
    elapsed: i64,
    spoil: fn(&mut RefreshChain),
) -> Result<RefreshUse, Unusable> {
    let mut world = World::new();
    let grant = GrantId([5; 16]);
    let mut token = |generation| token_of(grant, generation, &mut world);
    let (current, parent) = (token(GENERATION), token(GENERATION - 1));
    let at = NOW + -elapsed;
    let mut chain = RefreshChain {
        generation: GENERATION,
        used: Some(current.hash),
        used_at: Some(at),
        child_key: Some(keys().newest()),
        recent: vec![RetiredToken { hash: parent.hash, at }],
        ..RefreshChain::default()
    };
    spoil(&mut chain);
    let token = match place {
        Place::Child => token(GENERATION + 1),
        Place::Current => current,
        Place::Sibling => token(GENERATION),
        Place::Recent => parent,
        Place::Old => token(GENERATION - 1),
        Place::Ahead => token(GENERATION + 2),
    };
    chain.judge(&token, overlap_of(metadata), NOW, &keys())
}

#[test]
fn rt_02_rt_03_rt_14_rt_15_k_12_every_place_in_a_chain_in_time_and_late_alone_and_shared() {
    use Place::{Ahead, Child, Current, Old, Recent, Sibling};
    const FIRST: Result<RefreshUse, Unusable> = Ok(RefreshUse::First);
    const REPEATED: Result<RefreshUse, Unusable> = Ok(RefreshUse::Repeated);
    const LATE: Result<RefreshUse, Unusable> = Ok(RefreshUse::Late);
    const RETIRED: Result<RefreshUse, Unusable> = Err(Unusable::Retired);
    const AHEAD: Result<RefreshUse, Unusable> = Err(Unusable::Ahead);
    // In time and late by default, in time and late where it is shared, and on a forked row at any time.
    for (place, expected) in [
        (Child, [FIRST, FIRST, FIRST, FIRST, FIRST]),
        (Current, [REPEATED, LATE, REPEATED, REPEATED, LATE]),
        (Recent, [REPEATED, RETIRED, REPEATED, RETIRED, RETIRED]),
        (Sibling, [RETIRED; 5]),
        (Old, [RETIRED; 5]),
        (Ahead, [AHEAD; 5]),
    ] {
        let forked: fn(&mut RefreshChain) = |chain| chain.forked = true;
        let found = [
            judge(place, json!({}), 59, |_| {}),
            judge(place, json!({}), 60, |_| {}),
            judge(place, shared(), 599, |_| {}),
            judge(place, shared(), 600, |_| {}),
            judge(place, json!({}), 0, forked),
        ];
        assert_eq!(found, expected, "{place:?}");
        assert_eq!(judge(place, shared(), 0, forked), expected[4], "{place:?} shared");
        // What nothing can be derived for is as if forked: a row of an earlier release, or a sealing key that is gone.
        let lost: [fn(&mut RefreshChain); 2] =
            [|chain| chain.child_key = None, |chain| chain.child_key = Some(SealingKeyId([0; 16]))];
        for spoil in lost {
            assert_eq!(judge(place, json!({}), 0, spoil), expected[4], "{place:?} without a key");
        }
        let since_ever = |chain: &mut RefreshChain| chain.used_at = None;
        let late = if place == Current { LATE } else { expected[0] };
        assert_eq!(judge(place, json!({}), 0, since_ever), late, "{place:?} of an unknown time");
    }
}

#[test]
fn rt_15_a_new_grant_takes_its_first_token_and_no_other() {
    let mut row = Row::new(json!({}));
    let id = row.grant().id;
    for (generation, expected) in [
        (0, Err(Refusal::RefreshTokenRetired)),
        (-1, Err(Refusal::RefreshTokenRetired)),
        (i64::MIN, Err(Refusal::RefreshTokenRetired)),
        (1, Ok(())),
        (2, Err(Refusal::RefreshTokenAhead)),
        (i64::MAX, Err(Refusal::RefreshTokenAhead)),
    ] {
        let token = token_of(id, generation, &mut row.server.world);
        assert_eq!(row.decide(&token).outcome.map(|_| ()), expected, "{generation}");
    }
}

#[test]
fn rt_15_the_overlap_of_a_client_and_how_far_clocks_may_differ() {
    // What the client says, the skew between nodes, and the seconds after which and up to which a use is forgiven.
    for (metadata, skew, from, to) in [
        (json!({}), 0, -5, 60),
        (json!({}), 5, -5, 65),
        (json!({"refresh_overlap_seconds": 0}), 0, 0, 0),
        (json!({"refresh_overlap_seconds": 0}), 5, 0, 0),
        (json!({"refresh_overlap_seconds": 1}), 0, -5, 1),
        (json!({"refresh_overlap_seconds": 3600}), 5, -5, 3605),
        (shared(), 0, -5, 600),
        (json!({"refresh_shared": true, "refresh_overlap_seconds": 30}), 0, -5, 30),
        (json!({"refresh_shared": true, "refresh_overlap_seconds": 0}), 0, 0, 0),
    ] {
        let policy = crate::policy::Policy { refresh_skew_seconds: skew, ..policy() };
        let overlap = RefreshOverlap::of(&crate::fixtures::client(metadata.clone()), &policy);
        for (elapsed, covered) in [(from - 1, false), (from, from < to), (to - 1, from < to), (to, false)] {
            assert_eq!(overlap.covers(NOW + -elapsed, NOW), covered, "{metadata} {skew} {elapsed}");
        }
    }
    let long = crate::policy::Policy { access_token_seconds: 86_400, ..policy() };
    let overlap = RefreshOverlap::of(&crate::fixtures::client(shared()), &long);
    assert!(overlap.covers(NOW + -3_599, NOW) && !overlap.covers(NOW + -3_600, NOW));
}

#[test]
fn rt_14_k_12_all_who_refresh_within_the_overlap_go_on_as_one_and_nothing_is_written() {
    for metadata in [json!({}), shared()] {
        let mut row = Row::new(metadata);
        let first = row.first();
        let child = row.send(&first).unwrap();
        for seconds in [0, 1, 30, 28] {
            row.wait(seconds);
            let before = row.writes;
            assert_eq!(row.send(&first), Ok(child.clone()));
            assert_eq!(row.writes, before);
        }
        // Each of five uses the child: one is first, and the others, and those that come with the token before, follow.
        let mut grandchildren = row.send_at_once(&vec![child; 5]);
        grandchildren.push(row.send(&first));
        assert!(grandchildren.iter().all(|one| one.is_ok() && *one == grandchildren[0]), "{grandchildren:?}");
        assert!(!row.is_revoked());
        assert_eq!(row.writes, 2);
    }
}

#[test]
fn rt_03_a_token_is_good_until_its_child_was_used_and_the_child_then_retires_all_but_itself() {
    let mut row = Row::new(json!({}));
    let first = row.first();
    let lost = row.send(&first).unwrap();
    row.wait(OVERLAP_SECONDS);
    // Late: a child of its own, each time another one, and the row is written once.
    let children = [row.send(&first).unwrap(), row.send(&first).unwrap()];
    assert_eq!(row.writes, 2);
    assert!(children[0] != children[1] && !children.contains(&lost));
    let next = row.send(&children[0]).unwrap();
    let used_at = row.now();
    assert_eq!(row.grant().refresh.recent, [], "a parent with several children is not forgiven");
    assert_eq!(
        row.send(&children[0]),
        Ok(next.clone()),
        "the branch that was taken has an overlap of its own"
    );
    assert!(!row.grant().refresh.forked);
    assert_eq!(row.grant().refresh.used_at, Some(used_at));
    for stray in [&first, &lost, &children[1]] {
        let mut row = row_like(&mut row);
        assert_eq!(row.send(stray), Err(Refusal::RefreshTokenRetired));
        assert!(row.is_revoked());
        assert_eq!(row.send(&next), Err(Refusal::GrantRevoked));
    }
}

/// A copy of a row, to go on from in several ways.
fn row_like(row: &mut Row) -> Row {
    let mut copy = Row::new(json!({}));
    *copy.grant() = row.grant().clone();
    copy.server.world.now = row.now();
    copy
}

#[test]
fn rt_02_k_12_a_shared_sign_in_outlives_a_stale_token_and_is_marked_once() {
    let mut row = Row::new(shared());
    let stale = row.first();
    let mut newest = row.send(&stale).unwrap();
    for _ in 0..3 {
        row.wait(600);
        newest = row.send(&newest).unwrap();
    }
    let before = row.writes;
    for _ in 0..3 {
        assert_eq!(row.send(&stale), Err(Refusal::RefreshTokenStale));
    }
    assert_eq!(row.writes, before + 1, "marked once");
    assert!(row.grant().refresh.suspect && !row.is_revoked());
    // The process that was refused reads the store again, and goes on; the mark stays.
    newest = row.send(&newest).unwrap();
    row.wait(86_400);
    assert_eq!(row.send(&newest), row.send(&newest), "however late");
    assert!(row.grant().refresh.suspect);
}

#[test]
fn rt_02_k_12_by_default_one_who_polls_is_found_when_the_owner_goes_on() {
    let mut row = Row::new(json!({}));
    let (copied, mut owners) = (row.first(), row.first());
    owners = row.send(&owners).unwrap();
    for _ in 0..5 {
        row.wait(100);
        assert!(row.send(&copied).is_ok(), "a lost reply may be long lost");
    }
    // The owner's child is a sibling by now; used, it retires what the thief polls with.
    assert!(row.send(&owners).is_ok());
    assert_eq!(row.send(&copied), Err(Refusal::RefreshTokenRetired));
    assert!(row.is_revoked());
}

#[test]
fn rt_14_a_row_remembers_sixteen_tokens_for_an_overlap_and_the_oldest_drops_out() {
    let mut row = Row::new(json!({}));
    let mut tokens = vec![row.first()];
    for _ in 0..RECENT_MAX + 4 {
        let next = row.send(tokens.last().unwrap()).unwrap();
        tokens.push(next);
        row.wait(1);
    }
    let (unused, used) = (tokens.len() - 1, tokens.len() - 2);
    assert_eq!(row.grant().refresh.recent.len(), RECENT_MAX);
    for (at, token) in tokens.iter().enumerate() {
        let mut copy = row_like(&mut row);
        let good = at == unused || at + RECENT_MAX >= used;
        assert_eq!(copy.send(token).is_ok(), good, "{at} of {unused}");
        if good && at != unused {
            assert_eq!(copy.send(token), Ok(tokens[unused].clone()), "the child of the current token");
        }
    }
    row.wait(OVERLAP_SECONDS);
    let _ = row.send(&tokens[unused]).unwrap();
    assert_eq!(row.grant().refresh.recent.len(), 1, "those whose time is over go");
}

#[test]
fn rt_15_what_was_decided_on_another_revision_is_not_written() {
    // Two decide on one state; whichever comes second decides again.
    for (late, metadata) in [(0, json!({})), (60, json!({})), (60, json!({"refresh_overlap_seconds": 0}))] {
        let mut row = Row::new(metadata);
        let first = row.first();
        if late > 0 {
            let _ = row.send(&first).unwrap();
            row.wait(late);
        }
        let before = (row.writes, row.grant().refresh.revision);
        let both = row.send_at_once(&[first.clone(), first]);
        assert!(both.iter().all(Result::is_ok), "{both:?}");
        assert_eq!((row.writes, row.grant().refresh.revision), (before.0 + 1, before.1 + 1));
        assert_eq!(both[0] == both[1], late == 0);
    }
}

#[test]
fn rt_15_a_row_of_an_earlier_release_counts_as_forked() {
    let mut row = Row::new(json!({}));
    let first = row.first();
    let given = row.send(&first).unwrap();
    let (used, generation) = (row.grant().refresh.used, row.grant().refresh.generation);
    row.grant().refresh = RefreshChain { used, generation, forked: true, ..RefreshChain::default() };
    let before = row.writes;
    let (one, other) = (row.send(&first).unwrap(), row.send(&first).unwrap());
    assert!(one != other && ![&one, &other].contains(&&given), "any number of children were given before");
    assert_eq!(row.writes, before, "and it is marked already");
    let next = row.send(&given).unwrap();
    assert_eq!(row.send(&given), Ok(next), "from then on as ever");
    assert_eq!(row.send(&one), Err(Refusal::RefreshTokenRetired));
}
