// docs/guides/flask.md, followed to its end.
import { test } from "node:test";

import { SHORT, refusesToStartWithoutSecret, useCallbacks, useWebApp } from "./apps.mjs";
import { open } from "./guide.mjs";

test("pk_10 the guide for Flask", async (t) => {
  const guide = await open(t, "flask", { before: ["start", "api-python"], settings: SHORT });
  await guide.all();
  guide.finish();
  await refusesToStartWithoutSecret(t, guide, ".venv/bin/flask --app app run --port 5000");
  await useWebApp(t, guide, "http://localhost:5000/");
  const appOf = (id, port) => ({ file: `${id}.py`, command: `.venv/bin/flask --app ${id} run --port ${port}` });
  await useCallbacks(t, guide, "flask", appOf, /Running on/);
});
