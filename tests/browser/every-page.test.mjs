// Every page and every state of a page, in both themes, wide, on a phone and at the narrowest: nothing that axe-core finds,
// nothing that scrolls sideways. The screenshots stay in `artefacts`.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { open, states, step, waitForState } from "./flow-page.mjs";
import { assertAccessible, assertFitsWidth, authorizationRequest, listen, postFromElsewhere, signIn, signInAndAllow } from "./pages.mjs";
import { launch, openPage, screenshot, startDev, startDevWith } from "./support.mjs";

const WIDTHS = [1280, 390, 320];
const SCOPE = "openid profile email offline_access notes:read notes:write";
let dev, strict, browser, native;

before(async () => {
  dev = await startDev();
  // One that loses its patience at the second wrong password.
  strict = await startDevWith({ PROOFKEY_LIMITS__FACTOR: "1", PROOFKEY_LIMITS__LOGIN_ACCOUNT_BURST: "1" });
  browser = await launch();
  native = dev.client("native");
});
after(async () => { await browser?.close(); await dev?.stop(); await strict?.stop(); });

// What is looked at must not be in the middle of a movement.
async function openAt(t, colorScheme, width) {
  const page = await openPage(t, browser, { colorScheme, viewport: { width, height: 800 }, reducedMotion: "reduce" });
  const look = async (name) => {
    await assertFitsWidth(page, name);
    await assertAccessible(page, `${name}, ${colorScheme}, ${width} px`);
    await screenshot(page, `${name}-${colorScheme}-${width}`);
  };
  return { page, look };
}

for (const colorScheme of ["light", "dark"]) {
  for (const width of WIDTHS) {
    test(`the server's pages, ${colorScheme}, ${width} px`, async (t) => {
      const { page, look } = await openAt(t, colorScheme, width);
      const callback = await listen(t);
      const ask = (uri, more) => authorizationRequest(dev.ready.issuer, native, uri, more).url;
      // An answer of 204 leaves the browser where it is, so the hand-over page can be looked at.
      await page.route((url) => url.href.startsWith(callback.uri), (route) => route.fulfill({ status: 204 }));

      await page.goto(ask(callback.uri, { scope: SCOPE, resource: dev.ready.api }));
      await page.locator("#username").waitFor();
      await look("sign-in");
      await signIn(page, { ...dev.user, password: "wrong, wrong, wrong" });
      await page.locator("#sign-in-error").waitFor();
      await look("sign-in-refused");
      await signIn(page, dev.user);
      await page.locator("#consent-allow").waitFor();
      await look("consent");
      await page.locator("#consent-allow").click();
      await page.locator("#hand-over").waitFor();
      await look("hand-over");
      await page.locator("#hand-over-elsewhere summary").click();
      assert.equal(await page.locator("#hand-over-address").innerText(), await page.locator("#hand-over").getAttribute("href"));
      await look("hand-over-elsewhere");

      await page.goto(ask(`${callback.uri}/${"elsewhere".repeat(12)}`));
      await page.locator("#error-code").waitFor();
      await look("error");
      await page.goto(ask(callback.uri, { client_id: "no-such-client" }));
      await look("error-unknown-client");
      await page.goto(new URL("/no-such-page", dev.ready.issuer).href);
      await look("error-not-found");

      const endSession = new URL("/end-session", dev.ready.issuer).href;
      await page.goto(`${endSession}?client_id=${native.client_id}&post_logout_redirect_uri=https://elsewhere.example/goodbye`);
      await page.locator("#logout-refused").waitFor();
      await look("logout-refused");
      await page.goto(endSession);
      await look("logout");
      await page.locator("#logout-stay").click();
      await page.locator("#logout-stay").waitFor({ state: "detached" });
      await look("stayed");
      await page.goto(endSession);
      await page.locator("#logout-confirm").click();
      await page.locator("#logout-confirm").waitFor({ state: "detached" });
      await look("signed-out");
      assert.deepEqual(page.complaints, []);
    });

    test(`the server's pages beside the straight path, ${colorScheme}, ${width} px`, async (t) => {
      const { page, look } = await openAt(t, colorScheme, width);
      const callback = await listen(t);
      await page.route((url) => url.href.startsWith(callback.uri), (route) => route.fulfill({ status: 204 }));
      const ask = (issuer, more) => authorizationRequest(issuer, native, callback.uri, more).url;

      await page.goto(ask(dev.ready.issuer, { code_challenge: undefined, state: "s".repeat(60) }));
      assert.match(await page.locator("#return").getAttribute("href"), /error=invalid_request/);
      await look("error-with-return");

      await page.goto(new URL("/sign-in?flow=of-yesterday", dev.ready.issuer).href);
      await page.locator("#error-code").waitFor();
      await look("error-expired");

      await postFromElsewhere(page, ask(dev.ready.issuer, { state: "s".repeat(4_000) }));
      await page.locator("#continue").waitFor();
      await look("carry-on");

      await page.goto(ask(dev.ready.issuer));
      await page.context().clearCookies();
      await signIn(page, dev.user);
      await page.locator(".note[role=status]").waitFor();
      await look("sign-in-resumed");
      await signIn(page, dev.user);
      await page.locator("#consent-allow").waitFor();
      await page.context().clearCookies({ name: /flow/ });
      await page.locator("#consent-allow").click();
      await page.locator(".note[role=status]").waitFor();
      await look("consent-resumed");
      await page.locator("#consent-deny").click();
      await page.locator("#hand-over").waitFor();
      assert.match(await page.locator("#hand-over").getAttribute("href"), /error=access_denied/);
      await look("hand-over-denied");

      await page.goto(ask(strict.ready.issuer));
      const tooMany = page.waitForResponse((response) => response.status() === 429);
      const impatient = page.locator("#sign-in-error", { hasText: "Too many attempts" });
      // The account may be out of patience already, from the run before this one.
      for (let n = 0; n < 2 && await impatient.count() === 0; n += 1) {
        await signIn(page, { ...strict.user, password: "wrong, wrong, wrong" });
        await page.locator("#sign-in-error").waitFor();
      }
      await impatient.waitFor();
      await tooMany;
      await look("sign-in-too-many");
      assert.deepEqual(page.complaints, []);
    });

    test(`the flow page, ${colorScheme}, ${width} px`, async (t) => {
      const { page, look } = await openAt(t, colorScheme, width);
      await open(page, dev);
      await look("flow-idle");
      await page.locator("#by-step").check();
      const next = page.locator('#primary[data-action="next"][aria-disabled="false"]');
      await page.locator("#primary").click();
      await waitForState(page, 2, "live");
      await look("flow-step-2");
      await next.click();
      await signInAndAllow(page, dev.user);
      await waitForState(page, 6, "live");
      assert.deepEqual((await states(page)).slice(0, 6), [...Array(5).fill("done"), "live"]);
      await look("flow-mid");
      await page.locator("#run-to-end").click();
      await waitForState(page, 10, "done");
      await look("flow-done");
      for (let n = 1; n <= 10; n += 1) await step(page, n).locator("summary").click();
      await look("flow-open");

      await page.locator("#by-step").uncheck();
      await page.locator("#provoke").selectOption("verifier");
      await page.locator("#primary").click();
      await page.locator('#consent-allow, #steps > [data-step="7"][data-state="failed"]').first().waitFor();
      if (await page.locator("#consent-allow").count()) await page.locator("#consent-allow").click();
      await waitForState(page, 7, "failed");
      await look("flow-fail");
      assert.deepEqual(page.complaints, []);
    });
  }
}
