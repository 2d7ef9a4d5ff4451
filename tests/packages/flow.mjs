// The authorization code flow of a public client, in a browser without JavaScript.
import assert from "node:assert/strict";

import { VirtualBrowser } from "../interop/virtual-browser.mjs";

const VERIFIER = "a-verifier-that-is-long-enough-for-every-server-of-this-kind";

// Signs the user in, allows what is asked, and redeems the code; the answer of the token endpoint.
export async function signIn({ issuer, client, callback, scope, resource, user }) {
  const challenge = Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(VERIFIER))).toString("base64url");
  const query = new URLSearchParams({ response_type: "code", client_id: client, redirect_uri: callback, scope, state: "s", code_challenge: challenge, code_challenge_method: "S256" });
  if (resource !== undefined) query.set("resource", resource);
  const called = await new VirtualBrowser().authorize(`${issuer}/authorize?${query}`, callback, user);
  assert.deepEqual([called.searchParams.get("state"), called.searchParams.get("iss")], ["s", issuer]);
  const form = new URLSearchParams({ grant_type: "authorization_code", client_id: client, redirect_uri: callback, code: called.searchParams.get("code"), code_verifier: VERIFIER });
  const answer = await fetch(`${issuer}/token`, { method: "POST", body: form });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return JSON.parse(text);
}
