//! What a stranger can learn about accounts by trying to sign in: nothing, neither from the answer nor from its time.

use std::time::Instant;

use proofkey_testkit::{Answer, AuthorizeRequest, Browser, Page, TestServer, TestUser, fixtures};
use serde_json::json;

/// The accounts that are compared; the names are equally long.
const CLASSES: [&str; 4] = ["unknown", "mistake", "closed_", "locked_"];
/// A sound server fails one round of three comparisons in about thirty; three rounds in a row, one in thirty thousand.
const ROUNDS_MAX: usize = 3;

/// Samples of each class; `PROOFKEY_TIMING_SAMPLES=2000` for the count of the requirement.
fn samples() -> usize {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let asked = std::env::var("PROOFKEY_TIMING_SAMPLES").ok().and_then(|text| text.parse().ok());
    asked.unwrap_or(200)
}

async fn attempt(browser: &Browser, page: &Page, username: &str) -> Answer {
    let form = page.form();
    let mut inputs = form.inputs;
    for (name, value) in &mut inputs {
        match name.as_str() {
            "username" => username.clone_into(value),
            "password" => "never-the-right-password".clone_into(value),
            _ => {}
        }
    }
    browser.clone().post(&form.action, &inputs).await
}

/// All that tells one answer from another, but for the name that was typed and what is random in every answer.
fn visible(answer: &Answer, username: &str) -> (u16, String, Vec<(String, String)>) {
    let headers =
        answer.headers.iter().filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), format!("{value:?}")));
    // The step is sealed anew for each page.
    let body = answer
        .body
        .split("name=\"flow\" value=\"")
        .map(|part| part.trim_start_matches(is_of_step))
        .collect::<String>();
    (answer.status, body.replace(username, "NAME"), headers.collect())
}

fn is_of_step(char: char) -> bool {
    char.is_ascii_alphanumeric() || "-_".contains(char)
}

/// The probability of a difference this large between samples of one distribution (Kolmogorov–Smirnov, two-sided).
fn same_distribution(one: &[u128], other: &[u128]) -> f64 {
    let (mut one, mut other) = (one.to_vec(), other.to_vec());
    one.sort_unstable();
    other.sort_unstable();
    let share =
        |sorted: &[u128], at: u128| sorted.partition_point(|value| *value <= at) as f64 / sorted.len() as f64;
    let gap =
        one.iter().chain(&other).map(|at| (share(&one, *at) - share(&other, *at)).abs()).fold(0.0, f64::max);
    let size = (one.len() * other.len()) as f64 / (one.len() + other.len()) as f64;
    let lambda = (size.sqrt() + 0.12 + 0.11 / size.sqrt()) * gap;
    if lambda < 0.2 {
        // The series does not converge there, and the answer is 1 to twelve digits.
        return 1.0;
    }
    let term = |k: i32| 2.0 * (-1.0_f64).powi(k - 1) * (-2.0 * f64::from(k * k) * lambda * lambda).exp();
    (1..=100).map(term).sum::<f64>().clamp(0.0, 1.0)
}

async fn prepare(samples: usize) -> (TestServer, Browser, Page) {
    // The limits are as much larger as there are more samples: no sample waits, and only the locked account is locked.
    let factor = (2 * samples).div_ceil(100);
    let server = TestServer::builder()
        .set("limits.factor", factor)
        .set("limits.login_address_burst", 100_000)
        .set("limits.login_account_burst", 1_000)
        .start()
        .await;
    let user = |name: String| TestUser { username: name, password: "a-long-and-right-password".into() };
    for round in 0..ROUNDS_MAX {
        for class in ["mistake", "closed_", "locked_"] {
            let _ = server.user(&user(format!("{class}{round}")), json!({})).await;
        }
        server.disable_user(&user(format!("closed_{round}")), true).await;
    }
    let mut browser = Browser::new(&server);
    let page = browser.authorize(&AuthorizeRequest::new(&fixtures::web())).await.page();
    for _ in 0..100 * factor {
        let _ = attempt(&browser, &page, "locked_0").await;
    }
    let outcome = browser.clone().sign_in(&page, &user("locked_0".into())).await.page();
    assert!(outcome.is_sign_in(), "the right password does not open a locked account");
    (server, browser, page)
}

#[tokio::test]
async fn lg_08_v_60_unknown_wrong_disabled_and_locked_are_one_answer_in_one_time() {
    let samples = samples();
    let (server, browser, page) = prepare(samples).await;
    let mut told = Vec::new();
    for round in 0..ROUNDS_MAX {
        let name = |class: usize| match CLASSES[class] {
            "locked_" => "locked_0".to_owned(),
            class => format!("{class}{round}"),
        };
        let mut times: [Vec<u128>; 4] = Default::default();
        for sample in 0..samples {
            // Interleaved, each class as often first as last: whatever else the machine does falls on all alike.
            for turn in 0..CLASSES.len() {
                let class = (sample + turn) % CLASSES.len();
                let started = Instant::now();
                let answer = attempt(&browser, &page, &name(class)).await;
                times[class].push(started.elapsed().as_nanos());
                let seen = visible(&answer, &name(class));
                let first = told.first().cloned().unwrap_or_else(|| seen.clone());
                assert_eq!(seen, first, "{} differs from the others", CLASSES[class]);
                told = vec![first];
            }
        }
        let chances: Vec<f64> = (0..CLASSES.len())
            .filter(|class| *class != 1)
            .map(|class| same_distribution(&times[1], &times[class]))
            .collect();
        let medians = times.clone().map(|mut times| {
            times.sort_unstable();
            times[samples / 2] / 1_000
        });
        println!(
            "round {round}, {samples} samples each: p of unknown, disabled, locked against wrong: {chances:.3?}; \
             medians of all in µs: {medians:?}"
        );
        if chances.iter().all(|chance| *chance > 0.01) {
            assert_eq!((told[0].0, browser.jar.find("sid").is_none()), (400, true));
            drop(server);
            return;
        }
    }
    panic!("the time of an answer tells what kind of account it is about");
}

#[test]
fn the_comparison_can_fail() {
    let steady: Vec<u128> = (0..200).map(|at| 1_000 + at % 50).collect();
    let slower: Vec<u128> = steady.iter().map(|at| at + 15).collect();
    assert!(same_distribution(&steady, &steady) > 0.99);
    assert!(same_distribution(&steady, &slower) < 0.01);
}
