// Elements made of names and texts. What comes from the API goes in as text here, never as markup.

/** Return an element; attributes that begin with "on" are listeners, absent ones (null, false) are left out. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  setAll(node, attributes);
  node.append(...shown(children));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

/** Return an SVG element. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  setAll(node, attributes);
  node.append(...children);
  return node;
}

function setAll(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
}

export const byId = (id) => document.getElementById(id);

const shown = (children) => children.flat(2).filter((child) => child !== null && child !== undefined && child !== false);

/** Put new content in the place of old; nothing happens when it says the same, so that readers are not disturbed. */
export function fill(node, ...children) {
  const holder = document.createElement(node.tagName);
  holder.append(...shown(children));
  if (holder.innerHTML !== node.innerHTML) node.replaceChildren(...holder.childNodes);
}

/** Like `fill`, where listeners are among the children, which no comparison sees. */
export const replace = (node, ...children) => node.replaceChildren(...shown(children));

/**
 * Return a table. `columns` are {label, cell: row => content, kind?: "number" | "wide" | "check"}.
 * Roles are written out, since a narrow screen lays rows out as blocks, and some browsers forget them then.
 */
export function table(caption, columns, rows, none = "Nothing to show.") {
  if (rows.length === 0) return el("p", { class: "none" }, none);
  const heads = columns.map(({ label, kind }) => el("th", { scope: "col", role: "columnheader", class: kind }, label));
  const body = rows.map((row) =>
    el("tr", { role: "row" }, columns.map((column) => cell(column, row))),
  );
  return el(
    "table",
    { role: "table" },
    el("caption", { class: "unseen" }, caption),
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, heads)),
    el("tbody", { role: "rowgroup" }, body),
  );
}

function cell({ label, kind, name, cell: content }, row) {
  return el("td", { role: "cell", class: kind, "data-label": name ?? (typeof label === "string" ? label : null) }, content(row));
}

/** Return terms and what they stand for. */
export function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined);
  return el("dl", { class: "facts" }, known.map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value))));
}

const lastSaid = {};

/** Say what somebody's own action led to, to those who do not look. */
export const announce = (text) => byId("said-act").replaceChildren(el("span", {}, text));

/** Say how something is, "status" or "line"; again only when it changed. Each has a place, so that none hides another. */
export function announceState(what, text) {
  if (lastSaid[what] === text) return;
  lastSaid[what] = text;
  byId(`said-${what}`).textContent = text;
}
