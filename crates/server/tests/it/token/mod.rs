//! `/token` over the wire, and the authentication of clients that other endpoints share.

mod authentication;
mod code;
mod cors;
mod grants;
mod guesses;
mod issued_tokens;
mod pkce;
mod replay;
mod secrecy;
mod transport;
