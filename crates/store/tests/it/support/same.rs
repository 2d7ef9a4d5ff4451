//! Rows compared field by field. `Debug` would not do: it redacts what is secret, and would call two secrets the same.
//!
//! Each pattern names every field, so that one that is added does not compile until it is compared.

use proofkey_protocol::{ApiRecord, GrantFacts, KeyRecord, SessionFacts, UserRecord};

/// Whether two structs agree in each of these fields, which must be all that they have.
macro_rules! assert_fields {
    ($type:ident { $($field:ident $(as $view:expr)?),+ $(,)? }, $left:expr, $right:expr) => {{
        let (left, right): (&$type, &$type) = ($left, $right);
        let $type { $($field: _),+ } = left;
        $(assert_eq!(view!(left.$field $(, $view)?), view!(right.$field $(, $view)?), stringify!($field));)+
    }};
}

/// A field as it is, or as something that can be compared.
macro_rules! view {
    ($field:expr) => {
        &$field
    };
    ($field:expr, $view:expr) => {
        $view(&$field)
    };
}

pub(crate) fn assert_same_session(read: &SessionFacts, written: &SessionFacts) {
    let bytes = |hash: &proofkey_oauth::SecretHash| hash.0;
    assert_fields!(
        SessionFacts { id, secret as bytes, user_id, authentication, seen_at, expires_at, remembered, valid_from },
        read,
        written
    );
}

pub(crate) fn assert_same_grant(read: &GrantFacts, written: &GrantFacts) {
    assert_fields!(
        GrantFacts {
            id,
            client_id,
            user_id,
            session_id,
            scope,
            apis,
            authentication,
            created_at,
            user_valid_from,
            client_valid_from,
            expires_at,
            ends_at,
            session_bound,
            refresh,
            revoked_at,
        },
        read,
        written
    );
}

pub(crate) fn assert_same_api(read: &ApiRecord, written: &ApiRecord) {
    let bytes = |hash: &Option<proofkey_oauth::SecretHash>| hash.map(|hash| hash.0);
    assert_fields!(
        ApiRecord { resource, name, scopes, access_token_seconds, algorithm, introspection as bytes },
        read,
        written
    );
}

pub(crate) fn assert_same_key(read: &KeyRecord, written: &KeyRecord) {
    assert_fields!(
        KeyRecord { kid, algorithm, sequence, created_at, active_from, sealed, public_jwk, closed_at },
        read,
        written
    );
}

pub(crate) fn assert_same_user(read: &UserRecord, written: &UserRecord) {
    assert_fields!(
        UserRecord {
            id,
            username,
            username_key,
            password,
            claims,
            disabled,
            valid_from,
            created_at,
            updated_at,
        },
        read,
        written
    );
}
