// npm jose, unmodified, as a second opinion on every JWT that we sign.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import * as jose from "jose";

import { startDev } from "../browser/support.mjs";
import { authorizationRequest, redeem } from "../browser/pages.mjs";
import { startServe } from "./serve.mjs";
import { VirtualBrowser } from "./virtual-browser.mjs";

const REDIRECT_URI = "http://127.0.0.1:49153/callback";
let dev, tokens, keys, request;

before(async () => {
  dev = await startDev();
  const native = dev.client("native");
  request = authorizationRequest(dev.ready.issuer, native, REDIRECT_URI, { resource: dev.ready.api });
  const arrived = await new VirtualBrowser().authorize(request.url, REDIRECT_URI, dev.user);
  const code = arrived.searchParams.get("code");
  const answer = await redeem(dev.ready.issuer, native, { code, code_verifier: request.verifier, redirect_uri: REDIRECT_URI });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  tokens = answer.body;
  const { jwks_uri } = await (await fetch(`${dev.ready.issuer}/.well-known/openid-configuration`)).json();
  keys = jose.createRemoteJWKSet(new URL(jwks_uri));
});
after(() => dev?.stop());

test("md_05 the key set has public members only, each key with its algorithm", async () => {
  await keys.reload();
  const set = keys.jwks().keys;
  assert.equal(new Set(set.map((key) => key.kid)).size, set.length);
  for (const key of set) {
    for (const secret of ["d", "p", "q", "dp", "dq", "qi", "k", "oth"]) assert.ok(!(secret in key), `${key.kid} has ${secret}`);
    assert.equal(key.use, "sig");
    assert.ok(await jose.importJWK(key, key.alg), key.kid);
  }
});

test("md_08 jose accepts the access token as at+jwt for its audience", async () => {
  const { payload, protectedHeader } = await jose.jwtVerify(tokens.access_token, keys, {
    issuer: dev.ready.issuer, audience: dev.ready.api, typ: "at+jwt",
    requiredClaims: ["exp", "sub", "client_id", "iat", "jti"],
  });
  assert.equal(protectedHeader.alg, "ES256");
  assert.equal(payload.client_id, dev.client("native").client_id);
});

test("tk_18 jose accepts the ID token, and its at_hash is right", async () => {
  const { payload, protectedHeader } = await jose.jwtVerify(tokens.id_token, keys, {
    issuer: dev.ready.issuer, audience: dev.client("native").client_id, requiredClaims: ["exp", "iat", "sub", "auth_time"],
  });
  assert.equal(payload.nonce, request.nonce);
  assert.match(protectedHeader.alg, /^(RS|ES)256$/);
  const half = createHash("sha256").update(tokens.access_token).digest().subarray(0, 16);
  assert.equal(payload.at_hash, half.toString("base64url"));
});

test("md_08 jose refuses each token where the other is expected", async () => {
  await assert.rejects(jose.jwtVerify(tokens.id_token, keys, { typ: "at+jwt" }), { code: "ERR_JWT_CLAIM_VALIDATION_FAILED" });
  await assert.rejects(
    jose.jwtVerify(tokens.access_token, keys, { audience: dev.client("native").client_id }),
    { code: "ERR_JWT_CLAIM_VALIDATION_FAILED" },
  );
});

test("jose refuses a tampered access token, and so does the sample API", async () => {
  const [header, payload, signature] = tokens.access_token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url"));
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: "someone-else" })).toString("base64url");
  const tampered = `${header}.${forged}.${signature}`;
  await assert.rejects(jose.jwtVerify(tampered, keys), { code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
  const answer = await fetch(dev.ready.api, { headers: { authorization: `Bearer ${tampered}` } });
  assert.equal(answer.status, 401);
  assert.match(answer.headers.get("www-authenticate"), /error="invalid_token"/);
});

// Which hash an algorithm's at_hash is half of (OpenID Connect Core section 3.1.3.6): that of its signature.
const HASH_OF = { ES256: "sha256", RS256: "sha256", EdDSA: "sha512" };

// A sign-in at a server where one client and one API are registered for each algorithm.
async function signInWith(server, client, { resource, scope }) {
  const [redirectUri] = client.redirect_uris;
  const asked = authorizationRequest(server.issuer, client, redirectUri, { resource, scope: `openid ${scope}` });
  const arrived = await new VirtualBrowser().authorize(asked.url, redirectUri, server.user);
  const code = arrived.searchParams.get("code");
  const answer = await redeem(server.issuer, client, { code, code_verifier: asked.verifier, redirect_uri: redirectUri, resource });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return { ...answer.body, nonce: asked.nonce };
}

test("md_08 tk_18 jose accepts access and ID tokens of every algorithm, and refuses them when tampered with", async (t) => {
  const algorithms = Object.keys(HASH_OF);
  // A scope belongs to one API.
  const api = (algorithm) => ({ resource: `https://api.example/${algorithm}`, scope: `read-${algorithm}` });
  const clients = algorithms.map((id_token_signed_response_alg) => ({
    client_name: id_token_signed_response_alg,
    application_type: "native",
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code"],
    redirect_uris: ["http://127.0.0.1/callback"],
    scope: `openid ${api(id_token_signed_response_alg).scope}`,
    id_token_signed_response_alg,
  }));
  const apis = algorithms.map((algorithm) => ["--resource", api(algorithm).resource, "--scope", api(algorithm).scope, "--algorithm", algorithm]);
  const server = await startServe(clients, apis, { algorithms });
  t.after(() => server.stop());
  const { jwks_uri } = await (await fetch(`${server.issuer}/.well-known/openid-configuration`)).json();
  const keys = jose.createRemoteJWKSet(new URL(jwks_uri));
  for (const [index, algorithm] of algorithms.entries()) {
    await t.test(algorithm, async () => {
      const client = server.clients[index];
      const issued = await signInWith(server, client, api(algorithm));
      const options = { issuer: server.issuer, algorithms: [algorithm] };
      const access = await jose.jwtVerify(issued.access_token, keys, { ...options, audience: api(algorithm).resource, typ: "at+jwt" });
      const id = await jose.jwtVerify(issued.id_token, keys, { ...options, audience: client.client_id });
      assert.deepEqual([access.protectedHeader.alg, id.protectedHeader.alg], [algorithm, algorithm]);
      assert.equal(id.payload.nonce, issued.nonce);
      const hash = createHash(HASH_OF[algorithm]).update(issued.access_token).digest();
      assert.equal(id.payload.at_hash, hash.subarray(0, hash.length / 2).toString("base64url"));
      for (const token of [issued.access_token, issued.id_token]) {
        const [header, payload, signature] = token.split(".");
        const forged = Buffer.from(JSON.stringify({ ...jose.decodeJwt(token), sub: "someone-else" })).toString("base64url");
        assert.notEqual(forged, payload);
        await assert.rejects(jose.jwtVerify(`${header}.${forged}.${signature}`, keys), { code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
      }
    });
  }
});
