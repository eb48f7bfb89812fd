// Sign-in at an identity provider: authorisation code with PKCE (RFC 7636), as OpenID Connect has it.
import { readClaims } from "./session.js";

const KEY = "rollcall.sign-in";
const here = () => location.origin + location.pathname;

export class SignInFailed extends Error {}

const text = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = () => text(crypto.getRandomValues(new Uint8Array(32)));
const sha256 = async (value) => text(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(value))));

async function discover(authority) {
  const response = await fetch(`${authority.replace(/\/$/, "")}/.well-known/openid-configuration`, { credentials: "omit" });
  if (!response.ok) throw new SignInFailed(`The identity provider answered ${response.status}.`);
  return response.json();
}

/** Leave for the identity provider; it sends the browser back to this page. */
export async function leaveForSignIn({ authority, client_id: clientId }) {
  const provider = await discover(authority);
  const kept = { state: random(), nonce: random(), verifier: random() };
  sessionStorage.setItem(KEY, JSON.stringify(kept));
  const query = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: here(),
    scope: "openid",
    state: kept.state,
    nonce: kept.nonce,
    code_challenge: await sha256(kept.verifier),
    code_challenge_method: "S256",
  });
  location.assign(`${provider.authorization_endpoint}?${query}`);
}

/** Return the access token that a sign-in brought back; null when nobody comes from one. Raises SignInFailed. */
export async function comeBack(oidc) {
  const query = new URLSearchParams(location.search);
  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  sessionStorage.removeItem(KEY);
  if (!query.has("state")) return null;
  history.replaceState(null, "", here() + location.hash); // no code stays in an address
  if (!oidc || !kept || query.get("state") !== kept.state) throw new SignInFailed("This answer belongs to no sign-in of this tab.");
  if (!query.has("code")) throw new SignInFailed(`The identity provider refused: ${query.get("error") ?? "no code came"}.`);
  return redeem(oidc, query.get("code"), kept);
}

async function redeem({ authority, client_id: clientId }, code, { verifier, nonce }) {
  const { token_endpoint: endpoint } = await discover(authority);
  const form = { grant_type: "authorization_code", code, redirect_uri: here(), client_id: clientId, code_verifier: verifier };
  const response = await fetch(endpoint, { method: "POST", body: new URLSearchParams(form), credentials: "omit" });
  const tokens = await response.json().catch(() => ({}));
  if (!response.ok || !tokens.access_token) throw new SignInFailed(`The identity provider gave no token: ${tokens.error ?? response.status}.`);
  if (!tokens.id_token || readClaims(tokens.id_token).nonce !== nonce) throw new SignInFailed("The token belongs to no sign-in of this tab.");
  return tokens.access_token;
}
