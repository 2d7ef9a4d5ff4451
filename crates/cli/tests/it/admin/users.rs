//! Users, and what they have allowed.

use proofkey_protocol::{ClientId, Commit, Committed, ConsentFacts, UserId};
use proofkey_store::{Options, Store};
use serde_json::json;

use super::support::{Installation, PASSWORD, web_client};

#[test]
fn lg_16_there_are_no_users_until_one_is_added_with_its_claims() {
    let installation = Installation::new();
    assert_eq!(installation.json(&["user", "list"], ""), json!([]));
    assert!(installation.text(&["user", "list"]).contains("No users yet"));
    installation.write("claims.json", r#"{"nickname": "A", "name": "From the file"}"#);
    let added = installation.json(
        &[
            "user",
            "add",
            "--username",
            "Ada",
            "--email",
            "ada@example.com",
            "--name",
            "Ada Lovelace",
            "--given-name",
            "Ada",
            "--address",
            r#"{"country": "GB"}"#,
            "--phone-number-verified",
            "--claims",
            "claims.json",
            "--password-stdin",
        ],
        &format!("{PASSWORD}\n"),
    );
    assert_eq!((&added["username"], &added["has_password"]), (&json!("Ada"), &json!(true)));
    let claims = &added["claims"];
    assert_eq!((&claims["name"], &claims["nickname"]), (&json!("Ada Lovelace"), &json!("A")));
    assert_eq!(
        (&claims["address"]["country"], &claims["phone_number_verified"]),
        (&json!("GB"), &json!(true))
    );
    assert_eq!(claims.get("email_verified"), None, "only when the operator says so");
    assert!(!added.to_string().contains("argon2"), "no hash is shown");

    assert!(installation.text(&["user", "list"]).contains("ada@example.com"));
    assert_eq!(installation.json(&["user", "disable", "ADA"], "")["disabled"], true);
    assert_eq!(installation.json(&["user", "list"], "")[0]["disabled"], true);
    assert_eq!(installation.json(&["user", "enable", "ada"], "")["disabled"], false);
    let set =
        installation.json(&["user", "set-password", "ada", "--password-stdin"], "another long passphrase\n");
    assert_eq!(set["password_set"], true);
}

#[test]
fn k_16_a_user_is_unlocked_and_signed_out_by_a_name_that_exists() {
    let installation = Installation::new();
    installation.add_user("ada");
    assert_eq!(installation.json(&["user", "unlock", "ADA"], "")["unlocked"], true);
    let signed_out = installation.json(&["user", "sign-out", "Ada"], "");
    assert_eq!((&signed_out["signed_out"], &signed_out["grants_revoked"]), (&json!(true), &json!(false)));
    assert_eq!(installation.json(&["user", "sign-out", "ada", "--grants"], "")["grants_revoked"], true);
    for (command, says) in [
        (&["user", "sign-out", "ada"][..], "apps that keep their own tokens go on"),
        (&["user", "sign-out", "ada", "--grants"], "every app"),
    ] {
        let text = installation.text(command);
        assert!(text.contains(says) && text.contains("when they expire"), "{text}");
    }
    for command in ["unlock", "sign-out"] {
        installation.refused(&["user", command, "bob"], "", 1, &["there is no user bob", "user list"]);
    }
    // When APIs follow stands in the help of each command that ends tokens.
    for command in [["user", "sign-out"], ["client", "revoke-grants"]] {
        let help = installation.text(&[&command[..], &["--help"]].concat());
        assert!(help.contains("until they expire"), "{help}");
    }
}

#[test]
fn users_that_cannot_be_are_refused() {
    let installation = Installation::new();
    installation.add_user("ada");
    let add = |name: &'static str, more: &[&'static str]| -> Vec<&'static str> {
        [&["user", "add", "--username", name, "--password-stdin"][..], more].concat()
    };
    installation.refused(&add("ADA", &[]), PASSWORD, 1, &["user ADA exists already", "set-password"]);
    installation.refused(&add("bob", &[]), "short", 1, &["password cannot be used", "15"]);
    let known = "correct horse battery staple";
    installation.refused(&add("bob", &[]), known, 1, &["password cannot be used", "tried first"]);
    let ours = "id.example-id.example\n";
    installation.refused(&add("bob", &[]), ours, 1, &["password cannot be used", "name of this service"]);
    installation.refused(&add("bob", &[]), "\n", 1, &["standard input holds no password"]);
    installation.refused(&add("bob", &[]), &"a b".repeat(500), 1, &["at most 1024 bytes"]);
    installation.refused(&add(" ", &[]), PASSWORD, 1, &["a username is"]);
    installation.refused(&add("bob", &["--address", "[]"]), PASSWORD, 2, &["--address", "JSON object"]);
    installation.refused(&add("bob", &["--name", ""]), PASSWORD, 1, &["claim `name`"]);
    installation.refused(&add("bob", &["--claims", "-"]), PASSWORD, 1, &["--claims", "name a file"]);
    installation.refused(&add("bob", &["--claims", "none.json"]), PASSWORD, 1, &["none.json"]);
    installation.write("claims.json", r#"{"role": "admin"}"#);
    installation.refused(
        &add("bob", &["--claims", "claims.json"]),
        PASSWORD,
        1,
        &["`role` is not a standard claim"],
    );
    installation.refused(
        &["user", "add", "--username", "bob"],
        PASSWORD,
        1,
        &["no terminal", "--password-stdin"],
    );
    for command in ["disable", "enable"] {
        installation.refused(&["user", command, "bob"], "", 1, &["there is no user bob", "user list"]);
    }
    installation.refused(
        &["user", "set-password", "bob", "--password-stdin"],
        PASSWORD,
        1,
        &["there is no user bob"],
    );
    installation.refused(
        &["user", "set-password", "ada", "--password-stdin"],
        "short",
        1,
        &["password cannot be used"],
    );
    assert_eq!(installation.json(&["user", "list"], "").as_array().unwrap().len(), 1);
}

