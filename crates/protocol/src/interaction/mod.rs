//! An interaction under way: the request that began it, sealed to the browser that began it.
//!
//! It travels as a hidden form field and in the address of our own pages. What it carries is the request as it came; every
//! step runs the rules on it again, so nothing decided earlier can be carried past a change (OWASP ASVS 2.3.1).
//!
//! An envelope is typed by its page. One page's envelope is no other's, neither here,
//!
//! ```compile_fail,E0308
//! # use proofkey_protocol::authorize::{Answer, ConsentGiven};
//! # use proofkey_protocol::interaction::{Logout, Sealed};
//! fn confuse(page: &Sealed<Logout>) -> ConsentGiven {
//!     ConsentGiven::from_page(page, Answer::Allow)
//! }
//! ```
//!
//! nor can one be had that did not come back: to seal gives text, and to open that text is the one way to a value;
//!
//! ```compile_fail,E0308
//! # use proofkey_protocol::{Cx, authorize::{Answer, ConsentGiven}};
//! # use proofkey_protocol::interaction::{Consent, Sealed};
//! fn forge(step: Consent, cx: &mut Cx<'_>) -> ConsentGiven {
//!     ConsentGiven::from_page(&Sealed::seal(step, "", [0; 32], cx), Answer::Allow)
//! }
//! ```
//!
//! nor is it another's on its way through the browser: the step is inside and [`Sealed::open`] refuses another. The step of a page cannot be
//! opened without saying in which browser:
//!
//! ```compile_fail,E0599
//! # use proofkey_oauth::Timestamp;
//! # use proofkey_protocol::{ArtefactKeys, interaction::{Consent, Sealed}};
//! fn anywhere(keys: &ArtefactKeys, text: &str, now: Timestamp) {
//!     let _ = Sealed::<Consent>::resume(keys, text, now);
//! }
//! ```

mod step;

pub use step::{BoundStep, Consent, Logout, Resume, SignIn, Step};

use proofkey_oauth::{Secret, Sha256, Timestamp, TokenKind};

use crate::cx::Cx;
use crate::envelope::{Reader, Truncated, Writer};
use crate::refusal::Refusal;
use crate::seal::ArtefactKeys;

/// The form of the envelope's content.
const VERSION: u8 = 2;

/// What came back sealed, in the form of a page or in an address of ours. Made by opening alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed<S> {
    step: S,
    request: String,
    /// SHA-256 of the flow cookie of the browser that began it; only [`Resume`] has none.
    browser: Option<Sha256>,
    expires_at: Timestamp,
}

impl<S: BoundStep> Sealed<S> {
    /// Seals a step for the browser whose flow cookie has this hash. `request` is form-encoded, as it came.
    pub fn seal(step: S, request: &str, browser: Sha256, cx: &mut Cx<'_>) -> Secret {
        seal(&step, request, Some(browser), cx)
    }

    /// Opens a step for the browser that sends it. `browser` is the hash of its flow cookie.
    pub fn open(
        keys: &ArtefactKeys,
        text: &str,
        browser: Option<Sha256>,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let found = Self::unseal(keys, text)?;
        if found.browser.is_none() || found.browser != browser {
            return Err(Refusal::InteractionOfAnotherBrowser);
        }
        found.in_time(now)
    }
}

impl Sealed<Resume> {
    /// Seals the way back to a request that came by POST.
    pub fn pause(request: &str, cx: &mut Cx<'_>) -> Secret {
        seal(&Resume, request, None, cx)
    }

    /// Takes up a request that came by POST, in any browser.
    pub fn resume(keys: &ArtefactKeys, text: &str, now: Timestamp) -> Result<Self, Refusal> {
        Self::unseal(keys, text)?.in_time(now)
    }
}

impl<S: Step> Sealed<S> {
    /// What the page needs to know again.
    pub const fn step(&self) -> &S {
        &self.step
    }

    /// The request, form-encoded as it came.
    pub fn request(&self) -> &str {
        &self.request
    }

    fn unseal(keys: &ArtefactKeys, text: &str) -> Result<Self, Refusal> {
        let content = keys.open(TokenKind::Interaction, text).ok_or(Refusal::InteractionInvalid)?;
        Self::read(&content).map_err(|_| Refusal::InteractionInvalid)
    }

