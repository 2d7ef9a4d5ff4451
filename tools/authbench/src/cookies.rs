//! Sessions in a file: read where they are drawn, so that a million of them take no memory.

use anyhow::{ensure, Context, Result};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};

/// `Cookie` headers, one a line. All lines have the length of the first.
pub struct Cookies {
    file: File,
    line: u64,
    lines: u64,
    /// The next line, where they are taken in order.
    next: Option<AtomicU64>,
}

impl Cookies {
    /// Sessions to be drawn, or taken in order from a line on.
    pub fn open(path: &str, from: Option<u64>) -> Result<Self> {
        let file = File::open(path).with_context(|| path.to_owned())?;
        let mut head = [0; 4096];
        let read = file.read_at(&mut head, 0)?;
        let first = head[..read].iter().position(|byte| *byte == b'\n');
        let line = first.with_context(|| format!("{path}: no line of at most 4096 bytes"))? as u64 + 1;
        let bytes = file.metadata()?.len();
        ensure!(bytes % line == 0, "{path}: the lines are not all of one length");
        Ok(Self { file, line, lines: bytes / line, next: from.map(AtomicU64::new) })
    }

    /// One of them: each as likely as any other, or the next.
    pub fn draw(&self) -> Result<String> {
        let mut line = vec![0; self.line as usize];
        let number = match &self.next {
            Some(next) => next.fetch_add(1, Ordering::Relaxed) % self.lines,
            None => rand::random_range(0..self.lines),
        };
        self.file.read_exact_at(&mut line, number * self.line)?;
        ensure!(line.pop() == Some(b'\n') && !line.contains(&b'\n'), "the lines are not all of one length");
        Ok(String::from_utf8(line)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn file(name: &str, text: &str) -> String {
        let path = std::env::temp_dir().join(format!("authbench-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    #[test]
    fn every_line_is_drawn_and_nothing_else() {
        let path = file("cookies", "sid=one\nsid=two\nsid=six\n");
        let cookies = Cookies::open(&path, None).unwrap();
        let drawn: BTreeSet<_> = (0..200).map(|_| cookies.draw().unwrap()).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), ["sid=one", "sid=six", "sid=two"]);
        let in_order = Cookies::open(&path, Some(4)).unwrap();
        assert_eq!([(); 3].map(|()| in_order.draw().unwrap()), ["sid=two", "sid=six", "sid=one"]);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn lines_of_different_lengths_are_refused() {
        for (name, text) in [("longer", "sid=one\nsid=three\n"), ("none", ""), ("open", "sid=one")] {
            let path = file(name, text);
            assert!(Cookies::open(&path, None).is_err(), "{name}");
            std::fs::remove_file(path).unwrap();
        }
    }
}
