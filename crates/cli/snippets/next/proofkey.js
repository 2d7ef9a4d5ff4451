import { randomBytes } from "node:crypto";
import { cookies } from "next/headers";
import * as oidc from "openid-client";

const ISSUER = __ISSUER__;
const CLIENT_ID = __CLIENT_ID__;
const REDIRECT_URI = __REDIRECT_URI__;
const SIGNED_OUT_URI = __SIGNED_OUT_URI__;
const SCOPE = __SCOPE__;
const API = __API__;
export const NAME = __NAME__;

// Next.js takes the path from the folder: for another one, move app/callback and name it here.
const CALLBACK = new URL("/callback", REDIRECT_URI).href;
if (REDIRECT_URI !== CALLBACK) throw new Error(`register the redirect URI ${CALLBACK} in place of ${REDIRECT_URI}`);

// One for all modules of this process. For more than one process, a table of a database.
const kept = (globalThis.notes ??= { sessions: new Map() });

// Plain http is for development on this machine; the library takes it only when told so.
const execute = ISSUER.startsWith("http:") ? [oidc.allowInsecureRequests] : [];
async function discover() {
  // Not above: a build needs no secret.
  const { CLIENT_SECRET } = process.env;
  if (!CLIENT_SECRET) throw new Error("CLIENT_SECRET is not set: it is what `proofkey client add` printed");
  return oidc.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, { execute });
}
const server = () => (kept.server ??= discover().catch((error) => {
  kept.server = undefined; // the next request tries again
  throw error;
}));

const to = (address) => new Response(null, { status: 303, headers: { Location: address } });
const home = () => to(new URL("/", REDIRECT_URI).href);

const COOKIE = { httpOnly: true, sameSite: "lax", path: "/", secure: REDIRECT_URI.startsWith("https:") };

export async function session() {
  return kept.sessions.get((await cookies()).get("notes")?.value);
}

// A session with a new id in place of the present one; without one, the end of it.
async function replace(session) {
  const jar = await cookies();
  kept.sessions.delete(jar.get("notes")?.value);
  if (session === undefined) return jar.delete("notes");
  const id = randomBytes(32).toString("base64url");
  kept.sessions.set(id, session);
  jar.set("notes", id, COOKIE);
}

async function newRequest() {
  const verifier = oidc.randomPKCECodeVerifier();
  const challenge = await oidc.calculatePKCECodeChallenge(verifier);
  return { verifier, challenge, state: oidc.randomState(), nonce: oidc.randomNonce() };
}

export async function login() {
  const { verifier, challenge, state, nonce } = await newRequest();
  (await cookies()).set("notes-asked", [state, nonce, verifier].join("."), { ...COOKIE, maxAge: 600 });
  return to(oidc.buildAuthorizationUrl(await server(), {
    redirect_uri: REDIRECT_URI,
    scope: SCOPE,
    state,
    nonce,
    code_challenge: challenge,
    code_challenge_method: "S256",
  }).href);
}

export async function callback(request) {
  const jar = await cookies();
  const [state, nonce, verifier] = jar.get("notes-asked")?.value.split(".") ?? [];
  if (!state || !nonce || !verifier) return home();
  jar.delete("notes-asked");
  // The address as the browser knows it: behind a proxy the request has another one.
  const arrived = new URL(new URL(request.url).search, REDIRECT_URI);
  try {
    const tokens = await oidc.authorizationCodeGrant(await server(), arrived, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    });
    const { sub } = tokens.claims();
    const person = await oidc.fetchUserInfo(await server(), tokens.access_token, sub);
    const signedIn = { name: person.name ?? sub };
    keep(signedIn, tokens);
    await replace(signedIn);
    return home();
  } catch (error) {
    console.error(error.error ?? error.name, error.error_description ?? error.message);
    return new Response("That did not work.", { status: 500 });
  }
}

function keep(session, tokens) {
  session.accessToken = tokens.access_token;
  session.expiresAt = Date.now() + (tokens.expiresIn() ?? 0) * 1000;
  session.refreshToken = tokens.refresh_token ?? session.refreshToken;
  session.idToken = tokens.id_token ?? session.idToken;
}

async function accessToken(session) {
  if (Date.now() > session.expiresAt - 30_000) {
    try {
      keep(session, await oidc.refreshTokenGrant(await server(), session.refreshToken));
    } catch (error) {
      if (error.error !== "invalid_grant") throw error;
      await replace(undefined);
      return undefined;
    }
  }
  return session.accessToken;
}

export async function notes() {
  const signedIn = await session();
  const token = signedIn && (await accessToken(signedIn));
  if (token === undefined) return to(new URL("/login", REDIRECT_URI).href);
  const answer = await fetch(API, { headers: { Authorization: `Bearer ${token}` } });
  return new Response(await answer.text(), { status: answer.status, headers: { "Content-Type": "text/plain; charset=utf-8" } });
}

export async function logout() {
  const { refreshToken, idToken } = (await session()) ?? {};
  await replace(undefined);
  if (refreshToken !== undefined) await oidc.tokenRevocation(await server(), refreshToken);
  if (idToken === undefined) return home();
  const parameters = { id_token_hint: idToken, ...(SIGNED_OUT_URI && { post_logout_redirect_uri: SIGNED_OUT_URI }) };
  return to(oidc.buildEndSessionUrl(await server(), parameters).href);
}