    fn in_time(self, now: Timestamp) -> Result<Self, Refusal> {
        if now >= self.expires_at { Err(Refusal::InteractionExpired) } else { Ok(self) }
    }

    fn read(content: &[u8]) -> Result<Self, Truncated> {
        let mut fields = Reader::new(content);
        if fields.byte()? != VERSION || fields.byte()? != S::NUMBER {
            return Err(Truncated);
        }
        let expires_at = Timestamp(fields.integer()?);
        let browser = fields.optional()?.map(Sha256::try_from).transpose().map_err(|_| Truncated)?;
        let step = S::read(&mut fields)?;
        let request = fields.text()?;
        fields.finish()?;
        Ok(Self { step, request, browser, expires_at })
    }
}

fn seal<S: Step>(step: &S, request: &str, browser: Option<Sha256>, cx: &mut Cx<'_>) -> Secret {
    let expires_at = cx.now + cx.policy.interaction_seconds;
    let mut out = Writer::default();
    out.byte(VERSION).byte(S::NUMBER).integer(expires_at.seconds());
    out.optional(browser.as_ref().map(|browser| &browser[..]));
    step.write(&mut out);
    out.field(request.as_bytes());
    cx.seal(TokenKind::Interaction, &out.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{NOW, World, keys};
    use crate::ids::SessionId;

    const STEP: Consent = Consent { session: SessionId([2; 16]), fresh: true };

    #[test]
    fn v_11_v_38_v_56_a_step_opens_only_in_its_browser_at_its_page_and_in_time() {
        let mut world = World::new();
        let keys = keys();
        let ends_at = NOW + world.policy.interaction_seconds;
        let text = Sealed::seal(STEP, "a=b", [1; 32], &mut world.cx());
        let open = |browser, now| Sealed::<Consent>::open(&keys, text.expose(), browser, now);
        let opened = open(Some([1; 32]), ends_at + -1).unwrap();
        assert_eq!((opened.step(), opened.request()), (&STEP, "a=b"));
        assert_eq!(
            Sealed::<SignIn>::open(&keys, text.expose(), Some([1; 32]), NOW),
            Err(Refusal::InteractionInvalid)
        );
        assert_eq!(Sealed::resume(&keys, text.expose(), NOW), Err(Refusal::InteractionInvalid));
        let link = Sealed::pause("a=b", &mut world.cx());
        assert_eq!(Sealed::resume(&keys, link.expose(), ends_at + -1).unwrap().request(), "a=b");
        assert_eq!(Sealed::resume(&keys, link.expose(), ends_at), Err(Refusal::InteractionExpired));
        assert_eq!(open(Some([9; 32]), NOW), Err(Refusal::InteractionOfAnotherBrowser));
        assert_eq!(open(None, NOW), Err(Refusal::InteractionOfAnotherBrowser));
        assert_eq!(open(Some([1; 32]), ends_at), Err(Refusal::InteractionExpired));
        let tampered = text.expose().replace("pki_", "pki_A");
        assert_eq!(
            Sealed::<Consent>::open(&keys, &tampered, Some([1; 32]), NOW),
            Err(Refusal::InteractionInvalid)
        );
    }

    #[test]
    fn v_38_a_step_of_an_earlier_form_is_refused_like_garbage() {
        let mut world = World::new();
        let keys = keys();
        let mut before = Writer::default();
        before.byte(1).byte(2).byte(1).fixed(&[1; 32]).integer(NOW.seconds() + 600);
        before.optional(Some(&[2; 16])).field(b"a=b");
        let text = world.cx().seal(TokenKind::Interaction, &before.finish());
        assert_eq!(
            Sealed::<Consent>::open(&keys, text.expose(), Some([1; 32]), NOW),
            Err(Refusal::InteractionInvalid)
        );
    }

    #[test]
    fn v_38_a_page_without_a_browser_is_of_no_browser() {
        let mut world = World::new();
        let keys = keys();
        let text = seal(&STEP, "a=b", None, &mut world.cx());
        for browser in [None, Some([1; 32])] {
            assert_eq!(
                Sealed::<Consent>::open(&keys, text.expose(), browser, NOW),
                Err(Refusal::InteractionOfAnotherBrowser)
            );
        }
    }
}
