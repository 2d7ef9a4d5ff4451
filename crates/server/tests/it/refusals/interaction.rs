//! The pages of a sign-in: `interaction.rs` of the table, and the answer "no" to the question for consent.

use proofkey_protocol::Refusal;
use proofkey_testkit::{AuthorizeRequest, Browser, TestServer, fixtures};

use super::Reached;

pub(super) async fn reach(server: &TestServer, reached: &mut Reached) {
    let request = AuthorizeRequest::new(&fixtures::web());
    let mut browser = Browser::new(server);
    let page = browser.authorize(&request).await.page();

    let changed = Browser::new(server).open("/sign-in?flow=changed").await.page();
    reached.on_page(Refusal::InteractionInvalid, &changed);

    // A browser that keeps no cookie is asked once more, and then told.
    let mut forgetful = Browser::new(server);
    let mut asked = forgetful.authorize(&request).await.page();
    for _ in 0..2 {
        forgetful.jar.cookies.clear();
        asked = forgetful.sign_in(&asked, &fixtures::bob()).await.page();
    }
    reached.on_page(Refusal::InteractionOfAnotherBrowser, &asked);

    let answer = browser.post_cross_site("/sign-in", &page.form().inputs).await;
    let from_another_site = browser.follow("/sign-in", answer).await.page();
    reached.on_page(Refusal::FormFromAnotherSite, &from_another_site);

    let consent = browser.sign_in(&page, &fixtures::bob()).await.page();
    reached.in_redirect(Refusal::AccessDenied, &browser.deny(&consent).await.redirect());
}
