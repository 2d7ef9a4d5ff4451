//! The pages that an interaction goes through, and what each needs to know again when its form comes back.

use proofkey_oauth::Sha256;

use crate::envelope::{Reader, Truncated, Writer};
use crate::ids::SessionId;

/// A step of an interaction. The four below are all that there are.
pub trait Step: Fields {}

/// A step that is bound to the browser that began it.
pub trait BoundStep: Step {}

/// How a step is written into an envelope. Private to this crate, so that no other can add a step.
pub trait Fields: Sized {
    /// Tells the steps apart, so that none opens as another.
    const NUMBER: u8;

    /// Writes what [`Fields::read`] reads.
    fn write(&self, out: &mut Writer);

    /// Reads the step's own fields.
    fn read(fields: &mut Reader<'_>) -> Result<Self, Truncated>;

    /// Passes over the fields that the step had in the envelope's form before this one.
    fn skip_before(_: &mut Reader<'_>) -> Result<(), Truncated> {
        Ok(())
    }

    /// Whether its page was shown in the place of one that no longer fitted.
    fn was_resumed(&self) -> bool {
        false
    }
}

/// The request came by POST and is taken up again as a GET, which carries the session cookie. It is bound to no browser: it
/// stands for the same request by GET, which any page may link to, and the cookie that would bind it to one stays at home in
/// a cross-site POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resume;

/// The sign-in page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignIn {
    /// Whether the page was shown in the place of one that no longer fitted.
    pub resumed: bool,
}

/// The consent page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consent {
    /// The session whose user sees the page.
    pub session: SessionId,
    /// Whether that session began during this interaction, which is what `prompt=login` and `max_age` ask for.
    pub fresh: bool,
    /// A digest of what the page shows: an answer is one to that and to nothing else.
    pub shown: Sha256,
}

/// The page that asks whether to sign out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logout {
    /// The session whose user sees the page.
    pub session: SessionId,
}

impl Consent {
    /// The session that began during this interaction.
    pub fn authenticated_as(&self) -> Option<SessionId> {
        self.fresh.then_some(self.session)
    }
}

impl Step for Resume {}
impl Step for SignIn {}
impl Step for Consent {}
impl Step for Logout {}

impl BoundStep for SignIn {}
impl BoundStep for Consent {}
impl BoundStep for Logout {}

impl Fields for Resume {
    const NUMBER: u8 = 0;

    fn write(&self, _: &mut Writer) {}

    fn read(_: &mut Reader<'_>) -> Result<Self, Truncated> {
        Ok(Self)
    }
}

impl Fields for SignIn {
    const NUMBER: u8 = 1;

    fn write(&self, out: &mut Writer) {
        out.byte(u8::from(self.resumed));
    }

    fn read(fields: &mut Reader<'_>) -> Result<Self, Truncated> {
        Ok(Self { resumed: fields.byte()? == 1 })
    }

    fn was_resumed(&self) -> bool {
        self.resumed
    }
}

impl Fields for Consent {
    const NUMBER: u8 = 2;

    fn write(&self, out: &mut Writer) {
        out.fixed(&self.session.0).byte(u8::from(self.fresh)).fixed(&self.shown);
    }

    fn read(fields: &mut Reader<'_>) -> Result<Self, Truncated> {
        let (session, fresh) = (SessionId(fields.fixed()?), fields.byte()? == 1);
        Ok(Self { session, fresh, shown: fields.fixed()? })
    }

    fn skip_before(fields: &mut Reader<'_>) -> Result<(), Truncated> {
        fields.fixed::<17>().map(|_| ())
    }
}

impl Fields for Logout {
    const NUMBER: u8 = 3;

    fn write(&self, out: &mut Writer) {
        out.fixed(&self.session.0);
    }

    fn read(fields: &mut Reader<'_>) -> Result<Self, Truncated> {
        Ok(Self { session: SessionId(fields.fixed()?) })
    }

    fn skip_before(fields: &mut Reader<'_>) -> Result<(), Truncated> {
        fields.fixed::<16>().map(|_| ())
    }
}
