// The server's pages as a person meets them: sign-in, consent, hand-over, in both themes, both languages, by keyboard,
// without JavaScript.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import {
  PERSON, assertAccessible, assertFitsWidth, assertFocus, authorizationRequest, listen, redeem, signIn, signInAndAllow, tabTo,
} from "./pages.mjs";
import { launch, openPage, screenshot, startDev } from "./support.mjs";

let dev, browser, native;

before(async () => {
  dev = await startDev();
  browser = await launch();
  native = dev.client("native");
});
after(async () => { await browser?.close(); await dev?.stop(); });

const ask = (redirectUri, more) => authorizationRequest(dev.ready.issuer, native, redirectUri, more);
const arrival = async (callback) => {
  for (let i = 0; i < 200 && callback.arrived.length === 0; i += 1) await new Promise((resolve) => setTimeout(resolve, 25));
  assert.equal(callback.arrived.length, 1, "the app was called back once");
  return callback.arrived[0].parameters;
};

// A page that answers 204 leaves the browser where it is: so the hand-over page stands still and can be looked at.
const hold = (page, uri) => page.route((url) => url.href.startsWith(uri), (route) => route.fulfill({ status: 204 }));

for (const colorScheme of ["light", "dark"]) {
  for (const locale of ["en-GB", "de-DE"]) {
    test(`sign-in, consent and hand-over, ${colorScheme}, ${locale}`, async (t) => {
      const name = `${colorScheme}-${locale.slice(0, 2)}`;
      const callback = await listen(t);
      const page = await openPage(t, browser, { colorScheme, locale });
      await hold(page, callback.uri);
      await page.goto(ask(callback.uri, { scope: "openid profile email offline_access" }).url);
      assert.equal(await page.locator("html").getAttribute("lang"), locale.slice(0, 2));
      await assertAccessible(page, `sign-in, ${name}`);
      await screenshot(page, `sign-in-${name}`);
      await signIn(page, dev.user);
      await page.locator("#consent-allow").waitFor();
      await assertAccessible(page, `consent, ${name}`);
      await screenshot(page, `consent-${name}`);
      await page.locator("#consent-allow").click();
      await page.locator("#hand-over").waitFor();
      await assertAccessible(page, `hand-over, ${name}`);
      await screenshot(page, `hand-over-${name}`);
      const code = new URL(await page.locator("#hand-over").getAttribute("href")).searchParams.get("code");
      assert.ok(!(await page.locator("body").innerText()).includes(code), "the code is never printed");
      assert.deepEqual(page.complaints, []);
    });
  }
}

test("hand-over reaches a native app on an ephemeral loopback port, and its code is good", async (t) => {
  const callback = await listen(t);
  const page = await openPage(t, browser);
  const request = ask(callback.uri);
  await page.goto(request.url);
  await signInAndAllow(page, dev.user);
  await page.locator("#done").waitFor();
  const parameters = await arrival(callback);
  assert.equal(parameters.get("state"), request.state);
  assert.equal(parameters.get("iss"), dev.ready.issuer);
  assert.equal(callback.arrived[0].headers.referer, undefined, "the app's page learns nothing of ours");
  const tokens = await redeem(dev.ready.issuer, native, { code: parameters.get("code"), code_verifier: request.verifier, redirect_uri: callback.uri });
  assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
});

test("az_31 a native app is asked for again although the person allowed it before", async (t) => {
  const page = await openPage(t, browser);
  for (const expectsPassword of [true, false]) {
    const callback = await listen(t);
    await page.goto(ask(callback.uri).url);
    assert.equal(await page.locator("#password").count() === 1, expectsPassword);
    if (expectsPassword) await signIn(page, dev.user);
    await page.locator("#consent-allow").click();
    await page.locator("#done").waitFor();
  }
});

test("az_32 consent names the app, where it returns to, and the scopes; deny comes first", async (t) => {
  const callback = await listen(t);
  const page = await openPage(t, browser);
  await page.goto(ask(callback.uri, { scope: "openid email offline_access" }).url);
  await signIn(page, dev.user);
  await page.locator("#consent-allow").waitFor();
  const text = await page.locator("main").innerText();
  for (const part of [PERSON, "127.0.0.1", "email", "offline_access"]) assert.ok(text.includes(part), `${part} in:\n${text}`);
  // The absolute end of the grant, 180 days from now; at midnight UTC the day may change between page and test.
  const day = (at) => new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  const [endsAt, minute] = [Date.now() + 180 * 86_400_000, 60_000];
  assert.ok([endsAt - minute, endsAt].some((at) => text.includes(day(at))), `${day(endsAt)} in:\n${text}`);
  const buttons = await page.locator("form button").evaluateAll((all) => all.map((button) => button.value));
  assert.deepEqual(buttons, ["deny", "allow"]);
});

