//! Writing a form or a query: what a request to the authorization server says.

use proofkey_oauth::form_encode;

/// Encodes the parameters that have a value.
pub(crate) fn form<'a>(parameters: impl Iterator<Item = (&'static str, Option<&'a str>)>) -> String {
    // Grown once: a growing buffer would leave copies of secrets behind.
    let mut out = String::with_capacity(4096);
    for (name, value) in parameters.filter_map(|(name, value)| value.map(|value| (name, value))) {
        if !out.is_empty() {
            out.push('&');
        }
        form_encode(&mut out, name, value);
    }
    out
}
