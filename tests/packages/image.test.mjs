// The image: unpacked as an engine does it, and run in a chroot with what an engine grants: nothing.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmod, chown, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

import { PACKAGES, PROOFKEY, ROOT, answers, folder, packageOf, run, start, until } from "./support.mjs";

const HELPER = fileURLToPath(new URL("./contained.py", import.meta.url));

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

// The layers on top of one another, and the configuration; every blob is what its digest says.
async function image(t) {
  const layout = await folder(t);
  await run("tar", ["-xf", await packageOf("-image.tar"), "-C", layout]);
  assert.equal(JSON.parse(await readFile(join(layout, "oci-layout"), "utf8")).imageLayoutVersion, "1.0.0");
  const blob = async ({ digest, size }) => {
    const bytes = await readFile(join(layout, "blobs", digest.replace(":", "/")));
    assert.deepEqual([`sha256:${sha256(bytes)}`, bytes.length], [digest, size]);
    return bytes;
  };
  const [entry] = JSON.parse(await readFile(join(layout, "index.json"), "utf8")).manifests;
  const manifest = JSON.parse(await blob(entry));
  const config = JSON.parse(await blob(manifest.config));
  const root = await folder(t);
  for (const [at, layer] of manifest.layers.entries()) {
    const bytes = await blob(layer);
    assert.equal(`sha256:${sha256(gunzipSync(bytes))}`, config.rootfs.diff_ids[at]);
    await run("tar", ["-xzp", "--same-owner", "-C", root], { input: bytes });
  }
  return { root, config };
}

const contained = (root, uid, words) =>
  ["--mount", "--pid", "--fork", "--kill-child", "python3", HELPER, root, String(uid), ...words];

// What the operator brings: a volume for the data, the configuration, and the sealing key as Kubernetes mounts it.
async function withVolumes(root, uid, port) {
  const [data, etc] = [join(root, "var/lib/proofkey"), join(root, "etc/proofkey")];
  for (const path of [data, etc]) await run("mount", ["-t", "tmpfs", "tmpfs", path]);
  await chown(data, uid, uid);
  await chmod(data, 0o700);
  const binary = join(root, "usr/bin/proofkey");
  const config = join(etc, "proofkey.toml");
  await run(binary, ["init", "--config", config, "--issuer", `http://127.0.0.1:${port}`, "--listen", `0.0.0.0:${port}`, "--data", "/var/lib/proofkey"]);
  await chown(join(etc, "sealing.key"), 0, uid);
  await chmod(join(etc, "sealing.key"), 0o440);
  return data;
}

for (const [uid, port] of [[65532, 4710], [12345, 4711]]) {
  test(`pk_05 the image serves as user ${uid} with a read-only root and no capability, and drains as process 1`, async (t) => {
    const { root, config } = await image(t);
    assert.equal(config.config.User, "65532:65532");
    await withVolumes(root, uid, port);
    const words = [...config.config.Entrypoint, ...config.config.Cmd];
    const server = start("unshare", contained(root, uid, words));
    t.after(() => server.stop("SIGKILL"));
    await until("the server", () => answers(`http://127.0.0.1:${port}/readyz`), server);
    const health = await run("unshare", contained(root, uid, config.config.Healthcheck.Test.slice(1)));
    assert.match(health.stdout, /^ready$/m);
    assert.ok(await answers(`http://127.0.0.1:${port}/jwks`));
    const { stdout } = await run("pgrep", ["-x", "proofkey"]);
    const pid = stdout.trim();
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    for (const line of [/^NSpid:\t\d+\t1$/m, new RegExp(`^Uid:\t${uid}\t`, "m"), /^CapBnd:\t0+$/m, /^CapEff:\t0+$/m]) assert.match(status, line);
    await run("kill", ["-TERM", pid]);
    assert.equal(await server.ended, 0, server.log());
    // An engine's check of what has ended.
    await run("unshare", contained(root, uid, config.config.Healthcheck.Test.slice(1)), { code: 4 });
  });
}

test("pk_05 the layer has no shell, and nothing in it belongs to a user but the data", async (t) => {
  const { root } = await image(t);
  const { stdout } = await run("find", [root, "-mindepth", "1", "-printf", "%P %U %m %y\n"]);
  const entries = stdout.trim().split("\n");
  assert.deepEqual(entries.filter((entry) => !/ 0 \d+ [fd]$/.test(entry)), ["var/lib/proofkey 65532 700 d"]);
  assert.deepEqual(entries.filter((entry) => / f$/.test(entry) && /bin\//.test(entry)), ["usr/bin/proofkey 0 755 f"]);
  assert.ok(entries.includes("etc/ssl/certs/ca-certificates.crt 0 644 f"));
});

test("pk_05 what the image has of the system is in its list of parts, and goes with its licence", async (t) => {
  const { root } = await image(t);
  const { components } = JSON.parse(await readFile(join(root, "usr/share/doc/proofkey/sbom.cdx.json"), "utf8"));
  const urls = components.map((part) => part.purl ?? "");
  for (const name of ["libc6", "libgcc-s1", "ca-certificates"]) {
    const version = (await run("dpkg-query", ["--show", "--showformat=${Version}", name])).stdout;
    assert.ok(urls.some((url) => url.startsWith("pkg:deb/") && url.includes(`/${name}@${encodeURIComponent(version)}?arch=`)), name);
    assert.ok((await readFile(join(root, "usr/share/doc", name, "copyright"), "utf8")).length > 0, name);
  }
});

test("pk_05 the same binary packed again is the same image", async (t) => {
  const to = join(await folder(t), "again");
  await run(process.env.XTASK ?? "cargo", process.env.XTASK ? ["dist", "--of", PROOFKEY, "--to", to] : ["xtask", "dist", "--of", PROOFKEY, "--to", to], { cwd: ROOT, timeout: 240_000 });
  const [first, again] = [PACKAGES, to].map((place) => readFile(join(place, "SHA256SUMS"), "utf8"));
  assert.equal(await again, await first);
});
