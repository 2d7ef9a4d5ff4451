//! What a refusal of administration says at a terminal: the flag where one gives the member, and the command that helps.

use std::fmt::Display;

use anyhow::anyhow;
use proofkey_server::admin::{AdminRefused, Noun};

use super::show::plain;

/// The flags of `api add`, by the members that they give. The members of a client stand in its document under their own
/// names.
const FLAGS_OF_API: [(&str, &str); 4] = [
    ("resource", "--resource"),
    ("scopes", "--scope"),
    ("access_token_seconds", "--token-seconds"),
    ("algorithm", "--algorithm"),
];

/// The refusal with its cure.
pub(super) fn explain(refused: AdminRefused) -> anyhow::Error {
    let text = match &refused {
        AdminRefused::Api(cause) => {
            let member = cause.member();
            let flag = FLAGS_OF_API.iter().find(|(name, _)| *name == member.name()).map(|(_, flag)| *flag);
            format!("{}: {cause}", flag.unwrap_or(member.name()))
        }
        _ => refused.to_string(),
    };
    // Names and claims come from files that others may have written.
    let text = plain(&text);
    match cure(&refused) {
        Some(cure) => anyhow!("{text}; {cure}"),
        None => anyhow!(text),
    }
}

/// An error whose message says its cause already, which a chain of causes would say again.
pub(super) fn message(error: impl Display) -> anyhow::Error {
    anyhow::Error::msg(error.to_string())
}

fn cure(refused: &AdminRefused) -> Option<String> {
    let cure = match refused {
        AdminRefused::Missing { noun, .. } => missing(*noun),
        AdminRefused::Exists { noun, .. } => exists(*noun)?,
        AdminRefused::RotatedElsewhere => "look at `proofkey key list`, then try again",
        AdminRefused::SecretInUpdate(id) => {
            return Some(format!("`proofkey client rotate-secret {id}` makes a new one"));
        }
        _ => return None,
    };
    Some(cure.to_owned())
}

const fn missing(noun: Noun) -> &'static str {
    match noun {
        Noun::Client => "`proofkey client list` shows those that exist",
        Noun::Api => "`proofkey api list` shows those that exist",
        Noun::User => "`proofkey user list` shows those that exist",
        Noun::Key => "`proofkey key list` shows those that exist",
        Noun::Consent => "`proofkey consent list` shows what is remembered",
    }
}

const fn exists(noun: Noun) -> Option<&'static str> {
    match noun {
        Noun::Client => Some("`proofkey client update` changes it"),
        Noun::Api => Some("to change it, `proofkey api remove` it first and add it again"),
        Noun::User => {
            Some("choose another name; `proofkey user set-password` changes the password of one that exists")
        }
        Noun::Consent | Noun::Key => None,
    }
}
