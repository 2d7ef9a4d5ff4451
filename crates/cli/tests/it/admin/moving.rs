//! `db`, `backup`, `restore` and `upgrade`, as an operator runs them.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use super::support::{Installation, web_client};

/// The database of an installation.
const DATABASE: &str = "data/proofkey.db";

/// An installation with a user and a client.
fn filled() -> Installation {
    let installation = Installation::new();
    installation.add_user("ada");
    installation.add_client(&web_client());
    installation
}

fn names(installation: &Installation) -> Vec<String> {
    let listed = installation.json(&["user", "list"], "");
    listed.as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect()
}

/// The oldest installation that is kept, in place of its database.
fn of_the_first_release() -> Installation {
    let installation = Installation::new();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/museum/0.1.0-first/data/proofkey.db");
    std::fs::create_dir(installation.path("data")).unwrap();
    std::fs::copy(kept, installation.path(DATABASE)).unwrap();
    std::fs::set_permissions(installation.path(DATABASE), std::fs::Permissions::from_mode(0o600)).unwrap();
    installation
}

#[test]
fn st_12_a_database_is_copied_once_and_one_side_serves_and_the_way_back_is_asked_for() {
    let installation = filled();
    let copy = ["db", "copy", "--from", "data", "--to", "elsewhere/proofkey.db"];
    let copied = installation.json(&copy, "");
    assert_eq!((&copied["changed"], &copied["resumed"]), (&json!(true), &json!(false)));
    let rows = |table: &str| {
        let tables = copied["tables"].as_array().unwrap();
        tables.iter().find(|entry| entry["table"] == table).unwrap()["rows"].clone()
    };
    assert_eq!((rows("users"), rows("clients")), (json!(1), json!(1)));
    let again = installation.text(&copy);
    assert!(again.contains("was copied to") && again.contains("nothing was changed"), "{again}");
    installation.refused(
        &["user", "list"],
        "",
        1,
        &["it was copied to /", "elsewhere/proofkey.db", "db reopen"],
    );
    installation.refused(&["serve"], "", 1, &["it was copied to"]);
    let to_a_full_one = ["db", "copy", "--from", "elsewhere/proofkey.db", "--to", "data"];
    installation.refused(&to_a_full_one, "", 1, &["it was copied to /"]);
    installation.refused(&["db", "reopen", "--at", "data"], "", 2, &["--forget-copy"]);
    installation.text(&["db", "reopen", "--at", "data", "--forget-copy"]);
    assert_eq!(names(&installation), ["ada"]);
    installation.refused(&["db", "reopen", "--at", "data", "--forget-copy"], "", 1, &["no side of a copy"]);
    installation.refused(&copy, "", 1, &["it is not empty: the table users has rows"]);
    installation.refused(&["db", "copy", "--from", "none", "--to", "new"], "", 1, &["there is no database"]);
    installation.refused(
        &["db", "copy", "--from", "proofkey.toml", "--to", "new"],
        "",
        2,
        &["is no database of SQLite"],
    );
}

