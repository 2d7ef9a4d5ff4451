//! The pages between a request and its answer: headers, methods, origins, hosts, hidden state.

use proofkey_testkit::{AuthorizeRequest, Browser, Page, TestServer, fixtures};

use crate::support::consented;

/// A page of every kind that a person can come to.
async fn every_page(server: &TestServer) -> Vec<(&'static str, Page)> {
    let web = fixtures::web();
    let mut browser = Browser::new(server);
    let sign_in = browser.authorize(&AuthorizeRequest::new(&web)).await.page();
    let wrong = browser.submit(&sign_in, &[("username", "ada"), ("password", "wrong")], "").await.page();
    let consent = browser.sign_in(&wrong, &fixtures::ada()).await.page();
    let handed = browser.allow(&consent).await.redirect();
    let hand_over = Page {
        path: "/consent".into(),
        status: 200,
        headers: handed.answer.headers,
        html: handed.answer.body,
    };
    let error = browser.authorize(&AuthorizeRequest::new(&web).set("redirect_uri", "x")).await.page();
    let logout = browser.open("/end-session").await.page();
    let signed_out = browser.submit(&logout, &[], "sign_out").await.page();
    let not_found = browser.open("/nowhere").await.page();
    vec![
        ("sign-in", sign_in),
        ("sign-in again", wrong),
        ("consent", consent),
        ("hand-over", hand_over),
        ("error", error),
        ("logout", logout),
        ("signed out", signed_out),
        ("not found", not_found),
    ]
}

#[tokio::test]
async fn az_33_no_page_can_be_framed_cached_or_scripted() {
    let server = TestServer::start().await;
    for (name, page) in every_page(&server).await {
        assert_eq!(page.header("x-frame-options"), "DENY", "{name}");
        let policy = page.header("content-security-policy");
        for directive in
            ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"]
        {
            assert!(policy.contains(directive), "{name}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{name}: {policy}");
        assert_eq!(page.header("cache-control"), "no-store", "{name}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{name}");
        let has_form = page.html.contains("<form");
        assert_eq!(
            page.header("referrer-policy"),
            if has_form { "same-origin" } else { "no-referrer" },
            "{name}"
        );
        let tags = proofkey_testkit::tags(&page.html);
        assert!(!tags.iter().any(|tag| tag.name == "script"
            || tag.attributes.iter().any(|(name, _)| name.starts_with("on") || name == "style")));
        let external = tags.iter().filter(|tag| matches!(tag.name.as_str(), "link" | "img"));
        for tag in external {
            let source = tag.attribute("href").or(tag.attribute("src")).unwrap();
            assert!(source.starts_with('/') && !source.starts_with("//"), "{name}: {source}");
        }
    }
}

#[tokio::test]
async fn az_15_v_45_no_page_lets_another_origin_read_it() {
    let server = TestServer::start().await;
    let browser = consented(&server, &fixtures::spa()).await;
    let cookies = browser.jar.cookies.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value));
    let cookies = cookies.collect::<Vec<_>>().join("; ");
    let query = AuthorizeRequest::new(&fixtures::spa()).encoded();
    for origin in ["https://app.example", "https://evil.example", "null", &server.issuer] {
        for path in ["/authorize", "/sign-in", "/consent", "/end-session"] {
            for method in ["GET", "POST", "OPTIONS", "HEAD"] {
                let headers = [
                    ("origin", origin),
                    ("cookie", &cookies),
                    ("access-control-request-method", "GET"),
                    ("content-type", "application/x-www-form-urlencoded"),
                ];
                let answer = server.send(method, &format!("{path}?{query}"), &headers, String::new()).await;
                assert!(
                    !answer.has_header_like("access-control-"),
                    "{method} {path} for {origin}: {answer:?}"
                );
                let is_options = method == "OPTIONS";
                assert_eq!(answer.status == 405, is_options, "{method} {path}: {}", answer.status);
            }
        }
    }
}

