// docs/guides/caddy.md, followed to its end; then whose address the server sees.
import { test } from "node:test";

import { assertRealAddress } from "./front.mjs";
import { open } from "./guide.mjs";

test("the guide for Caddy", async (t) => {
  const guide = await open(t, "caddy", { before: [], needs: { Caddy: "caddy version" } });
  if (guide === undefined) return;
  await guide.all();
  guide.finish();
  await assertRealAddress(guide);
});
