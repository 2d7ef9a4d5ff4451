//! The account that a sign-in is about, and under which key its failures are counted.

use proofkey_oauth::{Secret, Sha256, TokenKind, constant_time_eq};

use crate::cx::Cx;
use crate::policy::SignInLimit;
use crate::seal::ArtefactKeys;

const ACCOUNT: &[u8] = b"sign-in account v1";
const DEVICE: &[u8] = b"sign-in account on a known device v1";

/// An account as the limit on failures knows it. It exists for any name, registered or not, so that counting tells nothing.
#[derive(Clone, Debug)]
pub struct Account {
    key: Sha256,
    known_device: bool,
}

impl Account {
    /// The account of `name` in a browser with this device cookie. `name` is the normalised name, or what was typed where
    /// that cannot be a name at all.
    ///
    /// A browser in which the account signed in before has a count of its own, so that failures elsewhere cannot lock the
    /// owner out.
    pub fn of(name: &str, device: Option<&str>, cx: &Cx<'_>) -> Self {
        let key = account_key(cx.keys, name);
        let opened = device.and_then(|text| cx.keys.open(TokenKind::Device, text));
        let known_device = opened.is_some_and(|content| constant_time_eq(&content, &key));
        Self { key, known_device }
    }

    /// The key under which its failures are counted in this browser.
    pub fn counted_as(&self, cx: &Cx<'_>) -> Sha256 {
        if self.known_device { device_key(cx.keys, &self.key) } else { self.key }
    }

    /// The limit on failures that holds in this browser.
    pub(super) const fn limit<'a>(&self, cx: &Cx<'a>) -> &'a SignInLimit {
        if self.known_device { &cx.policy.sign_in_known_device } else { &cx.policy.sign_in }
    }

    /// The device cookie by which a browser is known to this account from now on.
    pub(super) fn device(&self, cx: &mut Cx<'_>) -> Secret {
        cx.seal(TokenKind::Device, &self.key)
    }
}

/// Every key under which the failures of the account `username_key` are counted.
pub fn account_keys(keys: &ArtefactKeys, username_key: &str) -> [Sha256; 2] {
    let key = account_key(keys, username_key);
    [key, device_key(keys, &key)]
}

/// The key of an account in unknown browsers: not the name itself, so that the table tells no names.
fn account_key(keys: &ArtefactKeys, name: &str) -> Sha256 {
    keys.authenticate(ACCOUNT, name.as_bytes())
}

/// The key of the same account in browsers in which it has signed in before.
fn device_key(keys: &ArtefactKeys, account: &Sha256) -> Sha256 {
    keys.authenticate(DEVICE, account)
}
