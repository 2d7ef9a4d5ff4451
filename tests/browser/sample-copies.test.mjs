// What the sample app lets a person take along: a step as a command for a terminal, and a run as a file without secrets.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

import { open, recordWire, run, step, waitForState } from "./flow-page.mjs";
import { assertAccessible, assertFitsWidth, signInAndAllow } from "./pages.mjs";
import { launch, openPage, screenshot, startDev } from "./support.mjs";

const SHELLS = ["/bin/sh", "/bin/bash", "/usr/bin/zsh"].filter((shell) => existsSync(shell));
const CLIPBOARD = { permissions: ["clipboard-read", "clipboard-write"] };
let dev, browser;

before(async () => {
  dev = await startDev();
  browser = await launch();
});
after(async () => { await browser?.close(); await dev?.stop(); });

// Runs a text as if it had been pasted.
async function pasted(command, shell = SHELLS[0]) {
  const env = { PATH: process.env.PATH, HOME: "/nonexistent" };
  const { stdout } = await promisify(execFile)(shell, ["-c", command], { env, timeout: 20_000 });
  const [head, ...rest] = stdout.split("\r\n\r\n");
  return { status: Number(head.split(" ")[1]), body: rest.join("\r\n\r\n") };
}

// By keyboard alone: the panel is opened, the button is reached and pressed.
async function copied(page, n) {
  const summary = step(page, n).locator("summary").first();
  if (!(await step(page, n).locator("details.more").evaluate((details) => details.open))) {
    await summary.focus();
    await page.keyboard.press("Enter");
  }
  const button = step(page, n).locator(".copy button");
  await button.focus();
  await page.keyboard.press("Enter");
  await step(page, n).locator('.copy [role="status"]', { hasText: "Copied." }).waitFor();
  return page.evaluate(() => navigator.clipboard.readText());
}

// Everything that the browser says, not only what it refused.
function listen(page) {
  const said = [];
  page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  return said;
}

test("pk_15 each request of a run is copied as a command that does what the page did", async (t) => {
  const page = await openPage(t, browser, CLIPBOARD);
  const said = listen(page);
  await run(page, dev);
  await waitForState(page, 10, "done");
  for (const n of [1, 3, 4, 5, 7, 8, 10]) assert.equal(await step(page, n).locator(".copy").count(), 0, `step ${n} sends nothing`);
  const [authorize, api] = [await pasted(await copied(page, 2)), await pasted(await copied(page, 9))];
  assert.equal(authorize.status, 200);
  assert.match(authorize.body, /id="login-submit"/);
  assert.equal(api.status, 200);
  assert.ok(Array.isArray(JSON.parse(api.body)));
  await page.locator("#refresh").click();
  await step(page, 8).locator(".copy button").waitFor({ state: "attached" });
  const refreshed = await pasted(await copied(page, 8));
  assert.equal(refreshed.status, 200);
  assert.ok(JSON.parse(refreshed.body).access_token);
  const again = await pasted(await copied(page, 6));
  assert.deepEqual([again.status, JSON.parse(again.body).error], [400, "invalid_grant"], "as the page says beside the button");
  assert.match(await step(page, 6).locator(".copy .note-text").textContent(), /refused.*sh, bash and zsh/);
  const names = await page.locator(".copy button").allTextContents();
  assert.equal(new Set(names).size, names.length, `${names}: each button says of which step`);
  assert.deepEqual(page.complaints, []);
  assert.deepEqual(said, []);
});

test("pk_15 before the page sends the code, the command redeems it in its place", async (t) => {
  const page = await openPage(t, browser, CLIPBOARD);
  await open(page, dev);
  await page.locator("#by-step").check();
  await page.locator("#primary").click();
  await waitForState(page, 2, "live");
  await page.locator('#primary[data-action="next"][aria-disabled="false"]').click();
  await signInAndAllow(page, dev.user);
  await waitForState(page, 6, "live");
  const redeemed = await pasted(await copied(page, 6));
  assert.equal(redeemed.status, 200);
  assert.ok(JSON.parse(redeemed.body).id_token);
});

test("pk_15 without the clipboard the command is shown, selected, and reached by the keyboard", async (t) => {
  const page = await openPage(t, browser);
  await page.addInitScript(() => { navigator.clipboard.writeText = () => Promise.reject(new Error("denied")); });
  await run(page, dev);
  await waitForState(page, 10, "done");
  await step(page, 9).locator("summary").first().click();
  await step(page, 9).locator(".copy button").click();
  const shown = step(page, 9).locator(".copy pre");
  await shown.waitFor();
  assert.ok(await shown.evaluate((pre) => document.activeElement === pre && getSelection().toString().trim() === pre.textContent.trim()));
  assert.equal((await pasted(await shown.textContent())).status, 200);
  await assertAccessible(page, "flow page, command shown");
});

