//! Each fault alone, and what names it.

use std::os::unix::fs::PermissionsExt as _;

use proofkey_testkit::TestServer;
use serde_json::json;

use super::proxy::Habit;
use super::world::{World, close, stands};

#[tokio::test(flavor = "multi_thread")]
async fn pk_07_sqlite_each_fault_of_a_proxy_is_named() {
    let world = World::new().await;
    for (habit, check) in [
        (Habit::DropsWellKnown, "proxy.well_known"),
        (Habit::Page, "proxy.well_known"),
        (Habit::Redirects, "issuer.redirect"),
        (Habit::BadGateway, "proxy.upstream"),
        (Habit::BlocksPosts, "proxy.post"),
        (Habit::RefusesLongLines, "proxy.long_request"),
        (Habit::NoForwarded, "proxy.forwarded_missing"),
        (Habit::PassesForwarded, "proxy.forwarded_forged"),
        (Habit::PassesBeforeAnother, "proxy.forwarded_forged"),
        (Habit::Chain, "proxy.chain"),
        (Habit::DropsKeySet, "proxy.jwks"),
        (Habit::OldTime, "clock.public"),
    ] {
        world.proxy.behaves(habit);
        world.doctor().await.names(check);
    }
    world.proxy.behaves(Habit::Sound);
    world.doctor().await.is_sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn pk_07_sqlite_a_proxy_that_is_not_trusted_is_named() {
    let world = World::with(TestServer::builder()).await;
    world.doctor().await.names("proxy.untrusted");
}

#[tokio::test(flavor = "multi_thread")]
async fn pk_07_sqlite_clients_that_are_trusted_as_proxies_are_named() {
    let world =
        World::with(TestServer::builder().set("server.trusted_proxies", "127.0.0.1,10.0.0.0/8")).await;
    world.doctor().await.is_sound();
    world.proxy.behaves(Habit::PrivateClients);
    world.doctor().await.names("proxy.trusted_wide");
    world.proxy.behaves(Habit::Sound);
    let every = world.config().replace("[\"127.0.0.1\"]", "[\"0.0.0.0/0\"]");
    world.doctor_of(&every).await.names("proxy.trusted_all");
}

#[tokio::test(flavor = "multi_thread")]
async fn pk_07_sqlite_each_fault_of_a_name_and_of_settings_is_named() {
    let world = World::new().await;
    let (config, issuer) = (world.config(), world.server.issuer.clone());
    let named = |other: &str| config.replace(&issuer, other);
    let port = world.proxy.address.port();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let readiness = Habit::BadGateway;
    for (config, check) in [
        (named("https://no-such-host.invalid"), "issuer.name"),
        (named(&format!("http://{closed}")), "issuer.connection"),
        (named(&format!("https://127.0.0.1:{port}")), "tls"),
        (named(&format!("http://localhost:{port}")), "issuer.other"),
        (format!("{config}[tokens]\ncode_seconds = 5\n"), "configuration"),
        (format!("{config}[tokens\n"), "configuration"),
        (format!("{config}[passwords]\nmemory_kib = 64\nparallelism = 16\n"), "passwords"),
        (config.replace("sealing.key", "no.key"), "configuration"),
    ] {
        world.doctor_of(&config).await.names(check);
    }
    let other = super::proxy::Proxy::start().await;
    other.behaves(readiness);
    let observed = config.replace("\"off\"", &format!("\"{}\"", other.address));
    world.doctor_of(&observed).await.names("readiness");
}

#[tokio::test(flavor = "multi_thread")]
async fn pk_07_sqlite_each_fault_of_files_and_limits_is_named() {
    let world = World::new().await;
    let (config, data) = (world.config(), world.server.data());
    let database = data.join("proofkey.db");
    for (path, mode, sound, check) in [
        (&data, 0o755, 0o700, "data.mode"),
        (&database, 0o644, 0o600, "data.mode"),
        (&world.sealing_key(), 0o604, 0o600, "configuration"),
    ] {
        close(path, mode);
        let before = path.is_file().then(|| stands(path));
        world.doctor().await.names(check);
        assert_eq!(path.is_file().then(|| stands(path)), before, "it changes nothing");
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, mode);
        close(path, sound);
    }
    for (line, check) in [("ulimit -n 300", "limits.open_files"), ("ulimit -f 100000", "limits.file_size")] {
        world.doctor_in(line, &config, &[]).await.names(check);
    }
    let nowhere = config.replace(&data.display().to_string(), "/nowhere/proofkey");
    world.doctor_of(&nowhere).await.names("data.missing");
    let empty = world.folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    close(&empty, 0o700);
    let without = config.replace(&data.display().to_string(), &empty.display().to_string());
    world.doctor_of(&without).await.names("database.missing");
    world.doctor().await.is_sound();
}

