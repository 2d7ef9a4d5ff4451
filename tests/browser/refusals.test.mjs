// What the browser is shown, and not sent to, when a request cannot be accepted; and the headers every page carries.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { PERSON, assertAccessible, authorizationRequest, listen, signIn, signInAndAllow } from "./pages.mjs";
import { launch, openPage, screenshot, startDev } from "./support.mjs";

let dev, browser, native, metadata;

before(async () => {
  dev = await startDev();
  browser = await launch();
  native = dev.client("native");
  metadata = await (await fetch(`${dev.ready.issuer}/.well-known/openid-configuration`)).json();
});
after(async () => { await browser?.close(); await dev?.stop(); });

const REFUSED = [
  { row: "az_01", name: "unknown client", more: { client_id: "no-such-client" } },
  { row: "az_02", name: "unregistered redirect URI", more: { redirect_uri: "http://127.0.0.1:1/elsewhere" } },
  { row: "az_04", name: "http redirect URI away from loopback", more: { redirect_uri: "http://app.example/callback" } },
];

for (const { row, name, more } of REFUSED) {
  for (const colorScheme of ["light", "dark"]) {
    test(`${row} ${name} is a page with an error id, never a redirect, ${colorScheme}`, async (t) => {
      const page = await openPage(t, browser, { colorScheme });
      const response = await page.goto(authorizationRequest(dev.ready.issuer, native, "http://127.0.0.1:1/callback", more).url);
      assert.ok(response.status() >= 400 && response.status() < 500, String(response.status()));
      assert.equal(new URL(page.url()).origin, new URL(dev.ready.issuer).origin);
      assert.match(await page.locator("#error-code").innerText(), /^[a-z_]+$/);
      assert.match(await page.locator(".error-id code").innerText(), /\S{6,}/);
      await assertAccessible(page, `error page, ${name}, ${colorScheme}`);
      await screenshot(page, `error-${row}-${colorScheme}`);
      assert.deepEqual(page.complaints, []);
    });
  }
}

test("az_23 what the request says is shown as text, never as markup", async (t) => {
  const page = await openPage(t, browser);
  const markup = "<img src=x onerror=document.title='run'>";
  await page.goto(authorizationRequest(dev.ready.issuer, native, "http://127.0.0.1:1/callback", { client_id: markup }).url);
  await page.locator("#error-code").waitFor();
  assert.equal(await page.locator("img").count(), 0);
  assert.notEqual(await page.title(), "run");
  assert.deepEqual(page.complaints, []);
});

async function everyPage(page, uri) {
  const seen = [];
  page.on("response", (response) => {
    const isPage = response.request().isNavigationRequest() && response.url().startsWith(dev.ready.issuer);
    if (isPage) seen.push({ url: response.url(), status: response.status(), method: response.request().method(), headers: response.headers() });
  });
  await page.goto(authorizationRequest(dev.ready.issuer, native, uri).url);
  await signIn(page, { ...dev.user, password: "not this one, no" });
  await page.locator("#sign-in-error").waitFor();
  await signInAndAllow(page, dev.user);
  await page.locator("#done").waitFor();
  await page.goto(authorizationRequest(dev.ready.issuer, native, uri, { client_id: "none" }).url);
  await page.goto(metadata.end_session_endpoint);
  await page.locator("#logout-confirm").click();
  await page.locator("#logout-confirm").waitFor({ state: "detached" });
  assert.ok(seen.length >= 7, `only ${seen.length} answers seen`);
  return seen;
}

test("ht_02 az_33 every page carries a strict policy and may not be framed", async (t) => {
  const callback = await listen(t);
  const page = await openPage(t, browser);
  for (const { url, status, headers } of await everyPage(page, callback.uri)) {
    if (status >= 300 && status < 400) continue;
    const policy = headers["content-security-policy"] ?? "";
    for (const part of ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"]) {
      assert.ok(policy.includes(part), `${url}: ${part} in ${policy}`);
    }
    assert.ok(!/unsafe-(inline|eval)/.test(policy), url);
    assert.equal(headers["x-frame-options"], "DENY", url);
    assert.equal(headers["x-content-type-options"], "nosniff", url);
    assert.match(headers["cross-origin-opener-policy"] ?? "", /^same-origin/, url);
    assert.match(headers["content-type"], /^text\/html; ?charset=utf-8$/i, url);
    assert.match(headers["cache-control"] ?? "", /no-store/, url);
  }
  assert.deepEqual(page.complaints, [], "the pages keep their own policy");
});