#[test]
fn ht_07_no_secret_is_taken_as_an_argument_or_repeated_in_a_message() {
    let installation = Installation::new();
    let add = ["user", "add", "--username", "bob"];
    for given in [&["--password", "canary-0123456789"][..], &["--password=canary-0123456789"]] {
        let stderr = installation.refused(&[&add[..], given].concat(), "", 2, &["--password"]);
        assert!(!stderr.contains("canary"), "{stderr}");
    }
    let metadata = r#"{"client_secret": "canary-0123456789"}"#;
    let stderr = installation.refused(&["client", "add", metadata], "", 1, &["standard input"]);
    assert!(!stderr.contains("canary"), "{stderr}");
    let stderr = installation.refused(
        &["client", "add", "-"],
        r#"{"client_secret": 4711471147114711}"#,
        1,
        &["client_secret"],
    );
    assert!(!stderr.contains("4711"), "{stderr}");
    let rejected = [&add[..], &["--password-stdin"]].concat();
    let stderr = installation.refused(&rejected, "canary", 1, &["password cannot be used"]);
    assert!(!stderr.contains("canary"), "{stderr}");
}

/// What the consent page writes: there is no command that allows anything in a user's name.
fn give_consent(installation: &Installation, subject: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&installation.path("data/proofkey.db"), &Options::default()).unwrap();
        let after = ConsentFacts::parse("0 1790000000 openid email").unwrap();
        let (user, client) = (UserId::new(subject), ClientId::new("shop"));
        let given = Commit::GiveConsent { user, client, before: None, after };
        assert_eq!(store.commit(given).await, Ok(Committed::Applied));
        store.close().await;
    });
}

#[test]
fn a_consent_is_listed_with_names_and_withdrawn_once() {
    let installation = Installation::new();
    let subject = installation.add_user("ada")["sub"].as_str().unwrap().to_owned();
    installation.add_client(&web_client());
    give_consent(&installation, &subject);
    let consents = installation.json(&["consent", "list"], "");
    let expected = json!([{
        "username": "ada", "sub": subject, "client_id": "shop", "resource": null, "scope": "openid email", "since": "2026-09-21T14:13:20Z",
    }]);
    assert_eq!(consents, expected);
    assert_eq!(installation.json(&["consent", "list", "--client", "other"], ""), json!([]));
    let revoke = ["consent", "revoke", "--user", "Ada", "--client", "shop"];
    assert_eq!(installation.json(&revoke, "")["revoked"], true);
    assert_eq!(installation.json(&["consent", "list"], ""), json!([]));
    installation.refused(&revoke, "", 1, &["there is no consent of Ada", "consent list"]);
}

