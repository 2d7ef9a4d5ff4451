// The run as a file to show to others: what happened, without what proves or names a person. A value is kept where its name is
// known to be no secret; any other is replaced by its name, and the same name stands for the same value.
import { blocksOf } from "./blocks.js";
import { skipped } from "./labels.js";
import { route, STEPS, stateOf } from "./steps.js";

const ABOUT = "A run of the sample app of proofkey dev. What is a secret, or says who a person is, is replaced by its name in brackets; "
  + "the same name stands for the same value.";
const KEPT = new Set([
  "response_type", "client_id", "redirect_uri", "scope", "resource", "grant_type", "iss", "issuer", "code_challenge",
  "code_challenge_method", "challenge", "computed", "stored", "result", "status", "page", "method", "consent", "content_type", "took_us",
  "token_type", "expires_in", "typ", "alg", "kid", "aud", "azp", "exp", "iat", "nbf", "auth_time", "acr", "amr", "grant", "grant_id", "jti",
  "error", "error_description", "error_id", "error_rule", "error_fix", "error_standard", "realm",
]);
// What is short could be part of anything.
const SWEPT_CHARACTERS_MIN = 8;

export function runFile(flow, savedAt) {
  const names = new Map(); // the name of each value that is replaced
  build(flow, savedAt, names);
  // Once more: by now every such value is known, wherever it stands inside another.
  return `${JSON.stringify(build(flow, savedAt, names), null, 2)}\n`;
}

function build(flow, savedAt, names) {
  const kept = (text) => sweep(String(text), names);
  return {
    about: ABOUT,
    saved_at: savedAt.toISOString(),
    provoked: flow.provoke === "" ? null : kept(flow.provoke),
    steps: STEPS.map((step) => ({ n: step.n, title: step.title, route: route(step), state: wordOf(flow, step.n), values: valuesOf(flow, step.n, names) })),
    failure: flow.failure === null ? null : failureOf(flow.failure, kept),
  };
}

function wordOf(flow, n) {
  const state = stateOf(flow, n);
  return state === "done" && skipped(flow, n) ? "not needed" : state;
}

function failureOf(failure, kept) {
  const members = ["step", "kind", "title", "status", "error", "description", "after", "fix", "id", "rule", "standard"];
  const told = members.filter((member) => failure[member] !== null && failure[member] !== undefined && failure[member] !== "");
  return Object.fromEntries(told.map((member) => [member, kept(failure[member])]));
}

function valuesOf(flow, n, names) {
  const values = {};
  for (const block of blocksOf(flow, n)) {
    const rows = block.rows ?? [{ key: block.key, value: block.value }];
    for (const { key, value } of rows) values[labelOf(key)] ??= valueOf(key, value, names);
  }
  return values;
}

function valueOf(key, value, names) {
  switch (key) {
    case "request": case "response": return addressOf(value, names);
    case "answer": case "first_answer": case "refreshed": return membersOf(value, names);
    case "authorization": return `Bearer ${nameOf("access_token", value.replace(/^Bearer /, ""), names)}`;
    case "www_authenticate": return challengeOf(value, names);
    case "body": return `[body of ${new TextEncoder().encode(value).length} bytes]`;
    default: return member(key, value, names);
  }
}

function member(key, value, names) {
  const name = key.replace(/^(access|id)\./, "");
  return KEPT.has(name) ? sweep(String(value), names) : nameOf(name === "code_verifier" ? "verifier" : labelOf(name), String(value), names);
}

// Another party may have chosen the name too.
function labelOf(key) {
  return /^[A-Za-z_][\w.]{0,39}$/.test(key) ? key : "other";
}

function addressOf(url, names) {
  const { origin, pathname, searchParams } = new URL(url);
  const query = [...searchParams].map(([key, value]) => `${labelOf(key)}=${member(key, value, names)}`);
  return `${origin}${sweep(pathname, names)}${query.length === 0 ? "" : `?${query.join("&")}`}`;
}

// The members of an answer in JSON; of another answer nothing but its length.
function membersOf(body, names) {
  try {
    return Object.fromEntries(Object.entries(JSON.parse(body)).map(([key, value]) => [labelOf(key), member(key, value, names)]));
  } catch {
    return `[${body.length} characters]`;
  }
}

function challengeOf(challenge, names) {
  const scheme = /^[A-Za-z]+(?= |$)/.exec(challenge)?.[0] ?? "";
  const parameters = [...challenge.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, value]) => `${labelOf(key)}="${member(key, value, names)}"`);
  return `${scheme} ${parameters.join(", ")}`.trim();
}

function nameOf(name, value, names) {
  if (!names.has(value)) {
    const taken = new Set(names.values());
    let free = `[${name}]`;
    for (let number = 2; taken.has(free); number += 1) free = `[${name} ${number}]`;
    names.set(value, free);
  }
  return names.get(value);
}

// Replaced values that stand inside others, as they are or as an address has them; the longest first, for one may hold another.
function sweep(text, names) {
  const secrets = [...names].filter(([value]) => value.length >= SWEPT_CHARACTERS_MIN).sort(([a], [b]) => b.length - a.length);
  return secrets.reduce((swept, [value, name]) => swept.replaceAll(value, name).replaceAll(encodeURIComponent(value), name), text);
}
