// `proofkey login` and what follows it, as a person does it at a terminal: the printed address in Chromium, the hand-over
// to the command's own listener, then the commands that use the tokens.
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { assertAccessible, assertFitsWidth, signIn, signInAndAllow } from "./pages.mjs";
import { ENVIRONMENT, launch, openPage, screenshot, start, startDev, until } from "./support.mjs";

const COMMAND_MS_MAX = 60_000;
const SCOPE = "openid profile offline_access notes:read";
let dev, browser;

before(async () => {
  dev = await startDev();
  browser = await launch();
});
after(async () => { await browser?.close(); await dev?.stop(); });

// A terminal on which Proofkey never ran: a home of its own, and no keyring to wake.
async function openTerminal(t) {
  const home = await mkdtemp(join(tmpdir(), "proofkey-home-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  const env = { ...ENVIRONMENT, HOME: home, XDG_DATA_HOME: join(home, "data"), XDG_CONFIG_HOME: join(home, "config"), PROOFKEY_NO_KEYRING: "1" };
  return { data: join(env.XDG_DATA_HOME, "proofkey"), begin: (...args) => start(args, { env }) };
}

async function ended(command) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`still running:\n${command.log()}`)), COMMAND_MS_MAX); });
  const code = await Promise.race([command.exit, late]).finally(() => clearTimeout(timer));
  await command.stop();
  return { code, said: command.log(), printed: command.stdout() };
}

const run = (terminal, ...args) => ended(terminal.begin(...args));

async function json(terminal, ...args) {
  const { code, said, printed } = await run(terminal, ...args, "--json");
  assert.equal(code, 0, said);
  return JSON.parse(printed);
}

// Starts the command and waits for the address that it prints.
async function beginLogin(t, terminal, ...more) {
  const command = terminal.begin("login", "--no-browser", "--json", "--issuer", dev.ready.issuer, ...more);
  t.after(() => command.stop());
  let address;
  await until(COMMAND_MS_MAX, "the address to open", async () => {
    if (command.ended()) throw new Error(`proofkey login ended early:\n${command.log()}`);
    address = command.log().match(/http:\/\/\S*\/authorize\?\S+/)?.[0];
    return address !== undefined;
  });
  return { command, address };
}

async function assertLanding(page) {
  await page.waitForURL((url) => url.pathname === "/done");
  const { hostname, search, hash } = new URL(page.url());
  assert.ok(["127.0.0.1", "[::1]"].includes(hostname), page.url());
  assert.equal(search + hash, "", "the code stays in no address");
  assert.equal(await page.evaluate(() => performance.getEntriesByType("navigation")[0].name.includes("code=")), false);
}

test("proofkey login, whoami, token, call and logout", async (t) => {
  const terminal = await openTerminal(t);
  const page = await openPage(t, browser);
  const { command, address } = await beginLogin(t, terminal, "--resource", dev.ready.api, "--scope", SCOPE);
  const asked = new URL(address).searchParams;
  assert.equal(asked.get("code_challenge_method"), "S256");
  assert.match(asked.get("redirect_uri"), /^http:\/\/(127\.0\.0\.1|\[::1\]):\d+\/callback$/);

  await page.goto(address);
  await signInAndAllow(page, dev.user);
  await assertLanding(page);
  assert.equal(await page.locator("h1").innerText(), "Signed in");
  await assertAccessible(page, "landing page of proofkey login");
  await screenshot(page, "login-done");
  assert.deepEqual(page.complaints, []);

  const { code, said, printed } = await ended(command);
  assert.equal(code, 0, said);
  const report = JSON.parse(printed);
  assert.equal(report.issuer, dev.ready.issuer);
  assert.equal(report.resource, dev.ready.api);
  assert.equal(report.scope, "notes:read", "a token for one API carries the scopes of that API alone");
  assert.equal(report.kept_in, "file");
  assert.equal((await stat(report.file)).mode & 0o777, 0o600, report.file);
  assert.ok(report.file.startsWith(terminal.data), report.file);

  await t.test("whoami says who, without the network", async () => {
    const who = await json(terminal, "whoami");
    assert.equal(who.identity.name, "Ada Lovelace");
    assert.deepEqual(who.identity, report.identity);
    assert.deepEqual([who.kept_in, who.file], [report.kept_in, report.file]);
    assert.equal(who.client_id, dev.client("native").client_id);
  });
  await t.test("token prints an access token of the API, and a fresh one when asked", async () => {
    const first = await json(terminal, "token");
    const claims = JSON.parse(Buffer.from(first.access_token.split(".")[1], "base64url"));
    assert.ok([claims.aud].flat().includes(dev.ready.api));
    // The one is rounded by the server, the other counted from when the answer arrived.
    assert.ok(Math.abs(claims.exp - first.expires_at) <= 1, `${claims.exp} and ${first.expires_at}`);
    const { printed: bare } = await run(terminal, "token");
    assert.equal(bare, first.access_token);
    const fresh = await json(terminal, "token", "--refresh-if-under", "86400");
    assert.notEqual(fresh.access_token, first.access_token);
  });
  await t.test("call reaches the API, and sends the token nowhere else", async () => {
    const answer = await json(terminal, "call", dev.ready.api);
    assert.equal(answer.status, 200);
    assert.ok(answer.body.length > 0);
    const elsewhere = await run(terminal, "call", dev.ready.app);
    assert.equal(elsewhere.code, 1, elsewhere.said);
  });
  await t.test("logout takes the tokens back and removes them", async () => {
    const out = await json(terminal, "logout");
    assert.equal(out.signed_out, true);
    assert.equal(out.revoked, true);
    for (const name of ["whoami", "token"]) assert.equal((await run(terminal, name)).code, 3, name);
    assert.deepEqual((await readdir(terminal.data)).filter((name) => /^[0-9a-f]{64}\.json$/.test(name)), []);
  });
});

