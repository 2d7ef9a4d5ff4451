// What a person does in the web apps of the guides: a page with links and forms, no script. The apps differ in what they are written
// with, and not in what they show.
import assert from "node:assert/strict";

import { until } from "../browser/support.mjs";
import { VirtualBrowser, formOf, submit } from "../interop/virtual-browser.mjs";
import { USER } from "./guide.mjs";

const LIFE_MS = 30_000;
const CALL_MS_MAX = 5_000;

// How often /token has answered, by the server's own count.
export async function tokensIssued(guide) {
  const text = await (await fetch(`${guide.metrics}/metrics`)).text();
  const [, count] = text.match(/^proofkey_requests_total\{endpoint="token",outcome="ok"\} (\d+)/m) ?? [];
  return Number(count);
}

// Signs in, reads notes with one token and with its successor, signs out, and is asked for the password the next time. The server
// must give access tokens of thirty seconds (`SHORT`): most of the apps renew a token half a minute before its end, so each call needs
// one. `leftMs` is for those that wait until so much of its life is left.
export async function useWebApp(t, guide, address, leftMs = LIFE_MS) {
  const home = guide.fill(address);
  const browser = new VirtualBrowser();
  await t.test("signs in", async () => {
    const { page: before } = await browser.visit(home);
    assert.match(before.text, /Sign in/);
    const { page } = await browser.visit(new URL("login", home).href, undefined, signIn);
    assert.equal(page.url, home, page.text);
    assert.match(page.text, /Hello, Ada Lovelace/);
  });
  await t.test("calls the API, and refreshes", async () => {
    for (let round = 0; round < 2; round += 1) {
      const before = await tokensIssued(guide);
      await until(LIFE_MS - leftMs + CALL_MS_MAX, "a refresh", async () => {
        const { page } = await browser.visit(new URL("notes", home).href);
        assert.equal(page.status, 200, page.text);
        assert.match(page.text, /"owner": ?"u-[0-9a-f]+"/);
        return leftMs === LIFE_MS || (await tokensIssued(guide)) > before;
      });
      assert.equal(await tokensIssued(guide), before + 1, "one refresh for one call");
    }
  });
  await t.test("signs out, here and at the server", async () => {
    const { page } = await browser.visit(home);
    const { arrived, page: stuck } = await browser.logOut(submit(formOf(page), {}), `${home}?`).catch((error) => ({ page: { text: String(error) } }));
    assert.equal(arrived ?? stuck?.url, home, stuck?.text);
    assert.match(stuck.text, /Sign in/);
    const { page: asked } = await browser.visit(new URL("login", home).href);
    assert.ok(formOf(asked)?.fields.has("password"), asked.text);
  });
}

export const SHORT = { PROOFKEY_TOKENS__ACCESS_SECONDS: "30" };

export function signIn(page) {
  const form = formOf(page);
  if (form?.fields.has("password")) return submit(form, { username: USER.username, password: USER.password });
  if (form?.buttons.some((button) => button.value === "allow")) return submit(form, { decision: "allow" });
  return undefined;
}
