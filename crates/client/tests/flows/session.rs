//! Tokens over time: refreshed once, durable, sent to one place, taken back.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::support::{Faults, Issuer};
use proofkey_client::{Client, Error, Remedy, Session, TokenStore};

pub(crate) async fn signed_in_as(client: &Client) -> Session {
    let started = client.sign_in().await.unwrap();
    let url = started.url().as_str().to_owned();
    let browser = tokio::spawn(async move { reqwest::get(url).await.unwrap().text().await.unwrap() });
    let session = started.finish().await.unwrap().session;
    browser.await.unwrap();
    session
}

pub(crate) async fn signed_in(issuer: &Issuer, directory: &Path) -> Session {
    signed_in_as(&issuer.client(directory)).await
}

/// More than any token of the fake issuer lives.
pub(crate) const ALWAYS: Duration = Duration::from_secs(100_000);

#[tokio::test(flavor = "multi_thread")]
async fn cl_13_many_tasks_refresh_once() {
    let issuer = Issuer::start().await;
    *issuer.expires_in.lock().unwrap() = 0;
    let directory = tempfile::tempdir().unwrap();
    let session = Arc::new(signed_in(&issuer, directory.path()).await);
    *issuer.expires_in.lock().unwrap() = 600;
    issuer.faults.lock().unwrap().slow_ms = 50;
    let before = issuer.seen.lock().unwrap().refreshes;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let session = Arc::clone(&session);
            tokio::spawn(async move {
                session.access_token(Duration::from_secs(60)).await.unwrap().token.expose().to_owned()
            })
        })
        .collect();
    let mut tokens = std::collections::BTreeSet::new();
    for task in tasks {
        tokens.insert(task.await.unwrap());
    }
    assert_eq!((tokens.len(), issuer.seen.lock().unwrap().refreshes - before), (1, 1));
}

#[tokio::test]
async fn cl_13_a_new_refresh_token_is_durable_before_the_access_token_is_out() {
    let issuer = Issuer::start().await;
    let directory = tempfile::tempdir().unwrap();
    let session = signed_in(&issuer, directory.path()).await;
    let token = session.access_token(ALWAYS).await.unwrap();
    let mut files = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
    let file = files.find(|path| path.extension().is_some_and(|extension| extension == "json")).unwrap();
    let kept = std::fs::read_to_string(file).unwrap();
    assert!(kept.contains("refresh-1-2") && kept.contains(token.token.expose()), "{kept}");
}

#[tokio::test]
async fn a_lost_reply_costs_nothing() {
    let issuer = Issuer::start().await;
    let directory = tempfile::tempdir().unwrap();
    let session = signed_in(&issuer, directory.path()).await;
    issuer.faults.lock().unwrap().lost_replies = 1;
    session.access_token(ALWAYS).await.unwrap();
    issuer.faults.lock().unwrap().lost_replies = 2;
    assert_eq!(session.access_token(ALWAYS).await.unwrap_err().remedy(), Remedy::Retry);
    session.access_token(ALWAYS).await.unwrap();
}

#[tokio::test]
async fn a_refused_refresh_token_ends_the_sign_in_and_leaves_nothing() {
    let issuer = Issuer::start().await;
    let directory = tempfile::tempdir().unwrap();
    let session = signed_in(&issuer, directory.path()).await;
    issuer.revoke_grants();
    assert!(matches!(session.access_token(ALWAYS).await, Err(Error::SignInAgain)));
    assert!(matches!(session.access_token(Duration::ZERO).await, Err(Error::SignInAgain)));
    assert!(matches!(issuer.client(directory.path()).session().await, Err(Error::NotSignedIn)));
}

#[tokio::test]
async fn a_server_that_is_down_costs_no_sign_in() {
    let issuer = Issuer::start().await;
    let directory = tempfile::tempdir().unwrap();
    let session = signed_in(&issuer, directory.path()).await;
    for status in [500, 503, 429] {
        issuer.faults.lock().unwrap().token_status = Some((status, None));
        assert_eq!(session.access_token(ALWAYS).await.unwrap_err().remedy(), Remedy::Retry, "{status}");
    }
    issuer.faults.lock().unwrap().token_status = None;
    session.access_token(ALWAYS).await.unwrap();
}

#[tokio::test]
async fn v_79_a_session_serves_only_what_it_was_asked_for() {
    let issuer = Issuer::start().await;
    let directory = tempfile::tempdir().unwrap();
    let store = TokenStore::in_directory(directory.path());
    signed_in(&issuer, directory.path()).await;
    let mut wider = issuer.application();
    wider.scope = wider.scope.union(&proofkey_client::Scope::parse("notes:write").unwrap());
    assert!(matches!(Client::with_store(wider, &store).session().await, Err(Error::ScopeNotAsked(_))));
    let other = issuer.application_for_notes();
    assert!(matches!(Client::with_store(other, &store).session().await, Err(Error::NotSignedIn)));
}

