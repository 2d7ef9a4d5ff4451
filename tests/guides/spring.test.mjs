// docs/guides/spring.md, followed to its end.
import { test } from "node:test";

import { SHORT, startWith, useWebApp } from "./apps.mjs";
import { open } from "./guide.mjs";

test("pk_10 the guide for Spring Boot", async (t) => {
  const needs = { Java: "java -version", Maven: "mvn --version" };
  const guide = await open(t, "spring", { before: ["start", "api-node"], settings: SHORT, needs });
  if (guide === undefined) return;
  await guide.all();
  guide.finish();
  await useWebApp(t, guide, "http://localhost:8084/", { forgets: true });
  const other = { id: "notes-home", redirectUri: "http://localhost:8084/", framework: "spring", file: "other/application.yml", command: "cd other && java -jar ../target/notes-app-0.1.0.jar" };
  await t.test("refuses a redirect URI that leads elsewhere", () => startWith(guide, other, /register a redirect URI that ends in \/login\/oauth2\/code\/proofkey in place of/));
});
