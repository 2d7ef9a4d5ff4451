// Why a step failed, in the words of the page. What the server says about itself (error_id, error_rule, error_fix,
// error_standard) is taken from its answer; only what it does not say is filled in from here.
import { eventOf, valueOf } from "./trace.js";

const KINDS = {
  verifier: { title: "The verifier does not belong to this challenge", after: "No token was issued.", standard: "RFC 7636 §4.6",
    fix: "Keep the verifier of step 1, one per `state`, until step 6. Two sign-ins that share one slot overwrite each other." },
  replay: { title: "This code was used before", after: "", standard: "RFC 6749 §4.1.2",
    fix: "Redeem a code once and take it out of the address at once, so that a reload or the Back button cannot send it again." },
  expired: { title: "The code is too old", after: "No token was issued.", standard: "RFC 6749 §4.1.2",
    fix: "Redeem the code as soon as the browser is back. If it is late, start again at step 1." },
  redirect: { title: "This redirect URI is not registered", after: "The browser was not sent back, and no code was issued.", standard: "RFC 6749 §3.1.2.4",
    fix: "Send exactly a redirect URI that is registered for this client, character by character, or register this one." },
  grant: { title: "The server does not accept this code", after: "No token was issued.", standard: "RFC 6749 §5.2", fix: "Start again at step 1." },
  refused: { title: "The server refused the token request", after: "No token was issued.", standard: "RFC 6749 §5.2", fix: "Compare the request of step 6 with the client's registration." },
  denied: { title: "You did not allow the request", after: "Nothing was shared.", standard: "RFC 6749 §4.1.2.1",
    fix: "Nothing: this is an answer too. Tell the person what does not work without it, and offer to try again." },
  answered: { title: "The server sent an error instead of a code", after: "Nothing was shared.", standard: "RFC 6749 §4.1.2.1", fix: "Compare the request of step 2 with the client's registration." },
  state: { title: "This answer belongs to another request", after: "The code was not redeemed.", standard: "RFC 6749 §10.12",
    fix: "Accept an answer only in the tab that asked, with the `state` that it sent." },
  iss: { title: "This answer comes from another issuer", after: "The code was not redeemed.", standard: "RFC 9207 §2.4",
    fix: "Send the code to nobody: compare `iss` with the issuer that was asked before anything else." },
  id_token: { title: "The ID token does not hold", after: "The tokens were not used.", standard: "OpenID Connect Core §3.1.3.7", fix: "Use no token of this answer." },
  token: { title: "The signature of the access token does not hold", after: "The API shared nothing.", standard: "RFC 9068 §4",
    fix: "Send the access token as it came. A single other character breaks its signature." },
  api: { title: "The API refused the request", after: "", standard: "RFC 6750 §3.1", fix: "Compare audience and scope of the token with what the API asks for." },
  network: { title: "No answer came", after: "", standard: "", fix: "Check that `proofkey dev` is still running, then run again." },
};

export function failureOf(step, kind, flow, answer, detail = {}) {
  const known = KINDS[kind];
  const error = answer === undefined ? {} : serverError(answer);
  const event = eventOf(flow, step);
  const told = (key) => error[key] ?? valueOf(event, key);
  return {
    step, kind,
    title: known.title,
    status: answer?.status ?? null,
    error: told("error") ?? null,
    description: detail.description ?? told("error_description") ?? null,
    after: known.after,
    pair: detail.pair ?? pairOf(kind, flow),
    fix: told("error_fix") ?? known.fix,
    id: told("error_id") ?? null,
    rule: told("error_rule") ?? null,
    standard: told("error_standard") ?? known.standard,
  };
}

// The members of an error answer: the JSON body, else the parameters of `WWW-Authenticate` (RFC 6750 section 3).
export function serverError(answer) {
  let members = {};
  try {
    const parsed = JSON.parse(answer.body);
    if (typeof parsed === "object" && parsed !== null) members = parsed;
  } catch { /* an answer without JSON has no members */ }
  const challenge = Object.fromEntries([...(answer.challenge ?? "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, value]) => [key, value]));
  const texts = Object.entries({ ...challenge, ...members }).filter(([, value]) => typeof value === "string");
  return Object.fromEntries(texts);
}

// The two values that should have been one, or that show why not.
function pairOf(kind, flow) {
  switch (kind) {
    case "verifier":
      return [["Challenge, step 2", flow.challenge], ["S256 of verifier, step 6", flow.tokenRequest.challenge]];
    case "replay":
      return [["First answer", `${flow.firstAnswer?.status ?? "none"} tokens issued`], ["Second answer", `${flow.tokenAnswer.status} ${serverError(flow.tokenAnswer).error ?? ""}`]];
    case "expired":
      return [["Code received, step 5", clock(flow.back.at)], ["Code sent, step 6", clock(flow.sentAt ?? Date.now())]];
    case "redirect":
      return [["Registered", flow.registeredUri], ["Sent, step 2", flow.redirectUri]];
    case "token":
      return [["Signature, step 8", flow.tokens.access_token.split(".")[2]], ["Signature sent, step 9", flow.apiRequest.token.split(".")[2]]];
    case "state":
      return [["state, step 2", flow.state], ["state, step 5", flow.back.state ?? "absent"]];
    case "iss":
      return [["Issuer, step 2", flow.issuer], ["iss, step 5", flow.back.iss ?? "absent"]];
    case "id_token": {
      const broken = flow.checks.find((check) => !check.holds);
      return [[`${broken.name}, expected`, broken.wanted], [`${broken.name}, received`, broken.got]];
    }
    default:
      return null;
  }
}

function clock(atMs) {
  return new Date(atMs).toLocaleTimeString("en-GB", { hour12: false });
}
