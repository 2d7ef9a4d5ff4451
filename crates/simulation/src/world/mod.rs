//! One run: which of its requests moves next, and what befalls it.

mod advance;
mod answer;
mod browser;
mod cast;
mod incident;
mod operator;
mod received;
mod recorder;
mod registered;
mod removal;
mod sender;
mod sent;
mod settings;
mod state;
mod token;
mod under_way;

pub(crate) use answer::Answer;
pub(crate) use registered::{CLAIM, CLIENT_OF_CLAIMS};
pub(crate) use sent::{Sent, SignIn, Who};
pub use settings::{JudgedBy, Settings, Summary, Violation};

use self::state::World;

/// Requests under way at once.
const REQUESTS_MAX: usize = 6;

/// Runs one seed; what it did, or the first invariant that broke.
pub fn run(seed: u64, settings: &Settings) -> Result<Summary, Box<Violation>> {
    let mut world = World::new(seed, settings);
    for step in 0..settings.steps {
        world.step();
        if let Some((invariant, what)) = world.violation() {
            let trace = world.trace.take().unwrap_or_default();
            return Err(Box::new(Violation { seed, step, invariant, what, trace }));
        }
    }
    let Some(recorder) = &world.recorder else { return Ok(world.summary) };
    recorder.check().map(|_| world.summary).map_err(|(grant, why)| {
        let (invariant, what) = ("H", format!("no order explains the history of grant {grant}: {why:?}"));
        let trace = world.trace.take().unwrap_or_default();
        Box::new(Violation { seed, step: settings.steps, invariant, what, trace })
    })
}

impl World {
    /// Something happens: mostly a request begins or goes on.
    fn step(&mut self) {
        self.ledger.tick();
        match self.dice.below(1_000) {
            0..300 if self.requests.len() < REQUESTS_MAX => self.begin_request(),
            0..850 if !self.requests.is_empty() => {
                let index = self.dice.below(self.requests.len());
                let request = self.requests.swap_remove(index);
                self.advance(request);
            }
            850..870 if self.recorder.is_none() => self.operate(),
            870..910 => self.befall(),
            _ => self.begin_request(),
        }
    }

    /// What the ledger has found, where it judges.
    fn violation(&mut self) -> Option<(&'static str, String)> {
        let found = self.ledger.take_violation();
        found.filter(|_| self.recorder.is_none())
    }
}
