//! Row F-31: the server comes to the end of its memory while it redeems, refreshes, revokes and signs in. It ends, or says that it
//! cannot now and goes on once there is memory again; it is never left half alive, and what it acknowledged holds.

use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use proofkey_testkit::{AuthorizeRequest, Browser, Page, TestClient, TestServer, TestUser, Tokens, fixtures};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::load::{History, SCOPE, codes, load, refresh};
use super::switch::{cycles, next, seed};
use super::traced::Scripts;

/// What is left to a server in the first round, at most, and half of it in each that follows. A hash of a password takes 33 MiB of
/// address space.
const ROOM_MAX: u64 = 64 << 20;
/// Rounds of load, by the last of which it has ended, mostly.
const ROUNDS_MAX: usize = 12;
/// Sign-ins in each of the first rounds.
const SIGN_INS: usize = 3;
/// So many rounds have them.
const SIGN_IN_ROUNDS: usize = 6;
/// Forms that are begun in each round and not finished, and what is sent of each.
const FORMS: usize = 16;
const FORM_BYTES: usize = 60_000;
/// Servers that may do with what they have, which are none of the cycles: so many, and one in so many.
const NOT_FELT_MAX: u64 = 2;
const NOT_FELT_IN: u64 = 20;
/// How long a round may take.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);
/// How long it may take to go on once there is memory.
const HEALED_WITHIN: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_31_at_the_end_of_its_memory_the_server_ends_or_says_so_and_nothing_acknowledged_is_lost() {
    let _alone = crate::ALONE.lock().await;
    let (mut bench, cycles) = (Bench::new().await, cycles("PROOFKEY_CYCLES", 8));
    let (mut dice, mut felt, mut not_felt) = (seed(), 0, 0);
    while felt < cycles {
        dice = next(dice);
        if bench.run_out_of_memory(dice).await {
            felt += 1;
        } else {
            not_felt += 1;
        }
        assert!(
            not_felt <= NOT_FELT_MAX + felt / NOT_FELT_IN,
            "{not_felt} servers beside {felt} felt no limit"
        );
    }
    println!("counted: {}, {}", bench.history.counts, bench.told);
    println!("cycles done: {cycles}");
}

/// What came of sign-ins, and of servers.
#[derive(Debug, Default)]
struct Told {
    signed_in: usize,
    wrong: usize,
    later: usize,
    unanswered: usize,
    aborted: usize,
    stopped: usize,
    went_on: usize,
}

impl Told {
    fn note(&mut self, sign_in: SignIn, people: &mut Vec<Browser>) {
        let count = match sign_in {
            SignIn::NotAnswered => &mut self.unanswered,
            SignIn::Later => &mut self.later,
            SignIn::Wrong => &mut self.wrong,
            SignIn::SignedIn(browser) => {
                people.push(*browser);
                &mut self.signed_in
            }
        };
        *count += 1;
    }

    fn note_end(&mut self, ended: Option<ExitStatus>) {
        match ended {
            None => self.went_on += 1,
            Some(status) if status.signal().is_some() => self.aborted += 1,
            Some(status) => {
                assert!(!status.success(), "it ended as if all were well");
                self.stopped += 1;
            }
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { signed_in, wrong, later, unanswered, aborted, stopped, went_on } = self;
        write!(
            out,
            "{signed_in} sign-ins, {wrong} wrong passwords, {later} sign-ins told to come later, {unanswered} sign-ins \
             unanswered, {aborted} aborted, {stopped} ended with an error, {went_on} went on"
        )
    }
}

/// A server, and what its clients and its people know.
struct Bench {
    frugal: PathBuf,
    _scripts: Scripts,
    server: TestServer,
    browser: Browser,
    web: TestClient,
    history: History,
    probe: String,
    told: Told,
}

impl Bench {
    async fn new() -> Self {
        let (command, web) = (Path::new(env!("CARGO_BIN_EXE_proofkey")), fixtures::web());
        let server = TestServer::builder()
            .sqlite()
            .set("limits.factor", 1000)
            .set("passwords.memory_kib", 19456)
            .start_process(command)
            .await;
        let mut browser = Browser::new(&server);
        let _ = browser.complete(&AuthorizeRequest::new(&web).set("scope", SCOPE), &fixtures::ada()).await;
        let probe = server.tokens(&web, SCOPE).await.refresh_token;
        let scripts = Scripts::new();
        let frugal = scripts.without_reserves();
        let history = History::default();
        Self { frugal, _scripts: scripts, server, browser, web, history, probe, told: Told::default() }
    }

