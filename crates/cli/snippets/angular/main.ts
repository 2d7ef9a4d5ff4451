import { HttpClient, provideHttpClient, withInterceptors } from "@angular/common/http";
import { Component, inject, provideZonelessChangeDetection, signal } from "@angular/core";
import { bootstrapApplication } from "@angular/platform-browser";
import { provideRouter, Router } from "@angular/router";
import { authInterceptor, OidcSecurityService, provideAuth } from "angular-auth-oidc-client";

const ISSUER = __ISSUER__;
const CLIENT_ID = __CLIENT_ID__;
const REDIRECT_URI = __REDIRECT_URI__;
const SIGNED_OUT_URI = __SIGNED_OUT_URI__;
const SCOPE = __SCOPE__;
const API = __API__;
const NAME = __NAME__;

const settings = {
  authority: ISSUER,
  clientId: CLIENT_ID,
  redirectUrl: REDIRECT_URI,
  postLogoutRedirectUri: SIGNED_OUT_URI || undefined,
  scope: SCOPE,
  responseType: "code",
  useRefreshToken: true,
  silentRenew: true,
  renewTimeBeforeTokenExpiresInSeconds: 60,
  // A refreshed ID token has no nonce of a request.
  ignoreNonceAfterRefresh: true,
  // The interceptor sends the access token there, and nowhere else.
  secureRoutes: [API],
};

@Component({
  selector: "notes-app",
  template: `
    <h1>{{ name }}</h1>
    @if (problem()) {
      <p role="alert">{{ problem() }}</p>
    }
    @if (person()) {
      <p>Hello, {{ person() }}.</p>
      <button (click)="read()">My notes</button>
      <pre>{{ notes() }}</pre>
      <button (click)="signOut()">Sign out</button>
    } @else if (ready()) {
      <button (click)="signIn()">Sign in</button>
    }
  `,
})
class App {
  readonly name = NAME;
  readonly ready = signal(false);
  readonly person = signal("");
  readonly notes = signal("");
  readonly problem = signal("");
  private readonly oidc = inject(OidcSecurityService);
  private readonly http = inject(HttpClient);
  private readonly router = inject(Router);

  constructor() {
    this.oidc.checkAuth().subscribe(({ isAuthenticated, userData, errorMessage }) => {
      if (isAuthenticated) this.person.set(userData?.name ?? userData?.sub);
      this.problem.set(errorMessage ?? "");
      this.ready.set(true);
      // After the exchange the code goes out of the address bar.
      void this.router.navigateByUrl("/", { replaceUrl: true });
    });
  }

  signIn() {
    this.oidc.authorize();
  }

  read() {
    this.http.get(API, { responseType: "text" }).subscribe({
      next: (notes) => this.notes.set(notes),
      error: (refused) => this.notes.set(`${refused.status} ${refused.headers.get("WWW-Authenticate") ?? ""}`),
    });
  }

  signOut() {
    this.oidc.logoffAndRevokeTokens().subscribe();
  }
}

bootstrapApplication(App, {
  providers: [
    provideZonelessChangeDetection(),
    provideRouter([{ path: "**", children: [] }]),
    provideHttpClient(withInterceptors([authInterceptor()])),
    provideAuth({ config: settings }),
  ],
}).catch((error) => console.error(error));