// Values that mean something to a shell, to curl, or to an address.
const HOSTILE = [
  "'; touch pwned; '", "$(touch pwned)", "`touch pwned`", "$HOME", "\"", "\\", "\\'", "!!", "!touch", "@/etc/passwd", "a=@/etc/passwd",
  "[1-3]", "{a,b}", "%0a", "%", "+", "&x=y", "a;b", "a|b", "a>b", "~", "*", "?", "#", " ", "-o", "--next", "two\nlines", "\u001b[201~", "\t", "ü€😀", "</script>",
];

test("pk_15 whatever the values are, they stay data for every shell, for curl and for the server", async (t) => {
  const page = await openPage(t, browser);
  await open(page, dev);
  const seen = [];
  const echo = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => { body += chunk; });
    request.on("end", () => { seen.push({ url: request.url, headers: request.headers, body }); response.end("{}"); });
  });
  await new Promise((resolve) => echo.listen(0, "127.0.0.1", resolve));
  t.after(() => echo.close());
  const base = `http://127.0.0.1:${echo.address().port}`;
  const commandOf = (flow, n) => page.evaluate(async ([record, at]) => (await import("/curl.js")).curlOf(record, at), [flow, n]);
  for (const value of HOSTILE) {
    const [form] = [await commandOf({ tokenRequest: { url: `${base}/token`, body: { code: value, code_verifier: value } } }, 6)];
    const query = new URL(`${base}/authorize/[1-3]{a,b}'$(x)\``);
    query.searchParams.set("state", value);
    const address = await commandOf({ url: query.href }, 2);
    const header = await commandOf({ apiRequest: { url: `${base}/notes`, token: value } }, 9);
    for (const shell of SHELLS) {
      await pasted(form.command, shell);
      assert.deepEqual(Object.fromEntries(new URLSearchParams(seen.at(-1).body)), { code: value, code_verifier: value }, `${shell}: ${JSON.stringify(value)}`);
      await pasted(address.command, shell);
      assert.equal(new URL(seen.at(-1).url, base).searchParams.get("state"), value, `${shell}: ${JSON.stringify(value)}`);
      assert.equal(seen.at(-1).url, query.pathname + query.search);
      // What cannot be pasted as it is has no command.
      if (/^[\x20-\x7e]*$/.test(value)) {
        await pasted(header.command, shell);
        assert.equal(seen.at(-1).headers.authorization, `Bearer ${value}`.trim(), `${shell}: ${JSON.stringify(value)}`);
      } else {
        assert.equal(header.command, null);
      }
    }
  }
  assert.equal(seen.length, SHELLS.length * (2 * HOSTILE.length + HOSTILE.filter((value) => /^[\x20-\x7e]*$/.test(value)).length), "no command sent more than its one request");
  assert.ok(!existsSync("pwned"));
  for (const url of ["file:///etc/passwd", "javascript:alert(1)", "not an address"]) assert.equal((await commandOf({ url }, 2)).command, null, url);
});

test("pk_15 a run is saved as a file that has none of its secrets", async (t) => {
  const page = await openPage(t, browser);
  const said = listen(page);
  const recorded = recordWire(page, dev);
  await open(page, dev);
  assert.ok(await page.locator("#save-run").isHidden(), "there is nothing to save yet");
  await run(page, dev);
  await waitForState(page, 10, "done");
  await page.locator("#refresh").click();
  await page.locator('#step-8 [data-key="refreshed"]').waitFor({ state: "attached" });
  await page.locator("#save-run").focus();
  const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
  assert.equal(download.suggestedFilename(), "proofkey-run.json");
  const text = await readFile(await download.path(), "utf8");
  const saved = JSON.parse(text);
  assert.deepEqual(saved.steps.map(({ state }) => state), Array(10).fill("done"));
  assert.match(await page.locator("#status").innerText(), /without its secrets/);

  const [token, refresh] = await Promise.all(recorded.token);
  const asked = new URL((await recorded.authorize[0]).url).searchParams;
  const secrets = [token.fields.code_verifier, token.fields.code, asked.get("state"), asked.get("nonce"), dev.user.username, dev.user.password];
  for (const { body } of [token, refresh]) {
    const tokens = JSON.parse(body);
    for (const jwt of [tokens.access_token, tokens.id_token].filter(Boolean)) secrets.push(jwt, ...jwt.split(".").slice(1));
    secrets.push(tokens.refresh_token);
  }
  const { sub, sid } = JSON.parse(Buffer.from(JSON.parse(token.body).id_token.split(".")[1], "base64url"));
  for (const secret of [...secrets, sub, sid]) assert.ok(!stands(text, secret), `${secret} is in the file`);
  // The same value has the same name, so that what should be equal can still be seen to be.
  const at = (n) => saved.steps[n - 1].values;
  assert.deepEqual([at(1).verifier, at(6).code_verifier], ["[verifier]", "[verifier]"]);
  assert.deepEqual([at(1).state, at(2).state, at(5).state], ["[state]", "[state]", "[state]"]);
  assert.equal(at(9).authorization, "Bearer [access_token]");
  assert.match(at(2).request, /^http.*\/authorize\?response_type=code&.*state=\[state\]/);
  assert.equal(at(7).result, "equal");
  assert.deepEqual([page.complaints, said], [[], []]);
});

