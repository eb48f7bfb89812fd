// JSON merge patch (RFC 7396): null removes, a missing member means null.

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** Return a document with a patch applied; neither is changed. */
export function mergePatch(document, patch) {
  if (!isObject(patch)) return patch;
  const merged = isObject(document) ? { ...document } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(merged[name], value);
  }
  return merged;
}
