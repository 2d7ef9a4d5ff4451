#!/usr/bin/env python3
"""Makes an installation by the binary of a release, for the museum: `make.py BINARY DIRECTORY`.

It knows only what every release promises: commands, endpoints, forms. The one thing done behind the server's back is that
the signing keys are made 89.5 days older between two starts: a key is published a day before it signs, and a museum without
a waiting key would have a gap.
"""

import json
import os
import secrets
import sqlite3
import subprocess
import sys
import time
import urllib.parse

from registered import CLIENTS, PEOPLE_SCOPE, USERS
from installation import ISSUER, Browser, Site

NOTES = "https://notes.example/api"
FILES = "https://files.example/api"
KEYS_AGE_SECONDS = 89 * 86_400 + 43_200
# Of a verifier that is not needed.
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


class Museum:
    """What is put into the installation, and the list of it."""

    def __init__(self, site):
        self.site, self.users, self.clients = site, {}, {}
        self.list = {"issuer": ISSUER, "users": [], "apis": [], "clients": [], "keys": [], "consents": [], "sessions": [],
                     "grants": [], "codes": [], "access_tokens": []}

    def people(self):
        for user in USERS:
            self.users[user["username"]] = user | {"sub": self.add_user(user)["sub"], "disabled": False}
        self.list["users"] = list(self.users.values())

    def add_user(self, user):
        path = os.path.join(self.site.directory, "claims.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(user["claims"], file)
        try:
            return self.site.command("user", "add", "--username", user["username"], "--claims", path, "--password-stdin",
                                     stdin=user["password"])
        finally:
            os.remove(path)

    def apis(self):
        notes = self.site.command("api", "add", "--resource", NOTES, "--name", "Notes", "--scope", "notes:read=Read your notes",
                                  "--scope", "notes:write=Change your notes", "--introspection")
        self.site.command("api", "add", "--resource", FILES, "--name", "Files", "--scope", "files:read=Read your files",
                          "--algorithm", "EdDSA", "--token-seconds", "300")
        secret = notes["introspection"]["client_secret"]
        self.list["apis"] = [{"resource": NOTES, "introspection_secret": secret}, {"resource": FILES}]

    def apps(self):
        for client in CLIENTS:
            self.site.command("client", "add", "-", stdin=json.dumps(client))
            self.clients[client["client_id"]] = client | {"disabled": False}
        without_id = {key: value for key, value in CLIENTS[2].items() if key not in ("client_id", "client_secret")}
        made = self.site.command("client", "add", "-", stdin=json.dumps(without_id | {"client_name": "An app with a made id"}))
        secret = {"client_id": made["client_id"], "client_secret": made["client_secret"], "disabled": False}
        self.clients["made"] = without_id | secret
        rotated = self.site.command("client", "rotate-secret", "web-post", "--keep-seconds", "86400")
        # Both work: the old one for a day.
        self.clients["web-post"] |= {"old_client_secret": self.clients["web-post"]["client_secret"],
                                     "client_secret": rotated["client_secret"]}
        self.list["clients"] = list(self.clients.values())

    def redeemed(self, browser, client, scope, user, state, **more):
        """The tokens of a whole flow, put down as a grant in this state."""
        code = browser.complete(client, scope, user, **more)
        tokens = self.redeem(client, code)
        grant = {"client_id": client["client_id"], "username": user["username"], "state": state,
                 "scope": tokens["scope"], "access_token": tokens["access_token"], "id_token": tokens["id_token"],
                 "refresh_token": tokens.get("refresh_token")}
        self.list["grants"].append(grant)
        return grant, code

    def redeem(self, client, code):
        status, tokens = self.redeem_by(client, code, code["verifier"])
        if status != 200:
            raise RuntimeError(f"{client['client_id']}: {status} {tokens}")
        return tokens

    def redeem_by(self, client, code, verifier):
        form = {"grant_type": "authorization_code", "code": code["code"], "redirect_uri": code["redirect_uri"],
                "code_verifier": verifier}
        return self.site.post_as(client, "/token", form)

    def flows(self):
        ada, bob, carol = (self.users[name] for name in ("ada", "bob", "carol"))
        web, native, spa = (self.clients[id] for id in ("web", "native", "spa"))
        browser = Browser(self.site)
        # Codes that are never redeemed: what lasts is the consent to everything.
        browser.complete(web, PEOPLE_SCOPE, ada)
        browser.complete(native, PEOPLE_SCOPE, ada)
        self.redeemed(browser, web, "openid profile email offline_access", ada, "unused")
        self.redeemed(browser, native, "openid offline_access notes:read notes:write", ada, "unused")
        self.redeemed(browser, spa, "openid offline_access notes:read", ada, "unused")
        self.redeemed(browser, self.clients["web-post"], "openid offline_access", ada, "unused")
        self.redeemed(browser, self.clients["legacy"], "openid offline_access files:read", ada, "unused", resource=FILES)
        self.consent("ada", "web", PEOPLE_SCOPE)
        self.consent("ada", "native", PEOPLE_SCOPE)
        self.consent("ada", "spa", "openid offline_access notes:read")
        self.used(browser, web, ada)
        self.used(browser, native, ada)
        self.revoked(browser, web, ada)
        self.replayed(browser, web, ada)
        self.burnt(browser, web, ada)
        self.revoked_access(browser, web, ada)
        _, code = self.redeemed(browser, web, "openid profile offline_access", ada, "code redeemed")
        self.list["codes"].append(code | {"state": "redeemed"})
        self.session("ada", "live", browser)

        browser = Browser(self.site)
        self.redeemed(browser, self.clients["made"], "openid email offline_access", bob, "unused")
        self.redeemed(browser, self.clients["web-b"], "openid offline_access", bob, "client disabled")
        self.session("bob", "live", browser)

        browser = Browser(self.site)
        browser.complete(web, PEOPLE_SCOPE, ada)
        before = dict(browser.cookies)
        _, _, page = browser.send("GET", "/end-session")
        browser.submit(page, {}, "sign_out")
        browser.cookies = before
        self.session("ada", "ended", browser)

        browser = Browser(self.site)
        self.redeemed(browser, web, "openid offline_access", carol, "user disabled")
        self.session("carol", "user disabled", browser)

    def consent(self, username, client_id, scope):
        self.list["consents"].append({"username": username, "client_id": client_id, "scope": scope})

    def session(self, username, state, browser):
        self.list["sessions"].append({"username": username, "state": state, "cookies": browser.cookies})

    def used(self, browser, client, user):
        grant, _ = self.redeemed(browser, client, "openid offline_access notes:read", user, "used once")
        form = {"grant_type": "refresh_token", "refresh_token": grant["refresh_token"]}
        status, tokens = self.site.post_as(client, "/token", form)
        if status != 200:
            raise RuntimeError(f"refresh: {status} {tokens}")
        grant |= {"used_refresh_token": grant["refresh_token"], "refresh_token": tokens["refresh_token"]}

    def revoked(self, browser, client, user):
        grant, _ = self.redeemed(browser, client, "openid offline_access", user, "revoked")
        self.site.post_as(client, "/revoke", {"token": grant["refresh_token"]})

    def replayed(self, browser, client, user):
        _, code = self.redeemed(browser, client, "openid offline_access", user, "revoked by a replay")
        if self.redeem_by(client, code, code["verifier"])[0] != 400:
            raise RuntimeError("a replay was not refused")

    def burnt(self, browser, client, user):
        code = browser.complete(client, "openid", user)
        for _ in range(5):
            self.redeem_by(client, code, secrets.token_urlsafe(32))
        self.list["codes"].append(code | {"state": "burnt"})

    def revoked_access(self, browser, client, user):
        grant, _ = self.redeemed(browser, client, "openid offline_access", user, "access token revoked")
        self.site.post_as(client, "/revoke", {"token": grant["access_token"]})

    def failures(self):
        """So many that the account waits, in a browser that is new to it."""
        browser, web = Browser(self.site), self.clients["web"]
        for _ in range(10):
            request = {"response_type": "code", "client_id": "web", "redirect_uri": web["redirect_uris"][0], "scope": "openid",
                       "state": "s", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
            _, _, page = browser.send("GET", "/authorize?" + urllib.parse.urlencode(request))
            browser.submit(page, {"username": "dora", "password": "not the password"})
        self.users["dora"]["failures"] = 10

    def service_token(self):
        service = self.clients["service"]
        _, tokens = self.site.post_as(service, "/token", {"grant_type": "client_credentials", "scope": "notes:read"})
        self.list["access_tokens"].append({"client_id": "service", "access_token": tokens["access_token"]})

    def disable(self):
        self.site.command("user", "disable", "carol")
        self.site.command("client", "disable", "web-b")
        self.users["carol"]["disabled"] = True
        self.clients["web-b"]["disabled"] = True


def age_keys(directory):
    with sqlite3.connect(os.path.join(directory, "data", "proofkey.db")) as database:
        database.execute("UPDATE signing_keys SET created_at = created_at - ?1, active_from = active_from - ?1",
                         [KEYS_AGE_SECONDS])
    database.close()


def configure(path):
    """The cheapest passwords, so that tests are quick, and every algorithm that an API is given."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for old, new in [("# memory_kib = 19456", "memory_kib = 64"), ("# iterations = 2", "iterations = 1"),
                     ('algorithms = ["ES256", "RS256"]', 'algorithms = ["ES256", "RS256", "EdDSA"]'),
                     ('# metrics_listen = "127.0.0.1:9464"', 'metrics_listen = "off"')]:
        if old not in text:
            raise RuntimeError(f"the template has no {old!r}")
        text = text.replace(old, new)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def tidy(data):
    """Leaves the database alone: a server that was stopped has moved everything from its log into the file."""
    for name in sorted(os.listdir(data)):
        path = os.path.join(data, name)
        if name.endswith("-wal") and os.path.getsize(path) > 0:
            raise RuntimeError(f"{name} was not moved into the database")
        if name != "proofkey.db":
            os.remove(path)


def main(binary, directory):
    directory = os.path.abspath(directory)
    os.mkdir(directory)
    site = Site(binary, directory)
    release = subprocess.run([site.binary, "--version"], text=True, capture_output=True, check=True).stdout.strip()
    site.command("init", "--issuer", ISSUER, "--listen", "127.0.0.1:4455", "--data", "data")
    configure(os.path.join(directory, "proofkey.toml"))
    museum = Museum(site)
    museum.people()
    museum.apis()
    museum.apps()
    site.start()
    site.stop()
    age_keys(directory)
    site.start()
    try:
        museum.flows()
        museum.service_token()
        museum.failures()
        museum.disable()
        museum.list["keys"] = site.command("key", "list")
    finally:
        site.stop()
    listed = {"release": release, "made_at": int(time.time())} | museum.list
    with open(os.path.join(directory, "manifest.json"), "w", encoding="utf-8") as file:
        json.dump(listed, file, indent=2)
        file.write("\n")
    tidy(os.path.join(directory, "data"))


if __name__ == "__main__":
    main(*sys.argv[1:])
