"use strict";
// The till: who buys, what it comes to, and the payment, asked for under one key until there is an answer.
(() => {
  const { $, t, money, random, call, insist, problems, say, blame, remember, recall, basket, camera, day, done } = Till;
  const WAIT = 200;
  const PRICES_EVERY = 600000;
  const RENEW_DAYS = 30;
  let code = null;
  let available = 0;
  let until = "";
  let draw = null;
  let quote = null;
  let asking = 0;
  let timer = 0;
  let busy = false;
  let pending = null; // what was asked and not answered; kept beyond the page, too

  // --- the terminal ---------------------------------------------------------------------------------------------

  function enrolling(problem) {
    camera.stop();
    $("till").hidden = true;
    $("enrol").hidden = false;
    say($("enrol-error"), problem && problem.code !== "key_missing" ? problem.detail : "");
    $("enrol-code").focus();
  }

  async function start() {
    const { ok, status, body } = await call("/v1/prices");
    if (status === 401 || status === 403) {
      enrolling(body);
      return;
    }
    $("enrol").hidden = true;
    $("till").hidden = false;
    if (ok) basket.setArticles(body.articles);
    else {
      say($("basket-error"), body.detail);
      setTimeout(refreshPrices, 5000);
    }
    pending ||= recall("pending");
    if (pending) ask();
    else if (document.activeElement === document.body) $("code").focus();
    day.load();
    day.resume();
    renewKey();
  }

  async function refreshPrices() {
    if ($("till").hidden) return;
    const { ok, lost, body } = await call("/v1/prices");
    if (lost) setTimeout(refreshPrices, 5000);
    if (!ok) return;
    basket.setArticles(body.articles);
    price();
  }

  // The key is kept by the browser out of reach; only its last day is known here.
  async function renewKey() {
    const until = recall("key-until");
    if (!until || Date.parse(until) - Date.now() > RENEW_DAYS * 86400000) return;
    const { ok, body } = await call("/rotate", { body: "{}" });
    if (ok) remember("key-until", body.expires_at);
  }

  $("enrol-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const field = $("enrol-code");
    if (busy || !field.value.trim()) return;
    busy = true;
    const { ok, body } = await call("/enrol", { body: JSON.stringify({ code: field.value.trim() }) });
    busy = false;
    blame(field, $("enrol-error"), ok ? "" : body.detail);
    if (!ok) return;
    field.value = "";
    remember("key-until", body.expires_at);
    field.blur();
    start();
  });

  $("leave").addEventListener("click", async () => {
    const { ok } = await call("/leave", { body: "{}" });
    if (ok) location.reload();
  });

  // --- the customer ---------------------------------------------------------------------------------------------

  async function check(text) {
    forgetCustomer();
    $("code").value = text;
    if (!text) {
      blame($("code"), $("code-error"), t("no_code"));
      $("code").focus();
      return;
    }
    const { ok, status, body } = await call("/v1/vouchers/check", { body: JSON.stringify({ code: text }) });
    if (status === 401 || status === 403) {
      enrolling(body);
      return;
    }
    if (!ok) {
      blame($("code"), $("code-error"), body.detail);
      if (!typing()) $("code").select();
      return;
    }
    code = text;
    available = body.available_tiyn;
    until = body.valid_until.slice(0, 10).split("-").reverse().join(".");
    showLeft();
    if (!typing()) $("find").focus();
    keep();
    price();
  }

  // An answer takes nobody's place away: what is being typed would go into another field.
  function typing() {
    const field = document.activeElement;
    return field.tagName === "INPUT" && $("basket").contains(field);
  }

  function showLeft() {
    $("left").hidden = false;
    $("left-sum").textContent = money(available);
    $("left-until").textContent = t("left_until", { day: until });
  }

  function forgetCustomer() {
    code = null;
    unquote();
    blame($("code"), $("code-error"), "");
    $("left").hidden = true;
  }

  $("code-form").addEventListener("submit", (event) => {
    event.preventDefault();
    // A code may end with a space, so none is cut off there.
    check($("code").value.trimStart());
  });
  $("scan").addEventListener("click", () => camera.start(check));
  $("scan-stop").addEventListener("click", () => {
    camera.stop();
    $("scan").focus();
  });

  // --- what it comes to -------------------------------------------------------------------------------------------

  function unquote() {
    quote = null;
    asking += 1;
    payable(false);
    $("pays").textContent = $("customer-pays").textContent = "–";
    const total = basket.shelfTotal();
    $("total").textContent = total === null ? "–" : money(total);
  }

  function price() {
    unquote();
    clearTimeout(timer);
    say($("basket-error"), "");
    $("pay-left").hidden = true;
    const lines = basket.asked();
    const missing = lines ? (code ? "" : t("no_code")) : t("fill_in");
    $("pay-say").textContent = basket.plain().length ? missing : "";
    if (!lines || !code) {
      basket.unpriced();
      return;
    }
    timer = setTimeout(() => preview(lines), WAIT);
  }

  async function preview(lines) {
    const mine = (asking += 1);
    const body = { code, lines, partial: $("partial").checked, ...(draw === null ? {} : { draw_tiyn: draw }) };
    const answer = await call("/v1/vouchers/preview", { body: JSON.stringify(body) });
    if (mine !== asking) return;
    if (!answer.ok) {
      refused(answer);
      if (answer.lost) timer = setTimeout(() => preview(lines), Math.max(2000, answer.after || 0));
      return;
    }
    say($("basket-error"), "");
    quote = { ...answer.body, asked: body, customer: customerPays(answer.body) };
    basket.priced(quote);
    $("pays").textContent = money(quote.drawn_tiyn);
    $("customer-pays").textContent = money(quote.customer);
    payable(true);
  }

  function payable(now) {
    $("pay").disabled = $("hold").disabled = !now;
  }

  // What the goods cost the customer: without the mark-up where the voucher pays the price itself.
  function customerPays(quoted) {
    const paidFor = new Map(quoted.lines.map((line) => [line.line, line]));
    let total = basket.shelfTotal((line) => !paidFor.has(line));
    for (const line of paidFor.values()) total += quoted.draw === "price" ? line.price_total_tiyn : line.shelf_total_tiyn;
    return total - quoted.drawn_tiyn;
  }

  // Each problem where it belongs.
  function refused(answer) {
    if (answer.status === 401 || answer.status === 403) {
      enrolling(answer.body);
      return;
    }
    const rest = [];
    basket.unpriced();
    for (const problem of problems(answer.body)) {
      if (["article_not_listed", "price_missing"].includes(problem.code)) $("partial-row").hidden = false;
      if (basket.complain(problem)) continue;
      if (problem.at[0] === "code") {
        forgetCustomer();
        const again = ["code_expired", "code_replayed", "code_spent"].includes(problem.code);
        blame($("code"), $("code-error"), problem.text + (again ? " " + t("scan_again") : ""));
        $("code").value = "";
        if (!typing()) $("code").focus();
      } else if (problem.at[0] === "receipt" || problem.at[0] === "cashier") {
        blame($(problem.at[0]), $(problem.at[0] + "-error"), problem.text);
        $(problem.at[0]).focus();
      } else {
        rest.push(problem.text);
        if (problem.code === "voucher_not_enough" && available > 0) {
          $("pay-left").textContent = t("pay_left", { sum: money(available) });
          $("pay-left").hidden = false;
        }
      }
    }
    say($("basket-error"), rest.join(" "));
  }

  basket.whenChanged(() => {
    draw = null;
    keep();
    price();
  });
  $("partial").addEventListener("change", () => {
    draw = null;
    price();
  });
  $("pay-left").addEventListener("click", () => {
    draw = available;
    price();
    $("pay").focus();
  });

  // --- the payment ------------------------------------------------------------------------------------------------

  function keep() {
    remember("basket", { lines: basket.plain(), code, available, until }, sessionStorage);
  }

  function lock(locked) {
    busy = locked;
    $("basket-fields").disabled = $("pay-fields").disabled = locked;
    $("code").disabled = $("scan").disabled = locked;
    payable(!locked && quote !== null);
  }

  function newReceipt() {
    const now = new Date();
    const two = (number) => String(number).padStart(2, "0");
    const digits = [now.getMonth() + 1, now.getDate(), now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join("");
    return `T${now.getFullYear()}${digits}-${random().slice(0, 6)}`;
  }

  // One basket has one key and, unless the shop gave another, one receipt: asked twice it is paid once.
  function named() {
    const kept = recall("key", sessionStorage) || { key: random(), receipt: newReceipt() };
    remember("key", kept, sessionStorage);
    return kept;
  }

  $("pay-form").addEventListener("submit", (event) => {
    event.preventDefault();
    buy();
  });
  $("hold").addEventListener("click", () => buy({ capture: false }));

  function buy(how = {}) {
    if (busy || quote === null) return;
    const { key, receipt } = named();
    const cashier = $("cashier").value.trim() || "1";
    remember("cashier", cashier);
    const body = {
      ...quote.asked,
      draw_tiyn: quote.drawn_tiyn,
      receipt: $("receipt").value.trim() || receipt,
      cashier,
      ...how,
    };
    pending = { path: "/v1/redemptions", key, body: JSON.stringify(body), customer: quote.customer };
    remember("pending", pending);
    ask();
  }
  $("ask-again").addEventListener("click", ask);

  async function ask() {
    if (!pending || busy) return;
    lock(true);
    for (const name of ["receipt", "cashier"]) blame($(name), $(name + "-error"), "");
    say($("pay-error"), "");
    $("ask-again").hidden = true;
    $("pay").hidden = $("hold").hidden = false;
    $("pay-say").textContent = t("paying");
    const answer = await insist(pending, () => { $("pay-say").textContent = t("no_answer"); });
    if (answer.lost) {
      busy = false;
      $("pay-say").textContent = "";
      say($("pay-error"), t("no_answer_still"));
      $("pay").hidden = $("hold").hidden = true;
      $("ask-again").hidden = false;
      $("ask-again").focus();
      return;
    }
    lock(false);
    $("pay-say").textContent = "";
    if (answer.status === 401 || answer.status === 403) {
      enrolling(answer.body); // asked about again as soon as there is a key
      return;
    }
    const asked = pending;
    answered();
    if (answer.ok) {
      paid(answer.body, asked.customer);
      return;
    }
    if (answer.body.code === "idempotency_key_reused" && !answer.body.pointer) {
      // As by a page that was opened twice.
      remember("key", null, sessionStorage);
      const body = JSON.parse(asked.body);
      const before = await call("/v1/redemptions?receipt=" + encodeURIComponent(body.receipt));
      if (before.ok && sameGoods(before.body.lines, body.lines)) {
        paid(before.body, null, t("paid_before"));
        return;
      }
    }
    refused(answer);
  }

  function answered() {
    if (recall("pending")?.key === pending.key) remember("pending", null);
    pending = null;
  }

  function sameGoods(paidFor, asked) {
    const goods = (lines) => lines.map((line) => `${line.gtin} ${Number(line.quantity)}`).join();
    return goods(paidFor) === goods(asked);
  }

  function paid(redemption, customer, note = "") {
    remember("key", null, sessionStorage);
    basket.rememberShelfPrices();
    $("code").value = $("receipt").value = "";
    $("partial").checked = false;
    $("partial-row").hidden = true;
    forgetCustomer();
    basket.restore([]);
    done.show(redemption, customer, note);
    day.load((purchases) => purchases.some((one) => one.redemption === redemption.redemption));
  }

  $("done").addEventListener("close", () => $("code").focus());

  // --- from the beginning -------------------------------------------------------------------------------------------

  $("no-script").remove();
  day.begin(basket.nameOf, enrolling);
  done.begin(enrolling, (id, status) => day.load((all) => all.some((one) => one.redemption === id && one.status === status)));
  $("cashier").value = recall("cashier") || "1";
  const kept = recall("basket", sessionStorage);
  if (kept) {
    ({ code, available, until } = kept);
    if (code) {
      $("code").value = code;
      showLeft();
    }
    basket.restore(kept.lines);
  }
  addEventListener("online", () => { if (!$("ask-again").hidden) ask(); });
  setInterval(refreshPrices, PRICES_EVERY);
  start();
})();
