// The package `oauth4webapi`: a client that starts with nothing but the address of the API, and a
// resource server that judges our tokens.

import assert from "node:assert/strict";
import { bearerStatus, browse, claimsOf, load, play, privateKey, refuses, settings } from "./talking.mjs";

const oauth = await load("oauth4webapi");
const { api, redirect_uri } = settings;

/** From the API's address to the server that issues its tokens (RFC 9728, RFC 8414). */
async function discover(resource = api) {
  const identifier = new URL(resource);
  const described = await oauth.processResourceDiscoveryResponse(
    identifier,
    await oauth.resourceDiscoveryRequest(identifier),
  );
  const [server] = described.authorization_servers;
  const issuer = new URL(server);
  for (const algorithm of ["oauth2", "oidc"]) {
    const answer = await oauth.discoveryRequest(issuer, { algorithm });
    const as = await oauth.processDiscoveryResponse(issuer, answer);
    if (algorithm === "oidc") return { described, as };
  }
}

/** Do it once more where the server wants its nonce in the proof. */
async function withNonce(attempt) {
  try {
    return await attempt();
  } catch (thrown) {
    if (!oauth.isDPoPNonceError(thrown)) throw thrown;
    return attempt();
  }
}

const confidential = async () => ({
  client: { client_id: settings.keyed },
  auth: oauth.PrivateKeyJwt({ key: await privateKey(settings.jwk), kid: settings.jwk.kid }),
});

/** Authorization code with a pushed request, a key for the client and a key for its tokens. */
async function signIn(as, parameters, DPoP) {
  const { client, auth } = await confidential();
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const nonce = oauth.generateRandomNonce();
  const asked = {
    redirect_uri,
    response_type: "code",
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...parameters,
  };
  const pushed = await withNonce(async () =>
    oauth.processPushedAuthorizationResponse(
      as,
      client,
      await oauth.pushedAuthorizationRequest(as, client, auth, asked, { DPoP }),
    ),
  );
  const url = new URL(as.authorization_endpoint);
  url.search = new URLSearchParams({ client_id: client.client_id, request_uri: pushed.request_uri });
  const back = new URL(await browse(url));
  const callback = oauth.validateAuthResponse(as, client, back, state);
  for (const [name, value] of [["iss", "https://evil.example"], ["state", "other"]]) {
    const forged = new URL(back);
    forged.searchParams.set(name, value);
    assert.throws(() => oauth.validateAuthResponse(as, client, forged, state));
  }
  return withNonce(async () => {
    const answer = await oauth.authorizationCodeGrantRequest(
      as, client, auth, callback, redirect_uri, verifier, { DPoP },
    );
    const checks = { expectedNonce: nonce, requireIdToken: true };
    const tokens = await oauth.processAuthorizationCodeResponse(as, client, answer, checks);
    await oauth.validateApplicationLevelSignature(as, answer);
    return tokens;
  });
}

const newKeys = async (client) => oauth.DPoP(client, await oauth.generateKeyPair("ES256"));

/** All of it, with tokens that are bound to a key. */
async function code() {
  const { described, as } = await discover();
  const { client, auth } = await confidential();
  const DPoP = await newKeys(client);
  const scope = "openid offline_access orders:read";
  const tokens = await signIn(as, { scope, resource: described.resource }, DPoP);
  const { access_token, refresh_token } = tokens;
  const orders = new URL(`${api}/orders`);
  const answer = await oauth.protectedResourceRequest(
    access_token, "GET", orders, undefined, null, { DPoP },
  );
  const answers = [answer.status, await bearerStatus(access_token)];

  const judge = async (token, options = { DPoP }) => {
    let shown;
    await oauth.protectedResourceRequest(token, "GET", orders, undefined, null, {
      ...options,
      [oauth.customFetch]: (url, init) => {
        shown = new Request(url, { method: init.method, headers: init.headers });
        return new Response();
      },
    });
    return oauth.validateJwtAccessToken(as, shown, described.resource);
  };
  const judged = await judge(access_token);
  assert.equal(judged.client_id, client.client_id);
  await assert.rejects(judge(access_token, { DPoP: await newKeys(client) }));

  const renewed = await withNonce(async () =>
    oauth.processRefreshTokenResponse(
      as,
      client,
      await oauth.refreshTokenGrantRequest(as, client, auth, refresh_token, { DPoP }),
    ),
  );
  await judge(renewed.access_token);
  const { sub } = oauth.getValidatedIdTokenClaims(tokens);
  const about = await withNonce(async () =>
    oauth.processUserInfoResponse(
      as,
      client,
      sub,
      await oauth.userInfoRequest(as, client, renewed.access_token, { DPoP }),
    ),
  );
  assert.equal(about.sub, sub);
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(as, client, auth, renewed.access_token),
  );
  const said = await oauth.processIntrospectionResponse(
    as,
    client,
    await oauth.introspectionRequest(as, client, auth, renewed.access_token),
  );
  assert.equal(said.active, false);
  return { answers, cnf: claimsOf(access_token).cnf, type: tokens.token_type };
}

/** A machine that finds the second API by itself and gets tokens for no other. */
async function machine() {
  const { described, as } = await discover(settings.ledger);
  const client = { client_id: settings.service };
  const auth = oauth.PrivateKeyJwt({ key: await privateKey(settings.jwk), kid: settings.jwk.kid });
  const fetch = async (parameters) =>
    oauth.processClientCredentialsResponse(
      as,
      client,
      await oauth.clientCredentialsGrantRequest(as, client, auth, parameters),
    );
  const { resource } = described;
  const { access_token } = await fetch({ scope: "ledger:read", resource });
  await refuses(fetch({ scope: "orders:read", resource }), "invalid_scope");
  const answers = [await bearerStatus(access_token, "/ledger/orders"), await bearerStatus(access_token)];
  return { answers, resource };
}

/** A device, and one whose person says no. */
async function device() {
  const { as } = await discover();
  const client = { client_id: settings.native };
  const scope = "openid orders:read";
  const begin = async () =>
    oauth.processDeviceAuthorizationResponse(
      as,
      client,
      await oauth.deviceAuthorizationRequest(as, client, oauth.None(), { scope }),
    );
  const fetch = async ({ device_code }) =>
    oauth.processDeviceCodeResponse(
      as,
      client,
      await oauth.deviceCodeGrantRequest(as, client, oauth.None(), device_code),
    );
  const [confirmed, waiting] = [await begin(), await begin()];
  await refuses(fetch(waiting), "authorization_pending");
  await refuses(fetch(waiting), "slow_down");
  await browse(confirmed.verification_uri_complete);
  const { access_token } = await fetch(confirmed);
  await refuses(fetch(confirmed), "invalid_grant");
  return { answers: [await bearerStatus(access_token)] };
}

await play({ code, machine, device });
