## Was die Fehlerseite Entwicklern sagt. Der Schlüssel ist der Name der Regel, mit »-« statt ».«.
## Jede Regel hat ihren Text, in der Reihenfolge von Refusal::ALL; sonst lässt sich der Server nicht bauen.

## Jede Anfrage

rule-parameters-malformed = Die Parameter sind kein formularkodierter Text in UTF-8, oder es sind mehr als 100.
    .fix = Kodieren Sie die Parameter als application/x-www-form-urlencoded, höchstens 64 KiB und 100 Parameter.
rule-parameters-repeated = Ein Parameter wurde mehrmals gesendet.
    .fix = Senden Sie jeden Parameter einmal; nur resource darf mehrmals vorkommen.
rule-parameters-missing = Ein Parameter fehlt.
    .fix = Senden Sie ihn einmal und nicht leer.
rule-body-not_form = Der Rumpf der Anfrage ist nicht als Formular ausgewiesen.
    .fix = Senden Sie die Parameter als application/x-www-form-urlencoded, und nennen Sie das im Content-Type.
rule-body-too_large = Der Rumpf der Anfrage ist größer als 64 KiB.
    .fix = Senden Sie weniger; so viel braucht keine Anfrage.
rule-body-encoded = Der Rumpf der Anfrage hat ein Content-Encoding.
    .fix = Senden Sie das Formular, wie es ist, und nicht komprimiert.
rule-limit-failures = Von dieser Adresse kamen zu viele fehlgeschlagene Versuche.
    .fix = Warten Sie so lange, wie Retry-After angibt, und prüfen Sie die Zugangsdaten.
rule-limit-grants = Dieser Mensch erlaubt diesem Client schneller Neues, als der Server es ausstellt.
    .fix = Behalten Sie die Token einer Anmeldung und erneuern Sie sie; senden Sie diese Anfrage nach so vielen Sekunden noch einmal, wie Retry-After angibt.

## Clients

rule-client-unknown = Unter dieser client_id ist kein Client registriert.
    .fix = Senden Sie die client_id, die bei der Registrierung vergeben wurde, oder registrieren Sie den Client: proofkey client add.
rule-client-disabled = Dieser Client ist gesperrt.
    .fix = Wer den Server betreibt, kann ihn wieder freigeben: proofkey client enable.
rule-client-public = Das darf ein öffentlicher Client nicht, denn nichts beweist, wer er ist.
    .fix = Registrieren Sie dafür einen vertraulichen Client.
rule-client_auth-missing = Die Anfrage sagt nicht, von welchem Client sie kommt.
    .fix = Authentifizieren Sie den Client so, wie er registriert ist: mit Basic, mit client_secret im Formular oder, wenn er öffentlich ist, mit client_id allein.
rule-client_auth-malformed = Der Authorization-Header enthält keine wohlgeformten Zugangsdaten nach Basic.
    .fix = Kodieren Sie ID und Secret wie Formularfelder, verbinden Sie beide mit einem Doppelpunkt, und senden Sie das Ergebnis in Base64.
rule-client_auth-ambiguous = Die Anfrage authentifiziert den Client auf zwei Wegen.
    .fix = Verwenden Sie nur einen: den Authorization-Header oder das Formular.
rule-client_auth-method = Der Client sendet sein Geheimnis anders, als er registriert ist, und seine Registrierung enthält strict_auth_method.
    .fix = Verwenden Sie die registrierte token_endpoint_auth_method, oder ändern Sie die Registrierung.
rule-client_auth-no_secret = Der Client hat ein Geheimnis, und die Anfrage enthält es nicht.
    .fix = Senden Sie das client_secret, mit Basic oder im Formular, oder registrieren Sie token_endpoint_auth_method none.
rule-client_auth-unexpected_secret = Der Client ist ohne Geheimnis registriert, und die Anfrage enthält eines.
    .fix = Lassen Sie client_secret weg und senden Sie client_id allein, oder registrieren Sie eine token_endpoint_auth_method mit Geheimnis.
rule-client_auth-failed = Die Zugangsdaten des Clients stimmen nicht.
    .fix = Senden Sie das client_secret so, wie es einmal angezeigt wurde, oder ersetzen Sie es: proofkey client rotate-secret.
rule-grant_type-unregistered = Dieser Client ist für diesen Grant-Typ nicht registriert.
    .fix = Ergänzen Sie den Grant-Typ in grant_types der Registrierung.
