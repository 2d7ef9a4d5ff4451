// The APIs of the guides, each judged by the same tokens.
import { test } from "node:test";

import { open } from "./guide.mjs";
import { judge } from "./judge.mjs";

for (const name of ["api-node", "api-python", "api-rust"]) {
  test(`the guide ${name}`, async (t) => {
    const guide = await open(t, name);
    await guide.all();
    guide.finish();
    await judge(t, guide);
  });
}
