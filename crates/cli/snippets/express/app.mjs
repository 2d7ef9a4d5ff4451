import { randomBytes } from "node:crypto";
import express from "express";
import session from "express-session";
import * as oidc from "openid-client";

const ISSUER = __ISSUER__;
const CLIENT_ID = __CLIENT_ID__;
const REDIRECT_URI = __REDIRECT_URI__;
const SIGNED_OUT_URI = __SIGNED_OUT_URI__;
const SCOPE = __SCOPE__;
const API = __API__;
const NAME = __NAME__;

// Where the code comes to. The library names it as a browser spells it, and without a query.
const { origin, pathname: callbackPath } = new URL(REDIRECT_URI);
const spelled = origin + callbackPath;
if (spelled !== REDIRECT_URI) throw new Error(`register the redirect URI ${spelled} in place of ${REDIRECT_URI}`);

const { CLIENT_SECRET } = process.env;
if (!CLIENT_SECRET) throw new Error("CLIENT_SECRET is not set: it is what `proofkey client add` printed");

// Plain http is for development on this machine; the library takes it only when told so.
const execute = ISSUER.startsWith("http:") ? [oidc.allowInsecureRequests] : [];
const server = await oidc.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, { execute });

const app = express();
const secure = REDIRECT_URI.startsWith("https:");
if (secure) app.set("trust proxy", 1);
app.use(session({
  name: "notes",
  secret: process.env.SESSION_SECRET ?? randomBytes(32).toString("hex"),
  resave: false,
  saveUninitialized: false,
  cookie: { httpOnly: true, sameSite: "lax", secure },
}));

// The server's answer has a `state`, and a code or an error; anything else is a request for a page, if there is one at this path.
app.use((request, response, next) => {
  const { query } = request;
  const isAnswer = request.path === callbackPath && "state" in query && ("code" in query || "error" in query);
  return isAnswer ? callback(request, response) : next();
});

const escape = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const page = (body) => `<!doctype html><html lang="en"><title>${escape(NAME)}</title><h1>${escape(NAME)}</h1>${body}`;

app.get("/", (request, response) => {
  const { name } = request.session;
  if (name === undefined) return response.send(page('<p><a href="/login">Sign in</a></p>'));
  response.send(page(`<p>Hello, ${escape(name)}.</p><p><a href="/notes">My notes</a></p>
    <form method="post" action="/logout"><button>Sign out</button></form>`));
});

async function newRequest() {
  const verifier = oidc.randomPKCECodeVerifier();
  const challenge = await oidc.calculatePKCECodeChallenge(verifier);
  return { verifier, challenge, state: oidc.randomState(), nonce: oidc.randomNonce() };
}

app.get("/login", async (request, response) => {
  const { challenge, ...kept } = await newRequest();
  request.session.asked = kept;
  response.redirect(oidc.buildAuthorizationUrl(server, {
    redirect_uri: REDIRECT_URI,
    scope: SCOPE,
    state: kept.state,
    nonce: kept.nonce,
    code_challenge: challenge,
    code_challenge_method: "S256",
  }).href);
});

async function callback(request, response) {
  const { asked } = request.session;
  if (asked === undefined) return response.redirect("/");
  const tokens = await oidc.authorizationCodeGrant(server, new URL(request.originalUrl.slice(callbackPath.length), REDIRECT_URI), {
    pkceCodeVerifier: asked.verifier,
    expectedState: asked.state,
    expectedNonce: asked.nonce,
    idTokenExpected: true,
  });
  const { sub } = tokens.claims();
  const person = await oidc.fetchUserInfo(server, tokens.access_token, sub);
  // A session of its own for who is signed in now: an id from before is worth nothing.
  await new Promise((resolve, reject) => request.session.regenerate((error) => (error ? reject(error) : resolve())));
  request.session.name = person.name ?? sub;
  keep(request.session, tokens);
  response.redirect("/");
}

function keep(session, tokens) {
  session.accessToken = tokens.access_token;
  session.expiresAt = Date.now() + (tokens.expiresIn() ?? 0) * 1000;
  session.refreshToken = tokens.refresh_token ?? session.refreshToken;
  session.idToken = tokens.id_token ?? session.idToken;
}

async function accessToken(session) {
  if (Date.now() > session.expiresAt - 30_000) {
    keep(session, await oidc.refreshTokenGrant(server, session.refreshToken));
  }
  return session.accessToken;
}

app.get("/notes", async (request, response) => {
  if (request.session.accessToken === undefined) return response.redirect("/login");
  const answer = await fetch(API, { headers: { Authorization: `Bearer ${await accessToken(request.session)}` } });
  response.status(answer.status).type("text/plain").send(await answer.text());
});

app.post("/logout", async (request, response) => {
  const { refreshToken, idToken } = request.session;
  await new Promise((resolve) => request.session.destroy(resolve));
  if (refreshToken !== undefined) await oidc.tokenRevocation(server, refreshToken);
  if (idToken === undefined) return response.redirect("/");
  const parameters = { id_token_hint: idToken, ...(SIGNED_OUT_URI && { post_logout_redirect_uri: SIGNED_OUT_URI }) };
  response.redirect(oidc.buildEndSessionUrl(server, parameters).href);
});

// What the server refused is in `error` and `error_description`; the person sees that it failed.
app.use((error, request, response, next) => {
  console.error(error.error ?? error.name, error.error_description ?? error.message);
  request.session.destroy(() => response.status(500).send(page('<p>That did not work. <a href="/">Back</a></p>')));
});

// Behind a proxy the redirect URI has no port.
const port = process.env.PORT || new URL(REDIRECT_URI).port || 8080;
app.listen(port, "127.0.0.1", () => console.log(`http://localhost:${port}/`));