rule-grant_type-unsupported = Diesen grant_type gibt es hier nicht.
    .fix = Verwenden Sie authorization_code, refresh_token oder client_credentials.

## Autorisierungsanfragen

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
rule-request-too_long = Die Autorisierungsanfrage ist länger als 8 KiB.
    .fix = Kürzen Sie state und die anderen Parameter.
rule-request-unsupported = Request Objects werden nicht unterstützt.
    .fix = Senden Sie die Parameter selbst statt request.
rule-request_uri-unsupported = Request Objects, auf die nur verwiesen wird, werden nicht unterstützt.
    .fix = Senden Sie die Parameter selbst statt request_uri.
rule-prompt-malformed = prompt enthält einen unbekannten Wert, oder none neben einem anderen.
    .fix = Senden Sie prompt=none allein, oder eines oder mehrere von login, consent, select_account.
rule-prompt-login_required = Die Person ist nicht angemeldet, und die Anfrage lässt keine Seite zu.
    .fix = Senden Sie die Anfrage noch einmal ohne prompt=none.
rule-prompt-consent_required = Die Person hat das noch nicht erlaubt, und die Anfrage lässt keine Seite zu.
    .fix = Senden Sie die Anfrage noch einmal ohne prompt=none.
rule-prompt-interaction_required = Eine App auf dem Gerät braucht jedes Mal die Zustimmung der Person, und die Anfrage lässt keine Seite zu.
    .fix = Senden Sie die Anfrage noch einmal ohne prompt=none.
rule-max_age-malformed = max_age ist keine Anzahl von Sekunden.
    .fix = Senden Sie max_age als nicht negative ganze Zahl.
rule-id_token_hint-invalid = Der id_token_hint ist kein ID Token, das dieser Server ausgestellt hat.
    .fix = Senden Sie ein ID Token dieses Issuers unverändert, oder lassen Sie den Hinweis weg.

## Proof Key (PKCE)

rule-pkce-challenge_missing = Die Anfrage hat keine code_challenge.
    .fix = Erzeugen Sie einen code_verifier, senden Sie dessen code_challenge nach S256 hierher und den Verifier an den Token-Endpunkt.
rule-pkce-method_unsupported = Die code_challenge_method ist nicht S256.
    .fix = Senden Sie code_challenge_method=S256. Fehlt sie, gilt plain, und das gibt es hier nicht.
rule-pkce-challenge_malformed = Die code_challenge besteht nicht aus 43 Zeichen in base64url.
    .fix = Senden Sie BASE64URL(SHA256(code_verifier)) ohne Auffüllzeichen.
rule-pkce-verifier_missing = Der Code wurde mit einer Challenge angefordert, aber es kam kein code_verifier.
    .fix = Senden Sie den code_verifier, dessen Challenge in der Autorisierungsanfrage stand.
rule-pkce-verifier_unexpected = Es kam ein code_verifier, aber der Code wurde ohne code_challenge angefordert.
    .fix = Senden Sie in der Autorisierungsanfrage eine code_challenge; wenn Sie das tun, hat sie unterwegs jemand entfernt.
rule-pkce-verifier_malformed = Der code_verifier besteht nicht aus 43 bis 128 Zeichen, die in URIs nicht reserviert sind.
    .fix = Erzeugen Sie den Verifier aus 32 zufälligen Bytes in base64url.
rule-pkce-verifier_wrong = Der code_verifier passt nicht zur code_challenge.
    .fix = Senden Sie den Verifier desselben Versuchs: Sein SHA-256-Hash in base64url muss die code_challenge sein.

## Scopes und APIs

rule-scope-malformed = Der Scope enthält Zeichen, die es in Scopes nicht gibt, oder ist länger als 4096 Bytes.
    .fix = Senden Sie Scope-Namen aus druckbarem ASCII ohne Anführungszeichen und Backslash, durch Leerzeichen getrennt.
rule-scope-unregistered = Die Anfrage verlangt einen Scope, für den dieser Client nicht registriert ist.
    .fix = Verlangen Sie weniger, oder ergänzen Sie den Scope und seine API in der Registrierung: proofkey client edit.
rule-scope-unowned = Die Anfrage verlangt einen Scope, den keine API hat.
    .fix = Verlangen Sie weniger, oder registrieren Sie die API, die ihn hat: proofkey api add.
rule-scope-other_api = Die Anfrage verlangt einen Scope, den die API in resource nicht hat.
    .fix = Nennen Sie in resource auch die API, die ihn hat, oder lassen Sie den Scope weg.
