// What the panel of a step shows: everything that was sent or read, whole. A block is a title and rows, or a text.
import { decodeJwt } from "./encode.js";
import { eventOf } from "./trace.js";

export function blocksOf(flow, n) {
  try {
    return BLOCKS[n](flow).filter((block) => block !== null && (block.rows?.length ?? 1) > 0);
  } catch {
    return [];
  }
}

const BLOCKS = {
  1: (flow) => [
    block("Kept by the client", [row("verifier", flow.verifier, { chip: "filled" })]),
    block("Sent in step 2", [row("challenge", flow.challenge, { chip: "outlined" }), row("state", flow.state), row("nonce", flow.nonce)]),
  ],
  2: (flow) => [
    block("Parameters", Object.entries(flow.parameters).map(([key, value]) => row(key, value, key === "code_challenge" ? { chip: "outlined" } : {}))),
    text("Request", "request", `GET ${flow.url}`, flow.url),
  ],
  3: (flow) => [told(flow, 3)],
  4: (flow) => [told(flow, 4)],
  5: (flow) => [
    block("Parameters", ["code", "state", "iss", "error", "error_description"].filter((key) => flow.back[key] !== undefined)
      .map((key) => row(key, flow.back[key], { note: checked(flow, key) }))),
    text("Response", "response", flow.back.url, flow.back.url),
  ],
  6: (flow) => [
    block("Body", Object.entries(flow.tokenRequest.body).map(([key, value]) => row(key, value, key === "code_verifier" ? { chip: "filled" } : {}))),
    text("Request", "request", `POST ${flow.tokenRequest.url}`, flow.tokenRequest.url),
    flow.firstAnswer === undefined ? null : text("First answer", "first_answer", flow.firstAnswer.body, flow.firstAnswer.body),
  ],
  7: (flow) => [
    block("Compared", [
      row("challenge", flow.challenge, { chip: "outlined", note: "step 2" }),
      row("computed", flow.tokenRequest.challenge, { chip: "outlined", note: "S256 of the verifier of step 6" }),
    ]),
    told(flow, 7),
    flow.tokenAnswer.status === 200 ? null : text(`Answer, ${flow.tokenAnswer.status}`, "answer", flow.tokenAnswer.body, flow.tokenAnswer.body),
  ],
  8: (flow) => [
    claims("Access token, decoded", "access", flow.tokens.access_token),
    claims("ID token, decoded", "id", flow.tokens.id_token, flow.checks),
    block("As they came", ["token_type", "expires_in", "scope", "access_token", "id_token", "refresh_token"]
      .filter((key) => flow.tokens[key] !== undefined).map((key) => row(key, String(flow.tokens[key]))), true),
    flow.refreshed === undefined ? null : text(`Refreshed, ${flow.refreshed.answer.status}`, "refreshed", flow.refreshed.answer.body, flow.refreshed.answer.body),
  ],
  9: (flow) => [block("Request", [row("request", flow.apiRequest.url, { label: "GET" }), row("authorization", `Bearer ${flow.apiRequest.token}`)], true)],
  10: (flow) => [
    block("Response", [
      row("status", String(flow.apiAnswer.status)), row("content_type", flow.apiAnswer.contentType, { label: "content-type" }),
      flow.apiAnswer.challenge === "" ? null : row("www_authenticate", flow.apiAnswer.challenge, { label: "www-authenticate" }),
    ]),
    told(flow, 10, "Checked by the API"),
    flow.apiAnswer.body === "" ? null : text("Body", "body", flow.apiAnswer.body, flow.apiAnswer.body),
  ],
};

function block(title, rows, wide = false) {
  return { title, rows: rows.filter((one) => one !== null), wide };
}

function row(key, value, { label = key, chip = null, note = null } = {}) {
  return { key, label, value: String(value), chip, note };
}

function text(title, key, shown, value) {
  return { title, key, text: shown, value, wide: true };
}

// What the server or the API told of a step that the browser cannot see. Errors have their own place in the failure.
function told(flow, n, title = "Told by the server") {
  const event = eventOf(flow, n);
  if (event === undefined) return null;
  const rows = event.values.filter(([key]) => !key.startsWith("error") && key !== "www_authenticate").map(([key, value]) => row(key, value, { note: moment(key, Number(value)) }));
  return block(title, [...rows, row("took_us", event.took_us, { label: "took", note: "µs" })]);
}

function checked(flow, key) {
  if (key === "state") return flow.back.state === flow.state ? "✓ as sent in step 2" : "not the one of step 2";
  if (key === "iss") return flow.back.iss === flow.issuer ? "✓ the issuer of step 2" : "another issuer";
  return null;
}

function claims(title, prefix, token, checks = []) {
  if (token === undefined) return null;
  const { header, claims: body } = decodeJwt(token);
  const shown = (value) => typeof value === "string" ? value : JSON.stringify(value);
  const held = (name) => {
    const check = checks.find((one) => one.name === name);
    return check === undefined ? null : check.holds ? "✓" : `expected ${check.wanted}`;
  };
  const head = Object.entries(header).map(([key, value]) => row(`${prefix}.${key}`, shown(value), { label: key }));
  const rest = Object.entries(body).map(([key, value]) => row(`${prefix}.${key}`, shown(value), { label: key, note: [moment(key, value), held(key)].filter((one) => one).join(" ") || null }));
  const signature = held("signature");
  if (signature !== null) rest.push({ ...row(`${prefix}.signature`, token.split(".")[2], { label: "signature" }), note: signature === "✓" ? "✓ by the server's key" : signature });
  return block(title, [...head, ...rest]);
}

// The time of day beside a NumericDate; the number itself stays what is shown first.
function moment(key, value) {
  if (!["exp", "iat", "nbf", "auth_time"].includes(key) || !Number.isFinite(value)) return null;
  return new Date(value * 1000).toLocaleTimeString("en-GB", { hour12: false });
}
