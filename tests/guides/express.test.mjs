// docs/guides/express.md, followed to its end.
import { test } from "node:test";

import { BEHIND_PROXY, ON_8080, SHORT, startWith, useWebApp } from "./apps.mjs";
import { open } from "./guide.mjs";

test("pk_10 the guide for Express", async (t) => {
  const guide = await open(t, "express", { before: ["start", "api-node"], settings: SHORT });
  await guide.all();
  guide.finish();
  await useWebApp(t, guide, "http://localhost:3000/");
  const app = { ...BEHIND_PROXY, framework: "express", file: "https.mjs", command: "node https.mjs" };
  await t.test("listens behind a proxy", () => startWith(guide, app, ON_8080));
});
