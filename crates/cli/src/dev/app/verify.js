// ID token validation, OpenID Connect Core 3.1.3.7. Every check is kept with what was expected and what came, so that
// the page can show more than "invalid".
import { decodeJwt, fromBase64url, sha256, toBase64url } from "./encode.js";

// The key decides the algorithm, never the header alone: a header can only choose among these two.
const ALGORITHMS = {
  ES256: { kty: "EC", import: { name: "ECDSA", namedCurve: "P-256" }, verify: { name: "ECDSA", hash: "SHA-256" } },
  RS256: { kty: "RSA", import: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, verify: { name: "RSASSA-PKCS1-v1_5" } },
};
const CLOCK_SKEW_SECONDS = 60;

export async function checkIdToken(idToken, expected) {
  const { header, claims, signed, signature } = decodeJwt(idToken);
  const audience = [claims.aud].flat();
  const half = (await sha256(expected.accessToken)).slice(0, 16);
  const checks = [
    check("signature", `${header.alg}, kid ${header.kid}`, await signatureHolds(header, signed, signature, expected.jwks), "a key of the server"),
    check("iss", claims.iss, claims.iss === expected.issuer, expected.issuer),
    check("aud", audience.join(" "), audience.includes(expected.clientId), expected.clientId),
    check("nonce", claims.nonce, claims.nonce === expected.nonce, expected.nonce),
    check("exp", claims.exp, claims.exp > expected.now - CLOCK_SKEW_SECONDS, `after ${expected.now}`),
    check("iat", claims.iat, claims.iat <= expected.now + CLOCK_SKEW_SECONDS, `at most ${expected.now}`),
  ];
  // Several audiences need azp to say which one asked; at_hash is optional here, but must hold where it is.
  if (audience.length > 1 || claims.azp !== undefined) {
    checks.push(check("azp", claims.azp, claims.azp === expected.clientId, expected.clientId));
  }
  if (claims.at_hash !== undefined) {
    checks.push(check("at_hash", claims.at_hash, claims.at_hash === toBase64url(half), toBase64url(half)));
  }
  return checks;
}

function check(name, got, holds, wanted) {
  return { name, holds: holds === true, got: got === undefined ? "absent" : String(got), wanted: String(wanted) };
}

async function signatureHolds(header, signed, signature, jwks) {
  const algorithm = Object.hasOwn(ALGORITHMS, header.alg) ? ALGORITHMS[header.alg] : undefined;
  if (algorithm === undefined || header.crit !== undefined) return false;
  const keys = Array.isArray(jwks?.keys) ? jwks.keys : [];
  const jwk = keys.find((key) => key.kid === header.kid && key.kty === algorithm.kty
    && (key.alg ?? header.alg) === header.alg && (key.use ?? "sig") === "sig");
  if (jwk === undefined) return false;
  try {
    // Only the public members: a key_ops or ext that WebCrypto dislikes is no reason to refuse a good key.
    const { kty, crv, x, y, n, e } = jwk;
    const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y, n, e }, algorithm.import, false, ["verify"]);
    return await crypto.subtle.verify(algorithm.verify, key, fromBase64url(signature), new TextEncoder().encode(signed));
  } catch {
    return false;
  }
}
