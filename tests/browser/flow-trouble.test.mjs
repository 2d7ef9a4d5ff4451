// The sample app when something is missing: an answer, its configuration. It says so, and its buttons stay alive.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { open, run, step, waitForState } from "./flow-page.mjs";
import { assertAccessible, signInAndAllow } from "./pages.mjs";
import { launch, openPage, screenshot, startDev } from "./support.mjs";

let dev, browser;

before(async () => {
  dev = await startDev();
  browser = await launch();
});
after(async () => { await browser?.close(); await dev?.stop(); });

const status = (page, words) => page.locator("#status", { hasText: words }).waitFor();
const enabled = (page, action) => page.locator(`#primary[data-action="${action}"][aria-disabled="false"]`);
const cut = (route) => route.abort("connectionrefused");

async function finish(page) {
  await run(page, dev);
  await waitForState(page, 10, "done");
}

test("a refresh that gets no answer is told, and the next one works", async (t) => {
  const page = await openPage(t, browser);
  await finish(page);
  await page.route("**/token", cut);
  await page.locator("#refresh").click();
  await status(page, "Nothing was refreshed");
  await enabled(page, "again").waitFor();
  await page.unroute("**/token");
  await page.locator("#refresh").click();
  await status(page, "Refreshed");
  assert.deepEqual(page.complaints, []);
});

test("signing out forgets the tokens of this tab although the server does not answer", async (t) => {
  const page = await openPage(t, browser);
  await finish(page);
  await page.route("**/.well-known/**", cut);
  await page.reload();
  await page.locator("#sign-out").click();
  await status(page, "This tab has forgotten everything");
  const kept = await page.evaluate(() => JSON.stringify(sessionStorage));
  assert.ok(!/eyJ|verifier/.test(kept), `still kept: ${kept}`);
  assert.equal(await step(page, 10).getAttribute("data-state"), "idle");
  await page.unroute("**/.well-known/**");
  await enabled(page, "start").click();
  await page.locator("#consent-allow").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("without its configuration the page says so, and tries again when told", async (t) => {
  const page = await openPage(t, browser);
  let answers = false;
  await page.route("**/config.json", (route) => (answers ? route.continue() : cut(route)));
  await page.goto(dev.ready.app);
  await status(page, "The page could not load");
  await assertAccessible(page, "flow page, no configuration");
  await screenshot(page, "flow-no-configuration");
  answers = true;
  await enabled(page, "retry").click();
  await enabled(page, "start").click();
  await signInAndAllow(page, dev.user);
  await waitForState(page, 10, "done");
  assert.deepEqual(page.complaints, []);
});

test("the code leaves the address before anything is waited for, and is not lost", async (t) => {
  const page = await openPage(t, browser);
  await open(page, dev);
  let hold = true;
  await page.route("**/config.json", (route) => (hold ? cut(route) : route.continue()));
  await page.locator("#primary").click();
  await signInAndAllow(page, dev.user);
  await enabled(page, "retry").waitFor();
  assert.equal(page.url(), `${dev.ready.app}/`);
  hold = false;
  await enabled(page, "retry").click();
  await waitForState(page, 10, "done");
});
