//! How variables, issuers and listeners are spelled, and what is told of other spellings.

use super::tests::{MINIMAL, parse, refusal};

/// What Kubernetes injects for Services whose names begin like ours, what other commands read, and what people invent.
#[test]
fn k_33_a_variable_without_a_section_is_nobodys_setting() {
    let plain = format!("{:?}", parse(MINIMAL, &[]).unwrap());
    for service in
        ["PROOFKEY", "PROOFKEY_SERVER", "PROOFKEY_LIMITS", "PROOFKEY_ISSUER", "PROOFKEY_KEYS_SEALING_KEY"]
    {
        for (end, value) in [
            ("SERVICE_HOST", "10.96.0.17"),
            ("SERVICE_PORT", "80"),
            ("SERVICE_PORT_HTTP", "80"),
            ("PORT", "tcp://10.96.0.17:80"),
            ("PORT_80_TCP", "tcp://10.96.0.17:80"),
            ("PORT_80_TCP_PROTO", "tcp"),
            ("PORT_80_TCP_PORT", "80"),
            ("PORT_80_TCP_ADDR", "10.96.0.17"),
        ] {
            let name = format!("{service}_{end}");
            let config = parse(MINIMAL, &[(&name, value)]).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(format!("{config:?}"), plain, "{name}");
        }
    }
    for name in [
        "PROOFKEY_CONFIG",
        "PROOFKEY_CLIENT_ID",
        "PROOFKEY_NO_KEYRING",
        "PROOFKEY_LOGIN_ISSUER",
        "PROOFKEY_NOPE",
        "PROOFKEY_",
        "PROOFKEY__X",
        "PROOFKEY_X__",
        "PROOFKEYS_LIMITS__FACTOR",
        "MY_PROOFKEY_LIMITS__FACTOR",
    ] {
        assert_eq!(format!("{:?}", parse(MINIMAL, &[(name, "x y")]).unwrap()), plain, "{name}");
    }
}

#[test]
fn k_33_the_issuers_old_variable_works_with_a_warning_and_yields_to_the_new_one() {
    let (old, new) =
        (("PROOFKEY_ISSUER", "https://old.example"), ("PROOFKEY_SERVER__ISSUER", "https://new.example"));
    for (environment, issuer, warned) in [
        (&[old][..], "https://old.example", true),
        (&[new], "https://new.example", false),
        (&[old, new], "https://new.example", true),
        (&[new, old], "https://new.example", true),
    ] {
        let config = parse(MINIMAL, environment).unwrap();
        assert_eq!(config.issuer.as_str(), issuer);
        let warnings = config.check();
        let named = warnings.iter().any(|warning| {
            warning.contains("PROOFKEY_ISSUER ") && warning.contains("PROOFKEY_SERVER__ISSUER")
        });
        assert_eq!(named, warned, "{warnings:?}");
    }
    for name in [old.0, new.0] {
        assert!(refusal(MINIMAL, &[(name, "nowhere")]).contains(name), "{name}");
    }
}

#[test]
fn k_34_an_issuer_that_is_spelled_oddly_is_told_of_and_one_with_a_slash_refused() {
    let with = |issuer: &str| format!("issuer = \"{issuer}\"\n[store]\ndata = \"d\"\n");
    for (odd, normal) in [
        ("https://ID.example", "`https://id.example`"),
        ("https://id.example:443", "`https://id.example`"),
        ("https://id.example/a/../b", "`https://id.example/b`"),
        ("http://localhost:80", "`http://localhost`"),
    ] {
        let warnings = parse(&with(odd), &[]).unwrap().check();
        assert!(warnings.iter().any(|warning| warning.contains(normal)), "{odd}: {warnings:?}");
    }
    for slash in ["https://id.example/", "https://id.example/t/"] {
        let message = refusal(&with(slash), &[]);
        let normal = format!("`{}`", slash.trim_end_matches('/'));
        assert!(message.contains("proofkey.toml:1:1: issuer") && message.contains(&normal), "{message}");
    }
}

#[test]
fn k_39_a_listener_that_cannot_be_is_refused_by_the_setting_that_names_it() {
    for (setting, variable) in
        [("listen", "PROOFKEY_SERVER__LISTEN"), ("metrics_listen", "PROOFKEY_SERVER__METRICS_LISTEN")]
    {
        let message = refusal(&format!("{MINIMAL}[server]\n{setting} = \"here\"\n"), &[]);
        assert!(message.contains(&format!("proofkey.toml:5:1: server.{setting}: `here`")), "{message}");
        assert!(refusal(MINIMAL, &[(variable, "here")]).contains(&format!("{variable}: server.{setting}")));
        let by_name = parse(MINIMAL, &[(variable, "localhost:4456")]).unwrap();
        assert!(
            by_name.server.listen.port() == 4456 || by_name.server.metrics_listen.unwrap().port() == 4456
        );
    }
}
