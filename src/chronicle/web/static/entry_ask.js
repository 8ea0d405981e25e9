// A request that writes or looks ahead: JSON there, JSON back.

/** Ask the server; `status` 0 when no answer came. */
export async function ask(path, body) {
  try {
    const answer = await fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, told: text.startsWith("{") ? JSON.parse(text) : { faults: [{ field: "", message: text.trim() }] } };
  } catch {
    return { status: 0, told: {} };
  }
}
