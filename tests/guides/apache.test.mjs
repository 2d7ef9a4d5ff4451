// docs/guides/apache.md, followed to its end; then a person opens the page, signs in, and signs out. In Chromium: the module tells a
// page from a script by headers that only browsers send.
import assert from "node:assert/strict";
import { test } from "node:test";

import { signIn } from "../browser/pages.mjs";
import { launch, openPage } from "../browser/support.mjs";
import { USER, open } from "./guide.mjs";

test("the guide for Apache", async (t) => {
  const guide = await open(t, "apache");
  await guide.all();
  guide.finish();
  const browser = await launch();
  t.after(() => browser.close());
  const page = await openPage(t, browser);
  const notes = guide.fill("http://localhost:8081/notes/");
  await t.test("signs in, and says who it is", async () => {
    await page.goto(notes);
    await signIn(page, USER);
    await page.locator("#consent-allow").click();
    await page.getByRole("heading", { name: "Notes", exact: true }).waitFor();
    assert.equal(page.url(), notes);
    const again = await page.reload();
    assert.equal((await again.allHeaders())["x-signed-in-as"], "ada");
  });
  await t.test("signs out, here and at the server", async () => {
    const bye = guide.fill("http://localhost:8081/bye.html");
    await page.goto(guide.fill(`http://localhost:8081/callback?logout=${encodeURIComponent(bye)}`));
    await page.locator("#logout-confirm, p:has-text('Signed out.')").first().waitFor();
    if (await page.locator("#logout-confirm").count() === 1) await page.locator("#logout-confirm").click();
    await page.waitForURL(bye);
    await page.goto(notes);
    await page.locator("#password").waitFor();
  });
});
