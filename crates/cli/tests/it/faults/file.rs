//! Row F-34: a database that the server may not open or may not write, and a second server on one file. It is refused, and what is
//! there stays as it is.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use proofkey_testkit::postgres::UNPRIVILEGED;

use crate::admin::support::Installation;
use crate::serve::server::Server;

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

/// Runs the server as somebody whom modes concern, with everything but the database his own; `None` where that cannot be.
fn serve_as_somebody(installation: &Installation) -> Option<Output> {
    let is_root = rustix::process::getuid().is_root();
    if !is_root {
        return None;
    }
    let folder = installation.directory.path();
    let program = folder.join("program");
    std::fs::copy(env!("CARGO_BIN_EXE_proofkey"), &program).unwrap();
    for path in [folder, &program, &installation.path("proofkey.toml"), &installation.path("sealing.key")] {
        chown(path, Some(id("-u")), Some(id("-g"))).unwrap();
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", UNPRIVILEGED, "--regid", UNPRIVILEGED, "--clear-groups", "--"]).arg(program);
    command.arg("serve").current_dir(folder).stdin(Stdio::null());
    Some(command.output().unwrap())
}

#[test]
fn f_34_a_database_that_the_server_may_not_open_or_write_is_refused_and_left_as_it_is() {
    for (folder_mode, mode) in [(0o755, 0o600), (0o755, 0o644), (0o700, 0o600)] {
        let installation = installation();
        let (data, database) = (installation.path("data"), installation.path("data/proofkey.db"));
        let bytes = std::fs::read(&database).unwrap();
        set_mode(&data, folder_mode);
        set_mode(&database, mode);
        let names = || std::fs::read_dir(&data).unwrap().count();
        let before = names();
        let Some(refused) = serve_as_somebody(&installation) else { return };
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{mode:o}: {said}");
        assert!(said.contains("data") && !said.contains("panicked"), "{mode:o}: {said}");
        assert_eq!((std::fs::read(&database).unwrap(), names()), (bytes, before), "{mode:o}");
    }
}

#[test]
fn f_34_a_second_server_on_one_file_is_refused_and_the_first_goes_on() {
    let installation = installation();
    let first = Server::start(&installation);
    let second = installation.command(&["serve"]).output().unwrap();
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert_eq!(first.status("/readyz"), Some(200), "{said}");
}
