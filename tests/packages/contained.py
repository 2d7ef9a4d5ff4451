"""Runs a program as a container engine does, without one: as process 1 of its own, with a read-only root, a number for a user, and no
capability.

usage: contained.py ROOT UID PROGRAM [ARGUMENT...], within `unshare --mount --pid --fork`
"""
import ctypes
import os
import subprocess
import sys

LIBC = ctypes.CDLL(None)
DROP_BOUND, NO_NEW_PRIVILEGES, CAPABILITIES = 24, 38, 64


def mount(*words):
    subprocess.run(["mount", *words], check=True)


root, uid, program = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
mount("--rbind", root, root)
mount("-t", "proc", "proc", f"{root}/proc")
mount("-o", "remount,bind,ro", root)
os.chroot(root)
os.chdir("/")
for capability in range(CAPABILITIES):
    LIBC.prctl(DROP_BOUND, capability, 0, 0, 0)
os.setgroups([])
os.setgid(uid)
os.setuid(uid)
LIBC.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
os.execve(program[0], program, {"PATH": "/usr/bin", "PROOFKEY_CONFIG": "/etc/proofkey/proofkey.toml"})