#[tokio::test]
async fn cl_09_the_api_gets_its_token_and_a_refused_one_is_renewed_once() {
    let issuer = Issuer::start().await;
    let directory = tempfile::tempdir().unwrap();
    let store = TokenStore::in_directory(directory.path());
    let session = signed_in_as(&Client::with_store(issuer.application_for_notes(), &store)).await;
    let notes = format!("{}/notes", issuer.url);
    let forms = issuer.seen.lock().unwrap().token_forms.clone();
    assert_eq!(forms[0].first("resource"), Some(notes.as_str()));
    // The API's token is not sent to userinfo: the server is asked for one of its own.
    assert_eq!(forms[1].first("resource"), Some(issuer.url.as_str()));
    assert_eq!(session.get(&notes).await.unwrap().body.as_slice(), b"a note");
    issuer.forget_access_tokens();
    let before = issuer.seen.lock().unwrap().refreshes;
    assert_eq!(session.get(&notes).await.unwrap().status, 200);
    assert_eq!(issuer.seen.lock().unwrap().refreshes - before, 1);
    for elsewhere in [format!("{}/userinfo", issuer.url), "https://evil.example/notes".to_owned()] {
        assert!(matches!(session.get(&elsewhere).await, Err(Error::OutsideResource { .. })));
    }
    let for_nobody = signed_in(&issuer, directory.path()).await;
    assert!(matches!(for_nobody.get(&notes).await, Err(Error::ResourceMissing)));
}

#[tokio::test]
async fn cl_18_signing_out_revokes_and_wipes_even_if_the_server_is_down() {
    for down in [false, true] {
        let issuer = Issuer::start_with(Faults { revocation_down: down, ..Faults::default() }).await;
        let directory = tempfile::tempdir().unwrap();
        let session = signed_in(&issuer, directory.path()).await;
        let out = session.sign_out().await.unwrap();
        assert_eq!(out.revoked.is_err(), down);
        // K-55: it matters more where the tokens could not be taken back.
        assert!(out.end_session_url.is_some());
        let revoked = issuer.seen.lock().unwrap().revoked.clone();
        assert_eq!(revoked, if down { vec![] } else { vec!["refresh-1-1".to_owned()] });
        assert!(matches!(issuer.client(directory.path()).session().await, Err(Error::NotSignedIn)));
        let left = std::fs::read_dir(directory.path()).unwrap().filter_map(Result::ok);
        for entry in left {
            assert_eq!(entry.metadata().unwrap().len(), 0, "{:?}", entry.path());
        }
    }
}

#[tokio::test]
async fn cl_18_every_sign_in_of_a_store_can_be_found_and_ended() {
    let issuer = Issuer::start().await;
    let parent = tempfile::tempdir().unwrap();
    let store = TokenStore::in_directory(parent.path().join("store"));
    assert!(store.applications().await.unwrap().is_empty());
    let mut second = issuer.application();
    second.account = "second".to_owned();
    for app in [issuer.application(), issuer.application_for_notes(), second] {
        signed_in_as(&Client::with_store(app, &store)).await;
    }
    // What is no sign-in of ours is not listed; what should be one and cannot be read is.
    std::fs::write(store.directory().join("last-login.json"), b"{}").unwrap();
    let broken = store.directory().join(format!("{}.json", "0".repeat(64)));
    std::fs::write(&broken, b"{").unwrap();
    let (apps, errors): (Vec<_>, Vec<_>) =
        store.applications().await.unwrap().into_iter().partition(Result::is_ok);
    assert!(matches!(&errors[..], [Err(Error::StoreMalformed(path))] if *path == broken), "{errors:?}");
    assert_eq!(apps.len(), 3);
    std::fs::remove_file(broken).unwrap();
    for app in apps {
        Client::with_store(app.unwrap(), &store).sign_out().await.unwrap();
    }
    assert!(store.applications().await.unwrap().is_empty());
    assert_eq!(issuer.seen.lock().unwrap().revoked.len(), 3);
}

#[tokio::test]
async fn cl_12_a_file_that_is_not_ours_is_not_used() {
    let issuer = Issuer::start().await;
    let directory = tempfile::tempdir().unwrap();
    let store = TokenStore::in_directory(directory.path());
    signed_in(&issuer, directory.path()).await;
    let json = |path: &Path| {
        let files = std::fs::read_dir(path).unwrap().filter_map(Result::ok).map(|entry| entry.path());
        files.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect::<Vec<_>>()
    };
    let mine = json(directory.path()).remove(0);
    let mut other = issuer.application();
    other.account = "other".to_owned();
    signed_in_as(&Client::with_store(other.clone(), &store)).await;
    let theirs = json(directory.path()).into_iter().find(|path| *path != mine).unwrap();
    std::fs::copy(&mine, &theirs).unwrap();
    assert!(matches!(
        Client::with_store(other.clone(), &store).session().await,
        Err(Error::StoreMalformed(_))
    ));
    std::fs::write(&theirs, b"{").unwrap();
    let error = Client::with_store(other, &store).session().await.unwrap_err();
    assert_eq!(error.remedy(), Remedy::SignIn);
}
