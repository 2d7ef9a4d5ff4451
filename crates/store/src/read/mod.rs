//! Reads: each is one text, its values and a decoder, and sees one state of the database.
//!
//! What protocol endpoints read is a method of [`crate::ProtocolStore`], what only operators and tasks read one of
//! [`crate::Store`].

mod directory;
mod facts;
mod grant;
mod known_time;
mod nodes;
mod refusals;
mod session;
mod sign_in;
mod user;
