//! Clients and their secrets.

use super::statements;

statements! {
    /// Every client with every secret: one row per secret, or one without.
    CLIENTS = "
        SELECT clients.id, clients.metadata, clients.disabled, clients.created_at,
            client_secrets.hash, client_secrets.created_at, client_secrets.expires_at
        FROM clients LEFT JOIN client_secrets ON client_secrets.client_id = clients.id
        ORDER BY clients.id, client_secrets.created_at, client_secrets.hash";

    /// Adds a client, unless the id is taken.
    INSERT_CLIENT = "
        INSERT INTO clients (id, metadata, disabled, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (id) DO NOTHING";

    /// Replaces a registration.
    UPDATE_CLIENT = "UPDATE clients SET metadata = $2 WHERE id = $1";

    /// Opens or closes a client.
    SET_CLIENT_DISABLED = "UPDATE clients SET disabled = $2 WHERE id = $1";

    /// Changes nothing: one row when the client exists.
    TOUCH_CLIENT = "UPDATE clients SET id = id WHERE id = $1";

    /// Removes a client.
    DELETE_CLIENT = "DELETE FROM clients WHERE id = $1";

    /// Adds a secret.
    INSERT_CLIENT_SECRET = "
        INSERT INTO client_secrets (client_id, hash, created_at, expires_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (client_id, hash) DO NOTHING";

    /// The secrets of a client, the one in use first: it has no end yet, or was made last.
    CLIENT_SECRETS = "
        SELECT hash, expires_at FROM client_secrets WHERE client_id = $1
        ORDER BY CASE WHEN expires_at IS NULL THEN 0 ELSE 1 END, created_at DESC, hash";

    /// Sets when a secret ends.
    END_CLIENT_SECRET = "UPDATE client_secrets SET expires_at = $3 WHERE client_id = $1 AND hash = $2";

    /// Drops one secret.
    DELETE_CLIENT_SECRET = "DELETE FROM client_secrets WHERE client_id = $1 AND hash = $2";

    /// Drops every secret of a client that is being removed.
    DELETE_CLIENT_SECRETS = "DELETE FROM client_secrets WHERE client_id = $1";
}
