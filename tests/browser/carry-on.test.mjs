// The page between a long request that another site posted and the page that it asks for: looked at in both themes at the
// narrowest, in both languages, and walked by keyboard and without JavaScript.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { assertAccessible, assertFitsWidth, assertFocus, authorizationRequest, listen, postFromElsewhere, signIn, tabTo } from "./pages.mjs";
import { launch, openPage, screenshot, startDev } from "./support.mjs";

const LONG = "s".repeat(4_000);
let dev, browser, native;

before(async () => {
  dev = await startDev();
  browser = await launch();
  native = dev.client("native");
});
after(async () => { await browser?.close(); await dev?.stop(); });

const ask = (uri) => authorizationRequest(dev.ready.issuer, native, uri, { state: LONG }).url;
const signOut = () => `${new URL("/end-session", dev.ready.issuer).href}?client_id=${native.client_id}&state=${LONG}`;

// Whatever a page says on the console, and whatever it fails to load.
function watch(page) {
  const said = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("requestfailed", (request) => said.push(`failed: ${request.url()}`));
  return said;
}

for (const colorScheme of ["light", "dark"]) {
  for (const locale of ["en-GB", "de-DE"]) {
    test(`k_30 the page that carries a long request on, ${colorScheme}, ${locale}`, async (t) => {
      const callback = await listen(t);
      for (const [what, request] of [["authorize", ask(callback.uri)], ["end-session", signOut()]]) {
        const page = await openPage(t, browser, { colorScheme, locale, viewport: { width: 320, height: 640 } });
        const said = watch(page);
        await postFromElsewhere(page, request);
        await page.locator("#continue").waitFor();
        const name = `carry-on-${what}-${colorScheme}-${locale.slice(0, 2)}-320`;
        assert.equal(await page.locator("html").getAttribute("lang"), locale.slice(0, 2));
        await assertFitsWidth(page, name);
        await assertAccessible(page, name);
        await screenshot(page, name);
        assert.deepEqual([said, page.complaints], [[], []], "nothing on the console");
      }
    });
  }
}

for (const javaScriptEnabled of [true, false]) {
  test(`k_30 a long request goes on by keyboard, ${javaScriptEnabled ? "with" : "without"} JavaScript`, async (t) => {
    const callback = await listen(t);
    const page = await openPage(t, browser, { javaScriptEnabled });
    const said = watch(page);
    await postFromElsewhere(page, ask(callback.uri));
    await page.locator("#continue").waitFor();
    if (javaScriptEnabled) await tabTo(page, "continue");
    else await page.locator("#continue").focus();
    await page.keyboard.press("Enter");
    await page.locator("#username").waitFor();
    assert.equal(said.length, 0, said.join("\n"));
    await signIn(page, dev.user);
    await page.locator("#consent-allow").click();
    await page.waitForURL((url) => url.href.startsWith(callback.uri));
    assert.equal(callback.arrived.length, 1);
    assert.equal(callback.arrived[0].parameters.get("state"), LONG);
    assert.ok(callback.arrived[0].parameters.get("code"));

    await postFromElsewhere(page, signOut());
    await page.locator("#continue").click();
    await page.locator("#logout-confirm").waitFor();
  });
}

test("k_30 a reload, a second press and the way back lead to the same request", async (t) => {
  const callback = await listen(t);
  const page = await openPage(t, browser);
  await postFromElsewhere(page, ask(callback.uri));
  await page.locator("#continue").click();
  await page.locator("#username").waitFor();
  await page.goBack();
  await page.locator("#continue").click();
  await page.locator("#username").waitFor();
  await signIn(page, dev.user);
  await page.locator("#consent-deny, #consent-allow").first().waitFor();
  assert.deepEqual(page.complaints, []);
});
