//! The way to the tokens, by the decisions that the endpoints make: the authorization request, the consent page answered, the code
//! redeemed. It knows no store: what it is given is all there is, and no commit leaves here.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proofkey_oauth::{
    AuthMethod, AuthorizationRequest, CHALLENGE_METHOD, ClientCredentials, CodeRequest, CodeVerifier,
    CredentialsRequest, Params, PresentedCredentials, Secret, Timestamp, form_encode,
};
use proofkey_protocol::authorize::{
    self, Answer, Authenticated, AuthorizeFacts, ConsentGiven, Hint, Next, Progress,
};
use proofkey_protocol::bearer::{self, TokenFacts};
use proofkey_protocol::interaction::{Consent, Opened, Sealed};
use proofkey_protocol::session::{self, SessionCookie};
use proofkey_protocol::token::{self, CodeGrant, CredentialsGrant, GrantRequest, Issue};
use proofkey_protocol::{
    AccessTokenFacts, AuthenticatedClient, Authentication, AuthenticationMethod, AuthorizationCode, Client,
    ClientFacts, ClientSecretRecord, CodeFacts, Commit, ConsentFacts, Cx, GrantWithSubject, Judged,
    Random as _, Refusal, SessionFacts, SessionId, SubjectFacts, UserFacts, UserRecord, authenticate,
};
use serde_json::{Map, Value};

use super::shown::{PreviewRequest, PreviewedConsent};
use crate::random::SystemRandom;

const AUTHORIZE: &str = "/authorize";
const TOKEN: &str = "/token";

/// What is stored of those whom a preview is about, and a secret of the client that is stored nowhere.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) client: Arc<Client>,
    pub(super) facts: ClientFacts,
    pub(super) secret: Secret,
    pub(super) user: Option<UserRecord>,
    pub(super) consent: Option<ConsentFacts>,
}

/// Where the way ended.
#[derive(Debug)]
pub(super) struct Walked {
    pub(super) issue: Box<Issue>,
    /// The code of a user's grant.
    pub(super) grant: Option<AuthorizationCode>,
    pub(super) consent: Option<PreviewedConsent>,
    /// What userinfo answers to the access token; `None` where it refuses it.
    pub(super) userinfo: Option<Map<String, Value>>,
}

/// Which endpoint refuses, and why.
#[derive(Debug)]
pub(super) struct RefusedAt {
    pub(super) endpoint: &'static str,
    pub(super) refusal: Refusal,
}

/// What authorization gives: a code, what proves it, and what the user allows from then on.
struct Authorized {
    code: AuthorizationCode,
    request: CodeRequest,
    session: SessionFacts,
    allowed: Option<ConsentFacts>,
    consent: PreviewedConsent,
}

/// Lets a confidential client that could prove itself do so by a secret that this process alone knows. One whose secrets have
/// all expired cannot.
pub(super) fn made_up_secret(client: &mut Client, now: Timestamp) -> Secret {
    let secret = random_text();
    if client.secrets.iter().any(|stored| stored.expires_at.is_none_or(|end| now < end)) {
        client.secrets.push(ClientSecretRecord { hash: secret.hash(), created_at: now, expires_at: None });
    }
    secret
}

/// Makes the decisions, one after the other.
pub(super) fn walk(request: &PreviewRequest, held: &Held, cx: &mut Cx<'_>) -> Result<Walked, RefusedAt> {
    let at_token = |refusal| RefusedAt { endpoint: TOKEN, refusal };
    let Some(user) = &held.user else {
        let client = proved(held, cx.now).map_err(at_token)?;
        let sent = CredentialsRequest { scope: request.scope.clone(), resource: request.resources.clone() };
        let grant = CredentialsGrant {
            request: &sent,
            client: held.facts.status,
            client_valid_from: held.facts.valid_from,
        };
        let decided = token::decide(&GrantRequest::ClientCredentials(grant), &client, cx);
        let issue = decided.outcome.map_err(at_token)?;
        return Ok(Walked { issue, grant: None, consent: None, userinfo: None });
    };
    let user = facts_of(user);
    let Authorized { code, request, session, allowed, consent } = authorize(request, held, &user, cx)?;
    let client = proved(held, cx.now).map_err(at_token)?;
    let subject = SubjectFacts {
        user,
        session: Some(session),
        consent: allowed,
        client: held.facts.status,
        client_valid_from: held.facts.valid_from,
    };
    let facts = CodeFacts { subject: Some(subject.clone()), ..CodeFacts::default() };
    let grant = CodeGrant { request: &request, code: Some(&code), facts: &facts, user: held.user.as_ref() };
    let decided = token::decide(&GrantRequest::Code(grant), &client, cx);
    let issue = decided.outcome.map_err(at_token)?;
    let userinfo = userinfo(&issue, decided.commit, subject, held, cx);
    Ok(Walked { issue, grant: Some(code), consent: Some(consent), userinfo })
}