    /// A server that is given less and less memory under load, and the next one, which finds all that was acknowledged. Whether the
    /// first one came to the end of it.
    async fn run_out_of_memory(&mut self, mut dice: u64) -> bool {
        let Self { server, browser, web, history, .. } = self;
        server.kill();
        server.start_by(&self.frugal).await.unwrap();
        let mut codes = codes(server, browser, web).await;
        let mut at_sign_in = at_sign_in(server).await;
        let (mut sign_ins, mut forms, mut ended) = (JoinSet::new(), Vec::new(), None);
        let (room, later) = (dice % ROOM_MAX, self.told.later + history.counts.unavailable);
        for round in 0..ROUNDS_MAX {
            dice = next(dice);
            limit_to(server, room >> round);
            sign_in(&mut sign_ins, at_sign_in.split_off(at_sign_in.len().saturating_sub(SIGN_INS)));
            let sent = load(server, web, std::mem::take(&mut codes), history, dice);
            for _ in 0..FORMS {
                forms.extend(begun_form(server).await);
            }
            in_time(ANSWERED_WITHIN, history.note_all(sent)).await;
            ended = server.ended();
            if ended.is_some() {
                break;
            }
        }
        let mut people = Vec::new();
        while let Some(one) = in_time(ANSWERED_WITHIN, sign_ins.join_next()).await {
            self.told.note(one.unwrap(), &mut people);
        }
        drop(forms);
        if ended.is_none() {
            ended = goes_on(server, web, &mut self.probe).await;
        }
        let is_felt = ended.is_some() || self.told.later + history.counts.unavailable > later;
        if is_felt {
            self.told.note_end(ended);
        }
        server.kill();
        server.start_again().await;
        history.verify(server, web).await;
        self.probe = Tokens::of(&server.token(web, &refresh(&self.probe)).await).refresh_token;
        for person in people {
            let request = AuthorizeRequest::new(web).set("prompt", "none");
            let departure = person.at(server).authorize(&request).await.redirect();
            assert_ne!(departure.param("error"), "login_required", "a sign-in was lost");
        }
        is_felt
    }
}

/// Gives the server memory again: it goes on, unless it has ended meanwhile.
async fn goes_on(server: &TestServer, web: &TestClient, probe: &mut String) -> Option<ExitStatus> {
    limit(server, None);
    let began = Instant::now();
    loop {
        match in_time(HEALED_WITHIN, server.try_token(web, &refresh(probe))).await {
            Some(answer) if answer.status == 200 => {
                *probe = Tokens::of(&answer).refresh_token;
                return None;
            }
            Some(answer) => assert_eq!(answer.status, 503, "{answer:?}"),
            None => {}
        }
        if let Some(ended) = server.ended() {
            return Some(ended);
        }
        assert!(began.elapsed() < HEALED_WITHIN, "it neither goes on nor ends");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What comes of it; a server that lets it wait for longer is half dead.
async fn in_time<T>(within: Duration, asked: impl Future<Output = T>) -> T {
    timeout(within, asked).await.unwrap_or_else(|_| panic!("it neither answers nor ends"))
}

/// Browsers that show the page where one signs in.
async fn at_sign_in(server: &TestServer) -> Vec<(Browser, Page)> {
    let mut all = Vec::new();
    for _ in 0..SIGN_INS * SIGN_IN_ROUNDS {
        let mut browser = Browser::new(server);
        let page = browser.authorize(&AuthorizeRequest::new(&fixtures::web())).await.page();
        all.push((browser, page));
    }
    all
}

/// What became of a sign-in.
enum SignIn {
    NotAnswered,
    Later,
    Wrong,
    SignedIn(Box<Browser>),
}

/// Signs in in each of them at once, in the first of them by a wrong password.
fn sign_in(tasks: &mut JoinSet<SignIn>, browsers: Vec<(Browser, Page)>) {
    for (number, (mut browser, page)) in browsers.into_iter().enumerate() {
        let (ada, is_wrong) = (fixtures::ada(), number == 0);
        let typed = if is_wrong { TestUser { password: "not the right one".into(), ..ada } } else { ada };
        tasks.spawn(async move {
            let Some(answer) = browser.try_sign_in(&page, &typed).await else { return SignIn::NotAnswered };
            let is_signed_in = browser.jar.find("sid").is_some();
            match (answer.status, is_wrong, is_signed_in) {
                (200 | 303, false, true) => SignIn::SignedIn(Box::new(browser)),
                (400, true, false) => SignIn::Wrong,
                (429 | 503, _, false) => {
                    assert!(
                        answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1),
                        "{answer:?}"
                    );
                    SignIn::Later
                }
                other => panic!("{other:?}: {answer:?}"),
            }
        });
    }
}

/// A connection by which a form comes that is not finished.
async fn begun_form(server: &TestServer) -> Option<TcpStream> {
    let mut stream = TcpStream::connect(server.address).await.ok()?;
    let head = format!(
        "POST /token HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        FORM_BYTES + 1
    );
    let sent = [head.into_bytes(), vec![b'x'; FORM_BYTES]].concat();
    timeout(Duration::from_secs(1), stream.write_all(&sent)).await.ok()?.ok()?;
    Some(stream)
}

/// Lets the server have so much more than it has, and no more. One that has just ended needs no limit.
fn limit_to(server: &TestServer, room: u64) {
    let used = std::fs::read_to_string(format!("/proc/{}/statm", server.pid())).unwrap_or_default();
    if let Some(pages) = used.split(' ').next().and_then(|pages| pages.parse::<u64>().ok()) {
        limit(server, Some(pages * 4096 + room));
    }
}

fn limit(server: &TestServer, bytes: Option<u64>) {
    let limit = Rlimit { current: bytes, maximum: None };
    let set = prlimit(Pid::from_raw(server.pid()), Resource::As, limit);
    assert!(set.is_ok() || server.ended().is_some(), "{set:?}");
}
