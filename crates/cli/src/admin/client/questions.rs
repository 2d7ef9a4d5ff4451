//! What `client add` asks on a terminal: for what is missing, and for more where nothing was given.

use std::io::{BufRead, Read as _, Write};

use anyhow::{Context as _, bail};
use proofkey_oauth::Scope;
use proofkey_server::admin::{AppKind, AppRefused, NewApp};

use super::snippet::Framework;
use crate::terminal;

/// How often one question is asked.
const TRIES_MAX: usize = 5;
/// Longest answer, in bytes.
const ANSWER_BYTES_MAX: u64 = 4096;
/// Most addresses that are asked for.
const ADDRESSES_MAX: usize = 50;

const KIND: &str = "\
What kind of app is it?
  1  spa      it runs in the browser (a single-page app)
  2  native   it is installed on a device, or is a command line
  3  web      it runs on a web server, which keeps a secret
  4  service  it acts by itself, for no person
Number or name:";

/// Questions on a terminal. Nothing is registered before the last answer.
pub(super) struct Questions<R, W> {
    answers: R,
    shown: W,
}

impl<R: BufRead, W: Write> Questions<R, W> {
    /// Reads answers from one and shows questions on the other.
    pub(super) const fn new(answers: R, shown: W) -> Self {
        Self { answers, shown }
    }

    /// Asks what kind of app it is.
    pub(super) fn kind(&mut self) -> anyhow::Result<AppKind> {
        self.ask(KIND, |answer| {
            let by_number = answer.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            let by_name = || AppKind::ALL.into_iter().find(|kind| kind.name() == answer);
            let found = by_number.and_then(|at| AppKind::ALL.get(at).copied()).or_else(by_name);
            found.ok_or_else(|| "1, 2, 3 or 4".to_owned())
        })
    }

    /// Asks for what the app still needs; with `more` also for what may be left out.
    pub(super) fn complete(&mut self, app: &mut NewApp, more: bool, known: &[String]) -> anyhow::Result<()> {
        let missing = app.missing();
        if missing.contains(&"client_name") {
            app.name = Some(self.ask("What do people call it?", named)?);
        }
        if missing.contains(&"redirect_uris") {
            self.addresses(app)?;
        }
        let needs_scope = missing.contains(&"scope");
        if needs_scope || more {
            app.scope = self.scope(app.kind, needs_scope, known)?;
        }
        Ok(())
    }

    /// Asks what the app is written with, where there is a ready file for apps of this kind.
    pub(super) fn framework(&mut self, kind: AppKind) -> anyhow::Result<Option<Framework>> {
        let names = Framework::names_for(kind);
        if names.is_empty() {
            return Ok(None);
        }
        let question = format!(
            "What is it written with? A ready file for it is printed, too ({names}; Enter for none):"
        );
        self.ask(&question, |answer| match answer {
            "" => Ok(None),
            name => Framework::named(name, kind).map(Some).ok_or_else(|| format!("one of {names}, or Enter")),
        })
    }

    fn addresses(&mut self, app: &mut NewApp) -> anyhow::Result<()> {
        let kind = app.kind;
        let first =
            format!("Where does the browser come back to? Its redirect URI, such as {}:", example(kind));
        app.redirect_uris.push(self.ask(&first, |answer| address(kind, answer))?);
        while app.redirect_uris.len() < ADDRESSES_MAX {
            let another = self.ask("Another one (Enter for none):", |answer| match answer {
                "" => Ok(None),
                given => address(kind, given).map(Some),
            })?;
            let Some(another) = another else { break };
            app.redirect_uris.push(another);
        }
        Ok(())
    }

    fn scope(&mut self, kind: AppKind, needs_one: bool, known: &[String]) -> anyhow::Result<Scope> {
        let hint = if known.is_empty() { "no API is registered yet".to_owned() } else { known.join(" ") };
        let none = if needs_one { "" } else { ", Enter for none" };
        let question =
            format!("Which scopes of APIs may it ask for, with spaces between them{none}? ({hint}):");
        self.ask(&question, |answer| {
            let scope = Scope::parse(answer).map_err(|cause| cause.to_string())?;
            if needs_one && scope.iter().next().is_none() {
                return Err("one at least: a service without a scope can get nothing".to_owned());
            }
            scope.iter().enumerate().try_for_each(|(at, scope)| kind.check_scope(at, scope)).map_err(told)?;
            Ok(scope)
        })
    }

    /// The first answer that can be, of a few.
    fn ask<T>(&mut self, question: &str, judge: impl Fn(&str) -> Result<T, String>) -> anyhow::Result<T> {
        for _ in 0..TRIES_MAX {
            write!(self.shown, "{} ", terminal::lines(question)).context("the terminal")?;
            self.shown.flush().context("the terminal")?;
            match judge(self.answer()?.trim()) {
                Ok(answer) => return Ok(answer),
                Err(cause) => {
                    writeln!(self.shown, "  {}", terminal::plain(&cause)).context("the terminal")?
                }
            }
        }
        bail!("there was no answer that can be: nothing was registered")
    }

