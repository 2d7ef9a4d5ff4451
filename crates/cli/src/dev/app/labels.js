// The words on an arrow: those of a plain first run until it is known what really happened, then those.
import { eventOf, valueOf } from "./trace.js";

// Title and small print of a step.
export function labelOf(flow, step) {
  const known = flow === null ? undefined : LABELS[step.n]?.(flow);
  return { title: known?.title ?? step.title, wire: known?.wire ?? step.wire };
}

const LABELS = {
  3: (flow) => {
    if (skipped(flow, 3)) return { wire: "not needed" };
    const page = valueOf(eventOf(flow, 3), "page");
    if (page === undefined) return undefined;
    return { title: page === "consent" ? "Consent prompt" : undefined, wire: `${valueOf(eventOf(flow, 3), "status")} ${page} page` };
  },
  4: (flow) => {
    const event = eventOf(flow, 4);
    if (event === undefined) return undefined;
    if (skipped(flow, 4)) return { wire: "not needed" };
    const acts = [
      valueOf(event, "method") === undefined ? null : { word: "Sign-in", path: "/sign-in" },
      valueOf(event, "consent") === "remembered" ? null : { word: "Consent", path: "/consent" },
    ].filter((act) => act !== null);
    return { title: acts.length === 1 ? acts[0].word : undefined, wire: `POST ${acts.map((act) => act.path).join(", ")}` };
  },
  10: ({ apiAnswer }) => apiAnswer === undefined ? undefined
    : { wire: `${apiAnswer.status} ${apiAnswer.contentType.split(";")[0]}`.trim() },
};

// Whether a step did not take place, because the server answered without it. A missing event alone says nothing: only
// what was told of step 4 shows that the trace is there.
export function skipped(flow, n) {
  const event = eventOf(flow, 4);
  if (event === undefined) return false;
  if (n === 3) return eventOf(flow, 3) === undefined;
  return n === 4 && valueOf(event, "method") === undefined && valueOf(event, "consent") === "remembered";
}
