//! Row F-30: one of two servers on one PostgreSQL database stands still, as a machine does that is short of something, and goes on.

use std::ops::Range;
use std::time::Duration;

use proofkey_testkit::{AuthorizeRequest, Browser, TestServer, Tokens, fixtures};
use tokio::task::JoinSet;

use super::balancer::two_processes;
use super::load::SCOPE;
use super::switch::{cycles, next, seed};

/// How long it stands still.
const PAUSE_MILLIS: Range<u64> = 100..3_000;

/// Connections that were closed in the moment in which they were used again, of twenty.
const UNANSWERED_MAX: usize = 3;

/// What the other node did while this one stood still counts: every write depends on the row as it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_30_a_node_that_stood_still_writes_nothing_by_what_it_knew_before() {
    let _alone = crate::ALONE.lock().await;
    let builder = || TestServer::builder().set("limits.factor", 1_000);
    let [one, paused] = two_processes(builder).await;
    let web = fixtures::web();
    let mut browser = Browser::new(&one);
    let request = AuthorizeRequest::new(&web).set("scope", SCOPE);
    let (mut dice, cycles, mut won, mut unknown) = (seed(), cycles("PROOFKEY_CYCLES", 6), (0, 0), 0);
    for _ in 0..cycles {
        dice = next(dice);
        let ended =
            Tokens::of(&one.redeem(&web, &one.code_by(&mut browser, &request, &fixtures::ada()).await).await);
        let raced = one.code_by(&mut browser, &request, &fixtures::ada()).await;
        // Some of these are under way when it stops.
        let mut attempts = JoinSet::new();
        for at in 0..20_usize {
            let answer = if at.is_multiple_of(2) { &one } else { &paused }.try_token(&web, &raced.form());
            // A connection that lay idle may be closed in the moment in which it is taken: such a request has no answer.
            attempts.spawn(async move { (at % 2, answer.await.map(|answer| answer.status)) });
        }
        tokio::time::sleep(Duration::from_micros(dice % 30_000)).await;
        paused.pause();
        let late = tokio::spawn(
            paused
                .try_token(&web, &[("grant_type", "refresh_token"), ("refresh_token", &ended.refresh_token)]),
        );
        assert_eq!(one.revoke(&web, &ended.refresh_token).await.status, 200);
        tokio::time::sleep(Duration::from_millis(
            PAUSE_MILLIS.start + dice % (PAUSE_MILLIS.end - PAUSE_MILLIS.start),
        ))
        .await;
        paused.resume();
        let mut late = late.await.unwrap().unwrap();
        if late.status == 503 {
            // What it waited for was too long ago: it asks for another try, which is judged by what holds now.
            late = paused.refresh(&web, &ended.refresh_token).await;
        }
        assert_eq!(
            late.refusal(),
            (400, "invalid_grant".into()),
            "it was revoked while that node stood still"
        );
        let answers = attempts.join_all().await;
        let winners: Vec<usize> =
            answers.iter().filter(|(_, status)| *status == Some(200)).map(|(node, _)| *node).collect();
        let unanswered = answers.iter().filter(|(_, status)| status.is_none()).count();
        match winners.as_slice() {
            [winner] => {
                won.0 += winner;
                won.1 += 1;
            }
            [] => assert!(unanswered > 0, "{answers:?}"),
            _ => panic!("{answers:?}"),
        }
        unknown += unanswered;
        assert!(unanswered <= UNANSWERED_MAX, "{answers:?}");
        let known = [200, 400, 503];
        assert!(
            answers.iter().all(|(_, status)| status.is_none_or(|status| known.contains(&status))),
            "{answers:?}"
        );
    }
    assert!(won.1 * 10 >= cycles * 9, "{won:?} of {cycles}");
    println!(
        "counted: {} codes redeemed once, {} of them on the node that stood still, {unknown} unanswered",
        won.1, won.0
    );
    println!("cycles done: {cycles}");
}
