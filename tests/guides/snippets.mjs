// Writes crates/cli/snippets from the pages: what a page shows in pieces is the snippet, with placeholders for the values of the
// example. `node tests/guides/snippets.mjs`; a test of the command compares the two.
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

import { ROOT, pageNames, partedFiles, readPage } from "./page.mjs";

const SNIPPETS = join(ROOT, "crates/cli/snippets");

for (const page of pageNames().map(readPage)) {
  const said = (flag) => page.text.match(new RegExp(`--${flag} (\\S+)`))?.[1];
  const values = [
    ["ISSUER", "http://127.0.0.1:4455"],
    ["CLIENT_ID", said("id")],
    ["NAME", "Notes"],
    ["REDIRECT_URI", said("redirect")],
    ["SIGNED_OUT_URI", said("post-logout")],
    ["SCOPE", "openid profile offline_access notes:read"],
    ["API", "http://127.0.0.1:4460/notes"],
  ];
  for (const [file, shown] of partedFiles(page)) {
    let text = shown.replaceAll('"openid", "profile", "offline_access", "notes:read"', "__SCOPES__");
    for (const [name, value] of values) {
      if (value !== undefined) for (const quote of ['"', "'"]) text = text.replaceAll(`${quote}${value}${quote}`, `__${name}__`);
    }
    mkdirSync(join(SNIPPETS, page.name), { recursive: true });
    writeFileSync(join(SNIPPETS, page.name, basename(file)), text);
    console.log(`${page.name}/${basename(file)}`);
  }
}
