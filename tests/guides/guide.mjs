// Follows a guide: takes the blocks of a page in their order and does with each what its reader does. Three things differ from
// what the page says: ports are free ones, YOUR_… is what was printed, and packages were fetched before (install.mjs).
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { freePort } from "../interop/serve.mjs";
import { fetched, folderOf, install, isInstalled } from "./install.mjs";
import { noteOf, partedFiles, readPage } from "./page.mjs";
import { Shell } from "./shell.mjs";

// The person of the page `start`.
export const USER = { username: "ada", password: "analytical-engine-1843" };

// What the commands of the pages share in one test: the ports, what was printed, and the folder that goes at the end.
class Desk {
  #ports = new Map();
  #printed = new Map();

  constructor(settings) {
    this.folder = mkdtempSync(join(tmpdir(), "proofkey-guide-"));
    this.settings = settings;
    this.shells = [];
  }

  async learn(page) {
    for (const port of page.ports) if (!this.#ports.has(port)) this.#ports.set(port, String(await freePort()));
  }

  // A text of a page as it is used here.
  fill(text) {
    const ported = text.replace(/(?<!\d)\d{4,5}(?!\d)/g, (number) => this.#ports.get(number) ?? number);
    return ported.replace(/\bYOUR_[A-Z_]+\b/g, (name) => this.#printed.get(name) ?? name);
  }

  // Ids and secrets as the commands print them for people.
  note(command, printed) {
    const owner = /\bproofkey api\b/.test(command) ? "API" : "CLIENT";
    const [, id] = printed.match(/^client_id\s+(\S+)/m) ?? [];
    const [, secret] = printed.match(/^client_secret\s+(\S+)/m) ?? [];
    if (id !== undefined) this.#printed.set(`YOUR_${owner}_ID`, id);
    if (secret !== undefined) this.#printed.set(`YOUR_${owner}_SECRET`, secret);
  }

  shell(folder) {
    const own = join(this.folder, String(this.shells.length));
    const shell = new Shell(folder, own, this.settings);
    this.shells.push(shell);
    return shell;
  }

  async close() {
    for (const shell of this.shells.reverse()) await shell.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class Guide {
  #desk;
  #page;
  #folder;
  #shell;
  #tools;
  #next = 0;
  #output = "";
  programs = [];

  constructor(desk, page, folder, tools) {
    this.#desk = desk;
    this.#page = page;
    this.#folder = folder;
    this.#tools = tools;
    this.#shell = desk.shell(folder);
  }

  fill(text) { return this.#desk.fill(text); }
  blocks(heading) { return this.#page.sections.find((section) => section.heading === heading).blocks; }
  get metrics() { return `http://${this.#desk.settings.PROOFKEY_SERVER__METRICS_LISTEN}`; }
  get clientId() { return this.#page.text.match(/^proofkey client add .*--id (\S+)/m)[1]; }
  get folder() { return this.#folder; }

  // Does what stands under `heading`, which must be the next one with commands.
  async section(heading) {
    const section = this.#page.sections[this.#next];
    assert.equal(section?.heading, heading, `docs/guides/${this.#page.name}.md: the next section`);
    this.#next += 1;
    for (const block of section.blocks) await this.#follow(block);
  }

  // Everything up to the end, or up to `heading`.
  async all(heading) {
    while (this.#next < this.#page.sections.length && this.#page.sections[this.#next].heading !== heading) {
      await this.section(this.#page.sections[this.#next].heading);
    }
  }

  // Every block of the page was used, and every piece of a file is in the file.
  finish() {
    assert.equal(this.#page.sections[this.#next]?.heading, undefined, `docs/guides/${this.#page.name}.md has a section that no test follows`);
    for (const [name, text] of partedFiles(this.#page)) {
      assert.equal(this.fill(text), readFileSync(join(this.#folder, name), "utf8"), `${name} as the page shows it and as the command printed it`);
    }
    noteAtEnd(this.#page, this.#tools);
  }

  async #follow(block) {
    const at = `docs/guides/${this.#page.name}.md, line ${block.line}`;
    const text = this.fill(block.text);
    try {
      // `by=test`: what a person has to answer, or what needs a value of the moment; the test of the page does it.
      if (block.part !== undefined || block.by === "test" || block["not-run"]) return;
      if (block.output) assertPrinted(this.#output, text);
      else if (block.file !== undefined) this.#write(block.file, text);
      else if (block.install) return;
      else if (block.serve !== undefined) this.programs.push(await this.#shell.start(text, this.fill(block.serve)));
      else if (["sh", "bash"].includes(block.language)) await this.#run(text);
      else throw new Error(`the info string does not say what to do with this block: ${block.language}`);
    } catch (error) {
      throw new Error(`${at}: ${error.message}`, { cause: error });
    }
  }

  async #run(text) {
    this.#output = await this.#shell.run(text);
    this.#desk.note(text, this.#output);
  }

  // For what needs an answer: a program of the page's folder, started by the test.
  start(text, url) { return this.#shell.start(this.fill(text), url && this.fill(url)); }
  run(text, options) { return this.#shell.run(this.fill(text), options); }

  #write(name, text) {
    const path = join(this.#folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

// Notes for record.mjs that a page was followed, once every test of this file has passed: what follows may still fail.
function noteAtEnd(page, tools) {
  const note = JSON.stringify({ date: new Date().toISOString().slice(0, 10), tools, page: page.hash });
  process.once("exit", (code) => {
    if (code === 0) writeFileSync(noteOf(page.name), note);
  });
}

function assertPrinted(printed, wanted) {
  const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const pattern = new RegExp(`^${wanted.trim().split("…").map(escape).join("[\\s\\S]*?")}$`);
  assert.match(printed.trim(), pattern);
}

// Opens the guide `name` for the test `t`. `before` are the pages that it builds on, which are followed first, to their ends; their
// programs run until the test ends. `settings` are for the environment of every command.
//
// `needs` are commands that print the version of a tool which `cargo xtask setup` does not install. Where one fails there is no guide,
// and the test is skipped with what is missing.
export async function open(t, name, { before = ["start"], settings = {}, needs = {} } = {}) {
  const tools = [];
  for (const [tool, command] of Object.entries(needs)) {
    const version = versionOf(command);
    if (version === undefined) return t.skip(`it needs ${tool}`);
    tools.push(`${tool} ${version}`);
  }
  const pages = [...before, name].map(readPage);
  const desk = new Desk({ PROOFKEY_SERVER__METRICS_LISTEN: `127.0.0.1:${await freePort()}`, ...settings });
  t.after(() => desk.close());
  for (const page of pages) await desk.learn(page);
  let guide;
  for (const page of pages) {
    guide = new Guide(desk, page, page.name === "start" ? folderIn(desk) : await prepare(page), tools);
    if (page.name === name) return guide;
    await guide.all();
    desk.settings = { ...desk.settings, ...(page.name === "start" ? { PROOFKEY_CONFIG: join(guide.folder, "proofkey.toml") } : {}) };
  }
  return guide;
}

// The first number with a dot in what a command prints; `undefined` where it cannot be run.
export function versionOf(command) {
  const { status, stdout, stderr } = spawnSync("bash", ["-c", command], { encoding: "utf8", timeout: 60_000 });
  return status === 0 ? `${stdout}${stderr}`.match(/\d+(\.\d+)+/)?.[0] ?? "" : undefined;
}

function folderIn(desk) {
  const folder = join(desk.folder, "server");
  mkdirSync(folder);
  return folder;
}

// The folder of a guide, with what it fetched and nothing else.
async function prepare(page) {
  if (!isInstalled(page)) install(page);
  const [folder, kept] = [folderOf(page.name), fetched(page.name)];
  for (const entry of existsSync(folder) ? readdirSync(folder) : []) {
    if (!kept.includes(entry)) rmSync(join(folder, entry), { recursive: true, force: true });
  }
  mkdirSync(folder, { recursive: true });
  return folder;
}
