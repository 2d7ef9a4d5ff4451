"""Authlib through every step of the flow, as an application would use it.

Reads the ready file of `proofkey dev` from standard input and the kind of client from the command line; prints one line
for each step that Authlib completed. Whatever Authlib refuses ends the run with its traceback.
"""

import json
import sys
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.base_client.sync_app import BaseApp, OAuth2Mixin
from authlib.integrations.base_client.sync_openid import OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session

HOPS_MAX = 20
TIMEOUT_SECONDS = 20
SCOPE = "openid profile email offline_access"


class App(OAuth2Mixin, OpenIDMixin, BaseApp):
    """Authlib's application as its web framework integrations build it, without a web framework."""

    client_cls = OAuth2Session

    def _on_update_token(self, token, refresh_token=None, access_token=None):
        """Where a framework would store the refreshed token."""


class Page(HTMLParser):
    """The one form of a page, and where the page refreshes to."""

    def __init__(self, text):
        super().__init__()
        self.action, self.fields, self.buttons, self.refresh = None, {}, [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        has = dict(attributes)
        if tag == "form" and has.get("method") == "post":
            self.action = has.get("action", "")
        elif tag == "input" and self.action is not None:
            self.fields[has["name"]] = has.get("value") or ""
        elif tag == "button" and self.action is not None:
            self.buttons.append((has.get("name"), has.get("value")))
        elif tag == "meta" and has.get("http-equiv") == "refresh":
            self.refresh = has["content"].split("url=", 1)[1]


class Browser:
    """Forms, redirects and cookies; nothing else."""

    def __init__(self, user):
        self.session, self.user = requests.Session(), user

    def visit(self, url, target):
        """Follows `url`, signing in and allowing, until an address that starts with `target`."""
        method, form = "GET", None
        for _ in range(HOPS_MAX):
            if target and url.startswith(target):
                return url
            headers = {"Origin": "{0.scheme}://{0.netloc}".format(urlsplit(url))} if form else {}
            reply = self.session.request(
                method, url, data=form, headers=headers, allow_redirects=False, timeout=TIMEOUT_SECONDS
            )
            page = Page(reply.text)
            onward = reply.headers.get("Location") or page.refresh
            if onward:
                method, url, form = "GET", urljoin(url, onward), None
            elif page.action is not None:
                method, form, url = "POST", self.answers(page), urljoin(url, page.action)
            elif target:
                raise AssertionError(f"stuck at {url}: {reply.status_code}\n{reply.text}")
            else:
                return url
        raise AssertionError(f"more than {HOPS_MAX} hops")

    def answers(self, page):
        answers = dict(page.fields)
        if "password" in answers:
            answers.update(username=self.user["username"], password=self.user["password"])
        for name, value in page.buttons:
            if value in ("allow", "sign_out"):
                answers[name] = value
        return answers


def app_of(ready, client):
    method = "client_secret_basic" if "client_secret" in client else "none"
    app = App(
        framework=None,
        name="proofkey",
        client_id=client["client_id"],
        client_secret=client.get("client_secret"),
        server_metadata_url=ready["issuer"] + "/.well-known/openid-configuration",
        client_kwargs={
            "scope": SCOPE,
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": method,
            "revocation_endpoint_auth_method": method,
        },
    )
    assert app.load_server_metadata()["issuer"] == ready["issuer"]
    print("discovery")
    return app


def sign_in(app, browser, redirect_uri, **more):
    request = app.create_authorization_url(redirect_uri, **more)
    arrived = browser.visit(request["url"], redirect_uri)
    parameters = {name: values[0] for name, values in parse_qs(urlsplit(arrived).query).items()}
    assert parameters["state"] == request["state"]
    if "error" in parameters:
        return request, parameters["error"]
    token = app.fetch_access_token(
        redirect_uri=redirect_uri, code=parameters["code"], code_verifier=request["code_verifier"]
    )
    return request, token


def code_flow(ready, client):
    app, browser = app_of(ready, client), Browser(ready["users"][0])
    metadata = app.load_server_metadata()
    redirect_uri = client["redirect_uris"][0]
    if client["kind"] == "native":
        redirect_uri = redirect_uri.replace("127.0.0.1", "127.0.0.1:49154")

    request, token = sign_in(app, browser, redirect_uri, prompt="consent")
    assert token["token_type"].lower() == "bearer"
    print("code and PKCE")

    who = app.parse_id_token(token, nonce=request["nonce"])
    print("ID token")

    assert app.userinfo(token=token)["sub"] == who["sub"]
    print("userinfo")

    with app._get_oauth_client(**metadata) as session:
        session.token = token
        refreshed = dict(session.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"]))
        assert refreshed["access_token"] != token["access_token"]
        print("refresh")

        newest = refreshed.get("refresh_token", token["refresh_token"])
        session.revoke_token(
            metadata["revocation_endpoint"], token=newest, token_type_hint="refresh_token"
        ).raise_for_status()
        try:
            session.refresh_token(metadata["token_endpoint"], refresh_token=newest)
            raise AssertionError("a revoked token was refreshed")
        except OAuthError as error:
            assert error.error == "invalid_grant", error
        print("revocation")

    back = next(iter(client.get("post_logout_redirect_uris", [])), None)
    out = app.create_logout_url(post_logout_redirect_uri=back, id_token_hint=token["id_token"])
    arrived = browser.visit(out["url"], back)
    assert back is None or parse_qs(urlsplit(arrived).query)["state"] == [out["state"]]
    _, error = sign_in(app, browser, redirect_uri, prompt="none")
    assert error == "login_required", error
    print("logout")


def client_credentials(ready, client):
    app = app_of(ready, client)
    with app._get_oauth_client() as session:
        session.scope = None
        token = session.fetch_token(
            app.load_server_metadata()["token_endpoint"], grant_type="client_credentials", resource=ready["api"]
        )
    assert token["access_token"] and "refresh_token" not in token
    print("client credentials")


def main():
    ready, kind = json.load(sys.stdin), sys.argv[1]
    client = next(client for client in ready["clients"] if client["kind"] == kind)
    (client_credentials if kind == "service" else code_flow)(ready, client)


if __name__ == "__main__":
    main()
