// What leaves this browser, and what comes back: one function per request, each returning exactly what was sent.

// The page's own configuration names the parties; everything else about the server comes from its metadata.
export async function loadConfig() {
  return json(await fetch("/config.json", { cache: "no-store" }));
}

let metadataPromise;
export function metadata(config) {
  metadataPromise ??= discover(config).catch((error) => {
    metadataPromise = undefined; // the next try asks again
    throw error;
  });
  return metadataPromise;
}

async function discover(config) {
  const found = await json(await fetch(`${config.issuer}/.well-known/openid-configuration`));
  // A document of another issuer would make every later check a check of that other issuer (RFC 8414 section 3.3).
  if (found.issuer !== config.issuer) throw new Error(`The metadata names the issuer ${found.issuer}.`);
  if (!found.code_challenge_methods_supported?.includes("S256")) throw new Error("The server does not offer S256.");
  return found;
}

export function authorizeUrl(endpoint, parameters) {
  const url = new URL(endpoint);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

export async function postToken(endpoint, parameters) {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(parameters).toString(),
    credentials: "omit",
    cache: "no-store",
  });
  return answerOf(response);
}

export async function loadKeys(endpoint) {
  return json(await fetch(endpoint, { credentials: "omit" }));
}

export async function callApi(url, accessToken) {
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${accessToken}` },
    credentials: "omit",
    cache: "no-store",
  });
  return answerOf(response);
}

export function logoutUrl(endpoint, parameters) {
  return authorizeUrl(endpoint, parameters);
}

// The body stays the text that came: what is shown must be what was sent, to the letter.
async function answerOf(response) {
  return {
    status: response.status,
    contentType: response.headers.get("content-type") ?? "",
    challenge: response.headers.get("www-authenticate") ?? "",
    body: await response.text(),
  };
}

async function json(response) {
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}.`);
  return response.json();
}
