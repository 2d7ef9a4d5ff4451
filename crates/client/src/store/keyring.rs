//! The operating system's keyring. On Linux that is a Secret Service on the session bus (GNOME Keyring, KWallet).
//!
//! A keyring may be absent, locked, or asking the person for a password, so every call has its own thread and a limit.

use zeroize::Zeroizing;

use crate::error::Error;

#[cfg(not(all(target_os = "linux", feature = "keyring")))]
pub(super) use absent::Keyring;
#[cfg(all(target_os = "linux", feature = "keyring"))]
pub(super) use secret_service::Keyring;

impl Keyring {
    /// The entry's content, if there is one.
    pub(super) fn read(&self, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        self.read_entry(key).map_err(unavailable)
    }

    /// Makes or replaces the entry.
    pub(super) fn write(&self, key: &str, bytes: &[u8]) -> Result<(), Error> {
        self.write_entry(key, bytes).map_err(unavailable)
    }

    /// Removes the entry, if there is one.
    pub(super) fn delete(&self, key: &str) -> Result<(), Error> {
        self.delete_entry(key).map_err(unavailable)
    }
}

fn unavailable(cause: String) -> Error {
    Error::KeyringUnavailable(crate::error::shown(&cause))
}

#[cfg(all(target_os = "linux", feature = "keyring"))]
mod secret_service {
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    use keyring_core::{CredentialStore, Entry, Error as KeyringError};
    use zbus_secret_service_keyring_store::Store;
    use zeroize::Zeroizing;

    /// Under which name the keyring's own program shows our entries.
    const SERVICE: &str = "proofkey";
    /// How long finding a keyring may take; without one, sign-in should not feel slow.
    const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
    /// How long an answer may take: long enough to type the password that unlocks it.
    const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

    /// The Secret Service of this desktop session.
    #[derive(Clone, Debug, Default)]
    pub(in crate::store) struct Keyring {
        /// The store that tests use instead.
        #[cfg(test)]
        pub(in crate::store) double: Option<Arc<keyring_core::mock::Store>>,
    }

    enum Message<T> {
        Connected,
        Done(keyring_core::Result<T>),
    }

    impl Keyring {
        pub(super) fn read_entry(&self, key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
            self.ask(key, |entry| match entry.get_secret() {
                Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
                Err(KeyringError::NoEntry) => Ok(None),
                Err(cause) => Err(cause),
            })
        }

        pub(super) fn write_entry(&self, key: &str, bytes: &[u8]) -> Result<(), String> {
            let bytes = Zeroizing::new(bytes.to_vec());
            self.ask(key, move |entry| entry.set_secret(&bytes))
        }

        pub(super) fn delete_entry(&self, key: &str) -> Result<(), String> {
            self.ask(key, |entry| match entry.delete_credential() {
                Ok(()) | Err(KeyringError::NoEntry) => Ok(()),
                Err(cause) => Err(cause),
            })
        }

        /// A thread of its own: the bus blocks, and must not do so inside the caller's runtime.
        fn ask<T: Send + 'static>(
            &self,
            key: &str,
            act: impl FnOnce(&Entry) -> keyring_core::Result<T> + Send + 'static,
        ) -> Result<T, String> {
            let (keyring, key) = (self.clone(), key.to_owned());
            let (sender, answers) = mpsc::channel();
            std::thread::spawn(move || {
                let answer = keyring.connect().and_then(|store| {
                    // Sending fails if the receiver has given up waiting; then the answer is not needed.
                    let _ = sender.send(Message::Connected);
                    act(&store.build(SERVICE, &key, None)?)
                });
                let _ = sender.send(Message::Done(answer));
            });
            let mut patience = CONNECT_TIMEOUT;
            loop {
                match answers.recv_timeout(patience) {
                    Ok(Message::Connected) => patience = ANSWER_TIMEOUT,
                    Ok(Message::Done(answer)) => return answer.map_err(|cause| cause.to_string()),
                    Err(_) => return Err("it does not answer".to_owned()),
                }
            }
        }

        #[cfg_attr(not(test), expect(clippy::unused_self, reason = "in tests it may be a double"))]
        fn connect(&self) -> keyring_core::Result<Arc<CredentialStore>> {
            #[cfg(test)]
            if let Some(double) = &self.double {
                return Ok(Arc::<keyring_core::mock::Store>::clone(double));
            }
            Ok(Store::new()?)
        }

        /// The entry itself, for tests that break it.
        #[cfg(test)]
        pub(in crate::store) fn entry(&self, key: &str) -> Entry {
            self.connect().unwrap().build(SERVICE, key, None).unwrap()
        }
    }
}

#[cfg(not(all(target_os = "linux", feature = "keyring")))]
mod absent {
    use zeroize::Zeroizing;

    const WHY: &str = "this build has no support for it";

    /// Takes the keyring's place in builds without one.
    #[derive(Clone, Debug, Default)]
    pub(in crate::store) struct Keyring {}

    impl Keyring {
        pub(super) fn read_entry(&self, _key: &str) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
            Err(WHY.to_owned())
        }

        pub(super) fn write_entry(&self, _key: &str, _bytes: &[u8]) -> Result<(), String> {
            Err(WHY.to_owned())
        }

        pub(super) fn delete_entry(&self, _key: &str) -> Result<(), String> {
            Err(WHY.to_owned())
        }
    }
}
