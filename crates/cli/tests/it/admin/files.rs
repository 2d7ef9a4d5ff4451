//! Who may read the files of an installation, and what becomes of a server whose database is replaced.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::support::{Installation, PASSWORD};
use crate::serve::server::{Server, eventually};

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn on_a_free_port() -> Installation {
    let installation = Installation::empty();
    installation.json(&["init", "--issuer", "http://127.0.0.1:4455", "--listen", "127.0.0.1:0"], "");
    installation
}

#[test]
fn k_41_data_is_for_its_owner_alone_whatever_the_umask_and_whatever_it_was() {
    for umask in ["000", "022", "0777"] {
        let installation = on_a_free_port();
        let script = format!("umask {umask}; exec \"$0\" user list");
        let mut command = std::process::Command::new("sh");
        command.env_clear().current_dir(installation.directory.path());
        let status = command.args(["-c", &script, env!("CARGO_BIN_EXE_proofkey")]).status().unwrap();
        assert!(status.success(), "{umask}");
        assert_eq!(mode(&installation.path("data")), 0o700, "{umask}");
        assert_eq!(mode(&installation.path("data/proofkey.db")) & 0o077, 0, "{umask}");
    }
    let installation = on_a_free_port();
    installation.text(&["user", "list"]);
    let (directory, database) = (installation.path("data"), installation.path("data/proofkey.db"));
    set_mode(&directory, 0o755);
    set_mode(&database, 0o644);
    let _server = Server::start(&installation);
    assert_eq!((mode(&directory), mode(&database)), (0o700, 0o600));
    for beside in ["data/proofkey.db-wal", "data/proofkey.db-shm", "data/proofkey.db.lock"] {
        assert_eq!(mode(&installation.path(beside)), 0o600, "{beside}");
    }
}

#[test]
fn k_36_x17_a_sealing_key_that_its_group_can_read_is_taken_with_a_warning() {
    let installation = on_a_free_port();
    let key = installation.path("sealing.key");
    set_mode(&key, 0o440);
    let warned = installation.text(&["check-config"]);
    assert!(warned.contains("keys.sealing_key_file can be read by its group"), "{warned}");
    let _server = Server::start(&installation);
    for (open, command) in [(0o444, &["check-config"][..]), (0o604, &["user", "list"])] {
        set_mode(&key, open);
        installation.refused(command, "", 1, &["chmod 600", "PROOFKEY_KEYS__SEALING_KEY"]);
    }
}

#[test]
fn k_41_a_second_server_is_kept_out_by_the_database_itself() {
    let installation = on_a_free_port();
    let _first = Server::start(&installation);
    std::fs::remove_file(installation.path("data/proofkey.db.lock")).unwrap();
    installation.refused(&["serve"], "", 1, &["another server is running on this database"]);
}

#[test]
fn k_41_a_server_whose_database_was_replaced_stops() {
    for replace in [true, false] {
        let installation = on_a_free_port();
        let mut server = Server::start(&installation);
        let database = installation.path("data/proofkey.db");
        if replace {
            std::fs::copy(&database, installation.path("copy.db")).unwrap();
            std::fs::rename(&database, installation.path("before.db")).unwrap();
            std::fs::rename(installation.path("copy.db"), &database).unwrap();
        } else {
            std::fs::rename(&database, installation.path("before.db")).unwrap();
        }
        let mut ended = None;
        eventually("the replacement", || {
            ended = server.child.try_wait().unwrap();
            ended.is_some()
        });
        assert_eq!(ended.unwrap().code(), Some(1), "a supervisor sees that it did not end well");
        // Nothing of the old file is left in a log that would be played into the new one.
        let log = installation.path("data/proofkey.db-wal");
        assert!(log.metadata().map_or(0, |log| log.len()) == 0);
        if replace {
            installation.json(&["user", "add", "--username", "eve", "--password-stdin"], PASSWORD);
        }
    }
}
