//! What a refusal of administration says at a terminal: the flag where one gives the member, and the command that helps.

use std::fmt::Display;

use anyhow::anyhow;
use proofkey_protocol::claims::ClaimRefused;
use proofkey_server::admin::{AdminRefused, AppKind, Noun};

use super::show::{plain, rfc3339};

/// The flags, by the members that they give. The members of a client stand in its document under their own names; a username
/// is an argument as often as it is a flag, and no flag gives a password: their texts say themselves what they are about.
const FLAGS: [(&str, &str); 5] = [
    ("resource", "--resource"),
    ("scopes", "--scope"),
    ("access_token_seconds", "--token-seconds"),
    ("algorithm", "--algorithm"),
    ("keep_seconds", "--keep-seconds"),
];

/// The refusal with its cure.
pub(super) fn explain(refused: AdminRefused) -> anyhow::Error {
    explain_by(&FLAGS, &refused)
}

/// The same where other flags give the members.
pub(super) fn explain_by(flags: &[(&str, &str)], refused: &AdminRefused) -> anyhow::Error {
    // Names and claims come from files that others may have written.
    let text = plain(&by_flag(flags, refused));
    match cure(refused) {
        Some(cure) => anyhow!("{text}; {cure}"),
        None => anyhow!(text),
    }
}

/// The text, with the flag in the place of the member where a flag gave it.
pub(super) fn by_flag(flags: &[(&str, &str)], refused: &AdminRefused) -> String {
    let text = refused.to_string();
    if let AdminRefused::Claim(cause) = refused {
        return format!("{}: {text}", claim_flags(cause));
    }
    let Some(member) = refused.member() else { return text };
    let Some((_, flag)) = flags.iter().find(|(name, _)| *name == member.name()) else { return text };
    match text.strip_prefix(&format!("{member}: ")) {
        Some(cause) => format!("{flag}: {cause}"),
        None => text,
    }
}

/// Only a file can name a claim that does not exist; any other comes from there or by its own flag.
fn claim_flags(refused: &ClaimRefused) -> String {
    match refused {
        ClaimRefused::Value(claim) => format!("--{} or --claims", claim.replace('_', "-")),
        _ => "--claims".to_owned(),
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
        AdminRefused::Conflict { .. } => "look at what stands now, then try again",
        AdminRefused::RotatedElsewhere => "look at `proofkey key list`, then try again",
        AdminRefused::App(refused) => return refused.instead().map(kind_that_can),
        AdminRefused::NameOfRemoved { removed_at, .. } => {
            return Some(format!(
                "choose another one, or give it to this person with --reuse-name (removed at {})",
                rfc3339(*removed_at)
            ));
        }
        AdminRefused::CredentialNotShown { resource, .. } => {
            return Some(format!("`proofkey api edit {resource} --introspection` makes another credential"));
        }
        AdminRefused::SecretInUpdate(id) => {
            return Some(format!("`proofkey client rotate-secret {id}` makes a new one"));
        }
        _ => return None,
    };
    Some(cure.to_owned())
}

/// The command for the kind of app that can be what another one cannot.
pub(super) fn kind_that_can(kind: AppKind) -> String {
    format!("`proofkey client add --{}` registers one that can", kind.name())
}

const fn missing(noun: Noun) -> &'static str {
    match noun {
        Noun::Client => "`proofkey client list` shows those that exist",
        Noun::Api => "`proofkey api list` shows those that exist",
        Noun::User => "`proofkey user list` shows those that exist",
        Noun::Key | Noun::SealingKey => "`proofkey key list` shows those that exist",
        Noun::Consent => "`proofkey consent list` shows what is remembered",
        Noun::Refusal => {
            "it may be mistyped, older than 7 days, one of many in its second or from its network, or of another server; \
             nothing is recorded where log.record_refusals is false, nor of an answer that shows a request id alone. The log \
             has most refusals under the same id"
        }
    }
}

const fn exists(noun: Noun) -> Option<&'static str> {
    match noun {
        Noun::Client => Some("`proofkey client edit` or `proofkey client update` changes it"),
        Noun::Api => Some("`proofkey api edit` changes it"),
        Noun::User => Some(
            "choose another name; `proofkey user set-password` and `proofkey user edit` change the password and the claims of one \
                 that exists",
        ),
        Noun::Consent | Noun::Key | Noun::SealingKey | Noun::Refusal => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_flag_that_gave_the_member() {
        let check = |refused: AdminRefused, start: &str| {
            let text = explain(refused).to_string();
            assert!(text.starts_with(start), "{text}");
        };
        check(AdminRefused::KeepSeconds, "--keep-seconds: 0 to ");
        check(ClaimRefused::Unknown("role".into()).into(), "--claims: `role`");
        check(ClaimRefused::Value("given_name".into()).into(), "--given-name or --claims: the claim");
        check(AdminRefused::Username, "a username is");
    }
}
