// Authorization code with PKCE (RFC 7636) and DPoP (RFC 9449), as a page without a server does it.

import { base64url, keepKey, keptKey, newKey, proof, sha256, thumbprint } from "/dpop.js";

export const settings = await (await fetch("/settings.json")).json();

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const redirectUri = `${location.origin}/callback`;
const nonces = new Map();

const metadata = await (await fetch(`${settings.issuer}/.well-known/openid-configuration`)).json();
if (metadata.issuer !== settings.issuer) throw new Error("the issuer is not who it says it is");

export async function signIn() {
  const key = await newKey();
  await keepKey(key);
  const transaction = { state: random(), verifier: random(), nonce: random() };
  sessionStorage.setItem("transaction", JSON.stringify(transaction));
  const query = new URLSearchParams({
    response_type: "code",
    client_id: settings.client_id,
    redirect_uri: redirectUri,
    scope: settings.scope,
    resource: settings.resource,
    state: transaction.state,
    nonce: transaction.nonce,
    code_challenge: await sha256(transaction.verifier),
    code_challenge_method: "S256",
    dpop_jkt: await thumbprint(key),
  });
  location.assign(`${metadata.authorization_endpoint}?${query}`);
}

// What the sign-in page sent back; null where this page was opened for another reason.
export async function finishSignIn() {
  const query = new URLSearchParams(location.search);
  if (location.pathname !== "/callback") return null;
  history.replaceState(null, "", "/"); // The code must not stay in the history.
  const transaction = JSON.parse(sessionStorage.getItem("transaction") ?? "null");
  sessionStorage.removeItem("transaction");
  if (query.get("iss") !== metadata.issuer || !transaction || query.get("state") !== transaction.state)
    throw new Error("this answer belongs to another sign-in");
  if (query.has("error")) throw new Error(`the sign-in ended: ${query.get("error")}`);
  const tokens = await requestTokens({
    grant_type: "authorization_code",
    code: query.get("code"),
    redirect_uri: redirectUri,
    code_verifier: transaction.verifier,
  });
  const claims = JSON.parse(decode(tokens.id_token.split(".")[1]));
  // The token came from the issuer itself over TLS (OpenID Connect Core 3.1.3.7, 6).
  if (claims.nonce !== transaction.nonce || claims.aud !== settings.client_id)
    throw new Error("this identity belongs to another sign-in");
  return { ...tokens, claims };
}

const decode = (text) =>
  new TextDecoder().decode(
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0)),
  );

async function requestTokens(parameters) {
  const body = new URLSearchParams({ client_id: settings.client_id, ...parameters });
  const answer = await send(metadata.token_endpoint, { method: "POST", body });
  const tokens = await answer.json();
  if (!answer.ok) throw new Error(tokens.error_description ?? tokens.error);
  return tokens;
}

// A request with a proof. A server that wants its nonce in the proof says so once (RFC 9449 8).
export async function send(url, { method = "GET", body, token, key, headers = {} } = {}) {
  const origin = new URL(url).origin;
  for (let attempt = 0; ; attempt += 1) {
    const made = await proof(key ?? (await keptKey()), method, url, {
      token,
      nonce: nonces.get(origin),
    });
    const authorization = token ? { authorization: `DPoP ${token}` } : {};
    const answer = await fetch(url, {
      method,
      body,
      headers: { dpop: made, ...authorization, ...headers },
    });
    const nonce = answer.headers.get("dpop-nonce");
    const isNew = nonce !== null && nonce !== nonces.get(origin);
    if (isNew) nonces.set(origin, nonce);
    if (attempt > 0 || !isNew || (answer.status !== 401 && answer.status !== 400)) return answer;
  }
}

export async function signOut(tokens) {
  const query = new URLSearchParams({
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: `${location.origin}/`,
  });
  location.assign(`${metadata.end_session_endpoint}?${query}`);
}
