"""Runs a program of a root directory as its systemd unit would, without systemd. Each of these lines of the unit does what it says, and
nothing where it is missing: User, UMask, LoadCredential, Environment, CapabilityBoundingSet, AmbientCapabilities, NoNewPrivileges,
ProtectSystem, ProtectProc, ProcSubset, MemoryDenyWriteExecute, RestrictAddressFamilies and SystemCallFilter. StateDirectory has to be there.
The others are left to `systemd-analyze`. Prints what the program tells its supervisor, and ends as the program ends.

usage: as-unit.py ROOT UNIT WATCHDOG_USEC PROGRAM [ARGUMENT...]
Needs root, and a mount namespace that ends with it: it makes everything but the state directory read-only.
"""
import os
import pwd
import re
import signal
import socket
import struct
import subprocess
import sys

HEADERS = ["/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"]
AUDIT_ARCH_X86_64 = 0xC000003E
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}
SECONDS_MAX = 120


def settings(unit):
    """The lines of the section [Service]; a key that occurs again adds to its list."""
    found, section = {}, ""
    for line in open(unit):
        line = line.strip()
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


def last(unit, key, default=None):
    """What the last line of a key says."""
    return unit.get(key, [default])[-1]


def is_on(unit, key):
    return last(unit, key, "no") in ("yes", "true", "on", "1")


def calls_of(group):
    """The names of a group of system calls, those of the groups within it too."""
    listed = subprocess.run(["systemd-analyze", "syscall-filter", group], check=True, capture_output=True, text=True)
    names = set()
    for line in listed.stdout.splitlines()[1:]:
        name = line.strip()
        if name.startswith("@"):
            names |= calls_of(name)
        elif name and not name.startswith("#"):
            names.add(name)
    return names


def allowed(filters):
    # A list that begins with what is taken away is taken away from all.
    names = set(numbers()) if not filters or filters[0].startswith("~") else set()
    for words in filters:
        taken = words.startswith("~")
        for word in words.lstrip("~").split():
            of_word = calls_of(word) if word.startswith("@") else {word}
            names = names - of_word if taken else names | of_word
    # What systemd itself needs to start the program; it allows them always.
    return names | {"execve", "exit", "exit_group", "rt_sigreturn", "getrlimit", "brk"}


def numbers():
    text = next(open(path).read() for path in HEADERS if os.path.exists(path))
    return {name: int(number) for name, number in re.findall(r"#define __NR_(\w+) (\d+)", text)}


def instruction(code, jump_true, jump_false, value):
    return struct.pack("HBBI", code, jump_true, jump_false, value)


def filter_of(names, families, denies_executable):
    """Classic BPF: the calls that are allowed, EPERM for all others; sockets of these families, or of all for None; if asked, nothing
    writable becomes executable."""
    load, equal, some, answer = 0x20, 0x15, 0x45, 0x06
    allow, refuse, kill = 0x7FFF0000, 0x00050001, 0x80000000
    known = numbers()
    program = [instruction(load, 0, 0, 4), instruction(equal, 1, 0, AUDIT_ARCH_X86_64), instruction(answer, 0, 0, kill)]
    program.append(instruction(load, 0, 0, 0))
    if families is not None:
        socket_rules = [instruction(load, 0, 0, 16)]
        for family in families:
            socket_rules += [instruction(equal, 0, 1, family), instruction(answer, 0, 0, allow)]
        socket_rules.append(instruction(answer, 0, 0, refuse))
        program += [instruction(equal, 0, len(socket_rules), known["socket"])] + socket_rules
    # mprotect(.., PROT_EXEC), and mmap(.., PROT_WRITE | PROT_EXEC).
    protect = [instruction(load, 0, 0, 32), instruction(some, 0, 1, 4), instruction(answer, 0, 0, refuse), instruction(answer, 0, 0, allow)]
    mapping = [instruction(load, 0, 0, 32), instruction(0x54, 0, 0, 6), instruction(equal, 0, 1, 6), instruction(answer, 0, 0, refuse), instruction(answer, 0, 0, allow)]
    if denies_executable:
        program += [instruction(equal, 0, len(protect), known["mprotect"])] + protect
        program += [instruction(equal, 0, len(mapping), known["mmap"])] + mapping
    for name in sorted(names):
        if name in known:
            program += [instruction(equal, 0, 1, known[name]), instruction(answer, 0, 0, allow)]
    program.append(instruction(answer, 0, 0, refuse))
    return program


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def lower(root, unit, user):
    """Makes the root read-only, its state directory not, shows of /proc what the unit says, and hands the credential over. Returns the
    folder of credentials."""
    state = f"{root}/var/lib/{unit['StateDirectory'][0]}"
    os.chown(state, user.pw_uid, user.pw_gid)
    for folder in (root, state):
        mount("--bind", folder, folder)
    options = [f"{option}={last(unit, key)}" for option, key in (("subset", "ProcSubset"), ("hidepid", "ProtectProc")) if key in unit]
    mount("-t", "proc", *(["-o", ",".join(options)] if options else []), "proc", f"{root}/proc")
    mount("-t", "tmpfs", "-o", "mode=0755", "run", f"{root}/run")
    credentials = f"/run/credentials/{os.path.basename(sys.argv[2])}"
    os.makedirs(root + credentials, mode=0o700)
    os.chown(root + credentials, user.pw_uid, user.pw_gid)
    for line in unit.get("LoadCredential", []):
        name, source = line.split(":")
        copy = f"{root}{credentials}/{name}"
        with open(copy, "wb") as file:
            file.write(open(root + source, "rb").read())
        os.chmod(copy, 0o400)
        os.chown(copy, user.pw_uid, user.pw_gid)
    if last(unit, "ProtectSystem") == "strict":
        mount("-o", "remount,bind,ro", root)
    return credentials


