//! Requests whose bodies come long after their heads: each is judged by what holds when all of it has come.

use proofkey_oauth::ResourceUri;
use proofkey_testkit::{AuthorizeRequest, Browser, TestServer, TestUser, basic, fixtures, form_body};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The answer to a form whose body comes once `between` is done.
async fn posted(
    server: &TestServer,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
    between: impl Future<Output = ()>,
) -> String {
    let mut head = format!("POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", server.address);
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
    head.push_str(&format!("Content-Length: {}\r\nExpect: 100-continue\r\n\r\n", body.len()));
    let mut stream = TcpStream::connect(server.address).await.expect("the server listens");
    stream.write_all(head.as_bytes()).await.expect("the server reads");
    // The server asks for the body when the endpoint has begun to wait for it.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).await.expect("the server asks for the body");
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    between.await;
    stream.write_all(body.as_bytes()).await.expect("the server reads");
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn tk_20_a_client_that_is_disabled_before_its_form_has_come_gets_nothing() {
    let service = fixtures::service();
    let credentials = basic(&service.id, service.secret.as_deref().unwrap());
    for (path, body) in [
        ("/token", form_body(&[("grant_type", "client_credentials"), ("scope", "notes:read")])),
        ("/introspect", form_body(&[("token", "x")])),
        ("/revoke", form_body(&[("token", "x")])),
    ] {
        let server = TestServer::start().await;
        let disable = async {
            server.disable_client(&service.id, true).await;
            server.refresh_directory().await;
        };
        let answer = posted(&server, path, &[("Authorization", &credentials)], &body, disable).await;
        assert!(
            answer.starts_with("HTTP/1.1 401 ") && answer.contains("client.disabled"),
            "{path}: {answer}"
        );
    }
}

#[tokio::test]
async fn tk_14_an_api_that_is_removed_before_a_form_has_come_is_no_target() {
    let server = TestServer::start().await;
    let service = fixtures::service();
    let credentials = basic(&service.id, service.secret.as_deref().unwrap());
    let body = form_body(&[("grant_type", "client_credentials"), ("resource", fixtures::NOTES)]);
    let remove = async {
        let notes = ResourceUri::parse(fixtures::NOTES).unwrap();
        server.store().remove_api(&notes).await.unwrap();
        server.refresh_directory().await;
    };
    let answer = posted(&server, "/token", &[("Authorization", &credentials)], &body, remove).await;
    assert!(answer.contains("invalid_target"), "{answer}");
}

#[tokio::test]
async fn lg_12_a_session_stands_although_the_password_was_set_while_the_form_was_on_its_way() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    let page = browser.authorize(&AuthorizeRequest::new(&fixtures::web())).await.page();
    let renewed = TestUser { password: "a-password-that-is-new-here".into(), ..fixtures::ada() };
    let form = page.form();
    let inputs: Vec<(String, String)> = form
        .inputs
        .into_iter()
        .map(|(name, value)| match name.as_str() {
            "username" => (name, renewed.username.clone()),
            "password" => (name, renewed.password.clone()),
            _ => (name, value),
        })
        .collect();
    let cookies: Vec<String> =
        browser.jar.cookies.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
    let set_password = async {
        server.advance(5);
        server.set_password(&renewed.username, &renewed.password).await;
        server.advance(1);
    };
    let headers = [("Cookie", cookies.join("; "))];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = posted(&server, &form.action, &headers, &form_body(&inputs), set_password).await;
    assert!(answer.contains("id=\"consent-allow\""), "the session is taken: {answer}");
}