/// What userinfo answers once the code is redeemed, by its own decisions.
fn userinfo(
    issue: &Issue,
    redeemed: Option<Commit>,
    subject: SubjectFacts,
    held: &Held,
    cx: &Cx<'_>,
) -> Option<Map<String, Value>> {
    let Some(Commit::RedeemCode { grant, .. }) = redeemed else { return None };
    let row = GrantWithSubject::new(*grant, subject)?;
    let token = AccessTokenFacts {
        client: held.facts.status,
        client_valid_from: held.facts.valid_from,
        revoked: false,
    };
    let facts = TokenFacts { grant: Some(&row), token, client: Some(&held.client) };
    let live = bearer::live(&issue.access, &facts, cx).ok()?;
    bearer::userinfo(&live, &cx.policy.issuer).and_then(|opened| opened.answer(held.user.as_ref())).ok()
}

fn proved(held: &Held, now: Timestamp) -> Result<AuthenticatedClient, Refusal> {
    let (client_id, secret) = (held.client.id.to_string(), Secret::new(held.secret.expose().to_owned()));
    let credentials = match held.client.authentication {
        AuthMethod::None => ClientCredentials::None { client_id },
        AuthMethod::ClientSecretBasic => ClientCredentials::Basic { client_id, secret },
        AuthMethod::ClientSecretPost => ClientCredentials::Post { client_id, secret },
    };
    match authenticate(&PresentedCredentials::Present(credentials), Some(Arc::clone(&held.client)), now) {
        Judged::Named(judged) | Judged::Compared(judged) => judged,
    }
}

/// The user signs in now and, where the consent page is shown, allows what it shows.
fn authorize(
    preview: &PreviewRequest,
    held: &Held,
    user: &UserFacts,
    cx: &mut Cx<'_>,
) -> Result<Authorized, RefusedAt> {
    let refused = |refusal| RefusedAt { endpoint: AUTHORIZE, refusal };
    let mut octets = [0; 32];
    SystemRandom.fill(&mut octets);
    let verifier = CodeVerifier::from_random(&octets);
    let redirect_uri = held.client.redirect_uris.first().map(ToString::to_string);
    let text = request_text(preview, redirect_uri.as_deref(), &verifier);
    let request = AuthorizationRequest::from_params(
        &Params::parse(text.as_bytes()).map_err(|bad| refused(bad.into()))?,
    );
    let cookie = SessionCookie { id: SessionId(cx.random()), secret: random_text() };
    let session = session_of(user, &cookie, cx);
    let login = session::login(&cookie, &session, user, cx.now, cx.policy);
    let login = login.ok_or_else(|| refused(Refusal::UserDisabled))?;
    let decide = |given: Option<ConsentGiven>, cx: &mut Cx<'_>| {
        let facts = AuthorizeFacts {
            client: Some(Arc::clone(&held.client)),
            client_status: Some(held.facts.status),
            client_valid_from: held.facts.valid_from,
            hint: Hint::Absent,
            login: Some(login.clone()),
            consent: held.consent.clone(),
        };
        let progress = Progress { authenticated_as: Some(cookie.id), consent: given };
        authorize::decide(&request, facts, progress, cx)
    };
    let mut consent = PreviewedConsent::Remembered;
    let mut verdict = decide(None, cx);
    if let Next::Consent(asked) = &verdict.outcome {
        consent = PreviewedConsent::Asked;
        let given = allowed(asked, &text, cx).map_err(refused)?;
        verdict = decide(Some(given), cx);
    }
    let issued = match verdict.outcome {
        Next::Issue(issued) => issued,
        Next::Page(refusal, _) => return Err(refused(refusal)),
        Next::PageWithReturn(response) | Next::Refuse(response) => return Err(refused(response.refusal)),
        // Neither is asked of a user who has just signed in and answered.
        Next::SignIn(_) | Next::Consent(_) => return Err(refused(Refusal::InteractionInvalid)),
    };
    let allowed = match verdict.commit {
        Some(Commit::GiveConsent { after, .. }) => Some(after),
        _ => held.consent.clone(),
    };
    let sealed = code_in(issued.location()).ok_or_else(|| refused(Refusal::InteractionInvalid))?;
    let code =
        AuthorizationCode::open(cx, sealed.expose()).ok_or_else(|| refused(Refusal::InteractionInvalid))?;
    let request = CodeRequest {
        code: sealed,
        redirect_uri,
        code_verifier: Some(Secret::new(verifier.expose().to_owned())),
        resource: preview.token_resources.clone(),
    };
    Ok(Authorized { code, request, session, allowed, consent })
}

