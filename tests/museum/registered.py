"""The users and clients that every installation of the museum has: those of the Rust tests, and one of each kind of trouble."""

PEOPLE_SCOPE = "openid profile email offline_access notes:read notes:write files:read"

USERS = [
    {"username": "ada", "password": "analytical-engine-no-7", "claims": {
        "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.com",
        "email_verified": True, "locale": "en", "birthdate": "1815-12-10"}},
    {"username": "bob", "password": "a-bridge-over-the-river-9", "claims": {"name": "Bob"}},
    {"username": "carol", "password": "a-melody-for-three-flutes-4", "claims": {"name": "Carol"}},
    {"username": "dora", "password": "two-lanterns-and-a-kite-5", "claims": {"name": "Dora"}},
]


def person_app(id, method, redirect_uri, **more):
    origin = redirect_uri.removesuffix("/callback")
    native = redirect_uri.startswith("http://")
    app = {
        "client_id": id, "client_name": f"The {id} app", "token_endpoint_auth_method": method, "scope": PEOPLE_SCOPE,
        "grant_types": ["authorization_code", "refresh_token"], "application_type": "native" if native else "web",
        "redirect_uris": [redirect_uri] + (["http://[::1]/callback"] if native else []),
        "post_logout_redirect_uris": [f"{origin}/bye"],
    } | more
    if method != "none":
        app["client_secret"] = f"{id}: secret+of/100% random=chars"
    return app


CLIENTS = [
    person_app("native", "none", "http://127.0.0.1/callback"),
    person_app("spa", "none", "https://app.example/callback"),
    person_app("web", "client_secret_basic", "https://web.example/callback"),
    person_app("web-post", "client_secret_post", "https://post.example/callback"),
    person_app("legacy", "client_secret_basic", "https://legacy.example/callback", pkce="optional"),
    person_app("web-b", "client_secret_basic", "https://other-web.example/callback"),
    {
        "client_id": "service", "client_secret": "service: secret+of/100% random=chars", "scope": "notes:read notes:write",
        "token_endpoint_auth_method": "client_secret_basic", "grant_types": ["client_credentials"],
    },
]
