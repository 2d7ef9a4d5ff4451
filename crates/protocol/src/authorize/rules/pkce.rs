//! PKCE: S256, required of every client but those confidential ones that an operator exempted (OAuth 2.1 §7.5.1).

use proofkey_oauth::{CHALLENGE_METHOD, CodeChallenge, PkcePolicy};

use super::{EnabledClient, Unambiguous};
use crate::refusal::Refusal;

/// The challenge of a request.
pub(in crate::authorize) fn pkce(
    request: Unambiguous<'_>,
    client: &EnabledClient,
) -> Result<Option<CodeChallenge>, Refusal> {
    let Some(challenge) = request.code_challenge.as_deref() else {
        // A method without a challenge is what a stripped challenge leaves behind.
        let optional = client.pkce == PkcePolicy::Optional
            && !client.is_public()
            && request.code_challenge_method.is_none();
        return if optional { Ok(None) } else { Err(Refusal::ChallengeMissing) };
    };
    if request.code_challenge_method.as_deref() != Some(CHALLENGE_METHOD) {
        return Err(Refusal::ChallengeMethodUnsupported);
    }
    CodeChallenge::parse(challenge).map(Some).map_err(|_| Refusal::ChallengeMalformed)
}