test("az_15 az_16 no page lets another origin read it, and a form post is answered by 200 or 303", async (t) => {
  const callback = await listen(t);
  const page = await openPage(t, browser);
  for (const { url, status, method, headers } of await everyPage(page, callback.uri)) {
    assert.deepEqual(Object.keys(headers).filter((name) => name.startsWith("access-control-allow")), [], url);
    assert.ok(![301, 302, 307, 308].includes(status), `${method} ${url}: ${status}`);
  }
});

test("ht_03 cookies are out of reach of scripts", async (t) => {
  const callback = await listen(t);
  const page = await openPage(t, browser);
  await page.goto(authorizationRequest(dev.ready.issuer, native, callback.uri).url);
  await signIn(page, dev.user);
  await page.locator("#consent-allow").waitFor();
  const cookies = await page.context().cookies(dev.ready.issuer);
  assert.ok(cookies.length > 0);
  for (const cookie of cookies) {
    assert.ok(cookie.httpOnly, `${cookie.name} is HttpOnly`);
    assert.match(cookie.sameSite, /^(Lax|Strict)$/, cookie.name);
    assert.equal(cookie.path, "/", cookie.name);
  }
});

test("lg_12 signing in again keeps the session and renews its secret, and the one before is worth nothing", async (t) => {
  const callback = await listen(t);
  const page = await openPage(t, browser);
  const ask = (more) => page.goto(authorizationRequest(dev.ready.issuer, native, callback.uri, more).url);
  const session = async () => (await page.context().cookies(dev.ready.issuer)).filter(({ name }) => /sid/.test(name));
  const seen = [];
  for (const more of [{}, { prompt: "login" }]) {
    await ask(more);
    await signIn(page, dev.user);
    await page.locator("#consent-allow").waitFor();
    const cookies = await session();
    assert.equal(cookies.length, 1, "one session cookie");
    seen.push(cookies[0]);
  }
  const [before, now] = seen.map(({ value }) => value.split("."));
  assert.equal(before[0], now[0], "the same session of the same person");
  assert.notEqual(before[1], now[1], "with a new secret");

  await ask({});
  await page.locator("#consent-allow").waitFor();
  await page.context().addCookies([seen[0]]);
  await ask({});
  await page.locator("#password").waitFor();
});

test("ht_05 a form sent from another site changes nothing", async (t) => {
  const callback = await listen(t);
  const page = await openPage(t, browser);
  await page.goto(authorizationRequest(dev.ready.issuer, native, callback.uri).url);
  const form = await page.locator("form").evaluate((f) => ({ action: f.action, flow: f.elements.flow?.value }));
  // localhost is another site than 127.0.0.1, and just as reachable.
  const evil = await listen(t, "/evil");
  await page.route("**/evil", (route) => route.fulfill({
    contentType: "text/html",
    body: `<form method="post" action="${form.action}"><input name="flow" value="${form.flow}"><input name="username" value="${dev.user.username}"><input name="password" value="${dev.user.password}"><button id="go">Go</button></form>`,
  }));
  await page.goto(evil.uri.replace("127.0.0.1", "localhost"));
  const [response] = await Promise.all([
    page.waitForResponse((r) => r.request().method() === "POST" && r.url().startsWith(dev.ready.issuer)),
    page.locator("#go").click(),
  ]);
  assert.ok(response.status() >= 400, String(response.status()));
  await page.goto(authorizationRequest(dev.ready.issuer, native, callback.uri).url);
  await page.locator("#password").waitFor();
});

test("lo_01 lo_04 signing out without a hint asks first, and then ends the session", async (t) => {
  const callback = await listen(t);
  const page = await openPage(t, browser);
  await page.goto(authorizationRequest(dev.ready.issuer, native, callback.uri).url);
  await signInAndAllow(page, dev.user);
  await page.locator("#done").waitFor();
  const cookies = await page.context().cookies(dev.ready.issuer);

  await page.goto(metadata.end_session_endpoint);
  assert.ok((await page.locator("main").innerText()).includes(PERSON), "the page names the person");
  await assertAccessible(page, "sign out");
  await screenshot(page, "logout");
  await page.locator("#logout-confirm").click();
  await page.locator("#logout-confirm").waitFor({ state: "detached" });
  await assertAccessible(page, "signed out");
  await screenshot(page, "signed-out");

  // The cookie of before is put back: what counts is that the server has forgotten it.
  await page.context().addCookies(cookies);
  await page.goto(authorizationRequest(dev.ready.issuer, native, callback.uri).url);
  await page.locator("#password").waitFor();
});
