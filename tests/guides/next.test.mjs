// docs/guides/next.md, followed to its end.
import { test } from "node:test";

import { SHORT, useWebApp } from "./apps.mjs";
import { open } from "./guide.mjs";

test("pk_10 the guide for Next.js", async (t) => {
  const guide = await open(t, "next", { before: ["start", "api-node"], settings: SHORT });
  await guide.all();
  guide.finish();
  await useWebApp(t, guide, "http://localhost:3001/");
});