#[test]
fn consents_are_listed_and_withdrawn_by_names_that_exist() {
    let installation = Installation::new();
    installation.add_user("ada");
    installation.add_client(&web_client());
    assert_eq!(installation.json(&["consent", "list", "--user", "ada", "--client", "shop"], ""), json!([]));
    assert!(installation.text(&["consent", "list"]).contains("No consent"));
    installation.refused(
        &["consent", "list", "--user", "bob"],
        "",
        1,
        &["there is no user bob", "user list"],
    );
    installation.refused(
        &["consent", "revoke", "--user", "bob", "--client", "shop"],
        "",
        1,
        &["there is no user bob"],
    );
    installation.refused(
        &["consent", "revoke", "--user", "ada", "--client", "shop"],
        "",
        1,
        &["there is no consent of ada"],
    );
    installation.refused(&["consent", "revoke", "--user", "ada"], "", 2, &["--client"]);
}

#[test]
fn pk_09_a_user_is_edited_by_what_is_named_and_removed_for_good() {
    let installation = Installation::new();
    let add = [
        "user",
        "add",
        "--username",
        "ada",
        "--password-stdin",
        "--name",
        "Ada",
        "--email",
        "a@a.example",
        "--email-verified",
    ];
    let sub = installation.json(&add, PASSWORD)["sub"].clone();
    let edited =
        installation.json(&["user", "edit", "ADA", "--name", "Ada King", "--email", "k@a.example"], "");
    assert_eq!((&edited["sub"], &edited["claims"]["name"]), (&sub, &json!("Ada King")));
    assert_eq!(edited["claims"].get("email_verified"), None, "another address is no verified one");
    let edited =
        installation.json(&["user", "edit", "ada", "--remove-claim", "email", "--nickname", "A"], "");
    assert_eq!((edited["claims"].get("email"), &edited["claims"]["nickname"]), (None, &json!("A")));
    installation.refused(&["user", "edit", "ada"], "", 2, &["--email", "--remove-claim"]);
    for (more, words) in [
        (&["--remove-claim", "role"][..], &["--remove-claim", "`role`"][..]),
        (&["--remove-claim", "email"], &["--remove-claim", "`email`"]),
        (&["--remove-claim", "updated_at"], &["`updated_at`", "every edit"]),
        (&["--remove-claim", "nickname", "--nickname", "B"], &["`nickname`", "the same edit"]),
    ] {
        installation.refused(&[&["user", "edit", "ada"][..], more].concat(), "", 1, words);
    }
    assert_eq!(
        installation.json(&["user", "list"], "")[0]["claims"],
        edited["claims"],
        "nothing was written"
    );
    installation.refused(
        &["user", "edit", "bob", "--name", "Bob"],
        "",
        1,
        &["there is no user bob", "user list"],
    );

    installation.add_client(&web_client());
    give_consent(&installation, sub.as_str().unwrap());
    assert!(installation.text(&["user", "remove", "--help"]).contains("until they expire"));
    let removed = installation.json(&["user", "remove", "Ada"], "");
    assert_eq!((&removed["removed"], &removed["sub"]), (&json!(true), &sub));
    assert_eq!(installation.json(&["user", "list"], ""), json!([]));
    assert_eq!(installation.json(&["consent", "list"], ""), json!([]));
    for command in
        [&["user", "remove", "ada"][..], &["user", "enable", "ada"], &["user", "edit", "ada", "--name", "A"]]
    {
        installation.refused(command, "", 1, &["there is no user ada", "user list"]);
    }
    let again = ["user", "add", "--username", "ADA", "--password-stdin"];
    installation.refused(&again, PASSWORD, 1, &["who was removed", "--reuse-name", "removed at 20"]);
    let other = installation.json(&[&again[..], &["--reuse-name"]].concat(), PASSWORD);
    assert_ne!(other["sub"], sub);
    installation.refused(&[&again[..], &["--reuse-name"]].concat(), PASSWORD, 1, &["exists already"]);
    installation.refused(&again, PASSWORD, 1, &["exists already"]);
    assert!(installation.text(&["user", "remove", "ada"]).contains("have ended"));
    installation.refused(&again, PASSWORD, 1, &["--reuse-name"]);
}
