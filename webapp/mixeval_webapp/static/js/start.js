/** Fetches the rating page's program, and says so when a part of it does not come. */

import("./main.js").catch(() => {
  const message = document.getElementById("message");
  if (message) message.textContent = "A part of this page did not arrive. Please reload it.";
});
