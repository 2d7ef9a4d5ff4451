// Where the page begins: configuration, buttons, and the three ways of arriving (fresh, with an answer, signed out).
import { createEngine } from "./flow.js";
import { takeSignedOut } from "./store.js";
import { drawFrame, render } from "./view.js";
import { loadConfig } from "./wire.js";

const $ = (id) => document.getElementById(id);

const config = await loadConfig();
drawFrame(config);
if (config.expired_code === undefined || config.expired_code === null) $("provoke").querySelector("[value=expired]").remove();
const engine = createEngine(config, render);

$("primary").addEventListener("click", () => {
  if ($("primary").getAttribute("aria-disabled") === "true") return;
  if ($("primary").dataset.action === "next") engine.next();
  else engine.start($("provoke").value, $("by-step").checked);
});
$("run-to-end").addEventListener("click", () => engine.runToEnd());
$("refresh").addEventListener("click", () => engine.refresh());
$("sign-out").addEventListener("click", () => engine.signOut());

await enter();
// A page that comes out of the back/forward cache has not run this module again.
addEventListener("pageshow", (event) => { if (event.persisted) engine.resume(); });

async function enter() {
  const url = new URL(location.href);
  if (url.pathname === "/callback") {
    // The code leaves the address before anything else: a reload must not send it again, nor a link tell of it.
    history.replaceState(null, "", "/");
    return engine.arrive(url);
  }
  if (url.searchParams.has("state") && takeSignedOut(url.searchParams.get("state"))) {
    history.replaceState(null, "", "/");
    return engine.signedOut();
  }
  return engine.resume();
}
