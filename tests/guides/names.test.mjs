// What a client is called, and where it is called back, is data in its snippet: read by JavaScript, Python and bash themselves. Spring's
// YAML is read as JSON here; Go's and Rust's literals are read by tests beside the code that writes them alone.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { command } from "../interop/serve.mjs";

const NAME = "N\"o't`id`e$(id)s ${HOME} </script><!-- {{ 1 }} \\u0041 ünï 🗝";
const CALLBACK = "http://127.0.0.1:4470/it's/$(id)/&c";
let folder, config;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "proofkey-names-"));
  config = join(folder, "proofkey.toml");
  await command(["init", "--config", config, "--issuer", "http://127.0.0.1:4455", "--data", join(folder, "data")]);
  await command(["api", "add", "--config", config, "--resource", "http://127.0.0.1:4460/notes", "--scope", "notes:read"]);
  for (const kind of ["spa", "web", "native"]) {
    await command(["client", "add", `--${kind}`, "--config", config, "--id", kind, "--name", NAME, "--redirect", CALLBACK, "--scope", "notes:read"]);
  }
});
after(() => rmSync(folder, { recursive: true, force: true }));

const snippet = (kind, framework) => command(["client", "snippet", kind, framework, "--config", config]);

// The lines that assign a text to a name: `const NAME = …`, `NAME = …`, `NAME=…`.
function assignments(text) {
  return text.split("\n").filter((line) => /^(export )?(const )?(?!PAGE)[A-Z_]+ ?= ?["'].*;?$/.test(line)).map((line) => line.replace("export ", "")).join("\n");
}

function printed(program, ...args) {
  const { stdout, stderr, status } = spawnSync(program, args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout;
}

for (const [kind, framework] of [["web", "express"], ["web", "next"], ["spa", "react"], ["spa", "vue"], ["spa", "angular"]]) {
  test(`pk_10 a name stays a name in JavaScript: ${framework}`, async () => {
    const text = await snippet(kind, framework);
    const lines = assignments(text);
    assert.ok(!lines.includes("</script"), lines);
    assert.equal(printed(process.execPath, "-e", `${lines}\nprocess.stdout.write(NAME + "\\n" + REDIRECT_URI)`), `${NAME}\n${CALLBACK}`);
  });
}

for (const framework of ["flask", "django"]) {
  test(`pk_10 a name stays a name in Python: ${framework}`, async () => {
    const lines = assignments(await snippet("web", framework));
    assert.equal(printed("python3", "-c", `${lines}\nprint(NAME + "\\n" + REDIRECT_URI, end="")`), `${NAME}\n${CALLBACK}`);
  });
}

test("pk_10 an address stays an address in bash", async () => {
  const lines = assignments(await snippet("native", "curl"));
  assert.equal(printed("bash", "-c", `${lines}\nprintf %s "$REDIRECT_URI"`), CALLBACK);
});

test("pk_10 a name stays a name in YAML, also when Spring looks for values in it", async () => {
  const text = await snippet("web", "spring");
  const [, literal] = text.match(/^ {2}name: (".*")$/m);
  // YAML's double quotes take what JSON's do.
  assert.equal(JSON.parse(literal).replaceAll("\\${", "${"), NAME);
  assert.ok(!/[^\\]\$\{/.test(JSON.parse(literal)));
});
