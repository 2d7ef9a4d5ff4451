// oidc-client-ts, unmodified, in Chromium, on a page of another origin: what a browser app needs of CORS and of tokens.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import { signIn } from "../browser/pages.mjs";
import { launch, openPage } from "../browser/support.mjs";
import { startServe } from "./serve.mjs";

const LIBRARY = createRequire(import.meta.url).resolve("oidc-client-ts").replace(/dist\/.*$/, "dist/browser/oidc-client-ts.min.js");
const PAGE = '<!doctype html><html lang="en"><title>App</title><script src="/oidc-client-ts.js"></script><p>App</p></html>';
let app, server, browser, settings;

before(async () => {
  const library = await readFile(LIBRARY);
  app = createServer((request, response) => {
    const isLibrary = request.url === "/oidc-client-ts.js";
    response.writeHead(200, { "content-type": isLibrary ? "text/javascript" : "text/html; charset=utf-8" });
    response.end(isLibrary ? library : PAGE);
  });
  await new Promise((resolve) => app.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${app.address().port}`;
  const client = {
    client_name: "Browser app",
    redirect_uris: [`${origin}/callback`],
    post_logout_redirect_uris: [`${origin}/bye`],
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    scope: "openid profile email offline_access",
  };
  server = await startServe([client]);
  browser = await launch();
  settings = {
    authority: server.issuer,
    client_id: server.clients[0].client_id,
    redirect_uri: client.redirect_uris[0],
    post_logout_redirect_uri: client.post_logout_redirect_uris[0],
    scope: client.scope,
    loadUserInfo: true,
    automaticSilentRenew: false,
    revokeTokenTypes: ["access_token", "refresh_token"],
    extraTokenParams: {},
  };
});
after(async () => {
  await browser?.close();
  await server?.stop();
  app?.closeAllConnections();
  app?.close();
});

// Runs `work` in the page with a user manager of the library, the same one in all calls of a page.
function manage(page, work, argument) {
  return page.evaluate(async ({ settings, work, argument }) => {
    const { UserManager } = window.oidc;
    const manager = (window.manager ??= new UserManager(settings));
    return (0, eval)(`(${work})`)(manager, argument);
  }, { settings, work: work.toString(), argument });
}

test("tk_19 oidc-client-ts in Chromium: code and PKCE, userinfo, refresh, revocation, logout", async (t) => {
  const page = await openPage(t, browser);
  await page.goto(new URL("/", settings.redirect_uri).href);
  // The page goes away under this call, so its end is never heard of.
  const leave = (work) => manage(page, work).catch(() => undefined);

  await t.test("code and PKCE", async () => {
    void leave((manager) => manager.signinRedirect());
    await page.locator("#username").waitFor();
    await signIn(page, server.user);
    await page.locator("#consent-allow").click();
    await page.waitForURL((url) => url.href.startsWith(settings.redirect_uri));
    const user = await manage(page, async (manager) => {
      const user = await manager.signinRedirectCallback();
      return { profile: user.profile, scope: user.scope, hasRefresh: Boolean(user.refresh_token) };
    });
    assert.equal(user.profile.iss, server.issuer);
    assert.ok(user.hasRefresh);
    assert.equal(user.profile.preferred_username ?? user.profile.name, user.profile.preferred_username ? "grace" : "Grace Hopper");
  });

  await t.test("refresh", async () => {
    const [before, after] = await manage(page, async (manager) => {
      const before = await manager.getUser();
      const after = await manager.signinSilent();
      return [before.access_token, after.access_token];
    });
    assert.notEqual(before, after);
  });

  await t.test("userinfo and its CORS", async () => {
    const [subject, answered] = await manage(page, async (manager) => {
      const user = await manager.getUser();
      const url = await manager.metadataService.getUserInfoEndpoint();
      const answer = await fetch(url, { headers: { authorization: `Bearer ${user.access_token}` } });
      return [user.profile.sub, (await answer.json()).sub];
    });
    assert.equal(subject, answered);
  });

  let idToken;
  await t.test("revocation", async () => {
    const status = await manage(page, async (manager) => {
      const user = await manager.getUser();
      await manager.revokeTokens();
      const url = await manager.metadataService.getUserInfoEndpoint();
      const answer = await fetch(url, { headers: { authorization: `Bearer ${user.access_token}` } });
      return { status: answer.status, idToken: user.id_token };
    });
    assert.equal(status.status, 401);
    idToken = status.idToken;
  });

  await t.test("logout", async () => {
    assert.ok(idToken);
    void leave((manager) => manager.signoutRedirect({ state: { from: "test" } }));
    const confirm = page.locator("#logout-confirm");
    const isBack = page.waitForURL((url) => url.href.startsWith(settings.post_logout_redirect_uri));
    await Promise.race([isBack, confirm.click().catch(() => undefined)]);
    await isBack;
    const state = await manage(page, async (manager) => (await manager.signoutRedirectCallback()).userState);
    assert.deepEqual(state, { from: "test" });
    void leave((manager) => manager.signinRedirect());
    await page.locator("#password").waitFor();
  });
});
