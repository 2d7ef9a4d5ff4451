//! The account that a sign-in is about, the device that it comes from, and under which key its failures are counted.

use proofkey_oauth::{Secret, Sha256, Timestamp, TokenKind, constant_time_eq};

use crate::cx::Cx;
use crate::facts::UserFacts;
use crate::ids::UserId;
use crate::policy::SignInLimit;
use crate::seal::ArtefactKeys;

/// How long a browser is known to an account after a sign-in there, in seconds.
pub const DEVICE_SECONDS: i64 = 180 * 86_400;

const ACCOUNT: &[u8] = b"sign-in account v1";
const DEVICE: &[u8] = b"sign-in account on a known device v2";
const DEVICE_ID_BYTES: usize = 18;

/// An account as the limit on failures knows it. It exists for any name, registered or not, so that counting tells nothing.
#[derive(Clone, Debug)]
pub struct Account {
    key: Sha256,
    device: Option<Device>,
}

/// A browser in which the account signed in before: its own count, so that failures elsewhere, also on the account's other
/// devices, cannot lock it out.
#[derive(Clone, Debug)]
struct Device {
    id: [u8; DEVICE_ID_BYTES],
    signed_in_at: Timestamp,
    /// What the account's `valid_from` was then: a new password, or an account that was closed, ends all its devices.
    valid_from: Timestamp,
    /// Who signed in: a name may be given to another person once its user was removed.
    user: UserId,
}

impl Account {
    /// The account of `name` in a browser with this device cookie. `name` is the normalised name, or what was typed where
    /// that cannot be a name at all.
    pub fn of(name: &str, device: Option<&str>, cx: &Cx<'_>) -> Self {
        let key = account_key(cx.keys, name);
        let opened = device.and_then(|text| cx.keys.open(TokenKind::Device, text));
        let device = opened.and_then(|content| Device::parse(&content, &key));
        Self { key, device: device.filter(|device| device.is_in_time(cx.now)) }
    }

    /// Whether the browser is known to it; a claim of the cookie alone until [`Self::confirmed`].
    pub const fn is_on_known_device(&self) -> bool {
        self.device.is_some()
    }

    /// The same once the user behind the name is loaded: what ended the account's sessions ended its devices too, and the devices of
    /// a user who was removed are not those of the next one of that name.
    pub fn confirmed(self, user: Option<&UserFacts>) -> Self {
        let device = self.device.filter(|device| user.is_some_and(|user| device.is_of(user)));
        Self { device, ..self }
    }

    /// The account itself, whatever the browser.
    pub const fn key(&self) -> Sha256 {
        self.key
    }

    /// The key under which its failures are counted in this browser.
    pub fn counted_as(&self, cx: &Cx<'_>) -> Sha256 {
        self.device.as_ref().map_or(self.key, |device| device.key(&self.key, cx.keys))
    }

    /// The limit on failures that holds in this browser.
    pub(super) const fn limit<'a>(&self, cx: &Cx<'a>) -> &'a SignInLimit {
        if self.device.is_some() { &cx.policy.sign_in_known_device } else { &cx.policy.sign_in }
    }

    /// The device cookie by which a browser is known to this account from now on. A known one keeps its count.
    pub(super) fn remember(&self, user: &UserFacts, cx: &mut Cx<'_>) -> Secret {
        let id = self.device.as_ref().map_or_else(|| cx.random(), |device| device.id);
        let device = Device { id, signed_in_at: cx.now, valid_from: user.valid_from, user: user.id.clone() };
        cx.seal(TokenKind::Device, &device.content(&self.key))
    }
}

impl Device {
    /// `None` if it is of another account, or of a release that sealed less: such a cookie had no end, or does not say whose it is.
    fn parse(content: &[u8], account: &Sha256) -> Option<Self> {
        let (of, rest) = content.split_first_chunk::<32>()?;
        let (id, rest) = rest.split_first_chunk::<DEVICE_ID_BYTES>()?;
        let (signed_in_at, rest) = rest.split_first_chunk::<8>()?;
        let (valid_from, user) = rest.split_first_chunk::<8>()?;
        let user = std::str::from_utf8(user).ok().filter(|user| !user.is_empty())?;
        constant_time_eq(of, account).then(|| Self {
            id: *id,
            signed_in_at: Timestamp(i64::from_be_bytes(*signed_in_at)),
            valid_from: Timestamp(i64::from_be_bytes(*valid_from)),
            user: UserId::new(user),
        })
    }

    fn content(&self, account: &Sha256) -> Vec<u8> {
        let instants = [self.signed_in_at, self.valid_from].map(|at| at.seconds().to_be_bytes());
        [account.as_slice(), &self.id, instants.as_flattened(), self.user.as_str().as_bytes()].concat()
    }

    fn is_of(&self, user: &UserFacts) -> bool {
        self.user == user.id && self.valid_from == user.valid_from
    }

    /// A cookie from ahead of the clock is one from before the clock was set back: it counts as made now.
    fn is_in_time(&self, now: Timestamp) -> bool {
        now - self.signed_in_at < DEVICE_SECONDS
    }

    fn key(&self, account: &Sha256, keys: &ArtefactKeys) -> Sha256 {
        keys.authenticate(DEVICE, &[account.as_slice(), &self.id].concat())
    }
}

/// The key of an account in unknown browsers: not the name itself, so that the table tells no names. The counts of its known
/// devices name it as their owner.
pub fn account_key(keys: &ArtefactKeys, name: &str) -> Sha256 {
    keys.authenticate(ACCOUNT, name.as_bytes())
}
