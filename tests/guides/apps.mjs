// What a person does in the web apps of the guides: a page with links and forms, no script. The apps differ in what they are written
// with, and not in what they show.
import assert from "node:assert/strict";

import { until } from "../browser/support.mjs";
import { freePort } from "../interop/serve.mjs";
import { VirtualBrowser, formOf, submit } from "../interop/virtual-browser.mjs";
import { USER } from "./guide.mjs";

const LIFE_MS = 30_000;
const CALL_MS_MAX = 5_000;
const START_MS_MAX = 60_000;

// The app ends, and says what is missing, where it is started without its secret.
export async function refusesToStartWithoutSecret(t, guide, command) {
  await t.test("says that the secret is missing", async () => {
    await assert.rejects(guide.run(`unset CLIENT_SECRET; timeout 60 ${command}`), /CLIENT_SECRET is not set/);
  });
}

// How often an endpoint has answered well, by the server's own count.
async function answered(guide, endpoint) {
  const text = await (await fetch(`${guide.metrics}/metrics`)).text();
  const [, count] = text.match(new RegExp(`^proofkey_requests_total\\{endpoint="${endpoint}",outcome="ok"\\} (\\d+)`, "m")) ?? [];
  return Number(count);
}

export const tokensIssued = (guide) => answered(guide, "token");
export const tokensRevoked = (guide) => answered(guide, "revoke");

// Signs in, reads notes with one token and with its successor, signs out, and is asked for the password the next time. The server
// must give access tokens of thirty seconds (`SHORT`): most of the apps renew a token half a minute before its end, so each call needs
// one. `leftMs` is for those that wait until so much of its life is left, `forgets` for Spring, which forgets tokens at the sign-out
// without taking them back.
export async function useWebApp(t, guide, address, { leftMs = LIFE_MS, forgets = false } = {}) {
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
  await t.test("ends where the sign-in was ended at the server, and signs in again", async () => {
    await guide.run(`proofkey consent revoke --user ${USER.username} --client ${guide.clientId}`);
    await until(LIFE_MS - leftMs + CALL_MS_MAX, "the end of the session", async () => {
      await browser.visit(new URL("notes", home).href);
      return /Sign in/.test((await browser.visit(home)).page.text);
    });
    const { page } = await browser.visit(new URL("login", home).href, undefined, signIn);
    assert.match(page.text, /Hello, Ada Lovelace/);
  });
  await t.test("signs out, here and at the server", async () => {
    const before = await tokensRevoked(guide);
    const { page } = await browser.visit(home);
    await signOut(browser, page, home);
    if (!forgets) assert.equal(await tokensRevoked(guide), before + 1, "the refresh token was taken back");
    const { page: asked } = await browser.visit(new URL("login", home).href);
    assert.ok(formOf(asked)?.fields.has("password"), asked.text);
  });
}

// Signs out by the form of a page, and is led back to the home page by the server.
async function signOut(browser, page, home) {
  const { arrived, page: stuck } = await browser.logOut(submit(formOf(page), {}), `${home}?`).catch((error) => ({ page: { text: String(error) } }));
  assert.equal(arrived ?? stuck?.url, home, stuck?.text);
  assert.match(stuck.text, /Sign in/);
}

// Runs the app of a client that has `redirectUri`, by `command` once it is printed to `file`, and waits until it says what `pattern` is for.
// Where `signedOutUri` is given, the server leads back there after a sign-out.
export async function startWith(guide, { id, framework, redirectUri, signedOutUri, file, command }, pattern) {
  const back = signedOutUri === undefined ? "" : ` --post-logout '${signedOutUri}'`;
  const printed = await guide.run(`proofkey client add --web --name Notes --id ${id} --redirect '${redirectUri}'${back} --scope notes:read`);
  const [, secret] = printed.match(/^client_secret\s+(\S+)/m);
  await guide.run(`mkdir -p "$(dirname ${file})" && proofkey client snippet ${id} ${framework} > ${file}`);
  const app = await guide.start(`unset PORT; export CLIENT_SECRET=${secret}; ${command}`);
  await until(START_MS_MAX, String(pattern), () => pattern.test(app.all())).catch((error) => assert.fail(`${error.message}\n${app.all()}`));
}

// Where an app may be called back: at its own pages, and at a path with what routers of paths read in their own way.
const CALLBACKS = ["/", "/login", "/in%20here/(:a)"];

// Signs in to the apps of clients that are called back there, and out. The home page is where a sign-out leads back to, so it is shown
// there whatever `state` comes with it. `appOf` has the file and the command for an id and a port.
export async function useCallbacks(t, guide, framework, appOf, pattern) {
  for (const [at, path] of CALLBACKS.entries()) {
    await t.test(`is called back at ${path}`, async () => {
      const [id, port] = [`notes-${framework}-${at}`, await freePort()];
      const home = `http://localhost:${port}/`;
      await startWith(guide, { id, framework, redirectUri: new URL(path, home).href, signedOutUri: home, ...appOf(id, port) }, pattern);
      const browser = new VirtualBrowser();
      assert.match((await browser.visit(home)).page.text, /Sign in/);
      const { page } = await browser.visit(new URL("login", home).href, undefined, signIn);
      assert.equal(page.url, home, page.text);
      assert.match(page.text, /Hello, Ada Lovelace/);
      await signOut(browser, page, home);
      const { page: returned } = await browser.visit(`${home}?state=of-a-sign-out`);
      assert.equal(returned.status, 200, returned.text);
      assert.match(returned.text, /Sign in/);
    });
  }
}

// The redirect URI of an app behind a proxy names no port: the app takes 8080, or says that another program has it.
export const BEHIND_PROXY = { id: "notes-https", redirectUri: "https://notes.example/callback" };
export const ON_8080 = /:8080\b/;

export const SHORT = { PROOFKEY_TOKENS__ACCESS_SECONDS: "30" };

export function signIn(page) {
  const form = formOf(page);
  if (form?.fields.has("password")) return submit(form, { username: USER.username, password: USER.password });
  if (form?.buttons.some((button) => button.value === "allow")) return submit(form, { decision: "allow" });
  return undefined;
}
