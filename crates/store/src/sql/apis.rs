//! APIs.

use proofkey_protocol::ApiRecord;

use super::{statements, text};
use crate::row::{FromRow as _, row};

row! {
    ApiRecord in "apis" { resource, name, scopes, access_token_seconds, algorithm, introspection }
}

statements! {
    /// Every API.
    APIS = text!("SELECT ", ApiRecord::COLUMNS, " FROM apis ORDER BY resource");

    /// Adds an API, unless the resource is taken.
    INSERT_API = "
        INSERT INTO apis (resource, name, scopes, access_token_seconds, algorithm, introspection)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (resource) DO NOTHING";

    /// Removes an API.
    DELETE_API = "DELETE FROM apis WHERE resource = $1";
}