/// The authorization request, form-encoded as a client sends it.
fn request_text(preview: &PreviewRequest, redirect_uri: Option<&str>, verifier: &CodeVerifier) -> String {
    let challenge = verifier.challenge().to_string();
    let mut pairs = vec![
        ("response_type", "code"),
        ("client_id", preview.client.as_str()),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", CHALLENGE_METHOD),
    ];
    pairs.extend(redirect_uri.map(|uri| ("redirect_uri", uri)));
    pairs.extend(preview.scope.as_deref().map(|scope| ("scope", scope)));
    pairs.extend(preview.resources.iter().map(|resource| ("resource", resource.as_str())));
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        form_encode(&mut text, name, value);
    }
    text
}

/// The answer of the consent page, which comes back from it sealed.
fn allowed(asked: &Authenticated, request: &str, cx: &mut Cx<'_>) -> Result<ConsentGiven, Refusal> {
    let (step, browser) = (asked.consent_step(cx), cx.random());
    let sealed = Sealed::seal(step, request, browser, cx);
    match Sealed::<Consent>::open(cx.keys, sealed.expose(), &[browser], cx.now)? {
        Opened::Fits(page) => Ok(ConsentGiven::from_page(&page, Answer::Allow)),
        Opened::Stale(_) => Err(Refusal::InteractionInvalid),
    }
}

/// A session that begins now with the user's password.
fn session_of(user: &UserFacts, cookie: &SessionCookie, cx: &Cx<'_>) -> SessionFacts {
    SessionFacts {
        id: cookie.id,
        secret: cookie.secret.hash(),
        user_id: user.id.clone(),
        authentication: Authentication {
            at: cx.now,
            methods: [AuthenticationMethod::Password].into_iter().collect(),
            context: None,
        },
        seen_at: cx.now,
        expires_at: cx.now + cx.policy.session_life(false).absolute_seconds,
        remembered: false,
        valid_from: Some(user.valid_from),
    }
}

fn facts_of(user: &UserRecord) -> UserFacts {
    let name = user.claims.get("name").and_then(|name| name.as_str());
    UserFacts {
        id: user.id.clone(),
        username: user.username.clone(),
        display_name: name.unwrap_or(&user.username).to_owned(),
        disabled: user.disabled,
        valid_from: user.valid_from,
    }
}

/// The code in the address that the browser is sent to.
fn code_in(location: &Secret) -> Option<Secret> {
    let (_, query) = location.expose().split_once('?')?;
    let params = Params::parse(query.as_bytes()).ok()?;
    params.first("code").map(|code| Secret::new(code.to_owned()))
}

fn random_text() -> Secret {
    let mut octets = [0; 32];
    SystemRandom.fill(&mut octets);
    Secret::new(URL_SAFE_NO_PAD.encode(octets))
}
