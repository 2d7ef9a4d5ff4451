// docs/guides/rust.md and api-rust.md: the command line signs in, calls, is remembered, and signs out.
import assert from "node:assert/strict";
import { test } from "node:test";

import { until } from "../browser/support.mjs";
import { VirtualBrowser } from "../interop/virtual-browser.mjs";
import { SHORT, tokensIssued, tokensRevoked } from "./apps.mjs";
import { USER, open } from "./guide.mjs";

const BUILD_MS_MAX = 300_000;

test("pk_10 the guides for Rust", async (t) => {
  const guide = await open(t, "rust", { before: ["start", "api-rust"], settings: { ...SHORT, PROOFKEY_NO_KEYRING: "1", NO_BROWSER: "1" } });
  await guide.all();
  guide.finish();
  const [{ text: command }] = guide.blocks("Sign out").filter((block) => block.by === "test");
  const app = await guide.start(command);
  await until(BUILD_MS_MAX, "the address", () => {
    assert.ok(!app.hasEnded(), app.all());
    return /^Sign in at (\S+)$/m.test(app.out());
  });
  const [, address] = app.out().match(/^Sign in at (\S+)$/m);
  const redirectUri = new URL(address).searchParams.get("redirect_uri");
  const arrived = await new VirtualBrowser().authorize(address, redirectUri, USER);
  await fetch(arrived);
  assert.equal(await app.ended, 0, app.all());
  assert.match(app.out(), /Hello, Ada Lovelace\./);
  assert.match(app.out(), /^200 .*"owner":"u-[0-9a-f]+"/m);

  await t.test("the second time it does not ask, and refreshes", async () => {
    const before = await tokensIssued(guide);
    const said = await guide.run("cargo run --quiet");
    assert.match(said, /^200 /);
    assert.equal(await tokensIssued(guide), before + 1);
  });
  await t.test("signs out", async () => {
    const before = await tokensRevoked(guide);
    assert.match(await guide.run("cargo run --quiet -- sign-out"), /Signed out here/);
    assert.ok((await tokensRevoked(guide)) > before, "the tokens were taken back");
  });
});
