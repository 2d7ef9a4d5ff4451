// The page as a function of the flow record. It is drawn once and then changed only where something changed, so that
// an open panel stays open and the focus stays where it is.
import { blocksOf } from "./blocks.js";
import { curlOf } from "./curl.js";
import { element, svg } from "./dom.js";
import { labelOf, skipped } from "./labels.js";
import { panelElement, valueElement } from "./panel.js";
import { route, STEPS, stateOf } from "./steps.js";
import { statusOf } from "./status.js";
import { eventOf, valueOf } from "./trace.js";
import { linesOf } from "./values.js";

const $ = (id) => document.getElementById(id);
const drawn = new Map(); // what each place shows now, to leave it alone when nothing changed

export function drawSteps() {
  $("host").textContent = location.host;
  $("client-host").textContent = location.host;
  $("steps").replaceChildren(...STEPS.map(stepElement));
}

export function drawParties(config) {
  $("issuer-host").textContent = new URL(config.issuer).host;
  $("api-host").textContent = new URL(config.api).host;
}

// What is there when nothing else is: why, and a button that tries again.
export function renderUnready(text) {
  for (const step of STEPS) renderStep(step, null, {});
  renderStatus({ pill: "Failed", tone: "danger", text });
  renderPrimary("retry", false);
}

export function render(flow, ui) {
  for (const step of STEPS) renderStep(step, flow, ui);
  renderStatus(statusOf(flow, ui));
  renderActions(flow, ui);
  once("user", (flow && valueOf(eventOf(flow, 4), "user")) ?? "resource owner", (user) => { $("user").textContent = user; });
  if (flow?.failure) once("failure", `${flow.state} ${flow.failure.step}`, () => revealFailure(flow.failure.step));
}

function once(place, now, change) {
  const key = JSON.stringify(now);
  if (drawn.get(place) === key) return;
  drawn.set(place, key);
  change(now);
}

