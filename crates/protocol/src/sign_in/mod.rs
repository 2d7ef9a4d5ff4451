//! Signing in: `Started → Proved → SessionBegun`.
//!
//! What a proof is worth is decided here; what it costs is the shell's. Around a password the shell makes one round:
//! [`reserve`] says whether the account takes a password now and counts the try as failed, the shell runs one hash over what
//! was typed, [`decide_password`] judges the result. Whatever is refused looks and costs the same, so an unknown name, a wrong
//! password, a disabled and a locked account all write one failure and run one hash (LG-08). Since it is written before, tries
//! at once are no more than tries one after another, and a process that dies in between forgets none (decision 23).
//!
//! A session cannot begin without a proof, and a proof cannot be made up:
//!
//! ```compile_fail,E0599
//! # use proofkey_protocol::{Cx, sign_in::{SignInBrowser, Started}};
//! fn skip(started: Started, cx: &mut Cx<'_>) {
//!     let _ = started.begin(SignInBrowser::default(), cx);
//! }
//! ```
//! ```compile_fail,E0451
//! # use proofkey_protocol::{UserFacts, sign_in::{Proof, Proved}};
//! fn forge(user: UserFacts, proof: Proof) -> Proved {
//!     Proved { user, factors: proof.into() }
//! }
//! ```
//! ```compile_fail,E0382
//! # use proofkey_protocol::{Cx, sign_in::{Proved, SignInBrowser}};
//! fn twice(proved: Proved, cx: &mut Cx<'_>) {
//!     let _ = proved.begin(SignInBrowser::default(), cx);
//!     let _ = proved.begin(SignInBrowser::default(), cx);
//! }
//! ```
//!
//! The same lines compile for the one state that may:
//!
//! ```
//! # use proofkey_protocol::{Cx, sign_in::{Proved, SignInBrowser}};
//! fn allowed(proved: Proved, cx: &mut Cx<'_>) {
//!     let _ = proved.begin(SignInBrowser::default(), cx);
//! }
//! ```

mod account;
mod factor;
mod password;
mod proved;
mod refused;
mod started;
mod throttle;

#[cfg(test)]
mod tests;

pub use account::{Account, DEVICE_SECONDS, account_key};
pub use factor::{Factors, HashVerdict, PasswordProof, Proof};
pub use password::{SignInOutcome, decide_password};
pub use proved::{Proved, SessionBegun, SignInBrowser};
pub use refused::SignInRefused;
pub use started::{Reserved, SignInFacts, Started, reserve};
pub use throttle::Pause;
