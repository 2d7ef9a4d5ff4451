// docs/guides/haproxy.md, followed to its end; then whose address the server sees.
import { test } from "node:test";

import { assertRealAddress } from "./front.mjs";
import { open } from "./guide.mjs";

test("the guide for HAProxy", async (t) => {
  const guide = await open(t, "haproxy", { before: [], needs: { HAProxy: "haproxy -v" } });
  if (guide === undefined) return;
  await guide.all();
  guide.finish();
  await assertRealAddress(guide);
});
