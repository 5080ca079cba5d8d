/** A question that wants an answer before the page goes on: calm, in the middle, and worked by keyboard. */

/**
 * @typedef {{dialog: HTMLDialogElement, say: (text: string) => void, close: () => void}} Asked
 */

loadStyle();

/** The sheet comes with this module, which is fetched while the connection is there. */
function loadStyle() {
  const href = new URL("../dialog.css", import.meta.url).href;
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
}

/**
 * Open a dialog that stays until `close`; only one is there at a time.
 * @param {{text: string, field?: string, buttons: {words: string, main?: boolean, act: (typed: string) => void}[]}} what
 *   field: what is to be typed, where something is; the first button is what Enter does
 * @param {import("./scope.js").Scope} scope
 * @returns {Asked}
 */
export function ask({ text, field, buttons }, scope) {
  document.querySelector("dialog.asked-for")?.remove();
  const dialog = make("dialog", "asked-for");
  const form = make("form");
  const sentence = Object.assign(make("p"), { id: "asked-for", textContent: text });
  const problem = make("p", "problem");
  problem.setAttribute("role", "alert");
  form.append(sentence);
  const input = make("input");
  if (field !== undefined) {
    Object.assign(input, { type: "text", autocomplete: "off", spellcheck: false, name: "typed" });
    const label = make("label");
    label.append(Object.assign(make("span"), { textContent: field }), input);
    form.append(label);
  }
  form.append(problem);
  const row = make("p", "row");
  buttons.forEach(({ words, main, act }, index) => {
    const button = Object.assign(make("button", main ? "primary" : ""), { type: index === 0 ? "submit" : "button", textContent: words });
    if (index > 0) scope.listen(button, "click", () => act(input.value));
    row.append(button);
  });
  form.append(row);
  scope.listen(form, "submit", (event) => {
    event.preventDefault();
    buttons[0]?.act(input.value);
  });
  dialog.setAttribute("aria-labelledby", "asked-for");
  // What was asked is still to be answered; Escape would leave a page on which nothing works and nothing says why.
  scope.listen(dialog, "cancel", (event) => event.preventDefault());
  // A letter or a digit that is typed here plays no mix.
  scope.listen(dialog, "keydown", (event) => event.stopPropagation());
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
  return {
    dialog,
    say: (words) => void (problem.textContent = words),
    close: () => {
      dialog.close();
      dialog.remove();
    },
  };
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {string} [className]
 */
function make(name, className = "") {
  return Object.assign(document.createElement(name), { className });
}
