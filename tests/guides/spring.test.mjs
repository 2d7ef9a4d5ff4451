// docs/guides/spring.md, followed to its end.
import { test } from "node:test";

import { SHORT, useWebApp } from "./apps.mjs";
import { open } from "./guide.mjs";

test("pk_10 the guide for Spring Boot", async (t) => {
  const needs = { Java: "java -version", Maven: "mvn --version" };
  const guide = await open(t, "spring", { before: ["start", "api-node"], settings: SHORT, needs });
  if (guide === undefined) return;
  await guide.all();
  guide.finish();
  await useWebApp(t, guide, "http://localhost:8084/", { forgets: true });
});
