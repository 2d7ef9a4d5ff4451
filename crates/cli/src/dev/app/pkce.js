// Proof Key for Code Exchange (RFC 7636): a secret of this browser, and the hash that may be seen by all.
import { random, sha256, toBase64url } from "./encode.js";

// 32 random bytes are 43 characters: the shortest verifier that RFC 7636 section 4.1 allows, and 256 bits.
export function createVerifier() {
  return random(32);
}

export async function challengeOf(verifier) {
  return toBase64url(await sha256(verifier));
}
