//! Set-ups in which nothing is wrong.

use std::net::TcpListener;
use std::path::Path;

use proofkey_testkit::TestServer;
use proofkey_testkit::postgres::{self, TestDatabase};

use super::world::{World, close, run};

#[tokio::test(flavor = "multi_thread")]
async fn pk_07_sqlite_behind_a_proxy_nothing_is_found_changed_or_given_away() {
    let world = World::new().await;
    let sibling = world.server.sibling().await;
    let count = "SELECT (SELECT count(*) FROM users) * 10000 + (SELECT count(*) FROM clients) * 100
        + (SELECT count(*) FROM signing_keys)";
    let before = sibling.number(count).await;
    let said = world.doctor().await;
    said.is_sound();
    let passed = said.report["passed"].to_string();
    for check in [
        "schema of this version",
        "open under the sealing key",
        "are published",
        "long authorization",
        "is believed",
    ] {
        assert!(passed.contains(check), "{check}: {passed}");
    }
    // What it caused is told by the ids that the server's log has.
    let caused: Vec<_> =
        said.report["caused"].as_array().unwrap().iter().filter_map(|id| id.as_str()).collect();
    let refusals = sibling.texts("SELECT error_id FROM refusals").await;
    assert_eq!(caused.len(), 3, "{caused:?}");
    assert!(
        caused[1..].iter().all(|id| refusals.iter().any(|known| known == id)),
        "{caused:?} of {refusals:?}"
    );
    assert_eq!(sibling.number(count).await, before);
    let key = world.server.sealing_key_file();
    let seen = world.proxy.seen();
    assert_eq!(seen.len(), 6, "{seen:?}");
    for request in &seen {
        let lower = request.to_lowercase();
        assert!(
            !request.contains(key.trim()) && !lower.contains("authorization\"") && !lower.contains("cookie"),
            "{request}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pk_07_sqlite_directly_on_loopback_nothing_is_found() {
    let server = TestServer::builder().sqlite().system_clock().sealing_key_in_file().start().await;
    close(&server.data(), 0o700);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("proofkey.toml");
    let config = format!(
        "issuer = {:?}\n[server]\nlisten = {:?}\nmetrics_listen = \"off\"\n[store]\ndata = {:?}\n[keys]\nsealing_key_file = {:?}\n",
        server.issuer,
        server.address.to_string(),
        server.data().display().to_string(),
        server.data().with_file_name("sealing.key").display().to_string(),
    );
    std::fs::write(&file, &config).unwrap();
    let said = run("", &file, &[]).await;
    said.is_sound();
    assert!(said.report["passed"].to_string().contains("no X-Forwarded-For arrived"), "{:#}", said.report);
    // What is recorded is looked at; where nothing is, that is said, and is no fault.
    std::fs::write(&file, format!("{config}[log]\nrecord_refusals = false\n")).unwrap();
    let said = run("", &file, &[]).await;
    said.is_sound();
    assert!(said.report["notes"].to_string().contains("log.record_refusals"), "{:#}", said.report);
}

#[tokio::test(flavor = "multi_thread")]
async fn pk_07_sqlite_with_a_certificate_of_its_own_nothing_is_found_and_each_fault_of_a_certificate_is_named()
 {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let write = |names: &[&str], years: (i32, i32), to: &str| {
        let key = rcgen::KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = rcgen::CertificateParams::new(names).unwrap();
        // Each under a name of its own: an authority is looked for by its name.
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::CommonName, to);
        if to == "authority" {
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        }
        params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(path(&format!("{to}.pem")), certificate.pem()).unwrap();
        std::fs::write(path(&format!("{to}.key")), key.serialize_pem()).unwrap();
        close(folder.path().join(format!("{to}.key")).as_path(), 0o600);
    };
    for (names, years, to) in [
        (&["localhost"][..], (2024, 2090), "good"),
        (&["localhost"], (2020, 2021), "expired"),
        (&["other.test"], (2024, 2090), "other"),
        (&["localhost"], (2024, 2090), "authority"),
    ] {
        write(names, years, to);
    }
    let mut server = TestServer::builder()
        .issuer("https://localhost:1")
        .set("server.tls_certificate", path("good.pem"))
        .set("server.tls_key", path("good.key"))
        .sqlite()
        .system_clock()
        .sealing_key_in_file()
        .start()
        .await;
    close(&server.data(), 0o700);
    server.issuer = format!("https://localhost:{}", server.address.port());
    let config = |server: &TestServer, certificate: &str| {
        format!(
            "issuer = {:?}\n[server]\nlisten = {:?}\nmetrics_listen = \"off\"\ntls_certificate = {:?}\ntls_key = {:?}\n\
             [store]\ndata = {:?}\n[keys]\nsealing_key_file = {:?}\n",
            server.issuer,
            server.address.to_string(),
            path(&format!("{certificate}.pem")),
            path(&format!("{certificate}.key")),
            server.data().display().to_string(),
            server.data().with_file_name("sealing.key").display().to_string(),
        )
    };
    let file = folder.path().join("proofkey.toml");
    for (served, trusted, check) in [
        ("good", "good", None),
        ("good", "other", Some("tls.chain")),
        ("expired", "expired", Some("tls.expired")),
        ("other", "other", Some("tls.name")),
        ("authority", "authority", Some("tls.self_signed")),
    ] {
        server.set("server.tls_certificate", Some(&path(&format!("{served}.pem"))));
        server.set("server.tls_key", Some(&path(&format!("{served}.key"))));
        server.restart().await;
        std::fs::write(&file, config(&server, served)).unwrap();
        let said = run("", &file, &[("SSL_CERT_FILE", &path(&format!("{trusted}.pem")))]).await;
        match check {
            None => said.is_sound(),
            Some(check) => said.names(check),
        }
    }
    close(Path::new(&path("good.key")), 0o604);
    std::fs::write(&file, config(&server, "good")).unwrap();
    let said = run("", &file, &[("SSL_CERT_FILE", &path("authority.pem"))]).await;
    assert!(said.found().contains(&"keys.mode"), "{:#}", said.report);
    std::fs::write(&file, config(&server, "absent")).unwrap();
    let said = run("", &file, &[("SSL_CERT_FILE", &path("other.pem"))]).await;
    assert!(said.found().contains(&"tls.files"), "{:#}", said.report);
}

#[tokio::test(flavor = "multi_thread")]
async fn pk_07_postgres_nothing_is_found_and_one_that_is_gone_or_older_is_named() {
    let database = TestDatabase::create("template0").await;
    let builder = TestServer::builder().set("server.trusted_proxies", "127.0.0.1");
    let world = World::of(builder.postgres_at(&database.url())).await;
    let in_file = format!("data = {:?}", world.server.data().display().to_string());
    let config = world.config().replace(&in_file, &format!("url = {:?}", database.url()));
    assert_ne!(config, world.config());
    let said = world.doctor_of(&config).await;
    said.is_sound();
    let passed = said.report["passed"].to_string();
    for check in ["schema of this version", "open under the sealing key", "are published", "is believed"] {
        assert!(passed.contains(check), "{check}: {passed}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let gone = config.replace(&format!(":{}/", postgres::server().port()), &format!(":{closed}/"));
    world.doctor_of(&gone).await.names("database");
    let before =
        "DELETE FROM schema_migrations WHERE version >= 8; DELETE FROM schema_expansions WHERE version >= 8;
        DROP TABLE refusals;";
    database.master().await.batch_execute(before).await.unwrap();
    world.doctor_of(&config).await.names("database.schema");
}
