// docs/guides/api-java.md, followed to its end.
import { test } from "node:test";

import { open } from "./guide.mjs";
import { judge } from "./judge.mjs";

test("the guide api-java", async (t) => {
  const guide = await open(t, "api-java", { needs: { Java: "java -version", Maven: "mvn --version" } });
  if (guide === undefined) return;
  await guide.all();
  guide.finish();
  await judge(t, guide);
});
