//! A list of connections: any of them leaves it at the same cost, and the longest idle of some is found.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::activity::Activity;

/// Most connections that are looked at for one that may go. Of more, the longest idle of so many goes: the look must cost the
/// same however many there are, for a peer that floods chooses how often it happens.
pub(crate) const LOOKED_AT_MAX: usize = 64;

/// Connections, each of which knows where it is, so that any of them leaves at the same cost.
#[derive(Debug, Default)]
pub(super) struct Members {
    pub(super) connections: Vec<Arc<Activity>>,
    /// Where the next look begins.
    cursor: usize,
}

impl Members {
    pub(super) fn len(&self) -> usize {
        self.connections.len()
    }

    pub(super) fn insert(&mut self, list: usize, connection: &Arc<Activity>) {
        note_slot(connection, list, self.connections.len());
        self.connections.push(Arc::clone(connection));
    }

    pub(super) fn remove(&mut self, list: usize, connection: &Activity) {
        let slot = connection.slots.get(list).map_or(usize::MAX, |slot| slot.load(Ordering::Relaxed));
        if slot < self.connections.len() {
            self.connections.swap_remove(slot);
        }
        if let Some(moved) = self.connections.get(slot) {
            note_slot(moved, list, slot);
        }
    }

    /// The one that may go first, of so many as are looked at.
    pub(super) fn longest_idle(&mut self) -> Option<Arc<Activity>> {
        let (all, seen) = (self.connections.len(), self.connections.len().min(LOOKED_AT_MAX));
        let start = self.cursor;
        self.cursor = (start + seen) % all.max(1);
        let looked_at = (0..seen).filter_map(|step| self.connections.get((start + step) % all));
        let worths = looked_at.filter_map(|connection| Some((connection.worth()?, connection)));
        worths.min_by_key(|(worth, _)| *worth).map(|(_, connection)| Arc::clone(connection))
    }
}

fn note_slot(connection: &Activity, list: usize, slot: usize) {
    if let Some(noted) = connection.slots.get(list) {
        noted.store(slot, Ordering::Relaxed);
    }
}
