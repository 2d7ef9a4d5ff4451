// npm jose, unmodified, as a second opinion on every JWT that we sign.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import * as jose from "jose";

import { startDev } from "../browser/support.mjs";
import { authorizationRequest, redeem } from "../browser/pages.mjs";
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
