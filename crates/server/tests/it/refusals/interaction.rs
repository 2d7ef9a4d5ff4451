//! The pages of a sign-in: `interaction.rs` of the table, and the answer "no" to the question for consent.

use proofkey_protocol::Refusal;
use proofkey_testkit::{AuthorizeRequest, Browser, TestServer, fixtures};

use super::Reached;

/// Longer than a person may take to sign in and consent.
const TOO_LONG_SECONDS: i64 = 3600;

pub(super) async fn reach(server: &TestServer, reached: &mut Reached) {
    let request = AuthorizeRequest::new(&fixtures::web());
    let mut browser = Browser::new(server);
    let page = browser.authorize(&request).await.page();

    let changed = Browser::new(server).open("/sign-in?flow=changed").await.page();
    reached.on_page(Refusal::InteractionInvalid, &changed);

    let elsewhere = Browser::new(server).open(&page.path).await.page();
    reached.on_page(Refusal::InteractionOfAnotherBrowser, &elsewhere);

    let answer = browser.post_cross_site("/sign-in", &page.form().inputs).await;
    let from_another_site = browser.follow("/sign-in", answer).await.page();
    reached.on_page(Refusal::FormFromAnotherSite, &from_another_site);

    let consent = browser.sign_in(&page, &fixtures::bob()).await.page();
    reached.in_redirect(Refusal::AccessDenied, &browser.deny(&consent).await.redirect());

    server.advance(TOO_LONG_SECONDS);
    reached.on_page(Refusal::InteractionExpired, &browser.open(&page.path).await.page());
}
