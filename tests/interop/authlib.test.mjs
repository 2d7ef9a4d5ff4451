// Authlib (PyPI), unmodified. The Python side tells each step that it completed; a step that it never told has failed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { ROOT, startDev } from "../browser/support.mjs";

const PYTHON = join(ROOT, "target/venv/bin/python");
const SCRIPT = fileURLToPath(new URL("./authlib_client.py", import.meta.url));
const RUN_MS_MAX = 120_000;
const STEPS = ["discovery", "code and PKCE", "ID token", "userinfo", "refresh", "revocation", "logout"];
let dev;

before(async () => { dev = await startDev(); });
after(() => dev?.stop());

// Authlib refuses plain http unless told that this is a test on loopback.
function authlib(kind) {
  const child = spawn(PYTHON, [SCRIPT, kind], { env: { ...process.env, AUTHLIB_INSECURE_TRANSPORT: "1" }, timeout: RUN_MS_MAX });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => { stdout += chunk; });
  child.stderr.on("data", (chunk) => { stderr += chunk; });
  child.stdin.end(JSON.stringify(dev.ready));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve({ code, told: stdout.split("\n").filter(Boolean), stderr }));
  });
}

for (const kind of ["native", "spa", "web"]) {
  test(`Authlib as a ${kind} client`, async (t) => {
    const { code, told, stderr } = await authlib(kind);
    for (const step of STEPS) await t.test(step, () => assert.ok(told.includes(step), stderr));
    assert.equal(code, 0, stderr);
  });
}

test("Authlib as a service, client_credentials", async () => {
  const { code, told, stderr } = await authlib("service");
  assert.equal(code, 0, stderr);
  assert.deepEqual(told, ["discovery", "client credentials"]);
});
