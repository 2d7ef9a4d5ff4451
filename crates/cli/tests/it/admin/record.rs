//! What a command records of itself.

use super::support::{Installation, PASSWORD, web_client};

/// The lines of administration on standard error.
fn recorded(stderr: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(stderr);
    text.lines().filter(|line| line.contains("actor=")).map(str::to_owned).collect()
}

#[test]
fn a_change_is_recorded_once_in_the_name_of_the_system_user() {
    let installation = Installation::new();
    installation.add_client(&web_client());
    installation.add_user("ada");
    let changes: [(&[&str], &str); 4] = [
        (&["client", "disable", "shop"], "verb=disable noun=client id=shop"),
        (&["user", "disable", "ada"], "verb=disable noun=user id=u-"),
        (&["user", "set-password", "ada", "--password-stdin"], "verb=set-password noun=user id=u-"),
        (&["key", "rotate", "--now"], "verb=rotate noun=key id="),
    ];
    for (arguments, expected) in changes {
        let output = installation.run(arguments, PASSWORD);
        let lines = recorded(&output.stderr);
        assert_eq!((output.status.code(), lines.len()), (Some(0), 1), "{arguments:?}: {lines:?}");
        let (_, actor) = lines[0].split_once("actor=cli:").expect("an actor");
        assert!(actor.split(' ').next().is_some_and(|name| !name.is_empty()), "{lines:?}");
        assert!(lines[0].contains(expected), "{lines:?}");
    }
    for arguments in [["client", "list"], ["user", "list"], ["key", "list"]] {
        let output = installation.run(&arguments, "");
        assert_eq!(recorded(&output.stderr), [""; 0], "a list says nothing beside its result");
    }
}
