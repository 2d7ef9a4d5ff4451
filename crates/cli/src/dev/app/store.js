// The browser leaves this page at step 2 and is back at step 5: what it must remember lives in sessionStorage, which
// belongs to this tab alone. One record per `state`, so that two sign-ins cannot overwrite each other's verifier.
const KEY = "notes.flows";
const FLOWS_MAX = 4;

function read() {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY));
    if (Array.isArray(found?.flows)) return found;
  } catch { /* a broken record is an empty one */ }
  return { flows: [], idToken: null };
}

function write(all) {
  sessionStorage.setItem(KEY, JSON.stringify(all));
}

export function save(flow) {
  const all = read();
  all.flows = [flow, ...all.flows.filter((other) => other.state !== flow.state)].slice(0, FLOWS_MAX);
  write(all);
}

export function latest() {
  return read().flows[0] ?? null;
}

export function byState(state) {
  return read().flows.find((flow) => flow.state === state) ?? null;
}

// Signing out needs the last ID token, also after a later run that failed.
export function rememberIdToken(idToken) {
  write({ ...read(), idToken });
}

export function idToken() {
  return read().idToken;
}

// Nothing stays but the `state` of the sign-out request, to know its answer.
export function clear(signOutState) {
  write({ flows: [], idToken: null, signOutState });
}

// True once, for the answer to the sign-out request of this tab.
export function takeSignedOut(state) {
  const all = read();
  const matches = all.signOutState !== undefined && all.signOutState === state;
  if (matches) write({ ...all, signOutState: undefined });
  return matches;
}
