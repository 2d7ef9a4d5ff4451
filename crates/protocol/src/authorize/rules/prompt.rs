//! How fresh the authentication must be, and what may be shown (OpenID Connect Core §3.1.2.1).

use proofkey_oauth::Prompt;

use super::Unambiguous;
use crate::authentication::Authentication;
use crate::refusal::Refusal;

/// What a request asks about the person's presence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::authorize) struct Freshness {
    pub(in crate::authorize) prompt: Prompt,
    pub(in crate::authorize) max_age_seconds: Option<i64>,
    /// Whether a class of authentication is asked for, and the lowest is not among those that are.
    pub(in crate::authorize) above_lowest_class: bool,
}

/// Reads `prompt`, `max_age` and `acr_values`.
pub(in crate::authorize) fn freshness(request: Unambiguous<'_>) -> Result<Freshness, Refusal> {
    let prompt =
        request.prompt.as_deref().map(Prompt::parse).transpose().map_err(|_| Refusal::PromptMalformed)?;
    // Digits alone: the parser of numbers would take a sign too. No session is as old as the largest number.
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = |text: &str| {
        if digits(text) { Ok(text.parse().unwrap_or(i64::MAX)) } else { Err(Refusal::MaxAgeMalformed) }
    };
    let max_age_seconds = request.max_age.as_deref().map(seconds).transpose()?;
    let classes = request.acr_values.as_deref().unwrap_or_default();
    let mut classes = classes.split(' ').filter(|class| !class.is_empty()).peekable();
    let above_lowest_class =
        classes.peek().is_some() && classes.all(|class| class != Authentication::LOWEST_CLASS);
    Ok(Freshness { prompt: prompt.unwrap_or_default(), max_age_seconds, above_lowest_class })
}
