//! Clients, their secrets, and the web origins by which preflights find one.

use proofkey_protocol::{ClientRecord, ClientSecretRecord};

use super::versions::VERSIONS_OF_DECISIONS;
use super::{statements, text};
use crate::fault::Fault;
use crate::row::{Cells, FromRow as _, row};

row! {
    ClientRecord in "clients" { id, metadata, disabled, created_at } with { secrets: Vec::new() }
}

row! {
    ClientSecretRecord in "client_secrets" { hash, created_at, expires_at }
}

/// A row of [`CLIENTS`] or [`CLIENT`]: a client with at most one of its secrets.
pub(crate) fn client_with_secret(cells: &mut Cells<'_>) -> Result<ClientRecord, Fault> {
    let mut client: ClientRecord = cells.row()?;
    client.secrets.extend(cells.joined::<ClientSecretRecord>()?);
    Ok(client)
}

statements! {
    /// Every client with every secret: one row per secret, or one without.
    CLIENTS = text!("
        SELECT ", ClientRecord::COLUMNS, ", ", ClientSecretRecord::COLUMNS, "
        FROM clients LEFT JOIN client_secrets ON client_secrets.client_id = clients.id
        ORDER BY clients.id, client_secrets.created_at, client_secrets.hash");

    /// One client with every secret, as in [`CLIENTS`].
    CLIENT = text!("
        SELECT ", ClientRecord::COLUMNS, ", ", ClientSecretRecord::COLUMNS, "
        FROM clients LEFT JOIN client_secrets ON client_secrets.client_id = clients.id
        WHERE clients.id = $1
        ORDER BY client_secrets.created_at, client_secrets.hash");

    /// Whether a client is disabled, and when all that it had been given was ended.
    CLIENT_FACTS = text!("SELECT disabled, valid_from", VERSIONS_OF_DECISIONS, " FROM clients WHERE id = $1");

    /// A client that is not disabled and has registered a web origin under one of two keys: any one of them.
    CLIENT_OF_ORIGIN = "SELECT client_id FROM client_origins WHERE origin IN ($1, $2) AND disabled = 0 LIMIT 1";

    /// Adds a web origin of a client, open or closed as the client is.
    INSERT_CLIENT_ORIGIN = "
        INSERT INTO client_origins (origin, disabled, client_id) SELECT $2, disabled, id FROM clients WHERE id = $1";

    /// Opens or closes the web origins of a client.
    SET_CLIENT_ORIGINS_DISABLED = "UPDATE client_origins SET disabled = $2 WHERE client_id = $1";

    /// Drops the web origins of a client.
    DELETE_CLIENT_ORIGINS = "DELETE FROM client_origins WHERE client_id = $1";

    /// Adds a client, unless the id is taken. It begins where the one before it under this id ended, or with the last restore:
    /// there may have been one under this id in the time that was lost.
    INSERT_CLIENT = "
        INSERT INTO clients (id, metadata, disabled, created_at, valid_from)
        VALUES ($1, $2, $3, $4, COALESCE((SELECT ended_at FROM removed_clients WHERE id = $1),
                                         (SELECT mark FROM epoch WHERE id = 1), 0))
        ON CONFLICT (id) DO NOTHING";

    /// Replaces a registration.
    UPDATE_CLIENT = "UPDATE clients SET metadata = $2 WHERE id = $1";

    /// Opens or closes a client.
    SET_CLIENT_DISABLED = "UPDATE clients SET disabled = $2 WHERE id = $1";

    /// Ends all that the client was given: the instant is another than any before it, and never goes back.
    END_GRANTS_OF_CLIENT = "
        UPDATE clients SET valid_from = CASE WHEN $2 > valid_from THEN $2 ELSE valid_from + 1 END WHERE id = $1";

    /// Changes nothing: one row when the client exists.
    TOUCH_CLIENT = "UPDATE clients SET id = id WHERE id = $1";

    /// Notes up to when a client that is being removed was given anything: the instant `$2`, or later where its own is.
    NOTE_REMOVED_CLIENT = "
        INSERT INTO removed_clients (id, ended_at, keep_until)
        SELECT id, CASE WHEN $2 > valid_from THEN $2 ELSE valid_from + 1 END, $3 FROM clients WHERE id = $1
        ON CONFLICT (id) DO UPDATE SET ended_at = excluded.ended_at, keep_until = excluded.keep_until";

    /// Removes a client.
    DELETE_CLIENT = "DELETE FROM clients WHERE id = $1";

    /// Adds a secret.
    INSERT_CLIENT_SECRET = "
        INSERT INTO client_secrets (client_id, hash, created_at, expires_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (client_id, hash) DO NOTHING";

    /// Lets a staged secret live without end.
    KEEP_CLIENT_SECRET = "UPDATE client_secrets SET expires_at = NULL WHERE client_id = $1 AND hash = $2";

    /// Drops the secrets of a client but a new one and the one in use before it: that has no end yet, or was made last.
    DELETE_OLD_CLIENT_SECRETS = "
        DELETE FROM client_secrets WHERE client_id = $1 AND hash <> $2 AND hash <>
            (SELECT hash FROM client_secrets WHERE client_id = $1 AND hash <> $2
             ORDER BY CASE WHEN expires_at IS NULL THEN 0 ELSE 1 END, created_at DESC, hash LIMIT 1)";

    /// Lets the secrets of a client but a new one live until `$3` at most.
    END_OTHER_CLIENT_SECRETS = "
        UPDATE client_secrets SET expires_at = $3
        WHERE client_id = $1 AND hash <> $2 AND (expires_at IS NULL OR expires_at > $3)";

    /// Drops every secret of a client that is being removed.
    DELETE_CLIENT_SECRETS = "DELETE FROM client_secrets WHERE client_id = $1";
}
