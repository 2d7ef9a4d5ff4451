// What a person does on the server's pages, by the element ids that tools rely on.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createHash, randomBytes } from "node:crypto";
import { createRequire } from "node:module";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const REQUEST_BYTES_MAX = 64 * 1024;

// Pages call people by their name; the user that `proofkey dev` brings is called this.
export const PERSON = "Ada Lovelace";

export async function signIn(page, user) {
  await page.locator("#username").fill(user.username);
  await page.locator("#password").fill(user.password);
  await page.locator("#login-submit").click();
}

export async function signInAndAllow(page, user) {
  await signIn(page, user);
  await page.locator("#consent-allow").click();
}

// WCAG 2.2 A and AA and the best practices. Through the debugger, so that the page's policy stays in force.
export async function assertAccessible(page, name) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  }));
  const said = violations.map((v) => `${v.id}: ${v.help}\n${v.nodes.map((n) => `    ${n.html}\n    ${n.failureSummary}`).join("\n")}`);
  assert.deepEqual(said, [], `${name} is not accessible`);
}

export async function assertFitsWidth(page, name) {
  const { wide, seen, who } = await page.evaluate(() => {
    const seen = document.documentElement.clientWidth;
    const wide = document.documentElement.scrollWidth;
    const who = [...document.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > seen + 0.5);
    return { seen, wide, who: who.slice(0, 5).map((e) => e.outerHTML.slice(0, 120)) };
  });
  assert.ok(wide <= seen, `${name} scrolls sideways: ${wide} > ${seen}: ${who.join("\n")}`);
}

// An authorization request of a client that stands outside the sample app. RFC 7636 by hand: the test must not trust
// the code that it tests.
export function authorizationRequest(issuer, client, redirectUri, more = {}) {
  const verifier = randomBytes(32).toString("base64url");
  const parameters = {
    response_type: "code",
    client_id: client.client_id,
    redirect_uri: redirectUri,
    scope: "openid profile",
    state: randomBytes(16).toString("base64url"),
    nonce: randomBytes(16).toString("base64url"),
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...more,
  };
  const url = new URL("/authorize", issuer);
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value);
  return { url: url.href, verifier, ...parameters };
}

// A native app's listener: an ephemeral port on 127.0.0.1, one answer, and the parameters that came.
export async function listen(t, path = "/callback") {
  const arrived = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://127.0.0.1");
    if (url.pathname === path) arrived.push({ method: request.method, parameters: url.searchParams, headers: request.headers });
    response.writeHead(url.pathname === path ? 200 : 404, { "content-type": "text/html; charset=utf-8" });
    response.end("<!doctype html><html lang=en><title>Done</title><p id=done>You can close this page.</p>");
  });
  server.maxHeadersCount = 100;
  server.maxRequestsPerSocket = 100;
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }));
  return { uri: `http://127.0.0.1:${server.address().port}${path}`, arrived };
}

// The token endpoint, asked as the client would; a form post without a browser around it.
export async function redeem(issuer, client, fields) {
  const body = new URLSearchParams({ grant_type: "authorization_code", client_id: client.client_id, ...fields });
  const response = await fetch(new URL("/token", issuer), { method: "POST", body });
  const text = await response.text();
  assert.ok(text.length < REQUEST_BYTES_MAX);
  return { status: response.status, body: JSON.parse(text) };
}

// A request that another site posts to us: it comes without our cookies.
export async function postFromElsewhere(page, request) {
  const { origin, pathname, searchParams } = new URL(request);
  const fields = [...searchParams].map(([name, value]) => `<input type="hidden" name="${name}" value="${value.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}">`);
  const form = `<form method="post" action="${origin}${pathname}">${fields.join("")}<button id="go">Go</button></form>`;
  const body = `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Elsewhere</title>${form}`;
  await page.route("http://elsewhere.example/**", (route) => route.fulfill({ contentType: "text/html; charset=utf-8", body }));
  await page.goto("http://elsewhere.example/");
  await page.locator("#go").click();
}

// By keyboard.
export async function tabTo(page, id) {
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(() => document.activeElement.id) === id) return assertFocus(page, id);
  }
  return assert.fail(`${id} cannot be reached by Tab`);
}

export async function assertFocus(page, id) {
  const focus = await page.evaluate(() => {
    const style = getComputedStyle(document.activeElement);
    return { id: document.activeElement.id, width: Number.parseFloat(style.outlineWidth), kind: style.outlineStyle };
  });
  assert.equal(focus.id, id);
  assert.ok(focus.width >= 2 && focus.kind !== "none", `${id} does not show its focus`);
}
