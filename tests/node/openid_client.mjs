// The package `openid-client` as a relying party of Vallum's provider.

import assert from "node:assert/strict";
import { bearerStatus, browse, claimsOf, load, play, privateKey, refuses, settings } from "./talking.mjs";

const client = await load("openid-client");
const { issuer, api, redirect_uri } = settings;

const discover = (id, authentication = client.None()) =>
  client.discovery(new URL(issuer), id, undefined, authentication);

/** Authorization code with PKCE, pushed; the tokens and where the browser came back. */
async function signIn(config, parameters, options = {}) {
  client.enableNonRepudiationChecks(config); // The signature of ID tokens, by the published keys.
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  const asked = {
    redirect_uri,
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...parameters,
  };
  const url = await client.buildAuthorizationUrlWithPAR(config, asked, options);
  assert.ok(url.searchParams.get("request_uri"));
  assert.equal(url.searchParams.get("scope"), null);
  const back = new URL(await browse(url));
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce };
  const redeem = (where) =>
    client.authorizationCodeGrant(config, where, checks, undefined, options);
  const elsewhere = new URL(back);
  elsewhere.searchParams.set("iss", "https://evil.example");
  // RFC 9207: the client compares it.
  await assert.rejects(redeem(elsewhere), ({ cause }) => /"iss"/.test(cause.message));
  return redeem(back);
}

const call = (config, token, path, method, options) =>
  client.fetchProtectedResource(config, token, new URL(api + path), method, null, undefined, options);

/** Code, PKCE, PAR and DPoP; a refreshed token; a copied one. */
async function dpop() {
  const config = await discover(settings.native);
  const keys = await client.randomDPoPKeyPair("ES256");
  const options = { DPoP: client.getDPoPHandle(config, keys) };
  const scope = "openid email offline_access orders:read orders:write";
  const tokens = await signIn(config, { scope }, options);
  assert.equal(tokens.token_type, "dpop");
  const { sub } = tokens.claims();
  const about = await client.fetchUserInfo(config, tokens.access_token, sub, options);
  assert.equal(about.email, settings.email);

  const answers = [(await call(config, tokens.access_token, "/orders", "GET", options)).status];
  // This operation asks for a nonce of the gateway: the client follows.
  answers.push((await call(config, tokens.access_token, "/orders", "POST", options)).status);
  answers.push(await bearerStatus(tokens.access_token));

  const next = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, options);
  assert.notEqual(next.refresh_token, tokens.refresh_token);
  answers.push((await call(config, next.access_token, "/orders", "GET", options)).status);
  const thief = { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256")) };
  await refuses(
    client.refreshTokenGrant(config, next.refresh_token, undefined, thief),
    "invalid_grant",
  );
  await assert.rejects(call(config, next.access_token, "/orders", "GET", thief));
  await client.tokenRevocation(config, next.refresh_token);
  await refuses(
    client.refreshTokenGrant(config, next.refresh_token, undefined, options),
    "invalid_grant",
  );
  return { answers, cnf: claimsOf(tokens.access_token).cnf };
}

/** A machine with a key of its own, for one of two resources, with and without DPoP. */
async function machine() {
  const key = client.PrivateKeyJwt({ key: await privateKey(settings.jwk), kid: settings.jwk.kid });
  const config = await discover(settings.service, key);
  const plain = await client.clientCredentialsGrant(config, { scope: "orders:read" });
  const answers = [await bearerStatus(plain.access_token)];
  const resource = settings.ledger;
  const books = await client.clientCredentialsGrant(config, { scope: "ledger:read", resource });
  answers.push(await bearerStatus(books.access_token, "/ledger/orders"));
  answers.push(await bearerStatus(books.access_token));
  answers.push(await bearerStatus(plain.access_token, "/ledger/orders"));
  const keys = await client.randomDPoPKeyPair("ES256");
  const options = { DPoP: client.getDPoPHandle(config, keys) };
  const bound = await client.clientCredentialsGrant(config, { scope: "orders:read" }, options);
  answers.push((await call(config, bound.access_token, "/orders", "GET", options)).status);
  answers.push(await bearerStatus(bound.access_token));
  const said = await client.tokenIntrospection(config, bound.access_token);
  assert.deepEqual(said.cnf, claimsOf(bound.access_token).cnf);
  await refuses(
    client.clientCredentialsGrant(config, { resource: "https://elsewhere.example" }),
    "invalid_target",
  );
  await refuses(client.clientCredentialsGrant(config, { scope: "orders:write" }), "invalid_scope");
  return { answers, audience: claimsOf(books.access_token).aud };
}

/** A device whose person confirms it elsewhere. */
async function device() {
  const config = await discover(settings.native);
  const keys = await client.randomDPoPKeyPair("ES256");
  const options = { DPoP: client.getDPoPHandle(config, keys) };
  const scope = "openid orders:read";
  const waiting = await client.initiateDeviceAuthorization(config, { scope });
  await browse(waiting.verification_uri_complete);
  const tokens = await client.pollDeviceAuthorizationGrant(config, waiting, undefined, options);
  const answer = await call(config, tokens.access_token, "/orders", "GET", options);
  return { answers: [answer.status, await bearerStatus(tokens.access_token)] };
}

/** An operation asks for more than the sign-in proved: the client follows its challenge. */
async function stepUp() {
  const config = await discover(settings.web, client.ClientSecretBasic(settings.secret));
  const scope = "openid orders:read";
  const plain = await signIn(config, { scope });
  const challenge = await call(config, plain.access_token, "/vault", "GET").then(
    () => assert.fail("it opened"),
    (thrown) => thrown.cause[0],
  );
  const { error, acr_values, max_age } = challenge.parameters;
  assert.equal(error, "insufficient_user_authentication");
  const stronger = await signIn(config, { scope, acr_values, max_age });
  const opened = await call(config, stronger.access_token, "/vault", "GET");
  const { acr, amr } = stronger.claims();
  return { answers: [opened.status], challenge: challenge.parameters, acr, amr };
}

/** The application signs the person out of everything. */
async function logout() {
  const config = await discover(settings.web, client.ClientSecretBasic(settings.secret));
  const tokens = await signIn(config, { scope: "openid orders:read" });
  const answers = [await bearerStatus(tokens.access_token)];
  const url = client.buildEndSessionUrl(config, {
    post_logout_redirect_uri: settings.logout_uri,
    id_token_hint: tokens.id_token,
    state: "out",
  });
  assert.equal(await browse(url), `${settings.logout_uri}?state=out`);
  await refuses(signIn(config, { scope: "openid orders:read", prompt: "none" }), "login_required");
  await refuses(client.refreshTokenGrant(config, tokens.refresh_token), "invalid_grant");
  return { answers, token: tokens.access_token };
}

await play({ dpop, machine, device, stepUp, logout });