// Whether a text has a value; a short one, which random letters may spell, as a word.
function stands(text, value) {
  const literal = value.replaceAll(/[^\w]/g, "\\$&");
  return value.length >= 8 ? text.includes(value) : new RegExp(`(?<![\\w-])${literal}(?![\\w-])`, "i").test(text);
}

test("pk_15 of a run in which every value is a canary, the file has those that are known to be no secret", async (t) => {
  const page = await openPage(t, browser);
  await open(page, dev);
  const canaries = new Map();
  const c = (name) => {
    // Of letters and digits alone, so that the value could be a name too.
    const value = `canary${randomBytes(9).toString("hex")}`;
    canaries.set(value, name);
    return value;
  };
  for (const failed of [false, true]) {
    canaries.clear();
    const text = await page.evaluate(async (flow) => (await import("/runfile.js")).runFile(flow, new Date()), record(c, failed));
    const found = new Set([...text.matchAll(/canary[0-9a-f]{18}/g)].map(([canary]) => canaries.get(canary) ?? "of nobody"));
    const open = ["challenge", "client_id", "scope", "computed", "kid", "jti", "grant", "grant_id", "method", "page", "result", "aud", "token_type", "content_type"];
    const told = ["error", "description", "title", "after", "fix", "id", "rule", "standard", "kind"];
    const allowed = new Set(failed ? [...open, ...told] : open);
    for (const name of found) assert.ok(allowed.has(name), `${name} is in the file`);
    for (const name of ["challenge", "client_id", "scope", "kid", "grant_id"]) assert.ok(found.has(name), `${name} is missing`);
    assert.ok(canaries.size > 60, `${canaries.size} values`);
    // Nor in the forms that addresses, JSON and tokens give to text.
    const bare = text.replaceAll(/\[[^\]]*\]/g, "");
    assert.ok(!/eyJ[\w-]{20}/.test(bare), "no part of a token");
  }
});

test("pk_15 a name of a person is replaced where it stands as a word, however short, in each form of text", async (t) => {
  const page = await openPage(t, browser);
  await open(page, dev);
  const fixed = new Map([["user", "ada"], ["name", "Ada Lovelace"], ["email", "al@x.example"], ["session", "no"]]);
  const flow = record((name) => fixed.get(name) ?? `canary${randomBytes(9).toString("hex")}`, false);
  flow.back.error_description = "no user Ada, Ada Lovelace, Ada+Lovelace, ADA%20LOVELACE or (al%40x.example); Canada and al stay";
  flow.back.url = `https://app.example/ada/callback?${new URLSearchParams({ ada: "1", error_description: "unknown user ada" })}`;
  const text = await page.evaluate(async (made) => (await import("/runfile.js")).runFile(made, new Date()), flow);
  const { values } = JSON.parse(text).steps[4];
  assert.equal(values.error_description, "no user [user], [name], [name], [name] or ([email]); Canada and al stay");
  assert.match(values.response, /^https:\/\/app\.example\/\[user\]\/callback\?other=\[other( \d+)?\]&error_description=unknown user \[user\]$/);
});

