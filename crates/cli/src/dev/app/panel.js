// The panel that opens across a row: all values of the step, above them the failure where the step failed.
import { element, sentence } from "./dom.js";

export function valueElement({ key, value, text, chip }, name = "dd") {
  const shown = text ?? value;
  const unbroken = /\s/.test(shown) ? null : "unbroken";
  const inner = chip ? element("span", { class: `chip ${chip}`, "data-key": key, "data-value": value }, shown) : null;
  return inner === null ? element(name, { class: unbroken, "data-key": key, "data-value": value }, shown) : inner;
}

export function panelElement(blocks, failure, curl = null) {
  const panel = element("div", { class: failure === null ? "panel" : "panel failure" });
  if (failure !== null) panel.append(...failureElements(failure));
  if (blocks.length === 0) return panel;
  const all = element("div", { class: "blocks" }, ...blocks.map(blockElement));
  // Below a failure the cause comes first; all that was sent is one click away.
  panel.append(failure === null ? all : element("details", { class: "rest" }, element("summary", {}, "All values of this step"), all));
  if (curl !== null) panel.append(copyElement(curl));
  return panel;
}

// The button that copies a command, and what to know of it. Where the clipboard is not to be had the command is shown instead.
function copyElement({ n, command, note }) {
  const about = element("span", { class: "note-text" }, note);
  if (command === null) return element("p", { class: "copy" }, about);
  const said = element("span", { role: "status", class: "tick" });
  const button = element("button", { type: "button", class: "control quiet small" }, `Copy step ${n} as curl`);
  const place = element("div", { class: "copy" }, button, said, about);
  button.addEventListener("click", async () => {
    said.textContent = "";
    try {
      await navigator.clipboard.writeText(command);
      said.textContent = "Copied.";
    } catch {
      const shown = element("pre", { tabindex: "0", "aria-label": `Step ${n} as curl` }, command);
      place.querySelector("pre")?.remove();
      place.append(shown);
      getSelection().selectAllChildren(shown);
      shown.focus();
    }
  });
  return place;
}

function blockElement(block) {
  const body = block.rows === undefined
    ? element("pre", { "data-key": block.key, "data-value": block.value, tabindex: "0", "aria-label": block.title }, block.text)
    : element("dl", { class: "facts" }, ...block.rows.flatMap(rowElements));
  return element("div", { class: block.wide ? "block wide" : "block" }, element("h3", {}, block.title), body);
}

function rowElements({ key, label, value, chip, note }) {
  const holder = element("dd", { class: "mono" }, valueElement({ key, value, chip }, "span"));
  if (note !== null) holder.append(" ", element("span", { class: note.startsWith("✓") ? "tick" : "note-text" }, note));
  return [element("dt", {}, label), holder];
}

function failureElements(failure) {
  const log = [["Error id", "error_id", failure.id], ["Rule", "error_rule", failure.rule], ["Standard", "error_standard", failure.standard]]
    .filter(([, , value]) => value !== null && value !== "")
    .flatMap(([label, key, value]) => rowElements({ key, label, value, chip: null, note: null }));
  return [
    element("h3", { class: "cause" }, failure.title),
    element("p", { class: "answer-line" }, ...answerLine(failure)),
    failure.pair === null ? null : pairElement(failure.pair),
    element("div", { class: "blocks" },
      element("div", { class: "block" }, element("h3", {}, "What to change"), element("p", { "data-key": "error_fix", "data-value": failure.fix }, ...sentence(failure.fix))),
      log.length === 0 ? null : element("div", { class: "block" }, element("h3", {}, failure.id === null ? "Read more" : "Find it in the log"), element("dl", { class: "facts" }, ...log))),
  ].filter((one) => one !== null);
}

function answerLine(failure) {
  const code = [failure.status, failure.error].filter((part) => part !== null).join(" ");
  const parts = [];
  const described = failure.description !== null && failure.description !== undefined;
  // A colon, because what follows is theirs and may begin as it likes.
  if (code !== "") parts.push(failure.step >= 9 ? "The API answered " : "The server answered ", element("code", { "data-key": "error", "data-value": failure.error ?? "" }, code), described ? ": " : ". ");
  else if (failure.kind === "redirect") parts.push("The server showed an error page of its own. ");
  if (described) {
    parts.push(element("span", { "data-key": "error_description", "data-value": failure.description }, closed(failure.description)), " ");
  }
  if (failure.after !== "") parts.push(failure.after);
  return parts;
}

function closed(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function pairElement([[firstLabel, first], [secondLabel, second]]) {
  return element("dl", { class: "pair" },
    element("div", {}, element("dt", {}, firstLabel), element("dd", { class: "mono", "data-key": "pair_first", "data-value": first }, first)),
    element("div", {}, element("dt", {}, secondLabel), element("dd", { class: "mono", "data-key": "pair_second", "data-value": second }, ...difference(first, second))));
}

// Underlines what the second has that the first has not: between the common beginning and the common end.
export function difference(first, second) {
  let start = 0;
  while (start < first.length && start < second.length && first[start] === second[start]) start += 1;
  let end = 0;
  while (end < first.length - start && end < second.length - start && first.at(-1 - end) === second.at(-1 - end)) end += 1;
  const middle = second.slice(start, second.length - end);
  if (middle === "") return [second];
  return [second.slice(0, start), element("mark", {}, middle), second.slice(second.length - end)].filter((part) => part !== "");
}
