// The guides as a whole: each is found from the index, is followed by a test or says that it is not, and fetches pinned versions.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { PAGES, ROOT, pageNames, partedFiles, readPage } from "./page.mjs";

// Pages for operators whose commands other tests run, and a page of tables.
const NO_GUIDES = ["backup", "scale-out", "moving"];
const LINK = /\]\(([^)#]+?)(#[^)]*)?\)/g;
const pages = pageNames().map(readPage);

test("every page stands in the index, and no link leads nowhere", () => {
  const index = readFileSync(join(PAGES, "README.md"), "utf8");
  for (const { name } of pages) assert.ok(index.includes(`](${name}.md)`), `${name} is not in the index`);
  for (const { name, text } of [...pages, { name: "README", text: index }]) {
    for (const [, target] of text.matchAll(LINK)) {
      if (!/^\w+:/.test(target)) assert.ok(existsSync(join(PAGES, target)), `${name}: ${target}`);
    }
  }
});

test("a page is followed by a test, or says that it was not run", () => {
  const folder = join(ROOT, "tests/guides");
  const tests = readdirSync(folder).filter((file) => file.endsWith(".test.mjs") && !file.startsWith("pages.")).map((file) => readFileSync(join(folder, file), "utf8")).join("\n");
  for (const page of pages.filter(({ name }) => !NO_GUIDES.includes(name))) {
    const blocks = page.sections.flatMap((section) => section.blocks);
    const isRun = tests.includes(`"${page.name}"`);
    const saysNot = page.text.includes("**Not run.**");
    assert.notEqual(isRun, saysNot, page.name);
    for (const block of blocks) assert.equal(Boolean(block["not-run"]), saysNot, `${page.name}, line ${block.line}`);
  }
});

test("pk_10 what a guide fetches is pinned", () => {
  for (const page of pages) {
    for (const { text, line } of page.sections.flatMap((section) => section.blocks).filter((block) => block.install)) {
      for (const command of text.split("\n").filter((command) => /(npm install|pip install|go get|go install) /.test(command))) {
        const names = command.split(/ (?:install|get) /)[1].split(/\s+/).filter((word) => !word.startsWith("-"));
        for (const name of names) assert.match(name, /.(@v?|==)\d/, `${page.name}, line ${line}: ${name}`);
      }
    }
  }
});

test("pk_10 the snippets are those of the pages", () => {
  for (const page of pages) {
    for (const [file, shown] of partedFiles(page)) {
      const template = readFileSync(join(ROOT, "crates/cli/snippets", page.name, file.split("/").at(-1)), "utf8");
      // Between placeholders everything is the same; what stands for a placeholder is a literal.
      const pattern = template.split(/__[A-Z_]+__/).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("(?:\"[^\\n]*\"|'[^\\n]*')");
      assert.match(shown, new RegExp(`^${pattern}$`), page.name);
    }
  }
});
