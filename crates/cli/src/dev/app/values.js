// The two lines of values in a row. A line is a label and parts; a part is what a machine sent or read, whole in
// `value`, and `text` where the row shows less of it. Only real values: what is not known yet is not drawn.
import { decodeJwt } from "./encode.js";
import { eventOf, valueOf } from "./trace.js";

export function linesOf(flow, n) {
  try {
    return LINES[n](flow)?.filter((line) => line !== null) ?? [];
  } catch {
    return []; // an answer of another shape than expected is explained by its failure, not here
  }
}

const LINES = {
  1: (flow) => [line("verifier", verifier(flow.verifier)), line("challenge", challenge(flow.challenge))],
  2: (flow) => flow.url === undefined ? [] : [
    line("GET", { key: "request", value: flow.url, text: pathOf(flow.url) }),
    line("challenge", challenge(flow.challenge, "code_challenge")),
  ],
  3: (flow) => signInLines(flow),
  4: (flow) => consentLines(flow),
  5: (flow) => flow.back === undefined ? [] : answerLines(flow),
  6: (flow) => flow.tokenRequest === undefined ? [] : [
    line("POST", { key: "request", value: flow.tokenRequest.url, text: pathOf(flow.tokenRequest.url) },
      flow.firstAnswer !== undefined ? { note: "sent twice" }
        : { key: "grant_type", value: flow.tokenRequest.body.grant_type, text: `grant_type=${flow.tokenRequest.body.grant_type}` }),
    line("verifier", verifier(flow.tokenRequest.body.code_verifier, "code_verifier")),
  ],
  7: (flow) => flow.tokenAnswer === undefined ? [] : [
    line("S256", challenge(valueOf(eventOf(flow, 7), "computed") ?? flow.tokenRequest.challenge, "computed")),
    line("result", resultOf(flow)),
  ],
  8: (flow) => flow.tokens === undefined ? tokensToCome(flow) : [
    line(String(flow.tokenAnswer.status), { note: kinds(flow.tokens) }),
    line("access", { key: "access_token", value: flow.tokens.access_token, text: accessSummary(flow.tokens) }),
  ],
  9: (flow) => flow.apiRequest === undefined ? [] : [
    line("GET", { key: "request", value: flow.apiRequest.url }),
    line("auth", { key: "authorization", value: `Bearer ${flow.apiRequest.token}` }),
  ],
  10: (flow) => flow.apiAnswer === undefined ? [] : [
    line(String(flow.apiAnswer.status), { key: "content_type", value: flow.apiAnswer.contentType, text: flow.apiAnswer.contentType || "no body" }, { note: countOf(flow.apiAnswer) }),
    flow.apiAnswer.body === ""
      ? line("answer", { key: "www_authenticate", value: flow.apiAnswer.challenge })
      : line("body", { key: "body", value: flow.apiAnswer.body }),
  ],
};

function line(label, ...parts) {
  return { label, parts: parts.filter((part) => part !== null) };
}

function verifier(value, key = "verifier") {
  return { key, value, chip: "filled" };
}

function challenge(value, key = "challenge") {
  return { key, value, chip: "outlined" };
}

function pathOf(url) {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

// No user was asked for a code that comes at once: only what the server told of step 4 says so.
function signInLines(flow) {
  const event = eventOf(flow, 3);
  if (event === undefined) return eventOf(flow, 4) === undefined ? untold(flow) : [line("skipped", { note: "You were signed in: nothing was asked." })];
  return [
    line(valueOf(event, "status") ?? "sent", { key: "page", value: valueOf(event, "page") ?? "" }),
    valueOf(event, "issuer") === undefined ? null : line("issuer", { key: "issuer", value: valueOf(event, "issuer") }),
  ];
}

function consentLines(flow) {
  const event = eventOf(flow, 4);
  if (flow.back?.error !== undefined) return flow.failure?.step === 4 ? [line("answer", { key: "error", value: flow.back.error })] : [];
  if (event === undefined) return flow.back?.code === undefined ? [] : untold(flow);
  const part = (key) => valueOf(event, key) === undefined ? null : { key, value: valueOf(event, key) };
  const remembered = valueOf(event, "consent") === "remembered" ? { note: "allowed before, and remembered" } : null;
  return [line("user", part("user"), part("method"), remembered), line("scope", part("scope"))].filter((one) => one.parts.length > 0);
}

// Without the trace the page does not know what went on at the server, and makes nothing up.
function untold(flow) {
  return flow.back === undefined ? [] : [line("unknown", { note: "Only the server sees this step, and it told nothing." })];
}

function answerLines(flow) {
  const { code, state, iss, error } = flow.back;
  return [
    code === undefined ? line("error", { key: "error", value: error ?? "" }) : line("code", { key: "code", value: code }),
    line("state", { key: "state", value: state ?? "absent", holds: state === flow.state },
      iss === undefined ? null : { key: "iss", value: iss, text: "iss", holds: iss === flow.issuer }),
  ];
}

function resultOf(flow) {
  const told = valueOf(eventOf(flow, 7), "result");
  if (flow.tokenAnswer.status === 200) return told === undefined || told === "equal"
    ? { key: "result", value: told ?? "equal", text: "equal to the challenge of step 2" } : { key: "result", value: told };
  if (flow.tokenRequest.challenge !== flow.challenge) return { key: "result", value: told ?? "not equal", text: "differs from the challenge of step 2" };
  return { key: "result", value: told ?? flow.failure?.title ?? "refused" };
}

function tokensToCome(flow) {
  return flow.tokenAnswer?.status === 200 ? [line("200", { note: kinds(JSON.parse(flow.tokenAnswer.body)) })] : [];
}

function kinds(tokens) {
  const names = [["access_token", "access"], ["id_token", "ID"], ["refresh_token", "refresh"]]
    .filter(([member]) => tokens[member] !== undefined).map(([, name]) => name);
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)} token` : `${names[0]} token`;
}

function accessSummary(tokens) {
  const { header } = decodeJwt(tokens.access_token);
  return [header.typ, header.alg, lasting(tokens.expires_in), tokens.scope].filter((part) => part).join(", ");
}

function lasting(seconds) {
  if (typeof seconds !== "number") return "";
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

function countOf(answer) {
  try {
    const parsed = JSON.parse(answer.body);
    if (Array.isArray(parsed)) return `${parsed.length} notes`;
    return parsed.error ?? "";
  } catch {
    return "";
  }
}
