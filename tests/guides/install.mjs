// Fetches what the named guides fetch, by the guides' own commands, into target/guides: `node install.mjs flask react`. What was
// fetched by the same commands before is left alone.
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { ROOT, hashOf, readPage } from "./page.mjs";

const INSTALL_MS_MAX = 15 * 60_000;
// Rust is built where everything else is, and as the workspace builds what it depends on: without debug information.
export const CARGO = { CARGO_TARGET_DIR: process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), CARGO_PROFILE_DEV_DEBUG: "false" };

// Where a guide is followed; it outlives a run, for what it fetched is long to fetch.
export const folderOf = (name) => join(ROOT, "target/guides", name);
const stampOf = (name) => join(ROOT, "target/guides", `${name}.installed.json`);

const stepsOf = (page) => page.sections.flatMap((section) => section.blocks).filter((block) => block.install);

// Whether everything is there that the page fetches.
export function isInstalled(page) {
  return existsSync(stampOf(page.name)) && JSON.parse(readFileSync(stampOf(page.name), "utf8")).wanted === wanted(page);
}

// What is fetched: the steps, and for a package in Rust the lock file that is copied.
export function wanted(page, lock = readFileSync(join(ROOT, "Cargo.lock"), "utf8")) {
  const steps = stepsOf(page);
  return JSON.stringify([...steps.map(({ file, text }) => [file, text]), ...(isRust(steps) ? [hashOf(lock)] : [])]);
}

const isRust = (steps) => steps.some(({ file }) => file === "Cargo.toml");

// The top of what was fetched. Everything else in the folder is of an earlier run.
export const fetched = (name) => JSON.parse(readFileSync(stampOf(name), "utf8")).kept;

export function install(page) {
  const folder = folderOf(page.name);
  rmSync(stampOf(page.name), { force: true });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const steps = stepsOf(page);
  if (isRust(steps)) besideCheckout(folder);
  for (const { file, text, line } of steps) {
    if (file !== undefined) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
      continue;
    }
    const options = { cwd: folder, env: { ...process.env, ...CARGO }, stdio: ["ignore", "inherit", "inherit"], timeout: INSTALL_MS_MAX };
    const { status, error } = spawnSync("bash", ["-euo", "pipefail", "-c", text], options);
    if (status !== 0) throw new Error(`docs/guides/${page.name}.md, line ${line}: ${error ?? `ended with ${status}`}\n${text}`);
  }
  writeFileSync(stampOf(page.name), JSON.stringify({ wanted: wanted(page), kept: readdirSync(folder) }));
}

// A package in Rust names our crates as `../proofkey`. It has the versions of our own lock file and shares what was built: what it
// brings besides is then built alone.
function besideCheckout(folder) {
  const checkout = join(dirname(folder), "proofkey");
  rmSync(checkout, { force: true });
  symlinkSync(ROOT, checkout);
  copyFileSync(join(ROOT, "Cargo.lock"), join(folder, "Cargo.lock"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const page of process.argv.slice(2).map(readPage)) {
    if (isInstalled(page)) console.log(`guide ${page.name}: up to date`);
    else {
      console.log(`guide ${page.name}: fetching`);
      install(page);
    }
  }
}
