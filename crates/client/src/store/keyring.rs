//! The operating system's keyring. On Linux that is a Secret Service on the session bus (GNOME Keyring, KWallet).
//!
//! A keyring may be absent, locked, or asking the person for a password, so every call has its own thread and a limit.

use crate::error::Error;

#[cfg(not(all(target_os = "linux", feature = "keyring")))]
pub(super) use absent::{delete, read, write};
#[cfg(all(target_os = "linux", feature = "keyring"))]
pub(super) use secret_service::{delete, read, write};

fn unavailable(cause: impl std::fmt::Display) -> Error {
    Error::KeyringUnavailable(crate::error::shown(&cause.to_string()))
}

#[cfg(all(target_os = "linux", feature = "keyring"))]
mod secret_service {
    use std::sync::mpsc;
    use std::time::Duration;

    use keyring_core::api::CredentialStoreApi as _;
    use keyring_core::{Entry, Error as KeyringError};
    use zbus_secret_service_keyring_store::Store;
    use zeroize::Zeroizing;

    use super::unavailable;
    use crate::error::Error;

    /// Under which name the keyring's own program shows our entries.
    const SERVICE: &str = "proofkey";
    /// How long finding a keyring may take; without one, sign-in should not feel slow.
    const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
    /// How long an answer may take: long enough to type the password that unlocks it.
    const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

    pub(in crate::store) fn read(key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        ask(key, |entry| match entry.get_secret() {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(KeyringError::NoEntry) => Ok(None),
            Err(cause) => Err(cause),
        })
    }

    pub(in crate::store) fn write(key: &str, bytes: &[u8]) -> Result<(), Error> {
        let bytes = Zeroizing::new(bytes.to_vec());
        ask(key, move |entry| entry.set_secret(&bytes))
    }

    pub(in crate::store) fn delete(key: &str) -> Result<(), Error> {
        ask(key, |entry| match entry.delete_credential() {
            Ok(()) | Err(KeyringError::NoEntry) => Ok(()),
            Err(cause) => Err(cause),
        })
    }

    enum Message<T> {
        Connected,
        Done(keyring_core::Result<T>),
    }

    /// A thread of its own: the bus blocks, and must not do so inside the caller's runtime.
    fn ask<T: Send + 'static>(
        key: &str,
        act: impl FnOnce(&Entry) -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let key = key.to_owned();
        let (sender, answers) = mpsc::channel();
        std::thread::spawn(move || {
            let answer = Store::new().and_then(|store| {
                // The receiver may have given up; then nobody cares.
                let _ = sender.send(Message::Connected);
                act(&store.build(SERVICE, &key, None)?)
            });
            let _ = sender.send(Message::Done(answer));
        });
        let mut patience = CONNECT_TIMEOUT;
        loop {
            match answers.recv_timeout(patience) {
                Ok(Message::Connected) => patience = ANSWER_TIMEOUT,
                Ok(Message::Done(answer)) => return answer.map_err(unavailable),
                Err(_) => return Err(unavailable("it does not answer")),
            }
        }
    }
}

#[cfg(not(all(target_os = "linux", feature = "keyring")))]
mod absent {
    use zeroize::Zeroizing;

    use super::unavailable;
    use crate::error::Error;

    const WHY: &str = "this build has no support for it";

    pub(in crate::store) fn read(_key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        Err(unavailable(WHY))
    }

    pub(in crate::store) fn write(_key: &str, _bytes: &[u8]) -> Result<(), Error> {
        Err(unavailable(WHY))
    }

    pub(in crate::store) fn delete(_key: &str) -> Result<(), Error> {
        Err(unavailable(WHY))
    }
}
