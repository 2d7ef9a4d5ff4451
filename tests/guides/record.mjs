// Writes the table of docs/guides/README.md anew: each guide with the versions in it, and when it was followed last. A guide that this
// machine could not follow keeps its line.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { versionOf } from "./guide.mjs";
import { PAGES, ROOT, pageNames, readPage } from "./page.mjs";

const INDEX = join(PAGES, "README.md");
const [BEGIN, END] = ["<!-- followed: written by cargo xtask guides --all -->", "<!-- /followed -->"];

// What a page fetches, as name and version: `name@1.2.3` of npm and Go, `Name==1.2.3` of PyPI.
export function pins(page) {
  const blocks = page.sections.flatMap((section) => section.blocks).filter((block) => block.install);
  const found = blocks.flatMap(({ text }) => [...text.matchAll(/([@\w./-]*\w)(?:@v?|==)(\d[\w.-]*)/g)].map(([, name, version]) => `${name} ${version}`));
  const parents = blocks.flatMap(({ text }) => [...text.matchAll(/<artifactId>([\w-]+)<\/artifactId>\s*<version>(\d[\w.-]*)</g)].map(([, name, version]) => `${name} ${version}`));
  return [...new Set([...found, ...parents])].filter((pin) => !/^notes-/.test(pin));
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

const [before, rest] = readFileSync(INDEX, "utf8").split(BEGIN);
const [table, after] = rest.split(END);
const known = new Map([...table.matchAll(/^\| \[.*?\]\((.*?)\.md\) \|.*$/gm)].map(([line, name]) => [name, line]));

const lines = pageNames().map((name) => {
  const page = readPage(name);
  const note = join(ROOT, "target/guides", `${name}.followed.json`);
  if (!existsSync(note)) return known.get(name);
  const { date, tools } = JSON.parse(readFileSync(note, "utf8"));
  return `| [${page.text.match(/^# (.*)$/m)[1]}](${name}.md) | ${[...tools, ...toolsOf(page), ...pins(page)].join(", ")} | ${date} |`;
});
const head = "\n\n| guide | with | followed last |\n|---|---|---|\n";
writeFileSync(INDEX, `${before}${BEGIN}${head}${lines.filter((line) => line !== undefined).join("\n")}\n\n${END}${after}`);
