//! Why a key is refused. It stands below both forms of a key, the one read from JSON and the one that verifies.

/// Why a key is refused, public or private.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// `kty` is none of EC, OKP, RSA.
    #[error("the key type is not supported")]
    UnsupportedKeyType,
    /// `crv` is neither P-256 nor Ed25519.
    #[error("the curve is not supported")]
    UnsupportedCurve,
    /// `alg` is not one of ours.
    #[error("the algorithm is not supported")]
    UnsupportedAlgorithm,
    /// `alg` does not go with `kty` and `crv`.
    #[error("the algorithm does not fit the key type")]
    AlgorithmMismatch,
    /// `use` or `key_ops` says that the key is not for signatures.
    #[error("the key is not meant for signatures")]
    NotForSignatures,
    /// A member that this key type needs is absent.
    #[error("the key lacks the member {0}")]
    MissingMember(&'static str),
    /// A member is not base64url, or has a length that it cannot have.
    #[error("the member {0} of the key is malformed")]
    MalformedMember(&'static str),
    /// An RSA key below 2048 or above 8192 bits.
    #[error("the RSA modulus must have 2048 to 8192 bits")]
    ModulusSize,
    /// The key id is longer than [`crate::KID_BYTES_MAX`].
    #[error("the key id is too long")]
    KeyIdTooLong,
    /// The library refused the key: not on the curve, inconsistent, or not DER.
    #[error("the key is not valid")]
    Rejected,
    /// The private key cannot be written as a JWK.
    #[error("this private key cannot be exported as a JWK")]
    NotExportable,
}
