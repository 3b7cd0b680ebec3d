"use strict";
// What became of a purchase: paid, or held until the customer has paid his part (R27).
(() => {
  const { $, t, money, call, insist, problems, say } = Till;
  const SETTLED = ["capture", "void"];
  let held = null;
  let busy = false;
  let changed = () => {};
  let signedOut = () => {};

  // Kazakhstan's hours, whatever the browser's.
  function hour(time) {
    return new Date(Date.parse(time) + 5 * 3600000).toISOString().slice(11, 16);
  }

  function heading(status) {
    if (status === "held") return [t("done_held"), t("voucher_holds")];
    if (status === "voided") return [t("done_voided"), t("voucher_has_back")];
    return [t("done_paid"), t("voucher_paid")];
  }

  // `customer` is what he has to pay (tiyn), null where it is not known.
  function show(redemption, customer = null, note = "") {
    const { status } = redemption;
    held = status === "held" ? { id: redemption.redemption, customer } : null;
    [$("done-h").textContent, $("done-what").textContent] = heading(status);
    $("done-sum").textContent = money(redemption.drawn_tiyn);
    say($("done-note"), note);
    say($("done-error"), "");
    const rows = [t("remains", { sum: money(redemption.remaining_tiyn) }), t("receipt", { receipt: redemption.receipt })];
    if (customer !== null && status !== "voided") rows.unshift(t("customer_pays", { sum: money(customer) }));
    if (held) rows.push(t("held_until", { time: hour(redemption.hold_until) }));
    $("done-rows").replaceChildren(
      ...rows.map((text) => {
        const item = document.createElement("li");
        item.append(Object.assign(document.createElement("span"), { textContent: text }));
        return item;
      }),
    );
    $("done-settle").hidden = !held;
    $("done-next").textContent = t(held ? "later" : "next");
    $("done-next").classList.toggle("quiet", Boolean(held));
    if (!$("done").open) $("done").showModal();
    (held ? $("done-capture") : $("done-next")).focus();
  }

  async function open(redemption) {
    const { ok, status, body } = await call(`/v1/redemptions/${redemption}`);
    if (status === 401 || status === 403) signedOut(body);
    else if (ok) show(body);
    else say($("day-error"), body.detail);
  }

  function lock(locked) {
    busy = locked;
    for (const how of SETTLED) $("done-" + how).disabled = locked;
    $("done-next").disabled = locked;
  }

  // One key for each way a hold can end: asked twice it ends once.
  async function settle(how) {
    if (!held || busy) return;
    const { id, customer } = held;
    lock(true);
    say($("done-error"), "");
    $("done-say").textContent = t("paying");
    const asked = { path: `/v1/redemptions/${id}/${how}`, key: `${how}-${id}`, body: "{}" };
    const answer = await insist(asked, () => { $("done-say").textContent = t("no_answer"); });
    lock(false);
    $("done-say").textContent = "";
    if (answer.lost) {
      say($("done-error"), t("no_answer_settle"));
      $("done-" + how).focus();
    } else if (answer.ok) {
      show(answer.body, customer);
      changed(id, answer.body.status);
    } else if (answer.status === 401 || answer.status === 403) {
      $("done").close();
      signedOut(answer.body);
    } else {
      say($("done-error"), problems(answer.body).map((one) => one.text).join(" "));
      held = null;
      $("done-settle").hidden = true;
      $("done-next").focus();
      changed(id, null);
    }
  }

  for (const how of SETTLED) $("done-" + how).addEventListener("click", () => settle(how));
  $("done").addEventListener("cancel", (event) => {
    if (busy) event.preventDefault();
  });

  Till.done = {
    show, open,
    begin: (out, then) => { signedOut = out; changed = then; },
  };
})();
