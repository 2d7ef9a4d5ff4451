// A guide as data: its sections, and in each the code blocks with what their info strings say. Knows Markdown and no command.
//
// ```sh                      commands of the reader, run in their order
// ```sh install              the same, but run once, when the tests are set up: it fetches packages
// ```sh serve=URL            a program that goes on running; it is there once URL answers, or something listens at HOST:PORT
// ```LANGUAGE file=NAME      a file that the reader writes; with `install`, before the packages are fetched
// ```LANGUAGE part=NAME      a piece of a file that `proofkey client snippet` printed; the pieces in their order are the file
// ```sh by=test              what the test of the page does itself, for it has to answer or to fill in something
// ```LANGUAGE not-run        what no test runs; the page says so, and why
// ```text output             what the commands before printed; … stands for anything
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const PAGES = join(ROOT, "docs/guides");
const FENCE = /^```(\S*)[ \t]*(.*)$/;
// Where something listens, in the words of a guide. Tests put a free port in its place.
const ADDRESS = /(?:localhost|127\.0\.0\.1):(\d{4,5})\b/g;

export function pageNames() {
  return readdirSync(PAGES).filter((name) => name.endsWith(".md") && name !== "README.md").map((name) => name.slice(0, -3)).sort();
}

export function readPage(name) {
  const text = readFileSync(join(PAGES, `${name}.md`), "utf8");
  const ports = new Set([...text.matchAll(ADDRESS)].map(([, port]) => port));
  return { name, text, hash: hashOf(text), sections: sectionsOf(text), ports };
}

export const hashOf = (text) => createHash("sha256").update(text).digest("hex");

// Where it is noted that a page was followed.
export const noteOf = (name) => join(ROOT, "target/guides", `${name}.followed.json`);

export function sectionsOf(text) {
  const sections = [{ heading: "", blocks: [] }];
  let block;
  for (const [at, line] of text.split("\n").entries()) {
    if (block !== undefined) {
      if (line === "```") block = undefined;
      else block.text += `${line}\n`;
      continue;
    }
    const fence = line.match(FENCE);
    if (fence !== null) {
      block = { language: fence[1], ...words(fence[2]), text: "", line: at + 1 };
      sections.at(-1).blocks.push(block);
    } else if (/^## /.test(line)) sections.push({ heading: line.slice(3).trim(), blocks: [] });
  }
  if (block !== undefined) throw new Error(`the block of line ${block.line} does not end`);
  return sections;
}

// `file=NAME install` as { file: "NAME", install: true }.
function words(text) {
  const found = text.split(/\s+/).filter(Boolean).map((word) => {
    const at = word.indexOf("=");
    return at < 0 ? [word, true] : [word.slice(0, at), word.slice(at + 1)];
  });
  return Object.fromEntries(found);
}

// The files of a page that come in pieces: name and whole text.
export function partedFiles(page) {
  const files = new Map();
  for (const block of page.sections.flatMap((section) => section.blocks)) {
    if (block.part === undefined) continue;
    const before = files.get(block.part);
    files.set(block.part, before === undefined ? block.text : `${before}\n${block.text}`);
  }
  return files;
}