test("az_31 proofkey login by a browser that is signed in: no password, but asked, and the landing page is clean", async (t) => {
  const page = await openPage(t, browser, { viewport: { width: 390, height: 800 }, colorScheme: "dark" });
  for (const expectsPassword of [true, false]) {
    const terminal = await openTerminal(t);
    const { command, address } = await beginLogin(t, terminal);
    await page.goto(address);
    await page.locator("#password, #consent-allow").first().waitFor();
    assert.equal(await page.locator("#password").count() === 1, expectsPassword);
    if (expectsPassword) await signIn(page, dev.user);
    await page.locator("#consent-allow").click();
    await assertLanding(page);
    await assertFitsWidth(page, "landing page");
    await assertAccessible(page, "landing page, phone, dark");
    const { code, said } = await ended(command);
    assert.equal(code, 0, said);
    const { end_session_url: url } = await json(terminal, "logout");
    assert.ok(url === null || url.startsWith(dev.ready.issuer), url);
  }
});

// Signs in once more, by a browser that knows the person already or does not yet.
async function logIn(t, terminal, page, ...more) {
  const { command, address } = await beginLogin(t, terminal, ...more);
  await page.goto(address);
  await page.locator("#password, #consent-allow").first().waitFor();
  if (await page.locator("#password").count() === 1) await signIn(page, dev.user);
  await page.locator("#consent-allow").click();
  await assertLanding(page);
  const { code, said } = await ended(command);
  assert.equal(code, 0, said);
}

test("cl_18 every sign-in can be reached and ended", async (t) => {
  const terminal = await openTerminal(t);
  const page = await openPage(t, browser);
  const both = async () => {
    await logIn(t, terminal, page);
    await logIn(t, terminal, page, "--resource", dev.ready.api, "--scope", SCOPE);
  };
  const left = async () => (await readdir(terminal.data)).filter((name) => /^[0-9a-f]{64}\.(json|keyring)$/.test(name));

  await both();
  assert.equal((await json(terminal, "whoami")).resource, dev.ready.api);
  assert.equal((await json(terminal, "whoami", "--resource", "")).resource, null, "the one that is for no API");
  assert.equal((await json(terminal, "logout")).remaining, 1);
  assert.equal((await json(terminal, "whoami")).resource, null, "what remains is remembered");
  assert.equal((await json(terminal, "logout")).remaining, 0);
  assert.equal((await run(terminal, "logout")).code, 3);
  assert.deepEqual(await left(), []);

  await both();
  const all = await json(terminal, "logout", "--all");
  assert.equal(all.signed_out, true);
  assert.deepEqual(all.ended.map(({ resource, revoked }) => [resource, revoked]).sort(), [[null, true], [dev.ready.api, true]].sort());
  assert.deepEqual(await left(), []);
  assert.equal((await run(terminal, "logout", "--all")).code, 3);
});

test("az_20 denying proofkey login ends the command with the reason", async (t) => {
  const terminal = await openTerminal(t);
  const page = await openPage(t, browser);
  const { command, address } = await beginLogin(t, terminal);
  await page.goto(address);
  await signIn(page, dev.user);
  await page.locator("#consent-deny").click();
  await assertLanding(page);
  assert.equal(await page.locator("h1").innerText(), "Sign-in did not finish");
  await assertAccessible(page, "landing page, denied");
  const { code, said, printed } = await ended(command);
  assert.equal(code, 1, said);
  assert.match(said, /access_denied/);
  assert.equal(printed, "");
  assert.equal((await run(terminal, "whoami")).code, 3);
});
