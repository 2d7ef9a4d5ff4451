// A browser with nothing but links, redirects, forms and cookies: what a page must work in when it works without
// JavaScript. It knows HTML and HTTP, and of the server only that people sign in and allow.
const HOPS_MAX = 20;
const BODY_BYTES_MAX = 512 * 1024;

export class VirtualBrowser {
  #cookies = new Map();

  // Goes to `url` and on, until an address that starts with `target`, which it returns unvisited; or until nothing
  // leads on, and then it returns the page. `act` fills in forms.
  async visit(url, target, act = () => undefined) {
    let request = url.method === undefined ? { url: String(url), method: "GET" } : url;
    for (let hop = 0; hop < HOPS_MAX; hop += 1) {
      if (target !== undefined && request.url.startsWith(target)) return { arrived: new URL(request.url) };
      const page = await this.#send(request);
      const next = page.location ?? refresh(page) ?? act(page);
      if (next === undefined) return { page };
      request = typeof next === "string" ? { url: new URL(next, page.url).href, method: "GET" } : next;
    }
    throw new Error(`more than ${HOPS_MAX} hops, last ${request.url}`);
  }

  // Signs in with `user`, allows what is asked, and returns the address that the client is called back at.
  async authorize(url, redirectUri, user) {
    const { arrived, page } = await this.visit(url, redirectUri, (page) => {
      const form = formOf(page);
      if (form?.fields.has("password")) return submit(form, { username: user.username, password: user.password });
      if (form?.buttons.some((button) => button.value === "allow")) return submit(form, { decision: "allow" });
      return undefined;
    });
    if (arrived === undefined) throw new Error(`stuck at ${page.url}, ${page.status}:\n${page.text}`);
    return arrived;
  }

  // Follows a logout to its end, confirming where it is asked.
  async logOut(url, target) {
    return this.visit(url, target, (page) => {
      const form = formOf(page);
      const confirm = form?.buttons.find((button) => button.id === "logout-confirm");
      if (confirm !== undefined) return submit(form, { [confirm.name]: confirm.value });
      if (form?.buttons.some(({ id }) => id === "continue")) return submit(form, {});
      const back = page.text.match(/<a\b[^>]*\bid="return"[^>]*>/)?.[0];
      return back && attribute(back, "href");
    });
  }

  async #send({ url, method, body, site }) {
    const here = new URL(url);
    // Cookies ignore ports (RFC 6265 section 8.5), so the jar is keyed by host alone.
    const jar = this.#cookies.get(here.hostname) ?? new Map();
    this.#cookies.set(here.hostname, jar);
    const headers = { accept: "text/html", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    headers["sec-fetch-site"] = site ?? (method === "POST" ? "same-origin" : "cross-site");
    // `SameSite=Lax` stays at home when another site posts.
    if (jar.size > 0 && !(method === "POST" && site === "cross-site")) headers.cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    if (method === "POST") headers.origin = site === "cross-site" ? "https://elsewhere.example" : here.origin;
    const response = await fetch(url, { method, body, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) setCookie(jar, line);
    const text = await response.text();
    if (text.length > BODY_BYTES_MAX) throw new Error(`${url} is larger than any page of ours`);
    return { url, status: response.status, headers: response.headers, text, location: response.headers.get("location") ?? undefined };
  }
}

// The page's one POST form: where it goes, its fields with what they hold, and its buttons.
export function formOf(page) {
  const found = page.text.match(/<form\b[^>]*\bmethod="post"[^>]*>([\s\S]*?)<\/form>/i);
  if (found === null) return undefined;
  const tags = (name) => [...found[1].matchAll(new RegExp(`<${name}\\b[^>]*>`, "gi"))].map(([tag]) => tag);
  const fields = new Map(tags("input").map((tag) => [attribute(tag, "name"), attribute(tag, "value") ?? ""]));
  const buttons = tags("button").map((tag) => ({ id: attribute(tag, "id"), name: attribute(tag, "name"), value: attribute(tag, "value") }));
  return { action: new URL(attribute(found[0], "action") ?? "", page.url).href, fields, buttons };
}

export function submit(form, answers) {
  const body = new URLSearchParams([...form.fields]);
  for (const [name, value] of Object.entries(answers)) body.set(name, value);
  return { url: form.action, method: "POST", body };
}

function refresh(page) {
  const tag = page.text.match(/<meta\b[^>]*http-equiv="refresh"[^>]*>/i)?.[0];
  const content = tag && attribute(tag, "content");
  return content?.match(/^\s*0\s*;\s*url=(.*)$/i)?.[1];
}

function attribute(tag, name) {
  const value = tag.match(new RegExp(`\\s${name}="([^"]*)"`, "i"))?.[1];
  return value === undefined ? undefined : unescape(value);
}

const NAMED = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescape(text) {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return NAMED[name] ?? whole;
    return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
  });
}

function setCookie(jar, line) {
  const [pair, ...attributes] = line.split(";").map((part) => part.trim());
  const at = pair.indexOf("=");
  const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
  const isGone = attributes.some((a) => /^max-age=(0|-\d+)$/i.test(a) || (/^expires=/i.test(a) && Date.parse(a.slice(8)) < Date.now()));
  if (isGone || value === "") jar.delete(name);
  else jar.set(name, value);
}
