// Passkeys: what a page cannot do without script. Everything is decided on the server.
"use strict";

(() => {
  const toBytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));

  const toText = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-")
      .replace(/\//g, "_")
      .replace(/=+$/, "");

  const withBytes = (list) => (list || []).map((each) => ({ ...each, id: toBytes(each.id) }));

  class Refused extends Error {}

  // Sends to the server; goes where it says, or gives what it says.
  const send = async (path, body) => {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      redirect: "error",
    });
    const found = await answer.json().catch(() => ({}));
    if (found.location) {
      location.assign(found.location);
      return null;
    }
    if (!answer.ok) throw new Refused(found.text || "Please reload the page and try again.");
    return found;
  };

  const signIn = async ({ csrf, step, flow }) => {
    const asked = await send("/sign-in/passkey/options", { csrf, step, ...(flow && { flow }) });
    if (!asked) return;
    const { options } = asked;
    const found = await navigator.credentials.get({
      publicKey: {
        ...options,
        challenge: toBytes(options.challenge),
        allowCredentials: withBytes(options.allowCredentials),
      },
    });
    const { response } = found;
    await send("/sign-in/passkey", {
      csrf,
      step,
      flow: asked.flow,
      id: toText(found.rawId),
      client_data: toText(response.clientDataJSON),
      authenticator_data: toText(response.authenticatorData),
      signature: toText(response.signature),
      ...(response.userHandle && { user_handle: toText(response.userHandle) }),
    });
  };

  const add = async ({ csrf, flow }) => {
    const within = flow && { flow };
    const asked = await send("/account/factors/passkey/options", { csrf, ...within });
    if (!asked) return;
    const { options } = asked;
    const made = await navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: toBytes(options.challenge),
        user: { ...options.user, id: toBytes(options.user.id) },
        excludeCredentials: withBytes(options.excludeCredentials),
      },
    });
    const { response } = made;
    await send("/account/factors/passkey", {
      csrf,
      ...within,
      ceremony: asked.ceremony,
      id: toText(made.rawId),
      client_data: toText(response.clientDataJSON),
      attestation: toText(response.attestationObject),
      transports: (response.getTransports ? response.getTransports() : []).join(" "),
    });
  };

  const words = (error) => {
    if (error instanceof Refused) return error.message;
    if (error.name === "InvalidStateError") return "This device has a passkey for you already.";
    if (error.name === "NotAllowedError") return "Nothing was done: it was cancelled, or took too long.";
    return "This did not work. Please try again, or choose another way.";
  };

  const prepare = (place) => {
    const button = place.querySelector("button");
    const hint = place.querySelector("[data-needs]");
    const problem = place.querySelector("[role=alert]");
    if (!window.PublicKeyCredential) {
      hint.textContent = "This browser has no passkeys.";
      return;
    }
    hint.hidden = true;
    button.hidden = false;
    button.addEventListener("click", async () => {
      button.disabled = true;
      problem.hidden = true;
      try {
        await (place.dataset.passkey === "add" ? add : signIn)(place.dataset);
      } catch (error) {
        problem.textContent = words(error);
        problem.hidden = false;
      }
      button.disabled = false;
    });
  };

  document.querySelectorAll("[data-passkey]").forEach(prepare);
})();
