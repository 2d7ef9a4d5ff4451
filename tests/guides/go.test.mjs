// docs/guides/go.md and api-go.md, followed to their ends.
import { test } from "node:test";

import { BEHIND_PROXY, ON_8080, SHORT, refusesToStartWithoutSecret, startWith, useWebApp } from "./apps.mjs";
import { judge } from "./judge.mjs";
import { open } from "./guide.mjs";

const needs = { Go: "go version" };

test("pk_10 the guide for Go", async (t) => {
  const guide = await open(t, "go", { before: ["start", "api-go"], settings: SHORT, needs });
  if (guide === undefined) return;
  await guide.all();
  guide.finish();
  await refusesToStartWithoutSecret(t, guide, "go run .");
  await useWebApp(t, guide, "http://localhost:8082/", { leftMs: 10_000 });
  const app = { ...BEHIND_PROXY, framework: "go", file: "https/main.go", command: "go run ./https" };
  await t.test("listens behind a proxy", () => startWith(guide, app, ON_8080));
  const bare = { id: "notes-bare", redirectUri: "https://notes.example", framework: "go", file: "bare/main.go", command: "go run ./bare" };
  await t.test("refuses a redirect URI without a path", () => startWith(guide, bare, /needs a path of its own.*notes\.example/));
});

test("the guide api-go", async (t) => {
  const guide = await open(t, "api-go", { needs });
  if (guide === undefined) return;
  await guide.all();
  guide.finish();
  await judge(t, guide);
});
