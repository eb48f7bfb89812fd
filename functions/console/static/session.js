// The session: a token, kept for this tab only and never in an address.

const KEY = "rollcall.token";
const ID_KEY = "rollcall.id-token";
const LADDER = ["admin:read", "admin:write", "admin:breakglass", "admin:super"];
export const NIL_ORGANISATION = "00000000-0000-0000-0000-000000000000";

export class TokenUnreadable extends Error {}

/** A token and its claims. Only the API verifies it. */
export class Session {
  /** `idToken` comes from the identity provider, if one was used. Signing out there needs it. */
  constructor(token, idToken = null) {
    const claims = readClaims(token);
    this.token = token;
    this.idToken = idToken;
    this.subject = String(claims.sub ?? "");
    this.role = claims.role ?? "learner";
    this.orgIds = Array.isArray(claims.org_ids) ? claims.org_ids.map(String) : [];
    this.scopes = typeof claims.scope === "string" ? claims.scope.split(" ").filter(Boolean) : [];
    this.expiresAt = Number(claims.exp) * 1000;
    if (!Number.isFinite(this.expiresAt)) throw new TokenUnreadable("This token has no expiry time.");
    if (this.expiresAt <= Date.now()) throw new TokenUnreadable("This token has expired.");
  }

  /** Return whether the token has a scope, or one that includes it. */
  holds(scope) {
    return this.scopes.some((held) => LADDER.indexOf(held) >= LADDER.indexOf(scope));
  }

  /** Return why the token does not allow something, or null when it does. */
  lacks(scope, role = null) {
    if (!this.holds(scope)) return `Needs the scope ${scope}. This token has ${this.scopes.join(", ") || "none"}.`;
    if (role !== null && this.role !== role) return `Needs a token with the role ${role}. This one has ${this.role}.`;
    return null;
  }

  keep() {
    sessionStorage.setItem(KEY, this.token);
    if (this.idToken) sessionStorage.setItem(ID_KEY, this.idToken);
  }

  static forget() {
    sessionStorage.removeItem(KEY);
    sessionStorage.removeItem(ID_KEY);
  }

  /** Return this tab's session, or null if it has none or the token has expired. */
  static restore() {
    const token = sessionStorage.getItem(KEY);
    if (!token) return null;
    try {
      return new Session(token, sessionStorage.getItem(ID_KEY));
    } catch {
      Session.forget();
      return null;
    }
  }
}

/** Return the claims of a JWT. Raises TokenUnreadable. */
export function readClaims(token) {
  const parts = token.split(".");
  if (parts.length !== 3) throw new TokenUnreadable("This is not a token: a JWT has three parts with dots between them.");
  try {
    const bytes = Uint8Array.from(atob(parts[1].replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new TokenUnreadable("This is not a token: its middle part cannot be read.");
  }
}