#[tokio::test]
async fn az_16_other_methods_are_405() {
    let server = TestServer::start().await;
    for path in ["/authorize", "/sign-in", "/consent", "/end-session"] {
        for method in ["PUT", "PATCH", "DELETE"] {
            let answer = server.send(method, path, &[], String::new()).await;
            assert_eq!(answer.status, 405, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn az_16_a_redirect_never_repeats_a_form() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let request = AuthorizeRequest::new(&fixtures::web());
    let mut statuses = vec![browser.post("/authorize", &request.params).await.status];
    let page = browser.authorize(&request).await.page();
    let form = page.form();
    let ada = fixtures::ada();
    let filled =
        [("flow", form.inputs[0].1.as_str()), ("username", &ada.username), ("password", &ada.password)];
    let signed_in = browser.post(&form.action, &filled).await;
    statuses.push(signed_in.status);
    let consent = browser.follow(&form.action, signed_in).await.page().form();
    statuses.push(
        browser
            .post(&consent.action, &[("flow", consent.inputs[0].1.as_str()), ("decision", "allow")])
            .await
            .status,
    );
    assert_eq!(statuses, [303, 200, 200], "never 302, 307 or 308");
}

#[tokio::test]
async fn v_21_nothing_in_an_address_says_where_to_go_on() {
    let server = TestServer::start().await;
    let names = ["next", "redirect", "return_to", "continue", "returnTo", "target_link_uri", "rd", "flow"];
    for name in names {
        for value in [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example",
            "/\t/evil.example",
            "https:evil.example",
        ] {
            for path in ["/sign-in", "/consent", "/end-session"] {
                let mut browser = Browser::new(&server);
                let query = proofkey_testkit::form_body(&[(name, value)]);
                let page = browser.open(&format!("{path}?{query}")).await.page();
                assert!(
                    !page.html.contains("<a href") && !page.html.contains("http-equiv"),
                    "{path}?{query}"
                );
            }
        }
    }
}

#[tokio::test]
async fn v_24_md_04_a_forged_host_changes_no_address_on_any_page() {
    let server = TestServer::builder().issuer("https://id.example").start().await;
    let query = AuthorizeRequest::new(&fixtures::web()).encoded();
    let forged = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("forwarded", "host=evil.example;proto=http"),
        ("x-original-host", "evil.example"),
        ("x_forwarded_host", "evil.example"),
        ("x-forwarded-prefix", "/evil.example"),
        ("x-original-url", "https://evil.example/"),
        ("x-rewrite-url", "/evil.example"),
    ];
    for path in [
        format!("/authorize?{query}"),
        "/end-session".into(),
        "/.well-known/openid-configuration".into(),
        "/jwks".into(),
        "/nowhere".into(),
    ] {
        let answer = server.get(&path, &forged).await;
        let location = answer.header("location").to_owned();
        assert!(
            !answer.body.contains("evil.example") && !location.contains("evil.example"),
            "{path}: {answer:?}"
        );
        assert!(location.is_empty() || location.starts_with("/authorize?flow="), "{location}");
        assert!(
            !answer.headers.values().any(|value| value.as_bytes().windows(4).any(|part| part == b"evil")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn v_38_hidden_state_that_was_touched_or_moved_is_refused() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let page = browser.authorize(&AuthorizeRequest::new(&fixtures::web())).await.page();
    let form = page.form();
    let flow = form.inputs.iter().find(|(name, _)| name == "flow").unwrap().1.clone();
    let ada = fixtures::ada();
    let mut bent: Vec<String> =
        (0..flow.len()).step_by(flow.len() / 20).map(|at| flipped(&flow, at)).collect();
    bent.extend([
        String::new(),
        flow[..flow.len() - 1].to_owned(),
        format!("{flow}A"),
        flow.replace('_', "-"),
        "https://evil.example/".into(),
    ]);
    for flow in bent.iter().filter(|bent| **bent != flow) {
        let filled = [("flow", flow.as_str()), ("username", &ada.username), ("password", &ada.password)];
        let answer = browser.clone().post("/sign-in", &filled).await;
        assert_eq!(answer.status, 400, "{flow}");
        assert!(answer.headers.get("set-cookie").is_none(), "nobody is signed in");
        // Nor may a request beside it choose another response type.
        let filled = [("flow", flow.as_str()), ("response_type", "token"), ("decision", "allow")];
        assert_eq!(browser.clone().post("/consent", &filled).await.status, 400);
    }
    // A step of one page is no step of another, and no other browser's.
    let moved = browser.clone().post("/consent", &[("flow", flow.as_str()), ("decision", "allow")]).await;
    assert_eq!(moved.status, 400);
    let filled = [("flow", flow.as_str()), ("username", &ada.username), ("password", &ada.password)];
    let elsewhere = Browser::new(&server).post("/sign-in", &filled).await;
    assert!(!sets_session(&elsewhere), "{elsewhere:?}");
    assert_eq!(browser.post_cross_site("/sign-in", &filled).await.status, 403);
    assert!(sets_session(&browser.post("/sign-in", &filled).await), "the untouched one holds");
}

/// Even with our cookies, as an old browser or a sibling domain might send them.
#[tokio::test]
async fn v_38_a_form_that_another_site_sends_is_refused_whatever_it_carries() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let page = browser.authorize(&AuthorizeRequest::new(&fixtures::web())).await.page();
    let ada = fixtures::ada();
    let consent = browser.sign_in(&page, &ada).await.page();
    let pairs = browser.jar.cookies.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value));
    let cookies = pairs.collect::<Vec<_>>().join("; ");
    let (sign_in, flow) = (page.form().inputs[0].1.clone(), consent.form().inputs[0].1.clone());
    let sign_in = [("flow", sign_in.as_str()), ("username", &ada.username), ("password", &ada.password)];
    let allow = [("flow", flow.as_str()), ("decision", "allow")];
    for (header, value, holds) in [
        ("sec-fetch-site", "cross-site", false),
        ("sec-fetch-site", "same-site", false),
        ("origin", "https://evil.example", false),
        ("origin", "http://127.0.0.1", false),
        ("sec-fetch-site", "same-origin", true),
        // A page's own post may say so under a strict referrer policy: the sealed step decides.
        ("origin", "null", true),
    ] {
        for (path, form) in [("/sign-in", &sign_in[..]), ("/consent", &allow[..])] {
            let answer = server.post(path, form, &[("cookie", &cookies), (header, value)]).await;
            assert_eq!(answer.status == 403, !holds, "{path} {header}: {value}: {}", answer.status);
            assert!(holds || answer.headers.get("set-cookie").is_none(), "{path} {header}: {value}");
            assert!(holds || !answer.body.contains("code="), "{path} {header}: {value}");
        }
        if holds {
            // A sign-in has a new session, and the old cookies are spent.
            break;
        }
    }
}

/// Whether an answer signs somebody in.
fn sets_session(answer: &proofkey_testkit::Answer) -> bool {
    answer
        .headers
        .get_all("set-cookie")
        .iter()
        .any(|cookie| cookie.to_str().is_ok_and(|text| text.contains("sid")))
}

fn flipped(text: &str, at: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}
