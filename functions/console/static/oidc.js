// Sign-in with an identity provider: OpenID Connect, authorisation code with PKCE (RFC 7636).
import { readClaims } from "./session.js";

const KEY = "rollcall.sign-in";
const here = () => location.origin + location.pathname;

export class SignInFailed extends Error {}

const text = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = () => text(crypto.getRandomValues(new Uint8Array(32)));
const sha256 = async (value) => text(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(value))));

async function ask(url, options = {}) {
  const response = await fetch(url, { credentials: "omit", ...options }).catch(() => {
    throw new SignInFailed(`${new URL(url).origin} cannot be reached from this page. Is it listed in OidcOrigins?`);
  });
  return [response, await response.json().catch(() => ({}))];
}

async function discover(authority) {
  const [response, provider] = await ask(`${authority.replace(/\/$/, "")}/.well-known/openid-configuration`);
  if (!response.ok) throw new SignInFailed(`The identity provider answered ${response.status}.`);
  return provider;
}

function leaveFor(endpoint, query) {
  const url = new URL(endpoint);
  for (const [name, value] of Object.entries(query)) if (value) url.searchParams.set(name, value);
  location.assign(url);
}

/** Go to the identity provider, which sends the browser back to this page. */
export async function leaveForSignIn({ authority, client_id: clientId, scope, audience }) {
  const provider = await discover(authority);
  const kept = { state: random(), nonce: random(), verifier: random() };
  sessionStorage.setItem(KEY, JSON.stringify(kept));
  leaveFor(provider.authorization_endpoint, {
    response_type: "code",
    client_id: clientId,
    redirect_uri: here(),
    scope,
    audience,
    resource: audience, // the standard name of `audience` (RFC 8707)
    state: kept.state,
    nonce: kept.nonce,
    code_challenge: await sha256(kept.verifier),
    code_challenge_method: "S256",
  });
}

/** End the session at the identity provider too, if it supports that (OpenID Connect RP-Initiated Logout 1.0). */
export async function leaveForSignOut({ authority, client_id: clientId }, idToken) {
  const { end_session_endpoint: endpoint } = await discover(authority);
  if (endpoint) leaveFor(endpoint, { client_id: clientId, id_token_hint: idToken, post_logout_redirect_uri: here() });
}

/** Return the tokens of a finished sign-in, or null without one. Raises SignInFailed. */
export async function comeBack(oidc) {
  const query = new URLSearchParams(location.search);
  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  sessionStorage.removeItem(KEY);
  if (!query.has("state") && !query.has("error")) return null;
  history.replaceState(null, "", here() + location.hash); // the code must not stay in the address
  if (!query.has("code")) throw new SignInFailed(`The identity provider refused: ${query.get("error") ?? "no code"}.`);
  if (!oidc || !kept || query.get("state") !== kept.state) throw new SignInFailed("This answer does not belong to a sign-in of this tab.");
  return redeem(oidc, query.get("code"), kept);
}

async function redeem({ authority, client_id: clientId }, code, { verifier, nonce }) {
  const { issuer, token_endpoint: endpoint } = await discover(authority);
  const form = { grant_type: "authorization_code", code, redirect_uri: here(), client_id: clientId, code_verifier: verifier };
  const [response, tokens] = await ask(endpoint, { method: "POST", body: new URLSearchParams(form) });
  if (!response.ok || !tokens.access_token) throw new SignInFailed(`The identity provider returned no token: ${tokens.error ?? response.status}.`);
  const claims = tokens.id_token ? readClaims(tokens.id_token) : {};
  // No check of the signature: the token came from the provider itself over TLS (OpenID Connect Core 1.0, 3.1.3.7).
  const isOurs = claims.nonce === nonce && claims.iss === issuer && [claims.aud].flat().includes(clientId);
  if (!isOurs) throw new SignInFailed("The token does not belong to a sign-in of this tab.");
  return tokens;
}
