// Bytes and text as the wire has them: base64url without padding, and the three parts of a JWT.

export function toBase64url(bytes) {
  let text = "";
  for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function fromBase64url(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new Error("not base64url");
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

// Reads a JWT without believing it: who needs the truth goes on to verify.js.
export function decodeJwt(token) {
  const parts = String(token).split(".");
  if (parts.length !== 3) throw new Error("not a signed JWT");
  const json = (part) => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(fromBase64url(part)));
  const header = json(parts[0]);
  const claims = json(parts[1]);
  if (!isObject(header) || !isObject(claims)) throw new Error("not a signed JWT");
  return { header, claims, signed: `${parts[0]}.${parts[1]}`, signature: parts[2] };
}

export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export async function sha256(text) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

export function random(bytes) {
  return toBase64url(crypto.getRandomValues(new Uint8Array(bytes)));
}
