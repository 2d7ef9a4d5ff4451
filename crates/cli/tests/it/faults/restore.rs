//! Row F-33: a backup is made under load, the server goes on, and later the backup is put in its place. Nothing of what was given
//! before works any more, revoked or not, not even what the backup holds as live; what is given from then on does.

use std::path::Path;

use proofkey_testkit::{AuthorizeRequest, Browser, TestClient, TestServer, Tokens, fixtures};

use super::load::{CODES, Given, History, SCOPE, codes, load, refresh};
use super::switch::{cycles, next, seed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f_33_st_13_of_a_backup_that_was_made_under_load_nothing_comes_back_that_was_given_or_revoked() {
    let _alone = crate::ALONE.lock().await;
    let command = Path::new(env!("CARGO_BIN_EXE_proofkey"));
    let (web, cycles) = (fixtures::web(), cycles("PROOFKEY_CYCLES", 3));
    let builder = TestServer::builder().sqlite().set("limits.factor", 1000);
    let mut server = builder.start_process(command).await;
    let backup = server.data().with_file_name("backup");
    let to = backup.display().to_string();
    let (mut history, mut dice, mut ended) = (History::default(), seed(), 0);
    for _ in 0..cycles {
        dice = next(dice);
        let mut browser = Browser::new(&server);
        let request = AuthorizeRequest::new(&web).set("scope", SCOPE);
        let _ = browser.complete(&request, &fixtures::ada()).await;
        let kept = given(&server, &browser, &web).await;
        // Before the backup, beside it, and after it.
        for is_beside in [false, true, false] {
            let sent = load(&server, &web, codes(&server, &browser, &web).await, &mut history, dice);
            if is_beside {
                let made = server.command(&["backup", "--to", &to]);
                assert!(made.status.success(), "{made:?}");
            }
            history.note_all(sent).await;
            history.verify(&server, &web).await;
        }
        let unspent = codes(&server, &browser, &web).await;
        use_some(&kept, &server, &web).await;
        assert!(server.terminate().await.success());
        let restored = server.command(&["restore", "--from", &to, "--replace"]);
        assert!(restored.status.success(), "{restored:?}");
        std::fs::remove_file(&backup).unwrap();
        server.start_again().await;
        for given in [kept, Given { codes: unspent, tokens: Vec::new() }, history.forget()] {
            ended += given.has_ended(&server, &web).await;
        }
    }
    println!("counted: {}, {ended} tokens and codes refused after a restore", history.counts);
    println!("cycles done: {cycles}");
    assert!(ended > 0);
}

/// Codes, and as many tokens, that nobody has used yet.
async fn given(server: &TestServer, browser: &Browser, web: &TestClient) -> Given {
    let mut given = Given { codes: codes(server, browser, web).await, tokens: Vec::new() };
    for code in given.codes.split_off(CODES / 2) {
        given.tokens.push(Tokens::of(&server.redeem(web, &code).await).refresh_token);
    }
    given
}

/// After the backup, which holds all of them as live, some of them are used or revoked. Each is accepted until then, and the others
/// would be.
async fn use_some(given: &Given, server: &TestServer, web: &TestClient) {
    for code in given.codes.iter().step_by(2) {
        assert_eq!(server.redeem(web, code).await.status, 200);
    }
    for (at, token) in given.tokens.iter().enumerate() {
        let answer = match at % 3 {
            0 => continue,
            1 => server.token(web, &refresh(token)).await,
            _ => server.revoke(web, token).await,
        };
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}
