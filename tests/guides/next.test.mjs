// docs/guides/next.md, followed to its end.
import assert from "node:assert/strict";
import { test } from "node:test";

import { SHORT, startWith, useWebApp } from "./apps.mjs";
import { open } from "./guide.mjs";
import { partedFiles, readPage } from "./page.mjs";

test("pk_10 the guide for Next.js", async (t) => {
  const guide = await open(t, "next", { before: ["start", "api-node"], settings: SHORT });
  await guide.all();
  guide.finish();
  await useWebApp(t, guide, "http://localhost:3001/");
  const other = { id: "notes-home", redirectUri: "http://localhost:3001/", framework: "next", file: "proofkey.js", command: "npx next build" };
  await t.test("refuses a redirect URI that leads elsewhere", () => startWith(guide, other, /register the redirect URI http:\/\/localhost:\d+\/callback in place of/));
});

test("pk_10 a server that was away at the first request is asked again at the next, and none without a secret", async () => {
  const [text] = partedFiles(readPage("next")).get("proofkey.js").match(/^async function discover[\s\S]*?^\}\)\);$/m);
  let asked = 0;
  const discovery = async () => {
    asked += 1;
    if (asked === 1) throw new Error("away");
    return "configuration";
  };
  const names = ["oidc", "kept", "process", "ISSUER", "CLIENT_ID", "execute"];
  const serverOf = (env) => new Function(...names, `${text}; return server;`)({ discovery }, {}, { env }, "http://127.0.0.1", "notes", []);
  await assert.rejects(serverOf({})(), /CLIENT_SECRET is not set/);
  const server = serverOf({ CLIENT_SECRET: "a secret" });
  await assert.rejects(server(), /away/);
  assert.deepEqual([await server(), await server(), asked], ["configuration", "configuration", 2]);
});
