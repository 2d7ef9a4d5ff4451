// Judges an API of the guides by tokens: good ones, and all that it must refuse.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import { redeem, authorizationRequest } from "../browser/pages.mjs";
import { VirtualBrowser } from "../interop/virtual-browser.mjs";
import { USER } from "./guide.mjs";

const CALLBACK = "http://127.0.0.1:4471/callback";
const OTHER = "https://other.example/api";

// Clients and another API beside those of the page, so that there are tokens of every kind.
async function register(guide) {
  await guide.run(`proofkey api add --resource ${OTHER} --scope other:read`);
  await guide.run(`proofkey client add --native --name Judge --id judge --redirect ${CALLBACK} --scope "notes:read other:read"`);
}

async function tokensFor(guide, resource, scope) {
  const issuer = guide.fill("http://127.0.0.1:4455");
  const redirectUri = guide.fill(CALLBACK);
  const client = { client_id: "judge" };
  const asked = authorizationRequest(issuer, client, redirectUri, { scope, resource });
  const arrived = await new VirtualBrowser().authorize(asked.url, redirectUri, USER);
  const answer = await redeem(issuer, client, { code: arrived.searchParams.get("code"), code_verifier: asked.verifier, redirect_uri: redirectUri });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

function tampered(token) {
  const [header, payload, signature] = token.split(".");
  const claims = { ...JSON.parse(Buffer.from(payload, "base64url")), sub: "someone-else" };
  return `${header}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.${signature}`;
}

// What every API of the guides must do.
export async function judge(t, guide) {
  await register(guide);
  const api = guide.fill("http://127.0.0.1:4460/notes");
  const call = (token) => fetch(api, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
  const good = await tokensFor(guide, api, "openid notes:read");
  await t.test("a valid token is taken", async () => {
    const answer = await call(good.access_token);
    assert.equal(answer.status, 200, answer.headers.get("www-authenticate"));
    assert.match((await answer.json()).owner, /^u-[0-9a-f]+$/);
  });
  const other = await tokensFor(guide, OTHER, "openid other:read");
  const withoutScope = await tokensFor(guide, api, "openid");
  const refused = [
    ["no token", undefined, 401, undefined],
    ["no JWT", randomBytes(20).toString("base64url"), 401, "invalid_token"],
    ["a changed token", tampered(good.access_token), 401, "invalid_token"],
    ["an ID token", good.id_token, 401, "invalid_token"],
    ["a token of another API", other.access_token, 401, "invalid_token"],
    ["a token without the scope", withoutScope.access_token, 403, "insufficient_scope"],
  ];
  for (const [what, token, status, error] of refused) {
    await t.test(`${what} is refused`, async () => {
      const answer = await call(token);
      const challenge = answer.headers.get("www-authenticate");
      assert.equal(answer.status, status, challenge);
      assert.match(challenge, /^Bearer/);
      if (error !== undefined) assert.match(challenge, new RegExp(`error="${error}"`));
    });
  }
}
