## Wörter, die mehrere Seiten teilen

arrow-to = an
list-and = und
list-more = { $count ->
    [one] einer weiteren App
   *[other] { $count } weiteren Apps
}
unnamed-app = eine App ohne Namen
unnamed-app-dative = einer App ohne Namen
place-this-device = { $place }, dieses Gerät
place-app = { $place }, eine App auf diesem Gerät
return-to = Zurück zu { $app }
nothing-shared = Es wurde nichts weitergegeben.
resumed-sign-in = Die vorige Seite war nicht mehr aktuell, deshalb beginnen wir von vorn. Ihr Passwort wurde nicht benutzt.
resumed-consent = Die vorige Seite war nicht mehr aktuell, deshalb fragen wir noch einmal. Es wurde nichts weitergegeben.
resumed-logout = Die vorige Seite war nicht mehr aktuell, deshalb fragen wir noch einmal.
carry-on-heading = Noch ein Schritt
carry-on-lead = Die App hat eine lange Anfrage gesendet, die Ihr Browser von hier noch einmal senden muss.
carry-on-submit = Weiter

date = { $day }. { $month ->
    [1] Januar
    [2] Februar
    [3] März
    [4] April
    [5] Mai
    [6] Juni
    [7] Juli
    [8] August
    [9] September
    [10] Oktober
    [11] November
   *[12] Dezember
} { $year }
duration-seconds = { $count ->
    [one] einer Sekunde
   *[other] { $count } Sekunden
}
duration-minutes = { $count ->
    [one] einer Minute
   *[other] { $count } Minuten
}
duration-hours = { $count ->
    [one] einer Stunde
   *[other] { $count } Stunden
}
duration-days = { $count ->
    [one] einem Tag
   *[other] { $count } Tagen
}

## Anmelden

sign-in-heading = Anmelden
sign-in-to-app = um mit { $app } fortzufahren
sign-in-to-account = um mit Ihrem Konto fortzufahren
sign-in-username = Benutzername
sign-in-password = Passwort
sign-in-remember = Angemeldet bleiben
sign-in-submit = Anmelden
sign-in-wrong = Benutzername oder Passwort ist falsch.
sign-in-too-many = Zu viele Versuche. Versuchen Sie es in { $duration } noch einmal.
sign-in-busy = Gerade melden sich viele Menschen an. Versuchen Sie es in { $duration } noch einmal.

## Zustimmung

consent-heading-api = Darf { $app } Ihr Konto bei { $api } nutzen?
consent-heading-sign-in = Darf { $app } Sie anmelden?
consent-signed-in-as = Angemeldet als { $user }.
consent-not-you = Nicht Sie?
consent-scopes = Was die App darf
consent-new = Neu
consent-returns = Zurück zu
consent-until = Bis
consent-until-date = { $date }, oder bis Sie es beenden
consent-for = Endet
consent-for-duration = nach { $duration }, oder wenn Sie es beenden
consent-loopback-only = Diese App läuft auf diesem Gerät, auf dem jedes Programm ihren Namen benutzen kann. Erlauben Sie den Zugriff nur, wenn Sie die App gestartet haben.
consent-deny = Ablehnen
consent-allow = Erlauben

scope-openid = Sie anmelden
scope-openid-detail = Eine Kennung Ihres Kontos
scope-profile = Wissen, wer Sie sind
scope-profile-detail = Ihr Name, Benutzername und Profil
scope-email = Ihre E-Mail-Adresse sehen
scope-address = Ihre Postanschrift sehen
scope-phone = Ihre Telefonnummer sehen
scope-offline-access = Verbunden bleiben, auch wenn Sie nicht da sind
scope-api = Die Berechtigung { $scope } nutzen

## Rückgabe an die App

hand-over-granted = Sie sind angemeldet.
hand-over-denied = Sie haben abgelehnt. Es wurde nichts weitergegeben.
hand-over-failed = Die Anfrage ließ sich nicht abschließen. Es wurde nichts weitergegeben.
hand-over-opens = Die App öffnet sich von selbst; wenn nicht, hilft die Schaltfläche.
hand-over-elsewhere = Läuft die App auf einem anderen Gerät?
hand-over-copy = Kopieren Sie diese Adresse, und fügen Sie sie dort ein, wo die App auf sie wartet. Sie gilt einmal und eine Minute lang.
hand-over-close = Danach können Sie diese Seite schließen.

## Fehler

error-heading-app = { $app } hat eine Anfrage gesendet, die wir nicht annehmen können
error-heading-unknown = Eine App hat eine Anfrage gesendet, die wir nicht annehmen können
error-heading-fault = Wir konnten diese Anfrage nicht abschließen
error-heading-expired = Auf dieser Seite geht es nicht weiter
error-heading-limited = Zu viele Versuche
error-heading-not-found = Diese Seite gibt es nicht
error-lead-app = Gehen Sie zurück zur App und versuchen Sie es noch einmal; erscheint diese Seite wieder, geben Sie den Entwicklern der App die Fehlernummer.
error-lead-unknown = Schließen Sie diese Seite und beginnen Sie in der App von vorn; erscheint sie wieder, geben Sie den Entwicklern der App die Fehlernummer.
error-lead-fault = Der Fehler liegt bei uns. Versuchen Sie es in einer Minute noch einmal; erscheint diese Seite wieder, geben Sie dem Betreiber dieses Servers die Fehlernummer.
error-lead-expired = Die Seite gehört zu keiner Anmeldung in diesem Browser. Gehen Sie zurück zur App und beginnen Sie von vorn.
error-lead-limited = Versuchen Sie es in { $duration } noch einmal.
error-lead-not-found = Prüfen Sie die Adresse, oder gehen Sie zurück zur App und beginnen Sie von vorn.
error-id = Fehlernummer
error-what-happened = Was geschehen ist
error-sent = Gesendet
error-registered = Registriert
error-fix = Was die Entwickler ändern müssen
error-detail = Technische Angaben
error-code = Fehler
error-rule = Regel
error-client = Client
error-endpoint = Endpunkt
error-status = Status
error-time = Zeit
error-standard = Standard

## Abmelden

logout-heading = Abmelden?
logout-who = Sie sind als { $user } bei { $host } angemeldet.
logout-apps = Damit melden Sie sich auch von { $apps } ab.
logout-stay = Angemeldet bleiben
logout-confirm = Abmelden
logout-stayed-heading = Sie bleiben angemeldet
logout-address = die Adresse in der Anfrage
logout-not-registered = Danach bleiben Sie hier: { $app } hat { $address } nicht als Rückkehradresse registriert.
logout-no-app = Danach bleiben Sie hier: nichts sagt, zu welcher App { $address } gehört.
signed-out-heading = Sie sind abgemeldet
signed-out-close = Sie können diese Seite schließen.
