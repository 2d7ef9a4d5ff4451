// The archive: what it needs, what it names, and the way from it to the ten steps.
import assert from "node:assert/strict";
import { copyFile, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";

import { signIn } from "./flow.mjs";
import { PACKAGES, ROOT, answers, folder, packageOf, run, start, unpacked, until } from "./support.mjs";

const CLEAN = { env: {} };
const CHROOT = "/usr/sbin/chroot";
// Two seconds are promised of a machine that does nothing else. There it takes half a second, in a build for debugging too.
const DEV_MS_MAX = 5_000;

// The binary, and what the loader says that it loads: nothing else is there.
async function emptyRoot(t) {
  const path = await folder(t);
  const binary = join(await unpacked(await folder(t)), "proofkey");
  const { stdout } = await run("ldd", [binary]);
  const libraries = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, library]) => library);
  assert.deepEqual(libraries.map((library) => basename(library)).sort(), ["ld-linux-x86-64.so.2", "libc.so.6", "libgcc_s.so.1", "libm.so.6"]);
  for (const file of libraries) {
    await mkdir(join(path, dirname(file)), { recursive: true });
    await copyFile(file, join(path, file));
  }
  await copyFile(binary, join(path, "proofkey"));
  await mkdir(join(path, "data"));
  return path;
}

test("pk_01 the archive runs in a root with nothing but its libraries and its data", async (t) => {
  const root = await emptyRoot(t);
  const inside = (...words) => run(CHROOT, [root, "/proofkey", ...words], CLEAN);
  await inside("init", "--config", "/data/proofkey.toml", "--issuer", "http://127.0.0.1:4700", "--listen", "127.0.0.1:4700", "--data", "/data");
  await inside("api", "add", "--config", "/data/proofkey.toml", "--resource", "https://api.example", "--scope", "read");
  const server = start(CHROOT, [root, "/proofkey", "serve", "--config", "/data/proofkey.toml"], CLEAN);
  t.after(() => server.stop("SIGKILL"));
  await until("the server", () => answers("http://127.0.0.1:4700/readyz"), server);
  assert.match((await inside("health", "--config", "/data/proofkey.toml")).stdout, /^ready$/m);
  assert.ok(await answers("http://127.0.0.1:4700/.well-known/openid-configuration"));
  assert.equal(await server.stop(), 0, server.log());
});

test("pk_01 the archive says what it needs, and what else is in it", async (t) => {
  const archive = await unpacked(await folder(t));
  const told = await readFile(join(archive, "README.txt"), "utf8");
  const { stdout } = await run("objdump", ["-p", join(archive, "proofkey")]);
  // The libraries of the C library itself come with it.
  const others = [...stdout.matchAll(/NEEDED +(\S+)/g)].map(([, name]) => name).filter((name) => !/^(libc|libm|ld-linux.*)\.so/.test(name));
  for (const name of [...others, "x86-64", "ca-certificates", "./proofkey dev"]) assert.ok(told.includes(name), `${name}: ${told}`);
  const [, promised] = /glibc (\d+\.\d+) or newer/.exec(told);
  const newest = [...stdout.matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor)).sort((a, b) => b - a)[0];
  assert.ok(newest <= Number(promised.split(".")[1]), `${newest} is needed, ${promised} is promised`);
  assert.ok(!/[{}]/.test(told), told);
  const guide = await readFile(join(ROOT, "docs/guides/install.md"), "utf8");
  for (const words of [`glibc ${promised}`, ...others, "ca-certificates"]) assert.ok(guide.includes(words), `install.md: ${words}`);
  for (const name of ["proofkey.service", "sysusers.conf", "default"]) {
    assert.ok(guide.includes(`systemd/${name}`) && (await readdir(join(archive, "systemd"))).includes(name), name);
  }
});

test("pk_01 names are resolved by the files that are there", async (t) => {
  const root = await emptyRoot(t);
  const init = ["init", "--config", "/data/proofkey.toml", "--issuer", "https://id.example", "--listen", "own-name.test:4701", "--data", "/data"];
  const { stderr } = await run(CHROOT, [root, "/proofkey", ...init], { ...CLEAN, code: 2 });
  assert.match(stderr, /own-name\.test:4701.*cannot be resolved/);
  await mkdir(join(root, "etc"));
  await writeFile(join(root, "etc/hosts"), "127.0.0.1 own-name.test\n");
  await run(CHROOT, [root, "/proofkey", ...init], CLEAN);
});

