// docs/guides/angular.md, followed to its end in Chromium.
import { test } from "node:test";

import { SOON, useBrowserApp } from "./browser-app.mjs";
import { open } from "./guide.mjs";

test("pk_10 the guide for Angular", async (t) => {
  const guide = await open(t, "angular", { before: ["start", "api-node"], settings: SOON });
  await guide.all();
  guide.finish();
  await useBrowserApp(t, guide, "http://localhost:4200/");
});
