#!/usr/bin/env bash
set -euo pipefail

ISSUER=__ISSUER__
CLIENT_ID=__CLIENT_ID__
REDIRECT_URI=__REDIRECT_URI__
SCOPE=__SCOPE__
API=__API__

# The value of one member of a JSON object on standard input.
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
VERIFIER=$(openssl rand 32 | base64url)
CHALLENGE=$(printf %s "$VERIFIER" | openssl dgst -sha256 -binary | base64url)
STATE=$(openssl rand 16 | base64url)

ADDRESS=$(curl -s -o /dev/null -w '%{url_effective}' -G "$ISSUER/authorize" \
  --data-urlencode response_type=code \
  --data-urlencode "client_id=$CLIENT_ID" \
  --data-urlencode "redirect_uri=$REDIRECT_URI" \
  --data-urlencode "scope=$SCOPE" \
  --data-urlencode "resource=$API" \
  --data-urlencode "state=$STATE" \
  --data-urlencode "code_challenge=$CHALLENGE" \
  --data-urlencode code_challenge_method=S256)
echo "Open this address, and sign in:"
echo
echo "$ADDRESS"
echo

read -r -p 'Paste the address that the browser ended at, within a minute: ' CALLBACK
parameter() { printf %s "$CALLBACK" | sed -n "s/.*[?&]$1=\([^&#]*\).*/\1/p"; }
[ "$(parameter state)" = "$STATE" ] || { echo "This answer is not to our request." >&2; exit 1; }
CODE=$(parameter code)
[ -n "$CODE" ] || { echo "No code: $(parameter error_description)" >&2; exit 1; }

TOKENS=$(curl -sS "$ISSUER/token" \
  --data-urlencode grant_type=authorization_code \
  --data-urlencode "client_id=$CLIENT_ID" \
  --data-urlencode "redirect_uri=$REDIRECT_URI" \
  --data-urlencode "code=$CODE" \
  --data-urlencode "code_verifier=$VERIFIER")
ACCESS_TOKEN=$(printf %s "$TOKENS" | member access_token)
REFRESH_TOKEN=$(printf %s "$TOKENS" | member refresh_token)
ID_TOKEN=$(printf %s "$TOKENS" | member id_token)
[ -n "$ACCESS_TOKEN" ] || { echo "Refused: $TOKENS" >&2; exit 1; }

echo "The API says:"
curl -sS --oauth2-bearer "$ACCESS_TOKEN" "$API"
echo

TOKENS=$(curl -sS "$ISSUER/token" \
  --data-urlencode grant_type=refresh_token \
  --data-urlencode "client_id=$CLIENT_ID" \
  --data-urlencode "refresh_token=$REFRESH_TOKEN")
ACCESS_TOKEN=$(printf %s "$TOKENS" | member access_token)
REFRESH_TOKEN=$(printf %s "$TOKENS" | member refresh_token)
[ -n "$ACCESS_TOKEN" ] || { echo "Refused: $TOKENS" >&2; exit 1; }
echo "Refreshed."
echo "ACCESS_TOKEN=$ACCESS_TOKEN"

read -r -p 'Press Enter to sign out. '
curl -sS "$ISSUER/revoke" --data-urlencode "client_id=$CLIENT_ID" --data-urlencode "token=$REFRESH_TOKEN"
echo "Signed out here. The browser's session ends at $ISSUER/end-session?id_token_hint=$ID_TOKEN"