test("az_32 who is not the person that is signed in gets to sign in as another", async (t) => {
  const callback = await listen(t);
  const page = await openPage(t, browser);
  await page.goto(ask(callback.uri).url);
  await signIn(page, dev.user);
  await page.locator("#consent-not-you").click();
  await signInAndAllow(page, dev.user);
  await page.locator("#done").waitFor();
  assert.ok((await arrival(callback)).get("code"));
});

test("az_20 consent denied returns access_denied with state and iss, and no code", async (t) => {
  const callback = await listen(t);
  const page = await openPage(t, browser);
  const request = ask(callback.uri);
  await page.goto(request.url);
  await signIn(page, dev.user);
  await page.locator("#consent-deny").click();
  await page.locator("#done").waitFor();
  const parameters = Object.fromEntries(await arrival(callback));
  assert.equal(parameters.error, "access_denied");
  assert.equal(parameters.state, request.state);
  assert.equal(parameters.iss, dev.ready.issuer);
  assert.equal(parameters.code, undefined);
});

test("a wrong password keeps the name, says nothing of which was wrong, and puts the focus in the password", async (t) => {
  const callback = await listen(t);
  const page = await openPage(t, browser);
  const notes = [];
  for (const username of [dev.user.username, "nobody-of-that-name"]) {
    await page.goto(ask(callback.uri).url);
    await signIn(page, { username, password: "certainly not this one" });
    const note = page.locator("#sign-in-error");
    await note.waitFor();
    notes.push(await note.innerText());
    assert.equal(await page.locator("#username").inputValue(), username);
    assert.equal(await page.evaluate(() => document.activeElement.id), "password");
    await assertAccessible(page, "sign-in, refused");
  }
  assert.equal(notes[0], notes[1]);
  await screenshot(page, "sign-in-wrong");
  await signInAndAllow(page, dev.user);
  await page.locator("#done").waitFor();
});

test("lg_13 who ticks the box stays signed in when the browser closes, and is not asked again", async (t) => {
  const sessionEnd = async (page) => (await page.context().cookies(dev.ready.issuer)).find(({ name }) => name.includes("-sid-")).expires;
  for (const [colorScheme, javaScriptEnabled] of [["light", true], ["dark", false]]) {
    const callback = await listen(t);
    const page = await openPage(t, browser, { colorScheme, javaScriptEnabled, viewport: { width: 320, height: 640 } });
    await page.goto(ask(callback.uri).url);
    await page.locator("#username").fill(dev.user.username);
    await page.locator("#password").fill(dev.user.password);
    if (javaScriptEnabled) {
      await assertFitsWidth(page, "sign-in at 320 px");
      await page.keyboard.press("Tab");
      await assertFocus(page, "remember");
      await page.keyboard.press("Space");
      await assertAccessible(page, "sign-in, ticked");
    } else {
      await page.getByText("Keep me signed in").click();
    }
    assert.ok(await page.locator("#remember").isChecked());
    await screenshot(page, `sign-in-remember-320-${colorScheme}`);
    await page.locator("#login-submit").click();
    await page.locator("#consent-allow").waitFor();
    const days = (await sessionEnd(page) - Date.now() / 1000) / 86_400;
    assert.ok(days > 89.9 && days < 90.1, `${days} days`);
    await page.goto(ask(callback.uri, { prompt: "login" }).url);
    assert.equal(await page.locator("#remember").count(), 0, "what was chosen stays");
  }
  const callback = await listen(t);
  const page = await openPage(t, browser);
  await page.goto(ask(callback.uri).url);
  await signIn(page, dev.user);
  await page.locator("#consent-allow").waitFor();
  assert.equal(await sessionEnd(page), -1, "a session cookie");
});

test("the whole flow without JavaScript", async (t) => {
  const callback = await listen(t);
  const page = await openPage(t, browser, { javaScriptEnabled: false });
  await page.goto(ask(callback.uri).url);
  await signInAndAllow(page, dev.user);
  assert.ok((await arrival(callback)).get("code"));
});

test("the whole flow by keyboard, with the focus always to be seen", async (t) => {
  const callback = await listen(t);
  const page = await openPage(t, browser);
  await page.goto(ask(callback.uri).url);
  await page.locator("#username").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "username", "the first field has the focus");
  await page.keyboard.type(dev.user.username);
  await page.keyboard.press("Tab");
  await assertFocus(page, "password");
  await page.keyboard.type(dev.user.password);
  await page.keyboard.press("Enter");
  await page.locator("#consent-allow").waitFor();
  await tabTo(page, "consent-deny");
  await page.keyboard.press("Tab");
  await assertFocus(page, "consent-allow");
  await page.keyboard.press("Enter");
  assert.ok((await arrival(callback)).get("code"));
});
