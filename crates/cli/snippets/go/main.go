package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"html/template"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	issuer       = __ISSUER__
	clientID     = __CLIENT_ID__
	redirectURI  = __REDIRECT_URI__
	signedOutURI = __SIGNED_OUT_URI__
	scope        = __SCOPE__
	api          = __API__
	name         = __NAME__
)

type app struct {
	provider *oidc.Provider
	config   oauth2.Config
	mutex    sync.Mutex
	sessions map[string]*session // for more than one process, a table of a database
}

// session is what the app knows of a browser whose person is signed in.
type session struct {
	person, idToken string
	tokens          oauth2.TokenSource
}

var page = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><title>{{.Name}}</title><h1>{{.Name}}</h1>
{{if .Person}}<p>Hello, {{.Person}}.</p><p><a href="/notes">My notes</a></p>
<form method="post" action="/logout"><button>Sign out</button></form>
{{else}}<p><a href="/login">Sign in</a></p>{{end}}`))

func (a *app) home(w http.ResponseWriter, r *http.Request) {
	_ = page.Execute(w, map[string]string{"Name": name, "Person": a.session(r).person})
}

// session is that of the browser's cookie, or an empty one.
func (a *app) session(r *http.Request) *session {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if cookie, err := r.Cookie("notes"); err == nil && a.sessions[cookie.Value] != nil {
		return a.sessions[cookie.Value]
	}
	return &session{}
}

// begin replaces the browser's session; a nil one ends it.
func (a *app) begin(w http.ResponseWriter, r *http.Request, s *session) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if cookie, err := r.Cookie("notes"); err == nil {
		delete(a.sessions, cookie.Value)
	}
	if s == nil {
		setCookie(w, "notes", "", -1)
		return
	}
	id := rand.Text()
	a.sessions[id] = s
	setCookie(w, "notes", id, 0)
}

func setCookie(w http.ResponseWriter, name, value string, seconds int) {
	cookie := &http.Cookie{Name: name, Value: value, MaxAge: seconds, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
	cookie.Secure = strings.HasPrefix(redirectURI, "https:")
	http.SetCookie(w, cookie)
}

type request struct{ state, nonce, verifier string }

func newRequest() request {
	return request{state: rand.Text(), nonce: rand.Text(), verifier: oauth2.GenerateVerifier()}
}

// asked is the request that this browser began; an empty one if there is none.
func asked(r *http.Request) request {
	cookie, err := r.Cookie("notes-asked")
	if err != nil {
		return request{}
	}
	parts := strings.Split(cookie.Value, ".")
	if len(parts) != 3 {
		return request{}
	}
	return request{parts[0], parts[1], parts[2]}
}

func (a *app) login(w http.ResponseWriter, r *http.Request) {
	begun := newRequest()
	setCookie(w, "notes-asked", begun.state+"."+begun.nonce+"."+begun.verifier, 600)
	address := a.config.AuthCodeURL(begun.state, oidc.Nonce(begun.nonce), oauth2.S256ChallengeOption(begun.verifier))
	http.Redirect(w, r, address, http.StatusSeeOther)
}

func (a *app) callback(w http.ResponseWriter, r *http.Request) {
	begun, query := asked(r), r.URL.Query()
	setCookie(w, "notes-asked", "", -1)
	if begun.state == "" || query.Get("state") != begun.state {
		http.Error(w, "this answer is not to our request", http.StatusBadRequest)
		return
	}
	if refused := query.Get("error"); refused != "" {
		log.Print(refused, ": ", query.Get("error_description"))
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	signedIn, err := a.exchange(r.Context(), query.Get("code"), begun)
	if err != nil {
		log.Print(err)
		http.Error(w, "that did not work", http.StatusInternalServerError)
		return
	}
	a.begin(w, r, signedIn)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (a *app) exchange(ctx context.Context, code string, begun request) (*session, error) {
	token, err := a.config.Exchange(ctx, code, oauth2.VerifierOption(begun.verifier))
	if err != nil {
		return nil, err
	}
	raw, _ := token.Extra("id_token").(string)
	idToken, err := a.provider.Verifier(&oidc.Config{ClientID: clientID}).Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	if idToken.Nonce != begun.nonce {
		return nil, errors.New("the ID token is not to our request")
	}
	// It outlives this request, so it must not end with it.
	tokens := a.config.TokenSource(context.Background(), token)
	info, err := a.provider.UserInfo(ctx, tokens)
	if err != nil {
		return nil, err
	}
	var claims struct {
		Name string `json:"name"`
	}
	if err := info.Claims(&claims); err != nil {
		return nil, err
	}
	if claims.Name == "" {
		claims.Name = info.Subject
	}
	return &session{person: claims.Name, idToken: raw, tokens: tokens}, nil
}

func (a *app) notes(w http.ResponseWriter, r *http.Request) {
	s := a.session(r)
	if s.tokens == nil {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	answer, err := oauth2.NewClient(r.Context(), s.tokens).Get(api)
	if refused := new(oauth2.RetrieveError); errors.As(err, &refused) && refused.ErrorCode == "invalid_grant" {
		a.begin(w, r, nil)
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	if err != nil {
		log.Print(err)
		http.Error(w, "that did not work", http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, io.LimitReader(answer.Body, 1<<20))
}

func (a *app) logout(w http.ResponseWriter, r *http.Request) {
	s := a.session(r)
	a.begin(w, r, nil)
	var server struct {
		EndSession string `json:"end_session_endpoint"`
		Revocation string `json:"revocation_endpoint"`
	}
	if s.tokens == nil || a.provider.Claims(&server) != nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	if token, err := s.tokens.Token(); err == nil {
		form := url.Values{"token": {token.RefreshToken}}
		request, _ := http.NewRequestWithContext(r.Context(), "POST", server.Revocation, strings.NewReader(form.Encode()))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.SetBasicAuth(url.QueryEscape(clientID), url.QueryEscape(a.config.ClientSecret))
		if answer, err := http.DefaultClient.Do(request); err == nil {
			_ = answer.Body.Close()
		}
	}
	parameters := url.Values{"id_token_hint": {s.idToken}}
	if signedOutURI != "" {
		parameters.Set("post_logout_redirect_uri", signedOutURI)
	}
	http.Redirect(w, r, server.EndSession+"?"+parameters.Encode(), http.StatusSeeOther)
}

func main() {
	clientSecret := os.Getenv("CLIENT_SECRET")
	if clientSecret == "" {
		log.Fatal("CLIENT_SECRET is not set: it is what `proofkey client add` printed")
	}
	provider, err := oidc.NewProvider(context.Background(), issuer)
	if err != nil {
		log.Fatal(err)
	}
	a := &app{provider: provider, sessions: map[string]*session{}}
	a.config = oauth2.Config{
		ClientID:     clientID,
		ClientSecret: clientSecret,
		Endpoint:     provider.Endpoint(),
		RedirectURL:  redirectURI,
		Scopes:       strings.Fields(scope),
	}
	callback, err := url.Parse(redirectURI)
	if err != nil || len(callback.Path) < 2 {
		log.Fatal("the redirect URI needs a path of its own, such as /callback: ", redirectURI)
	}
	http.HandleFunc("GET /{$}", a.home)
	http.HandleFunc("GET /login", a.login)
	http.HandleFunc("GET "+callback.Path, a.callback)
	http.HandleFunc("GET /notes", a.notes)
	http.HandleFunc("POST /logout", a.logout)
	port := cmp.Or(os.Getenv("PORT"), callback.Port(), "8080") // behind a proxy the redirect URI has no port
	log.Printf("http://localhost:%s/", port)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+port, nil))
}
