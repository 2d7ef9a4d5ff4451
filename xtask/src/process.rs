//! Running other programs: each with a time limit, and with nothing left behind when the limit is reached.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::counts::Counts;

/// Between two looks at a running program.
const POLL: Duration = Duration::from_millis(50);
/// What a program gets between the polite and the final signal.
const GRACE: Duration = Duration::from_secs(5);

/// Runs `command` with our own output streams; anything but success is an error.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Result<()> {
    let name = describe(command);
    let mut child = command.stdin(Stdio::null()).spawn().with_context(|| format!("cannot start `{name}`"))?;
    let status = wait(&mut child, limit).with_context(|| format!("`{name}`"))?;
    succeed(&name, status)
}

/// Like [`run`], and reads the test counts from the standard output that it passes on.
///
/// The counts come back even when the command fails, because the last line of a test run has to name them.
pub(crate) fn run_counting(command: &mut Command, limit: Duration) -> Result<(Counts, Result<()>)> {
    let mut counts = Counts::default();
    let result = run_reading(command, limit, |line| counts += Counts::of_line(line))?;
    Ok((counts, result))
}

/// Like [`run`], and hands each line of the standard output that it passes on to `note`. What the command itself came to is the
/// inner result.
pub(crate) fn run_reading(
    command: &mut Command,
    limit: Duration,
    mut note: impl FnMut(&str),
) -> Result<Result<()>> {
    let name = describe(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{name}`"))?;
    let stdout = child.stdout.take().context("standard output is piped")?;
    let reader = thread::spawn(move || {
        let mut lines = Vec::new();
        // Bytes, not `lines()`: a test may print what is no UTF-8, and a broken pipe would then end the test.
        for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            println!("{line}");
            lines.push(line);
        }
        lines
    });
    let status = wait(&mut child, limit).with_context(|| format!("`{name}`"));
    reader.join().unwrap_or_default().iter().for_each(|line| note(line));
    Ok(status.and_then(|status| succeed(&name, status)))
}

/// What `command` prints, when it ends well.
pub(crate) fn output(command: &mut Command, limit: Duration) -> Result<Vec<u8>> {
    let name = describe(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{name}`"))?;
    let mut stdout = child.stdout.take().context("standard output is piped")?;
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        stdout.read_to_end(&mut bytes).map(|_| bytes)
    });
    succeed(&name, wait(&mut child, limit).with_context(|| format!("`{name}`"))?)?;
    match reader.join() {
        Ok(bytes) => bytes.with_context(|| format!("cannot read what `{name}` prints")),
        Err(_) => bail!("cannot read what `{name}` prints"),
    }
}

/// Whether we are root.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|us| std::os::unix::fs::MetadataExt::uid(&us) == 0)
}

/// Whether `program` can be started and ends well; its output is thrown away.
pub(crate) fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The `cargo` that started us, so that a toolchain chosen on the command line stays chosen.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn succeed(name: &str, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    bail!("`{name}` failed: {status}")
}

fn wait(child: &mut Child, limit: Duration) -> Result<ExitStatus> {
    let started_at = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if started_at.elapsed() >= limit {
            end(child)?;
            bail!("did not end within {} s and was stopped", limit.as_secs());
        }
        thread::sleep(POLL);
    }
}

/// Ends the program and everything that it started, by process id: a test server must not outlive its test.
fn end(child: &mut Child) -> Result<()> {
    let mut family = descendants(child.id());
    family.push(child.id());
    signal("-TERM", &family);
    let asked_at = Instant::now();
    while child.try_wait()?.is_none() && asked_at.elapsed() < GRACE {
        thread::sleep(POLL);
    }
    // What the polite signal orphaned is no longer a descendant, hence the list from before it.
    family.retain(|pid| fs::exists(format!("/proc/{pid}")).unwrap_or(false));
    signal("-KILL", &family);
    child.wait()?;
    Ok(())
}

fn signal(signal: &str, pids: &[u32]) {
    let mut command = Command::new("kill");
    command.arg(signal).args(pids.iter().map(u32::to_string)).stderr(Stdio::null());
    // A process that ended meanwhile makes `kill` fail, and that is as good as a kill.
    let _ = command.status();
}

/// Every living process whose chain of parents leads to `ancestor`.
pub(crate) fn descendants(ancestor: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid: u32| Some((pid, parent(pid)?)))
        .collect();
    let mut family = vec![ancestor];
    let mut next = 0;
    while let Some(&pid) = family.get(next) {
        family.extend(parents.iter().filter(|(_, parent)| *parent == pid).map(|(child, _)| *child));
        next += 1;
    }
    family.retain(|pid| *pid != ancestor);
    family
}

/// The parent's id is the second field after the name in `/proc/PID/stat`; the name may contain anything, also `)`.
fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn describe(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy().into_owned()));
    if let Some(name) = words.first_mut() {
        *name = name.rsplit('/').next().unwrap_or(name).to_owned();
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn success_and_failure_are_told_apart() {
        assert!(run(&mut shell("exit 0"), GRACE).is_ok());
        let error = run(&mut shell("exit 3"), GRACE).unwrap_err().to_string();
        assert!(error.contains("exit status: 3"), "{error}");
    }

    #[test]
    fn a_command_past_its_limit_is_stopped_with_its_children() {
        let error = run(&mut shell("sleep 61.25 & sleep 61.5"), Duration::from_millis(200)).unwrap_err();
        assert!(format!("{error:#}").contains("was stopped"), "{error:#}");
        let left = fs::read_dir("/proc").unwrap().filter_map(|entry| {
            fs::read_to_string(entry.ok()?.path().join("cmdline"))
                .ok()
                .filter(|line| line.contains("sleep\x0061.25"))
        });
        assert_eq!(left.count(), 0, "the background child outlived its parent");
    }

    #[test]
    fn counts_survive_a_failing_command() {
        let (counts, status) =
            run_counting(&mut shell("echo '# pass 2'; echo '# fail 1'; exit 1"), GRACE).unwrap();
        assert_eq!(counts, Counts { passed: 2, failed: 1 });
        assert!(status.is_err());
    }
}
