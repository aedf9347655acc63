// Proofs of possession (RFC 9449): the key is made here, and its private half never leaves the
// browser, not even to this script (`extractable: false`).

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };

export const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const encode = (value) => base64url(new TextEncoder().encode(JSON.stringify(value)));

export const sha256 = async (text) =>
  base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));

export async function newKey() {
  return crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);
}

async function publicJwk(key) {
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", key.publicKey);
  return { crv, kty, x, y };
}

// RFC 7638: the members in the order of their names.
export const thumbprint = async (key) => sha256(JSON.stringify(await publicJwk(key)));

export async function proof(key, method, url, { token, nonce } = {}) {
  const header = { typ: "dpop+jwt", alg: "ES256", jwk: await publicJwk(key) };
  const claims = {
    jti: crypto.randomUUID(),
    htm: method,
    htu: url.split(/[?#]/)[0],
    iat: Math.floor(Date.now() / 1000),
    ...(token && { ath: await sha256(token) }),
    ...(nonce && { nonce }),
  };
  const input = `${encode(header)}.${encode(claims)}`;
  const signature = await crypto.subtle.sign(
    { name: "ECDSA", hash: "SHA-256" },
    key.privateKey,
    new TextEncoder().encode(input),
  );
  return `${input}.${base64url(signature)}`;
}

// Keys that cannot be read out can be kept: the database of the browser stores the object itself.
function database() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("bookshop", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

async function inStore(mode, use) {
  const store = (await database()).transaction("keys", mode).objectStore("keys");
  return new Promise((resolve, reject) => {
    const request = use(store);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export const keepKey = (key) => inStore("readwrite", (store) => store.put(key, "dpop"));
export const keptKey = () => inStore("readonly", (store) => store.get("dpop"));
