// Starting and ending what the suites test: `proofkey dev` on free ports, and Chromium. Nothing here knows a page.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const ARTEFACTS = fileURLToPath(new URL("./artefacts/", import.meta.url));
const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");
export const PROOFKEY = process.env.PROOFKEY_BINARY ?? join(TARGET, "debug/proofkey");

const START_MS_MAX = 30_000;
const STOP_MS_MAX = 10_000;
const LOG_LINES_KEPT = 200;

// Limits are for attackers; a suite signs in more often than any person does. What the person who runs the suite has set
// for their own Proofkey is not what is being tested.
const INHERITED = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PROOFKEY_")));
export const ENVIRONMENT = { ...INHERITED, PROOFKEY_LIMITS__FACTOR: "1000", NO_COLOR: "1" };

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

// `proofkey dev` with everything it brings. `ready` is the ready file; `stop` ends the process and removes its folder.
export function startDev(...more) {
  return startDevWith({}, ...more);
}

// The same with settings of its own.
export async function startDevWith(settings, ...more) {
  const folder = await mkdtemp(join(tmpdir(), "proofkey-test-"));
  const readyFile = join(folder, "ready.json");
  const listen = more.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"];
  const server = start(["dev", ...listen, "--ready-file", readyFile, ...more], { env: { ...ENVIRONMENT, ...settings } });
  const stop = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until(START_MS_MAX, "the ready file", async () => {
      if (server.ended()) throw new Error(`proofkey dev ended early:\n${server.log()}`);
      return readFile(readyFile).then(() => true, () => false);
    });
    const ready = JSON.parse(await readFile(readyFile, "utf8"));
    return { ready, stop, log: server.log, pid: server.pid, user: ready.users[0], client: (kind) => clientOf(ready, kind) };
  } catch (error) {
    await stop();
    throw error;
  }
}

// Any long-running proofkey command; ended by its process id, politely first.
export function start(args, options = {}) {
  const child = spawn(PROOFKEY, args, { stdio: ["ignore", "pipe", "pipe"], env: ENVIRONMENT, ...options });
  const [lines, output] = [[], []];
  const keep = (list) => (chunk) => {
    list.push(...chunk.toString().split("\n").filter(Boolean));
    list.splice(0, list.length - LOG_LINES_KEPT);
  };
  child.stdout.on("data", keep(lines));
  child.stdout.on("data", keep(output));
  child.stderr.on("data", keep(lines));
  const exit = new Promise((resolve) => {
    child.on("error", (error) => { lines.push(String(error)); resolve(null); });
    // Not "exit": what was written last may still be on its way then.
    child.on("close", (code) => resolve(code));
  });
  // The runner ends a file that takes too long by a signal; its server must not stay behind.
  const kill = () => child.kill("SIGKILL");
  const killAndEnd = () => { kill(); process.exit(1); };
  process.once("exit", kill);
  process.once("SIGTERM", killAndEnd);
  const ended = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  return {
    pid: child.pid,
    ended,
    exit,
    log: () => lines.join("\n"),
    stdout: () => output.join("\n"),
    async stop() {
      process.off("exit", kill);
      process.off("SIGTERM", killAndEnd);
      if (ended()) return;
      child.kill("SIGTERM");
      const timer = setTimeout(kill, STOP_MS_MAX);
      await exit;
      clearTimeout(timer);
    },
  };
}

export function clientOf(ready, kind) {
  const found = ready.clients.find((client) => client.kind === kind);
  if (found === undefined) throw new Error(`the ready file has no client of kind ${kind}`);
  return found;
}

export function launch() {
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS, headless: true });
}

// A browser of its own for each test: no cookie of another test, and every complaint of the page is an error.
export async function openPage(t, browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-GB", ...options });
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("console", (message) => {
    // A refused content policy is only ever said on the console, and a feature policy that the browser does not know.
    if (/Content Security Policy|Trusted Types|Permissions-Policy/i.test(message.text())) page.complaints.push(message.text());
  });
  return page;
}

export async function screenshot(page, name) {
  await mkdir(ARTEFACTS, { recursive: true });
  await page.screenshot({ path: join(ARTEFACTS, `${name}.png`), fullPage: true });
}

// Asks `holds` again and again until it does; the only way these suites wait for what has no event.
export async function until(limitMs, what, holds) {
  const endsAt = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > endsAt) throw new Error(`${what}: not within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
