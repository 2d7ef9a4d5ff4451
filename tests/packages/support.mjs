// Packages, roots to unpack them into, and programs that run there and end. Everything needs root, and namespaces of its own: the
// runner makes them (mounts, processes, and a network with nothing but loopback).
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { readdir, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const PACKAGES = process.env.PROOFKEY_PACKAGES ?? join(ROOT, "target/test-packages");
// The binary that they were made of.
export const PROOFKEY = process.env.PROOFKEY_BINARY ?? join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "debug/proofkey");
const COMMAND_MS_MAX = 60_000;
const LOG_CHARS_MAX = 100_000;

// The one package whose name ends so.
export async function packageOf(ending) {
  const names = (await readdir(PACKAGES)).filter((name) => name.endsWith(ending));
  assert.equal(names.length, 1, `one ${ending} in ${PACKAGES}, not ${names}`);
  return join(PACKAGES, names[0]);
}

// Runs a program to its end. `code` is what it may end with; what it printed is returned.
export function run(program, words, { code = 0, input = "", ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = execFile(program, words, { timeout: COMMAND_MS_MAX, maxBuffer: 16 << 20, ...options }, (error, stdout, stderr) => {
      const ended = error === null ? 0 : error.code;
      if (ended === code) resolve({ stdout, stderr });
      else reject(new Error(`${program} ${words.join(" ")} ended with ${ended}:\n${stdout}\n${stderr}`));
    });
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

// Starts a program that goes on. `log` is what it said so far; `stop` asks it to end and returns how it did.
export function start(program, words, options = {}) {
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"], ...options });
  let said = "";
  const keep = (chunk) => { said = (said + chunk).slice(-LOG_CHARS_MAX); };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const ended = new Promise((resolve) => {
    child.on("error", (error) => { keep(String(error)); resolve(null); });
    child.on("close", (code, signal) => resolve(code ?? signal));
  });
  const stop = async (signal = "SIGTERM") => {
    child.kill(signal);
    return ended;
  };
  return { child, ended, stop, log: () => said };
}

// Asks until the answer is true; `server` that ended meanwhile is an error.
export async function until(what, ask, server, most = 30_000) {
  const begun = Date.now();
  for (;;) {
    if (await ask()) return Date.now() - begun;
    if (server !== undefined && (server.child.exitCode !== null || server.child.signalCode !== null)) throw new Error(`${what}: ended early:\n${server.log()}`);
    if (Date.now() - begun > most) throw new Error(`${what} does not come:\n${server?.log()}`);
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}

export const answers = (url) => fetch(url).then((answer) => answer.ok, () => false);

// A folder that goes with the test, on a file system of its own, so that whatever is mounted in it goes too.
export async function folder(t) {
  const path = await mkdtemp(join(tmpdir(), "proofkey-package-"));
  await run("mount", ["-t", "tmpfs", "tmpfs", path]);
  t.after(async () => {
    await run("umount", ["--recursive", "--lazy", path]);
    await rm(path, { recursive: true, force: true });
  });
  return path;
}

// This system with nothing of Proofkey in it: what is written there stays there.
export async function systemRoot(t) {
  const path = await folder(t);
  const [upper, work, root] = ["upper", "work", "root"].map((name) => join(path, name));
  for (const part of [upper, work, root]) await mkdir(part);
  await run("mount", ["-t", "overlay", "overlay", "-o", `lowerdir=/,upperdir=${upper},workdir=${work}`, root]);
  await run("mount", ["-t", "tmpfs", "tmpfs", join(root, "tmp")]);
  await run("mount", ["-t", "tmpfs", "tmpfs", join(root, "run")]);
  await run("mount", ["--bind", "/dev", join(root, "dev")]);
  return root;
}

// The archive, unpacked; the folder that it makes.
export async function unpacked(into) {
  const archive = await packageOf(".tar.gz");
  await run("tar", ["-xzf", archive, "-C", into]);
  return join(into, basename(archive, ".tar.gz"));
}
