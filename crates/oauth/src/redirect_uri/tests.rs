use proptest::prelude::*;

use super::*;

const NATIVE: ApplicationType = ApplicationType::Native;
const WEB: ApplicationType = ApplicationType::Web;

#[test]
fn az_04_az_05_az_06_v_17_what_cannot_work_safely_cannot_be_registered() {
    let check = |text: &str, cause| assert_eq!(RedirectUri::register(text, NATIVE), Err(cause), "{text}");
    check("http://app.example/cb", RedirectUriRefused::InsecureHttp);
    check("http://127.0.0.1.evil.com/cb", RedirectUriRefused::InsecureHttp);
    check("http://0.0.0.0/cb", RedirectUriRefused::InsecureHttp);
    check("http://127.1/cb", RedirectUriRefused::InsecureHttp);
    for scheme in [
        "javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:x",
        "JavaScript:x",
    ] {
        check(scheme, RedirectUriRefused::DangerousScheme);
    }
    check("myapp:/cb", RedirectUriRefused::SchemeWithoutDot);
    check("https://a.example/cb#f", RedirectUriRefused::Fragment);
    check("https://a.example/*", RedirectUriRefused::Wildcard);
    check("https://a@b@evil/", RedirectUriRefused::UserInformation);
    check("https://good\\@evil", RedirectUriRefused::Characters);
    check("https://bücher.example/", RedirectUriRefused::Characters);
    check("https://a.example/x/..;/cb", RedirectUriRefused::DotSegment);
    check("https://a.example/%2E%2e/cb", RedirectUriRefused::DotSegment);
    check("/cb", RedirectUriRefused::Relative);
    check("https:///cb", RedirectUriRefused::Relative);
    for name in RESERVED_PARAMETERS {
        check(&format!("https://a.example/cb?{name}=1"), RedirectUriRefused::ReservedParameter);
        check(&format!("https://a.example/cb?x=1&{name}"), RedirectUriRefused::ReservedParameter);
    }
    for good in ["https://a.example/cb?x=1", "com.example.app:/cb", "http://[::1]/cb", "http://localhost/cb"]
    {
        assert!(RedirectUri::register(good, NATIVE).is_ok(), "{good}");
    }
}

#[test]
fn az_05_a_scheme_without_a_dot_is_for_clients_whose_operator_allows_it() {
    let check = |text: &str, strict: Option<RedirectUriRefused>, allowed: Option<RedirectUriRefused>| {
        assert_eq!(RedirectUri::register(text, NATIVE).err(), strict, "{text}");
        assert_eq!(RedirectUri::register_any_scheme(text, NATIVE).err(), allowed, "{text}");
    };
    let dot = Some(RedirectUriRefused::SchemeWithoutDot);
    for text in ["myapp:/cb", "myapp://callback", "capacitor://localhost/cb", "a1+b-c:x"] {
        check(text, dot, None);
    }
    for text in ["com.example.app:/cb", "https://a.example/cb", "http://127.0.0.1/cb"] {
        check(text, None, None);
    }
    let always = |text: &str, cause| check(text, Some(cause), Some(cause));
    for text in
        ["javascript:x", "data:x", "vbscript:x", "file:///x", "blob:x", "JavaScript:x", "FILE:x", "about:x"]
    {
        always(text, RedirectUriRefused::DangerousScheme);
    }
    for scheme in DANGEROUS_SCHEMES {
        always(&format!("{scheme}:x"), RedirectUriRefused::DangerousScheme);
    }
    for scheme in TAKEN_SCHEMES.iter().filter(|scheme| !scheme.starts_with("http")) {
        always(&format!("{scheme}://x/cb"), RedirectUriRefused::SchemeTaken);
    }
    for text in [
        "HTTPS://a.example/cb",
        "ms-settings:x",
        "ms-msdt:/id",
        "MS-Word:x",
        "microsoft-edge:https://a.example",
        "chrome-untrusted://x",
        "chrome-extension://x/cb",
        "moz-extension://x/cb",
        "safari-web-extension://x/cb",
        "web+myapp:x",
        "ext+myapp:x",
    ] {
        always(text, RedirectUriRefused::SchemeTaken);
    }
    for text in ["localhost:5173/callback", "localhost:/cb", "myhost:8080", "myhost:8080/cb", "myhost:80?x=1"]
    {
        always(text, RedirectUriRefused::HostWithoutScheme);
    }
    for text in ["c:/cb", "c:/windows", "ab:/cb"] {
        always(text, RedirectUriRefused::SchemeShort);
    }
    for text in ["abc:/cb", "myapp:8080x/cb", "myapp://8080/cb"] {
        check(text, dot, None);
    }
    check("com.example.app:8080", None, None);
    for text in ["MyApp:/cb", "1app:/cb", "-app:/cb", "my_app:/cb", "my%61pp:/cb"] {
        always(text, RedirectUriRefused::SchemeMalformed);
    }
    always("myapp:", RedirectUriRefused::Relative);
    always(":/cb", RedirectUriRefused::Relative);
    always("myapp:/../cb", RedirectUriRefused::DotSegment);
    always("myapp:/cb?code=1", RedirectUriRefused::ReservedParameter);
    let uri = RedirectUri::register_any_scheme("myapp:/cb", NATIVE).unwrap();
    assert!(uri.matches("myapp:/cb") && uri.web_origin().is_none());
    assert!(["MYAPP:/cb", "myapp:/cb/", "myapp://cb", "myapp2:/cb"].iter().all(|sent| !uri.matches(sent)));
}

