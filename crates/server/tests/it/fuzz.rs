//! Input that no client would send: refused, never a fault of ours.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proofkey_testkit::{AuthorizeRequest, TestServer, fixtures, form_body, raw_exchange};

const PATHS: [&str; 14] = [
    "/authorize",
    "/sign-in",
    "/consent",
    "/end-session",
    "/token",
    "/userinfo",
    "/introspect",
    "/revoke",
    "/jwks",
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/livez",
    "/readyz",
    "/nowhere",
];
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"];

const HEADERS: [(&str, &str); 40] = [
    ("authorization", "Bearer"),
    ("authorization", "Bearer "),
    ("authorization", "Bearer a b"),
    ("authorization", "Bearer ..."),
    ("authorization", "Basic"),
    ("authorization", "Basic ="),
    ("authorization", ""),
    ("authorization", "DPoP x"),
    ("authorization", "Bearer eyJhbGciOiJub25lIn0.e30."),
    ("authorization", "Negotiate YII="),
    ("cookie", ""),
    ("cookie", ";;;==;"),
    ("cookie", "__Host-sid=x; __Host-sid=y"),
    ("cookie", "__Host-sid=.; __Host-flow=\"; __Host-device=%"),
    ("cookie", "=x"),
    ("content-type", ""),
    ("content-type", "application/json"),
    ("content-type", "application/x-www-form-urlencoded;;;"),
    ("content-type", "multipart/form-data"),
    ("content-encoding", "gzip"),
    ("content-encoding", "identity, br"),
    ("accept", "\u{ff}"),
    ("accept", "*/*;q=x"),
    ("accept-language", "*"),
    ("accept-language", "de;q=9, ;q=, xx-xx-xx-xx, \"\""),
    ("accept-language", "i-klingon-ssssssssssssssssss"),
    ("origin", "null"),
    ("origin", "https://"),
    ("origin", ""),
    ("sec-fetch-site", "elsewhere"),
    ("if-none-match", "*"),
    ("if-none-match", "\""),
    ("if-modified-since", "yesterday"),
    ("range", "bytes=-1"),
    ("x-forwarded-for", "::::, 300.1.1.1, unknown"),
    ("forwarded", "for=\"[::1\";;by="),
    ("x-http-method-override", "DELETE"),
    ("dpop", "x"),
    ("access-control-request-method", "\""),
    ("te", "trailers"),
];

async fn unlimited() -> TestServer {
    TestServer::builder().issuer("https://id.example").set("limits.factor", 1000).start().await
}

#[tokio::test]
async fn v_44_no_header_on_any_endpoint_makes_a_fault() {
    let server = unlimited().await;
    for path in PATHS {
        for method in METHODS {
            for header in HEADERS {
                let form = ("content-type", "application/x-www-form-urlencoded");
                let headers = if header.0 == "content-type" { vec![header] } else { vec![header, form] };
                let answer = server.send(method, path, &headers, String::new()).await;
                assert!(answer.status < 500, "{method} {path} {header:?}: {answer:?}");
                let answered = answer.status < 400;
                assert!(
                    !answered || !["PUT", "PATCH", "DELETE", "QUERY"].contains(&method),
                    "{method} {path}: {}",
                    answer.status
                );
            }
        }
    }
}

#[tokio::test]
async fn v_44_no_shape_of_a_request_makes_a_fault() {
    let server = unlimited().await;
    let heads: [&[u8]; 12] = [
        b"Authorization: Bearer \xff\xfe\r\n",
        b"Authorization: Bearer \0\r\n",
        b"Cookie: __Host-sid=\xff\r\n",
        b"Content-Type: \xff\r\n",
        b"Content-Length: x\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Transfer-Encoding: bogus\r\n",
        b"Expect: 200-nothing\r\nContent-Length: 0\r\n",
        b": x\r\n",
        b"No-Colon\r\n",
    ];
    for path in PATHS {
        for head in heads {
            let mut request =
                format!("POST {path} HTTP/1.1\r\nHost: id.example\r\nConnection: close\r\n").into_bytes();
            request.extend_from_slice(head);
            request.extend_from_slice(b"\r\n0\r\n\r\n");
            let answer = raw_exchange(server.address, &request).await;
            let status: u16 = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(400);
            assert!((400..500).contains(&status), "{path} {head:?}: {answer}");
        }
    }
    let still = server.get("/livez", &[]).await;
    assert_eq!(still.status, 200);
}

