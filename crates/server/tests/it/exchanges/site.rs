//! What belongs to no endpoint: unknown paths, the files of pages, and whether the server is well.

use proofkey_testkit::{Answer, tags};

use super::{Asked, Recorder, authorize, request};

#[tokio::test]
async fn an_unknown_path() {
    let recorder = Recorder::start().await;
    let mut browser = recorder.browser();
    let _ = recorder.get("not-found", &mut browser, "/nowhere").await;
    browser.language = "de".into();
    let _ = recorder.get("not-found-de", &mut browser, "/nowhere").await;
    let _ = recorder.send("not-found-program", "POST", "/nowhere", &[("accept", "application/json")]).await;
}

#[tokio::test]
async fn files_of_pages() {
    let recorder = Recorder::start().await;
    let mut browser = recorder.browser();
    let page = browser.get(&authorize(&request(&recorder.client("web")))).await;
    for (ending, name) in [(".css", "asset-stylesheet"), (".svg", "asset-icon")] {
        let tags = tags(&page.body);
        let mut links = tags.iter().filter_map(|tag| tag.attribute("href"));
        let path = links.find(|link| link.ends_with(ending)).unwrap();
        recorder.server.reseed(name);
        let answer = recorder.server.get(path, &[]).await;
        assert!(!answer.body.is_empty());
        // What is in it says nothing about the exchange.
        let headers_alone = Answer { body: String::new(), ..answer };
        let _ = recorder.compare(name, &Asked::bare("GET", path, &[], &[]), headers_alone);
    }
}

#[tokio::test]
async fn health() {
    let recorder = Recorder::start().await;
    let _ = recorder.send("livez", "GET", "/livez", &[]).await;
    let _ = recorder.send("readyz", "GET", "/readyz", &[]).await;
}
