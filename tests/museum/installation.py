"""An installation, run by the binary of a release, and a browser on it: commands, endpoints and forms, as strangers use them."""

import base64
import hashlib
import html
import http.client
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import time
import urllib.parse

ISSUER = "https://id.example"
READY_SECONDS_MAX = 30


class Site:
    """The installation: its commands and its server."""

    def __init__(self, binary, directory):
        self.binary, self.directory, self.server = os.path.abspath(binary), directory, None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environment = {
            "PROOFKEY_SERVER__LISTEN": f"127.0.0.1:{self.port}",
            # The failures below all come from one address.
            "PROOFKEY_LIMITS__LOGIN_ADDRESS_BURST": "1000",
        }

    def command(self, *arguments, stdin=""):
        ran = subprocess.run([self.binary, *arguments, "--json"], input=stdin, text=True, capture_output=True,
                             cwd=self.directory, env=self.environment, timeout=60)
        if ran.returncode != 0:
            raise RuntimeError(f"{arguments}: {ran.stderr}")
        return json.loads(ran.stdout)

    def start(self):
        self.server = subprocess.Popen([self.binary, "serve"], cwd=self.directory, env=self.environment,
                                       stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + READY_SECONDS_MAX
        while True:
            if self.server.poll() is not None:
                raise RuntimeError(f"serve ended with {self.server.returncode}")
            try:
                if self.send("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                pass
            if time.monotonic() > until:
                raise RuntimeError("the server is not ready")
            time.sleep(0.02)

    def stop(self):
        self.server.send_signal(signal.SIGTERM)
        if self.server.wait(READY_SECONDS_MAX) != 0:
            raise RuntimeError(f"serve ended with {self.server.returncode}")

    def send(self, method, path, form=None, headers=()):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = dict(headers) | {"Accept": "text/html"}
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        status, lines, text = answer.status, answer.headers, answer.read().decode()
        connection.close()
        return status, lines, text

    def post_as(self, client, path, form):
        headers, form = {}, dict(form)
        if client["token_endpoint_auth_method"] == "none":
            form["client_id"] = client["client_id"]
        elif client["token_endpoint_auth_method"] == "client_secret_post":
            form |= {"client_id": client["client_id"], "client_secret": client["client_secret"]}
        else:
            pair = ":".join(urllib.parse.quote_plus(client[name]) for name in ("client_id", "client_secret"))
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        status, _, text = self.send("POST", path, form, headers)
        return status, json.loads(text) if text else {}


class Browser:
    """A browser without scripts: cookies, forms, redirects, hand-over pages."""

    def __init__(self, site):
        self.site, self.cookies = site, {}

    def send(self, method, path, form=None):
        headers = {"Origin": ISSUER} if form is not None else {}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        status, lines, text = self.site.send(method, path, form, headers)
        for line in lines.get_all("Set-Cookie") or []:
            name, value = line.split(";")[0].split("=", 1)
            if "max-age=0" in line.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        location = lines.get("Location")
        if location is None and (refresh := re.search(r'http-equiv="refresh" content="0; *url=([^"]*)"', text)):
            location = html.unescape(refresh[1])
        if location is None:
            return status, None, text
        local = location.removeprefix(ISSUER)
        return self.send("GET", local) if local.startswith("/") else (status, location, text)

    def submit(self, page, fields, button=None):
        action = html.unescape(re.search(r'<form[^>]* action="([^"]*)"', page)[1])
        inputs = {}
        for tag in re.findall(r"<input[^>]*>", page):
            name = re.search(r' name="([^"]*)"', tag)
            value = re.search(r' value="([^"]*)"', tag)
            if name:
                inputs[name[1]] = html.unescape(value[1]) if value else ""
        form = inputs | fields | ({"decision": button} if button else {})
        return self.send("POST", action, form)

    def complete(self, client, scope, user, **more):
        """Signs in where asked, allows where asked; the code and what its client knows."""
        verifier = secrets.token_urlsafe(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        redirect_uri = client["redirect_uris"][0]
        request = {
            "response_type": "code", "client_id": client["client_id"], "redirect_uri": redirect_uri, "scope": scope,
            "state": secrets.token_urlsafe(8), "nonce": "n-" + secrets.token_urlsafe(8), "code_challenge": challenge,
            "code_challenge_method": "S256",
        } | more
        _, location, page = self.send("GET", "/authorize?" + urllib.parse.urlencode(request))
        while location is None:
            if 'id="login-submit"' in page:
                _, location, page = self.submit(page, {"username": user["username"], "password": user["password"]})
            elif 'id="consent-allow"' in page:
                _, location, page = self.submit(page, {}, "allow")
            else:
                raise RuntimeError(page)
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))
        return {"client_id": client["client_id"], "code": query["code"], "verifier": verifier, "redirect_uri": redirect_uri}
