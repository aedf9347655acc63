// What the clients here share: they name pages that the test opens as a person at a browser would,
// hear where that ended, and tell at last what they got.
//
//   node CLIENT.mjs '{"modules", "flow", "issuer", "api", …}'

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

export const settings = JSON.parse(process.argv[2]);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** A package of npm. */
export const load = (name) =>
  import(pathToFileURL(`${settings.modules}/${name}/build/index.js`));

/** Have the person open a link; where that ends. */
export async function browse(url) {
  console.log(JSON.stringify({ visit: String(url) }));
  return JSON.parse((await lines.next()).value);
}

/** The claims of a token, for a look at them. */
export const claimsOf = (token) =>
  JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());

/** A key of a JWK for signatures with ES256. */
export const privateKey = (jwk) =>
  crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);

/** The status of a call with a token that has nothing to show for it. */
export async function bearerStatus(token, path = "/orders") {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${settings.api}${path}`, { headers });
  await answer.arrayBuffer();
  return answer.status;
}

/** Show that something is refused with this error of OAuth. */
export const refuses = (promise, error) =>
  assert.rejects(promise, (thrown) => {
    assert.equal(thrown.error, error, thrown.stack);
    return true;
  });

/** Play the flow that the test asks for. */
export async function play(flows) {
  const result = await flows[settings.flow]();
  console.log(JSON.stringify({ done: result ?? {} }));
  process.exit(0);
}
