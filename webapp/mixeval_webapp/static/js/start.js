/** Fetches the rating page's program, and says so when a part of it does not come. */

import("./main.js").catch(() => {
  const message = document.getElementById("message");
  const { words } = JSON.parse(document.getElementById("page-data")?.textContent ?? "{}");
  if (message) message.textContent = words?.["did_not_arrive"] ?? "";
});
