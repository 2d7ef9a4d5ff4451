// docs/guides/express.md, followed to its end.
import { test } from "node:test";

import { SHORT, useWebApp } from "./apps.mjs";
import { open } from "./guide.mjs";

test("pk_10 the guide for Express", async (t) => {
  const guide = await open(t, "express", { before: ["start", "api-node"], settings: SHORT });
  await guide.all();
  guide.finish();
  await useWebApp(t, guide, "http://localhost:3000/");
});