    fn answer(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        let read = self.answers.by_ref().take(ANSWER_BYTES_MAX).read_line(&mut line);
        if read.context("the terminal")? == 0 {
            bail!("there was no answer: nothing was registered");
        }
        Ok(line)
    }
}

fn named(answer: &str) -> Result<String, String> {
    if answer.is_empty() {
        Err("a name is needed: the consent page says it".to_owned())
    } else {
        Ok(answer.to_owned())
    }
}

fn address(kind: AppKind, answer: &str) -> Result<String, String> {
    kind.check_address("redirect_uris", 0, answer).map_err(told)?;
    Ok(answer.to_owned())
}

/// The cause, without the member: there is one answer alone that it can be about.
fn told(refused: AppRefused) -> String {
    let text = refused.to_string();
    let cause = text.split_once(": ").map_or(text.as_str(), |(_, cause)| cause);
    match refused.instead() {
        Some(kind) => format!("{cause} ({} is of the kind `{}`)", kind, kind.name()),
        None => cause.to_owned(),
    }
}

const fn example(kind: AppKind) -> &'static str {
    match kind {
        AppKind::Spa => "http://localhost:5173/callback",
        AppKind::Native => "http://127.0.0.1/callback or com.example.app:/callback",
        AppKind::Web | AppKind::Service => "https://app.example/callback",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is asked, and the app that comes of the answers.
    fn answered(answers: &str, more: bool) -> (String, anyhow::Result<NewApp>) {
        let mut shown = Vec::new();
        let mut questions = Questions::new(answers.as_bytes(), &mut shown);
        let known = ["notes:read".to_owned()];
        let app = questions.kind().and_then(|kind| {
            let mut app = NewApp::new(kind);
            questions.complete(&mut app, more, &known)?;
            Ok(app)
        });
        (String::from_utf8(shown).unwrap(), app)
    }

    #[test]
    fn pk_09_answers_describe_an_app_that_can_be_registered() {
        for (answers, kind, uris, scopes) in [
            ("1\nNotes\nhttp://localhost:5173/cb\n\nnotes:read\n", AppKind::Spa, 1, 1),
            ("native\nNotes\ncom.example.app:/cb\nhttp://127.0.0.1/cb\n\n\n", AppKind::Native, 2, 0),
            ("3\nNotes\nhttps://app.example/cb\n\n\n", AppKind::Web, 1, 0),
            ("service\nNotes\nnotes:read notes:write\n", AppKind::Service, 0, 2),
        ] {
            let (shown, app) = answered(answers, true);
            let app = app.unwrap();
            assert_eq!(
                (app.kind, app.redirect_uris.len(), app.scope.iter().count()),
                (kind, uris, scopes),
                "{shown}"
            );
            assert_eq!(app.name.as_deref(), Some("Notes"));
            assert!(shown.contains("notes:read"), "{shown}");
            assert!(app.document().is_ok());
        }
        let (shown, app) = answered("1\nNotes\nhttp://localhost:5173/cb\n\n", false);
        assert!(app.is_ok() && !shown.contains("scopes"), "what may be left out is not asked for: {shown}");
    }

    #[test]
    fn pk_09_what_an_app_is_written_with_is_asked_by_the_names_that_fit() {
        let asked = |kind, answers: &str| {
            let mut shown = Vec::new();
            let answer = Questions::new(answers.as_bytes(), &mut shown).framework(kind);
            (String::from_utf8(shown).unwrap(), answer)
        };
        for (kind, answers, chosen, offered, kept) in [
            (AppKind::Spa, "react\n", Some(Framework::React), "angular, react, vue", "flask"),
            (AppKind::Native, "\n", None, "curl, rust", "react"),
            (AppKind::Web, "react\nflask\n", Some(Framework::Flask), "express, flask", "curl"),
        ] {
            let (shown, answer) = asked(kind, answers);
            assert_eq!(answer.unwrap(), chosen, "{shown}");
            assert!(shown.contains(offered) && !shown.contains(kept), "{shown}");
        }
        let (shown, answer) = asked(AppKind::Service, "");
        assert_eq!((shown.as_str(), answer.unwrap()), ("", None));
        assert!(asked(AppKind::Web, "react\nvue\nreact\nvue\nreact\nflask\n").1.is_err(), "for ever");
    }

    #[test]
    fn pk_09_an_answer_that_cannot_be_is_explained_and_asked_for_again_a_few_times() {
        let (shown, app) = answered(
            "5\nweb\n\nNotes\ncom.example.app:/cb\nhttp://a.example/cb\nhttps://a.example/cb\n\n\n",
            true,
        );
        assert_eq!(app.unwrap().redirect_uris, ["https://a.example/cb"]);
        for words in ["1, 2, 3 or 4", "a name is needed", "`native`", "use https"] {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        let (shown, app) = answered("4\nNotes\n\nopenid\nnotes:read\n", true);
        assert_eq!(app.unwrap().scope.to_string(), "notes:read");
        assert!(shown.contains("one at least") && shown.contains("acts for no person"), "{shown}");
        for endless in ["1\nNotes\n", "9\n9\n9\n9\n9\n1\n", ""] {
            let refused = answered(endless, true).1.err().unwrap().to_string();
            assert!(refused.contains("nothing was registered"), "{refused}");
        }
    }
}
