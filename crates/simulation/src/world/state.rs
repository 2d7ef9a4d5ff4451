//! All of a run: nodes with their clocks, the store, what every sender holds, and the requests under way.

use std::sync::Arc;

use proofkey_oauth::Timestamp;
use proofkey_protocol::{Algorithm, Apis, ArtefactKeys, Cx, Policy};

use super::cast::Cast;
use super::recorder::Recorder;
use super::registered::{FIRST_PASSWORD, Registered, USERS, user};
use super::settings::{self, JudgedBy, START, Settings, Summary};
use super::under_way::Request;
use crate::dice::Dice;
use crate::ledger::Ledger;
use crate::model::{BrokenGate, Model};

/// A node: by how much its clock differs from the true time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Node {
    pub(super) offset_seconds: i64,
}

/// All of a run.
pub(super) struct World {
    pub(super) dice: Dice,
    pub(super) model: Model,
    /// What is on the disk, where that is less than what was acknowledged.
    pub(super) on_disk: Model,
    pub(super) ledger: Ledger,
    pub(super) registered: Registered,
    pub(super) policy: Policy,
    pub(super) apis: Arc<Apis>,
    pub(super) keys: Arc<ArtefactKeys>,
    pub(super) sealing_keys: Vec<[u8; 32]>,
    pub(super) nodes: [Node; 2],
    /// The algorithms that are on.
    pub(super) signs: Vec<Algorithm>,
    /// The true time, in seconds since the epoch.
    pub(super) time: i64,
    pub(super) cast: Cast,
    pub(super) requests: Vec<Request>,
    /// What clients saw, where that is what is judged.
    pub(super) recorder: Option<Recorder>,
    pub(super) trace: Option<Vec<String>>,
    pub(super) summary: Summary,
}

impl World {
    pub(super) fn new(seed: u64, settings: &Settings) -> Self {
        let mut dice = Dice::new(seed);
        let registered = Registered::new();
        let mut model = Model::new(settings.broken);
        registered.add_all(&mut model);
        let judged_by = settings.judged_by;
        let policy = settings::policy(&mut dice, judged_by);
        let mut ledger = Ledger::new(policy.code_failures_max);
        for name in USERS {
            ledger.user_added(&user(name, 1), FIRST_PASSWORD, false);
        }
        let first = [7; 32];
        let apart = if judged_by == JudgedBy::Ledger && dice.per_mille(500) { dice.below(240) } else { 0 };
        let offset_seconds = i64::try_from(apart).unwrap_or_default() - 120;
        Self {
            cast: Cast::new(&mut dice),
            apis: Arc::new(model.apis()),
            on_disk: model.clone(),
            model,
            ledger,
            registered,
            policy,
            keys: Arc::new(ArtefactKeys::derive(&first)),
            sealing_keys: vec![first],
            nodes: [Node::default(), Node { offset_seconds: if apart > 0 { offset_seconds } else { 0 } }],
            signs: Algorithm::ALL.to_vec(),
            time: START,
            requests: Vec::new(),
            recorder: (judged_by == JudgedBy::Histories).then(Recorder::default),
            trace: settings.traced.then(Vec::new),
            summary: Summary::default(),
            dice,
        }
    }

    /// What a node takes for the time.
    pub(super) fn now(&self, node: usize) -> Timestamp {
        Timestamp(self.time + self.nodes.get(node).map_or(0, |node| node.offset_seconds))
    }

    /// The context of a request; free of the model, so that facts can be read beside it.
    pub(super) fn cx<'a>(&'a mut self, now: Timestamp, apis: &'a Apis, keys: &'a ArtefactKeys) -> Cx<'a> {
        let broken = [BrokenGate::AlgorithmsNotRead, BrokenGate::SpentWhereNothingSigns];
        let reads = !broken.iter().any(|gate| self.model.has_broken(*gate));
        let signs = if reads { self.signs.as_slice() } else { &Algorithm::ALL };
        Cx { now, random: &mut self.dice, policy: &self.policy, apis, keys, signs }
    }

    pub(super) fn tell(&mut self, line: impl FnOnce() -> String) {
        let (seq, time) = (self.ledger.seq(), self.time - START);
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{seq:>5} +{time:<8} {}", line()));
        }
    }
}
