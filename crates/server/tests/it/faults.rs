//! What a server answers that cannot write: never success, never half of anything.

use std::sync::Arc;

use proofkey_testkit::{Answer, AuthorizeRequest, Browser, Engine, TestServer, Tokens, fixtures};
use tokio::task::JoinSet;

use crate::support::consented;

const SCOPE: &str = "openid offline_access notes:read";

fn check_fault(answer: &Answer, status: u16, error: &str, what: &str) {
    assert_eq!(answer.refusal(), (status, error.to_owned()), "{what}: {answer:?}");
    for word in
        ["access_token", "refresh_token", "id_token", "SQLite", "SQL", "proofkey.db", "trigger", "panicked"]
    {
        assert!(!answer.body.contains(word), "{what}: {word} in {}", answer.body);
    }
    let id = answer.json()["error_id"].as_str().unwrap_or_default().to_owned();
    assert!(id.starts_with("pk-"), "{what} can be found in the log");
}

#[tokio::test]
async fn rv_04_v_31_a_store_that_cannot_write_is_a_503_and_never_a_200() {
    let server = Arc::new(TestServer::start().await);
    let mut grants = Vec::new();
    for client in fixtures::user_clients() {
        grants.push((client.clone(), server.tokens(&client, SCOPE).await));
    }
    // Held until nobody waits any more, by another process.
    let other = server.sibling().await;
    let lock = match server.engine() {
        Engine::Sqlite => "BEGIN IMMEDIATE",
        Engine::Postgres => "BEGIN; LOCK TABLE grants, revoked_tokens IN SHARE MODE",
    };
    other.execute(lock).await;
    let mut answers = JoinSet::new();
    for (client, tokens) in grants.clone() {
        for token in [tokens.access_token, tokens.refresh_token] {
            let (server, client) = (Arc::clone(&server), client.clone());
            answers.spawn(async move { (server.revoke(&client, &token).await, client.id) });
        }
    }
    for (answer, client) in answers.join_all().await {
        check_fault(&answer, 503, "temporarily_unavailable", &client);
        assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1), "{client}");
    }
    other.execute("ROLLBACK").await;
    for (client, tokens) in &grants {
        assert_eq!(server.userinfo(&tokens.access_token).await.status, 200, "nothing was half revoked");
        assert_eq!(server.revoke(client, &tokens.refresh_token).await.status, 200, "it goes on by itself");
        assert_eq!(server.userinfo(&tokens.access_token).await.status, 401);
    }
}

/// The writes that are made an error of a kind that no rule knows.
const REFUSED_WRITES: [(&str, &str); 10] = [
    ("INSERT", "grants"),
    ("UPDATE", "grants"),
    ("INSERT", "sessions"),
    ("UPDATE", "sessions"),
    ("DELETE", "sessions"),
    ("INSERT", "consents"),
    ("UPDATE", "consents"),
    ("INSERT", "code_failures"),
    ("INSERT", "revoked_tokens"),
    ("INSERT", "sign_in_failures"),
];

/// What refuses the writes, and what allows them again.
fn refusing(engine: Engine) -> (String, String) {
    let refuse = |(write, table): (&str, &str)| match engine {
        Engine::Sqlite => {
            format!(
                "CREATE TRIGGER {table}_{write} BEFORE {write} ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END;"
            )
        }
        Engine::Postgres => {
            format!("CREATE TRIGGER {table}_{write} BEFORE {write} ON {table} EXECUTE FUNCTION refuse();")
        }
    };
    let allow = |(write, table): (&str, &str)| match engine {
        Engine::Sqlite => format!("DROP TRIGGER {table}_{write};"),
        Engine::Postgres => format!("DROP TRIGGER {table}_{write} ON {table};"),
    };
    let first = match engine {
        Engine::Sqlite => "",
        Engine::Postgres => {
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;"
        }
    };
    let all = |made: &dyn Fn((&'static str, &'static str)) -> String| -> String {
        REFUSED_WRITES.into_iter().map(made).collect()
    };
    (format!("{first}{}", all(&refuse)), all(&allow))
}

#[tokio::test]
async fn ht_08_without_a_durable_commit_there_is_no_token_no_code_and_no_session() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let request = AuthorizeRequest::new(&web).set("scope", SCOPE);
    let mut signed_in = consented(&server, &web).await;
    let code = server.code_by(&mut signed_in, &request, &fixtures::ada()).await;
    let tokens = server.tokens(&web, SCOPE).await;
    let replayed = server.code(&web, SCOPE).await;
    let of_replayed = Tokens::of(&server.redeem(&web, &replayed).await);
    let mut stranger = Browser::new(&server);
    let sign_in = stranger.authorize(&request).await.page();
    let consent = signed_in.authorize(&AuthorizeRequest::new(&fixtures::spa())).await.page();
    let other = server.sibling().await;
    let (refuse, allow) = refusing(server.engine());
    other.execute(&refuse).await;

    check_fault(&server.redeem(&web, &code).await, 500, "server_error", "a code");
    check_fault(&server.refresh(&web, &tokens.refresh_token).await, 500, "server_error", "a refresh token");
    check_fault(
        &server.redeem(&web, &replayed).await,
        500,
        "server_error",
        "a replay whose grant cannot be revoked",
    );
    let mut guess = code.form();
    guess[3].1 = "a-verifier-that-is-long-enough-but-not-the-right-one";
    check_fault(&server.token(&web, &guess).await, 500, "server_error", "a guess that cannot be counted");
    for token in [&tokens.access_token, &tokens.refresh_token] {
        let answer = server.revoke(&web, token).await;
        check_fault(&answer, 503, "temporarily_unavailable", "a revocation");
        assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1));
    }
    let wrong = proofkey_testkit::TestUser { password: "wrong".into(), ..fixtures::ada() };
    let pages = [
        stranger.sign_in(&sign_in, &fixtures::ada()).await.page(),
        stranger.sign_in(&sign_in, &wrong).await.page(),
        signed_in.allow(&consent).await.page(),
        signed_in.open(&format!("/end-session?id_token_hint={}", tokens.id_token)).await.page(),
    ];
    for page in pages {
        assert_eq!((page.status, page.error_code().as_str()), (500, "server_error"), "{}", page.path);
        for word in ["code=", "SQL", "trigger", "proofkey.db"] {
            assert!(!page.html.contains(word), "{} shows {word}", page.path);
        }
    }
    assert!(stranger.jar.find("sid").is_none(), "no session cookie");
    assert!(signed_in.jar.find("sid").is_some(), "no page claims a sign-out that was not written");
    for path in ["/jwks", "/.well-known/openid-configuration"] {
        assert_eq!(server.get(path, &[]).await.status, 200, "{path} needs no write");
    }
    assert!(server.is_active(&web, &tokens.access_token).await);

    other.execute(&allow).await;
    let _ = Tokens::of(&server.redeem(&web, &code).await);
    let _ = Tokens::of(&server.refresh(&web, &tokens.refresh_token).await);
    assert_eq!(server.redeem(&web, &replayed).await.refusal(), (400, "invalid_grant".into()));
    assert!(!server.is_active(&web, &of_replayed.access_token).await, "the replay counts once it can");
    let _ = stranger.sign_in(&sign_in, &fixtures::ada()).await;
    assert!(stranger.jar.find("sid").is_some(), "and people sign in again");
}
