#!/usr/bin/env python3
"""Writes the configurations that a release takes, for the museum: `configurations.py BINARY DIRECTORY`.

Each is what `init` wrote, changed as operators change it: every setting written out, each number at its least and at its
most, settings by environment. The release itself says that it takes them; `configurations.json` lists them.
"""

import json
import os
import re
import subprocess
import sys

ISSUER = "https://id.example"
SETTING = re.compile(r"^# ([a-z_]+) = (.+)$", re.MULTILINE)
# The ranges of release 0.1.0.
LEAST = {
    "connections_max": 16, "drain_seconds": 0, "rotation_days": 1, "publish_ahead_hours": 1, "jwks_max_age_seconds": 10,
    "code_seconds": 10, "access_seconds": 30, "id_seconds": 30, "refresh_idle_days": 1, "refresh_absolute_days": 1,
    "idle_seconds": 60, "absolute_seconds": 60, "memory_kib": 64, "iterations": 1, "parallelism": 1, "hashes_max": 0,
    "queue_max": 0, "queue_seconds": 1, "length_min": 8, "factor": 0.001, "login_address_burst": 1,
    "login_address_interval_seconds": 1, "login_account_burst": 1, "login_account_interval_seconds": 1,
    "login_account_interval_max_seconds": 1, "login_account_failures_max": 1, "login_device_burst": 1,
    "login_device_interval_seconds": 1, "client_failures_per_minute": 1, "code_verifier_failures_max": 1,
    "entries_max": 1_000,
}
MOST = {
    "connections_max": 1_000_000, "drain_seconds": 300, "rotation_days": 730, "publish_ahead_hours": 720,
    "jwks_max_age_seconds": 86_400, "code_seconds": 600, "access_seconds": 86_400, "id_seconds": 86_400,
    "refresh_idle_days": 3_650, "refresh_absolute_days": 3_650, "idle_seconds": 2_592_000, "absolute_seconds": 31_536_000,
    "memory_kib": 131_072, "iterations": 32, "parallelism": 16, "hashes_max": 256, "queue_max": 10_000, "queue_seconds": 30,
    "length_min": 64, "factor": 1_000_000.0, "login_address_burst": 100_000, "login_address_interval_seconds": 86_400,
    "login_account_burst": 1_000, "login_account_interval_seconds": 86_400, "login_account_interval_max_seconds": 86_400,
    "login_account_failures_max": 100, "login_device_burst": 1_000, "login_device_interval_seconds": 86_400,
    "client_failures_per_minute": 100_000, "code_verifier_failures_max": 100, "entries_max": 10_000_000,
}
# Names of files that are not there would be refused for that, and so would a second place for the data.
FILES = ("tls_certificate", "tls_key", "url", "url_file")
ENVIRONMENT = {
    "PROOFKEY_SERVER__LISTEN": "0.0.0.0:8443", "PROOFKEY_SERVER__METRICS_LISTEN": "off",
    "PROOFKEY_SERVER__TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1", "PROOFKEY_TOKENS__CODE_SECONDS": "30",
    "PROOFKEY_SESSIONS__IDLE_SECONDS": "1800", "PROOFKEY_LIMITS__FACTOR": "1000", "PROOFKEY_LOG__FORMAT": "json",
    "PROOFKEY_PAGES__OPERATOR_NAME": "Example", "PROOFKEY_CONFIG": "proofkey.toml", "PROOFKEY_NO_KEYRING": "1",
    "PROOFKEY_KEYS__SEALING_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
}


def changed(text, values):
    """The text with each setting written out, at its default or at one of these values."""
    def written(match):
        name, default = match.groups()
        return match.group(0) if name in FILES else f"{name} = {values.get(name, default)}"
    return SETTING.sub(written, text)


def main(binary, directory):
    binary, directory = os.path.abspath(binary), os.path.abspath(directory)
    os.mkdir(directory)

    def run(*arguments, environment):
        command = [binary, *arguments, "--json"]
        done = subprocess.run(command, cwd=directory, env=environment, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{arguments}: {done.stderr}")

    def write(name, text, environment):
        path = os.path.join(directory, name)
        if not os.path.exists(path):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        run("check-config", "--config", name, environment=environment)
        listed.append({"file": name, "environment": environment})

    listed = []
    run("init", "--config", "written.toml", "--issuer", ISSUER, "--listen", "127.0.0.1:4455", "--data", "data", environment={})
    with open(os.path.join(directory, "written.toml"), encoding="utf-8") as file:
        text = file.read()
    write("written.toml", text, {})
    write("defaults.toml", changed(text, {}), {})
    write("least.toml", changed(text, LEAST), {})
    write("most.toml", changed(text, MOST), {})
    write("written.toml", text, ENVIRONMENT)
    write("written.toml", text, {"PROOFKEY_ISSUER": "https://other.example"})
    with open(os.path.join(directory, "configurations.json"), "w", encoding="utf-8") as file:
        json.dump(listed, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
