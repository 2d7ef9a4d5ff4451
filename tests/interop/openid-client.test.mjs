// openid-client, unmodified: discovery, code with PKCE, refresh, userinfo, introspection, revocation, logout. What it
// refuses is refused by its own validation, not by ours.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as client from "openid-client";

import { startDev } from "../browser/support.mjs";
import { VirtualBrowser } from "./virtual-browser.mjs";

const SCOPE = "openid profile email offline_access";
let dev;

before(async () => { dev = await startDev(); });
after(() => dev?.stop());

function discover(of, authentication) {
  const metadata = { client_secret: of.client_secret };
  const options = { execute: [client.allowInsecureRequests], timeout: 20 };
  return client.discovery(new URL(dev.ready.issuer), of.client_id, metadata, authentication, options);
}

// A native client's address has any port; the others' are what is registered.
function redirectUriOf(of) {
  const [first] = of.redirect_uris;
  return of.kind === "native" ? first.replace("127.0.0.1", "127.0.0.1:49152") : first;
}

async function signIn(config, of, browser, more = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const expected = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce(), idTokenExpected: true };
  const redirectUri = redirectUriOf(of);
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: SCOPE,
    state: expected.expectedState,
    nonce: expected.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    prompt: "consent",
    ...more,
  });
  const arrived = await browser.authorize(url, redirectUri, dev.user);
  return client.authorizationCodeGrant(config, arrived, expected);
}

async function everything(t, of, authentication) {
  const config = await discover(of, authentication);
  const browser = new VirtualBrowser();
  const tokens = await signIn(config, of, browser);
  const { sub } = tokens.claims();
  const userinfo = (accessToken) => client.fetchUserInfo(config, accessToken, sub);

  await t.test("code, PKCE and the ID token", () => {
    assert.equal(tokens.token_type.toLowerCase(), "bearer");
    assert.equal(tokens.claims().iss, dev.ready.issuer);
    assert.ok(tokens.refresh_token, "offline_access was granted");
  });
  await t.test("userinfo", async () => assert.equal((await userinfo(tokens.access_token)).sub, sub));
  let refreshed;
  await t.test("refresh", async () => {
    refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
    assert.notEqual(refreshed.access_token, tokens.access_token);
    assert.equal((await userinfo(refreshed.access_token)).sub, sub);
  });
  await t.test("revocation", async () => {
    await client.tokenRevocation(config, refreshed.refresh_token ?? tokens.refresh_token);
    await assert.rejects(client.refreshTokenGrant(config, refreshed.refresh_token ?? tokens.refresh_token), { error: "invalid_grant" });
    // rv_03: the grant's access tokens end with it.
    await assert.rejects(userinfo(refreshed.access_token), { code: "OAUTH_WWW_AUTHENTICATE_CHALLENGE", status: 401 });
  });
  await t.test("logout", async () => {
    const [back] = of.post_logout_redirect_uris ?? [];
    const parameters = { id_token_hint: tokens.id_token, state: "out" };
    if (back !== undefined) parameters.post_logout_redirect_uri = back;
    const { arrived } = await browser.logOut(client.buildEndSessionUrl(config, parameters), back);
    assert.equal(arrived?.searchParams.get("state"), back && "out");
    await assert.rejects(signIn(config, of, browser, { prompt: "none" }), { error: "login_required" });
  });
}

test("openid-client as a native app, without a secret", (t) => everything(t, dev.client("native"), client.None()));
test("openid-client as a browser app, without a secret", (t) => everything(t, dev.client("spa"), client.None()));
test("openid-client as a web app, client_secret_basic", (t) => {
  const of = dev.client("web");
  return everything(t, of, client.ClientSecretBasic(of.client_secret));
});

test("openid-client as a service, client_credentials", async () => {
  const of = dev.client("service");
  const config = await discover(of, client.ClientSecretBasic(of.client_secret));
  const tokens = await client.clientCredentialsGrant(config, { resource: dev.ready.api });
  assert.ok(tokens.access_token);
  assert.equal(tokens.refresh_token, undefined);
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, true);
  await client.tokenRevocation(config, tokens.access_token);
  assert.deepEqual({ ...(await client.tokenIntrospection(config, tokens.access_token)) }, { active: false });
});

test("openid-client finds the RFC 8414 document as well", async () => {
  const of = dev.client("native");
  const options = { execute: [client.allowInsecureRequests], algorithm: "oauth2" };
  const config = await client.discovery(new URL(dev.ready.issuer), of.client_id, undefined, client.None(), options);
  assert.equal(config.serverMetadata().issuer, dev.ready.issuer);
  assert.ok(config.serverMetadata().supportsPKCE("S256"));
});

test("openid-client refuses a code that was redeemed before", async () => {
  const of = dev.client("native");
  const config = await discover(of, client.None());
  const verifier = client.randomPKCECodeVerifier();
  const redirectUri = redirectUriOf(of);
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri, scope: "openid", code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
  });
  const arrived = await new VirtualBrowser().authorize(url, redirectUri, dev.user);
  await client.authorizationCodeGrant(config, arrived, { pkceCodeVerifier: verifier });
  await assert.rejects(client.authorizationCodeGrant(config, arrived, { pkceCodeVerifier: verifier }), { error: "invalid_grant" });
});
