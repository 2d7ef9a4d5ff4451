// The guides as a whole: each is found from the index, is followed by a test or says that it is not, and fetches pinned versions.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { wanted } from "./install.mjs";
import { PAGES, ROOT, noteOf, pageNames, partedFiles, readPage } from "./page.mjs";
import { lineOf } from "./record.mjs";

// Pages for operators whose commands other tests run, and a page of tables.
const NO_GUIDES = ["backup", "install", "moving", "scale-out"];
// The page that the others begin with.
const BEFORE_ALL = "start";
// What the pages for apps, and for proxies that ask people to sign in, have headings for; and the pages of another kind.
const HEADINGS = ["Create the app", "Create the proof key", "Request a code", "Exchange the code", "Call the API", "Refresh", "Sign out", "Validate the token"];
const OF_ANOTHER_KIND = [...NO_GUIDES, BEFORE_ALL, "api-go", "api-java", "api-node", "api-python", "api-rust", "caddy", "haproxy", "kubernetes", "nginx"];
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

test("the pages for apps have the same headings", () => {
  const index = readFileSync(join(PAGES, "README.md"), "utf8").replaceAll("\n", " ");
  assert.ok(index.includes(`the same headings: ${HEADINGS.join(", ").toLowerCase().replaceAll("api", "API")}.`), "the index names them");
  for (const name of OF_ANOTHER_KIND) assert.ok(pages.some((page) => page.name === name), `${name} is no page`);
  for (const { name, sections } of pages.filter(({ name }) => !OF_ANOTHER_KIND.includes(name))) {
    const found = sections.map(({ heading }) => heading);
    assert.deepEqual(HEADINGS.filter((heading) => !found.includes(heading)), [], name);
  }
});

test("a page is followed by a test, or says that it was not run", () => {
  const folder = join(ROOT, "tests/guides");
  const tests = readdirSync(folder).filter((file) => file.endsWith(".test.mjs") && !file.startsWith("pages.")).map((file) => readFileSync(join(folder, file), "utf8")).join("\n");
  for (const page of pages.filter(({ name }) => !NO_GUIDES.includes(name))) {
    const blocks = page.sections.flatMap((section) => section.blocks);
    const isRun = page.name === BEFORE_ALL || tests.includes(`open(t, "${page.name}"`);
    const saysNot = page.text.includes("**Not run.**");
    assert.notEqual(isRun, saysNot, page.name);
    for (const block of blocks) assert.equal(Boolean(block["not-run"]), saysNot, `${page.name}, line ${block.line}`);
  }
});

test("pk_10 a file that the reader writes is named in the words above it", () => {
  for (const { name, text } of pages) {
    let words = "";
    for (const [at, piece] of text.split(/^```/m).entries()) {
      const [, file] = at % 2 === 1 ? piece.match(/^[^\n]* file=(\S+)/) ?? [] : [];
      if (file !== undefined) assert.ok(words.includes(`\`${file}\``), `${name}.md: ${file}`);
      words = at % 2 === 1 ? "" : piece;
    }
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

test("pk_10 what a Cargo.toml or pom.xml of a guide names is pinned", () => {
  const lock = readFileSync(join(ROOT, "Cargo.lock"), "utf8");
  const files = pages.flatMap((page) => page.sections.flatMap((section) => section.blocks).map((block) => ({ ...block, at: `${page.name}, line ${block.line}` })));
  for (const { text, at } of files.filter(({ file }) => file === "Cargo.toml")) {
    const lines = text.split("[dependencies]\n")[1].trim().split("\n").filter((line) => !line.includes("path ="));
    for (const line of lines) {
      const [, name, version] = line.match(/^([\w-]+) = (?:\{ version = )?"=(\d+\.\d+\.\d+)"/) ?? assert.fail(`${at}: ${line}`);
      // The lock file of the workspace is copied beside it; another version would be fetched besides.
      assert.ok(lock.includes(`name = "${name}"\nversion = "${version}"\n`), `${at}: ${name} ${version} is not what the workspace has`);
    }
  }
  for (const { text, at } of files.filter(({ file }) => file === "pom.xml")) {
    const [, parent] = text.match(/<parent>[\s\S]*?<version>(.*?)<\/version>[\s\S]*?<\/parent>/) ?? [];
    assert.match(parent ?? "", /^\d+\.\d+\.\d+$/, at);
    // Without a version it is the one that the parent names.
    for (const [version] of text.matchAll(/<version>.*?<\/version>/g)) assert.match(version, /^<version>\d+\.\d+\.\d+<\/version>$/, at);
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

test("a guide in Rust is fetched anew when the lock file of the workspace changes, and no other", () => {
  for (const [name, isRust] of [["rust", true], ["api-rust", true], ["express", false]]) {
    assert.equal(wanted(readPage(name), "one") !== wanted(readPage(name), "another"), isRust, name);
  }
});

test("a guide counts as followed once the whole test has passed, and until its page changes", () => {
  const [page, note] = [{ ...readPage("curl"), name: "of-a-test" }, noteOf("of-a-test")];
  const run = (end) => {
    const script = `const { Guide } = await import("./guide.mjs"); const page = ${JSON.stringify({ ...page, sections: [], ports: [] })};
      new Guide({ shell() {}, fill: String }, page, "", ["Tool 1.0"]).finish(); ${end}`;
    return spawnSync(process.execPath, ["--input-type=module", "-e", script], { cwd: join(ROOT, "tests/guides"), encoding: "utf8" });
  };
  mkdirSync(join(ROOT, "target/guides"), { recursive: true });
  rmSync(note, { force: true });
  try {
    assert.equal(run("process.exitCode = 1").status, 1);
    assert.equal(lineOf(page), undefined, "noted, though the test failed afterwards");
    const passed = run("");
    assert.equal(passed.status, 0, passed.stderr);
    assert.match(lineOf(page), /^\| \[The flow by hand, with curl\]\(of-a-test\.md\) \| Tool 1\.0, .*curl \d/);
    assert.equal(lineOf({ ...page, hash: "of another text" }), undefined, "noted, though the page is another one");
    writeFileSync(note, JSON.stringify({ date: "2026-01-01", tools: [] }));
    assert.equal(lineOf(page), undefined, "a note that does not say of which text it is");
  } finally {
    rmSync(note, { force: true });
  }
});
