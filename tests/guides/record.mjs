// Writes the table of docs/guides/README.md anew: each guide with the versions in it, and when it was followed last. A guide that this
// machine could not follow keeps its line, and so does one whose page has changed since. `--forget` removes the notes of earlier runs.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { versionOf } from "./guide.mjs";
import { PAGES, noteOf, pageNames, readPage } from "./page.mjs";

const INDEX = join(PAGES, "README.md");
const [BEGIN, END] = ["<!-- followed: written by cargo xtask guides --all -->", "<!-- /followed -->"];

// What a page fetches, as name and version: `name@1.2.3` of npm and Go, `Name==1.2.3` of PyPI, `name = "=1.2.3"` of crates.
export function pins(page) {
  const blocks = page.sections.flatMap((section) => section.blocks).filter((block) => block.install);
  const found = blocks.flatMap(({ text }) => [...text.matchAll(/([@\w./-]*\w)(?:@v?|==)(\d[\w.-]*)/g)].map(([, name, version]) => `${name} ${version}`));
  const parents = blocks.flatMap(({ text }) => [...text.matchAll(/<artifactId>([\w-]+)<\/artifactId>\s*<version>(\d[\w.-]*)</g)].map(([, name, version]) => `${name} ${version}`));
  const crates = blocks.flatMap(({ text }) => [...text.matchAll(/^([\w-]+) = (?:\{ version = )?"=(\d[\w.-]*)"/gm)].map(([, name, version]) => `${name} ${version}`));
  return [...new Set([...found, ...parents, ...crates])].filter((pin) => !/^notes-/.test(pin));
}

// Tools that `cargo xtask setup` expects or installs, by the commands that show that a page uses them.
const TOOLS = [
  ["Node", /^ *(npm|npx|node) /m, "node --version"],
  ["Python", /^python3 -m venv/m, "python3 --version"],
  ["Rust", /^cargo /m, "rustc --version"],
  ["Apache", /apache2 -f/, "/usr/sbin/apache2 -v"],
  ["mod_auth_openidc", /apache2 -f/, "dpkg-query --show --showformat='${Version}' libapache2-mod-auth-openidc"],
  ["nginx", /nginx -p/, "/usr/sbin/nginx -v"],
  ["curl", /^TOKENS=.*curl/m, "curl --version"],
  ["OpenSSL", /^VERIFIER=.*openssl/m, "openssl version"],
];

function toolsOf(page) {
  const blocks = page.sections.flatMap((section) => section.blocks);
  const text = blocks.map((block) => block.text).join("\n");
  return TOOLS.filter(([, sign]) => sign.test(text)).map(([name, , command]) => `${name} ${versionOf(command) ?? ""}`);
}

// The line of a page, if its test has passed with the page as it is now.
export function lineOf(page) {
  const note = existsSync(noteOf(page.name)) ? JSON.parse(readFileSync(noteOf(page.name), "utf8")) : undefined;
  if (note?.page !== page.hash) return undefined;
  const [, title] = page.text.match(/^# (.*)$/m);
  return `| [${title}](${page.name}.md) | ${[...note.tools, ...toolsOf(page), ...pins(page)].join(", ")} | ${note.date} |`;
}

function record() {
  const [before, rest] = readFileSync(INDEX, "utf8").split(BEGIN);
  const [table, after] = rest.split(END);
  const known = new Map([...table.matchAll(/^\| \[.*?\]\((.*?)\.md\) \|.*$/gm)].map(([line, name]) => [name, line]));
  const lines = pageNames().map((name) => lineOf(readPage(name)) ?? known.get(name));
  const head = "\n\n| guide | with | followed last |\n|---|---|---|\n";
  writeFileSync(INDEX, `${before}${BEGIN}${head}${lines.filter((line) => line !== undefined).join("\n")}\n\n${END}${after}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === "--forget") for (const name of pageNames()) rmSync(noteOf(name), { force: true });
  else record();
}
