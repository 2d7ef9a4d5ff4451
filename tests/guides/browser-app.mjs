// What a person does in the browser apps of the guides, in Chromium. The apps differ in what they are written with, and not in what they
// show.
import assert from "node:assert/strict";

import { signIn } from "../browser/pages.mjs";
import { launch, openPage, until } from "../browser/support.mjs";
import { tokensIssued, tokensRevoked } from "./apps.mjs";
import { USER } from "./guide.mjs";

// The API of the guides.
const API = "http://127.0.0.1:4460/notes";
const REFRESH_MS_MAX = 30_000;
const SHOWN_MS_MAX = 5_000;

// The library refreshes a minute before the end of a token: of one that lives 65 seconds, after five.
export const SOON = { PROOFKEY_TOKENS__ACCESS_SECONDS: "65" };

// Refuses the app and finds nothing of it after a reload, signs in, calls the API, waits for a refresh, and signs out.
export async function useBrowserApp(t, guide, address) {
  const home = guide.fill(address);
  const browser = await launch();
  t.after(() => browser.close());
  const page = await openPage(t, browser);
  const button = (name) => page.getByRole("button", { name, exact: true });
  await t.test("says that it was refused, and not again after a reload", async () => {
    await page.goto(home);
    await button("Sign in").click();
    await page.locator("#username").waitFor();
    await signIn(page, USER);
    await page.locator("#consent-deny").click();
    await page.getByRole("alert").waitFor();
    await until(SHOWN_MS_MAX, "the refusal goes out of the address", () => new URL(page.url()).search === "");
    await page.reload();
    await button("Sign in").waitFor();
    assert.equal(await page.getByRole("alert").count(), 0);
  });
  await t.test("signs in", async () => {
    await button("Sign in").click();
    await page.locator("#consent-allow").click();
    await page.getByText("Hello, Ada Lovelace.").waitFor();
    assert.equal(new URL(page.url()).search, "", "the code is not in the address");
  });
  const callApi = async () => {
    // The notes of a call before this one stay on the page, so that they say nothing of this one.
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.url().startsWith(guide.fill(API)) && response.request().method() === "GET"),
      button("My notes").click(),
    ]);
    assert.equal(answer.status(), 200);
    await page.getByText(/"owner": ?"u-[0-9a-f]+"/).waitFor();
  };
  await t.test("calls the API", callApi);
  await t.test("refreshes by itself", async () => {
    const before = await tokensIssued(guide);
    await until(REFRESH_MS_MAX, "a refresh", async () => (await tokensIssued(guide)) > before);
    await callApi();
  });
  await t.test("signs out, here and at the server", async () => {
    const before = await tokensRevoked(guide);
    await button("Sign out").click();
    await page.locator("#logout-confirm, button:has-text('Sign in')").first().waitFor();
    if (await page.locator("#logout-confirm").count() === 1) await page.locator("#logout-confirm").click();
    await button("Sign in").waitFor();
    assert.equal(page.url(), home);
    assert.ok((await tokensRevoked(guide)) > before, "the tokens were taken back");
    await button("Sign in").click();
    await page.locator("#password").waitFor();
  });
  assert.deepEqual(page.complaints, []);
}
