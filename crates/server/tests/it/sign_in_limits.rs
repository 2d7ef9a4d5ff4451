//! What one address, one account, one device and all of them may ask of sign-in, and what happens beyond.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proofkey_protocol::ArtefactKeys;
use proofkey_protocol::sign_in::account_key;
use proofkey_testkit::{Answer, AuthorizeRequest, Browser, TestServer, TestUser, fixtures, form_body};
use serde_json::json;
use tokio::task::JoinSet;

/// A hash long enough that what is posted at once waits at once.
const SLOW_KIB: u32 = 19_456;

/// A sign-in page that stands open in a browser. What is posted from it may seem to come from any address.
#[derive(Clone)]
struct OpenPage {
    server: Arc<TestServer>,
    action: String,
    flow: String,
    cookies: String,
}

impl OpenPage {
    async fn of(server: &Arc<TestServer>, mut browser: Browser) -> Self {
        let request = AuthorizeRequest::new(&fixtures::web()).set("prompt", "login");
        let form = browser.authorize(&request).await.page().form();
        let flow = form.inputs.iter().find(|(name, _)| name == "flow").unwrap().1.clone();
        let cookies = browser.jar.cookies.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        Self { server: Arc::clone(server), action: form.action, flow, cookies }
    }

    async fn post(&self, username: &str, password: &str, address: &str) -> Answer {
        let form = [("flow", self.flow.as_str()), ("username", username), ("password", password)];
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("cookie", &self.cookies),
            ("x-forwarded-for", address),
        ];
        self.server.send("POST", &self.action, &headers, form_body(&form)).await
    }

    /// 200 for a sign-in that succeeded, however the browser is led on.
    async fn status(&self, username: &str, password: &str, address: &str) -> u16 {
        let answer = self.post(username, password, address).await;
        let signed_in = answer.headers.get_all("set-cookie").iter().any(|cookie| {
            cookie.to_str().is_ok_and(|text| text.contains("sid") && !text.contains("Max-Age=0"))
        });
        if signed_in { 200 } else { answer.status }
    }
}

/// Addresses are those that a proxy names.
async fn server(settings: &[(&str, u32)]) -> Arc<TestServer> {
    let builder = TestServer::builder().set("server.trusted_proxies", "127.0.0.1");
    let builder = settings.iter().fold(builder, |builder, (name, value)| builder.set(name, value));
    Arc::new(builder.start().await)
}

/// So many sign-ins at once, and what became of them: 200 for one that succeeded.
async fn at_once(posts: impl Iterator<Item = (OpenPage, TestUser, String)>) -> Vec<u16> {
    let mut running = JoinSet::new();
    for (page, user, address) in posts {
        running.spawn(async move { page.status(&user.username, &user.password, &address).await });
    }
    running.join_all().await
}

fn typed(username: &str, password: &str) -> TestUser {
    TestUser { username: username.into(), password: password.into() }
}

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|found| **found == status).count()
}

async fn failures(server: &TestServer, username: &str) -> i64 {
    let keys = ArtefactKeys::derive(&std::array::from_fn(|at| at as u8));
    server.store().sign_in_failures(&account_key(&keys, username)).await.unwrap().failures
}

