## Words that several pages share

arrow-to = to
list-and = and
list-more = { $count ->
    [one] one more app
   *[other] { $count } more apps
}
unnamed-app = an app without a name
unnamed-app-dative = an app without a name
place-this-device = { $place }, this device
place-app = { $place }, an app on this device
return-to = Return to { $app }
nothing-shared = Nothing was shared.
resumed-sign-in = The page before was no longer current, so we started again. Your password was not used.
resumed-consent = The page before was no longer current, so we ask again. Nothing was shared.
resumed-logout = The page before was no longer current, so we ask again.
carry-on-heading = One more step
carry-on-lead = The app sent a long request, which your browser has to send again from here.
carry-on-submit = Continue

date = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }
duration-seconds = { $count ->
    [one] one second
   *[other] { $count } seconds
}
duration-minutes = { $count ->
    [one] one minute
   *[other] { $count } minutes
}
duration-hours = { $count ->
    [one] one hour
   *[other] { $count } hours
}
duration-days = { $count ->
    [one] one day
   *[other] { $count } days
}

## Sign-in

sign-in-heading = Sign in
sign-in-to-app = to continue to { $app }
sign-in-to-account = to continue to your account
sign-in-username = Username
sign-in-password = Password
sign-in-remember = Keep me signed in
sign-in-submit = Sign in
sign-in-wrong = Username or password is wrong.
sign-in-too-many = Too many attempts. Try again in { $duration }.
sign-in-busy = Many people are signing in right now. Try again in { $duration }.

## Consent

consent-heading-api = Allow { $app } to use your { $api }?
consent-heading-sign-in = Allow { $app } to sign you in?
consent-signed-in-as = Signed in as { $user }.
consent-not-you = Not you?
consent-scopes = What the app may do
consent-new = New
consent-returns = Returns to
consent-until = Until
consent-until-date = { $date }, or when you end it
consent-for = For
consent-for-duration = { $duration }, or until you end it
consent-loopback-only = This app runs on this device, where any program can use its name. Allow it only if you started it.
consent-deny = Deny
consent-allow = Allow

scope-openid = Sign you in
scope-openid-detail = An identifier of your account
scope-profile = Know who you are
scope-profile-detail = Your name, username and profile
scope-email = See your email address
scope-address = See your postal address
scope-phone = See your phone number
scope-offline-access = Stay connected while you are away
scope-api = Use the permission { $scope }

## Hand-over

hand-over-granted = You are signed in.
hand-over-denied = You denied access. Nothing was shared.
hand-over-failed = The request could not be completed. Nothing was shared.
hand-over-opens = The app opens by itself; if it does not, use the button.
hand-over-elsewhere = The app runs on another machine?
hand-over-copy = Copy this address and paste it where the app waits for it. It is valid once, and for a minute.
hand-over-close = Afterwards you can close this page.

## Error

error-heading-app = { $app } sent a request we cannot accept
error-heading-unknown = An app sent a request we cannot accept
error-heading-fault = We could not finish this request
error-heading-expired = This page cannot go on
error-heading-limited = Too many attempts
error-heading-not-found = There is no page here
error-lead-app = Go back to the app and try again; if this page returns, give its developer the error id.
error-lead-unknown = Close this page and start again from the app; if it returns, give the app's developer the error id.
error-lead-fault = The failure is ours. Try again in a minute; if this page returns, give the error id to whoever runs this server.
error-lead-expired = The page does not belong to a sign-in in this browser. Go back to the app and start again.
error-lead-limited = Try again in { $duration }.
error-lead-not-found = Check the address, or go back to the app and start again.
error-id = Error id
error-what-happened = What happened
error-sent = Sent
error-registered = Registered
error-fix = What the developer must change
error-detail = Technical detail
error-code = Error
error-rule = Rule
error-client = Client
error-endpoint = Endpoint
error-status = Status
error-time = Time
error-standard = Standard

## Sign out

logout-heading = Sign out?
logout-who = You are signed in as { $user } on { $host }.
logout-apps = Signing out here also signs you out of { $apps }.
logout-stay = Stay signed in
logout-confirm = Sign out
logout-stayed-heading = You stay signed in
logout-address = the address in the request
logout-not-registered = Afterwards you stay here: { $app } has not registered { $address } to return to.
logout-no-app = Afterwards you stay here: nothing says which app { $address } belongs to.
signed-out-heading = You are signed out
signed-out-close = You can close this page.
