//! An interaction under way: the request that began it, sealed to the browser that began it.
//!
//! It travels as a hidden field of our pages' forms. What it carries is the request as it came; every step runs the rules on it
//! again, so nothing decided earlier can be carried past a change (OWASP ASVS 2.3.1).
//!
//! A step that no longer fits, because it is old or was made for a browser that lost its cookie since, is [`Stale`]: no more than
//! a link to the request, which begins anew. What the person did on its page counts for nothing.
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
//! # use proofkey_protocol::{ArtefactKeys, interaction::{Consent, Sealed}};
//! fn anywhere(keys: &ArtefactKeys, text: &str) {
//!     let _ = Sealed::<Consent>::resume(keys, text);
//! }
//! ```

mod step;

pub use step::{BoundStep, Consent, Logout, Resume, SignIn, Step};

use proofkey_oauth::{Secret, Sha256, Timestamp, TokenKind};

use crate::clock::is_ahead;
use crate::cx::Cx;
use crate::envelope::{Reader, Truncated, Writer};
use crate::refusal::Refusal;
use crate::seal::ArtefactKeys;

/// The form of the envelope's content.
const VERSION: u8 = 3;
/// The form before it. Its steps are links to their requests, for a page may stand open while the server is replaced.
const VERSION_BEFORE: u8 = 2;

/// How long a person may take to sign in and consent. No setting: a page that stood open for half an hour was left.
pub const INTERACTION_SECONDS: i64 = 1800;

/// What came back sealed, in the form of a page or in an address of ours. Made by opening alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed<S> {
    step: S,
    request: String,
    /// SHA-256 of the flow cookie of the browser that began it; only [`Resume`] has none.
    browser: Option<Sha256>,
    expires_at: Timestamp,
}

/// A step that the browser that sends it is no longer at: the request, and nothing that was done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    request: String,
    resumed: bool,
}

/// What a sealed text is to the browser that sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened<S> {
    /// The step that this browser is at.
    Fits(Sealed<S>),
    /// A step that it is no longer at.
    Stale(Stale),
}

impl Stale {
    /// Whether its page was itself shown in the place of one that no longer fitted.
    pub const fn was_resumed(&self) -> bool {
        self.resumed
    }

    /// The request, form-encoded as it came.
    pub fn request(&self) -> &str {
        &self.request
    }
}

impl<S: BoundStep> Sealed<S> {
    /// Seals a step for the browser whose flow cookie has this hash. `request` is form-encoded, as it came.
    pub fn seal(step: S, request: &str, browser: Sha256, cx: &mut Cx<'_>) -> Secret {
        seal(&step, request, Some(browser), cx)
    }

    /// Opens a step for the browser that sends it. `browsers` are the hashes of its flow cookies: there are several if it asked
    /// for several pages before the first cookie came.
    pub fn open(
        keys: &ArtefactKeys,
        text: &str,
        browsers: &[Sha256],
        now: Timestamp,
    ) -> Result<Opened<S>, Refusal> {
        let found = match Self::unseal(keys, text)? {
            Unsealed::Step(found) => found,
            Unsealed::Before(request) => return Ok(Opened::Stale(Stale { request, resumed: false })),
        };
        let is_of_browser = found.browser.is_some_and(|browser| browsers.contains(&browser));
        let made_at = found.expires_at + -INTERACTION_SECONDS;
        Ok(if is_of_browser && now < found.expires_at && !is_ahead(made_at, now) {
            Opened::Fits(found)
        } else {
            Opened::Stale(Stale { resumed: found.step.was_resumed(), request: found.request })
        })
    }
}

impl Sealed<Resume> {
    /// Seals the way back to a request that came by POST.
    pub fn pause(request: &str, cx: &mut Cx<'_>) -> Secret {
        seal(&Resume, request, None, cx)
    }

