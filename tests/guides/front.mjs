// A proxy in front of the server: what it says of a client's address is believed, and what the client says of itself is not.
import assert from "node:assert/strict";

import { until } from "../browser/support.mjs";

const LOG_MS_MAX = 10_000;

// `guide` was followed to its end: the server is its first program, and the proxy the second.
export async function assertRealAddress(guide) {
  const [server] = guide.programs;
  const refused = "curl -sS --cacert certificate.pem --interface 127.0.0.2 -H 'X-Forwarded-For: 203.0.113.9' -d grant_type=authorization_code -d client_id=unknown https://localhost:8443/token";
  assert.ok(JSON.parse(await guide.run(refused)).error);
  await until(LOG_MS_MAX, "the line of the refusal", () => /refused.*address=/.test(server.all()));
  assert.match(server.all(), /refused.*address=127\.0\.0\.2\b/);
}
