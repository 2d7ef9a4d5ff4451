//! APIs.

use proofkey_protocol::{ApiRecord, RegisteredApi};

use super::{statements, text};
use crate::fault::Fault;
use crate::row::{Cells, FromRow, row};

row! {
    ApiRecord in "apis" { resource, name, scopes, access_token_seconds, algorithm, introspection }
}

impl FromRow for RegisteredApi {
    const COLUMNS: &str = text!(ApiRecord::COLUMNS, ", apis.id");

    fn from_row(cells: &mut Cells<'_>) -> Result<Self, Fault> {
        Ok(Self { record: cells.row()?, id: cells.cell()? })
    }
}

statements! {
    /// Every API.
    APIS = text!("SELECT ", RegisteredApi::COLUMNS, " FROM apis ORDER BY apis.id");

    /// The next id is taken, and the APIs have changed. An id is never given again, whatever becomes of its API.
    NEXT_API_ID = "UPDATE directory_versions SET api_ids = api_ids + 1, apis = apis + 1 WHERE id = 1";

    /// Adds an API under the id that was taken, unless the resource is taken.
    INSERT_API = "
        INSERT INTO apis (id, resource, name, scopes, access_token_seconds, algorithm, introspection)
        SELECT api_ids, $1, $2, $3, $4, $5, $6 FROM directory_versions WHERE id = 1
        ON CONFLICT (resource) DO NOTHING";

    /// Replaces all that is registered of an API but its resource. Its id stays, and what rests on that.
    UPDATE_API = "
        UPDATE apis SET name = $2, scopes = $3, access_token_seconds = $4, algorithm = $5, introspection = $6
        WHERE resource = $1";

    /// Removes an API.
    DELETE_API = "DELETE FROM apis WHERE resource = $1";
}
