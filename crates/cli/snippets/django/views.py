import logging
import os
import time
from urllib.parse import unquote, urlencode, urlsplit

import requests
from authlib.integrations.django_client import OAuth, OAuthError
from django.contrib import auth
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template import engines
from django.views.decorators.http import require_POST

ISSUER = __ISSUER__
CLIENT_ID = __CLIENT_ID__
REDIRECT_URI = __REDIRECT_URI__
SIGNED_OUT_URI = __SIGNED_OUT_URI__
SCOPE = __SCOPE__
API = __API__
NAME = __NAME__
CLIENT_SECRET = os.environ.get("CLIENT_SECRET")
if not CLIENT_SECRET:
    raise ImproperlyConfigured("CLIENT_SECRET is not set: it is what `proofkey client add` printed.")
CALLBACK_PATH = unquote(urlsplit(REDIRECT_URI).path) or "/"

PAGE = engines["django"].from_string("""<!doctype html><html lang="en"><title>{{ name }}</title><h1>{{ name }}</h1>
{% if user.is_authenticated %}<p>Hello, {{ user.first_name }}.</p><p><a href="/notes">My notes</a></p>
<form method="post" action="/logout">{% csrf_token %}<button>Sign out</button></form>
{% else %}<p><a href="/login">Sign in</a></p>{% endif %}{% if problem %}<p>{{ problem }}</p>{% endif %}""")


def home(request):
    return HttpResponse(PAGE.render({"name": NAME, "user": request.user}, request))

oauth = OAuth()
oauth.register(
    "proofkey",
    client_id=CLIENT_ID,
    client_secret=CLIENT_SECRET,
    server_metadata_url=ISSUER + "/.well-known/openid-configuration",
    client_kwargs={"scope": SCOPE, "code_challenge_method": "S256"},
)

def login(request):
    return oauth.proofkey.authorize_redirect(request, REDIRECT_URI)

def answers(get_response):
    def pass_on(request):
        # The server's answer has a state, and a code or an error; anything else is a request for a page.
        is_answer = "state" in request.GET and ("code" in request.GET or "error" in request.GET)
        return callback(request) if is_answer and request.path == CALLBACK_PATH else get_response(request)

    return pass_on


def callback(request):
    try:
        tokens = oauth.proofkey.authorize_access_token(request)
    except OAuthError as error:
        logging.error("%s: %s", error.error, error.description)
        page = PAGE.render({"name": NAME, "problem": "That did not work."}, request)
        return HttpResponse(page, status=500)
    person = oauth.proofkey.userinfo(token=tokens)
    user, _ = auth.get_user_model().objects.update_or_create(
        username=person["sub"], defaults={"first_name": person.get("name", person["sub"])}
    )
    # A session of its own: its id is new, and it is in the database, so the tokens may be in it.
    auth.login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session["tokens"] = dict(tokens)
    return redirect("/")

def access_token(request):
    tokens = request.session.get("tokens")
    if tokens and tokens["expires_at"] < time.time() + 30:
        try:
            fresh = oauth.proofkey.fetch_access_token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        except OAuthError as error:
            if error.error != "invalid_grant":
                raise
            auth.logout(request)
            return None
        request.session["tokens"] = tokens = {**tokens, **fresh}
    return tokens and tokens["access_token"]

def notes(request):
    token = access_token(request)
    if not token:
        return redirect("/login")
    answer = requests.get(API, headers={"Authorization": f"Bearer {token}"}, timeout=10)
    return HttpResponse(answer.text, status=answer.status_code, content_type="text/plain")

@require_POST
def logout(request):
    tokens = request.session.get("tokens")
    auth.logout(request)
    if not tokens:
        return redirect("/")
    metadata = oauth.proofkey.load_server_metadata()
    ours = (CLIENT_ID, CLIENT_SECRET)
    requests.post(metadata["revocation_endpoint"], data={"token": tokens["refresh_token"]}, auth=ours, timeout=10)
    parameters = {"id_token_hint": tokens["id_token"]}
    if SIGNED_OUT_URI:
        parameters["post_logout_redirect_uri"] = SIGNED_OUT_URI
    return redirect(metadata["end_session_endpoint"] + "?" + urlencode(parameters))