function stepElement(step) {
  return element("li", { class: "step", id: `step-${step.n}`, "data-step": step.n, "data-state": "idle" },
    element("div", { class: "lanes", "aria-hidden": "true" }, ...[1, 2, 3, 4].map(() => element("span", { class: "lane" }))),
    element("div", { class: "number" }, element("span", { class: "badge", "aria-hidden": "true" }, String(step.n))),
    element("div", { class: "words" },
      element("h2", {}, element("span", { class: "name-of-step" }, step.title), element("span", { class: "vh state-word" })),
      element("p", {}, route(step))),
    element("div", { class: "strip", "aria-hidden": "true" }, ...stripElements(step)),
    element("div", { class: "values" }),
    element("details", { class: "more", hidden: "" },
      element("summary", {}, element("span", { class: "vh" }, `All values of step ${step.n}, ${step.title}`),
        svg("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, svg("path", { d: "m5.5 7.75 4.5 4.5 4.5-4.5" }))),
      element("div", { class: "panel-place" })));
}

function stripElements(step) {
  const words = [element("span", { class: "title" }, step.title), element("span", { class: "wire" }, step.wire)];
  if (step.on !== undefined) return [element("div", { class: `self on-${step.on}` }, ...words)];
  const span = `span-${Math.min(step.from, step.to)}-${Math.max(step.from, step.to)}`;
  const head = step.answer
    ? svg("svg", { class: "head", viewBox: "0 0 10 11" }, svg("path", { d: "M8 .8 1 5.5l7 4.7" }))
    : svg("svg", { class: "head", viewBox: "0 0 10 11" }, svg("path", { d: "M1 1v9l9-4.5z" }));
  return [
    element("div", { class: `arrow ${step.answer ? "answer" : "request"} ${span}` }, element("span", { class: "dot" }), head),
    element("div", { class: "label" }, ...words),
  ];
}

function renderStep(step, flow, ui) {
  const state = stateOf(flow, step.n);
  const item = $(`step-${step.n}`);
  item.dataset.state = state;
  item.toggleAttribute("data-moving", state === "live" && ui.moving);
  if (state === "live") item.setAttribute("aria-current", "step");
  else item.removeAttribute("aria-current");
  const without = state === "done" && skipped(flow, step.n);
  item.toggleAttribute("data-skipped", without);
  const word = without ? ", not needed" : { idle: "", live: ", in progress", done: ", done", failed: ", failed", unreached: ", not reached" }[state];
  const seen = state === "done" || state === "failed" || state === "live";
  const lines = seen ? linesOf(flow, step.n) : [];
  const blocks = seen ? blocksOf(flow, step.n) : [];
  const failure = state === "failed" ? flow.failure : null;
  const curl = seen ? curlOf(flow, step.n) : null;
  item.dataset.failure = failure?.kind ?? "";
  once(`word ${step.n}`, word, () => { item.querySelector(".state-word").textContent = word; });
  once(`label ${step.n}`, labelOf(flow, step), ({ title, wire }) => {
    for (const place of item.querySelectorAll(".title, .name-of-step")) place.textContent = title;
    item.querySelector(".wire").textContent = wire;
  });
  once(`lines ${step.n}`, [lines, state === "unreached"], () => {
    item.querySelector(".values").replaceChildren(lines.length > 0 ? linesElement(lines)
      : element("p", { class: "sentence-only" }, state === "unreached" ? "Not reached." : step.idle));
  });
  once(`panel ${step.n}`, [flow?.state, blocks, failure, curl], () => {
    const details = item.querySelector("details");
    details.hidden = blocks.length === 0 && failure === null;
    if (details.hidden) details.open = false;
    else details.querySelector(".panel-place").replaceChildren(panelElement(blocks, failure, curl));
  });
}

function linesElement(lines) {
  return element("dl", { class: "lines" }, ...lines.map(({ label, parts }) => {
    const holder = element("dd");
    parts.forEach((part, index) => {
      if (index > 0 && part.note !== "") holder.append(part.key === "grant_type" || part.key === "iss" ? " " : ", ");
      holder.append(part.note === undefined ? valueElement(part, "span") : part.note);
      if (part.holds) holder.append(" ", element("span", { class: "tick" }, "✓"));
    });
    return element("div", { class: "line" }, element("dt", {}, label), holder);
  }));
}

function renderStatus(status) {
  once("status", { ...status, aside: null }, () => {
    $("status").dataset.tone = status.tone;
    const words = status.href ? element("a", { href: status.href, class: "sentence" }, status.text) : element("span", { class: "sentence" }, status.text);
    $("status").replaceChildren(element("span", { class: "pill" }, status.pill), " ", words, element("span", { id: "aside", "aria-hidden": "true" }));
  });
  // The countdown changes each second: seen, but not read aloud each time.
  $("aside").textContent = status.aside ?? "";
}

function renderActions(flow, ui) {
  const finished = flow === null || flow.failure !== null || flow.done === 10 || !ui.busy;
  const complete = flow !== null && flow.failure === null && flow.done === 10;
  const action = ui.paused ? "next" : flow === null ? "start" : "again";
  renderPrimary(action, ui.busy && !ui.paused);
  const primary = $("primary");
  primary.classList.toggle("primary", !complete);
  primary.classList.toggle("plain", complete);
  hide($("run-to-end"), !ui.paused);
  hide($("sign-out"), !finished || !ui.signedIn);
  hide($("refresh"), !complete || flow.tokens?.refresh_token === undefined);
  hide($("save-run"), !finished || flow === null);
  hide($("provoke"), !finished);
  hide($("by-step").parentElement, !finished);
}

// The button says what it will do: with an error chosen from the list, that.
export function renderPrimary(action, disabled) {
  const primary = $("primary");
  primary.dataset.action = action;
  primary.setAttribute("aria-disabled", String(disabled));
  const provokes = $("provoke").value !== "";
  const words = { start: "Start", next: "Next step", again: "Run again", retry: "Try again" };
  if (provokes) Object.assign(words, { start: "Start with this error", again: "Run with this error" });
  once("primary", words[action], (text) => { primary.textContent = text; });
}

// A control that goes away hands the focus on, or the keyboard would start again at the top of the page.
function hide(control, hidden) {
  if (hidden && control.contains(document.activeElement)) $("primary").focus();
  control.hidden = hidden;
}

function revealFailure(n) {
  const item = $(`step-${n}`);
  item.querySelector("details").open = true;
  const { top, bottom } = item.querySelector(".number").getBoundingClientRect();
  if (top >= 0 && bottom <= innerHeight) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  item.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
}
