// Where the page begins: configuration, buttons, and the three ways of arriving (fresh, with an answer, signed out).
import { createEngine } from "./flow.js";
import { takeSignedOut } from "./store.js";
import { drawParties, drawSteps, render, renderPrimary, renderUnready } from "./view.js";
import { loadConfig } from "./wire.js";

const $ = (id) => document.getElementById(id);

// The code leaves the address before anything is waited for: a reload must not send it again, nor a link tell of it.
const arrival = arrivalOf(new URL(location.href));
let engine = null;

drawSteps();
$("primary").addEventListener("click", () => {
  if ($("primary").getAttribute("aria-disabled") === "true") return;
  const { action } = $("primary").dataset;
  if (engine === null) begin();
  else if (action === "next") engine.next();
  else engine.start($("provoke").value, $("by-step").checked);
});
$("provoke").addEventListener("change", () => {
  renderPrimary($("primary").dataset.action, $("primary").getAttribute("aria-disabled") === "true");
});
$("run-to-end").addEventListener("click", () => engine.runToEnd());
$("refresh").addEventListener("click", () => engine.refresh());
$("save-run").addEventListener("click", () => engine.saveRun());
$("sign-out").addEventListener("click", () => engine.signOut());
// A page that comes out of the back/forward cache has not run this module again.
addEventListener("pageshow", (event) => { if (event.persisted) engine?.resume(); });
await begin();

function arrivalOf(url) {
  const answered = url.pathname === "/callback";
  const signedOut = url.searchParams.has("state") && takeSignedOut(url.searchParams.get("state"));
  if (answered || signedOut) history.replaceState(null, "", "/");
  if (answered) return () => engine.arrive(url);
  return () => signedOut ? engine.signedOut() : engine.resume();
}

// Without its configuration the page can do nothing but ask again; what it arrived with waits for that.
async function begin() {
  $("primary").setAttribute("aria-disabled", "true");
  try {
    const config = await loadConfig();
    drawParties(config);
    if (config.expired_code === undefined || config.expired_code === null) $("provoke").querySelector("[value=expired]").remove();
    engine = createEngine(config, render);
  } catch (error) {
    return renderUnready(`The page could not load: ${error.message}. Check that proofkey dev is still running.`);
  }
  return arrival();
}
