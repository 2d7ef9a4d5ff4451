import os
import secrets
import sys
from urllib.parse import unquote, urlencode, urlsplit

import requests
from authlib.integrations.flask_client import OAuth, OAuthError
from flask import Flask, redirect, render_template_string, request, session

ISSUER = __ISSUER__
CLIENT_ID = __CLIENT_ID__
REDIRECT_URI = __REDIRECT_URI__
SIGNED_OUT_URI = __SIGNED_OUT_URI__
SCOPE = __SCOPE__
API = __API__
NAME = __NAME__
CLIENT_SECRET = os.environ.get("CLIENT_SECRET") or sys.exit("CLIENT_SECRET is not set: it is what `proofkey client add` printed.")

app = Flask(__name__)
app.secret_key = os.environ.get("SESSION_SECRET") or secrets.token_hex(32)
app.config.update(
    SESSION_COOKIE_NAME="notes",
    SESSION_COOKIE_SAMESITE="Lax",
    SESSION_COOKIE_SECURE=REDIRECT_URI.startswith("https:"),
)
# The tokens of those who are signed in. For more than one process, a table of a database.
signed_in = {}

PAGE = """<!doctype html><html lang="en"><title>{{ name }}</title><h1>{{ name }}</h1>
{% if person %}<p>Hello, {{ person }}.</p><p><a href="/notes">My notes</a></p>
<form method="post" action="/logout"><button>Sign out</button></form>
{% else %}<p><a href="/login">Sign in</a></p>{% endif %}{% if problem %}<p>{{ problem }}</p>{% endif %}"""


@app.get("/")
def home():
    return render_template_string(PAGE, name=NAME, person=session.get("name"))

oauth = OAuth(app)
server = oauth.register(
    "proofkey",
    client_id=CLIENT_ID,
    client_secret=CLIENT_SECRET,
    server_metadata_url=ISSUER + "/.well-known/openid-configuration",
    client_kwargs={"scope": SCOPE, "code_challenge_method": "S256"},
)

@app.get("/login")
def login():
    return server.authorize_redirect(REDIRECT_URI)

@app.before_request
def callback():
    # The server's answer has a state, and a code or an error; anything else is a request for a page, if there is one at this path.
    is_answer = "state" in request.args and ("code" in request.args or "error" in request.args)
    if request.path != (unquote(urlsplit(REDIRECT_URI).path) or "/") or not is_answer:
        return None
    tokens = server.authorize_access_token()
    person = server.userinfo(token=tokens)
    # What was kept for this one request goes; the cookie is signed, and holds no token.
    session.clear()
    session["id"] = secrets.token_urlsafe(32)
    session["name"] = person.get("name", person["sub"])
    signed_in[session["id"]] = tokens
    return redirect("/")

def keep(name, token, refresh_token=None, access_token=None):
    """Authlib calls it with each token that it has refreshed."""
    signed_in[session["id"]].update(token)


oauth.update_token = keep

@app.get("/notes")
def notes():
    tokens = signed_in.get(session.get("id"))
    if not tokens:
        return redirect("/login")
    answer = server.get(API, token=tokens)
    return answer.text, answer.status_code, {"Content-Type": "text/plain"}

@app.post("/logout")
def logout():
    tokens = signed_in.pop(session.get("id"), None)
    session.clear()
    if not tokens:
        return redirect("/")
    metadata = server.load_server_metadata()
    ours = (CLIENT_ID, CLIENT_SECRET)
    requests.post(metadata["revocation_endpoint"], data={"token": tokens["refresh_token"]}, auth=ours, timeout=10)
    parameters = {"id_token_hint": tokens["id_token"]}
    if SIGNED_OUT_URI:
        parameters["post_logout_redirect_uri"] = SIGNED_OUT_URI
    return redirect(metadata["end_session_endpoint"] + "?" + urlencode(parameters))


@app.errorhandler(OAuthError)
def refused(error):
    app.logger.error("%s: %s", error.error, error.description)
    signed_in.pop(session.get("id"), None)
    session.clear()
    return render_template_string(PAGE, name=NAME, problem="That did not work."), 500
