//! A sign-in under way: the request that began it, sealed to the browser that began it.
//!
//! It travels as a hidden form field and in the address of our own pages. What it carries is the request as it came; every
//! step runs the rules on it again, so nothing decided earlier can be carried past a change (OWASP ASVS 2.3.1).

use proofkey_oauth::{Secret, Sha256, Timestamp, TokenKind};

use crate::cx::Cx;
use crate::envelope::{Reader, Truncated, Writer};
use crate::ids::SessionId;
use crate::refusal::Refusal;
use crate::seal::ArtefactKeys;

/// The form of the envelope's content.
const VERSION: u8 = 1;

/// Which page an interaction belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The request came by POST and is taken up again as a GET, which carries the session cookie. It is bound to no browser:
    /// it stands for the same request by GET, which anybody may link to, and the cookie that would bind it to one stays at
    /// home in a cross-site POST.
    Resume,
    /// Sign-in.
    SignIn,
    /// Consent.
    Consent,
    /// Confirmation of a logout.
    Logout,
}

/// A step of a sign-in, as sealed into a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interaction {
    /// The page it belongs to.
    pub step: Step,
    /// The request, form-encoded as it came.
    pub request: String,
    /// SHA-256 of the flow cookie of the browser that began it.
    pub browser: Sha256,
    /// For consent and logout, the session whose user sees the page.
    pub session: Option<SessionId>,
    /// Whether that session began during this interaction, which is what `prompt=login` and `max_age` ask for.
    pub fresh: bool,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl Interaction {
    /// Begins a step.
    pub fn begin(
        step: Step,
        request: String,
        browser: Sha256,
        session: Option<SessionId>,
        cx: &Cx<'_>,
    ) -> Self {
        Self {
            step,
            request,
            browser,
            session,
            fresh: false,
            expires_at: cx.now + cx.policy.interaction_seconds,
        }
    }

    /// The text for the page.
    pub fn seal(&self, cx: &mut Cx<'_>) -> Secret {
        let mut out = Writer::default();
        out.byte(VERSION)
            .byte(self.step.number())
            .byte(u8::from(self.fresh))
            .fixed(&self.browser)
            .integer(self.expires_at.seconds());
        out.optional(self.session.as_ref().map(|session| &session.0[..])).field(self.request.as_bytes());
        cx.seal(TokenKind::Interaction, &out.finish())
    }

    /// The session that began during this interaction.
    pub fn authenticated_as(&self) -> Option<SessionId> {
        self.session.filter(|_| self.fresh)
    }

    /// Opens a step for the browser that sends it. `browser` is the hash of its flow cookie.
    pub fn open(
        keys: &ArtefactKeys,
        text: &str,
        step: Step,
        browser: Option<Sha256>,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let content = keys.open(TokenKind::Interaction, text).ok_or(Refusal::InteractionInvalid)?;
        let found = Self::read(&content).map_err(|_| Refusal::InteractionInvalid)?;
        if found.step != step {
            return Err(Refusal::InteractionInvalid);
        }
        if step != Step::Resume && browser != Some(found.browser) {
            return Err(Refusal::InteractionOfAnotherBrowser);
        }
        if now >= found.expires_at {
            return Err(Refusal::InteractionExpired);
        }
        Ok(found)
    }

    fn read(content: &[u8]) -> Result<Self, Truncated> {
        let mut fields = Reader::new(content);
        if fields.byte()? != VERSION {
            return Err(Truncated);
        }
        let step = Step::from_number(fields.byte()?).ok_or(Truncated)?;
        let fresh = fields.byte()? == 1;
        let browser = fields.fixed()?;
        let expires_at = Timestamp(fields.integer()?);
        let session = fields.optional()?.map(<[u8; 16]>::try_from).transpose().map_err(|_| Truncated)?;
        let request = fields.text()?;
        fields.finish()?;
        Ok(Self { step, request, browser, session: session.map(SessionId), fresh, expires_at })
    }
}

impl Step {
    const fn number(self) -> u8 {
        match self {
            Self::Resume => 0,
            Self::SignIn => 1,
            Self::Consent => 2,
            Self::Logout => 3,
        }
    }

    const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Resume),
            1 => Some(Self::SignIn),
            2 => Some(Self::Consent),
            3 => Some(Self::Logout),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{NOW, World};

    #[test]
    fn v_11_v_38_v_56_a_step_opens_only_in_its_browser_at_its_page_and_in_time() {
        let mut world = World::new();
        let keys = ArtefactKeys::derive(&[7; 32]);
        let begun =
            Interaction::begin(Step::Consent, "a=b".into(), [1; 32], Some(SessionId([2; 16])), &world.cx());
        let text = begun.seal(&mut world.cx());
        let open = |step, browser, now| Interaction::open(&keys, text.expose(), step, browser, now);
        assert_eq!(open(Step::Consent, Some([1; 32]), NOW), Ok(begun.clone()));
        assert_eq!(open(Step::SignIn, Some([1; 32]), NOW), Err(Refusal::InteractionInvalid));
        let resumed = Interaction::begin(Step::Resume, "a=b".into(), [0; 32], None, &world.cx());
        let link = resumed.seal(&mut world.cx());
        assert_eq!(Interaction::open(&keys, link.expose(), Step::Resume, None, NOW), Ok(resumed));
        assert_eq!(open(Step::Consent, Some([9; 32]), NOW), Err(Refusal::InteractionOfAnotherBrowser));
        assert_eq!(open(Step::Consent, None, NOW), Err(Refusal::InteractionOfAnotherBrowser));
        assert_eq!(open(Step::Consent, Some([1; 32]), begun.expires_at), Err(Refusal::InteractionExpired));
        let tampered = text.expose().replace("pki_", "pki_A");
        assert_eq!(
            Interaction::open(&keys, &tampered, Step::Consent, Some([1; 32]), NOW),
            Err(Refusal::InteractionInvalid)
        );
    }
}
