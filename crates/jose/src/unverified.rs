//! Reading a token without believing it: for display, for logs, and to learn which key to ask for.

use serde_json::Value;

use crate::{
    JwsError,
    verify::{decode_part, decode_parts, header_json},
};

/// What a token claims. It may be a lie: no decision may depend on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Unverified {
    /// The JOSE header, any members.
    pub header: Value,
    /// The payload as bytes, which need not be JSON.
    pub payload: Vec<u8>,
}

impl Unverified {
    /// The key id that the token claims.
    pub fn kid(&self) -> Option<&str> {
        self.header.get("kid").and_then(Value::as_str)
    }
}

/// Decodes a compact token **without checking its signature**.
pub fn decode_unverified(token: &str) -> Result<Unverified, JwsError> {
    let parts = decode_parts(token)?;
    let header = serde_json::from_slice(&header_json(parts.header)?).map_err(|_| JwsError::Header)?;
    Ok(Unverified { header, payload: decode_part(parts.payload)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Algorithm, Typ, tests::key};

    #[test]
    fn header_and_payload_are_shown_as_they_were_sent() {
        let token = key(Algorithm::Es256).sign(Typ::IdToken, &serde_json::json!({"sub": "ada"})).unwrap();
        let shown = decode_unverified(&token).unwrap();
        assert_eq!(shown.kid(), Some(key(Algorithm::Es256).kid()));
        assert_eq!(shown.header["typ"], "JWT");
        assert_eq!(shown.payload, br#"{"sub":"ada"}"#);
        for text in ["", "a.b", "a.b.c", "e30.=.x", "e30..x"] {
            assert!(decode_unverified(text).is_err(), "{text}");
        }
    }
}
