// The Debian package: on this system without Proofkey, by dpkg itself, and run as its unit says.
import assert from "node:assert/strict";
import { access, appendFile, chmod, lstat, mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { signIn } from "./flow.mjs";
import { answers, folder, packageOf, run, start, systemRoot, until } from "./support.mjs";

const AS_UNIT = fileURLToPath(new URL("./as-unit.py", import.meta.url));
const UNIT = "/usr/lib/systemd/system/proofkey.service";
const EXPOSURE_MAX = 2.0;
const PORT = 4720;
const ISSUER = `http://127.0.0.1:${PORT}`;
const USER = { username: "grace", password: "a compiler in nineteen fifty-two" };
const CALLBACK = "https://web.example/callback";
let deb;

before(async () => { deb = await packageOf(".deb"); });

const inside = (root, words, options) => run("chroot", [root, ...words], { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", DEBIAN_FRONTEND: "noninteractive" }, ...options });
const isThere = (path) => access(path).then(() => true, () => false);

async function install(root, file = deb) {
  await run("cp", [file, join(root, "tmp/proofkey.deb")]);
  return inside(root, ["dpkg", "--install", "--force-confold", "/tmp/proofkey.deb"]);
}

const init = (root) =>
  inside(root, ["proofkey", "init", "--config", "/etc/proofkey/proofkey.toml", "--issuer", ISSUER, "--listen", `127.0.0.1:${PORT}`, "--data", "/var/lib/proofkey"]);

// The same package under a later version, as a release would be.
async function later(t) {
  const place = await folder(t);
  await run("dpkg-deb", ["-R", deb, join(place, "tree")]);
  const control = join(place, "tree/DEBIAN/control");
  await writeFile(control, (await readFile(control, "utf8")).replace(/^Version: (.+)$/m, "Version: $1+later"));
  await run("dpkg-deb", ["-Znone", "--root-owner-group", "-b", join(place, "tree"), join(place, "later.deb")]);
  return join(place, "later.deb");
}

test("pk_03 the package installs without a network, makes its user, and serves nothing before init", async (t) => {
  const root = await systemRoot(t);
  const { stdout } = await install(root);
  assert.match(stdout, /proofkey init --config \/etc\/proofkey\/proofkey\.toml/);
  const [user] = (await readFile(join(root, "etc/passwd"), "utf8")).split("\n").filter((line) => line.startsWith("proofkey:"));
  assert.match(user, /^proofkey:.*:\/var\/lib\/proofkey:\/usr\/sbin\/nologin$/);
  const [, , uid, gid] = user.split(":");
  for (const [path, owner, group, mode] of [["var/lib/proofkey", uid, gid, 0o700], ["etc/proofkey", "0", gid, 0o750]]) {
    const found = await stat(join(root, path));
    assert.deepEqual([found.uid, found.gid, found.mode & 0o7777], [Number(owner), Number(group), mode], path);
  }
  const link = await lstat(join(root, "etc/systemd/system/multi-user.target.wants/proofkey.service"));
  assert.ok(link.isSymbolicLink(), "it starts with the system");
  assert.match(await readFile(join(root, UNIT), "utf8"), /^ConditionPathExists=\/etc\/proofkey\/proofkey\.toml$/m);
  assert.ok(!await isThere(join(root, "etc/proofkey/proofkey.toml")));
  await inside(root, ["proofkey", "serve", "--config", "/etc/proofkey/proofkey.toml"], { code: 1 });
  await inside(root, ["dpkg", "--verify", "proofkey"]);
  for (const file of ["bash-completion/completions/proofkey", "zsh/vendor-completions/_proofkey", "fish/vendor_completions.d/proofkey.fish"]) {
    assert.ok((await stat(join(root, "usr/share", file))).size > 1_000, file);
  }
  for (const page of ["man1/proofkey-client-add.1.gz", "man5/proofkey.toml.5.gz"]) await run("gzip", ["-t", join(root, "usr/share/man", page)]);
});

test("pk_03 lintian finds no error in the package", async (t) => {
  const begun = Date.now();
  // What is packed for a test is not compressed, for time.
  const quickly = "uses-no-compression-for-control-tarball,uses-no-compression-for-data-tarball";
  const { stdout } = await run("lintian", ["--fail-on", "error", "--allow-root", "--suppress-tags", quickly, deb]);
  t.diagnostic(`${Date.now() - begun} ms; ${stdout.trim().split("\n").length} remarks`);
});

test("pk_03 an upgrade keeps what was edited, removal keeps the data, and purging removes it", async (t) => {
  const root = await systemRoot(t);
  await install(root);
  await init(root);
  const edited = ["etc/default/proofkey", "etc/proofkey/proofkey.toml"].map((path) => join(root, path));
  for (const path of edited) await appendFile(path, "# edited\n");
  await inside(root, ["proofkey", "user", "add", "--config", "/etc/proofkey/proofkey.toml", "--username", USER.username, "--password-stdin"], { input: USER.password });
  await install(root, await later(t));
  assert.match((await inside(root, ["dpkg", "--status", "proofkey"])).stdout, /^Version: .*\+later$/m);
  for (const path of edited) assert.match(await readFile(path, "utf8"), /# edited/, path);
  const list = await inside(root, ["proofkey", "user", "list", "--config", "/etc/proofkey/proofkey.toml"]);
  assert.match(list.stdout, /grace/);
  const kept = ["var/lib/proofkey/proofkey.db", "etc/proofkey/sealing.key", "etc/proofkey/proofkey.toml"].map((path) => join(root, path));
  await inside(root, ["dpkg", "--remove", "proofkey"]);
  assert.ok(!await isThere(join(root, "usr/bin/proofkey")));
  for (const path of kept) assert.ok(await isThere(path), path);
  await inside(root, ["dpkg", "--purge", "proofkey"]);
  for (const path of ["var/lib/proofkey", "etc/proofkey", "etc/default/proofkey"]) assert.ok(!await isThere(join(root, path)), path);
});

test("pk_03 data on a disk of its own is purged, and the place of the disk stays", async (t) => {
  const root = await systemRoot(t);
  await install(root);
  const data = join(root, "var/lib/proofkey");
  await run("mount", ["-t", "tmpfs", "tmpfs", data]);
  await init(root);
  await inside(root, ["proofkey", "user", "list", "--config", "/etc/proofkey/proofkey.toml"]);
  assert.ok((await readdir(data)).length > 0);
  await inside(root, ["dpkg", "--purge", "proofkey"]);
  assert.deepEqual(await readdir(data), []);
  assert.ok(!await isThere(join(root, "etc/proofkey")));
});

test("pk_04 systemd finds nothing wrong with the unit, and its exposure is small", async (t) => {
  const root = await systemRoot(t);
  await install(root);
  await run("mount", ["-t", "proc", "proc", join(root, "proc")]);
  const verified = await inside(root, ["systemd-analyze", "verify", "--recursive-errors=no", UNIT]);
  assert.equal(verified.stderr, "");
  const { stdout } = await inside(root, ["systemd-analyze", "security", "--offline=yes", "--no-pager", `--threshold=${EXPOSURE_MAX * 10}`, UNIT]);
  const exposure = Number(/Overall exposure level for proofkey\.service: ([\d.]+)/.exec(stdout)[1]);
  t.diagnostic(`exposure ${exposure}`);
  assert.ok(exposure <= EXPOSURE_MAX, stdout);
});

test("pk_04 the server does its work with the unit's user, system calls, umask, read-only root and credential", async (t) => {
  const root = await systemRoot(t);
  await install(root);
  await init(root);
  const config = ["--config", "/etc/proofkey/proofkey.toml"];
  const admin = (words, input = "") => inside(root, ["proofkey", ...words, ...config, "--json"], { input });
  await admin(["user", "add", "--username", USER.username, "--password-stdin"], USER.password);
  await admin(["client", "add", "-"], JSON.stringify({
    client_id: "web", client_name: "Web", redirect_uris: [CALLBACK], token_endpoint_auth_method: "none", scope: "openid",
  }));
  const unit = join(root, UNIT);
  const asUnit = (...words) => ["--mount", "python3", AS_UNIT, root, unit, "1000000", "/usr/bin/proofkey", ...words, ...config];
  const server = start("unshare", asUnit("serve"));
  t.after(() => server.stop("SIGKILL"));
  await until("the server", () => server.log().includes("READY=1"), server);
  assert.ok(await answers(`${ISSUER}/readyz`));
  const pid = /PID=(\d+)/.exec(server.log())[1];
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const { uid } = await stat(join(root, "var/lib/proofkey"));
  const port = (1n << 10n).toString(16).padStart(16, "0");
  for (const line of [`Uid:\t${uid}\t`, "Seccomp:\t2", "NoNewPrivs:\t1", "Umask:\t0077", `CapBnd:\t${port}`]) assert.ok(status.includes(line), `${line}: ${status}`);
  await until("the watchdog", () => server.log().split("WATCHDOG=1").length > 3, server);
  // A password is hashed, a code is made and redeemed.
  await signIn({ issuer: ISSUER, client: "web", callback: CALLBACK, scope: "openid", user: USER });
  await run("kill", ["-HUP", pid]);
  await until("the reload", () => server.log().includes("log.level was reloaded"), server);
  await run("unshare", asUnit("backup", "--to", "/var/lib/proofkey/backup"));
  const files = (await run("find", [join(root, "var/lib/proofkey"), "-type", "f", "-not", "-name", ".filter", "-printf", "%f %U %m\n"])).stdout.trim().split("\n");
  assert.ok(files.some((line) => line.startsWith("backup ")), files.join());
  for (const line of files) assert.match(line, new RegExp(` ${uid} 600$`), line);
  await run("kill", ["-TERM", pid]);
  assert.equal(await server.ended, 0, server.log());
  assert.match(server.log(), /STOPPING=1/);
});

// Run as the unit says: prints what is not as each line of the unit makes it. What is refused has to be refused by the error that the
// line gives, for another line may refuse the same.
const TRIED = `
import ctypes, errno, os, socket
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_long
def call(name, *words):
    answer = getattr(libc, name)(*words)
    if answer < 0:
        raise OSError(ctypes.get_errno(), name)
    return answer
def executable():
    call("mmap", None, 4096, 7, 34, -1, 0)
def made_executable():
    call("mprotect", ctypes.c_void_p(call("mmap", None, 4096, 3, 34, -1, 0)), 4096, 5)
own = f"/var/lib/proofkey/allowed-{os.getuid()}"
open(own, "w").close()
refused = {
    "write": (errno.EROFS, lambda: open("/srv/open/x", "w")), "key": (errno.EACCES, lambda: open("/etc/proofkey/sealing.key")),
    "netlink": (errno.EPERM, lambda: socket.socket(16, 3)), "packet": (errno.EPERM, lambda: socket.socket(17, 3)),
    "root": (errno.EPERM, lambda: os.chroot("/")), "owner": (errno.EPERM, lambda: os.chown(own, os.getuid(), os.getgid())),
    "executable": (errno.EPERM, executable), "made executable": (errno.EPERM, made_executable),
    "numbers": (errno.ENOENT, lambda: open("/proc/meminfo")), "others": (errno.ENOENT, lambda: os.stat("/proc/1")),
    "trace": (errno.EPERM, lambda: call("ptrace", 0, 0, 0, 0)),
}
def is_refused(number, what):
    try:
        what()
    except OSError as error:
        return error.errno == number
    return False
def port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 80))
status = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
granted = {
    "port": port, "umask": lambda: os.umask(0o077) == 0o077 or int("umask"),
    "credential": lambda: open(os.environ["CREDENTIALS_DIRECTORY"] + "/sealing.key").read(),
    "privileges": lambda: status["NoNewPrivs"] == "1" or int("privileges"),
    "capabilities": lambda: int(status["CapBnd"], 16) == 1 << 10 or int("capabilities"),
}
def is_granted(what):
    try:
        what()
    except (OSError, ValueError):
        return False
    return True
wrong = [name for name, (number, what) in refused.items() if not is_refused(number, what)]
wrong += [name for name, what in granted.items() if not is_granted(what)]
print("wrong:", ", ".join(sorted(wrong)))
`;
// Each line of the unit that can be tried without systemd, and what is wrong without it.
const LINES = [
  ["User=proofkey", ["key"]],
  ["UMask=0077", ["umask"]],
  ["LoadCredential=sealing.key:/etc/proofkey/sealing.key", ["credential"]],
  ["CapabilityBoundingSet=CAP_NET_BIND_SERVICE", ["capabilities"]],
  ["AmbientCapabilities=CAP_NET_BIND_SERVICE", ["port"]],
  ["ProtectSystem=strict", ["write"]],
  ["ProtectProc=invisible", ["others"]],
  ["ProcSubset=pid", ["numbers"]],
  ["MemoryDenyWriteExecute=yes", ["executable", "made executable"]],
  ["RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX", ["netlink"]],
  ["SystemCallFilter=@system-service", ["trace"]],
  ["SystemCallFilter=~@privileged", ["owner"]],
];

async function triedIn(t) {
  const root = await systemRoot(t);
  await install(root);
  await init(root);
  await writeFile(join(root, "usr/share/tried.py"), TRIED);
  await mkdir(join(root, "srv/open"), { recursive: true });
  await chmod(join(root, "srv/open"), 0o777);
  const text = await readFile(join(root, UNIT), "utf8");
  return async (line, options) => {
    const unit = join(root, "usr/share/proofkey.service");
    assert.equal(text.split(`\n${line}\n`).length, line === undefined ? 1 : 2, line);
    await writeFile(unit, line === undefined ? text : text.replace(`\n${line}\n`, "\n"));
    const { stdout } = await run("unshare", ["--mount", "python3", AS_UNIT, root, unit, "0", "/usr/bin/python3", "/usr/share/tried.py"], options);
    return /^wrong: (.*)$/m.exec(stdout)?.[1];
  };
}

test("pk_04 what the unit forbids is refused in the same place, and what it grants is there", async (t) => {
  const tried = await triedIn(t);
  assert.equal(await tried(), "");
});

test("pk_04 without one of the unit's lines what it forbids is let through", async (t) => {
  const tried = await triedIn(t);
  for (const [line, wrong] of LINES) {
    const found = (await tried(line)).split(", ");
    for (const name of wrong) assert.ok(found.includes(name), `without ${line}: ${found}`);
  }
  // Without it no filter can be loaded.
  await tried("NoNewPrivileges=yes", { code: 1 });
});
