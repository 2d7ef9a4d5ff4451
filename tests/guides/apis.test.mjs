// The APIs of the guides, each judged by the same tokens.
import { test } from "node:test";

import { open } from "./guide.mjs";
import { judge } from "./judge.mjs";

async function follow(t, guide) {
  await guide.all();
  guide.finish();
  await judge(t, guide);
}

test("the guide api-node", async (t) => follow(t, await open(t, "api-node")));

test("the guide api-python", async (t) => follow(t, await open(t, "api-python")));

test("the guide api-rust", async (t) => follow(t, await open(t, "api-rust")));
