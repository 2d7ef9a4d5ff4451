// The ten steps as drawn: who sends to whom, and the words. Participants: 1 You, 2 Client, 3 Authorization server,
// 4 Resource server. A step with `on` happens inside one of them; the others are a request or an answer.
export const PARTICIPANTS = ["", "You", "Client", "Authorization server", "Resource server"];

export const STEPS = [
  { n: 1, title: "Create verifier and challenge", wire: "S256", on: 2, idle: "The client makes a secret and its SHA-256." },
  { n: 2, title: "Authorization request", wire: "GET /authorize", from: 2, to: 3, idle: "The browser goes to the server with the challenge.",
    next: "the challenge is ready, the browser leaves next." },
  { n: 3, title: "Sign-in prompt", wire: "200 sign-in page", from: 3, to: 1, answer: true, idle: "The server asks who you are." },
  { n: 4, title: "Sign-in and consent", wire: "POST /sign-in, /consent", from: 1, to: 3, idle: "You sign in and allow the request." },
  { n: 5, title: "Authorization code", wire: "code, state, iss", from: 3, to: 2, answer: true, idle: "A code comes back, good once and for 60 seconds." },
  { n: 6, title: "Code and verifier", wire: "POST /token", from: 2, to: 3, idle: "The client redeems the code and shows the secret.",
    next: "the code is here, the verifier goes next." },
  { n: 7, title: "Check the proof", wire: "S256(verifier) = challenge", on: 3, idle: "The server hashes the verifier and compares.",
    next: "the server has the verifier and compares." },
  { n: 8, title: "Access token", wire: "+ ID and refresh token", from: 3, to: 2, answer: true, idle: "Tokens, if the proof holds.",
    next: "the proof holds, the tokens come next." },
  { n: 9, title: "Request with token", wire: "GET /notes", from: 2, to: 4, idle: "The client calls the API with the access token.",
    next: "the tokens are here, the API is called next." },
  { n: 10, title: "Response", wire: "200 application/json", from: 4, to: 2, answer: true, idle: "The API validates the token and answers.",
    next: "the API has the token and answers." },
];

// The words of the strip, for who does not see it and for narrow pages.
export function route(step) {
  if (step.on !== undefined) return PARTICIPANTS[step.on];
  return `${PARTICIPANTS[step.from]} → ${PARTICIPANTS[step.to]}`;
}

export function stateOf(flow, n) {
  if (flow === null) return "idle";
  if (flow.failure !== null) return n === flow.failure.step ? "failed" : n < flow.failure.step ? "done" : "unreached";
  if (n <= flow.done) return "done";
  return n === flow.live ? "live" : "idle";
}