rule-scope-missing = Der Scope enthält nichts, was der Client haben kann, und die Anfrage nennt keine API.
    .fix = Verlangen Sie einen Scope aus der Registrierung des Clients, oder nennen Sie mit resource eine API.
rule-scope-beyond_grant = Die Anfrage verlangt einen Scope, der nicht gewährt wurde.
    .fix = Verlangen Sie einen Teil des gewährten Scopes, oder autorisieren Sie noch einmal.
rule-resource-malformed = Die resource ist keine absolute URI ohne Fragment.
    .fix = Senden Sie den Resource Indicator der API, wie er registriert ist.
rule-resource-unknown = Unter dieser resource ist keine API registriert.
    .fix = Senden Sie die resource einer registrierten API, Byte für Byte, oder registrieren Sie sie: proofkey api add.
rule-resource-unregistered = Dieser Client ist für die API nicht registriert.
    .fix = Verlangen Sie eine andere API, oder nehmen Sie diese in die Registrierung des Clients auf: proofkey client edit.
rule-resource-none = Dieser Client ist für keine API registriert, ein Token für ihn selbst gilt aber für eine.
    .fix = Nehmen Sie die API in die Registrierung des Clients auf: proofkey client edit.
rule-resource-ambiguous = Mehrere APIs sind gemeint, ein Access Token gilt aber nur für eine.
    .fix = Nennen Sie die API mit resource, und verlangen Sie je API ein Token.
rule-resource-several = Die Token-Anfrage nennt mehrere resources, ein Access Token gilt aber nur für eine API.
    .fix = Senden Sie eine resource, und verlangen Sie je API ein Token.
rule-resource-beyond_grant = Die resource war nicht Teil der Autorisierungsanfrage.
    .fix = Verlangen Sie eine resource, die autorisiert wurde, oder autorisieren Sie noch einmal mit dieser.

## Seiten der Anmeldung

rule-interaction-invalid = Diese Adresse gehört zu keiner Anmeldung, die hier begonnen wurde.
    .fix = Gehen Sie zurück zur App und beginnen Sie von vorn; ändern Sie die Adressen der Anmeldung nicht, und setzen Sie kein Lesezeichen auf sie.
rule-interaction-other_browser = Dieser Browser schickt das Cookie nicht zurück, das zu dieser Anmeldung gehört.
    .fix = Gehen Sie zurück zur App und beginnen Sie in diesem Browser von vorn; er muss Cookies zulassen.
rule-form-cross_site = Das Formular kam von einer anderen Website.
    .fix = Füllen Sie das Formular auf der Seite dieses Servers aus.

## Autorisierungscodes

rule-code-invalid = Diesen Code hat nicht dieser Server ausgestellt.
    .fix = Senden Sie den Code genau so, wie er an der Redirect-URI angekommen ist, einmal dekodiert.
rule-code-other_client = Der Code wurde für einen anderen Client ausgestellt.
    .fix = Lösen Sie einen Code mit der client_id ein, die ihn angefordert hat.
rule-code-expired = Der Code ist abgelaufen.
    .fix = Lösen Sie den Code ein, sobald er ankommt; für einen neuen beginnen Sie den Ablauf von vorn.
rule-code-ahead = Der Code wurde von einer Uhr ausgestellt, die vorging.
    .fix = Beginnen Sie den Ablauf von vorn; wer den Server betreibt, sieht nach dessen Uhr.
rule-code-redeemed = Der Code wurde schon einmal eingelöst; deshalb ist widerrufen, was er gewährt hat.
    .fix = Lösen Sie jeden Code nur einmal ein. Suchen Sie nach einer doppelt gesendeten Anfrage oder nach einem Code, der in fremde Hände geraten ist.
rule-code-burnt = Mit diesem Code wurden zu viele falsche Verifier gesendet.
    .fix = Beginnen Sie den Ablauf von vorn, und bewahren Sie den Verifier jedes Versuchs bei dessen state auf.
rule-code-redirect_uri = Die redirect_uri ist nicht die der Autorisierungsanfrage.
    .fix = Senden Sie in beiden Anfragen dieselbe redirect_uri, oder lassen Sie sie hier weg.

## Konto, Sitzung und Zustimmung

rule-user-disabled = Das Konto dieser Person ist gesperrt.
    .fix = Melden Sie die Person wieder an, sobald das Konto freigegeben ist.
