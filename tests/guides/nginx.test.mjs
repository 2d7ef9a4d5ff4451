// docs/guides/nginx.md, followed to its end; then whose address the server sees.
import { test } from "node:test";

import { assertRealAddress } from "./front.mjs";
import { open } from "./guide.mjs";

test("the guide for nginx", async (t) => {
  const guide = await open(t, "nginx", { before: [] });
  await guide.all();
  guide.finish();
  await assertRealAddress(guide);
});
