// What a browser does with the sign-in when it does not go straight: two tabs at once, lost cookies, long requests of other
// sites, an app with a scheme of its own.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { USER, startServe } from "../interop/serve.mjs";
import { authorizationRequest, signIn, signInAndAllow, listen } from "./pages.mjs";
import { launch, openPage, startDev } from "./support.mjs";

const SCHEME = "com.example.app";
let dev, serve, browser, native, app;

before(async () => {
  dev = await startDev();
  serve = await startServe([{
    client_id: "own-scheme", client_name: "An app", application_type: "native", token_endpoint_auth_method: "none",
    redirect_uris: [`${SCHEME}:/callback`], scope: "openid profile",
  }]);
  browser = await launch();
  native = dev.client("native");
  [app] = serve.clients;
});
after(async () => { await browser?.close(); await serve?.stop(); await dev?.stop(); });

const ask = (uri, more) => authorizationRequest(dev.ready.issuer, native, uri, more);

test("k_14 two tabs that are opened at once can both sign in", async (t) => {
  const callback = await listen(t);
  const first = await openPage(t, browser);
  const second = await first.context().newPage();
  await Promise.all([first.goto(ask(callback.uri).url), second.goto(ask(callback.uri).url)]);
  await signInAndAllow(first, dev.user);
  await first.locator("#done").waitFor();
  // The other tab goes on without a password once it is asked for again.
  await second.reload();
  await second.locator("#consent-allow").click();
  await second.locator("#done").waitFor();
  assert.equal(callback.arrived.length, 2);
  assert.deepEqual(first.complaints, []);
});

test("k_14 a page that lost its cookie begins anew, in one friendly line, without JavaScript too", async (t) => {
  for (const javaScriptEnabled of [true, false]) {
    const callback = await listen(t);
    const page = await openPage(t, browser, { javaScriptEnabled });
    await page.goto(ask(callback.uri).url);
    await page.context().clearCookies();
    await signIn(page, dev.user);
    assert.match(await page.locator(".note[role=status]").innerText(), /started again.*password was not used/);
    assert.equal(await page.locator("#password").inputValue(), "");
    await signInAndAllow(page, dev.user);
    await page.locator("#done").waitFor();
    assert.ok(callback.arrived[0].parameters.get("code"));
  }
});

for (const bytes of [500, 5_000]) {
  test(`k_30 az_14 another site's post of ${bytes} bytes finds the session`, async (t) => {
    const callback = await listen(t);
    const page = await openPage(t, browser);
    await page.goto(ask(callback.uri).url);
    await signInAndAllow(page, dev.user);
    await page.locator("#done").waitFor();
    const { url } = ask(callback.uri, { state: "s".repeat(bytes) });
    const inputs = [...new URL(url).searchParams].map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`);
    const form = `<form method="post" action="${dev.ready.issuer}/authorize">${inputs.join("")}<button id="go">Go</button></form>`;
    await page.route("https://elsewhere.example/", (route) => route.fulfill({ contentType: "text/html", body: form }));
    await page.goto("https://elsewhere.example/");
    await page.locator("#go").click();
    if (bytes > 3_000) await page.locator("#continue").click();
    await page.locator("#consent-allow").click();
    await page.locator("#done").waitFor();
    assert.equal(callback.arrived[1].parameters.get("state").length, bytes);
    assert.deepEqual(page.complaints, []);
  });
}

// Chromium applies `form-action` to the redirect that answers the form; that it says nothing shows that the page named the app.
test("k_47 an app with a scheme of its own is opened by a redirect, and the page's policy lets it", async (t) => {
  const page = await openPage(t, browser);
  const left = [];
  page.on("requestfailed", (request) => left.push(request.url()));
  page.on("request", (request) => left.push(request.url()));
  const answers = [];
  page.on("response", (response) => answers.push({ status: response.status(), location: response.headers().location }));
  await page.goto(authorizationRequest(serve.issuer, app, app.redirect_uris[0]).url);
  await signIn(page, USER);
  await page.locator("#consent-allow").click();
  const redirect = () => answers.find(({ location }) => location?.startsWith(`${SCHEME}:/callback?code=`));
  for (let i = 0; i < 200 && redirect() === undefined; i += 1) await new Promise((resolve) => setTimeout(resolve, 25));
  assert.equal(redirect()?.status, 303, JSON.stringify(answers));
  assert.deepEqual(page.complaints, []);
});
