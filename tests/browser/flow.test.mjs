// The whole flow through the sample app: ten steps light, and every value shown is the value that was sent.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";

import { open, recordWire, run, shownValues, states, step, waitForState } from "./flow-page.mjs";
import { assertAccessible, assertFitsWidth, signInAndAllow } from "./pages.mjs";
import { launch, openPage, screenshot, startDev } from "./support.mjs";

const DONE = Array(10).fill("done");
let dev, browser;

before(async () => {
  dev = await startDev();
  browser = await launch();
});
after(async () => { await browser?.close(); await dev?.stop(); });

const sha256 = (text) => createHash("sha256").update(text).digest("base64url");
const partOf = (jwt, n) => JSON.parse(Buffer.from(jwt.split(".")[n], "base64url"));
const asShown = (value) => (typeof value === "string" ? value : JSON.stringify(value));
const prefixed = (prefix, members) => Object.fromEntries(Object.entries(members).map(([key, value]) => [`${prefix}.${key}`, asShown(value)]));

for (const theme of ["light", "dark"]) {
  test(`all ten steps are done and every value equals the wire, ${theme}`, async (t) => {
    const page = await openPage(t, browser, { colorScheme: theme });
    const recorded = recordWire(page, dev);
    await open(page, dev);
    await assertAccessible(page, `flow page, idle, ${theme}`);
    await screenshot(page, `flow-idle-${theme}`);
    await run(page, dev);
    await waitForState(page, 10, "done");
    assert.deepEqual(await states(page), DONE);

    const wire = {};
    for (const [name, list] of Object.entries(recorded)) wire[name] = await Promise.all(list);
    for (const name of ["authorize", "back", "token", "api"]) assert.equal(wire[name].length, 1, `one ${name}`);
    const expected = expectedValues(wire, dev);
    const shortened = expectedTexts(wire);
    const shown = await shownValues(page);
    for (const { n, place, key, value, text } of shown) {
      if (key === "took_us") assert.match(value, /^\d+$/, `step ${n}, ${key}`);
      else assert.equal(value, String(expected[n][key]), `step ${n} shows ${key}, which nothing on the wire explains`);
      assert.equal(text, shortened[place][n]?.[key] ?? value, `step ${n}, ${key}, as it is seen in the ${place}`);
    }
    for (const [n, keys] of Object.entries(expected)) {
      const there = new Set(shown.filter((one) => one.n === Number(n)).map((one) => one.key));
      for (const [key, value] of Object.entries(keys)) if (value !== undefined) assert.ok(there.has(key), `step ${n} hides ${key}`);
    }
    await assertDrawn(page, wire.authorize[0], wire.forms);
    for (const [n, { status }] of [[3, wire.authorize[0]], [8, wire.token[0]], [10, wire.api[0]]]) {
      assert.equal(await step(page, n).locator(".lines dt").first().textContent(), String(status), `the status of step ${n}`);
    }
    const everything = await page.content();
    assert.ok(!everything.includes(dev.user.password), "the password is shown");
    await assertAccessible(page, `flow page, done, ${theme}`);
    await screenshot(page, `flow-done-${theme}`);
    assert.deepEqual(page.complaints, []);
  });
}

// The page that a request was answered with, by what stands on it.
const pageOf = ({ body }) => (body.includes('id="login-submit"') ? "sign-in" : "consent");

// Steps 3 and 4 are drawn from what happened: the page that answered step 2, and the forms that were posted.
async function assertDrawn(page, authorize, forms) {
  assert.equal(await step(page, 3).locator(".wire").textContent(), `${authorize.status} ${pageOf(authorize)} page`);
  assert.equal(await step(page, 4).locator(".wire").textContent(), `POST ${forms.join(", ")}`);
}

