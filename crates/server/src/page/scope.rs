//! Scopes as sentences, and which of them let an app change something.

use super::sanitise;
use super::words::Words;

/// Words in a scope's name that mean it changes, gives away or spends something.
const CHANGING: &[&str] = &[
    "admin", "all", "approve", "create", "delete", "edit", "execute", "full", "manage", "modify", "pay",
    "post", "publish", "remove", "send", "share", "transfer", "update", "upload", "write",
];
/// Words in a scope's name that mean it only looks.
const READING: &[&str] = &["get", "list", "read", "readonly", "view"];

/// One scope that the app asks for.
#[derive(Clone, Debug)]
pub struct ConsentScope {
    /// The scope token as it stands in the request.
    pub raw: String,
    /// What it opens, by which its sentence and its picture are chosen.
    pub kind: ScopeKind,
    /// The API that it is for, where the page asks for a scope of that name at several.
    pub at: Option<String>,
    /// Whether it comes to what the person allows the app already.
    pub is_new: bool,
}

impl ConsentScope {
    /// A scope with the meaning that OpenID Core §5.4 and §11 give it, or else a permission of an API.
    pub fn new(raw: &str, description: Option<String>) -> Self {
        let kind = match raw {
            "openid" => ScopeKind::OpenId,
            "profile" => ScopeKind::Profile,
            "email" => ScopeKind::Email,
            "address" => ScopeKind::Address,
            "phone" => ScopeKind::Phone,
            "offline_access" => ScopeKind::OfflineAccess,
            _ => ScopeKind::Api { description },
        };
        Self { raw: raw.to_owned(), kind, at: None, is_new: false }
    }
}

/// The meaning of a scope.
#[derive(Clone, Debug)]
pub enum ScopeKind {
    /// `openid`: an ID token.
    OpenId,
    /// `profile`: the profile claims.
    Profile,
    /// `email`.
    Email,
    /// `address`.
    Address,
    /// `phone`.
    Phone,
    /// `offline_access`: a refresh token.
    OfflineAccess,
    /// A permission of an API, in the operator's words if there are any.
    Api {
        /// A sentence such as "Read your notes".
        description: Option<String>,
    },
}

/// The picture beside a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Icon {
    Enter,
    Person,
    Letter,
    Home,
    Phone,
    Clock,
    Eye,
    Pencil,
    Permission,
}

/// A scope ready for the template.
pub(super) struct Line {
    pub(super) sentence: String,
    pub(super) detail: Option<String>,
    pub(super) raw: String,
    pub(super) icon: Icon,
    pub(super) changing: bool,
    pub(super) is_new: bool,
}

pub(super) fn line(words: &Words<'_>, scope: &ConsentScope) -> Line {
    let raw = sanitise::exact(&scope.raw);
    let (sentence, detail, icon) = match &scope.kind {
        ScopeKind::OpenId => (words.say("scope-openid"), Some(words.say("scope-openid-detail")), Icon::Enter),
        ScopeKind::Profile => {
            (words.say("scope-profile"), Some(words.say("scope-profile-detail")), Icon::Person)
        }
        ScopeKind::Email => (words.say("scope-email"), None, Icon::Letter),
        ScopeKind::Address => (words.say("scope-address"), None, Icon::Home),
        ScopeKind::Phone => (words.say("scope-phone"), None, Icon::Phone),
        ScopeKind::OfflineAccess => (words.say("scope-offline-access"), None, Icon::Clock),
        ScopeKind::Api { description } => {
            let sentence = match description.as_deref().map(sanitise::name) {
                Some(given) if !given.is_empty() => given,
                _ => words.say_with("scope-api", &[("scope", raw.as_str().into())]),
            };
            (sentence, None, api_icon(&scope.raw))
        }
    };
    let at = scope.at.as_deref().map(sanitise::name).filter(|api| !api.is_empty());
    Line { sentence, detail: at.or(detail), raw, icon, changing: icon == Icon::Pencil, is_new: scope.is_new }
}

fn api_icon(raw: &str) -> Icon {
    let has = |meanings: &[&str]| {
        raw.split(|char: char| !char.is_ascii_alphabetic())
            .any(|word| meanings.iter().any(|meaning| word.eq_ignore_ascii_case(meaning)))
    };
    if has(CHANGING) {
        Icon::Pencil
    } else if has(READING) {
        Icon::Eye
    } else {
        Icon::Permission
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{Lang, words::bundle};

    #[test]
    fn az_32_scopes_are_sentences() {
        let english = bundle(Lang::En);
        let words = Words::new(&english, &english);
        let cases = [
            ("openid", None, "Sign you in", Icon::Enter),
            ("offline_access", Some("ignored"), "Stay connected while you are away", Icon::Clock),
            ("notes:read", Some("Read your notes"), "Read your notes", Icon::Eye),
            ("notes:read", None, "Use the permission notes:read", Icon::Eye),
            ("notes:read", Some(" \u{200b}"), "Use the permission notes:read", Icon::Eye),
            ("notes.Delete", None, "Use the permission notes.Delete", Icon::Pencil),
            ("read_write", None, "Use the permission read_write", Icon::Pencil),
            ("reader", None, "Use the permission reader", Icon::Permission),
        ];
        for (raw, description, sentence, icon) in cases {
            let line = line(&words, &ConsentScope::new(raw, description.map(str::to_owned)));
            assert_eq!((line.sentence.as_str(), line.icon), (sentence, icon), "{raw}");
            assert_eq!(line.changing, icon == Icon::Pencil);
        }
    }
}
