// A request of the run as a command for a terminal. What is in it are real values: it is for the person who presses the button.

// The command of a step, and what to know before it is run. `null` where the client sends nothing; without a command where a
// value has signs that a terminal would act on.
export function curlOf(flow, n) {
  try {
    const known = COMMANDS[n]?.(flow) ?? null;
    return known === null ? null : { n, command: known.command, note: `${known.note} For sh, bash and zsh.` };
  } catch {
    return { n, command: null, note: "A value in this request has signs that a terminal would act on, so there is no command for it." };
  }
}

const COMMANDS = {
  2: ({ url }) => url === undefined ? null
    : { command: curl(url), note: "It shows the page that a browser without a session gets." },
  6: ({ tokenRequest, tokenSent }) => tokenRequest === undefined ? null : {
    command: curl(tokenRequest.url, fields(tokenRequest.body)),
    note: tokenSent ? "Its code was sent already: once more, it is refused and ends what this run got." : "It redeems the code in the place of this page.",
  },
  8: ({ refreshed }) => refreshed === undefined ? null
    : { command: curl(refreshed.url, fields(refreshed.body)), note: "This is the refresh. Its refresh token was used: a minute after the next one is used it is refused, and ends what this run got." },
  9: ({ apiRequest }) => apiRequest === undefined ? null
    : { command: curl(apiRequest.url, ["--header", `Authorization: Bearer ${apiRequest.token}`]), note: "It carries the access token, which is good until it expires." },
};

// One pair an option, encoded as it was on the wire.
function fields(body) {
  return Object.entries(body).flatMap(([name, value]) => ["--data", new URLSearchParams([[name, value]]).toString()]);
}

// Brackets and braces of an address are no pattern (`--globoff`). Each option has a line of its own.
function curl(url, options = []) {
  const { protocol, href } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") throw new Error("not an address for curl");
  const lines = ["curl --globoff --include"];
  for (let at = 0; at < options.length; at += 2) lines.push(`${options[at]} ${quoted(options[at + 1])}`);
  return [...lines, quoted(href)].join(" \\\n  ");
}

// A word of a POSIX shell: between single quotes nothing means anything but a single quote. What is not printable would not
// be there as it is pasted.
export function quoted(text) {
  if (!/^[\x20-\x7e]*$/.test(text)) throw new Error("not printable");
  return `'${text.replaceAll("'", "'\\''")}'`;
}
