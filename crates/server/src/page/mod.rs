//! The pages that people see: sign-in, consent, hand-over, error and sign-out, in English and German.
//!
//! Owns templates, words, style and the headers of an HTML answer. A file for each page, with the view that it shows: the
//! caller has decided everything, a page only shows it. Nothing here knows the store, a rule of the protocol, or who is signed
//! in.

mod asset;
mod back;
mod carry_on;
mod consent;
mod difference;
mod error;
mod hand_over;
mod lang;
mod layout;
mod moment;
mod pages;
mod respond;
mod sanitise;
mod scope;
mod sign_in;
mod sign_out;
#[cfg(test)]
mod tests;
mod translated;
mod words;

pub use asset::{Asset, asset, routes};
pub use back::ReturnLink;
pub use carry_on::CarryOn;
pub use consent::{Api, Consent, Validity};
pub use error::{Compare, ErrorKind, ErrorPage};
pub use hand_over::{HandOver, HandOverOutcome};
pub use lang::Lang;
pub use layout::Destination;
pub use pages::Pages;
pub use respond::{respond, respond_with_form};
pub use scope::{ConsentScope, ScopeKind};
pub use sign_in::{Remember, SignIn, SignInError};
pub use sign_out::{LogoutConfirm, RefusedReturn, SignedOut};
