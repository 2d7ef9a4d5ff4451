//! The allocator of the binary, and what it gives back to the system (decision 25).

use std::hint::black_box;
use std::thread::Builder;
use std::time::Duration;

use mimalloc::MiMalloc;
use tokio::time::{MissedTickBehavior, interval};

/// A code flow allocates some two hundred times, and this allocator does it in less time than the system's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// How often free memory goes back.
const EVERY: Duration = Duration::from_secs(10);

/// Gives free memory back to the system, again and again.
pub(crate) async fn give_back_at_times() {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        give_back();
    }
}

/// Ends a thread that has allocated. The allocator looks for pages that have been free for a second when a page becomes free or
/// a thread ends; after a flood neither need happen for hours.
fn give_back() {
    // Without the thread all stays as it is.
    let _spawned = Builder::new().name("memory".into()).spawn(|| drop(black_box(Box::new(0_u8))));
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::time::Instant;

    use super::*;

    /// Far more than the other tests of this process have at once.
    const FLOOD_BYTES: usize = 256 * 1024 * 1024;
    const PATIENCE: Duration = Duration::from_secs(60);

    fn resident_bytes() -> usize {
        let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
        pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
    }

    #[test]
    fn k_02_what_a_flood_took_goes_back_to_the_system() {
        let flood: Vec<Vec<u8>> = (0..1_000).map(|_| vec![1; FLOOD_BYTES / 1_000]).collect();
        let flooded = resident_bytes();
        drop(black_box(flood));
        let begun = Instant::now();
        while resident_bytes() + FLOOD_BYTES / 2 > flooded {
            assert!(begun.elapsed() < PATIENCE, "{} of {flooded} are still resident", resident_bytes());
            std::thread::sleep(Duration::from_millis(200));
            give_back();
        }
    }
}
