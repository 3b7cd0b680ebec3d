"use strict";
// What the till asks of the system, sums and quantities as people write them, and what it remembers.
globalThis.Till = (() => {
  const TIMEOUT = 10000;
  const AGAIN = [1000, 2000, 4000];
  const words = JSON.parse(document.getElementById("words").textContent);
  const language = document.documentElement.lang;
  const $ = (id) => document.getElementById(id);

  function t(key, values = {}) {
    return words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  function money(tiyn) {
    const sign = tiyn < 0 ? "−" : "";
    const whole = String(Math.trunc(Math.abs(tiyn) / 100)).replace(/\B(?=(\d{3})+$)/g, "\u00a0");
    const rest = Math.abs(tiyn) % 100;
    const point = language === "en" ? "." : ",";
    return sign + whole + (rest ? point + String(rest).padStart(2, "0") : "") + "\u00a0" + words.currency;
  }

  // A sum as it stands in a field: no currency, a comma or a point.
  function plainMoney(tiyn) {
    const rest = tiyn % 100;
    const point = language === "en" ? "." : ",";
    return String(Math.trunc(tiyn / 100)) + (rest ? point + String(rest).padStart(2, "0") : "");
  }

  function parseMoney(text) {
    const match = /^([0-9]{1,8})(?:[.,]([0-9]{1,2}))?$/.exec(text.replace(/[\s\u00a0]/g, ""));
    return match ? Number(match[1]) * 100 + Number((match[2] || "").padEnd(2, "0")) : null;
  }

  // As the API takes it: a point, no spaces; null for what is none.
  function parseQuantity(text) {
    const match = /^([0-9]{1,9})(?:[.,]([0-9]{1,3}))?$/.exec(text.replace(/[\s\u00a0]/g, ""));
    return match ? match[1] + (match[2] ? "." + match[2] : "") : null;
  }

  function showQuantity(text) {
    return language === "en" ? text : text.replace(".", ",");
  }

  function thousandths(quantity) {
    const [whole, rest = ""] = quantity.split(".");
    return BigInt(whole) * 1000n + BigInt(rest.padEnd(3, "0"));
  }

  // Half up at the line, as everywhere.
  function lineTotal(tiyn, quantity) {
    return Number((BigInt(tiyn) * thousandths(quantity) + 500n) / 1000n);
  }

  function unit(measure) {
    return words["unit_" + measure] || measure;
  }

  function random() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  // {status, body}; status 0 when there was no answer. What may have been carried out all the same is `lost`.
  async function call(path, { body, key } = {}) {
    const headers = { "Accept-Language": language };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    try {
      const answer = await fetch("/till" + path, {
        method: body === undefined ? "GET" : "POST",
        headers,
        body,
        credentials: "same-origin",
        signal: AbortSignal.timeout(TIMEOUT),
      });
      const said = answer.status === 204 ? {} : await answer.json();
      const lost = answer.status >= 500 || answer.status === 429;
      return { ok: answer.ok, status: answer.status, body: said, lost, after: Number(answer.headers.get("Retry-After")) * 1000 };
    } catch {
      return { ok: false, status: 0, body: { detail: t("offline"), code: "offline" }, lost: true, after: 0 };
    }
  }

  // The same words with the same key until there is an answer, for a while.
  async function insist({ path, body, key }, waiting) {
    for (let tries = 0; ; tries += 1) {
      const answer = await call(path, { body, key });
      if (!answer.lost || tries === AGAIN.length) return answer;
      waiting();
      await new Promise((done) => setTimeout(done, Math.max(AGAIN[tries], answer.after || 0)));
    }
  }

  // Problems by where in the body they are: [["lines", "0", "price_tiyn"], sentence, code].
  function problems(body) {
    const all = body.errors || [body];
    return all.map((one) => ({ at: (one.pointer || "").split("/").slice(1), text: one.detail, code: one.code }));
  }

  function say(element, text) {
    element.textContent = text || "";
    element.hidden = !text;
  }

  // An error beside its field, for eyes and for screen readers.
  function blame(field, element, text) {
    say(element, text);
    if (!field) return;
    if (text) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }

  function remember(name, value, place = localStorage) {
    try {
      if (value === null) place.removeItem("azyq-till-" + name);
      else place.setItem("azyq-till-" + name, JSON.stringify(value));
    } catch {
      // A browser that keeps nothing still sells.
    }
  }

  function recall(name, place = localStorage) {
    try {
      return JSON.parse(place.getItem("azyq-till-" + name));
    } catch {
      return null;
    }
  }

  return {
    $, t, money, plainMoney, parseMoney, parseQuantity, showQuantity, thousandths, lineTotal, unit, random,
    call, insist, problems, say, blame, remember, recall, language,
  };
})();
