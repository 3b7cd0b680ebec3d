"use strict";
// The basket: articles found, lines with quantity and prices, what each comes to.
(() => {
  const { $, t, money, plainMoney, parseMoney, parseQuantity, showQuantity, lineTotal, unit, say, blame, remember, recall } = Till;
  const SHOWN = 12;
  let articles = [];
  let lines = [];
  let changed = () => {};

  // --- the shop's articles -------------------------------------------------------------------------------

  function setArticles(found) {
    articles = found;
    search();
  }

  function nameOf(gtin) {
    const article = articles.find((one) => one.gtin === gtin);
    return article ? article.name : t("unknown_article", { gtin });
  }

  // The lowest of the programmes' caps: no programme refuses it.
  function capOf(article) {
    return Math.min(...article.caps.map((cap) => cap.cap_tiyn));
  }

  function sameGtin(one, other) {
    return one.padStart(14, "0") === other.padStart(14, "0");
  }

  function matches(wanted) {
    if (/^[0-9]{8,14}$/.test(wanted)) {
      const exact = articles.filter((one) => sameGtin(one.gtin, wanted));
      return exact.length ? exact : [{ gtin: wanted, name: null }];
    }
    const parts = wanted.toLowerCase().split(/\s+/);
    return articles.filter((one) => parts.every((part) => (one.name.toLowerCase() + " " + one.gtin).includes(part)));
  }

  function search() {
    const wanted = $("find").value.trim();
    const found = wanted ? matches(wanted) : [];
    $("found").replaceChildren(
      ...found.slice(0, SHOWN).map((article) => {
        const item = document.createElement("li");
        const button = document.createElement("button");
        const name = document.createElement("span");
        const price = document.createElement("span");
        button.type = "button";
        if (article.name === null) {
          name.textContent = t("add_unknown", { gtin: article.gtin });
        } else {
          name.textContent = article.name;
          price.textContent = money(capOf(article)) + " / " + unit(article.measure);
          price.className = "fine";
        }
        button.append(name, price);
        button.addEventListener("click", () => add(article));
        item.append(button);
        return item;
      }),
    );
    const none = wanted && (!found.length || found[0].name === null);
    $("found-say").textContent = none ? t("found_none") : wanted ? t("found", { count: found.length }) : "";
  }

  // --- lines ---------------------------------------------------------------------------------------------

  function add(article) {
    $("find").value = "";
    search();
    const there = lines.find((line) => sameGtin(line.gtin, article.gtin));
    if (there) {
      const quantity = parseQuantity(there.quantity) || "0";
      const [whole, rest] = quantity.split(".");
      there.quantity = showQuantity(String(Number(whole) + 1) + (rest ? "." + rest : ""));
      there.fields.quantity.value = there.quantity;
      $("find").focus();
    } else {
      const known = article.name !== null;
      const shelf = recall("shelf-" + article.gtin);
      const line = {
        gtin: article.gtin,
        name: known ? article.name : t("unknown_article", { gtin: article.gtin }),
        measure: known ? article.measure : "",
        cap: known ? capOf(article) : null,
        quantity: "1",
        shelf: shelf ? plainMoney(shelf) : "",
        price: known ? plainMoney(capOf(article)) : "",
      };
      lines.push(line);
      draw(line);
      (line.shelf ? $("find") : line.fields.shelf).focus();
    }
    edited();
  }

  function draw(line) {
    const item = $("line").content.firstElementChild.cloneNode(true);
    const field = (name) => item.querySelector("." + name);
    line.item = item;
    line.error = item.querySelector(".error");
    line.fields = { quantity: field("quantity"), shelf: field("shelf"), price: field("price") };
    line.pays = field("pays");
    item.querySelector(".name b").textContent = line.name;
    const most = line.cap === null ? "" : t("most", { price: money(line.cap), unit: unit(line.measure) });
    item.querySelector(".name .fine").textContent = line.cap === null ? "" : `${line.gtin}, ${most}`;
    if (line.measure) field("unit").textContent = ", " + unit(line.measure);
    for (const [name, input] of Object.entries(line.fields)) {
      input.value = line[name];
      input.addEventListener("input", () => {
        line[name] = input.value;
        edited();
      });
      input.addEventListener("focus", () => input.select());
      input.addEventListener("keydown", (event) => {
        if (event.key === "Enter") $("find").focus();
      });
    }
    item.setAttribute("aria-label", line.name);
    field("remove").setAttribute("aria-label", `${field("remove").textContent}: ${line.name}`);
    field("remove").addEventListener("click", () => {
      lines = lines.filter((one) => one !== line);
      item.remove();
      edited();
      $("find").focus();
    });
    $("lines").append(item);
  }

  function edited() {
    $("basket-none").hidden = lines.length > 0;
    $("clear").hidden = lines.length === 0;
    changed();
  }

  // --- what is asked for, and what was said about it --------------------------------------------------------

  // The lines as the API takes them; null, with a word at each, when some can't be read. An untouched empty shelf price
  // is not blamed: it is still to be filled in.
  function asked() {
    let good = lines.length > 0;
    const read = lines.map((line) => {
      const quantity = parseQuantity(line.quantity);
      const shelf = parseMoney(line.shelf);
      const price = parseMoney(line.price);
      const wrong = quantity === null ? "quantity" : shelf === null ? "shelf" : price === null ? "price" : "";
      clearError(line);
      if (wrong) {
        good = false;
        const text = line[wrong] === "" ? "" : t(wrong === "quantity" ? "bad_quantity" : "bad_money");
        blame(line.fields[wrong], line.error, text);
        line.pays.textContent = "–";
      }
      return { gtin: line.gtin, quantity, shelf_price_tiyn: shelf, price_tiyn: price };
    });
    return good ? read : null;
  }

  function clearError(line) {
    say(line.error, "");
    for (const input of Object.values(line.fields)) input.removeAttribute("aria-invalid");
  }

  const FIELD = { quantity: "quantity", shelf_price_tiyn: "shelf", price_tiyn: "price" };

  // Shows a problem at its line; false when it is about none.
  function complain(problem) {
    if (problem.at[0] !== "lines" || problem.at.length < 2) return false;
    const line = lines[Number(problem.at[1])];
    if (!line) return false;
    blame(line.fields[FIELD[problem.at[2]]], line.error, problem.text);
    line.pays.textContent = "–";
    return true;
  }

  function priced(quote) {
    for (const one of quote.lines) lines[one.line - 1].pays.textContent = money(one.pays_tiyn);
    for (const one of quote.left_out) {
      lines[one.line - 1].pays.textContent = money(0);
      say(lines[one.line - 1].error, t("left_out"));
    }
  }

  function unpriced() {
    for (const line of lines) line.pays.textContent = "–";
  }

  // What all lines cost by their shelf prices; null while some can't be read.
  function shelfTotal(only = () => true) {
    let total = 0;
    for (const [at, line] of lines.entries()) {
      const quantity = parseQuantity(line.quantity);
      const shelf = parseMoney(line.shelf);
      if (quantity === null || shelf === null) return null;
      if (only(at + 1)) total += lineTotal(shelf, quantity);
    }
    return lines.length ? total : null;
  }

  function rememberShelfPrices() {
    for (const line of lines) remember("shelf-" + line.gtin, parseMoney(line.shelf));
  }

  function plain() {
    return lines.map(({ gtin, name, measure, cap, quantity, shelf, price }) => ({ gtin, name, measure, cap, quantity, shelf, price }));
  }

  function restore(kept) {
    lines = kept;
    $("lines").replaceChildren();
    lines.forEach(draw);
    edited();
  }

  // --- keys ------------------------------------------------------------------------------------------------

  $("find").addEventListener("input", search);
  $("find").addEventListener("keydown", (event) => {
    const first = $("found").querySelector("button");
    if (event.key === "Enter" && first) {
      event.preventDefault();
      first.click();
    } else if (event.key === "ArrowDown" && first) {
      event.preventDefault();
      first.focus();
    }
  });
  $("found").addEventListener("keydown", (event) => {
    const item = document.activeElement.closest("li");
    const next = event.key === "ArrowDown" ? item.nextElementSibling : event.key === "ArrowUp" ? item.previousElementSibling : null;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (next) next.firstElementChild.focus();
      else if (event.key === "ArrowUp") $("find").focus();
    } else if (event.key === "Escape") {
      $("find").focus();
    }
  });
  $("clear").addEventListener("click", () => {
    restore([]);
    $("find").focus();
  });

  Till.basket = {
    setArticles, nameOf, asked, complain, priced, unpriced, shelfTotal, rememberShelfPrices, plain, restore,
    whenChanged: (what) => { changed = what; },
  };
})();
