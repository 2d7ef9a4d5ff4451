//! `simulate --seeds N [--seed S] [--steps N]`: runs so many seeds from S on, on every core. One seed alone prints its trace.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line talks to its user")]

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use proofkey_simulation::{Settings, Summary, Violation, run};

/// What was asked for.
struct Asked {
    seeds: u64,
    first: u64,
    settings: Settings,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Some(asked) = read(&words) else {
        eprintln!("usage: simulate --seeds N [--seed S] [--steps N]");
        return ExitCode::from(2);
    };
    let began = Instant::now();
    match run_all(&asked) {
        Ok(summary) => {
            let Asked { seeds, first, settings } = asked;
            let (last, seconds) = (first + seeds - 1, began.elapsed().as_secs_f64());
            println!(
                "{seeds} seeds, {first} to {last}, of {} events each: no invariant broke ({seconds:.1} s)",
                settings.steps
            );
            println!("{summary:?}");
            ExitCode::SUCCESS
        }
        Err(violation) => {
            let settings = Settings { traced: true, ..asked.settings };
            let traced = run(violation.seed, &settings).err().unwrap_or(violation);
            eprintln!("{traced}");
            ExitCode::FAILURE
        }
    }
}

fn run_all(asked: &Asked) -> Result<Summary, Box<Violation>> {
    let (next, found) = (AtomicU64::new(0), Mutex::new((Summary::default(), None)));
    let work = || {
        let mut sum = Summary::default();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= asked.seeds {
                break;
            }
            match run(asked.first.wrapping_add(index), &asked.settings) {
                Ok(summary) => sum += summary,
                Err(violation) => {
                    next.store(asked.seeds, Ordering::Relaxed);
                    if let Ok(mut found) = found.lock() {
                        found.1.get_or_insert(violation);
                    }
                }
            }
        }
        if let Ok(mut found) = found.lock() {
            found.0 += sum;
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    match found.into_inner() {
        Ok((_, Some(violation))) => Err(violation),
        Ok((summary, None)) => Ok(summary),
        Err(poisoned) => Ok(poisoned.into_inner().0),
    }
}

fn read(mut words: &[&str]) -> Option<Asked> {
    let mut asked = Asked { seeds: 0, first: 1, settings: Settings::default() };
    while let [name, value, rest @ ..] = words {
        match *name {
            "--seeds" => asked.seeds = value.parse().ok()?,
            "--seed" => asked.first = value.parse().ok()?,
            "--steps" => asked.settings.steps = value.parse().ok()?,
            _ => return None,
        }
        words = rest;
    }
    (words.is_empty() && asked.seeds > 0).then_some(asked)
}