#[test]
fn az_02_v_13_v_14_v_15_v_18_v_19_only_the_registered_bytes_match() {
    let uri = RedirectUri::register("https://app.example/cb", WEB).unwrap();
    assert!(uri.matches("https://app.example/cb"));
    for sent in [
        "https://app.example/cb/",
        "https://app.example/CB",
        "https://APP.example/cb",
        "https://app.example/cb?x=1",
        "https://app.example/%2e%2e/cb",
        "https://app.example/cb/..;/x",
        "https://u@app.example/cb",
        "https://a@b@evil/",
        "https://app.example\\@evil/cb",
        "https://app.example:443/cb",
        "https://xn--pp-eka.example/cb",
        "https://app.example/cb#",
        "https://app.example/cb\t",
        "https://app.example/cb\n",
        " https://app.example/cb",
        "https://appXexample/cb",
        "http://app.example/cb",
    ] {
        assert!(!uri.matches(sent), "{sent}");
    }
}

#[test]
fn az_03_v_16_v_18_only_the_port_of_a_loopback_address_is_free() {
    for host in ["127.0.0.1", "[::1]", "localhost"] {
        let uri = RedirectUri::register(&format!("http://{host}/cb"), NATIVE).unwrap();
        for sent in
            [format!("http://{host}:51004/cb"), format!("http://{host}/cb"), format!("http://{host}:1/cb")]
        {
            assert!(uri.matches(&sent), "{sent}");
        }
        for sent in [
            format!("https://{host}:1/cb"),
            format!("http://{host}:1/CB"),
            format!("http://{host}:1/cb?x=1"),
            format!("http://{host}:1/cb/"),
            format!("http://{host}:65536/cb"),
            format!("http://{host}:1@evil/cb"),
            format!("http://{host}.evil.com/cb"),
            format!("http://{host}:x/cb"),
            format!("http://x@{host}:1/cb"),
            "http://0.0.0.0:1/cb".into(),
            "http://127.1:1/cb".into(),
            "http://localhost.evil/cb".into(),
        ] {
            assert!(!uri.matches(&sent), "{sent}");
        }
    }
    let web = RedirectUri::register("http://localhost/cb", WEB).unwrap();
    assert!(
        !web.matches("http://localhost:8080/cb"),
        "localhost is a name: any port is for native apps only"
    );
    let fixed = RedirectUri::register("http://127.0.0.1:4456/callback", WEB).unwrap();
    assert!(!fixed.matches("http://127.0.0.1:4457/callback"), "a browser app said its port");
}

proptest! {
    #[test]
    fn az_02_any_other_text_is_another_uri(sent in "\\PC{0,60}") {
        let uri = RedirectUri::register("https://app.example/cb", WEB).unwrap();
        prop_assert_eq!(uri.matches(&sent), sent == "https://app.example/cb");
        let _ = RedirectUri::register(&sent, NATIVE);
        let _ = RedirectUri::register_any_scheme(&sent, NATIVE);
    }
}
