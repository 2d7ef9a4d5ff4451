## Was die Fehlerseite Entwicklern sagt. Der Schlüssel ist der Name der Regel, mit »-« statt ».«.
## Nur Regeln, die auf einer Seite erscheinen; für jede andere steht der englische Text da.

rule-parameters-malformed = Die Parameter sind kein formularkodierter Text.
    .fix = Kodieren Sie die Parameter als application/x-www-form-urlencoded, höchstens 64 KiB und 100 Parameter.
rule-parameters-repeated = Ein Parameter wurde mehrmals gesendet.
    .fix = Senden Sie jeden Parameter einmal; nur resource darf mehrmals vorkommen.
rule-parameters-missing = Ein notwendiger Parameter fehlt.
    .fix = Senden Sie alle Parameter, die dieser Endpunkt verlangt.
rule-client-unknown = Unter dieser client_id ist kein Client registriert.
    .fix = Senden Sie die client_id, die bei der Registrierung vergeben wurde, oder registrieren Sie den Client: proofkey client add.
rule-client-disabled = Dieser Client ist gesperrt.
    .fix = Wer den Server betreibt, kann ihn wieder freigeben: proofkey client enable.
rule-redirect_uri-missing = Die Anfrage nennt keine redirect_uri.
    .fix = Senden Sie redirect_uri. Fehlen darf sie nur bei einem Client mit genau einer registrierten Adresse, und nie mit dem Scope openid.
rule-redirect_uri-unregistered = Die Rücksprungadresse der Anfrage ist für diesen Client nicht registriert.
    .fix = Senden Sie eine registrierte Adresse, Zeichen für Zeichen. Auf einer Loopback-Adresse einer nativen App darf der Port abweichen, der Pfad nicht.
rule-response_type-missing = Die Anfrage hat keinen response_type.
    .fix = Senden Sie response_type=code.
rule-response_type-unsupported = Hier gibt es nur den Ablauf mit Autorisierungscode.
    .fix = Senden Sie response_type=code; Tokens kommen vom Token-Endpunkt.
rule-response_mode-unsupported = Diesen response_mode gibt es hier nicht.
    .fix = Lassen Sie response_mode weg oder senden Sie response_mode=query.
rule-grant_type-unregistered = Dieser Client ist für diesen Grant-Typ nicht registriert.
    .fix = Ergänzen Sie den Grant-Typ in grant_types der Registrierung.
rule-pkce-challenge_missing = Die Anfrage hat keine code_challenge.
    .fix = Erzeugen Sie einen code_verifier, senden Sie dessen code_challenge nach S256 hierher und den Verifier an den Token-Endpunkt.
rule-pkce-method_unsupported = Die code_challenge_method ist nicht S256.
    .fix = Senden Sie code_challenge_method=S256. Fehlt sie, gilt plain, und das gibt es hier nicht.
rule-pkce-challenge_malformed = Die code_challenge besteht nicht aus 43 Zeichen in base64url.
    .fix = Senden Sie BASE64URL(SHA256(code_verifier)) ohne Auffüllzeichen.
rule-scope-malformed = Der Scope enthält Zeichen, die es in Scopes nicht gibt, oder ist länger als 4096 Bytes.
    .fix = Senden Sie Scope-Namen aus druckbarem ASCII ohne Anführungszeichen und Backslash, durch Leerzeichen getrennt.
rule-scope-unregistered = Die Anfrage verlangt einen Scope, für den dieser Client nicht registriert ist.
    .fix = Verlangen Sie weniger, oder ergänzen Sie den Scope in der Registrierung; ein API-Scope braucht auch seine API: proofkey api add.
rule-resource-malformed = Die resource ist keine absolute URI ohne Fragment.
    .fix = Senden Sie den Resource Indicator der API, wie er registriert ist.
rule-resource-unknown = Unter dieser resource ist keine API registriert.
    .fix = Senden Sie die resource einer registrierten API, Byte für Byte, oder registrieren Sie sie: proofkey api add.
rule-resource-ambiguous = Die Scopes gehören zu mehreren APIs, ein Access Token gilt aber nur für eine.
    .fix = Nennen Sie die API mit resource, und verlangen Sie je API ein Token.
rule-request-unsupported = Request Objects werden nicht unterstützt.
    .fix = Senden Sie die Parameter selbst statt request.
rule-request_uri-unsupported = Request Objects, auf die nur verwiesen wird, werden nicht unterstützt.
    .fix = Senden Sie die Parameter selbst statt request_uri.
rule-request-too_long = Die Autorisierungsanfrage ist länger als 8 KiB.
    .fix = Kürzen Sie state und die anderen Parameter.
rule-prompt-malformed = prompt enthält einen unbekannten Wert, oder none neben einem anderen.
    .fix = Senden Sie prompt=none allein, oder eines oder mehrere von login, consent, select_account.
rule-max_age-malformed = max_age ist keine Anzahl von Sekunden.
    .fix = Senden Sie max_age als nicht negative ganze Zahl.
rule-id_token_hint-invalid = Der id_token_hint ist kein ID Token, das dieser Server ausgestellt hat.
    .fix = Senden Sie ein ID Token dieses Issuers unverändert, oder lassen Sie den Hinweis weg.
rule-interaction-invalid = Diese Adresse gehört zu keiner Anmeldung, die hier begonnen wurde.
    .fix = Gehen Sie zurück zur App und beginnen Sie von vorn; ändern Sie die Adressen der Anmeldung nicht, und setzen Sie kein Lesezeichen auf sie.
rule-interaction-other_browser = Diese Anmeldung wurde in einem anderen Browser begonnen, oder dieser Browser hat seine Cookies verloren.
    .fix = Gehen Sie zurück zur App und beginnen Sie in diesem Browser von vorn; er muss Cookies zulassen.
rule-interaction-expired = Diese Anmeldung hat zu lange gedauert und ist abgelaufen.
    .fix = Gehen Sie zurück zur App und beginnen Sie von vorn.
rule-form-cross_site = Das Formular kam von einer anderen Website.
    .fix = Füllen Sie das Formular auf der Seite dieses Servers aus.
rule-user-disabled = Das Konto dieser Person ist gesperrt.
    .fix = Melden Sie die Person wieder an, sobald das Konto freigegeben ist.
rule-limit-failures = Von dieser Adresse kamen zu viele fehlgeschlagene Versuche.
    .fix = Warten Sie so lange, wie Retry-After angibt, und prüfen Sie die Zugangsdaten.