#[tokio::test]
async fn v_45_a_compact_jwt_is_read_strictly() {
    let server = TestServer::start().await;
    let web = fixtures::web();
    let tokens = server.tokens(&web, "openid").await;
    let token = &tokens.access_token;
    let parts: Vec<&str> = token.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    for bent in [
        format!("{token}="),
        format!("{header}=.{claims}.{signature}"),
        format!("{header}.{claims}=.{signature}"),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.x"),
        format!("{header}.{claims}"),
        format!("{header}..{signature}"),
        format!("{header}. {claims}.{signature}"),
        format!("{header}.{claims}.{signature}\t"),
        format!("{header}\t.{claims}.{signature}"),
        token.replace('-', "+").replace('_', "/") + "/",
        format!("{header}.{claims}.{}", &signature[..signature.len() - 1]),
        format!("{{\"protected\":\"{header}\",\"payload\":\"{claims}\",\"signature\":\"{signature}\"}}"),
    ] {
        assert!(!server.is_active(&web, &bent).await, "{bent}");
        let trimmed_by_http = bent.ends_with('\t');
        assert!(trimmed_by_http || server.userinfo(&bent).await.status == 401, "{bent}");
    }
    // The last character of a signature has bits that no byte needs: only one spelling counts.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let spellings =
        alphabet.chars().map(|last| format!("{header}.{claims}.{}{last}", &signature[..signature.len() - 1]));
    let mut accepted = 0;
    for spelling in spellings {
        accepted += u32::from(server.is_active(&web, &spelling).await);
    }
    assert_eq!(accepted, 1);
}

#[tokio::test]
async fn v_51_deep_nesting_ends_in_a_refusal() {
    let server = unlimited().await;
    let web = fixtures::web();
    for open in ["[", "{\"a\":"] {
        // As deep as a header may be long, and deeper in a body.
        for bytes in [1_000, 20_000, 45_000, 1_000_000] {
            let nested = open.repeat(bytes / open.len());
            let encoded = URL_SAFE_NO_PAD.encode(&nested);
            for token in
                [format!("{encoded}.e30.x"), format!("eyJhbGciOiJFUzI1NiJ9.{encoded}.x"), nested.clone()]
            {
                if bytes <= 20_000 {
                    let answer = server.userinfo(&token).await;
                    assert!((400..500).contains(&answer.status), "{bytes}: {}", answer.status);
                }
                let answer = server.introspect(&web, &token).await;
                assert!(answer.status == 413 || answer.body == "{\"active\":false}", "{bytes}: {answer:?}");
                let request = AuthorizeRequest::new(&web).set("id_token_hint", &token).set("claims", &nested);
                let form = form_body(&request.params);
                let headers = [("content-type", "application/x-www-form-urlencoded")];
                let answer = server.send("POST", "/authorize", &headers, form).await;
                assert!(answer.status < 500, "{bytes}: {}", answer.status);
                if bytes == 1_000 {
                    let answer = server.get(&format!("/authorize?{}", request.encoded()), &[]).await;
                    assert!(answer.status < 500, "{}", answer.status);
                    let logout = server
                        .get(&format!("/end-session?id_token_hint={}", URL_SAFE_NO_PAD.encode(&token)), &[])
                        .await;
                    assert!(logout.status < 500, "{}", logout.status);
                }
            }
        }
    }
    assert_eq!(server.get("/livez", &[]).await.status, 200);
}

/// A small scanner: random pieces of requests, many at once. The numbers come from a fixed seed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v_53_a_scan_in_parallel_provokes_no_panic() {
    let server = Arc::new(unlimited().await);
    let tokens = server.tokens(&fixtures::web(), "openid offline_access").await;
    let words: Vec<String> = [
        "code",
        "client_id",
        "web",
        "native",
        "redirect_uri",
        "https://web.example/callback",
        "state",
        "%",
        "%00",
        "%ff",
        "+",
        "grant_type",
        "authorization_code",
        "refresh_token",
        "code_verifier",
        "code_challenge",
        "S256",
        "scope",
        "openid",
        "prompt",
        "none",
        "login",
        "max_age",
        "-1",
        "99999999999999999999",
        "resource",
        "://",
        "request",
        "flow",
        "decision",
        "allow",
        "username",
        "ada",
        "password",
        "token",
        "token_type_hint",
        "id_token_hint",
        "\u{1f600}",
        "'--",
        "../..",
        "\u{0}",
        "ui_locales",
        "x-\u{202e}",
        "9223372036854775808",
    ]
    .iter()
    .map(|word| (*word).to_owned())
    .chain([tokens.access_token, tokens.id_token, tokens.refresh_token])
    .collect();
    let words = Arc::new(words);
    let scanners = (1..=8_u64).map(|seed| {
        let (server, words) = (Arc::clone(&server), Arc::clone(&words));
        tokio::spawn(async move {
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mut next = move |below: usize| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                usize::try_from(state >> 33).unwrap() % below
            };
            for _ in 0..150 {
                let pairs: Vec<(String, String)> = (0..next(9))
                    .map(|_| (words[next(words.len())].clone(), words[next(words.len())].clone()))
                    .collect();
                let (method, path) = (METHODS[next(3)], PATHS[next(PATHS.len())]);
                let mut body = form_body(&pairs);
                let cut = next(body.len() + 1);
                if next(4) == 0 && body.is_char_boundary(cut) {
                    body.truncate(cut);
                }
                let header = HEADERS[next(HEADERS.len())];
                let form = ("content-type", "application/x-www-form-urlencoded");
                let (path, body) = if method == "POST" {
                    (path.to_owned(), body)
                } else {
                    (format!("{path}?{body}"), String::new())
                };
                let answer = server.send(method, &path, &[header, form], body.clone()).await;
                assert!(answer.status < 500, "{method} {path} {header:?} {body}: {answer:?}");
            }
        })
    });
    for scanner in scanners.collect::<Vec<_>>() {
        scanner.await.unwrap();
    }
}
