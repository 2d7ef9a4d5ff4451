//! `explain`, beside a server that runs and after it.

use proofkey_testkit::{TestServer, fixtures};

use super::support::Installation;

#[test]
fn pk_08_an_unknown_id_is_said_to_be_unknown_and_why_it_may_be() {
    let installation = Installation::new();
    let id = "pk-0000-0000";
    let words = ["there is no recorded refusal", id, "7 days", "log.record_refusals"];
    installation.refused(&["explain", id], "", 1, &words);
    installation.refused(
        &["explain", "gibberish"],
        "",
        2,
        &["gibberish", "that is no error id", "pk-7Q4M-2XKD"],
    );
    installation.refused(&["explain"], "", 2, &["ERROR_ID"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pk_08_sqlite_what_a_running_server_refused_is_explained_by_the_command() {
    let server = TestServer::builder().sqlite().system_clock().sealing_key_in_file().start().await;
    let refused = server.token(&fixtures::spa(), &[("grant_type", "password")]).await.json();
    let installation = Installation::empty();
    let folder = server.data();
    installation.write(
        "proofkey.toml",
        &format!(
            "issuer = {:?}\n[store]\ndata = {:?}\n[keys]\nsealing_key_file = {:?}\n",
            server.issuer,
            folder.display().to_string(),
            folder.with_file_name("sealing.key").display().to_string()
        ),
    );
    let id = refused["error_id"].as_str().unwrap().to_owned();
    let (json, text) = tokio::task::spawn_blocking(move || {
        (installation.json(&["explain", &id], ""), installation.text(&["explain", &id.to_lowercase()]))
    })
    .await
    .unwrap();
    for (member, shown) in [
        ("error_id", "error_id"),
        ("error_rule", "rule"),
        ("error_fix", "fix"),
        ("error_standard", "standard"),
    ] {
        assert_eq!(refused[member], json[shown], "{member}");
        assert!(text.contains(refused[member].as_str().unwrap()), "{text}");
    }
    assert_eq!((json["client_id"].as_str(), json["status"].as_u64()), (Some("spa"), Some(400)));
}
