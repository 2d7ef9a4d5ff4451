// Building elements without markup in strings: every value is text, whatever a server sent.
const SVG = "http://www.w3.org/2000/svg";

export function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// `backticks` become code, so that a sentence can name what a machine sends.
export function sentence(text) {
  return text.split("`").map((part, index) => index % 2 === 1 ? element("code", {}, part) : part);
}
