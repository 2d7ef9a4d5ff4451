//! `/authorize` over the wire, with the pages between it and the client.

mod addresses;
mod answers;
mod binding;
mod consent;
mod pages;
mod presence;
mod registration;
mod request;
mod resumed;
mod strangers;
mod target;
