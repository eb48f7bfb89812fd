// Makes elements. Values from the API are inserted as text, never as markup.

/** Return an element. Attributes that begin with "on" are listeners; null and false are left out. */
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

/** Replace the content, but only if it changed, so that screen readers are not disturbed. */
export function fill(node, ...children) {
  const holder = document.createElement(node.tagName);
  holder.append(...shown(children));
  if (holder.innerHTML !== node.innerHTML) node.replaceChildren(...holder.childNodes);
}

/** Like `fill`, for children with listeners, which a comparison of markup does not see. */
export const replace = (node, ...children) => node.replaceChildren(...shown(children));

/**
 * Return a table. `columns` are {label, cell: row => content, kind?: "number" | "wide" | "check"}.
 * Roles are explicit, because a narrow screen shows rows as blocks, and some browsers then drop the implicit roles.
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

/** Return a list of terms and values. */
export function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined);
  return el("dl", { class: "facts" }, known.map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value))));
}

const lastSaid = {};

/** Announce the result of an action to screen readers. */
export const announce = (text) => byId("said-act").replaceChildren(el("span", {}, text));

/** Announce a state ("status" or "line") when it changed. Each has its own element, so that neither replaces the other. */
export function announceState(what, text) {
  if (lastSaid[what] === text) return;
  lastSaid[what] = text;
  byId(`said-${what}`).textContent = text;
}
