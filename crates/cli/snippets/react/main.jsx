import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { AuthProvider, useAuth } from "react-oidc-context";

const ISSUER = __ISSUER__;
const CLIENT_ID = __CLIENT_ID__;
const REDIRECT_URI = __REDIRECT_URI__;
const SIGNED_OUT_URI = __SIGNED_OUT_URI__;
const SCOPE = __SCOPE__;
const API = __API__;
const NAME = __NAME__;

const settings = {
  authority: ISSUER,
  client_id: CLIENT_ID,
  redirect_uri: REDIRECT_URI,
  post_logout_redirect_uri: SIGNED_OUT_URI || undefined,
  scope: SCOPE,
  // The name comes from the server's userinfo.
  loadUserInfo: true,
  // After the exchange the code goes out of the address bar.
  onSigninCallback: () => window.history.replaceState({}, "", "/"),
  revokeTokensOnSignout: true,
};

function SignIn() {
  const auth = useAuth();
  return <button onClick={() => auth.signinRedirect()}>Sign in</button>;
}

function App() {
  const auth = useAuth();
  // A refusal goes out of the address bar too: a reload would take it for another answer.
  useEffect(() => {
    if (auth.error?.source === "signinCallback") settings.onSigninCallback();
  }, [auth.error]);
  if (auth.isLoading) return <p>One moment…</p>;
  if (auth.error) return <p role="alert">{auth.error.message} <SignIn /></p>;
  if (!auth.isAuthenticated) return <SignIn />;
  return (
    <>
      <p>Hello, {auth.user.profile.name ?? auth.user.profile.sub}.</p>
      <Notes />
      <SignOut />
    </>
  );
}

function Notes() {
  const auth = useAuth();
  const [notes, setNotes] = useState("");
  const read = async () => {
    const answer = await fetch(API, { headers: { Authorization: `Bearer ${auth.user.access_token}` } });
    setNotes(answer.ok ? await answer.text() : `${answer.status} ${answer.headers.get("WWW-Authenticate") ?? ""}`);
  };
  return (
    <>
      <button onClick={read}>My notes</button>
      <pre>{notes}</pre>
    </>
  );
}

function SignOut() {
  const auth = useAuth();
  return <button onClick={() => auth.signoutRedirect()}>Sign out</button>;
}

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <AuthProvider {...settings}>
      <h1>{NAME}</h1>
      <App />
    </AuthProvider>
  </StrictMode>,
);
