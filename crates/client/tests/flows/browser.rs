//! Row V-78: what the operating system's launcher is really given.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

use proofkey_client::{BrowserUrl, open_browser};

#[test]
fn cl_01_v_78_the_launcher_gets_the_address_as_its_one_argument() {
    let directory = tempfile::tempdir().unwrap();
    let launcher = directory.path().join("xdg-open");
    let log = directory.path().join("argv");
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$#\" \"$@\" >{log}.new\nmv {log}.new {log}\n",
        log = log.display()
    );
    std::fs::write(&launcher, script).unwrap();
    std::fs::set_permissions(&launcher, std::fs::Permissions::from_mode(0o700)).unwrap();
    let path = format!("{}:{}", directory.path().display(), std::env::var("PATH").unwrap());
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "browser::the_child", "--ignored"])
        .env("PATH", path)
        .status()
        .unwrap();
    assert!(child.success());
    let deadline = std::time::Instant::now() + Duration::from_secs(5);
    while !log.exists() && std::time::Instant::now() < deadline {
        std::thread::yield_now();
    }
    assert_eq!(std::fs::read_to_string(log).unwrap(), format!("1\n{ADDRESS}\n"));
}

const ADDRESS: &str = "https://id.example/authorize?a=1&state=x%24%28calc%29";

#[tokio::test]
#[ignore = "the body of the child process"]
async fn the_child() {
    open_browser(&BrowserUrl::parse("authorization_endpoint", ADDRESS).unwrap()).await.unwrap();
}
