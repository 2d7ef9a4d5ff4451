// docs/guides/go.md and api-go.md, followed to their ends.
import { test } from "node:test";

import { SHORT, useWebApp } from "./apps.mjs";
import { judge } from "./judge.mjs";
import { open } from "./guide.mjs";

const needs = { Go: "go version" };

test("pk_10 the guide for Go", async (t) => {
  const guide = await open(t, "go", { before: ["start", "api-go"], settings: SHORT, needs });
  if (guide === undefined) return;
  await guide.all();
  guide.finish();
  await useWebApp(t, guide, "http://localhost:8082/", 10_000);
});

test("the guide api-go", async (t) => {
  const guide = await open(t, "api-go", { needs });
  if (guide === undefined) return;
  await guide.all();
  guide.finish();
  await judge(t, guide);
});
