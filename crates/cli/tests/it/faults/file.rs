//! Row F-34: a database that the server may not open or may not write, and a second server on one file. It is refused, and what is
//! there stays as it is.

use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use proofkey_testkit::postgres::UNPRIVILEGED;

use crate::admin::support::Installation;
use crate::serve::server::{Server, eventually};

/// An installation with a database.
fn installation() -> Installation {
    let installation = Installation::empty();
    installation.json(&["init", "--issuer", "http://127.0.0.1:4455", "--listen", "127.0.0.1:0"], "");
    installation.add_user("ada");
    installation
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// The id of the user whom the package of PostgreSQL makes.
fn id(which: &str) -> u32 {
    let output = Command::new("id").args([which, UNPRIVILEGED]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

/// A command that is killed when the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a command that ends by itself: with which code, and what it says on standard error.
fn refused(command: &mut Command) -> (Option<i32>, String) {
    let mut running =
        Running(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    let mut status = None;
    eventually("the end of a server that is refused", || {
        status = running.0.try_wait().unwrap();
        status.is_some()
    });
    let mut said = String::new();
    running.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (status.unwrap().code(), said)
}

/// The server as somebody whom modes concern: root has it run by another, to whom all but the database is given.
fn serve_as_somebody(installation: &Installation) -> Command {
    if !is_root() {
        return installation.command(&["serve"]);
    }
    let folder = installation.directory.path();
    let program = folder.join("program");
    std::fs::copy(env!("CARGO_BIN_EXE_proofkey"), &program).unwrap();
    for path in [folder, &program, &installation.path("proofkey.toml"), &installation.path("sealing.key")] {
        give_away(path);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", UNPRIVILEGED, "--regid", UNPRIVILEGED, "--clear-groups", "--"]).arg(program);
    command.arg("serve").current_dir(folder);
    command
}

fn give_away(path: &Path) {
    chown(path, Some(id("-u")), Some(id("-g"))).unwrap();
}

/// A database in a folder, with these modes, that the server may not open or write: whoever runs this is the owner of both, or root
/// is and another runs the server.
fn check_is_refused(folder_mode: u32, mode: u32, is_own: bool) {
    let installation = installation();
    let (data, database) = (installation.path("data"), installation.path("data/proofkey.db"));
    let names =
        || -> Vec<_> { std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name()).collect() };
    let (bytes, before) = (std::fs::read(&database).unwrap(), names());
    if is_own && is_root() {
        [&data, &database].into_iter().for_each(|path| give_away(path));
    }
    set_mode(&database, mode);
    set_mode(&data, folder_mode);
    let (code, said) = refused(&mut serve_as_somebody(&installation));
    // Whoever is not root looks as the owner.
    set_mode(&data, 0o755);
    set_mode(&database, 0o600);
    assert_eq!(code, Some(1), "{folder_mode:o} {mode:o}: {said}");
    assert!(said.contains("data") && !said.contains("panicked"), "{folder_mode:o} {mode:o}: {said}");
    assert!(std::fs::read(&database).unwrap() == bytes, "{folder_mode:o} {mode:o}: other bytes");
    if is_own {
        // What SQLite keeps beside a file that can only be read may stay, with nothing in it.
        let log = std::fs::metadata(installation.path("data/proofkey.db-wal")).map_or(0, |log| log.len());
        assert_eq!(log, 0, "{folder_mode:o} {mode:o}");
    } else {
        assert_eq!(names(), before, "{folder_mode:o} {mode:o}");
    }
}

#[test]
fn f_34_a_database_that_the_server_may_not_open_or_write_is_refused_and_left_as_it_is() {
    for (folder_mode, mode) in [(0o755, 0o000), (0o755, 0o444), (0o555, 0o444), (0o000, 0o600)] {
        check_is_refused(folder_mode, mode, true);
    }
    let of_another = [(0o755, 0o600), (0o755, 0o644), (0o700, 0o600)];
    if is_root() {
        of_another.into_iter().for_each(|(folder_mode, mode)| check_is_refused(folder_mode, mode, false));
    } else {
        println!("left out, because only root can: {} databases of another user", of_another.len());
    }
}

#[test]
fn f_34_a_second_server_on_one_file_is_refused_and_the_first_goes_on() {
    let installation = installation();
    let first = Server::start(&installation);
    let (code, said) = refused(&mut installation.command(&["serve"]));
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(first.status("/readyz"), Some(200), "{said}");
}