#[tokio::test(flavor = "multi_thread")]
async fn pk_07_sqlite_each_fault_of_database_keys_and_clock_is_named() {
    let world = World::new().await;
    let sibling = world.server.sibling().await;
    // Another database answers at the public name.
    let other = TestServer::builder().sqlite().system_clock().sealing_key_in_file().start().await;
    other.admin().rotate_keys().await.unwrap();
    close(&other.data(), 0o700);
    let config = world.config();
    let elsewhere =
        config.replace(&world.server.data().display().to_string(), &other.data().display().to_string());
    world.doctor_of(&elsewhere).await.names("keys.published");
    other.sibling().await.execute("DELETE FROM signing_keys").await;
    world.doctor_of(&elsewhere).await.names("keys.missing");
    // Another sealing key than the one of the signing keys.
    let key = world.folder.path().join("other.key");
    std::fs::write(&key, "9999999999999999999999999999999999999999998").unwrap();
    close(&key, 0o600);
    let sealed = config.replace(&world.sealing_key().display().to_string(), &key.display().to_string());
    world.doctor_of(&sealed).await.names("keys.sealed");
    let known = sibling.number("SELECT latest FROM known_time").await;
    let later = world.server.now() + 3_600;
    sibling.execute(&format!("UPDATE known_time SET latest = {}", later.seconds())).await;
    world.doctor().await.names("clock.behind");
    sibling.execute(&format!("UPDATE known_time SET latest = {known}")).await;
    world.doctor().await.is_sound();
    // Of an older version, and of a newer one.
    let before =
        "DELETE FROM schema_migrations WHERE version >= 18; DELETE FROM schema_expansions WHERE version >= 18;
        DROP TABLE refusals; DROP TABLE removed_users; ALTER TABLE signing_keys DROP COLUMN closed_at;";
    sibling.execute(before).await;
    world.doctor().await.names("database.schema");
    let newer = "INSERT INTO schema_migrations (version, name, sha256)
        SELECT 9999, 'later', sha256 FROM schema_migrations WHERE version = 17";
    sibling.execute(newer).await;
    world.doctor().await.names("database");
}

#[tokio::test(flavor = "multi_thread")]
async fn pk_07_pk_14_sqlite_who_is_registered_for_an_algorithm_that_is_off_is_named() {
    let world = World::new().await;
    let config = world.config();
    let two = format!("{config}algorithms = [\"ES256\", \"RS256\"]\n");
    world.doctor_of(&two).await.is_sound();
    let metadata = json!({
        "client_id": "ed", "token_endpoint_auth_method": "none", "redirect_uris": ["https://ed.example/cb"],
        "scope": "openid", "id_token_signed_response_alg": "EdDSA",
    });
    let _ = world.server.client(&metadata).await;
    let said = world.doctor_of(&two).await;
    said.names("keys.algorithms");
    let found = &said.report["found"][0];
    assert!(found["what"].as_str().unwrap().ends_with("signed by: client ed (EdDSA)"), "{found}");
    assert!(found["cure"].as_str().unwrap().contains("proofkey client update"), "{found}");
    // Another first of the list is no fault, and is told.
    let first = format!("{config}algorithms = [\"EdDSA\", \"ES256\", \"RS256\"]\n");
    let said = world.doctor_of(&first).await;
    said.is_sound();
    let notes = said.report["notes"].to_string();
    assert!(notes.contains("EdDSA is the first of keys.algorithms"), "{notes}");
}