/// The rows of the table of failures, as another process finds them.
async fn rows(server: &TestServer) -> i64 {
    server.sibling().await.number("SELECT count(*) FROM sign_in_failures").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k_04_ten_are_hashed_when_240_guesses_come_at_once() {
    let server = server(&[]).await;
    let page = OpenPage::of(&server, Browser::new(&server)).await;
    let ada = fixtures::ada();
    for name in ["ada", "nobody"] {
        let guess = |at: usize| (page.clone(), typed(name, "wrong"), format!("192.0.2.{at}"));
        let statuses = at_once((1..=240).map(guess)).await;
        assert_eq!((count(&statuses, 400), count(&statuses, 429)), (10, 230), "{name}");
        assert_eq!(failures(&server, name).await, 10, "{name}: a batch brings nobody to the hard stop");
    }
    assert_eq!(page.status("ada", &ada.password, "198.51.100.1").await, 429, "the right one waits as well");
    server.advance(60);
    assert_eq!(page.status("ada", &ada.password, "198.51.100.1").await, 200, "and is taken after the pause");
    assert_eq!(failures(&server, "ada").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k_15_lg_07_what_a_clock_counted_ahead_pauses_no_longer_than_it_would_have() {
    const DAY_SECONDS: i64 = 86_400;
    let server = server(&[("limits.login_address_burst", 1_000)]).await;
    let page = OpenPage::of(&server, Browser::new(&server)).await;
    server.clock.set_by(DAY_SECONDS);
    let ahead = OpenPage::of(&server, Browser::new(&server)).await;
    for name in ["ada", "bob", "nobody"] {
        for at in 1..=10 {
            assert_eq!(ahead.status(name, "wrong", &format!("192.0.2.{at}")).await, 400, "{name} {at}");
        }
        assert_eq!(ahead.status(name, "wrong", "192.0.2.11").await, 429, "{name}");
    }
    server.clock.set_by(-DAY_SECONDS);
    assert_eq!(page.status("ada", &fixtures::ada().password, "192.0.2.12").await, 200);
    for name in ["bob", "nobody"] {
        assert_eq!(page.status(name, "wrong", "192.0.2.13").await, 400, "{name}: let through once");
        assert_eq!(page.status(name, "wrong", "192.0.2.14").await, 429, "{name}: and counted from now");
    }
    server.advance(120);
    assert_eq!(page.status("bob", &fixtures::bob().password, "192.0.2.15").await, 200, "for its own pause");
    assert_eq!(page.status("nobody", "wrong", "192.0.2.15").await, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k_04_right_passwords_at_once_are_not_taken_for_guesses() {
    let server = server(&[]).await;
    let page = OpenPage::of(&server, Browser::new(&server)).await;
    let statuses = at_once((0..40).map(|_| (page.clone(), fixtures::ada(), "192.0.2.1".to_owned()))).await;
    assert_eq!(count(&statuses, 200), 40, "{statuses:?}");
    assert_eq!(failures(&server, "ada").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k_04_a_try_is_counted_before_it_is_hashed_and_is_hashed_though_the_browser_goes() {
    let server = server(&[("passwords.memory_kib", 131_072), ("passwords.iterations", 16)]).await;
    let page = OpenPage::of(&server, Browser::new(&server)).await;
    let trying = tokio::spawn(async move { page.status("nobody", "wrong", "192.0.2.1").await });
    while failures(&server, "nobody").await == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!trying.is_finished(), "counted while the hash runs");
    trying.abort();
    // One turn for one account: the next is decided after the first, which nobody waits for any more.
    let page = OpenPage::of(&server, Browser::new(&server)).await;
    assert_eq!(page.status("nobody", "wrong", "192.0.2.2").await, 400);
    assert_eq!(failures(&server, "nobody").await, 2);
}

#[tokio::test]
async fn k_05_a_row_is_written_for_a_hash_that_was_paid_whether_the_name_is_known_or_not() {
    let server = server(&[("limits.login_network_burst", 4), ("limits.login_address_burst", 2)]).await;
    let page = OpenPage::of(&server, Browser::new(&server)).await;
    let too_long = "x".repeat(1_025);
    for (at, (name, password, status, expected)) in [
        ("ada", "wrong", 400, 1),
        ("nobody", "wrong", 400, 2),
        ("ada", too_long.as_str(), 400, 2),
        ("nobody", too_long.as_str(), 400, 2),
        ("ada", "wrong", 429, 2),
        ("somebody", "wrong", 429, 2),
    ]
    .into_iter()
    .enumerate()
    {
        // Each from a /64 of its own, all of one /48.
        let answer = page.status(name, password, &format!("2001:db8:7:{at}::1")).await;
        assert_eq!((answer, rows(&server).await), (status, expected), "{name}");
    }
    assert_eq!(page.status("bob", &fixtures::bob().password, "2001:db8:8::1").await, 200, "another /48");
}

#[tokio::test]
async fn k_05_when_many_fail_nobody_is_refused_for_it() {
    let server = server(&[("limits.login_all_failures_per_minute", 1)]).await;
    let page = OpenPage::of(&server, Browser::new(&server)).await;
    for name in 0..5 {
        let address = format!("192.0.2.{name}");
        assert_eq!(page.status(&format!("nobody{name}"), "wrong", &address).await, 400);
    }
    let known = OpenPage::of(&server, Browser::signed_in(&server, &fixtures::bob()).await).await;
    for (page, user, address) in [
        (&page, fixtures::ada(), "198.51.100.1"),
        (&page, fixtures::ada(), "192.0.2.1"),
        (&known, fixtures::bob(), "192.0.2.2"),
    ] {
        assert_eq!(page.status(&user.username, &user.password, address).await, 200, "{address}");
    }
}

#[tokio::test]
async fn k_07_typing_errors_behind_one_address_do_not_stop_a_known_device_there() {
    let server = server(&[]).await;
    let (ada, bob) = (fixtures::ada(), fixtures::bob());
    let known = OpenPage::of(&server, Browser::signed_in(&server, &ada).await).await;
    let unknown = OpenPage::of(&server, Browser::new(&server)).await;
    let office = "192.0.2.1";
    for at in 0..10 {
        assert_eq!(unknown.status(&format!("typist{at}"), "wrong", office).await, 400);
    }
    assert_eq!(unknown.status(&ada.username, &ada.password, office).await, 429);
    assert_eq!(known.status(&bob.username, &bob.password, office).await, 429, "known to another account");
    assert_eq!(known.status(&ada.username, &ada.password, office).await, 200);
    server.set_password("ada", "a-new-and-long-password-1").await;
    assert_eq!(
        known.status("ada", "a-new-and-long-password-1", office).await,
        429,
        "known until a new password"
    );
}

#[tokio::test]
async fn k_07_pk_09_a_browser_that_a_removed_user_signed_in_with_is_unknown_to_the_next_of_that_name() {
    let server = server(&[]).await;
    let ada = fixtures::ada();
    let known = OpenPage::of(&server, Browser::signed_in(&server, &ada).await).await;
    let unknown = OpenPage::of(&server, Browser::new(&server)).await;
    let office = "192.0.2.1";
    for at in 0..10 {
        assert_eq!(unknown.status(&format!("typist{at}"), "wrong", office).await, 400);
    }
    assert_eq!(known.status(&ada.username, &ada.password, office).await, 200, "while it is theirs");
    let _removed = server.admin().remove_user(&ada.username).await.unwrap();
    let _next = server.user_under_freed_name(&ada).await;
    assert_eq!(known.status(&ada.username, &ada.password, office).await, 429);
}

#[tokio::test]
async fn k_07_lg_07_failures_on_one_device_stop_neither_another_nor_its_address() {
    let server = server(&[]).await;
    let (ada, bob) = (fixtures::ada(), fixtures::bob());
    let one = OpenPage::of(&server, Browser::signed_in(&server, &ada).await).await;
    let two = OpenPage::of(&server, Browser::signed_in(&server, &ada).await).await;
    let unknown = OpenPage::of(&server, Browser::new(&server)).await;
    for _ in 0..10 {
        assert_eq!(one.status("ada", "wrong", "192.0.2.1").await, 400);
    }
    assert_eq!(one.status("ada", &ada.password, "192.0.2.1").await, 429);
    for (page, user) in [(&two, &ada), (&unknown, &ada), (&unknown, &bob)] {
        assert_eq!(page.status(&user.username, &user.password, "192.0.2.1").await, 200);
    }
    server.advance(60);
    assert_eq!(one.status("ada", &ada.password, "192.0.2.1").await, 200, "time heals");
    server.advance(180 * 86_400);
    let late = OpenPage::of(&server, Browser::new(&server)).await;
    for _ in 0..10 {
        assert_eq!(late.status("ada", "wrong", "192.0.2.2").await, 400);
    }
    let device = two.cookies.split("; ").find(|cookie| cookie.contains("device")).unwrap();
    let cookies = format!("{}; {device}", late.cookies);
    let forgotten = OpenPage { cookies, ..late };
    assert_eq!(
        forgotten.status("ada", &ada.password, "192.0.2.3").await,
        429,
        "a device is not known for ever"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k_08_a_burst_of_eight_waits_on_one_core() {
    let server = server(&[("passwords.memory_kib", SLOW_KIB), ("passwords.queue_max", 0)]).await;
    let page = OpenPage::of(&server, Browser::new(&server)).await;
    let users: Vec<_> = (0..8).map(|at| typed(&format!("user{at}"), "a-long-and-right-password")).collect();
    for user in &users {
        let _ = server.user(user, json!({})).await;
    }
    let burst = users.iter().map(|user| (page.clone(), user.clone(), "192.0.2.1".to_owned()));
    assert_eq!(at_once(burst).await, [200; 8]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k_03_right_passwords_of_one_user_do_not_starve_others_behind_the_same_address() {
    let server = server(&[("passwords.memory_kib", SLOW_KIB)]).await;
    let page = OpenPage::of(&server, Browser::new(&server)).await;
    let users: Vec<_> = (0..12).map(|at| typed(&format!("user{at}"), "a-long-and-right-password")).collect();
    for user in &users {
        let _ = server.user(user, json!({})).await;
    }
    let done = Arc::new(AtomicUsize::new(0));
    let mut of_ada = JoinSet::new();
    for _ in 0..24 {
        let (page, ada, done) = (page.clone(), fixtures::ada(), Arc::clone(&done));
        of_ada.spawn(async move {
            assert_eq!(page.status(&ada.username, &ada.password, "192.0.2.1").await, 200);
            done.fetch_add(1, Ordering::Relaxed);
        });
    }
    let others = users.iter().map(|user| (page.clone(), user.clone(), "192.0.2.1".to_owned()));
    assert_eq!(at_once(others).await, [200; 12]);
    let before = done.load(Ordering::Relaxed);
    assert!(before <= 14, "{before} of one user came before 12 others");
    of_ada.join_all().await;
}