#[test]
fn f_33_a_restore_says_what_it_replaces_and_what_cannot_be_known() {
    let installation = filled();
    let made = installation.json(&["backup", "--to", "backup"], "");
    assert_eq!(made["bytes"], json!(std::fs::metadata(installation.path("backup")).unwrap().len()));
    installation.refused(&["backup", "--to", "backup"], "", 1, &["backup"]);
    installation.add_user("bob");
    let other = "another-tangle-orchid-viaduct";
    installation.json(&["user", "set-password", "ada", "--password-stdin"], other);
    installation.json(&["client", "remove", "shop"], "");
    let refused =
        installation.refused(&["restore", "--from", "backup"], "", 1, &["--replace", "2 users, 0 clients"]);
    let since = "changed passwords: ada; removed clients: shop";
    assert!(refused.contains(DATABASE) && refused.contains(since), "{refused}");
    assert_eq!(names(&installation), ["ada", "bob"]);
    let said = installation.text(&["restore", "--from", "backup", "--replace"]);
    let made_at = made["made_at"].as_str().unwrap();
    for told in [
        &format!("as of {made_at}: 1 users, 1 clients"),
        &format!("What was changed after {made_at} cannot be known"),
        "passwords that were changed",
        "users that were disabled",
        "consents that were withdrawn",
        "signing keys that were revoked",
        "is kept as",
        since,
        "everybody signs in again",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    assert_eq!(names(&installation), ["ada"]);
    // The one that was replaced is whole, and can be restored itself.
    let kept = std::fs::read_dir(installation.path("data")).unwrap().map(|entry| entry.unwrap().path());
    let kept = kept.filter(|path| path.display().to_string().contains(".replaced-")).collect::<Vec<_>>();
    let [kept] = &kept[..] else { panic!("{kept:?}") };
    let back = installation.json(&["restore", "--replace", "--from", kept.to_str().unwrap()], "");
    assert_eq!((&back["users"], &back["is_backup"]), (&json!(2), &json!(false)));
    assert_eq!(names(&installation), ["ada", "bob"]);
}

#[test]
fn st_14_what_the_operator_names_is_ended_before_anybody_serves() {
    let installation = filled();
    installation.add_user("eve");
    installation.text(&["backup", "--to", "backup"]);
    std::fs::remove_file(installation.path(DATABASE)).unwrap();
    let take_away = [
        "--disable-user",
        "Ada",
        "--remove-user",
        "Eve",
        "--remove-client",
        "shop",
        "--revoke-keys",
        "--end-consents",
    ];
    let restored = installation.json(&[&["restore", "--from", "backup"][..], &take_away].concat(), "");
    let unknown = restored["unknown"].to_string();
    assert!(!unknown.contains("signing keys") && !unknown.contains("consents"), "{unknown}");
    let users = installation.json(&["user", "list"], "");
    assert_eq!((users.as_array().unwrap().len(), &users[0]["disabled"]), (1, &json!(true)));
    assert_eq!(installation.json(&["client", "list"], ""), json!([]));
    std::fs::remove_file(installation.path(DATABASE)).unwrap();
    let unknown = ["restore", "--from", "backup", "--disable-user", "nobody"];
    installation.refused(&unknown, "", 1, &["nobody"]);
    assert!(!installation.path(DATABASE).exists(), "nothing is put in place by halves");
    let left: Vec<_> = std::fs::read_dir(installation.path("data")).unwrap().collect();
    assert!(left.iter().all(|entry| !format!("{entry:?}").contains("restoring")), "{left:?}");
}

#[test]
fn f_33_a_backup_that_was_put_in_place_by_hand_is_not_opened() {
    let installation = filled();
    installation.text(&["backup", "--to", "backup"]);
    std::fs::copy(installation.path("backup"), installation.path(DATABASE)).unwrap();
    for command in [&["user", "list"][..], &["serve"], &["upgrade"]] {
        installation.refused(command, "", 1, &["it is a backup", "proofkey restore --from"]);
    }
}

#[test]
fn st_11_an_upgrade_is_rehearsed_and_done_and_the_backup_before_it_restored() {
    let installation = of_the_first_release();
    let bytes = std::fs::read(installation.path(DATABASE)).unwrap();
    let checked = installation.json(&["upgrade", "--check"], "");
    assert_eq!((&checked["from"], &checked["rehearsed"]["changed_counts"].is_array()), (&json!(1), &true));
    assert_eq!(checked["pending"][0], json!("0002_authentication"));
    let said = installation.text(&["upgrade", "--check"]);
    assert!(said.contains("Rehearsed on a copy") && said.contains("the copy is sound"), "{said}");
    assert_eq!(std::fs::read(installation.path(DATABASE)).unwrap(), bytes);
    let upgraded = installation.json(&["upgrade"], "");
    let backup = upgraded["backup"].as_str().unwrap().to_owned();
    let users = names(&installation);
    assert_eq!(upgraded["applied"], checked["pending"]);
    assert!(installation.text(&["upgrade"]).contains("has the schema of this version already"));
    assert!(installation.text(&["upgrade", "--check"]).contains("nothing is to do"));
    let restored = installation.json(&["restore", "--replace", "--from", &backup], "");
    assert_eq!(restored["is_backup"], json!(true));
    assert_eq!(names(&installation), users);
}

#[test]
fn st_10_a_start_on_an_older_schema_takes_a_backup_first() {
    let installation = of_the_first_release();
    let users: Value = installation.json(&["user", "list"], "");
    assert!(!users.as_array().unwrap().is_empty());
    let backup = std::fs::read_dir(installation.path("data")).unwrap().map(|entry| entry.unwrap().path());
    let backup: Vec<_> = backup.filter(|path| path.display().to_string().contains(".before-")).collect();
    let [backup] = &backup[..] else { panic!("{backup:?}") };
    assert_eq!(backup.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}
