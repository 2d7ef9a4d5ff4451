//! Row F-10: the disk under a running server fills up and has room again. Writes are 503 meanwhile and nothing of them is there; what
//! needs no write goes on; and the server recovers by itself.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use proofkey_testkit::{Answer, AuthorizeRequest, Browser, TestServer, fixtures};

use super::load::{History, SCOPE, codes, healed, load, refresh};
use super::switch::{cycles, next, seed};
use super::traced::Scripts;

/// The disk: small, and larger than the database and its log become.
const DISK_KIB: u32 = 24 * 1024;
/// How often the disk of one server is filled: its log stays shorter than `LOG_MAX`.
const FILLED_MAX: u64 = 10;
/// The log that is moved into the database and used again from its start, in bytes: there is room in it for a while. Before that each
/// write needs room behind it.
const LOG_MAX: u64 = 2000 * (24 + 4096);
/// The first success comes within so long after there is room.
const HEALED_WITHIN: std::time::Duration = std::time::Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_10_on_a_full_disk_writes_are_503_and_all_else_goes_on_and_it_recovers_by_itself() {
    let _alone = crate::ALONE.lock().await;
    let cycles = cycles("PROOFKEY_CYCLES", 5);
    let (mut history, mut dice, mut left) = (History::default(), seed(), cycles);
    while left > 0 {
        let times = left.min(FILLED_MAX);
        fill_again_and_again(&mut history, &mut dice, times).await;
        left -= times;
        let _of_another_server = history.forget();
    }
    println!("counted: {}", history.counts);
    println!("cycles done: {cycles}");
}

/// One server, whose disk is filled and emptied so many times.
async fn fill_again_and_again(history: &mut History, dice: &mut u64, times: u64) {
    let command = Path::new(env!("CARGO_BIN_EXE_proofkey"));
    let (scripts, web) = (Scripts::new(), fixtures::web());
    let builder = TestServer::builder().sqlite().set("limits.factor", 1000);
    let mut server = builder.start_process(command).await;
    assert!(server.terminate().await.success());
    let on_small_disk = scripts.on_a_disk_of(DISK_KIB, &server.data());
    let started = server.start_by(&on_small_disk).await;
    started.unwrap_or_else(|status| panic!("no mount namespace here, or no server: {status}"));
    let disk = SmallDisk::of(&server);
    let mut browser = Browser::new(&server);
    let _ = browser.complete(&AuthorizeRequest::new(&web).set("scope", SCOPE), &fixtures::ada()).await;
    let asked = server.tokens(&web, SCOPE).await;
    let mut probe = server.tokens(&web, SCOPE).await.refresh_token;
    for _ in 0..times {
        *dice = next(*dice);
        let codes = codes(&server, &browser, &web).await;
        disk.fill_up();
        assert_later(&server.token(&web, &refresh(&probe)).await);
        let sent = load(&server, &web, codes, history, *dice);
        for path in ["/jwks", "/.well-known/openid-configuration", "/livez"] {
            assert_eq!(server.get(path, &[]).await.status, 200, "{path}");
        }
        assert!(server.is_active(&web, &asked.access_token).await);
        let (before, writes) = (history.counts.unavailable, sent.len());
        history.note_all(sent).await;
        assert_eq!(history.counts.unavailable - before, writes, "a write found room, or was not answered");
        disk.empty();
        let _ = healed(&server, &web, &mut probe, HEALED_WITHIN).await;
        history.none_was_begun_without_an_answer(&server, &web).await;
        history.verify(&server, &web).await;
        assert_eq!(server.ended(), None, "the same process");
    }
    assert!(server.terminate().await.success());
}

fn assert_later(answer: &Answer) {
    assert_eq!(answer.refusal(), (503, "temporarily_unavailable".to_owned()), "{answer:?}");
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1), "{answer:?}");
}

/// The disk of a server, as this process sees it.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn of(server: &TestServer) -> Self {
        let folder = server.data();
        let seen = PathBuf::from(format!("/proc/{}/root{}", server.pid(), folder.display()));
        let disk = |path: &Path| std::fs::metadata(path).unwrap().dev();
        assert_ne!(disk(&seen), disk(&folder), "the server has a disk of its own");
        Self(seen)
    }

    /// Leaves no room, and there is none in the log.
    fn fill_up(&self) {
        let log = std::fs::metadata(self.0.join("proofkey.db-wal")).unwrap().len();
        assert!((1..LOG_MAX).contains(&log), "the log may have been used again: {log}");
        let mut filler = File::options().append(true).create(true).open(self.0.join("filler")).unwrap();
        for piece in [1 << 20, 1 << 12] {
            while filler.write_all(&vec![0x5a; piece]).is_ok() {}
        }
    }

    fn empty(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}
