// What the client does in each step. `prepare` fills in what is about to be sent, so that the page can show it before;
// `perform` sends it and returns a failure, or nothing when the step held. Both write facts into the flow record.
import { decodeJwt, random } from "./encode.js";
import { challengeOf, createVerifier } from "./pkce.js";
import { checkIdToken } from "./verify.js";
import { authorizeUrl, callApi, loadKeys, metadata, postToken } from "./wire.js";
import { rememberIdToken } from "./store.js";
import { failureOf, serverError } from "./failures.js";

const TRACE_WAIT_MS = 1000;

export async function createFlow(config, provoke, byStep) {
  const verifier = createVerifier();
  const expired = provoke === "expired" ? config.expired_code : null;
  return {
    state: random(16), nonce: random(16), verifier, challenge: await challengeOf(verifier), provoke, byStep,
    issuer: config.issuer,
    clientId: expired?.client_id ?? config.client_id,
    waitSeconds: expired?.wait_seconds ?? 0,
    registeredUri: config.redirect_uri,
    redirectUri: provoke === "redirect" ? `${config.redirect_uri}/elsewhere` : config.redirect_uri,
    done: 1, live: null, failure: null, left: false, trace: [],
  };
}

export const STAGES = {
  2: {
    async prepare(flow, { config }) {
      const server = await metadata(config);
      flow.parameters = {
        response_type: "code", client_id: flow.clientId, redirect_uri: flow.redirectUri, scope: config.scope,
        state: flow.state, nonce: flow.nonce, code_challenge: flow.challenge, code_challenge_method: "S256",
      };
      flow.url = authorizeUrl(server.authorization_endpoint, flow.parameters);
    },
  },
  6: {
    async prepare(flow, { config }) {
      const server = await metadata(config);
      const verifier = flow.provoke === "verifier" ? createVerifier() : flow.verifier;
      flow.tokenRequest = {
        url: server.token_endpoint,
        body: { grant_type: "authorization_code", code: flow.back.code, redirect_uri: flow.redirectUri, client_id: flow.clientId, code_verifier: verifier },
        challenge: await challengeOf(verifier),
      };
    },
    async perform(flow, { save }) {
      flow.tokenSent = true;
      save(); // before the request: a reload must not redeem the code again
      flow.tokenAnswer = await postToken(flow.tokenRequest.url, flow.tokenRequest.body);
      if (flow.provoke === "replay" && flow.tokenAnswer.status === 200) {
        flow.firstAnswer = flow.tokenAnswer;
        keepIdToken(flow.firstAnswer);
        flow.tokenAnswer = await postToken(flow.tokenRequest.url, flow.tokenRequest.body);
      }
      // Only invalid_grant is about the code or its proof; anything else refuses the request itself.
      const refused = flow.tokenAnswer.status !== 200 && serverError(flow.tokenAnswer).error !== "invalid_grant";
      return refused ? failureOf(6, "refused", flow, flow.tokenAnswer) : undefined;
    },
  },
  7: {
    async prepare(flow, { trace }) {
      const outcome = flow.tokenAnswer.status === 200 ? "done" : "failed";
      await trace.find((event) => event.step === 7 && event.outcome === outcome, TRACE_WAIT_MS);
    },
    async perform(flow) {
      if (flow.tokenAnswer.status === 200) return undefined;
      return failureOf(7, ["verifier", "replay", "expired"].includes(flow.provoke) ? flow.provoke : "grant", flow, flow.tokenAnswer);
    },
  },
  8: {
    async perform(flow, { config }) {
      const server = await metadata(config);
      const tokens = JSON.parse(flow.tokenAnswer.body);
      flow.tokens = tokens;
      const jwks = await loadKeys(server.jwks_uri);
      flow.checks = await checkIdToken(tokens.id_token, {
        issuer: config.issuer, clientId: flow.clientId, nonce: flow.nonce, accessToken: tokens.access_token, jwks,
        now: Math.floor(Date.now() / 1000),
      });
      if (flow.checks.some((check) => !check.holds)) return failureOf(8, "id_token", flow, flow.tokenAnswer);
      keepIdToken(flow.tokenAnswer);
      return undefined;
    },
  },
  9: {
    async prepare(flow, { config }) {
      const token = flow.tokens.access_token;
      flow.apiRequest = { url: config.api, token: flow.provoke === "token" ? tamper(token) : token };
    },
    async perform(flow) {
      flow.apiAnswer = await callApi(flow.apiRequest.url, flow.apiRequest.token);
    },
  },
  10: {
    async prepare(_flow, { trace }) {
      await trace.find((event) => event.step === 10, TRACE_WAIT_MS);
    },
    async perform(flow) {
      if (flow.apiAnswer.status < 400) return undefined;
      return failureOf(10, flow.provoke === "token" ? "token" : "api", flow, flow.apiAnswer);
    },
  },
};

// The first character of the signature: in the last one some bits are padding, and a change there could change nothing.
function tamper(token) {
  const { signed, signature } = decodeJwt(token);
  return `${signed}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
}

function keepIdToken(answer) {
  const idToken = JSON.parse(answer.body).id_token;
  if (idToken !== undefined) rememberIdToken(idToken);
}
