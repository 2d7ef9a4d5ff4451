// Makes the pictures in docs/images again, from what really renders: `node screenshots.mjs`. It takes the addresses that
// `proofkey dev` takes by itself, so that the pictures show what a newcomer sees.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { open, waitForState } from "./flow-page.mjs";
import { authorizationRequest, signIn, signInAndAllow } from "./pages.mjs";
import { ROOT, launch, startDev } from "./support.mjs";

const IMAGES = join(ROOT, "docs/images");
const BYTES_MAX = 300 * 1024;

async function keep(page, name) {
  // The focus ring of a finished page says nothing to who looks at a picture.
  if (!name.startsWith("sign-in")) await page.evaluate(() => document.activeElement?.blur());
  const picture = await page.screenshot({ fullPage: true });
  assert.ok(picture.length < BYTES_MAX, `${name}: ${picture.length} bytes`);
  await writeFile(join(IMAGES, `${name}.png`), picture);
  console.log(`${name}.png  ${Math.ceil(picture.length / 1024)} KiB`);
}

async function openAt(browser, { width, height, scale, colorScheme = "light" }) {
  const context = await browser.newContext({
    viewport: { width, height }, colorScheme, locale: "en-GB", deviceScaleFactor: scale, reducedMotion: "reduce",
  });
  return context.newPage();
}

async function flow(browser, dev, colorScheme, name) {
  const page = await openAt(browser, { width: 1280, height: 800, scale: 1, colorScheme });
  await open(page, dev);
  await page.locator("#primary").click();
  await signInAndAllow(page, dev.user);
  await waitForState(page, 10, "done");
  await keep(page, name);
  await page.context().close();
}

async function signInAndConsent(browser, dev) {
  const page = await openAt(browser, { width: 640, height: 560, scale: 2 });
  await open(page, dev);
  await page.locator("#primary").click();
  await page.locator("#username").waitFor();
  await keep(page, "sign-in");
  await signIn(page, dev.user);
  await page.locator("#consent-allow").waitFor();
  await keep(page, "consent");
  await page.context().close();
}

async function refusal(browser, dev) {
  const page = await openAt(browser, { width: 720, height: 640, scale: 1.5 });
  await open(page, dev);
  await page.locator("#provoke").selectOption("redirect");
  await page.locator("#primary").click();
  await page.locator("#error-code").waitFor();
  await keep(page, "error");
  await page.context().close();
}

async function handOverAndSignOut(browser, dev) {
  const page = await openAt(browser, { width: 640, height: 560, scale: 2 });
  const { client_id: id, redirect_uris: [uri] } = dev.client("native");
  // An answer of 204 leaves the browser where it is, so the hand-over page can be looked at.
  await page.route((url) => url.href.startsWith(`${uri}?`), (route) => route.fulfill({ status: 204 }));
  await page.goto(authorizationRequest(dev.ready.issuer, { client_id: id }, uri).url);
  await signInAndAllow(page, dev.user);
  await page.locator("#hand-over").waitFor();
  await keep(page, "hand-over");
  await page.goto(new URL("/end-session", dev.ready.issuer).href);
  await keep(page, "sign-out");
  await page.locator("#logout-confirm").click();
  await page.locator("#logout-confirm").waitFor({ state: "detached" });
  await keep(page, "signed-out");
  await page.context().close();
}

async function failure(browser, dev) {
  const page = await openAt(browser, { width: 1280, height: 800, scale: 1 });
  await open(page, dev);
  await page.locator("#provoke").selectOption("verifier");
  await page.locator("#primary").click();
  await signInAndAllow(page, dev.user);
  await waitForState(page, 7, "failed");
  await keep(page, "flow-failed");
  await page.context().close();
}

await mkdir(IMAGES, { recursive: true });
const dev = await startDev("--listen", "127.0.0.1:4455", "--app-listen", "127.0.0.1:4456", "--api-listen", "127.0.0.1:4457");
const browser = await launch();
try {
  await flow(browser, dev, "light", "flow");
  await flow(browser, dev, "dark", "flow-dark");
  await signInAndConsent(browser, dev);
  await refusal(browser, dev);
  await handOverAndSignOut(browser, dev);
  await failure(browser, dev);
} finally {
  await browser.close();
  await dev.stop();
}
