import assert from "node:assert/strict";
import { createHash, createHmac, webcrypto } from "node:crypto";
import { test } from "node:test";
import { secretOf, waitingFile } from "../../webapp/mixeval_webapp/static/js/waiting-file.js";
import { ratingEntry } from "./fakes.mjs";

// Judge: Node's own HMAC, by the hash that the server keeps of the secret.
test("a file of what waits is signed by the session's secret, which is not in it", async () => {
  const file = await waitingFile([ratingEntry()], "s3cret", webcrypto.subtle);
  const key = createHash("sha256").update("s3cret").digest("hex");
  assert.equal(file.signature, createHmac("sha256", key).update(file.waiting).digest("hex"));
  assert.ok(!JSON.stringify(file).includes("s3cret"));
  assert.deepEqual(JSON.parse(file.waiting).map(({ kind, page, body }) => [kind, page, body.stimulus]), [["rating", "p1", "a"]]);
});

test("where the browser cannot sign, the secret itself goes along", async () => {
  const file = await waitingFile([], secretOf("http://lab.example/study/resume/s3cret"), null);
  assert.deepEqual([file.secret, "signature" in file], ["s3cret", false]);
});
