// The run: which step is live, when it waits, and what happens when the browser comes back. What a step does is in
// stages.js; what it looks like is in view.js.
import { random } from "./encode.js";
import { failureOf, serverError } from "./failures.js";
import { runFile } from "./runfile.js";
import { createFlow, STAGES } from "./stages.js";
import * as store from "./store.js";
import { eventOf, follow } from "./trace.js";
import { logoutUrl, metadata, postToken } from "./wire.js";

const LIGHT_MS = 280;
const REPLAY_WAIT_MS = 800;

export function createEngine(config, changed) {
  const reduced = matchMedia("(prefers-reduced-motion: reduce)");
  let flow = null;
  let trace = null;
  let goOn = null; // resolves the pause of a step by step run
  const ui = { paused: false, moving: false, busy: false, notice: null, countdown: null, signedIn: store.idToken() !== null };

  const save = () => flow !== null && store.save(flow);
  const show = () => changed(flow, ui);
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  // What a button does, one at a time. Whatever goes wrong is said, and leaves every button as good as before.
  async function act(action, trouble) {
    if (ui.busy) return;
    Object.assign(ui, { busy: true, notice: null });
    show();
    try {
      await action();
    } catch (error) {
      ui.notice = { pill: "Failed", tone: "danger", text: `${trouble} ${error.message}. Check that proofkey dev is still running.` };
      settle();
    }
  }

  function start(provoke, byStep) {
    return act(async () => {
      trace?.close();
      flow = await createFlow(config, provoke, byStep);
      save();
      await runFrom(2);
    }, "The run did not begin:");
  }

  async function runFrom(first) {
    ui.busy = true;
    for (let n = first; n <= 10; n += 1) {
      const failure = await runStep(n).catch((error) => failureOf(n, "network", flow, undefined, { description: error.message }));
      if (failure !== undefined) return fail(failure);
      if (flow.left && flow.back === undefined) return undefined; // the browser is leaving
      flow.done = n;
      flow.live = null;
      save();
    }
    return settle();
  }

  async function runStep(n) {
    const stage = STAGES[n];
    const cx = { config, trace, save };
    flow.live = n;
    await stage.prepare?.(flow, cx);
    save();
    if (n === 6 && flow.waitSeconds > 0) await waitForExpiry();
    await pace();
    if (n === 2) return leave();
    if (n === 6) flow.sentAt = Date.now();
    return stage.perform(flow, cx);
  }

  // Step by step stops before each; otherwise one step lights each 280 ms, or at once where motion is not wanted.
  async function pace() {
    ui.moving = !flow.byStep;
    ui.paused = flow.byStep;
    show();
    if (flow.byStep) await new Promise((resolve) => { goOn = resolve; });
    else await sleep(reduced.matches ? 0 : LIGHT_MS);
    ui.paused = false;
    ui.moving = true;
    goOn = null;
    show();
  }

  async function waitForExpiry() {
    const until = flow.back.at + flow.waitSeconds * 1000;
    ui.moving = false;
    while (Date.now() < until) {
      ui.countdown = Math.ceil((until - Date.now()) / 1000);
      show();
      await sleep(250);
    }
    ui.countdown = null;
  }

  function leave() {
    flow.left = true;
    flow.done = 2;
    flow.live = 3;
    save();
    show();
    location.assign(flow.url);
  }

  function fail(failure) {
    flow.failure = failure;
    flow.live = null;
    flow.done = failure.step - 1;
    settle();
  }

  function settle() {
    trace?.close();
    Object.assign(ui, { busy: false, paused: false, moving: false, countdown: null, signedIn: store.idToken() !== null });
    save();
    show();
  }

  function followTrace() {
    trace?.close();
    const followed = flow;
    followed.trace = [];
    trace = follow(flow.state, (event) => {
      followed.trace.push(event);
      if (followed === flow) show();
    });
  }

  // Step 5: the address carries the answer. Nothing in it is believed before `state` and `iss` are compared.
  async function arrive(url) {
    const answer = Object.fromEntries(url.searchParams);
    flow = store.byState(answer.state ?? "");
    const known = flow !== null;
    flow ??= store.latest();
    if (flow === null || (!known && flow.back !== undefined)) {
      flow = null;
      ui.notice = { pill: "Ready", tone: "", text: "An answer came that this tab did not ask for. Nothing was redeemed." };
      return show();
    }
    if (flow.back !== undefined) return resume();
    flow.back = { url: url.href, ...answer, at: Date.now() };
    Object.assign(flow, { live: 5, done: 4 });
    ui.busy = true;
    save();
    show();
    followTrace();
    await trace.find((event) => event.step === 4, REPLAY_WAIT_MS);
    const failure = await answerFailure(known, answer).catch((error) => failureOf(5, "network", flow, undefined, { description: error.message }));
    if (failure !== undefined) return fail(failure);
    flow.done = 5;
    save();
    return runFrom(6);
  }

  async function answerFailure(known, answer) {
    if (!known) return failureOf(5, "state", flow);
    const server = await metadata(config);
    const issExpected = server.authorization_response_iss_parameter_supported === true;
    if (answer.iss === undefined ? issExpected : answer.iss !== config.issuer) return failureOf(5, "iss", flow);
    if (answer.error === "access_denied") return failureOf(4, "denied", flow, undefined, { description: answer.error_description });
    if (answer.error !== undefined || answer.code === undefined) {
      const told = { status: null, body: JSON.stringify(answer) };
      return failureOf(5, "answered", flow, told);
    }
    return undefined;
  }

  // The page was opened again: show where the run stands, and go on where going on is safe.
  async function resume() {
    flow = store.latest();
    if (flow === null || flow.failure !== null || flow.done === 10) return settle();
    if (flow.left && flow.back === undefined) return resumeAway();
    if (!flow.left) {
      flow.byStep = true; // opening a page must not send the browser away by itself
      return runFrom(2);
    }
    if (flow.done < 5) return fail(failureOf(5, "network", flow, undefined, { description: "The page was left before the answer was checked." }));
    followTrace();
    if (flow.tokenSent && flow.tokenAnswer === undefined) {
      return fail(failureOf(6, "network", flow, undefined, { description: "The page was left before the answer came. The code may be used up." }));
    }
    return runFrom(flow.done + 1);
  }

  // Back without an answer: the server kept the person on a page of its own, for good reason if step 2 failed.
  async function resumeAway() {
    followTrace();
    show();
    const refused = await trace.find((event) => event.step === 2 && event.outcome === "failed", REPLAY_WAIT_MS);
    if (refused !== null || flow.provoke === "redirect") return fail(failureOf(2, flow.provoke === "redirect" ? "redirect" : "answered", flow));
    flow.done = eventOf(flow, 3) === undefined ? 2 : 3;
    flow.live = flow.done + 1;
    return settle();
  }

  function next() {
    goOn?.();
  }

  function runToEnd() {
    flow.byStep = false;
    goOn?.();
  }

  function refresh() {
    return act(async () => {
      const { token_endpoint: url } = await metadata(config);
      const body = { grant_type: "refresh_token", refresh_token: flow.refreshToken ?? flow.tokens.refresh_token, client_id: flow.clientId };
      const answer = await postToken(url, body);
      flow.refreshed = { url, body, answer };
      if (answer.status === 200) flow.refreshToken = JSON.parse(answer.body).refresh_token ?? body.refresh_token;
      const text = answer.status === 200 ? "Refreshed: a new access token is in step 8." : `The server answered ${answer.status} ${serverError(answer).error ?? ""}.`;
      ui.notice = { pill: answer.status === 200 ? "Complete" : "Refused", tone: answer.status === 200 ? "accent" : "danger", text };
      settle();
    }, "Nothing was refreshed:");
  }

  function saveRun() {
    const url = URL.createObjectURL(new Blob([runFile(flow, new Date())], { type: "application/json" }));
    const link = Object.assign(document.createElement("a"), { href: url, download: "proofkey-run.json" });
    link.click();
    URL.revokeObjectURL(url);
    ui.notice = { pill: "Saved", tone: "accent", text: "proofkey-run.json has this run without its secrets." };
    show();
  }

  // RP-initiated logout. What this tab knows goes first: signing out here must not depend on any answer.
  function signOut() {
    return act(async () => {
      const [state, idToken] = [random(16), store.idToken()];
      trace?.close();
      flow = null;
      store.clear(state);
      const server = await metadata(config);
      location.assign(logoutUrl(server.end_session_endpoint, {
        id_token_hint: idToken, client_id: config.client_id, post_logout_redirect_uri: `${location.origin}/`, state,
      }));
    }, "This tab has forgotten everything, but the server did not hear of it:");
  }

  function signedOut() {
    ui.notice = { pill: "Ready", tone: "", text: "You are signed out." };
    show();
  }

  return { start, next, runToEnd, refresh, saveRun, signOut, arrive, resume, signedOut };
}
