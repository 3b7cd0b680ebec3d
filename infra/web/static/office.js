"use strict";
// Counts on what the page says is left, by the system's clock, which in a trial is not the browser's.

const main = document.getElementById("main");
const began = performance.now();
const then = Date.parse(main.dataset.now);

function inWords(milliseconds) {
  const minutes = Math.floor(Math.abs(milliseconds) / 60000);
  const days = Math.floor(minutes / 1440);
  const span = days >= 2
    ? main.dataset.days.replace("{d}", days).replace("{h}", Math.floor(minutes % 1440 / 60))
    : main.dataset.hours.replace("{h}", Math.floor(minutes / 60)).replace("{m}", minutes % 60);
  return (milliseconds < 0 ? main.dataset.over : main.dataset.left).replace("{s}", span);
}

function tick() {
  const now = then + performance.now() - began;
  for (const one of document.querySelectorAll("time.span")) {
    const left = Date.parse(one.dateTime) - now;
    const text = inWords(left);
    if (one.textContent !== text) one.textContent = text;
    one.classList.toggle("over", left < 0);
  }
}

if (Number.isFinite(then)) setInterval(tick, 1000);
