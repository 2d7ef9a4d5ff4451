// Behind nginx as it comes: what is announced as the longest request gets through, by GET as far as a request line holds it, by
// POST up to its end, from the first request to the app and through the sign-out.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { authorizationRequest } from "../browser/pages.mjs";
import { until } from "../browser/support.mjs";
import { USER, freePort, startServe } from "./serve.mjs";
import { VirtualBrowser, formOf, submit } from "./virtual-browser.mjs";

const NGINX = process.env.NGINX_BINARY ?? "/usr/sbin/nginx";
const START_MS_MAX = 10_000;
// nginx takes 8 KiB of request line: the method, the path, the version and the query.
const QUERY_BYTES_MAX = 8 * 1024 - 60;
const REQUEST_BYTES_MAX = 8 * 1024;
const CALLBACK = "https://web.example/callback";
const BYE = "https://web.example/bye";
let proxy, serve, app;

before(async () => {
  const [front, back] = [await freePort(), await freePort()];
  const client = {
    client_id: "web", client_name: "The web app", token_endpoint_auth_method: "none", redirect_uris: [CALLBACK],
    post_logout_redirect_uris: [BYE], scope: "openid profile",
  };
  serve = await startServe([client], [], { issuer: `http://127.0.0.1:${front}`, listen: `127.0.0.1:${back}` });
  proxy = await startNginx(front, back);
  [app] = serve.clients;
});
after(async () => { await proxy?.stop(); await serve?.stop(); });

// One worker, every buffer as it comes. As root its workers would be another user, who cannot write here.
async function startNginx(front, back) {
  const folder = await mkdtemp(join(tmpdir(), "proofkey-nginx-"));
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`);
  await writeFile(join(folder, "nginx.conf"), `${process.getuid() === 0 ? "user root root;" : ""} daemon off; pid ${folder}/pid; error_log ${folder}/error.log; events {}
    http { access_log off; ${paths.join(" ")} server { listen 127.0.0.1:${front}; location / { proxy_pass http://127.0.0.1:${back}; } } }`);
  const child = spawn(NGINX, ["-c", join(folder, "nginx.conf")], { stdio: "ignore" });
  const ended = new Promise((resolve) => { child.on("exit", resolve); child.on("error", resolve); });
  await until(START_MS_MAX, "nginx", () => fetch(`http://127.0.0.1:${front}/livez`).then((answer) => answer.ok, () => false));
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  return { stop };
}

// A request of so many bytes, form-encoded.
function requestOf(bytes) {
  const bare = new URL(authorizationRequest(serve.issuer, app, CALLBACK, { state: "s" }).url);
  bare.searchParams.set("state", "s".repeat(bytes - bare.search.length + 2));
  assert.equal(bare.search.length - 1, bytes);
  return bare;
}

const act = (page) => {
  const form = formOf(page);
  if (form?.fields.has("password")) return submit(form, { username: USER.username, password: USER.password });
  const button = form?.buttons.find(({ value, id }) => value === "allow" || id === "continue");
  return button && submit(form, button.name ? { [button.name]: button.value } : {});
};

for (const bytes of [600, 2_600, 3_300, 6_000, QUERY_BYTES_MAX]) {
  test(`k_30 a request of ${bytes} bytes by GET leads to the app`, async () => {
    const [browser, request] = [new VirtualBrowser(), requestOf(bytes)];
    // Signed in by the second time.
    for (let round = 0; round < 2; round += 1) {
      const { arrived, page } = await browser.visit(request, CALLBACK, act);
      assert.ok(arrived, `${page?.status} ${page?.url.slice(0, 80)}`);
      assert.equal(arrived.searchParams.get("state"), request.searchParams.get("state"));
      assert.ok(arrived.searchParams.get("code"));
    }
  });
}

for (const bytes of [600, 2_600, 6_000, REQUEST_BYTES_MAX]) {
  test(`k_30 az_14 a request of ${bytes} bytes by POST leads to the app`, async () => {
    const browser = new VirtualBrowser();
    const request = requestOf(bytes);
    for (let round = 0; round < 2; round += 1) {
      const post = { url: `${serve.issuer}/authorize`, method: "POST", body: new URLSearchParams(request.search), site: "cross-site" };
      const { arrived, page } = await browser.visit(post, CALLBACK, act);
      assert.ok(arrived, `${page?.status} ${page?.text.slice(0, 400)}`);
      assert.equal(arrived.searchParams.get("state"), request.searchParams.get("state"));
    }
  });
}

for (const bytes of [600, 6_000]) {
  test(`k_30 lo_02 a sign-out of ${bytes} bytes leads back, by GET and by POST`, async () => {
    for (const method of ["GET", "POST"]) {
      const browser = new VirtualBrowser();
      await browser.visit(requestOf(600), CALLBACK, act);
      const fields = new URLSearchParams({ client_id: "web", post_logout_redirect_uri: BYE, state: "s".repeat(bytes) });
      const url = `${serve.issuer}/end-session`;
      const begin = method === "GET" ? `${url}?${fields}` : { url, method, body: fields, site: "cross-site" };
      const { arrived, page } = await browser.logOut(begin, BYE);
      assert.equal(arrived?.searchParams.get("state")?.length, bytes, `${method} ${page?.status} ${page?.text.slice(0, 400)}`);
    }
  });
}
