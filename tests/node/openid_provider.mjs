// The OpenID provider of npm, dressed like Google: an independent implementation to sign in with.
//
//   node openid_provider.mjs '{"modules", "port", "redirect_uri", "client_id", "client_secret",
//                              "in_id_token"}'

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const settings = JSON.parse(process.argv[2]);
const library = `${settings.modules}/oidc-provider/lib/index.js`;
const { Provider } = await import(pathToFileURL(library));

const issuer = `http://127.0.0.1:${settings.port}`;
const people = {
  ann: { email: "ann@shop.example", email_verified: true, name: "Ann Example" },
  bob: { email: "bob@shop.example", email_verified: false, name: "Bob Example" },
};
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: settings.client_id,
      client_secret: settings.client_secret,
      redirect_uris: [settings.redirect_uri],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  // Google says who somebody is in the ID token itself; others only when they are asked.
  conformIdTokenClaims: !settings.in_id_token,
  cookies: { keys: [randomBytes(32).toString("hex")] },
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "g1", use: "sig", alg: "RS256" }] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  routes: { authorization: "/o/oauth2/v2/auth", token: "/token", jwks: "/oauth2/v3/certs" },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: `subject-of-${id}`, ...people[id] }),
  }),
  // Whoever signs in agrees: there is one page, with one question.
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid email profile");
    await grant.save();
    return grant;
  },
});

const handle = provider.callback();
createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  if (!url.pathname.startsWith("/interaction/")) {
    handle(request, response);
    return;
  }
  // `?as=ann` is the person who signs in; without it, she stops here. A browser shows a page.
  const as = url.searchParams.get("as");
  if (as === null && request.headers.accept?.includes("text/html")) {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(`<!doctype html><a href="?as=ann">I am Ann</a> <a href="?as=">Stop here</a>`);
    return;
  }
  const result = as
    ? { login: { accountId: as } }
    : { error: "access_denied", error_description: "she does not want to" };
  await provider.interactionFinished(request, response, result);
}).listen(settings.port, "127.0.0.1", () => console.log("ready"));