rule-session-ended = Die Sitzung der Person ist beendet, oder das Passwort wurde seitdem geändert.
    .fix = Leiten Sie die Person noch einmal zur Anmeldung.
rule-consent-denied = Die Person hat das nicht erlaubt.
    .fix = Erklären Sie der Person, wofür der Zugriff gebraucht wird, und lassen Sie sie von vorn beginnen.
rule-consent-withdrawn = Die Person hat zurückgenommen, was sie erlaubt hatte.
    .fix = Leiten Sie die Person noch einmal über den Autorisierungs-Endpunkt.
rule-consent-too_large = Mit diesem hätte die Person dem Client mehr erlaubt, als gemerkt werden kann.
    .fix = Nehmen Sie zurück, was der Client nicht mehr braucht: proofkey consent revoke.
rule-grant-api_removed = Eine API, für die der Zugriff gewährt wurde, ist entfernt worden.
    .fix = Leiten Sie die Person noch einmal über den Autorisierungs-Endpunkt, für APIs, die es gibt.
rule-grant-ahead = Eine Uhr, die vorging, hat diese Gewährung ausgestellt.
    .fix = Leiten Sie die Person noch einmal zur Anmeldung; wer den Server betreibt, sieht nach dessen Uhr.
rule-grant-revoked = Was die Person gewährt hatte, ist widerrufen.
    .fix = Leiten Sie die Person noch einmal zur Anmeldung.
rule-grant-algorithm_off = Kein Schlüssel dieses Servers signiert mit dem Algorithmus des Clients oder der API.
    .fix = Senden Sie die Anfrage noch einmal, nichts ist verbraucht; bleibt es so, fragen Sie den Betreiber, welche Algorithmen hier signieren.

## Refresh Tokens

rule-refresh_token-invalid = Dieses Refresh Token hat nicht dieser Server ausgestellt.
    .fix = Senden Sie das neueste Refresh Token genau so, wie es angekommen ist.
rule-refresh_token-other_client = Das Refresh Token wurde für einen anderen Client ausgestellt.
    .fix = Verwenden Sie ein Refresh Token mit der client_id, die es bekommen hat.
rule-refresh_token-expired = Das Refresh Token ist abgelaufen.
    .fix = Leiten Sie die Person noch einmal zur Anmeldung.
rule-refresh_token-reused = An die Stelle dieses Refresh Tokens ist eines getreten, das schon benutzt wurde; deshalb ist der ganze Grant widerrufen.
    .fix = Speichern Sie jedes neue Refresh Token, bevor Sie das Access Token benutzen, das mit ihm kam; wenn Sie das tun, ist ein Token in fremde Hände geraten.
rule-refresh_token-stale = An die Stelle dieses Refresh Tokens ist eines getreten, das schon benutzt wurde; andere machen mit dieser Anmeldung weiter.
    .fix = Lesen Sie das neueste Refresh Token dort, wo die Prozesse der App es gemeinsam aufbewahren, und senden Sie dieses.
rule-store-behind = Das Refresh Token ist neuer als die Datenbank dieses Servers; sie ist wohl aus einer Sicherung zurückgeholt.
    .fix = Leiten Sie die Person noch einmal zur Anmeldung; sagen Sie dem Betreiber, dass die Datenbank zurückgegangen ist.

## Access Tokens

rule-token-missing = Die Anfrage enthält kein Access Token.
    .fix = Senden Sie Authorization: Bearer und dahinter das Access Token. Ein Token in der Query wird nicht gelesen.
rule-token-invalid = Das Access Token ist fehlerhaft, abgelaufen, widerrufen oder nicht von diesem Server.
    .fix = Erneuern Sie das Token, und versuchen Sie es noch einmal.
rule-token-audience = Das Access Token ist für eine API bestimmt und nicht für diesen Server: Verlangen Sie ein Token mit resource=<issuer>, oder autorisieren Sie ohne resource.
    .fix = Verlangen Sie am Token-Endpunkt ein Token mit dem Issuer als resource, oder autorisieren Sie ohne resource; beides mit dem Scope openid.
rule-token-scope = Dem Access Token fehlt ein Scope, der hier nötig ist.
    .fix = Autorisieren Sie mit dem Scope openid.
rule-token-transports = Das Access Token kam auf zwei Wegen zugleich.
    .fix = Senden Sie das Token nur im Authorization-Header.
rule-token-other_client = Das Token wurde für einen anderen Client ausgestellt.
    .fix = Widerrufen Sie ein Token mit der client_id, die es bekommen hat.