// A record as the page keeps it, with a value of its own in every place where a party can put one.
function record(c, failed) {
  const jwt = (header, claims) => [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).concat(c("signature")).join(".");
  const [state, nonce, verifier, code, challenge, client] = [c("state"), c("nonce"), c("verifier"), c("code"), c("challenge"), c("client_id")];
  const scope = c("scope");
  const access = jwt({ typ: "at+jwt", alg: "ES256", kid: c("kid"), unknown: c("unknown header") }, {
    iss: "https://id.example", sub: c("sub"), aud: c("aud"), client_id: client, scope, jti: c("jti"), grant_id: c("grant_id"), name: c("name"), unknown: c("unknown claim"), nested: { inside: c("nested claim") },
  });
  const id = jwt({ alg: "RS256", kid: c("kid") }, { sub: c("sub"), nonce, sid: c("sid"), at_hash: c("at_hash"), email: c("email"), preferred_username: c("preferred_username"), address: { country: c("address") } });
  const tokens = { access_token: access, id_token: id, refresh_token: c("refresh_token"), token_type: c("token_type"), expires_in: 600, scope, device_secret: c("device_secret") };
  const later = { access_token: jwt({ alg: "ES256", kid: c("kid") }, { sub: c("sub") }), refresh_token: c("refresh_token"), [c("a name of a member")]: c("an unknown member") };
  const query = (members) => new URLSearchParams(members).toString();
  const answer = (status, body) => ({ status, contentType: c("content_type"), challenge: "", body });
  const parameters = { response_type: "code", client_id: client, redirect_uri: "https://app.example/cb", scope, state, nonce, code_challenge: challenge, code_challenge_method: "S256", login_hint: c("login_hint") };
  const back = { code, state, iss: "https://id.example", error_description: `about ${code} and ${encodeURIComponent(`${verifier} `)}` };
  return {
    ...{ state, nonce, verifier, challenge, provoke: "", byStep: false, issuer: "https://id.example", clientId: client, waitSeconds: 0 },
    ...{ registeredUri: "https://app.example/cb", redirectUri: "https://app.example/cb", done: failed ? 6 : 10, live: null, left: true, parameters },
    failure: failed ? { step: 7, ...Object.fromEntries(["kind", "title", "error", "after", "fix", "id", "rule", "standard"].map((name) => [name, c(name)])), status: 400, description: `${c("description")} ${code}`, pair: [[c("pair"), c("pair")], [c("pair"), c("pair")]] } : null,
    url: `https://id.example/authorize?${query({ ...parameters, unknown: c("unknown parameter") })}#${c("fragment")}`,
    back: { url: `https://app.example/callback?${query({ ...back, session_state: c("session_state") })}`, ...back, at: 1 },
    tokenRequest: { url: "https://id.example/token", challenge: c("computed"), body: { grant_type: "authorization_code", code, client_id: client, code_verifier: c("other verifier"), client_secret: c("client_secret"), client_assertion: c("client_assertion") } },
    ...{ tokenSent: true, tokenAnswer: failed ? answer(400, `not JSON ${c("answer")}`) : answer(200, JSON.stringify(tokens)), firstAnswer: answer(200, JSON.stringify(later)), sentAt: 2, tokens },
    checks: [{ name: "signature", holds: false, got: c("got"), wanted: c("wanted") }],
    refreshToken: later.refresh_token, refreshed: { url: "https://id.example/token", body: { refresh_token: tokens.refresh_token }, answer: answer(200, JSON.stringify(later)) },
    apiRequest: { url: `https://api.example/notes?${query({ key: c("api key") })}`, token: `${access.slice(0, -1)}x` },
    apiAnswer: { ...answer(401, c("body")), challenge: `Bearer realm="x", error_description="about ${access}", ticket="${c("ticket")}", bare=${c("bare")}, DPoP ${c("another scheme")}` },
    trace: [
      { step: 3, took_us: 1, values: [["status", "200"], ["page", c("page")], ["session", c("session")]] },
      { step: 4, took_us: 1, values: [["user", c("user")], ["method", c("method")], ["unknown", c("unknown told")]] },
      { step: 7, took_us: 1, values: [["result", c("result")], ["grant", c("grant")], ["stored", challenge]] },
      { step: 10, took_us: 1, values: [["sub", c("sub")], ["email", c("email")]] },
    ],
  };
}

// With every panel open the page is looked at in every-page.test.mjs; here after the buttons were used.
test("pk_15 what the buttons say fits 320 px and is accessible, in the dark", async (t) => {
  const page = await openPage(t, browser, { viewport: { width: 320, height: 900 }, colorScheme: "dark", ...CLIPBOARD });
  await run(page, dev);
  await waitForState(page, 10, "done");
  for (const n of [2, 6, 9]) await copied(page, n);
  await page.locator("#save-run").click();
  await assertFitsWidth(page, "flow page, copied");
  await assertAccessible(page, "flow page, copied");
  const heights = await page.locator(".copy button, #save-run").evaluateAll((buttons) => buttons.map((button) => button.getBoundingClientRect().height).filter((height) => height > 0));
  assert.ok(heights.length === 4 && heights.every((height) => height >= 24), `${heights}: WCAG 2.5.8`);
  await screenshot(page, "flow-copied-dark-320");
});

test("pk_15 a step that failed is copied too", async (t) => {
  const page = await openPage(t, browser, CLIPBOARD);
  await run(page, dev, "token");
  await waitForState(page, 10, "failed");
  const answer = await pasted(await copied(page, 9));
  assert.equal(answer.status, 401, "the token as it was sent");
  assert.deepEqual(page.complaints, []);
});
