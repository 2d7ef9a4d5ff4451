"""Runs a program of a root directory as its systemd unit would, without systemd: user, capabilities, umask, read-only root, credential
and system calls are taken from the unit's own lines. Prints what the program tells its supervisor, and ends as the program ends.

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
    names = set()
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


def filter_of(names, families):
    """Classic BPF: the calls that are allowed, EPERM for all others; sockets of these families; nothing writable is executable."""
    load, equal, some, answer = 0x20, 0x15, 0x45, 0x06
    allow, refuse, kill = 0x7FFF0000, 0x00050001, 0x80000000
    known = numbers()
    program = [instruction(load, 0, 0, 4), instruction(equal, 1, 0, AUDIT_ARCH_X86_64), instruction(answer, 0, 0, kill)]
    program.append(instruction(load, 0, 0, 0))
    socket_rules = [instruction(load, 0, 0, 16)]
    for family in families:
        socket_rules += [instruction(equal, 0, 1, family), instruction(answer, 0, 0, allow)]
    socket_rules.append(instruction(answer, 0, 0, refuse))
    program += [instruction(equal, 0, len(socket_rules), known["socket"])] + socket_rules
    # mprotect(.., PROT_EXEC), and mmap(.., PROT_WRITE | PROT_EXEC).
    protect = [instruction(load, 0, 0, 32), instruction(some, 0, 1, 4), instruction(answer, 0, 0, refuse), instruction(answer, 0, 0, allow)]
    program += [instruction(equal, 0, len(protect), known["mprotect"])] + protect
    mapping = [instruction(load, 0, 0, 32), instruction(0x54, 0, 0, 6), instruction(equal, 0, 1, 6), instruction(answer, 0, 0, refuse), instruction(answer, 0, 0, allow)]
    program += [instruction(equal, 0, len(mapping), known["mmap"])] + mapping
    for name in sorted(names):
        if name in known:
            program += [instruction(equal, 0, 1, known[name]), instruction(answer, 0, 0, allow)]
    program.append(instruction(answer, 0, 0, refuse))
    return program


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def lower(root, unit, user):
    """Makes the root read-only, its state directory not, shows of /proc what the unit says, and hands the credential over."""
    state = f"{root}/var/lib/{unit['StateDirectory'][0]}"
    for folder in (root, state):
        mount("--bind", folder, folder)
    mount("-t", "proc", "-o", f"subset={unit['ProcSubset'][0]},hidepid={unit['ProtectProc'][0]}", "proc", f"{root}/proc")
    mount("-t", "tmpfs", "-o", "mode=0755", "run", f"{root}/run")
    name, source = unit["LoadCredential"][0].split(":")
    credentials = f"/run/credentials/{os.path.basename(sys.argv[2])}"
    os.makedirs(root + credentials, mode=0o700)
    copy = f"{root}{credentials}/{name}"
    with open(copy, "wb") as file:
        file.write(open(root + source, "rb").read())
    os.chmod(copy, 0o400)
    for path in (copy, root + credentials):
        os.chown(path, user.pw_uid, user.pw_gid)
    mount("-o", "remount,bind,ro", root)
    return credentials


def confine(root, unit, user, environment, program):
    os.chroot(root)
    os.chdir("/")
    os.umask(int(unit["UMask"][0], 8))
    calls = filter_of(allowed(unit["SystemCallFilter"]), [FAMILIES[name] for name in unit["RestrictAddressFamilies"][0].split()])
    capability = unit["CapabilityBoundingSet"][0].lower().removeprefix("cap_")
    kept = f"-all,+{capability}"
    script = os.environ["FILTER"]
    with open(script, "wb") as file:
        file.write(b"".join(calls))
    os.chown(script, user.pw_uid, user.pw_gid)
    words = ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups", "--bounding-set", kept]
    words += ["--inh-caps", kept, "--ambient-caps", kept, "--no-new-privs"]
    os.execvpe("setpriv", words + ["python3", "-c", SECOND_HALF, script, *program], environment)


# Loaded last, by the program that becomes the server: what comes before needs more calls than the server may make.
SECOND_HALF = """
import ctypes, os, sys
text = open(sys.argv[1], "rb").read()
buffer = ctypes.create_string_buffer(text)
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
whole = Program(len(text) // 8, ctypes.cast(buffer, ctypes.c_void_p))
if ctypes.CDLL(None).prctl(22, 2, ctypes.byref(whole), 0, 0) != 0:
    sys.exit("seccomp")
os.execv(sys.argv[2], sys.argv[2:])
"""


def main():
    root, unit_path, watchdog, program = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    unit = settings(unit_path)
    entry = next(line for line in open(f"{root}/etc/passwd") if line.startswith(unit["User"][0] + ":")).split(":")
    user = pwd.struct_passwd((entry[0], "x", int(entry[2]), int(entry[3]), "", entry[5], entry[6].strip()))
    os.environ["FILTER"] = f"/var/lib/{unit['StateDirectory'][0]}/.filter"
    credentials = lower(root, unit, user)
    supervisor = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    name = f"\0as-unit-{os.getpid()}"
    supervisor.bind(name)
    environment = {"PATH": "/usr/bin:/bin", "NOTIFY_SOCKET": "@" + name[1:], "CREDENTIALS_DIRECTORY": credentials}
    for line in unit["Environment"]:
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
