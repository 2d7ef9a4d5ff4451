//! `/token` over the wire, and the authentication of clients that other endpoints share.

mod artefacts;
mod authentication;
mod code;
mod cors;
mod grants;
mod pkce;
mod replay;
mod secrecy;
mod transport;