    /// Takes up a request that came by POST, in any browser and at any time: as a link to the same request would. The request
    /// is form-encoded, as it came.
    pub fn resume(keys: &ArtefactKeys, text: &str) -> Result<String, Refusal> {
        Ok(match Self::unseal(keys, text)? {
            Unsealed::Step(found) => found.request,
            Unsealed::Before(request) => request,
        })
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

    fn unseal(keys: &ArtefactKeys, text: &str) -> Result<Unsealed<S>, Refusal> {
        let content = keys.open(TokenKind::Interaction, text).ok_or(Refusal::InteractionInvalid)?;
        read(&content).map_err(|_| Refusal::InteractionInvalid)
    }
}

/// The content of an envelope of the right page.
enum Unsealed<S> {
    Step(Sealed<S>),
    /// Of the form before this one: the request.
    Before(String),
}

fn read<S: Step>(content: &[u8]) -> Result<Unsealed<S>, Truncated> {
    let mut fields = Reader::new(content);
    let version = fields.byte()?;
    if fields.byte()? != S::NUMBER {
        return Err(Truncated);
    }
    let expires_at = Timestamp(fields.integer()?);
    let browser = fields.optional()?.map(Sha256::try_from).transpose().map_err(|_| Truncated)?;
    let unsealed = match version {
        VERSION => {
            let step = S::read(&mut fields)?;
            Unsealed::Step(Sealed { step, request: fields.text()?, browser, expires_at })
        }
        VERSION_BEFORE => {
            S::skip_before(&mut fields)?;
            Unsealed::Before(fields.text()?)
        }
        _ => return Err(Truncated),
    };
    fields.finish()?;
    Ok(unsealed)
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
    use super::step::Fields as _;
    use super::*;
    use crate::fixtures::{NOW, World, keys};
    use crate::ids::SessionId;

    const STEP: Consent = Consent { session: SessionId([2; 16]), fresh: true, shown: [4; 32] };
    const BROWSER: Sha256 = [1; 32];

    #[test]
    fn k_15_v_11_v_38_v_56_k_14_a_step_fits_in_its_browser_and_in_time_and_is_else_a_link_to_its_request() {
        let mut world = World::new();
        let keys = keys();
        let ends_at = NOW + world.policy.interaction_seconds;
        let text = Sealed::seal(STEP, "a=b", BROWSER, &mut world.cx());
        let open =
            |browsers: &[Sha256], now| Sealed::<Consent>::open(&keys, text.expose(), browsers, now).unwrap();
        for browsers in [&[BROWSER][..], &[[9; 32], BROWSER]] {
            let Opened::Fits(opened) = open(browsers, ends_at + -1) else { panic!("{browsers:?}") };
            assert_eq!((opened.step(), opened.request()), (&STEP, "a=b"));
        }
        assert!(matches!(open(&[BROWSER], NOW + -180), Opened::Fits(_)));
        let ahead = (&[BROWSER][..], NOW + -181);
        for (browsers, now) in [(&[BROWSER][..], ends_at), ahead, (&[[9; 32]], NOW), (&[], NOW)] {
            let Opened::Stale(stale) = open(browsers, now) else { panic!("{browsers:?} {now:?}") };
            assert_eq!((stale.was_resumed(), stale.request()), (false, "a=b"));
        }
        let tampered = text.expose().replace("pki_", "pki_A");
        let refused = Sealed::<Consent>::open(&keys, &tampered, &[BROWSER], NOW);
        assert_eq!(refused, Err(Refusal::InteractionInvalid));
    }

    #[test]
    fn v_38_a_step_of_one_page_is_no_step_of_another() {
        let mut world = World::new();
        let keys = keys();
        let consent = Sealed::seal(STEP, "a=b", BROWSER, &mut world.cx());
        let refused = Sealed::<SignIn>::open(&keys, consent.expose(), &[BROWSER], NOW);
        assert_eq!(refused, Err(Refusal::InteractionInvalid));
        assert_eq!(Sealed::resume(&keys, consent.expose()), Err(Refusal::InteractionInvalid));
        let link = Sealed::pause("a=b", &mut world.cx());
        assert_eq!(Sealed::resume(&keys, link.expose()).as_deref(), Ok("a=b"));
        let refused = Sealed::<Consent>::open(&keys, link.expose(), &[BROWSER], NOW);
        assert_eq!(refused, Err(Refusal::InteractionInvalid));
    }

    #[test]
    fn k_14_a_step_that_an_earlier_server_sealed_is_a_link_to_its_request() {
        let mut world = World::new();
        let keys = keys();
        let mut before = |number: u8, step: &[u8]| {
            let mut out = Writer::default();
            out.byte(2).byte(number).integer(NOW.seconds() + 600).optional(Some(&BROWSER));
            for byte in step {
                out.byte(*byte);
            }
            out.field(b"a=b");
            world.cx().seal(TokenKind::Interaction, &out.finish())
        };
        let text = before(SignIn::NUMBER, &[]);
        assert!(matches!(
            Sealed::<SignIn>::open(&keys, text.expose(), &[BROWSER], NOW),
            Ok(Opened::Stale(_))
        ));
        let text = before(Logout::NUMBER, &[7; 16]);
        assert!(matches!(
            Sealed::<Logout>::open(&keys, text.expose(), &[BROWSER], NOW),
            Ok(Opened::Stale(_))
        ));
        let text = before(Consent::NUMBER, &[7; 17]);
        let Ok(Opened::Stale(stale)) = Sealed::<Consent>::open(&keys, text.expose(), &[BROWSER], NOW) else {
            panic!()
        };
        assert_eq!((stale.was_resumed(), stale.request()), (false, "a=b"));
        let text = before(Resume::NUMBER, &[]);
        assert_eq!(Sealed::resume(&keys, text.expose()).as_deref(), Ok("a=b"));
    }

    #[test]
    fn v_38_a_step_of_a_form_before_that_is_refused_like_garbage() {
        let mut world = World::new();
        let keys = keys();
        let mut before = Writer::default();
        before.byte(1).byte(2).byte(1).fixed(&BROWSER).integer(NOW.seconds() + 600);
        before.optional(Some(&[2; 16])).field(b"a=b");
        let text = world.cx().seal(TokenKind::Interaction, &before.finish());
        let refused = Sealed::<Consent>::open(&keys, text.expose(), &[BROWSER], NOW);
        assert_eq!(refused, Err(Refusal::InteractionInvalid));
    }

    #[test]
    fn v_38_a_page_without_a_browser_is_of_no_browser() {
        let mut world = World::new();
        let keys = keys();
        let text = seal(&STEP, "a=b", None, &mut world.cx());
        for browsers in [&[][..], &[BROWSER]] {
            let opened = Sealed::<Consent>::open(&keys, text.expose(), browsers, NOW).unwrap();
            assert!(matches!(opened, Opened::Stale(_)), "{browsers:?}");
        }
    }
}
