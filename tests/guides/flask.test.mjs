// docs/guides/flask.md, followed to its end.
import { test } from "node:test";

import { SHORT, useWebApp } from "./apps.mjs";
import { open } from "./guide.mjs";

test("pk_10 the guide for Flask", async (t) => {
  const guide = await open(t, "flask", { before: ["start", "api-python"], settings: SHORT });
  await guide.all();
  guide.finish();
  await useWebApp(t, guide, "http://localhost:5000/");
});
