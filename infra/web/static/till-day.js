"use strict";
// What was sold today, and goods that come back.
(() => {
  const { $, t, money, parseQuantity, showQuantity, thousandths, random, call, insist, problems, say, blame, remember, recall, done } = Till;
  const BEHIND = [400, 1000, 2000, 4000]; // the day is read from a view, a moment behind the log
  let shown = null;
  let nameOf = (gtin) => gtin;
  let signedOut = () => {};

  async function load(isThere = () => true) {
    for (let tries = 0; ; tries += 1) {
      const { ok, status, body } = await call("/v1/sales");
      if (status === 401 || status === 403) return signedOut(body);
      if (!ok) return say($("day-error"), body.detail);
      say($("day-error"), "");
      show(body);
      if (isThere(body.purchases) || tries === BEHIND.length) return undefined;
      await new Promise((done) => setTimeout(done, BEHIND[tries]));
    }
  }

  function show(day) {
    if (day.name) $("shop").textContent = day.name;
    $("day-on").textContent = day.on.split("-").reverse().join(".");
    $("day-count").textContent = String(day.count);
    $("day-paid").textContent = money(day.drawn_tiyn);
    $("day-shelf").textContent = money(day.shelf_total_tiyn);
    const rows = day.purchases.map(row);
    if (!rows.length) {
      const none = document.createElement("li");
      none.append(Object.assign(document.createElement("span"), { textContent: t("day_none") }));
      rows.push(none);
    }
    const focused = document.activeElement.dataset.redemption;
    $("sales").replaceChildren(...rows);
    if (focused) $("sales").querySelector(`[data-redemption="${focused}"]`)?.focus();
  }

  function row(sale) {
    const item = document.createElement("li");
    const what = document.createElement("span");
    const does = document.createElement("span");
    const note = sale.status === "captured" ? "" : `, ${t(sale.status)}`;
    const receipt = Object.assign(document.createElement("span"), { className: "fine", textContent: ` ${sale.receipt}${note}` });
    what.append(`${sale.bought_at.slice(11, 16)}, ${money(sale.drawn_tiyn)}`, document.createElement("br"), receipt);
    item.append(what, does);
    if (sale.status === "captured") does.append(action(sale, t("day_return"), () => open(sale.redemption)));
    if (sale.status === "held") does.append(action(sale, t("day_settle"), () => done.open(sale.redemption)));
    return item;
  }

  function action(sale, text, does) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link";
    button.dataset.redemption = sale.redemption;
    button.textContent = text;
    button.setAttribute("aria-label", `${text}: ${sale.receipt}`);
    button.addEventListener("click", does);
    return button;
  }

  // --- returns -------------------------------------------------------------------------------------------------

  async function open(redemption) {
    const { ok, status, body } = await call(`/v1/redemptions/${redemption}`);
    if (status === 401 || status === 403) return signedOut(body);
    if (!ok) return say($("day-error"), body.detail);
    shown = { id: redemption, key: random(), lines: [] };
    const returned = {};
    for (const reversal of body.reversals) for (const one of reversal.lines) returned[one.line] = one.returned;
    $("return-of").textContent = t("receipt", { receipt: body.receipt });
    $("return-lines").replaceChildren(...body.lines.map((line) => returnLine(line, returned[line.line] || "0")));
    const left = shown.lines.some((line) => !line.input.disabled);
    state(left ? "asking" : "done", left ? "" : t("return_done_all"));
    say($("return-error"), "");
    $("return").showModal();
    return undefined;
  }

  function returnLine(line, returned) {
    const item = $("return-line").content.firstElementChild.cloneNode(true);
    const input = item.querySelector("input");
    item.querySelector("b").textContent = nameOf(line.gtin);
    const said = item.querySelector(".fine");
    said.textContent = soFar(line.quantity, returned);
    input.inputMode = "decimal";
    input.disabled = Number(returned) >= Number(line.quantity);
    const rest = thousandths(line.quantity) - thousandths(returned);
    shown.lines.push({ line: line.line, input, error: item.querySelector(".error"), rest, said, quantity: line.quantity });
    return item;
  }

  function soFar(quantity, returned) {
    if (!Number(returned)) return t("sold", { bought: showQuantity(quantity) });
    return t("bought", { bought: showQuantity(quantity), returned: showQuantity(returned) });
  }

  // asking: to be filled in; waiting: no touching; lost: only to be asked again; done: only to be closed.
  function state(now, text = "") {
    $("return-fields").disabled = now !== "asking";
    $("return-some").hidden = $("return-all").hidden = now === "lost" || now === "done";
    $("return-some").disabled = $("return-all").disabled = now !== "asking";
    $("return-again").hidden = now !== "lost";
    $("return-close").hidden = now === "waiting" || now === "lost";
    $("return-say").textContent = text;
    $("return").dataset.state = now;
  }

  function bringBack(whole) {
    if (!shown || $("return").dataset.state !== "asking") return;
    const lines = [];
    let wrong = false;
    for (const { line, input, error, rest } of shown.lines) {
      const text = input.value.trim();
      const quantity = text === "" || whole ? null : parseQuantity(text);
      let complaint = quantity === null && text !== "" && !whole ? t("bad_quantity") : "";
      if (quantity !== null && thousandths(quantity) > rest) {
        complaint = t("at_most", { quantity: showQuantity(String(Number(rest) / 1000)) });
      }
      blame(input, error, complaint);
      if (!error.hidden) wrong = true;
      if (quantity !== null) lines.push({ line, quantity });
    }
    say($("return-error"), !whole && !wrong && !lines.length ? t("return_none") : "");
    if (wrong || (!whole && !lines.length)) return;
    const body = JSON.stringify({ reason: $("return-reason").value, ...(whole ? {} : { lines }) });
    ask({ kind: "return", id: shown.id, path: `/v1/redemptions/${shown.id}/reversals`, key: shown.key, body });
  }

  async function ask(pending) {
    shown.pending = pending;
    remember("return", pending);
    say($("return-error"), "");
    state("waiting", t("paying"));
    const answer = await insist(pending, () => state("waiting", t("no_answer")));
    if (answer.lost) {
      state("lost", t("no_answer_still"));
      $("return-again").focus();
      return;
    }
    remember("return", null);
    if (answer.ok) {
      for (const { line, returned } of answer.body.lines) {
        const one = shown.lines.find((other) => other.line === line);
        one.said.textContent = soFar(one.quantity, returned);
        one.input.value = "";
      }
      state("done", t("returned", { sum: money(answer.body.reversed_tiyn) }));
      $("return-close").focus();
      const before = $("sales").textContent;
      load(() => $("sales").textContent !== before);
      return;
    }
    state("asking");
    if (answer.status === 401 || answer.status === 403) {
      $("return").close();
      signedOut(answer.body);
      return;
    }
    say($("return-error"), problems(answer.body).map((one) => one.text).join(" "));
  }

  // A return whose answer was lost with the page is asked about again.
  async function resume() {
    const pending = recall("return");
    if (!pending) return;
    await open(pending.id);
    if (shown) ask(pending);
  }

  $("return-form").addEventListener("submit", (event) => {
    event.preventDefault();
    bringBack(false);
  });
  $("return-all").addEventListener("click", () => bringBack(true));
  $("return-again").addEventListener("click", () => ask(shown.pending));
  $("return-close").addEventListener("click", () => $("return").close());
  $("return").addEventListener("cancel", (event) => {
    if ($("return-close").hidden) event.preventDefault();
  });
  $("day-reload").addEventListener("click", () => load());

  Till.day = {
    load, resume,
    begin: (names, out) => { nameOf = names; signedOut = out; },
  };
})();
