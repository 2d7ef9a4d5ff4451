// A server as an operator sets it up: `init`, a user, a client of the test's own, `serve`. Everything by the documented
// commands, each printing JSON.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ENVIRONMENT, PROOFKEY, start, until } from "../browser/support.mjs";

const COMMAND_MS_MAX = 60_000;
const READY_MS_MAX = 30_000;

export const USER = { username: "grace", password: "a compiler in nineteen fifty-two" };

// `clients` are RFC 7591 documents; the answer has them as registered, in the same order. `apis` are lists of arguments of
// `api add`. `place` is where it listens and what it is called, if they differ: behind a proxy.
export async function startServe(clients, apis = [], place = {}) {
  const folder = await mkdtemp(join(tmpdir(), "proofkey-serve-"));
  let server;
  const stop = async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const config = join(folder, "proofkey.toml");
    const { issuer, listen, registered } = await setUp(folder, config, clients, apis, place);
    server = start(["serve", "--config", config]);
    await until(READY_MS_MAX, "/readyz", async () => {
      if (server.ended()) throw new Error(`proofkey serve ended early:\n${server.log()}`);
      return fetch(`http://${listen}/readyz`).then((response) => response.ok, () => false);
    });
    return { issuer, config, clients: registered, user: USER, log: server.log, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function setUp(folder, config, clients, apis, place) {
  const listen = place.listen ?? `127.0.0.1:${await freePort()}`;
  const issuer = place.issuer ?? `http://${listen}`;
  await command(["init", "--config", config, "--issuer", issuer, "--listen", listen, "--data", join(folder, "data")]);
  if (place.algorithms !== undefined) {
    const written = await readFile(config, "utf8");
    await writeFile(config, written.replace(/^algorithms = .*$/m, `algorithms = ${JSON.stringify(place.algorithms)}`));
  }
  await command(
    ["user", "add", "--config", config, "--username", USER.username, "--email", "grace@example.com", "--name", "Grace Hopper", "--password-stdin", "--json"],
    `${USER.password}\n`,
  );
  for (const api of apis) await command(["api", "add", "--config", config, "--json", ...api]);
  const registered = [];
  for (const client of clients) registered.push(JSON.parse(await command(["client", "add", "-", "--config", config, "--json"], JSON.stringify(client))));
  return { issuer, listen, registered };
}

// Runs one command to its end and returns what it printed on standard output.
export async function command(args, stdin = "") {
  const child = spawn(PROOFKEY, args, { env: ENVIRONMENT, timeout: COMMAND_MS_MAX });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => { stdout += chunk; });
  child.stderr.on("data", (chunk) => { stderr += chunk; });
  child.stdin.on("error", () => {}); // a command that fails early does not read
  child.stdin.end(stdin);
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`proofkey ${args.join(" ")} ended with ${code}:\n${stderr}`);
  return stdout;
}

// The issuer is part of the configuration, so the port must be known before the server takes it.
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
