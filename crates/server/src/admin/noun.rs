//! The nouns and verbs of administration, by which it is recorded and refused.

use std::fmt;

/// What is administered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is named after what it is")]
pub enum Noun {
    Client,
    Api,
    User,
    Consent,
    Key,
    SealingKey,
    Refusal,
}

/// What is done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Add,
    Show,
    List,
    Update,
    Edit,
    Remove,
    Disable,
    Enable,
    RotateSecret,
    SetPassword,
    Unlock,
    SignOut,
    RevokeGrants,
    PreviewToken,
    Revoke,
    Prepare,
    Rotate,
}

impl fmt::Display for Noun {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Client => "client",
            Self::Api => "API",
            Self::User => "user",
            Self::Consent => "consent",
            Self::Key => "key",
            Self::SealingKey => "sealing key",
            Self::Refusal => "recorded refusal",
        })
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Add => "add",
            Self::Show => "show",
            Self::List => "list",
            Self::Update => "update",
            Self::Edit => "edit",
            Self::Remove => "remove",
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::RotateSecret => "rotate-secret",
            Self::SetPassword => "set-password",
            Self::Unlock => "unlock",
            Self::SignOut => "sign-out",
            Self::RevokeGrants => "revoke-grants",
            Self::PreviewToken => "preview-token",
            Self::Revoke => "revoke",
            Self::Prepare => "prepare",
            Self::Rotate => "rotate",
        })
    }
}
