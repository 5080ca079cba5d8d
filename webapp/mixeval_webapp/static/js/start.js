/** Fetches a page's program and its words, and says so when a part of it does not come. */

const { words, words_url } = JSON.parse(document.getElementById("page-data")?.textContent ?? "{}");

/** @returns {Promise<Record<string, string>>} */
async function fetchWords() {
  const response = await fetch(words_url);
  if (!response.ok) throw new Error(`${response.status}`);
  return response.json();
}

Promise.all([import("./main.js"), fetchWords()]).then(
  ([{ start }, all]) => start(all),
  () => {
    const message = document.getElementById("message");
    if (message) message.textContent = words?.["did_not_arrive"] ?? "";
  },
);
