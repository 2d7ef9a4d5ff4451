// docs/guides/curl.md: the script is run whole, with a person who opens the address and pastes the one that the browser ends at.
import assert from "node:assert/strict";
import { test } from "node:test";

import { until } from "../browser/support.mjs";
import { VirtualBrowser } from "../interop/virtual-browser.mjs";
import { USER, open } from "./guide.mjs";

const STEP_MS_MAX = 20_000;

test("pk_10 the guide for curl", async (t) => {
  const guide = await open(t, "curl", { before: ["start", "api-node"] });
  await guide.all("Validate the token");
  const script = await guide.start("bash flow.sh");
  const said = async (pattern) => {
    await until(STEP_MS_MAX, String(pattern), () => pattern.test(script.out()));
    return script.out().match(pattern);
  };
  const [address] = await said(/^http:\S+\/authorize\?\S+$/m);
  const arrived = await new VirtualBrowser().authorize(address, guide.fill("http://127.0.0.1:4470/callback"), USER);
  script.stdin.write(`${arrived}\n`);
  const [, accessToken] = await said(/^ACCESS_TOKEN=(\S+)$/m);
  assert.match(script.out(), /"owner":"u-[0-9a-f]+"/);

  await t.test("the API that asks the server", async () => {
    const [request] = guide.blocks("Validate the token");
    const answer = async () => JSON.parse(await guide.run(request.text, { variables: { ACCESS_TOKEN: accessToken } }));
    assert.equal((await answer()).active, true);
    script.stdin.write("\n");
    await said(/Signed out here/);
    assert.deepEqual(await answer(), { active: false });
  });
  assert.equal(await script.ended, 0, script.all());
  await guide.all();
  guide.finish();
});

test("an answer to another request is not taken", async (t) => {
  const guide = await open(t, "curl", { before: ["start"] });
  await guide.all("Validate the token");
  const script = await guide.start("bash flow.sh");
  await until(STEP_MS_MAX, "the address", () => /\/authorize\?/.test(script.out()));
  script.stdin.write("http://127.0.0.1:4470/callback?code=x&state=of-another\n");
  assert.equal(await script.ended, 1);
  assert.match(script.all(), /not to our request/);
});
