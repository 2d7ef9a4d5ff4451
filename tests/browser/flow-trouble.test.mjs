// The sample app when something is missing: an answer, its configuration, a sign-in that was not needed, the trace. It says
// what happened, draws nothing that did not, and its buttons stay alive.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { open, run, shownValues, step, waitForState } from "./flow-page.mjs";
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

// A trace with events of the test's making: the rest of the run is real.
async function runTold(page, events) {
  const body = events.map((event, id) => `id: ${id}\ndata: ${JSON.stringify(event)}\n\n`).join("");
  await page.route("**/trace?**", (route) => route.fulfill({ contentType: "text/event-stream", body }));
  await finish(page);
}

test("a code that came at once is drawn as that: nobody was asked anything", async (t) => {
  const page = await openPage(t, browser);
  const values = [["user", "ada"], ["consent", "remembered"], ["scope", "openid"]];
  await runTold(page, [{ step: 4, outcome: "done", at_ms: 1, took_us: 1, values }]);
  for (const [n, words] of [[3, "nothing was asked"], [4, "allowed before, and remembered"]]) {
    assert.equal(await step(page, n).locator(".wire").textContent(), "not needed");
    assert.match(await step(page, n).locator("h2").textContent(), /, not needed$/);
    assert.match(await step(page, n).locator(".values").innerText(), new RegExp(words));
    assert.ok(await step(page, n).locator(".head").isHidden(), "nothing was sent, so no arrow has a head");
  }
  assert.ok(!(await shownValues(page)).some(({ key }) => key === "method"));
  await screenshot(page, "flow-not-asked");
});

test("without the trace the page makes nothing up", async (t) => {
  const page = await openPage(t, browser);
  await runTold(page, []);
  for (const n of [3, 4]) assert.match(await step(page, n).locator(".values").innerText(), /it told nothing/);
  assert.ok(!/not needed|password|remembered/.test(await page.locator("#steps").innerText()));
});
