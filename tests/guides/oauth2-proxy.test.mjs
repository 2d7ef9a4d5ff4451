// docs/guides/oauth2-proxy.md, followed to its end; then a person opens the page, signs in, and signs out.
import assert from "node:assert/strict";
import { test } from "node:test";

import { VirtualBrowser, formOf } from "../interop/virtual-browser.mjs";
import { signIn } from "./apps.mjs";
import { open } from "./guide.mjs";

test("the guide for oauth2-proxy", async (t) => {
  const guide = await open(t, "oauth2-proxy", { needs: { Go: "go version" } });
  if (guide === undefined) return;
  await guide.all();
  guide.finish();
  const browser = new VirtualBrowser();
  const home = guide.fill("http://localhost:4180/");
  await t.test("sends a nonce and a challenge", async () => {
    const { headers } = await fetch(home, { redirect: "manual" });
    const asked = new URL(headers.get("location")).searchParams;
    assert.ok(asked.get("nonce"), headers.get("location"));
    assert.equal(asked.get("code_challenge_method"), "S256");
  });
  await t.test("signs in", async () => {
    const { page } = await browser.visit(home, undefined, signIn);
    assert.equal(page.url, home, page.text);
    assert.match(page.text, /<h1>Notes<\/h1>/);
  });
  await t.test("signs out, here and at the server", async () => {
    const end = guide.fill("http://127.0.0.1:4455/end-session?client_id=notes-proxy");
    const { page } = await browser.logOut(`${home}oauth2/sign_out?rd=${encodeURIComponent(end)}`);
    assert.match(page.url, /\/end-session/);
    const { page: asked } = await browser.visit(home);
    assert.ok(formOf(asked)?.fields.has("password"), asked.text);
  });
});
