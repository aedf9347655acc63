import { keptKey, newKey, proof } from "/dpop.js";
import { finishSignIn, send, settings, signIn, signOut } from "/oauth.js";

const at = (id) => document.getElementById(id);
const SEARCH = `${settings.resource}/search`;
let tokens = null;

function say(error) {
  at("problem").textContent = error.message;
}

function tell(what, answer) {
  const item = document.createElement("li");
  const verdict = answer.ok ? "it worked" : "refused";
  const challenge = answer.headers.get("www-authenticate") ?? "";
  item.textContent = `${what}: ${answer.status}, ${verdict}. ${challenge}`;
  item.dataset.status = answer.status;
  at("outcome").append(item);
}

function showSignedIn() {
  at("who").textContent = `Signed in as ${tokens.claims.name || tokens.claims.email}.`;
  at("sign-in").hidden = true;
  at("sign-out").hidden = at("theft").hidden = false;
  at("token").value = tokens.access_token;
  at("command").textContent = `curl -k -H 'Authorization: Bearer ${tokens.access_token}' \\\n  '${SEARCH}?q=marsh'`;
}

async function search(event) {
  event.preventDefault();
  const url = `${SEARCH}?${new URLSearchParams({ q: at("q").value })}`;
  const answer = await (tokens ? send(url, { token: tokens.access_token }) : fetch(url));
  const body = await answer.json();
  at("books").replaceChildren(
    ...(body.items ?? [{ title: `${answer.status} ${body.title}`, author: body.detail }]).map((book) => {
      const item = document.createElement("li");
      item.textContent = `${book.title}, ${book.author}`;
      return item;
    }),
  );
  at("books").dataset.status = answer.status;
}

const steal = {
  "as-bearer": async () => {
    const headers = { authorization: `Bearer ${tokens.access_token}` };
    tell("Without a key", await fetch(`${SEARCH}?q=marsh`, { headers }));
  },
  "other-key": async () => {
    const key = await newKey();
    tell("With another key", await send(`${SEARCH}?q=marsh`, { token: tokens.access_token, key }));
  },
  replay: async () => {
    const token = tokens.access_token;
    const dpop = await proof(await keptKey(), "GET", SEARCH, { token });
    const headers = { authorization: `DPoP ${token}`, dpop };
    tell("A proof", await fetch(`${SEARCH}?q=marsh`, { headers }));
    tell("The same proof again", await fetch(`${SEARCH}?q=marsh`, { headers }));
  },
};

at("sign-in").addEventListener("click", () => signIn().catch(say));
at("sign-out").addEventListener("click", () => signOut(tokens).catch(say));
at("search").addEventListener("submit", (event) => search(event).catch(say));
for (const [id, theft] of Object.entries(steal))
  at(id).addEventListener("click", () => theft().catch(say));

try {
  tokens = await finishSignIn();
  if (tokens) showSignedIn();
} catch (error) {
  say(error);
}
// Whoever was faster than this script would have sent the form to nobody.
document.body.inert = false;
