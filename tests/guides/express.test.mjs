// docs/guides/express.md, followed to its end.
import { test } from "node:test";

import { BEHIND_PROXY, ON_8080, SHORT, refusesToStartWithoutSecret, startWith, useCallbacks, useWebApp } from "./apps.mjs";
import { open } from "./guide.mjs";

test("pk_10 the guide for Express", async (t) => {
  const guide = await open(t, "express", { before: ["start", "api-node"], settings: SHORT });
  await guide.all();
  guide.finish();
  await refusesToStartWithoutSecret(t, guide, "node app.mjs");
  await useWebApp(t, guide, "http://localhost:3000/");
  const app = { ...BEHIND_PROXY, framework: "express", file: "https.mjs", command: "node https.mjs" };
  await t.test("listens behind a proxy", () => startWith(guide, app, ON_8080));
  const appOf = (id) => ({ file: `${id}.mjs`, command: `node ${id}.mjs` });
  await useCallbacks(t, guide, "express", appOf, /^http:\/\/localhost/m);
  const bare = { id: "notes-bare", redirectUri: "http://localhost:3000", framework: "express", file: "bare.mjs", command: "node bare.mjs" };
  await t.test("refuses a redirect URI without a path", () => startWith(guide, bare, /register the redirect URI http:\/\/localhost:\d+\/ in place of/));
});
