/**
 * What waits in this browser as a file, for when no way leads to the server: the listener gives it to the
 * researchers, and `mixeval recover` brings it in. It proves by the session's secret whose answers it holds.
 */

/** @typedef {import("./outbox.js").Entry} Entry */

const FORMAT = "mixeval waiting answers";

/**
 * @param {Entry[]} entries
 * @param {string} resumeUrl its last part is the session's secret
 * @param {import("./scope.js").Scope} scope
 */
export async function saveWaiting(entries, resumeUrl, scope) {
  const file = new Blob([JSON.stringify(await waitingFile(entries, secretOf(resumeUrl)))], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = "answers.mixeval.json";
  link.click();
  // The browser has begun to read it by then.
  scope.after(60, () => URL.revokeObjectURL(link.href));
}

/**
 * @param {Entry[]} entries
 * @param {string} secret
 * @param {SubtleCrypto | undefined} [subtle] only on https and on localhost
 */
export async function waitingFile(entries, secret, subtle = globalThis.crypto?.subtle) {
  const waiting = JSON.stringify(entries.map(({ kind, page, body }) => ({ kind, page, body })));
  // Without a signature the secret itself must go along; then the file opens the session, as the link does.
  const proof = subtle ? { signature: await sign(subtle, secret, waiting) } : { secret };
  return { format: FORMAT, version: 1, waiting, ...proof };
}

/**
 * HMAC-SHA-256 by the hash of the secret, which is all that the server keeps of it.
 * @param {SubtleCrypto} subtle
 * @param {string} secret
 * @param {string} text
 */
async function sign(subtle, secret, text) {
  const bytes = new TextEncoder();
  const hash = hex(await subtle.digest("SHA-256", bytes.encode(secret)));
  const key = await subtle.importKey("raw", bytes.encode(hash), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return hex(await subtle.sign("HMAC", key, bytes.encode(text)));
}

/** @param {string} resumeUrl */
export function secretOf(resumeUrl) {
  return decodeURIComponent(resumeUrl.split("/").pop() ?? "");
}

/** @param {ArrayBuffer} bytes */
function hex(bytes) {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