test("pk_02 checksums verify, and the list of parts has what the lock file has", async () => {
  await run("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: PACKAGES });
  const sums = await readFile(join(PACKAGES, "SHA256SUMS"), "utf8");
  const files = (await readdir(PACKAGES)).filter((name) => name !== "SHA256SUMS");
  assert.equal(sums.trim().split("\n").length, files.length);
  assert.ok(files.length >= 4, files.join());
  const lock = await readFile(join(ROOT, "Cargo.lock"), "utf8");
  const locked = [...lock.matchAll(/\[\[package\]\]\nname = "(.+)"\nversion = "(.+)"\n(?:source = ".+"\nchecksum = "(.+)"\n)?/g)];
  const sbom = JSON.parse(await readFile(await packageOf(".cdx.json"), "utf8"));
  assert.equal(sbom.bomFormat, "CycloneDX");
  const named = (of, hash) => `${of.name} ${of.version} ${hash ?? ""}`;
  assert.deepEqual(
    sbom.components.map((part) => named(part, part.hashes?.[0].content)).sort(),
    locked.map(([, name, version, checksum]) => named({ name, version }, checksum)).sort(),
  );
  const shipped = sbom.components.filter((part) => part.scope === "required");
  assert.ok(shipped.some((part) => part.name === "rustls") && !shipped.some((part) => part.name === "proptest"));
  for (const part of shipped.filter((part) => part.purl !== undefined)) {
    assert.ok(part.licenses?.[0].expression, part.name);
    assert.match(part.purl, /^pkg:cargo\/[\w-]+@[\w.%~-]+$/);
  }
});

test("pk_02 what is shipped goes with its licences, its manual and its completions", async (t) => {
  const archive = await unpacked(await folder(t));
  const texts = await readFile(join(archive, "third-party.txt"), "utf8");
  const { components } = JSON.parse(await readFile(join(archive, "sbom.cdx.json"), "utf8"));
  const others = components.filter((part) => part.scope === "required" && part.purl !== undefined);
  assert.ok(others.length > 100, String(others.length));
  for (const { name, version } of others) assert.ok(texts.includes(`\n${name} ${version} (`), name);
  // Of other makers, in the sources of a part.
  assert.match(texts, /c_src\/mimalloc\/v\d\/LICENSE/);
  assert.ok((await readdir(join(archive, "man/man1"))).includes("proofkey-client-add.1"));
  for (const shell of ["bash", "zsh", "fish"]) await run(shell, ["-n", join(archive, `completions/proofkey.${shell}`)]);
  const { stdout } = await run("man", ["--warnings", "-l", join(archive, "man/man5/proofkey.toml.5")], { env: { PATH: process.env.PATH, MANWIDTH: "100", LC_ALL: "C.UTF-8" } });
  assert.match(stdout, /code_seconds = 60/);
  const completed = await run("bash", ["-c", `source ${archive}/completions/proofkey.bash; COMP_WORDS=(proofkey client a); COMP_CWORD=2; _proofkey proofkey a client; echo "\${COMPREPLY[@]}"`]);
  assert.match(completed.stdout, /\badd\b/);
});

test("pk_12 the ten steps from a folder that is read-only, without a network, twice at once", async (t) => {
  const archive = await unpacked(await folder(t));
  await run("mount", ["--bind", archive, archive]);
  await run("mount", ["-o", "remount,bind,ro", archive]);
  const temporary = await folder(t);
  const begin = async (number) => {
    const [begun, ready] = [Date.now(), join(temporary, `ready-${number}.json`)];
    const dev = start(join(archive, "proofkey"), ["dev", "--ready-file", ready], { cwd: archive, env: { TMPDIR: temporary } });
    t.after(() => dev.stop("SIGKILL"));
    const took = await until("the ready file", () => readFile(ready).then(() => true, () => false), dev);
    t.diagnostic(`ready after ${took} ms`);
    assert.ok(took < DEV_MS_MAX, `${took} ms`);
    return { dev, begun, ready: JSON.parse(await readFile(ready, "utf8")) };
  };
  const both = [await begin(1), await begin(2)];
  assert.equal(both[0].ready.issuer, "http://127.0.0.1:4455");
  assert.notEqual(both[1].ready.issuer, both[0].ready.issuer);
  for (const { ready } of both) {
    assert.ok(await answers(ready.app) && await answers(`${ready.issuer}/.well-known/openid-configuration`));
    assert.equal((await fetch(ready.api)).status, 401);
  }
  // As the app does them in the browser, whose page says what it asks for.
  for (const { ready, begun } of both) {
    const app = await fetch(`${ready.app}/config.json`).then((answer) => answer.json());
    const tokens = await signIn({ issuer: app.issuer, client: app.client_id, callback: app.redirect_uri, scope: app.scope, resource: app.api, user: ready.users[0] });
    const notes = await fetch(app.api, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    assert.equal(notes.status, 200, await notes.text());
    t.diagnostic(`the ten steps are done ${Date.now() - begun} ms after its start`);
  }
  for (const { dev } of both) assert.equal(await dev.stop("SIGINT"), 0, dev.log());
});
