// The reader's terminal: commands in their order, each seeing what those before exported and where they went; and the terminals
// beside it, in which programs go on running.
import { spawn } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { delimiter, join } from "node:path";

import { ENVIRONMENT, PROOFKEY, until } from "../browser/support.mjs";
import { CARGO } from "./install.mjs";

const COMMAND_MS_MAX = 300_000;
const START_MS_MAX = 120_000;
const PROBE_MS_MAX = 5_000;
const STOP_MS_MAX = 10_000;
const LOG_CHARS_KEPT = 20_000;
const TOOL_FOLDERS = [["CARGO_HOME", ".cargo"], ["RUSTUP_HOME", ".rustup"], ["GOPATH", "go"], ["GOCACHE", ".cache/go-build"], ["PYENV_ROOT", ".pyenv"]];

export class Shell {
  #folder;
  #environment;
  #running = [];

  // Begins in `folder`; `own` is a folder for this terminal's own files.
  constructor(folder, own, more = {}) {
    mkdirSync(join(own, "bin"), { recursive: true });
    symlinkSync(PROOFKEY, join(own, "bin/proofkey"));
    this.#folder = own;
    writeFileSync(join(own, "where"), folder);
    writeFileSync(join(own, "exported"), "");
    this.#environment = { ...ENVIRONMENT, ...more, HOME: own, PATH: `${join(own, "bin")}${delimiter}${process.env.PATH}` };
    // What tools keep for their user stays where it is; their settings, and those of proofkey, are of nobody.
    const home = process.env.HOME ?? "/root";
    for (const [name, place] of TOOL_FOLDERS) this.#environment[name] = process.env[name] ?? join(home, place);
    Object.assign(this.#environment, CARGO);
    this.#environment.MAVEN_OPTS = `-Duser.home=${home}`;
  }

  #script(text) {
    const [where, exported] = [join(this.#folder, "where"), join(this.#folder, "exported")];
    return `set -a; . '${exported}'; cd "$(cat '${where}')"; set -euo pipefail\n${text}\nset +eu; export -p > '${exported}'; pwd > '${where}'`;
  }

  // Runs commands to their end; what they printed on standard output.
  async run(text, { stdin = "", variables = {} } = {}) {
    const env = { ...this.#environment, ...variables };
    const child = spawn("bash", ["-c", this.#script(text)], { env, timeout: COMMAND_MS_MAX });
    const log = collect(child);
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
    const code = await new Promise((resolve) => child.on("close", resolve));
    if (code !== 0) throw new Error(`ended with ${code}:\n${text}\n${log.all()}`);
    return log.out();
  }

  // Starts a program that goes on running, and waits until `url` answers; without one, it is the caller who waits.
  async start(text, url) {
    const child = spawn("bash", ["-c", this.#script(text)], { env: this.#environment, detached: true });
    const log = collect(child);
    const ended = new Promise((resolve) => child.on("close", resolve));
    const kill = (signal) => { try { process.kill(-child.pid, signal); } catch { /* it has ended */ } };
    const last = () => kill("SIGKILL");
    // The runner ends a file that takes too long by a signal; its programs must not stay behind.
    const lastAndEnd = () => { last(); process.exit(1); };
    process.once("exit", last);
    process.once("SIGTERM", lastAndEnd);
    const stop = async () => {
      process.off("exit", last);
      process.off("SIGTERM", lastAndEnd);
      kill("SIGTERM");
      const timer = setTimeout(last, STOP_MS_MAX);
      await ended;
      clearTimeout(timer);
    };
    const program = { ...log, stop, ended, stdin: child.stdin, hasEnded: () => child.exitCode !== null };
    this.#running.push(program);
    if (url !== undefined) {
      await until(START_MS_MAX, `${url}\n${text}`, async () => {
        if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}:\n${text}\n${log.all()}`);
        return answers(url);
      }).catch((error) => { throw new Error(`${error.message}\n${log.all()}`); });
    }
    return program;
  }

  // Ends what runs, the last one first.
  async close() {
    for (const program of this.#running.splice(0).reverse()) await program.stop();
  }
}

// Whether there is an answer, whatever it says; at an address without a scheme, whether something listens.
function answers(url) {
  if (/^\w+:\/\//.test(url)) return fetch(url, { redirect: "manual", signal: AbortSignal.timeout(PROBE_MS_MAX) }).then(() => true, () => false);
  const [host, port] = url.split(":");
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) }, () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

function collect(child) {
  const texts = { out: "", all: "" };
  const keep = (name) => (chunk) => { texts[name] = (texts[name] + chunk).slice(-LOG_CHARS_KEPT); };
  child.stdout.on("data", keep("out"));
  child.stdout.on("data", keep("all"));
  child.stderr.on("data", keep("all"));
  child.on("error", (error) => { texts.all += String(error); });
  return { out: () => texts.out, all: () => texts.all };
}