// What each step must show, taken from the wire alone.
function expectedValues({ authorize: [authorize], back: [back], token: [token], api: [api] }, dev) {
  const asked = Object.fromEntries(new URL(authorize.url).searchParams);
  const answered = Object.fromEntries(new URL(back.url).searchParams);
  const tokens = JSON.parse(token.body);
  const verifier = token.fields.code_verifier;
  assert.equal(sha256(verifier), asked.code_challenge, "the proof itself");
  assert.equal(answered.state, asked.state);
  assert.equal(answered.iss, dev.ready.issuer);
  return {
    1: { verifier, challenge: asked.code_challenge, state: asked.state, nonce: asked.nonce },
    2: { ...asked, request: authorize.url },
    3: { status: authorize.status, page: pageOf(authorize), issuer: dev.ready.issuer },
    4: { user: dev.user.username, method: "password", consent: "allowed", scope: asked.scope },
    5: { ...answered, response: back.url },
    6: { ...token.fields, request: token.url },
    7: { challenge: asked.code_challenge, stored: asked.code_challenge, computed: sha256(verifier), result: "equal", grant: partOf(tokens.access_token, 1).grant_id },
    8: {
      ...Object.fromEntries(Object.entries(tokens).map(([key, value]) => [key, String(value)])),
      ...prefixed("access", { ...partOf(tokens.access_token, 0), ...partOf(tokens.access_token, 1) }),
      ...prefixed("id", { ...partOf(tokens.id_token, 0), ...partOf(tokens.id_token, 1) }),
      "id.signature": tokens.id_token.split(".")[2],
    },
    9: { request: api.url, authorization: api.authorization },
    10: {
      status: api.status, content_type: api.headers["content-type"], body: api.body, result: "valid",
      ...checkedByApi(api.authorization.split(" ")[1]),
    },
  };
}

// What the API says that it checked, read from the token that it was sent.
function checkedByApi(token) {
  const { typ, alg, kid } = partOf(token, 0);
  const { iss, aud, scope, exp } = partOf(token, 1);
  return { typ, alg, kid, iss, aud: asShown(aud), scope, exp };
}

// Where less, or more, is to be seen than the value itself. Everything else is shown as it is.
function expectedTexts({ authorize: [authorize], token: [token] }) {
  const { pathname, search } = new URL(authorize.url);
  const { access_token: access, expires_in: seconds, scope } = JSON.parse(token.body);
  const { typ, alg } = partOf(access, 0);
  return {
    row: {
      2: { request: pathname + search },
      5: { iss: "iss" },
      6: { request: new URL(token.url).pathname, grant_type: `grant_type=${token.fields.grant_type}` },
      7: { result: "equal to the challenge of step 2" },
      8: { access_token: `${typ}, ${alg}, ${seconds / 60} min, ${scope}` },
    },
    panel: { 2: { request: `${authorize.method} ${authorize.url}` }, 6: { request: `${token.method} ${token.url}` } },
  };
}

test("a second run asks for no password, and refresh brings a new access token", async (t) => {
  const page = await openPage(t, browser);
  const recorded = recordWire(page, dev);
  await run(page, dev);
  await waitForState(page, 10, "done");
  const first = (await shownValues(page)).find(({ key }) => key === "access_token").value;

  await page.locator("#refresh").click();
  const refreshed = page.locator('#step-8 [data-key="refreshed"]');
  await refreshed.waitFor({ state: "attached" });
  const answer = JSON.parse(await refreshed.getAttribute("data-value"));
  assert.ok(answer.access_token && answer.access_token !== first);

  // An app on this device could be any app: the session that lives is asked for no password, but the person is asked.
  await page.locator("#primary").click();
  await page.locator("#consent-allow").click();
  await waitForState(page, 10, "done");
  assert.deepEqual(recorded.forms, ["/sign-in", "/consent", "/consent"]);
  await assertDrawn(page, await recorded.authorize[1], recorded.forms.slice(2));
  assert.equal(await step(page, 3).locator("h2").textContent(), "Consent prompt, done");
  assert.equal(await step(page, 4).locator("h2").textContent(), "Consent, done");
  const acts = (await shownValues(page)).filter(({ n }) => n === 4).map(({ key }) => key);
  assert.ok(acts.includes("consent") && !acts.includes("method"), `nobody has typed a password: ${acts}`);
});

test("sign out ends the session: the next run asks for the password", async (t) => {
  const page = await openPage(t, browser);
  await run(page, dev);
  await waitForState(page, 10, "done");
  await page.locator("#sign-out").click();
  const signedOut = page.locator("#status", { hasText: "You are signed out." });
  await page.locator("#logout-confirm").or(signedOut).first().waitFor();
  if (await page.locator("#logout-confirm").count()) await page.locator("#logout-confirm").click();
  await signedOut.waitFor();
  await page.locator("#primary").click();
  await page.locator("#password").waitFor();
});

test("step by step stops before each step and goes on when told", async (t) => {
  const page = await openPage(t, browser);
  await open(page, dev);
  await page.locator("#by-step").check();
  await page.locator("#primary").click();
  const next = page.locator('#primary[data-action="next"][aria-disabled="false"]');
  await waitForState(page, 2, "live");
  await next.click();
  await signInAndAllow(page, dev.user);
  for (let n = 6; n <= 9; n += 1) {
    await waitForState(page, n, "live");
    assert.equal((await states(page))[n], "idle", `step ${n + 1} waits`);
    await next.click();
  }
  await page.locator("#run-to-end").click();
  await waitForState(page, 10, "done");
});

