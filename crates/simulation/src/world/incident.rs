//! What befalls the nodes: time passes, clocks jump, processes die, keys change, and what has ended is removed.

use std::sync::Arc;

use proofkey_oauth::Timestamp;
use proofkey_protocol::{ArtefactKeys, Random as _};

use super::state::World;
use crate::model::BrokenGate;

/// By how much a clock is wrong after a jump; most jumps set it right again.
const OFFSETS: [i64; 12] = [0, 0, 0, 0, 1, -1, 60, -60, 300, -300, -86_400, 365 * 86_400];
/// Sealing keys in one run.
const SEALING_KEYS_MAX: usize = 3;

impl World {
    /// One of them.
    pub(super) fn befall(&mut self) {
        if self.recorder.is_some() {
            return match self.dice.below(100) {
                0..40 => self.crash(),
                40..45 => self.rotate_sealing_key(),
                _ => self.on_disk(),
            };
        }
        match self.dice.below(100) {
            0..55 => self.time += i64::try_from(self.dice.below(4)).unwrap_or_default(),
            55..63 => self.pass(60),
            63..66 => self.pass(4_000),
            66..67 => self.pass(86_400),
            67..74 => self.jump(),
            74..80 => self.crash(),
            80..92 => self.sweep(),
            92..95 => self.rotate_sealing_key(),
            _ => self.on_disk(),
        }
    }

    /// Up to so many seconds pass. No request lasts so long: those under way are given up, written or not.
    fn pass(&mut self, seconds: usize) {
        for request in std::mem::take(&mut self.requests) {
            self.unanswered(&request.sent);
        }
        let seconds = i64::try_from(self.dice.below(seconds)).unwrap_or_default();
        self.time += seconds;
        self.tell(|| format!("{seconds} s pass"));
    }

    fn jump(&mut self) {
        let index = self.dice.below(self.nodes.len());
        let offset = self.dice.pick(&OFFSETS).copied().unwrap_or_default();
        if let Some(node) = self.nodes.get_mut(index) {
            node.offset_seconds = offset;
        }
        self.summary.clock_jumps += 1;
        self.tell(|| format!("the clock of node {index} is now {offset} s ahead"));
    }

    /// A node dies, and starts again at once.
    fn crash(&mut self) {
        let dead = self.dice.below(self.nodes.len());
        let (lost, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.requests).into_iter().partition(|request| request.node == dead);
        self.requests = kept;
        for request in &lost {
            self.unanswered(&request.sent);
        }
        self.summary.crashes += 1;
        if self.model.has_broken(BrokenGate::LostOnCrash) {
            self.model = self.on_disk.clone();
            self.apis = Arc::new(self.model.apis());
        }
        self.tell(|| format!("node {dead} dies with {} requests", lost.len()));
    }

    /// The disk catches up with what was acknowledged. Where every gate closes it is never behind.
    fn on_disk(&mut self) {
        if self.model.has_broken(BrokenGate::LostOnCrash) {
            self.on_disk = self.model.clone();
        }
    }

    /// What ended long ago is removed, by a time that has come for certain.
    fn sweep(&mut self) {
        let clocks = (self.now(0), self.now(1));
        let by = if self.model.has_broken(BrokenGate::SweptByTheClock) {
            clocks.0.max(clocks.1)
        } else {
            // No node removes what another, whose clock is behind, may take for new.
            Timestamp(self.time).min(clocks.0).min(clocks.1)
        };
        let rows = self.model.sweep(by);
        self.ledger.swept(by);
        self.tell(|| format!("{rows} rows are removed"));
    }

    fn rotate_sealing_key(&mut self) {
        if self.sealing_keys.len() >= SEALING_KEYS_MAX {
            return;
        }
        let mut newest = [0; 32];
        self.dice.fill(&mut newest);
        let keys = ArtefactKeys::derive(&newest);
        self.keys = Arc::new(self.sealing_keys.iter().fold(keys, ArtefactKeys::reading));
        self.sealing_keys.push(newest);
        self.tell(|| "another sealing key is used, and the ones before are read".to_owned());
    }
}
