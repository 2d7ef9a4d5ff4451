// The line under the heading: where the run stands, in words.
import { STEPS } from "./steps.js";

export function statusOf(flow, ui) {
  if (ui.notice !== null) return { ...ui.notice };
  if (flow === null) return { pill: "Ready", tone: "", text: "Nothing has been sent yet." };
  if (flow.failure !== null) {
    return { pill: `Stopped at step ${flow.failure.step}`, tone: "danger", text: `${flow.failure.title}.`, href: `#step-${flow.failure.step}` };
  }
  if (flow.done === 10) return { pill: "Complete", tone: "accent", text: `Ten of ten steps${serverTime(flow)}.` };
  const n = flow.live ?? flow.done;
  const pill = `Step ${n} of 10`;
  if (ui.countdown !== null) return { pill, tone: "accent", text: "Waiting until the code is too old.", aside: `${ui.countdown} s` };
  if (ui.paused) return { pill, tone: "accent", text: `Paused: ${STEPS[n - 1].next}` };
  if (!ui.busy) return { pill, tone: "accent", text: "You are back without an answer. Run again to start over." };
  return { pill, tone: "accent", text: n <= 5 ? "Running: at the authorization server." : "Running." };
}

// What the server told of its own work; the person's time at the pages is not in it.
function serverTime(flow) {
  const us = flow.trace.reduce((sum, event) => sum + (Number.isFinite(event.took_us) ? event.took_us : 0), 0);
  if (us === 0) return "";
  const ms = us / 1000;
  return `, ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms on the server`;
}
