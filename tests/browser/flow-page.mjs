// The sample app's page as the tests see it: its steps, the values it shows, and what went over the wire meanwhile.
import { signInAndAllow } from "./pages.mjs";

export const step = (page, n) => page.locator(`#steps > [data-step="${n}"]`);

export async function open(page, dev) {
  await page.goto(dev.ready.app);
  await page.locator('#primary[data-action="start"][aria-disabled="false"]').waitFor();
}

// From the first click to the last step; `provoke` is a value of the page's list of errors.
export async function run(page, dev, provoke = "") {
  await open(page, dev);
  await page.locator("#provoke").selectOption(provoke);
  // The button says that it is what starts the chosen error.
  await page.locator("#primary").getByText(provoke === "" ? "Start" : "Start with this error", { exact: true }).waitFor();
  await page.locator("#primary").click();
  await signInAndAllow(page, dev.user);
}

export async function waitForState(page, n, state) {
  await page.locator(`#steps > [data-step="${n}"][data-state="${state}"]`).waitFor();
}

export function states(page) {
  return page.locator("#steps > [data-step]").evaluateAll((items) => items.map((item) => item.dataset.state));
}

// Every value on the page: the step it stands in, and whether in its row or in its panel; what it is called; the whole of it;
// and what is to be seen of it.
export function shownValues(page) {
  return page.locator("#steps [data-key]").evaluateAll((elements) => elements.map((element) => ({
    n: Number(element.closest("[data-step]").dataset.step),
    place: element.closest(".panel") === null ? "row" : "panel",
    key: element.dataset.key,
    value: element.dataset.value,
    text: element.textContent,
  })));
}

// Listens to the browser itself, not to the page: the page's word is what is being tested.
export function recordWire(page, dev) {
  const wire = { authorize: [], token: [], api: [], back: [], forms: [] };
  const at = (url, base, path) => url.origin === new URL(base).origin && url.pathname === path;
  page.on("request", (request) => {
    const url = new URL(request.url());
    const isForm = request.method() === "POST" && request.isNavigationRequest() && url.origin === dev.ready.issuer;
    if (isForm) wire.forms.push(url.pathname);
    if (at(url, dev.ready.app, "/callback") && request.isNavigationRequest()) wire.back.push({ url: request.url() });
  });
  page.on("response", (response) => {
    const request = response.request();
    const url = new URL(request.url());
    const list = at(url, dev.ready.issuer, "/authorize") ? wire.authorize
      : at(url, dev.ready.issuer, "/token") ? wire.token
        : at(url, dev.ready.api, new URL(dev.ready.api).pathname) ? wire.api : undefined;
    if (list === undefined || request.method() === "OPTIONS") return;
    list.push(exchange(request, response));
  });
  return wire;
}

// A redirect has no body that the browser would hand out; everything else is kept whole.
async function exchange(request, response) {
  const isRedirect = response.status() >= 300 && response.status() < 400;
  return {
    url: request.url(),
    method: request.method(),
    fields: Object.fromEntries(new URLSearchParams(request.postData() ?? "")),
    authorization: (await request.allHeaders()).authorization,
    status: response.status(),
    headers: await response.allHeaders(),
    body: isRedirect ? "" : await response.text().catch(() => ""),
  };
}