def confine(root, unit, user, environment, program):
    os.chroot(root)
    os.chdir("/")
    os.umask(int(last(unit, "UMask", "0022"), 8))
    families = last(unit, "RestrictAddressFamilies")
    families = families and [FAMILIES[name] for name in families.split()]
    calls = filter_of(allowed(unit.get("SystemCallFilter", [])), families, is_on(unit, "MemoryDenyWriteExecute"))
    script = os.environ["FILTER"]
    with open(script, "wb") as file:
        file.write(b"".join(calls))
    os.chown(script, user.pw_uid, user.pw_gid)
    words = ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
    if "CapabilityBoundingSet" in unit:
        words += ["--bounding-set", kept(unit, "CapabilityBoundingSet")]
    if "AmbientCapabilities" in unit:
        words += ["--inh-caps", kept(unit, "AmbientCapabilities"), "--ambient-caps", kept(unit, "AmbientCapabilities")]
    if is_on(unit, "NoNewPrivileges"):
        words.append("--no-new-privs")
    os.execvpe("setpriv", words + ["python3", "-c", SECOND_HALF, script, *program], environment)


def kept(unit, key):
    """The capabilities of a line, as setpriv takes them."""
    names = [word.lower().removeprefix("cap_") for word in last(unit, key).split()]
    return ",".join(["-all", *(f"+{name}" for name in names)])


# Loaded last, by the program that becomes the server: what comes before needs more calls than the server may make.
SECOND_HALF = """
import ctypes, os, sys
text = open(sys.argv[1], "rb").read()
buffer = ctypes.create_string_buffer(text)
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
whole = Program(len(text) // 8, ctypes.cast(buffer, ctypes.c_void_p))
if ctypes.CDLL(None).prctl(22, 2, ctypes.byref(whole), 0, 0) != 0:
    sys.exit("the filter of system calls cannot be loaded: without NoNewPrivileges it may not be")
os.execv(sys.argv[2], sys.argv[2:])
"""


def main():
    root, unit_path, watchdog, program = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    unit = settings(unit_path)
    entry = next(line for line in open(f"{root}/etc/passwd") if line.startswith(last(unit, "User", "root") + ":")).split(":")
    user = pwd.struct_passwd((entry[0], "x", int(entry[2]), int(entry[3]), "", entry[5], entry[6].strip()))
    os.environ["FILTER"] = f"/var/lib/{unit['StateDirectory'][0]}/.filter"
    credentials = lower(root, unit, user)
    supervisor = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    name = f"\0as-unit-{os.getpid()}"
    supervisor.bind(name)
    environment = {"PATH": "/usr/bin:/bin", "NOTIFY_SOCKET": "@" + name[1:], "CREDENTIALS_DIRECTORY": credentials}
    for line in unit.get("Environment", []):
        key, value = line.split("=", 1)
        environment[key] = value.replace("%d", credentials)
    child = os.fork()
    if child == 0:
        environment |= {"WATCHDOG_USEC": watchdog, "WATCHDOG_PID": str(os.getpid())}
        confine(root, unit, user, environment, program)
    print(f"PID={child}", flush=True)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: os.kill(child, number))
    supervisor.settimeout(0.1)
    signal.alarm(SECONDS_MAX)
    while True:
        try:
            print(supervisor.recv(256).decode(), flush=True)
        except TimeoutError:
            pass
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            while True:
                try:
                    print(supervisor.recv(256).decode(), flush=True)
                except TimeoutError:
                    break
            sys.exit(os.waitstatus_to_exitcode(status))


main()
