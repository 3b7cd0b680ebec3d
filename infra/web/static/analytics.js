"use strict";
// Draws the columns of the page again as charts with tooltips; without it they are there as they came.

const look = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();

// Browsers don't know how thousands are shortened in Kazakh.
function short(value, units) {
  const power = Math.min(units.length, Math.floor(Math.log10(Math.max(1, Math.abs(value))) / 3));
  const text = String(Math.round(value / 1000 ** power * 10) / 10);
  const number = document.documentElement.lang === "en" ? text : text.replace(".", ",");
  return power ? `${number}\u00a0${units[power - 1]}` : number;
}

function draw(box) {
  const columns = [...box.querySelectorAll("li")];
  if (!columns.length || !window.Chart) return;
  const links = columns.map((column) => column.querySelector("a"));
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", box.dataset.label);
  box.append(canvas);
  box.classList.add("drawn-by-script");
  const units = box.dataset.units.split("|");
  const names = links.map((link) => link.title.split(": ")[0]);
  new Chart(canvas, {
    type: "bar",
    data: {
      labels: names,
      datasets: [{
        data: columns.map((column) => Number(column.dataset.value)),
        backgroundColor: look("--bar"),
        hoverBackgroundColor: look("--deep"),
        borderRadius: 2,
        maxBarThickness: 48,
      }],
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      onClick: (event, hit) => { if (hit.length) location.assign(links[hit[0].index].href); },
      onHover: (event, hit) => { canvas.style.cursor = hit.length ? "pointer" : "default"; },
      plugins: {
        legend: { display: false },
        tooltip: {
          displayColors: false,
          callbacks: { label: (item) => columns[item.dataIndex].dataset.text },
        },
      },
      scales: {
        x: {
          grid: { display: false },
          ticks: { color: look("--fine"), maxRotation: 0, callback: (value) => names[value].slice(0, 5) },
        },
        y: {
          beginAtZero: true,
          border: { display: false },
          grid: { color: look("--line") },
          ticks: { color: look("--fine"), maxTicksLimit: 5, callback: (value) => short(value, units) },
        },
      },
      font: { family: "inherit" },
    },
  });
}

Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
document.querySelectorAll("[data-chart]").forEach(draw);