// Each provoked error, the step it must mark, and the words it must not do without.
const PROVOKED = [
  { provoke: "verifier", n: 7, error: "invalid_grant" },
  { provoke: "replay", n: 7, error: "invalid_grant" },
  { provoke: "expired", n: 7, error: "invalid_grant" },
  { provoke: "token", n: 10, error: "invalid_token" },
];

for (const { provoke, n, error } of PROVOKED) {
  test(`the provoked error "${provoke}" marks step ${n} and says why`, async (t) => {
    const page = await openPage(t, browser, { reducedMotion: "reduce" });
    page.setDefaultTimeout(30_000);
    const recorded = recordWire(page, dev);
    await run(page, dev, provoke);
    await waitForState(page, n, "failed");
    const expected = DONE.map((_, i) => (i + 1 < n ? "done" : i + 1 === n ? "failed" : "unreached"));
    assert.deepEqual(await states(page), expected);
    const values = Object.fromEntries((await shownValues(page)).filter((one) => one.n === n).map(({ key, value }) => [key, value]));
    assert.equal(values.error, error);
    assert.ok(values.error_fix.length > 20, "what to change");
    // Our server gives each refusal an id; what protects an API has no log of ours to look into, and only challenges.
    const ids = n === 10 ? [] : [values.error_id];
    assert.ok(ids.every((id) => /^pk-\w{4}-\w{4}$/.test(id)) && (n === 10) === (values.error_id === undefined), `error id ${values.error_id}`);
    const last = await (n === 7 ? recorded.token : recorded.api).at(-1);
    assert.ok(last.status >= 400);
    const answer = last.body + JSON.stringify(last.headers);
    assert.ok([error, ...ids].every((part) => answer.includes(part)), "the error shown is the one that was sent");
    assert.match(await page.locator("#status").innerText(), new RegExp(`step ${n}`));
    await assertAccessible(page, `flow page, ${provoke}`);
    await screenshot(page, `flow-${provoke}`);
  });
}

test("the provoked error \"redirect\" stays at the server, and marks step 2 on the way back", async (t) => {
  const page = await openPage(t, browser);
  await open(page, dev);
  await page.locator("#provoke").selectOption("redirect");
  await page.locator("#primary").click();
  await page.locator("#error-code").waitFor();
  assert.equal(new URL(page.url()).origin, new URL(dev.ready.issuer).origin, "nothing was sent to an unregistered address");
  const shown = await page.locator(".error-id code").innerText();
  await page.goBack();
  await waitForState(page, 2, "failed");
  const values = Object.fromEntries((await shownValues(page)).filter(({ n }) => n === 2).map(({ key, value }) => [key, value]));
  assert.equal(values.error_id, shown, "the page names the error by the id that the server showed");
  for (const key of ["error_rule", "error_fix", "error_standard", "error_description"]) assert.ok(values[key], key);
  await assertAccessible(page, "flow page, redirect");
  await screenshot(page, "flow-redirect");
});

test("consent denied is told as an answer, and marks step 4", async (t) => {
  const page = await openPage(t, browser);
  await open(page, dev);
  await page.locator("#primary").click();
  await page.locator("#username").fill(dev.user.username);
  await page.locator("#password").fill(dev.user.password);
  await page.locator("#login-submit").click();
  await page.locator("#consent-deny").click();
  await waitForState(page, 4, "failed");
  assert.ok(!(await page.url()).includes("error="), "the answer left the address");
  const values = Object.fromEntries((await shownValues(page)).filter(({ n }) => n === 4).map(({ key, value }) => [key, value]));
  assert.equal(values.error, "access_denied");
  assert.match(values.error_id, /^pk-\w{4}-\w{4}$/);
  await assertAccessible(page, "flow page, denied");
  await screenshot(page, "flow-denied");
});

// Between phone and wide: values stand below the strip. The other widths are looked at in every-page.test.mjs.
test("the flow page fits 800 px, idle and done", async (t) => {
  const page = await openPage(t, browser, { viewport: { width: 800, height: 800 } });
  await open(page, dev);
  await assertFitsWidth(page, "flow page, idle");
  await run(page, dev);
  await waitForState(page, 10, "done");
  await assertFitsWidth(page, "flow page, done");
  for (const n of [2, 5, 8, 10]) await step(page, n).locator("summary").click();
  await assertFitsWidth(page, "flow page, panels open");
  await assertAccessible(page, "flow page, panels open, 800 px");
  await screenshot(page, "flow-done-800");
});
