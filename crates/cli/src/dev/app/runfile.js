// The run as a file to show to others: what happened, without what proves or names a person. A value is kept where its name is
// known to be no secret; any other is replaced by its name, and the same name stands for the same value.
import { blocksOf } from "./blocks.js";
import { skipped } from "./labels.js";
import { route, STEPS, stateOf } from "./steps.js";

const ABOUT = "A run of the sample app of proofkey dev. A value that is a secret, or says who a person is, is replaced by its name in brackets; "
  + "the same name stands for the same value.";
const KEPT = new Set([
  "response_type", "client_id", "redirect_uri", "scope", "resource", "grant_type", "iss", "issuer", "code_challenge",
  "code_challenge_method", "challenge", "computed", "stored", "result", "status", "page", "method", "consent", "content_type", "took_us",
  "token_type", "expires_in", "typ", "alg", "kid", "aud", "azp", "exp", "iat", "nbf", "auth_time", "acr", "amr", "grant", "grant_id", "jti",
  "error", "error_description", "error_id", "error_rule", "error_fix", "error_standard", "realm",
]);
// Names that are told though the values are not: another party may have chosen any other name, and have put a value into it.
const NAMED = new Set([
  "state", "nonce", "verifier", "code", "code_verifier", "access_token", "id_token", "refresh_token", "session_state", "session", "user", "sub", "sid",
  "at_hash", "c_hash", "signature", "login_hint", "id_token_hint", "prompt", "max_age", "response_mode", "client_secret", "client_assertion",
  "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website", "gender", "birthdate",
  "zoneinfo", "locale", "updated_at", "email", "email_verified", "address", "phone_number", "phone_number_verified",
  "request", "response", "answer", "first_answer", "refreshed", "authorization", "www_authenticate", "body",
]);
// A shorter value is no name of a person, and could be any word.
const SWEPT_CHARACTERS_MIN = 3;
// A value of so many characters is looked for inside words too; a shorter one could be part of anything.
const SWEPT_INSIDE_CHARACTERS_MIN = 8;

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

function labelOf(key) {
  const [, token, name] = /^((?:access|id)\.)?(.*)$/s.exec(key);
  return KEPT.has(name) || NAMED.has(name) ? key : `${token ?? ""}other`;
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

// Replaced values that stand inside others, in small letters or capitals. All at once, so that the names that are put in are no values; the
// longest first, for one may hold another.
function sweep(text, names) {
  const forms = new Map();
  for (const [value, name] of names) {
    if (value.length >= SWEPT_CHARACTERS_MIN) for (const form of formsOf(value)) forms.set(form.toLowerCase(), name);
  }
  if (forms.size === 0) return text;
  const sought = [...forms.keys()].sort((a, b) => b.length - a.length).map(patternOf);
  return text.replace(new RegExp(sought.join("|"), "giu"), (found) => forms.get(found.toLowerCase()) ?? "[other]");
}

// A value as it is, as a form has it, and as an address has it.
function formsOf(value) {
  const form = new URLSearchParams([["", value]]).toString().slice(1);
  const address = encodeURIComponent(value.replaceAll(/\p{Surrogate}/gu, "\ufffd"));
  return [value, form, address];
}

function patternOf(form) {
  const literal = form.replaceAll(/[\^$\\.*+?()[\]{}|/]/g, "\\$&");
  return form.length >= SWEPT_INSIDE_CHARACTERS_MIN ? literal : `(?<![\\p{L}\\p{N}_])${literal}(?![\\p{L}\\p{N}_])`;
}
